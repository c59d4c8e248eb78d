// A reverse direction on the page: every t that is told or typed is the position in the sequence, as in the JSON of the
// run and in its config.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { choose } from '../support/menus.js';
import { startPages } from '../support/page.js';
import type { GroupId } from '../../webview/page/groups.js';
import type { OpenPage, PageServer } from '../support/page.js';
import {
  copied,
  csvRows,
  cursorTo,
  keepPaintedText,
  nextFrames,
  openTable,
  painted,
  paintedText,
  relativeError,
  rowValues,
  side,
} from './support.js';

const T = 30;
const positions = Array.from({ length: T }, (_, t) => t);

/** Numbers of a shape that are never the same twice. */
function numbers(shape: readonly number[], scale: number): unknown {
  let at = 0;
  const visit = ([length, ...inner]: readonly number[]): unknown =>
    length === undefined ? scale * Math.sin(1 + 0.7 * at++) : Array.from({ length }, () => visit(inner));
  return visit(shape);
}

const layers = (...suffixes: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    suffixes.flatMap((suffix) => [
      [`weight_ih_${suffix}`, numbers([9, suffix.startsWith('l0') ? 1 : 6], 0.5)],
      [`weight_hh_${suffix}`, numbers([9, 3], 0.5)],
      [`bias_ih_${suffix}`, numbers([9], 0.1)],
      [`bias_hh_${suffix}`, numbers([9], 0.1)],
    ]),
  );
const [forward, reverse] = [0, 1];

const configOf = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    cell: 'gru',
    dtype: 'float64',
    weights: layers('l0', 'l0_reverse'),
    sequences: numbers([1, T, 1], 1),
    upstreamGradient: 'final',
    ...changes,
  });

type LayerJson = {
  readonly norms: { readonly dh: readonly number[] };
  readonly hNorm: readonly number[];
  readonly verdict: { readonly crossedAt: number; readonly reason: string };
};

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
afterEach(() => open.close());

/** `group`: where the views stand that a test is about. */
async function start(config = configOf(), layer = reverse, group: GroupId = 'overview'): Promise<LayerJson> {
  open = await pages.open({ group, everything: true, height: 1600 });
  await keepPaintedText(open);
  await open.host.run(config, layer);
  await painted(open);
  await nextFrames(open.page);
  const { hs, layers: all } = JSON.parse(new TextDecoder().decode(await open.host.resultJson())) as {
    readonly hs: readonly (readonly (readonly number[])[])[];
    readonly layers: readonly Omit<LayerJson, 'hNorm'>[];
  };
  const own = all[layer] ?? assert.fail(`There is no layer ${layer}.`);
  // Both directions stand side by side.
  return { ...own, hNorm: hs[0]!.map((h) => Math.hypot(...h.slice(3 * layer, 3 * layer + 3))) };
}
const text = (selector: string): Promise<string> => open.page.locator(selector).first().innerText();
const texts = (selector: string): Promise<string[]> => open.page.locator(selector).allInnerTexts();
/** Steps that the plot of the flow has a mark at, by its words. */
async function marks(): Promise<string[]> {
  return (await paintedText(open.page, 'track-flow-plot')).filter((told) => told.includes('t = '));
}
async function column(name: string, track = 'flow'): Promise<{ readonly t: string[]; readonly values: number[] }> {
  const { head, rows } = await csvRows(open, track);
  const at = head.indexOf(name);
  assert.ok(at > 0, `${name} is not among ${head.join(', ')}`);
  return { t: rows.map(([first = '']) => first), values: rows.map((row) => Number(row[at])) };
}
function near(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [t, value] of expected.entries())
    assert.ok(relativeError(actual[t] ?? NaN, value) <= 1e-9, `t = ${t}: ${actual[t] ?? ''} and ${value}`);
}
/** Lets the cursor stand on a position: the plot begins with the last one. */
const cursorAt = (position: number): Promise<void> => cursorTo(open.page, T - 1 - position);

describe('a reverse direction', () => {
  it('has one horizon in the sentence and in the plot: what is lost lies after it', async () => {
    const { verdict } = await start();
    const told = /what happened after t = (\d+) is hardly learned/.exec(await text('.reason'));
    assert.ok(told !== null, await text('.reason'));
    assert.match(verdict.reason, new RegExp(`what happened after t = ${told[1]} is hardly learned`));
    assert.deepEqual((await marks()).toSorted(), [
      `bound passed at t = ${verdict.crossedAt}`,
      `hardly learned after t = ${told[1]}`,
    ]);
  });

  it('has its positions on the axis from the last to the first, and the loss at its end', async () => {
    await start(configOf(), reverse, 'all');
    const ticks = (await texts('.ruler-ticks span')).map(Number);
    assert.ok(ticks.length > 3);
    assert.deepEqual(
      ticks,
      ticks.toSorted((a, b) => b - a),
    );
    assert.equal(ticks.at(-1), 0);
    const x = (selector: string): Promise<number> =>
      open.page
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().right);
    assert.ok((await x('.losses .loss')) >= (await x('.ruler-ticks span:last-child')) - 8);
    assert.match(await text('[data-track=attribution] .in-words'), /^There is one loss, at t = 0: /);
  });

  it('reads at the cursor what its position has, and says so', async () => {
    const { hNorm, norms } = await start(configOf(), reverse, 'all');
    for (const position of [12, 0, T - 1]) {
      await cursorAt(position);
      assert.equal(await text('.at-step h2'), `At t = ${position} · pinned`);
      assert.equal(await text('.flag'), `t = ${position}`);
      assert.ok(relativeError(Number(await side(open.page, 'h')), hNorm[position]!) <= 1e-9);
      assert.ok(relativeError(Number(await side(open.page, 'g')), norms.dh[position]!) <= 1e-9);
      const plot = open.page.locator('#track-flow-plot');
      assert.equal(await plot.getAttribute('aria-valuenow'), String(position));
      assert.match((await plot.getAttribute('aria-valuetext')) ?? '', new RegExp(`^t = ${position}, `));
      await open.page.locator('[data-card=gates] .place', { hasText: `t = ${position} ` }).waitFor();
    }
    await open.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await cursorAt(12);
    const [[, told] = []] = await copied(open.page, () => choose(open.page, '.at-step', 'Copy'));
    assert.equal(told, '12');
  });

  it('has the next position where formulas have the step before', async () => {
    await start(configOf(), reverse, 'all');
    const { page } = open;
    await page.locator('[data-card=gates] .place').waitFor();
    assert.match((await texts('.at-step dt')).join('\n'), /σmax\(∂ht\/∂ht\+1\)/);
    assert.match(await text('[data-track=jacobian] .formula'), /σ\(∂ht\/∂ht\+1\)/);
    const { rows } = await csvRows(open, 'gates', 'card');
    const names = rows.map(([name]) => name);
    assert.ok(names.includes('h(t+1)') && names.includes('dh(t−1)'), names.join(', '));
    assert.ok(!names.includes('h(t−1)'), names.join(', '));
    await page.locator('[data-card=reach] .note', { hasText: / steps before the step they change/ }).waitFor();
    await open.host.run(configOf(), forward);
    await page.locator('.at-step dt', { hasText: '∂ht−1' }).waitFor();
  });

  it('is saved and shown in a table by position', async () => {
    const { norms } = await start();
    const { t, values } = await column('g_norm');
    assert.deepEqual(t, positions.map(String));
    near(values, norms.dh);
    await cursorAt(4);
    await openTable(open.page, 'flow');
    assert.ok(relativeError(Number((await rowValues(open.page, 'flow', 4))[0]), norms.dh[4]!) <= 1e-9);
    assert.equal(await text('[data-track=flow] tr.marked th'), '4');
    const reached = open.page.locator('[data-detail] th', { hasText: 'bound passed' }).first();
    const [from] = await reached.locator('xpath=..').locator('td').allInnerTexts();
    assert.equal(from, /bound passed at t = (\d+)/.exec((await marks()).join())?.[1]);
  });

  it('has the loss of its config where the config says', async () => {
    await start(configOf({ upstreamGradient: 12 }));
    assert.match((await text('.facts')).replaceAll('\u00a0', ' '), / loss at t = 12 /);
    assert.match(await text('.ruler .loss'), /loss here/);
  });

  it('keeps what is looked at when the other direction is chosen', async () => {
    await start(configOf(), forward);
    await cursorTo(open.page, 12);
    assert.equal(await text('.flag'), 't = 12');
    await open.host.run(configOf(), reverse);
    await open.page.locator('.reason', { hasText: 'after t' }).waitFor();
    await open.page.locator('.flag', { hasText: 't = 12' }).waitFor();
    assert.equal(await text('.at-step h2'), 'At t = 12 · pinned');
  });
});

describe('a what-if of a reverse direction', () => {
  it('puts the loss at the step under the cursor, begins there, and applies that number', async () => {
    await start(configOf({ upstreamGradient: 'last' }));
    const { page, host } = open;
    await cursorAt(12);
    await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    await page.locator('[data-field=lossAt] vscode-dropdown').click();
    await page.locator('[data-field=lossAt] vscode-option[value=step]').click();
    const field = page.locator('[data-field=lossAt] .number').last();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('[data-field=lossAt] .number')?.value === 't = 12',
    );
    assert.equal(await field.inputValue(), 't = 12');
    await page.locator('[data-outcome=total]').waitFor();
    assert.match(await text('[data-outcome=ratio] .outcome-name'), /^arrives at t = 29$/);
    assert.match(await text('[data-outcome=total] .outcome-name'), /^‖g29‖$/);
    const { values } = await column('g_norm_what_if');
    // Back in time is on to later positions here.
    for (const t of positions) assert.equal((values[t] ?? NaN) > 0, t >= 12, `t = ${t}: ${values[t] ?? ''}`);
    await page.locator('#whatif vscode-button', { hasText: 'Apply' }).click();
    while (host.applied.length === 0) await nextFrames(page);
    assert.equal(host.applied[0]?.lossAt, 12);
  });
});

describe('attribution of a reverse direction', () => {
  it('has steps and losses by position, and tells what cannot be reached', async () => {
    await start(configOf({ upstreamGradient: 'every' }), reverse, 'all');
    const { page } = open;
    await page.locator('[data-track=attribution] canvas[data-plot]').waitFor();
    const { head, rows } = await csvRows(open, 'attribution');
    assert.deepEqual(head, ['t', ...positions.map((s) => `from_s${s}`)]);
    for (const [t, [label, ...values]] of rows.entries()) {
      assert.equal(label, String(t));
      // Losses at earlier positions reach a step, and its own does.
      for (const s of positions) assert.equal(Number(values[s]) > 0, s <= t, `t = ${t}, s = ${s}`);
    }
    await cursorAt(12);
    await page.locator('[data-track=sources] .formula', { hasText: 'at t = 12' }).waitFor();
  });
});
