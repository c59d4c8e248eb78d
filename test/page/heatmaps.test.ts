// What a tooltip of a decimated picture says: the steps and units that a cell covers, and the largest of them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { keepPaintedText, nextFrames, painted, paintedText, plotOf } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 1600 });
  await keepPaintedText(open);
});
after(() => pages.close());

/** Linear units without recurrence whose states are the inputs: h_t = sin(rate·t)·(unit + 1). */
const config = (T: number, H: number, rate = 0.01): string =>
  JSON.stringify({
    name: `states ${T}`,
    cell: 'identity',
    dtype: 'float64',
    weights: {
      Wx: [Array.from({ length: H }, (_, j) => j + 1)],
      Wh: Array.from({ length: H }, () => new Array<number>(H).fill(0)),
      b: [new Array<number>(H).fill(0)],
    },
    sequences: [Array.from({ length: T }, (_, t) => [Math.sin(rate * t)])],
  });

async function tooltipAt(track: string, x: number, y: number): Promise<string[]> {
  const { page } = open;
  const box = await page.locator(`#track-${track}-plot`).boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(box.x + x, box.y + y);
  await page.mouse.move(box.x + x + 0.5, box.y + y);
  await nextFrames(page);
  await nextFrames(page);
  return paintedText(page, `track-${track}-plot`);
}

describe('the tooltip of a heatmap', () => {
  it('tells the value of its one step and unit where each has a cell', async () => {
    const [T, H] = [100, 3];
    await open.host.run(config(T, H));
    await open.page.locator('.run-name', { hasText: `states ${T}` }).waitFor();
    await painted(open);
    const { left, right, height } = await plotOf(open.page, 'hiddenMap');
    const texts = await tooltipAt('hiddenMap', left + ((60 + 0.5) / T) * (right - left), 7 + (1.5 / H) * (height - 14));
    assert.ok(texts.includes('t = 60, unit 1'), texts.join(' | '));
    assert.ok(texts.includes(`h = ${(2 * Math.sin(0.6)).toPrecision(4)}`), texts.join(' | '));
  });

  it('is gone where the mouse has left the plot, also by its upper rim', async () => {
    const { left, right } = await plotOf(open.page, 'hiddenMap');
    const isTold = (texts: readonly string[]): boolean => texts.some((text) => /^t = \d+, unit/.test(text));
    assert.ok(isTold(await tooltipAt('hiddenMap', left + 0.4 * (right - left), 20)));
    assert.ok(!isTold(await tooltipAt('hiddenMap', left + 0.7 * (right - left), 3)));
  });

  it('names the steps that a cell covers and says that its value is the largest of them', async () => {
    const [T, H] = [20_000, 3];
    await open.host.run(config(T, H));
    await open.page.locator('.run-name', { hasText: `states ${T}` }).waitFor();
    await painted(open);
    const { left, right, height } = await plotOf(open.page, 'hiddenMap');
    const texts = await tooltipAt('hiddenMap', left + 0.3 * (right - left), 7 + (2.5 / H) * (height - 14));
    const told =
      texts.map((text) => /^t = (\d+) … (\d+), unit 2$/.exec(text)).find((match) => match !== null) ??
      assert.fail(texts.join(' | '));
    const [from, to] = [Number(told[1]), Number(told[2])];
    assert.ok(to > from && to - from < 40, `${from} … ${to}`);
    const values = Array.from({ length: to - from + 1 }, (_, i) => 3 * Math.sin(0.01 * (from + i)));
    const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    const line =
      texts.find((text) => text.startsWith(`largest of ${values.length} values: h = `)) ??
      assert.fail(texts.join(' | '));
    assert.ok(
      Math.abs(Number(line.split('= ')[1]?.replace('−', '-')) - largest) < 6e-4 * Math.abs(largest),
      `${line} instead of ${largest}`,
    );
  });

  it('so do the lines of single units: a reading between two points says that it is near', async () => {
    const { page } = open;
    const kept = await page.locator('[data-track=units] .chip b').allTextContents();
    assert.equal(kept.length, 3);
    await page.locator('#track-units-plot').focus();
    await page.keyboard.press('Home');
    const readings: string[][] = [];
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('ArrowRight');
      await nextFrames(page);
      readings.push(await page.locator('[data-track=units] .chip b').allTextContents());
    }
    assert.ok(
      readings.flat().some((text) => text.startsWith('≈ ')),
      readings.join(' | '),
    );
    readings.forEach(([, text = ''], i) => {
      if (!text.startsWith('≈'))
        assert.ok(
          Math.abs(Number(text.replace('−', '-')) - 2 * Math.sin(0.01 * (i + 1))) < 6e-4,
          `t = ${i + 1}: ${text}`,
        );
    });
  });

  it('a line that turns in every bin says so at the ends of its bins too', async () => {
    const { page, host } = open;
    const [T, rate] = [20_001, 2.1];
    await host.run(config(T, 3, rate));
    await page.locator('.run-name', { hasText: `states ${T}` }).waitFor();
    await painted(open);
    await page.locator('#track-units-plot').focus();
    await page.keyboard.press('End');
    await nextFrames(page);
    const told = await page.locator('[data-track=units] .chip b').allTextContents();
    assert.equal(told.length, 3);
    told.forEach((text, unit) => {
      const h = (unit + 1) * Math.sin(rate * (T - 1));
      assert.ok(text.startsWith('≈ ') || Math.abs(Number(text.replace('−', '-')) - h) < 1e-3 * Math.abs(h), text);
    });
  });
});
