// A long run (a million steps in the long form): what crosses to the page is no larger than its screen, and every
// number it tells is the one of its step.
// RNN_SCALE=32M runs it with 32 units: the largest size that is promised, T·H = 32 million numbers, and saves all
// million rows.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { long, onlyLong } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { csvRows, cursorTo, log10Of, nextFrames, openTable, painted, rowValues, side } from './support.js';

const whole = process.env['RNN_SCALE'] === '32M';
const [T, H] = [whole || long ? 1_000_000 : 100_000, whole ? 32 : 8];
/** Steps of the run that is saved: more come in more blocks, and take longer to cross to the test. */
const saved = whole ? T : long ? 200_000 : 50_000;
const rho = 0.999;
const size = { width: 1200, height: 980 };
/** The one step with an input. */
const spikeOf = (steps: number): number => Math.round(0.654321 * steps);
let pages: PageServer;
let open: OpenPage;

/**
 * A linear ring: ‖g_t‖ = √H·ρ^(T−1−t) of what enters at the last step. The input kicks one unit once: ‖h_t‖ =
 * ρ^(t−spike) after it.
 */
const config = (name: string, steps = T): string =>
  JSON.stringify({
    name,
    cell: 'identity',
    dtype: 'float64',
    weights: {
      Wx: [Array.from({ length: H }, (_, j) => Number(j === 0))],
      Wh: Array.from({ length: H }, (_, i) => Array.from({ length: H }, (__, j) => (j === (i + 1) % H ? rho : 0))),
      b: [new Array(H).fill(0)],
    },
    sequences: [Array.from({ length: steps }, (_, t) => [Number(t === spikeOf(steps))])],
  });
const log10g = (t: number, steps = T): number => Math.log10(Math.sqrt(H)) + (steps - 1 - t) * Math.log10(rho);
const h = (t: number): number => (t < spikeOf(T) ? 0 : rho ** (t - spikeOf(T)));
const near = (actual: number, expected: number, bound: number, what: string): void =>
  assert.ok(
    Object.is(actual, expected) || Math.abs(actual - expected) <= bound,
    `${what}: ${actual} instead of ${expected}`,
  );
const inMB = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

before(async () => {
  pages = await startPages();
  open = await pages.open({ ...size, fresh: true });
  void open.host.run(config('very long'));
  await open.page.locator('.run-name', { hasText: 'very long' }).waitFor({ timeout: 120_000 });
  await painted(open);
});
after(() => pages.close());

describe(`a run of ${T} steps`, () => {
  it('tells the numbers of the step under the cursor, wherever it is', async () => {
    const { page } = open;
    for (const key of ['Home', 'End'] as const) {
      await page.locator('#track-flow-plot').focus();
      await page.keyboard.press(key);
      const t = key === 'Home' ? 0 : T - 1;
      await page.waitForFunction(
        (step) =>
          document.querySelector('.at-step h2')?.textContent.includes(`t = ${step}`) === true &&
          document.querySelector('.side [data-name=g]')?.textContent !== '–',
        t,
      );
      near(log10Of(await side(page, 'g')), log10g(t), 1e-9, `‖g‖ at t = ${t}`);
      near(log10Of(await side(page, 'dx')), log10g(t) - Math.log10(Math.sqrt(H)), 1e-9, `‖dx‖ at t = ${t}`);
      near(Number(await side(page, 'h')), h(t), 1e-12, `‖h‖ at t = ${t}`);
    }
    // Ten steps on: steps that no level keeps.
    for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowLeft');
    await nextFrames(page);
    near(log10Of(await side(page, 'g')), log10g(T - 8), 1e-9, 'seven steps before the last');
    await openTable(page, 'flow');
    const [g = ''] = await rowValues(page, 'flow', T - 12);
    near(log10Of(g), log10g(T - 12), 1e-9, 'the table');
  });

  it("never prints a neighbour's number: a legend without one shows none", async () => {
    const { page } = open;
    const box = await page.locator('#track-flow-plot').boundingBox();
    assert.ok(box !== null);
    await page.keyboard.press('Escape');
    for (const x of [200, 431, 733]) {
      await page.mouse.move(box.x + x, box.y + 60);
      await nextFrames(page);
      const t = Number((await page.locator('.flag').textContent())?.slice(4));
      await page.waitForFunction(
        (step) =>
          document.querySelector('.at-step h2')?.textContent.includes(`t = ${step}`) === true &&
          document.querySelector('.side [data-name=g]')?.textContent !== '–',
        t,
      );
      near(log10Of(await side(page, 'g')), log10g(t), 1e-9, `t = ${t}`);
      near(Number(await side(page, 'h')), h(t), 1e-12, `‖h‖ at t = ${t}`);
    }
  });

  it('is drawn finer when zoomed, down to every step', async () => {
    const { page } = open;
    await cursorTo(page, 0);
    for (let i = 0; i < 26; i++) await page.keyboard.press('+');
    await page.locator('.ruler.zoomed').waitFor();
    await nextFrames(page);
    const [, ...told] = ((await page.locator('[data-track=flow] .chip b').first().textContent()) ?? '').split('e');
    near(Number(told[0]), Math.floor(log10g(0)), 0, 'the reading at t = 0');
    await page.keyboard.press('0');
  });

  it('sends nothing larger than the screen, and stays below 300 MB in the page', async () => {
    const { page, host } = open;
    await nextFrames(page);
    const screen = size.width * size.height * 4;
    const largest = [...host.crossed].sort((a, b) => b[1] - a[1]);
    console.log(
      `largest messages to the page: ${largest
        .slice(0, 6)
        .map(([name, bytes]) => `${name} ${inMB(bytes)}`)
        .join(', ')} (the screen is ${inMB(screen)})`,
    );
    for (const [name, bytes] of largest) assert.ok(bytes <= screen, `${name} is ${inMB(bytes)}`);
    for (const name of ['summary', 'series', 'heatmap', 'step']) assert.ok(host.crossed.has(name), `${name} crossed`);
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize = 0 } = (await session.send('Runtime.getHeapUsage')) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    console.log(
      `page at T = ${T}, B·T·H = ${(T * H) / 1e6} million: heap ${inMB(usedSize)}, arrays ${inMB(backingStorageSize)}`,
    );
    assert.ok(usedSize + backingStorageSize < 300e6);
  });

  onlyLong(it)(
    'tries what-ifs with pictures no larger than the screen, and a curve that is the closed form',
    async () => {
      const { page, host } = open;
      await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
      const typed = page.locator('[data-measure=sigmaMax] .number');
      await typed.fill('0.998');
      await typed.press('Enter');
      await page.locator('[data-outcome=factor] b', { hasText: '0.998' }).waitFor({ timeout: 60_000 });
      await page.locator('#track-flow-plot').focus();
      await page.keyboard.press('End');
      await nextFrames(page);
      assert.ok((host.crossed.get('whatIf') ?? Infinity) <= size.width * size.height * 4);
      const { rows, head } = {
        rows: await rowValues(page, 'flow', T - 1),
        head: await page.locator('[data-track=flow] thead th').allTextContents(),
      };
      const at = head.findIndex((name) => name.includes('what if'));
      near(log10Of(rows[at - 1] ?? ''), log10g(T - 1), 1e-9, 'the what-if at the last step');
      await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    },
  );

  onlyLong(it)('is saved whole', async () => {
    const { page, host } = open;
    if (saved !== T) {
      await host.run(config('shorter', saved));
      await page.locator('.run-name', { hasText: 'shorter' }).waitFor();
    }
    const spike = spikeOf(saved);
    const { rows } = await csvRows(open, 'contributions');
    assert.equal(rows.length, saved);
    for (let t = 0; t < saved; t += Math.floor(saved / 41)) {
      const [step, dWh = '', dWx = '', db = ''] = rows[t] ?? [];
      assert.equal(step, String(t));
      near(log10Of(db), log10g(t, saved), 1e-9, `db at t = ${t}`);
      near(log10Of(dWx), t === spike ? log10g(t, saved) : -Infinity, 1e-9, `dWx at t = ${t}`);
      // ‖h‖·‖dz‖, of one sequence; the state before the kick is 0.
      if (t <= spike) assert.equal(dWh, '0');
      else near(log10Of(dWh), log10g(t, saved) + (t - 1 - spike) * Math.log10(rho), 1e-8, `dWh at t = ${t}`);
    }
    near(log10Of(rows[spike]?.[2] ?? ''), log10g(spike, saved), 1e-9, 'the one step with an input');
  });
});
