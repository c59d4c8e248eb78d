// What the views say of runs whose numbers leave the range of numbers: "exactly 0" of zeros alone, and the finite
// numbers keep their colours.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase } from '../support/experiments.js';
import {
  computed,
  csvRows,
  keepPaintedText,
  nextFrames,
  painted,
  paintedText,
  pixel,
  plotOf,
  zoomTo,
} from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 3600 });
  await keepPaintedText(open);
});
after(() => pages.close());

async function show(config: string, name: string): Promise<void> {
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open);
  for (const track of ['jacobian', 'attribution']) await computed(open.page, track);
  await open.page.waitForFunction(
    () => !(document.querySelector('[data-card=reach]')?.textContent ?? '').includes('Being computed'),
  );
  for (let i = 0; i < 3; i++) await nextFrames(open.page);
}

const textOn = (track: string): Promise<string[]> => paintedText(open.page, `track-${track}-plot`);
const legend = (track: string): Promise<string> => open.page.locator(`[data-track=${track}] .legend`).innerText();
const reach = (): Promise<string> => open.page.locator('[data-card=reach] p.note:not(.gathering)').innerText();

describe('a forward pass that overflows', () => {
  // h_t = 4·h_{t−1} + 1 = (4^{t+1} − 1)/3: the last one that float32 holds is h_63.
  const [T, last] = [80, 63];
  const growing = (H: 1 | 2): string =>
    JSON.stringify({
      name: `relu of ${H}`,
      cell: 'relu',
      dtype: 'float32',
      sequences: [Array.from({ length: T }, () => [1])],
      weights:
        H === 1
          ? { Wx: [[1]], Wh: [[4]], b: [[0]] }
          : {
              Wx: [[1, 1]],
              Wh: [
                [4, 0],
                [0, 0.5],
              ],
              b: [[0, 0]],
            },
    });

  it('leaves the finite states their scale, and paints the others in a colour of their own', async () => {
    await show(growing(1), 'relu of 1');
    assert.match(await legend('hiddenMap'), new RegExp(`−1\\.13e38\\s+1\\.13e38[^]*not finite: ${T - 1 - last}$`));
    assert.ok(Math.abs((4 ** (last + 1) - 1) / 3 - 1.13e38) < 0.005e38);
    // A saved picture has the same words beside its colours.
    await choose(open.page, '[data-track=hiddenMap]', 'PNG');
    while (open.host.sent.saveFile.length === 0) await nextFrames(open.page);
    assert.ok(
      (await paintedText(open.page, '')).includes(`not finite: ${T - 1 - last}`),
      (await paintedText(open.page, '')).join(' | '),
    );
    const { left, right, height } = await plotOf(open.page, 'hiddenMap');
    const colour = (t: number): Promise<number[]> =>
      pixel(open.page, 'hiddenMap', left + ((t + 0.75) / T) * (right - left), height * 0.75);
    const [[, , blueOfLast = 0], [r = 0, , b = 0]] = [await colour(last), await colour(last)];
    assert.ok(b > r + 60, `the largest finite state is rgb ${(await colour(last)).join()}`);
    const [, , blueOfOneBefore = 0] = await colour(last - 1);
    assert.ok(blueOfOneBefore < blueOfLast, 'a quarter of it has less colour');
    const infinite = await colour(last + 1);
    assert.ok(
      Math.hypot(...infinite.map((value, i) => value - (i === 0 ? r : i === 2 ? b : 0))) > 60 &&
        (infinite[0] ?? 0) > (infinite[1] ?? 0),
      `infinity is rgb ${infinite.join()}`,
    );
  });

  it('counts states that are not finite apart from the histogram of the others', async () => {
    const { head, rows } = await csvRows(open, 'spread');
    assert.equal(head.at(-1), 'share_not_finite');
    rows.forEach((cells, t) => {
      const shares = cells.slice(1).map(Number);
      assert.equal(shares.at(-1), t > last ? 1 : 0, `t = ${t}`);
      assert.ok(Math.abs(shares.reduce((sum, value) => sum + value, 0) - 1) < 1e-6);
    });
    assert.match(await legend('spread'), /not finite$/);
  });

  it('marks no horizon: what cannot be told to arrive may arrive', async () => {
    await show(growing(2), 'relu of 2');
    assert.ok(open.host.summary?.layers[0].log10.singleSource.some(Number.isNaN) === true);
    assert.equal(open.host.summary.onePercentAt, null);
  });

  it('does not call zero what is not finite', async () => {
    assert.equal(await reach(), 'dWh is not finite, so it has no parts to compare.');
    await show(growing(2), 'relu of 2');
    assert.ok(
      (await textOn('contributions')).includes('nothing in view is finite'),
      (await textOn('contributions')).join(' | '),
    );
    const flow = await textOn('flow');
    assert.ok(flow.includes('not finite') && !flow.some((line) => line.includes('exactly 0')), flow.join(' | '));
    assert.match(await open.page.locator('.verdict').innerText(), new RegExp(`not finite from t = ${last + 1} on`));
    // The states of all later steps are infinite or no number, and so is the slope that the gradient meets: only what
    // enters at the last step is known.
    const { rows } = await csvRows(open, 'flow');
    rows.forEach(([t, g]) => assert.equal(Number.isFinite(Number(g)), Number(t) === T - 1, `t = ${t}: ${g}`));
    assert.equal(await reach(), 'dWh is not finite, so it has no parts to compare.');
    assert.match(
      (await open.page.locator('#card-weightHistograms').getAttribute('aria-label')) ?? '',
      /4 more are not finite/,
    );
  });
});

describe('a gradient that underflows', () => {
  it('is told as small, not as zero, where a window holds nothing larger', async () => {
    const reference = referenceCase('underflow');
    await show(configOf(reference), 'underflow');
    await zoomTo(open.page, 0, 14);
    await open.page.waitForFunction(() =>
      (document.querySelector('#track-gradientMap-plot')?.getAttribute('aria-label') ?? '').includes('at most'),
    );
    await nextFrames(open.page);
    const text = (await textOn('gradientMap')).find((line) => line.includes('|g|')) ?? '';
    const largest = Math.max(...(reference.expected.dhTotal[0] ?? []).slice(0, 15).flat().map(Math.abs));
    assert.ok(largest > 0 && largest < 1e-300);
    const match = /^every \|g\| is at most ([\d.]+)e(-\d+)$/.exec(text);
    assert.ok(match !== null, text);
    // A subnormal double has lost digits of its own.
    assert.ok(
      Math.abs(Math.log10(Number(match[1])) + Number(match[2]) - Math.log10(largest)) < 0.1,
      `${text}, not ${largest}`,
    );
    assert.ok(!(await textOn('contributions')).some((line) => line.includes('exactly 0')));
    await open.page.keyboard.press('0');
  });
});

describe('an upstream gradient of zeros', () => {
  it('is told as exactly zero everywhere, with no scale for colours', async () => {
    const typical = referenceCase('typical');
    await show(
      configOf(typical, {
        name: 'zeros',
        upstreamGradient: typical.dhs.map((sequence) => sequence.map((step) => step.map(() => 0))),
      }),
      'zeros',
    );
    assert.ok((await textOn('gradientMap')).includes('every gradient is exactly 0'));
    assert.ok((await textOn('contributions')).includes('every contribution is exactly 0'));
    assert.ok((await textOn('attribution')).includes('no gradient enters anywhere'));
    assert.ok((await textOn('sources')).includes('nothing arrives here'));
    assert.equal(await reach(), 'dWh is exactly 0.');
    assert.equal(await legend('gradientMap'), '');
    assert.ok(!(await open.page.locator('main').innerText()).includes('Infinity'));
  });
});
