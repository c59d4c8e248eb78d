// Saved tables as programs read them: names that need no mending, the same in every language, below a line on the run.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { korean } from '../support/languages.js';
import { choose } from '../support/menus.js';
import { long, onlyLong } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { Language } from '../../src/l10n.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { csvRows, nextFrames, painted } from './support.js';
import { parseCsv } from '../support/csv.js';
import type { Csv } from '../support/csv.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

const [B, T, I] = [3, 24, 2];
const sequences = Array.from({ length: B }, (_, b) =>
  Array.from({ length: T }, (__, t) => Array.from({ length: I }, (___, i) => Math.sin(b + t + i))),
);
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => 0.3 * Math.cos(3 * i + 5 * j)));
const vanilla = (name: string): string =>
  JSON.stringify({
    name,
    weights: { Wx: matrix(I, 4), Wh: matrix(4, 4), b: [0, 0, 0, 0] },
    sequences,
    upstreamGradient: 'every',
  });
const lstmLayer = (layer: number, inputs: number): Record<string, unknown> => ({
  [`weight_ih_l${layer}`]: matrix(12, inputs),
  [`weight_hh_l${layer}`]: matrix(12, 3),
  [`bias_ih_l${layer}`]: matrix(1, 12)[0],
  [`bias_hh_l${layer}`]: matrix(1, 12)[0],
});
const lstm = (name: string, layers: Record<string, unknown>): string =>
  JSON.stringify({ name, cell: 'lstm', weights: layers, sequences, upstreamGradient: 'every' });

const ids = ({ page }: OpenPage, kind: 'track' | 'card'): Promise<string[]> =>
  page.evaluate(
    (what) =>
      [...document.querySelectorAll<HTMLElement>(`[data-${what}]`)]
        .filter((view) => view.checkVisibility() && !['proofs', 'compare'].includes(view.dataset[what] ?? ''))
        .map((view) => view.dataset[what] ?? ''),
    kind,
  );

/** Every table of the page, by the name of its view. */
async function tables(open: OpenPage): Promise<Map<string, Csv>> {
  const all = new Map<string, Csv>();
  // The menus are in the page's language, the line for a file has the same three letters in all.
  for (const kind of ['track', 'card'] as const)
    for (const id of await ids(open, kind)) all.set(`${kind} ${id}`, await csvRows(open, id, kind));
  const { saveFile } = open.host.sent;
  const count = saveFile.length;
  await choose(open.page, '[data-track=flow]', /^(Table|표)$/);
  await choose(open.page, '[data-track=flow] .details', 'CSV');
  while (saveFile.length === count) await nextFrames(open.page);
  all.set('details', parseCsv(String(saveFile.at(-1)?.content)));
  return all;
}

async function read(config: string, named: RegExp, language?: Language): Promise<Map<string, Csv>> {
  // So high that every view is in sight.
  const open = await pages.open({ height: 6_000, ...(language === undefined ? {} : { language }) });
  await open.host.run(config);
  await open.host.run(config);
  await painted(open);
  await open.page.locator('.run-name', { hasText: named }).waitFor();
  await open.page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLElement>('.formula, [data-card=reach] .note')].every(
      (place) => !place.checkVisibility() || !/computing|Being computed|계산 중/.test(place.innerText),
    ),
  );
  await choose(open.page, '.bar', language === undefined ? 'Pin run' : '고정');
  await nextFrames(open.page);
  // All that is computed stays, and each menu is painted over a page that is no higher than a panel.
  await open.page.setViewportSize({ width: 1200, height: 700 });
  const all = await tables(open);
  await open.close();
  return all;
}

describe('saved tables', () => {
  it('have the same names in every language, each the name of a variable, and say whose they are', async () => {
    // The parser holds each of them to names, cells and lines. A page in another language has the most to get wrong.
    const config = vanilla('a "small", run;\nof two lines');
    const all = await read(config, /small/, korean());
    assert.ok(all.size >= 17, [...all.keys()].join());
    for (const [view, { comments, rows }] of all) {
      assert.equal(comments[0], 'a small run of two lines; cell tanh; B 3; T 24; I 2; H 4; float32; vanishing', view);
      assert.ok(rows.length > 0, view);
    }
    assert.deepEqual(all.get('track flow')?.head, [
      't',
      'g_norm',
      'single_source_norm',
      'dx_norm',
      'g_norm_pin1',
      'single_source_norm_pin1',
      'g_norm_seq1',
      'g_norm_seq2',
      'g_norm_seq3',
    ]);
    assert.equal(all.get('track flow')?.comments[1], 'g_norm_pin1: a small run; of two lines');
    assert.deepEqual(all.get('track contributions')?.head, ['t', 'dWh_norm', 'dWx_norm', 'db_norm']);
    assert.deepEqual(all.get('track hiddenMap')?.head, ['t', 'h_unit0', 'h_unit1', 'h_unit2', 'h_unit3']);
    assert.match(all.get('track spread')?.comments[1] ?? '', /^bins \d+; low -?[\d.]+; high [\d.]+$/);
    if (!long) return;
    const english = await read(config, /small/);
    assert.deepEqual([...english.keys()], [...all.keys()]);
    for (const [view, { comments, head }] of english) {
      assert.deepEqual(all.get(view)?.head, head, view);
      assert.deepEqual(all.get(view)?.comments, comments, view);
    }
    assert.deepEqual(
      english.get('details')?.rows.map(([what]) => what),
      all.get('details')?.rows.map(([what]) => what),
    );
  });

  it('say of which sequence and of which step they are', async () => {
    const open = await pages.open({ height: 6_000 });
    await open.host.run(vanilla('three sequences'));
    await painted(open);
    const { page } = open;
    await page.locator('vscode-dropdown[aria-label=Sequence]').click();
    await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option[value="2"]').click();
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const opened = page.locator('[data-card=openedStep] .place', { hasText: 't = 1 · sequence 3' });
    await Promise.all([opened.waitFor(), page.locator('[data-track=jacobian] .formula', { hasText: '3' }).waitFor()]);
    await nextFrames(page);
    await page.setViewportSize({ width: 1200, height: 700 });
    const notes = async (id: string, kind: 'track' | 'card' = 'track'): Promise<readonly string[]> =>
      (await csvRows(open, id, kind)).comments.slice(1);
    for (const track of ['hiddenMap', 'gradientMap', 'units', 'jacobian', 'network'])
      assert.deepEqual(await notes(track), ['sequence 3'], track);
    assert.deepEqual(await notes('openedStep', 'card'), ['t 1; sequence 3']);
    assert.deepEqual(await notes('lyapunov', 'card'), ['sequence 1']);
    assert.deepEqual(await notes('contributions'), []);
    await open.close();
  });

  onlyLong(it)('of gated cells too', async () => {
    const all = await read(lstm('one layer', lstmLayer(0, I)), /one layer/);
    assert.ok(all.get('card reach')?.head.includes('share_dWh_f'), all.get('card reach')?.head.join());
    assert.match(
      all.get('track flow')?.comments[0] ?? '',
      /^one layer; cell lstm; B 3; T 24; I 2; H 3; float32; [a-z]+$/,
    );
    assert.ok(all.get('track gateMap')?.head.includes('gate_f_unit0'), all.get('track gateMap')?.head.join());
  });

  it('of networks too, which tell the layer', async () => {
    const stack = lstm('two layers', { ...lstmLayer(0, I), ...lstmLayer(1, 3) });
    const all = await read(stack, /two layers/);
    assert.match(
      all.get('track flow')?.comments[0] ?? '',
      /^two layers; layer [01] forward; cell lstm; B 3; T 24; I \d; H 3; float32; [a-z]+$/,
    );
    const { head = [] } = all.get('track networkMap') ?? {};
    assert.deepEqual([...head].sort(), ['ds_norm_layer0_forward', 'ds_norm_layer1_forward', 'dx_norm', 't']);
    if (!long) return;
    const others = await read(stack, /two layers/, korean());
    for (const [view, csv] of all) assert.deepEqual(others.get(view)?.head, csv.head, view);
  });
});
