// What-ifs of gated cells and networks on the real page: what is offered first, whose weights it changes, and that the
// curve over the run is that of a config that says the same.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { readExperiment } from '../../src/config/index.js';
import { finish, runExperiment } from '../../src/engine/index.js';
import type { AnyNetworkRun } from '../../src/engine/index.js';
import { englishWords, korean } from '../support/languages.js';
import { networkConfigOf, readFixture } from '../support/experiments.js';
import { onlyLong, some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { violationsOf } from './axe.js';
import { csvRows, nextFrames, painted, relativeError } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
afterEach(() => open.close());

type Config = { readonly weights: Readonly<Record<string, number[] | number[][]>> } & Readonly<Record<string, unknown>>;

/** A reference case as a config with everything inline. */
const caseOf = (name: string): Config =>
  networkConfigOf(readFixture(`reference/networks/${name}.json`) as Config) as Config;

/** The same with numbers of a bias shifted, from … to − 1. */
function shifted(config: Config, by: number, from: number, to: number, ...names: readonly string[]): Config {
  const own = Object.entries(config.weights).map(([key, value]) => [
    key,
    names.includes(key) ? (value as number[]).map((x, i) => (i >= from && i < to ? x + by : x)) : value,
  ]);
  return { ...config, weights: Object.fromEntries(own) as Config['weights'] };
}

async function whole(config: Config): Promise<AnyNetworkRun> {
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const { experiment, problems } = await readExperiment(
    { kind: 'config', config: 'a' },
    { read: () => Promise.resolve({ ok: true as const, id: 'a', bytes }) },
  );
  assert.ok(experiment !== null, JSON.stringify(problems));
  return finish(runExperiment(Infinity, experiment));
}

const bar = (): Promise<void> => open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
async function start(config: Config, layer: number | null, options: Parameters<PageServer['open']>[0] = {}) {
  open = await pages.open({ group: 'overview', everything: true, ...options });
  await open.host.run(JSON.stringify(config), layer);
  await painted(open);
}
const field = (key: string): string => `.whatif [data-field=${key}]:not([hidden])`;
async function type(key: string, value: string): Promise<void> {
  const input = open.page.locator(`${field(key)} .number`).last();
  await input.fill(value);
  await input.press('Enter');
}
async function choose(key: string, value: string): Promise<void> {
  await open.page
    .locator(`${field(key)} vscode-dropdown`)
    .first()
    .click();
  await open.page.locator(`${field(key)} vscode-option[value="${value}"]`).click();
}
/** Waits until a menu shows this choice: it takes a value once its options are there. */
async function shows(key: string, value: string): Promise<void> {
  const menu = open.page.locator(`${field(key)} vscode-dropdown`).first();
  let now = '';
  for (let again = 0; again < 200 && now !== value; again++) {
    await nextFrames(open.page);
    now = await menu.evaluate((element) => (element as HTMLInputElement).value);
  }
  assert.equal(now, value);
}

/** The curves over the run are those of a layer of a config that says the same; `factor`: what is told per step. */
async function assertShows({ layers }: AnyNetworkRun, layer: number, factor: number | null): Promise<void> {
  await open.page.waitForFunction(
    (wanted) =>
      Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['after']) / wanted - 1) <
      1e-9,
    factor ?? NaN,
  );
  await nextFrames(open.page);
  const { head, rows } = await csvRows(open, 'flow');
  const { log10Norms, log10SingleSource } = layers[layer]!.result.layers[0];
  for (const [name, logs] of [
    ['g_norm_what_if', log10Norms.dh],
    ['single_source_norm_what_if', log10SingleSource],
  ] as const) {
    const at = head.indexOf(name);
    assert.ok(at > 0, `${name} is not among ${head.join(', ')}`);
    assert.equal(rows.length, logs.length);
    logs.forEach((log, t) =>
      assert.ok(relativeError(Number(rows[t]![at]), 10 ** log) < 1e-9, `${name} at t = ${t}: ${rows[t]![at]}`),
    );
  }
}
const verdictOf = ({ layers }: AnyNetworkRun, layer: number) => layers[layer]!.result.verdict;
const visibleFields = (): Promise<(string | undefined)[]> =>
  open.page
    .locator('.whatif .field:visible')
    .evaluateAll((all) => all.map((element) => (element as HTMLElement).dataset['field']));

/** What hangs out of its field or stands over its neighbour, and menus whose chosen line is cut. */
const misplaced = (): Promise<string[]> =>
  open.page.locator('.whatif .field:visible').evaluateAll((fields) =>
    fields.flatMap((field) => {
      const name = field.getAttribute('data-field') ?? '';
      const { left, right } = field.getBoundingClientRect();
      // The way back has its place also while it is not needed.
      const parts = [...field.querySelectorAll('vscode-dropdown, .range, .number, .back')].filter(
        (part) => part.getClientRects().length > 0,
      );
      const boxes = parts.map((part) => part.getBoundingClientRect());
      const out = boxes.some((box) => box.left < left - 1 || box.right > right + 1);
      const over = boxes.some((box, i) => (boxes[i - 1]?.right ?? -Infinity) > box.left + 1);
      const cut = parts.some((part) => {
        const value = part.shadowRoot?.querySelector('.selected-value');
        return value instanceof HTMLElement && value.scrollWidth > value.clientWidth + 1;
      });
      return [
        ...(out ? [`${name} hangs out`] : []),
        ...(over ? [`${name} overlaps`] : []),
        ...(cut ? [`${name} cut`] : []),
      ];
    }),
  );

describe('the bar of a gated cell', () => {
  it('has room for every number, way back and name of a gate, in a narrow panel too', async () => {
    await start(caseOf('lstm_last'), null, { moreWhatIfs: true });
    await bar();
    await shows('biasShift', 'f');
    for (const width of [1200, 900, 700, 641, 620, 520, 490, 400]) {
      await open.page.setViewportSize({ width, height: 800 });
      await nextFrames(open.page);
      assert.deepEqual(await misplaced(), [], `${width} pixels`);
    }
  });

  it('offers the bias of the forget gate first, and the rest behind a button that keys reach', async () => {
    await start(caseOf('lstm_last'), null, { moreWhatIfs: false });
    await bar();
    assert.deepEqual(await visibleFields(), ['biasShift', 'initialise']);
    await shows('biasShift', 'f');
    const more = open.page.locator('.whatif .link');
    assert.equal(await more.getAttribute('aria-expanded'), 'false');
    await more.focus();
    await open.page.keyboard.press('Enter');
    assert.equal(await more.getAttribute('aria-expanded'), 'true');
    assert.deepEqual(await visibleFields(), [
      'biasShift',
      'rescale',
      'rescale',
      'whGate',
      'initialise',
      'inputScale',
      'clipNorm',
      'truncate',
      'lossAt',
    ]);
    assert.deepEqual(await violationsOf(open.page, ['.whatif']), []);
    await more.press('Enter');
    assert.deepEqual(await visibleFields(), ['biasShift', 'initialise']);
  });

  it('lays the curve of an LSTM with another forget bias over the run, and applies that', async () => {
    const config = caseOf('lstm_forget_minus3');
    const H = (config.weights['bias_ih_l0']?.length ?? 0) / 4;
    await start(config, null, { moreWhatIfs: false });
    await bar();
    await type('biasShift', '2.5');
    const other = await whole(shifted(config, 2.5, H, 2 * H, 'bias_ih_l0'));
    await assertShows(other, 0, verdictOf(other, 0).perStepFactor);
    await open.page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
    await open.page.locator('.whatif-note', { hasText: 'undo takes it back' }).waitFor();
    const [applied] = open.host.applied;
    assert.deepEqual(
      { shift: applied?.biasShift, gate: applied?.biasGate, layers: applied?.layers },
      { shift: 2.5, gate: 'f', layers: null },
    );
  });

  it('moves the shift to another gate, and tells the pin which one', async () => {
    const config = caseOf('gru_last');
    const H = (config.weights['bias_ih_l0']?.length ?? 0) / 3;
    await start(config, null, { moreWhatIfs: false });
    await bar();
    await shows('biasShift', 'z');
    await type('biasShift', '-1');
    await open.page.locator('[data-outcome=factor]').waitFor();
    await choose('biasShift', 'r');
    const other = await whole(shifted(config, -1, 0, H, 'bias_ih_l0'));
    await assertShows(other, 0, verdictOf(other, 0).perStepFactor);
    await open.page.locator('.whatif vscode-button', { hasText: 'Pin' }).click();
    await open.page.locator('.whatif vscode-button', { hasText: 'Reset' }).click();
    assert.match((await open.page.locator('[data-track=flow] .legend').textContent()) ?? '', /#1 b\(r\) \+ [−-]1/);
  });

  onlyLong(it)('rescales the block of one gate', async () => {
    await start(caseOf('gru_last'), null, { moreWhatIfs: false });
    await bar();
    await open.page.locator('.whatif .link').click();
    await choose('whGate', 'z');
    const input = open.page.locator('[data-measure=sigmaMax] .number');
    const now = Number(await input.inputValue());
    await input.fill(String(2 * now));
    await input.press('Enter');
    await open.page.locator('[data-outcome=factor]').waitFor();
    await open.page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
    await open.page.locator('.whatif-note', { hasText: 'undo takes it back' }).waitFor();
    const applied = open.host.applied.map(({ whGate, rescale }) => ({ whGate, rescale }));
    assert.deepEqual(applied, [{ whGate: 'z', rescale: { measure: 'sigmaMax', to: 2 * now } }]);
  });
});

describe('the bar of a network', () => {
  it('changes the layer that is looked at, and goes on with that one while another is looked at', async () => {
    const config = caseOf('lstm_bi_2layer_ragged');
    const H = (config.weights['bias_ih_l1']?.length ?? 0) / 4;
    await start(config, 2, { moreWhatIfs: false });
    await bar();
    assert.deepEqual(await visibleFields(), ['layers', 'biasShift', 'initialise']);
    await shows('layers', '2');
    await type('biasShift', '1.5');
    const other = await whole(shifted(config, 1.5, H, 2 * H, 'bias_ih_l1'));
    await assertShows(other, 2, verdictOf(other, 2).perStepFactor);
    await open.host.run(JSON.stringify(config), 0);
    await assertShows(other, 0, verdictOf(other, 0).perStepFactor);
    await shows('layers', '2');
  });

  /** Shifts the forget bias of both layers, and gives the run of weights that are. */
  async function shiftBoth(config: ReturnType<typeof caseOf>): ReturnType<typeof whole> {
    const H = (config.weights['bias_ih_l0']?.length ?? 0) / 4;
    await start(config, 0);
    await bar();
    await choose('layers', 'all');
    await type('biasShift', '3');
    const other = await whole(shifted(config, 3, H, 2 * H, 'bias_ih_l0', 'bias_ih_l1'));
    await assertShows(other, 0, other.verdict.perStepFactor);
    return other;
  }

  it('of all layers tells the verdict of the network', async () => {
    const config = caseOf('lstm_2layer_every');
    const other = await shiftBoth(config);
    await open.page.locator('.whatif-note', { hasText: 'verdict is that of the whole network' }).waitFor();
    const before_ = await open.page.locator('[data-outcome=factor]').getAttribute('data-before');
    assert.ok(relativeError(Number(before_), (await whole(config)).verdict.perStepFactor ?? NaN) < 1e-9);
    assert.notEqual(verdictOf(other, 0).perStepFactor, other.verdict.perStepFactor);
    // The map shows the changed network, and its table has both.
    await open.page.locator('[data-track=networkMap]', { hasText: 'what if' }).waitFor();
    const { head, rows } = await csvRows(open, 'networkMap');
    for (const [layer, { result }] of other.layers.entries()) {
      const at = head.indexOf(`ds_norm_layer${layer}_forward_what_if`);
      assert.ok(at > 0, head.join());
      const { ds = new Float64Array() } = result.layers[0].log10Norms;
      assert.equal(rows.length, ds.length);
      ds.forEach((log, t) => assert.ok(relativeError(Number(rows[t]![at]), 10 ** log) < 1e-9, `${layer} at t = ${t}`));
    }
    await type('biasShift', '0');
    await open.page.locator('[data-track=networkMap]', { hasText: 'log scale' }).waitFor();
    const again = await csvRows(open, 'networkMap');
    assert.ok(!again.head.some((name) => name.endsWith('what_if')));
  });

  it('of all layers pins the curve of a layer with the verdict of that layer', async () => {
    const other = await shiftBoth(caseOf('lstm_2layer_every'));
    await open.page.locator('.whatif vscode-button', { hasText: 'Pin' }).click();
    assert.equal(await open.page.locator('[data-pin="1"] .pin-name').inputValue(), 'layer 0: b(f) + 3, all layers');
    const told = await open.page
      .locator('[data-pin="1"] .pin-facts [data-value]')
      .evaluateAll((all) => all.map((element) => Number((element as HTMLElement).dataset['value'])));
    const { perStepFactor, log10Ratio } = verdictOf(other, 0);
    [perStepFactor, log10Ratio].forEach((wanted, i) =>
      assert.ok(relativeError(told[i] ?? NaN, wanted ?? NaN) < 1e-9, `${told[i]} instead of ${wanted}`),
    );
  });

  it('offers another layer where the chosen one is gone, and no menu where there is nothing to choose', async () => {
    const config = caseOf('tanh_2layer_step7');
    const below = Object.entries(config.weights).filter(([key]) => key.endsWith('_l0'));
    const single: Config = { ...config, weights: Object.fromEntries(below) };
    await start(config, 1);
    await bar();
    await type('inputScale', '0.5');
    await open.page.locator('[data-outcome=factor]').waitFor();
    await open.host.run(JSON.stringify(single), null);
    await open.page.locator('.whatif-note.refused', { hasText: 'not there any more' }).waitFor();
    const menu = open.page.locator(`${field('layers')} vscode-dropdown`);
    await shows('layers', '1');
    assert.deepEqual(await menu.locator('vscode-option').allTextContents(), ['–', 'layer 0']);
    await choose('layers', '0');
    const scaled = (config.weights['weight_ih_l0'] as number[][]).map((row) => row.map((x) => 0.5 * x));
    const other = await whole({ ...single, weights: { ...single.weights, weight_ih_l0: scaled } });
    await assertShows(other, 0, verdictOf(other, 0).perStepFactor);
    assert.equal(await menu.count(), 0);
    await open.page.locator('.whatif vscode-button', { hasText: 'Reset' }).click();
    await open.host.run(JSON.stringify(config), 1);
    await choose('drop', 'last');
    await open.page.locator('.whatif-note', { hasText: 'the curve is that of layer 0' }).waitFor();
    await open.host.run(JSON.stringify(single), null);
    await open.page.locator('.whatif-note.refused', { hasText: 'There is only one layer' }).waitFor();
    assert.equal(await menu.count(), 0);
    // What is refused can be taken back where it was chosen.
    await choose('drop', 'file');
    await open.page.locator('.whatif-note', { hasText: 'Move something' }).waitFor();
  });

  onlyLong(it)('leaves the last layer out, and says whose curve is there then', async () => {
    const config = caseOf('tanh_2layer_step7');
    await start(config, 1);
    await bar();
    await choose('drop', 'last');
    const below = Object.entries(config.weights).filter(([key]) => key.endsWith('_l0'));
    const { initialState, ...rest } = config;
    assert.equal(initialState, undefined);
    const other = await whole({ ...rest, weights: Object.fromEntries(below) });
    await assertShows(other, 0, verdictOf(other, 0).perStepFactor);
    await open.page.locator('.whatif-note', { hasText: 'the curve is that of layer 0' }).waitFor();
  });

  onlyLong(it)('refuses what a readout does not fit, with the reason', async () => {
    await start(caseOf('gru_2layer_ragged_last'), null, { moreWhatIfs: false });
    const config = caseOf('gru_2layer_ragged_last');
    if (config['loss'] !== undefined) assert.fail('This case has a loss of its own.');
    const H = config.weights['weight_hh_l1']?.length ?? 0;
    const [B, D] = [(config['sequences'] as unknown[]).length, H / 3];
    const readout = { Why: Array.from({ length: D }, () => [1]), by: [0] };
    const targets = Array.from({ length: B }, () => [1]);
    const { upstreamGradient, ...rest } = config;
    assert.ok(upstreamGradient !== null);
    await open.host.run(JSON.stringify({ ...rest, loss: { kind: 'mse', readout, targets, at: 'last' } }), 0);
    await bar();
    await open.page.locator('.whatif .link').click();
    await choose('drop', 'last');
    await open.page.locator('.whatif-note.refused', { hasText: 'readout belongs to the output' }).waitFor();
  });

  it('reads what a page of an earlier version has kept', async () => {
    const config = caseOf('tanh_2layer_step7');
    await start(config, 0);
    await bar();
    await type('inputScale', '0.5');
    await open.page.locator('[data-outcome=factor]').waitFor();
    await open.page.waitForTimeout(150);
    await open.page.evaluate(() => {
      const key = 'state of the webview';
      const state = JSON.parse(sessionStorage.getItem(key) ?? '{}') as { whatIf: { whatIf: Record<string, unknown> } };
      const { cell, initialise, rescale, inputScale, biasShift, clipNorm, truncate, lossAt } = state.whatIf.whatIf;
      const kept = { cell, initialise, rescale, inputScale, biasShift, clipNorm, truncate, lossAt };
      const whatIf = { open: true, whatIf: kept };
      // What is written as the page is left comes after this.
      addEventListener('pagehide', () => sessionStorage.setItem(key, JSON.stringify({ ...state, whatIf })));
    });
    await open.page.reload();
    await open.page.locator('[data-outcome=factor]').waitFor();
    assert.equal(await open.page.locator(`${field('inputScale')} .number`).inputValue(), '0.5');
    assert.deepEqual(
      await open.page
        .locator('.field.changed')
        .evaluateAll((all) => all.map((element) => (element as HTMLElement).dataset['field'])),
      ['inputScale'],
    );
  });
});

describe('the bar of a gated network', () => {
  for (const width of some([1200, 420], 2, 1))
    it(`speaks Korean, has no serious fault and cuts nothing off at ${width} pixels`, async () => {
      await start(caseOf('lstm_bi_2layer_ragged'), 1, {
        width,
        height: 1400,
        language: korean(),
        moreWhatIfs: false,
      });
      await open.page.locator('.bar vscode-button', { hasText: '가정해 보기' }).click();
      await open.page.locator('.whatif .link', { hasText: '더 보기' }).click();
      await choose('layers', 'all');
      await type('biasShift', '1');
      await open.page.locator('.whatif-note', { hasText: '신경망 전체' }).waitFor();
      const told = await open.page
        .locator('.whatif')
        .evaluate((element) =>
          [element, ...element.querySelectorAll('*')].flatMap((one) => [
            one.getAttribute('title') ?? '',
            one.getAttribute('aria-label') ?? '',
            ...[...one.childNodes].filter(({ nodeType }) => nodeType === 3).map((text) => text.textContent ?? ''),
          ]),
        );
      // Names of cells stay as they are.
      assert.deepEqual(
        told.filter((text) => text !== 'lstm' && englishWords(text).length > 0),
        [],
      );
      assert.deepEqual(await violationsOf(open.page, ['.whatif']), []);
      const tooWide = await open.page.evaluate(() =>
        [...document.querySelectorAll('.whatif *')]
          .filter((element) => !element.closest('.unseen') && element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(tooWide, []);
    });
});

describe('what the gates do', () => {
  onlyLong(it)('follows the forget bias while it is dragged, and is that of a config that says the same', async () => {
    const [B, T, I, H] = [8, 100, 16, 64];
    let seed = 3;
    const uniform = (): number => {
      seed = (seed * 1664525 + 1013904223) >>> 0;
      return (2 * (seed / 2 ** 32) - 1) / Math.sqrt(H);
    };
    const matrix = (rows: number, columns: number): number[][] =>
      Array.from({ length: rows }, () => Array.from({ length: columns }, uniform));
    const config: Config = {
      name: 'dragged',
      cell: 'lstm',
      dtype: 'float64',
      weights: {
        weight_ih_l0: matrix(4 * H, I),
        weight_hh_l0: matrix(4 * H, H),
        bias_ih_l0: matrix(1, 4 * H)[0]!,
        bias_hh_l0: new Array<number>(4 * H).fill(0),
      },
      sequences: Array.from({ length: B }, () => matrix(T, I)),
    };
    open = await pages.open({ group: 'gates', height: 1000 });
    await open.host.run(JSON.stringify(config), null);
    await painted(open, 'gateLines');
    await bar();
    const range = open.page.locator(`${field('biasShift')} .range`).last();
    await range.waitFor();
    const counted = await range.evaluate(async (slider) => {
      const input = slider as HTMLInputElement;
      const seen = new Set<string>();
      const from = performance.now();
      const reading = (): string =>
        [...document.querySelectorAll('[data-track=gateLines] .chip')]
          .find((chip) => chip.textContent.includes('f what if'))
          ?.querySelector('b')?.textContent ?? '';
      // For a second, and until some pictures have come: how many that are is for the machine to say.
      for (let i = 0; performance.now() - from < 1000 || (seen.size < 4 && i < 20_000); i++) {
        input.value = String(((i % 400) + 1) * 0.01);
        input.dispatchEvent(new Event('input'));
        await new Promise((resolve) => requestAnimationFrame(resolve));
        seen.add(reading());
      }
      return { pictures: seen.size - 1, seconds: (performance.now() - from) / 1000 };
    });
    console.log(`      pictures of the gates in a second: ${(counted.pictures / counted.seconds).toFixed(0)}`);
    assert.ok(counted.pictures >= 3);
    const cursor = Number((await open.page.locator('.flag').innerText()).slice(4));
    await type('biasShift', '1.5');
    const other = await whole(shifted(config, 1.5, H, 2 * H, 'bias_ih_l0'));
    const { gates } = other.layers[0].result.layers[0];
    await open.page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('[data-track=gateLines] .chip')].some(
          (chip) => chip.textContent.includes('f what if') && chip.querySelector('b')?.textContent === wanted,
        ),
      gates!['f']!.mean[cursor]!.toPrecision(4),
    );
    for (const [track, name, wanted] of [
      ['gateLines', 'mean_f_what_if', gates!['f']!.mean],
      ['gateLines', 'mean_i_what_if', gates!['i']!.mean],
    ] as const) {
      const { head, rows } = await csvRows(open, track);
      const at = head.indexOf(name);
      assert.ok(at > 0, `${name} is not among ${head.join(', ')}`);
      wanted.forEach((value, t) => assert.ok(relativeError(Number(rows[t]![at]), value) < 1e-9, `${name} at ${t}`));
    }
    // What is kept is more than before at every step but the last, and the shares of the paths are another picture.
    const kept = await csvRows(open, 'kept');
    const [before, after] = ['kept_median', 'kept_median_what_if'].map((name) => kept.head.indexOf(name));
    kept.rows.slice(0, -1).forEach((row) => assert.ok(Number(row[after!]) > Number(row[before!]), row.join()));
    await open.page.locator('[data-track=paths] .formula', { hasText: 'what if' }).waitFor();
    // So does the map of one gate, and what units remember.
    await open.page.locator('[data-track=gateMap]').scrollIntoViewIfNeeded();
    await open.page.locator('[data-track=gateMap] .formula', { hasText: 'f of every unit, what if' }).waitFor();
    const pixels = (): Promise<string> =>
      open.page.locator('#track-gateMap-plot').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const tried = await pixels();
    const lives = await csvRows(open, 'halfLives', 'card');
    assert.deepEqual(lives.head, ['unit', 'half_life_steps', 'half_life_steps_what_if']);
    assert.equal(lives.rows.length, H);
    for (const [, ofRun, ofTried] of lives.rows) assert.ok(Number(ofTried) > Number(ofRun), `${ofRun} ${ofTried}`);
    const note = open.page.locator('[data-card=halfLives] .note', { hasText: /^What if: the median unit/ });
    await note.waitFor();
    await open.page.locator('.decide').getByText('Reset').click();
    await note.waitFor({ state: 'detached' });
    await open.page.locator('[data-track=gateMap] .formula', { hasText: /f of every unit ·/ }).waitFor();
    await nextFrames(open.page);
    assert.notEqual(await pixels(), tried);
  });
});
