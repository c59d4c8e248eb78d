// Clipping and truncation where they are set: as a word that can be seen, and as lines or stripes in the plots.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { nextFrames, painted, pixel } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

/**
 * Whether all of an element can be seen: it lies in the window, nothing cuts it off, and nothing stands above its
 * middle.
 */
const seen = (open: OpenPage, selector: string): Promise<boolean> =>
  open.page.locator(selector).evaluate((element) => {
    element.scrollIntoView({ block: 'center' });
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const whole =
      element.scrollWidth <= element.clientWidth &&
      left >= 0 &&
      right <= innerWidth &&
      right - left > 20 &&
      bottom - top > 8;
    const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return whole && element.checkVisibility() && above !== null && element.contains(above);
  });

describe('clip and truncation', () => {
  for (const width of some([1200, 420], 2, 1)) {
    it(`can be seen where they are set, ${width} pixels wide`, async () => {
      const open = await pages.open({ group: 'gradient', everything: true, width });
      await open.host.run(weatherConfig());
      await painted(open);
      const limits = open.page.locator('[data-fact=clip], [data-fact=cut]');
      assert.equal(await limits.count(), 0);
      const free = JSON.parse(new TextDecoder().decode(await open.host.resultJson())) as Record<
        'dWx' | 'dWh' | 'db',
        number[] | number[][]
      >;
      const norm = Math.hypot(...[free.dWx, free.dWh, free.db].flatMap((tensor) => tensor.flat()));
      await open.host.run(weatherConfig({ name: 'clipped', clip: { norm: norm / 5000 }, truncate: 200 }));
      await open.page.locator('.run-name', { hasText: 'clipped' }).waitFor();
      for (const track of ['flow', 'contributions']) {
        for (const [fact, text] of [
          ['cut', 'cut every 200'],
          ['clip', 'clip ×2.00e-4'],
        ]) {
          const chip = `[data-track=${track}] [data-fact=${fact}]`;
          await open.page.locator(chip).waitFor();
          assert.equal(await open.page.locator(chip).textContent(), text);
          assert.equal(await seen(open, chip), true, chip);
        }
      }
      assert.equal(await seen(open, '.facts'), true);
      await open.host.run(weatherConfig({ name: 'loose', clip: { norm: 5 * norm } }));
      await open.page.locator('[data-track=flow] [data-fact=clip]', { hasText: 'not reached' }).waitFor();
      assert.equal(await open.page.locator('[data-fact=cut]').count(), 0);
      await open.close();
    });
  }
});

it('ones that enter at the end of each chunk are called that', async () => {
  const open = await pages.open({ group: 'gradient', everything: true });
  const chunks = ['one.json', 'two.json'];
  for (const file of chunks) open.host.files[file] = JSON.stringify([[[0], [0], [0]]]);
  await open.host.run(ringConfig(0.9, 2, 1, { name: 'chunks', sequences: chunks }));
  await open.page.locator('.facts', { hasText: 'no loss given: ones at the last step of each chunk' }).waitFor();
  // A flag at each of them.
  assert.equal(await open.page.locator('.loss').count(), 2);
  await open.close();
});

describe('cuts of truncation', () => {
  /** Brightness along a line of the plot between steps `from` and `to`, pixel by pixel. */
  async function alongTime(open: OpenPage, steps: number, from: number, to: number): Promise<number[]> {
    const [left = 0, right = 0] = ((await open.page.locator('#track-flow-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const pixels: number[] = [];
    for (let x = Math.round(left + (from / steps) * (right - left)); x < left + (to / steps) * (right - left); x++)
      pixels.push((await pixel(open.page, 'flow', x, 12)).reduce((sum, value) => sum + value, 0));
    return pixels;
  }

  it(
    'are lines while there is room, stripes where they stand close, and a word alone where nothing can be told ' +
      'apart',
    async () => {
      const open = await pages.open({ group: 'overview', everything: true, width: 1200 });
      const T = 800;
      const ofTruncate = async (truncate: number | null): Promise<number[]> => {
        const name = `k ${truncate}`;
        await open.host.run(ringConfig(0.9, 4, T, { name, truncate }));
        await open.page.locator('.run-name', { hasText: name }).waitFor();
        await nextFrames(open.page);
        return alongTime(open, T, 205, 245); // clear of the grid
      };
      const free = await ofTruncate(null);
      const changes = (pixels: number[]): number =>
        pixels.slice(1).filter((value, i) => Math.abs(value - (pixels[i] ?? NaN)) > 30).length;
      assert.equal(changes(free), 0);
      // Every 20 steps of about a pixel: two or three dotted lines in forty, each one pixel wide.
      const lines = await ofTruncate(20);
      // Every 3 steps: about thirteen borders between light and dark.
      const stripes = await ofTruncate(3);
      assert.ok(changes(stripes) >= 10, `${changes(stripes)} changes: ${stripes.join()}`);
      assert.ok(changes(lines) <= 6, `${changes(lines)} changes: ${lines.join()}`);
      assert.equal(changes(await ofTruncate(1)), 0);
      await open.page.locator('[data-track=flow] [data-fact=cut]', { hasText: 'cut every 1' }).waitFor();
      await open.close();
    },
  );
});
