// Long and wide runs: what crosses to the page, how much memory it takes there, and how long a zoom takes to paint.
// Times are printed, never asserted.
// RNN_SCALE=32M runs the largest size that is promised (B·T·H = 32 million numbers, some minutes and 2 GB in this
// process).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { nextFrames, painted } from './support.js';

const [B, T, H] = process.env['RNN_SCALE'] === '32M' ? [8, 20_000, 200] : [1, 20_000, 16];
const size = { width: 1200, height: 980 };

function config(): string {
  const wave = (rows: number, columns: number, scale: number): number[][] =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (__, j) => scale * Math.sin(1 + 1.7 * i + 0.9 * j * (i + 1))),
    );
  return JSON.stringify({
    name: 'scale',
    cell: 'tanh',
    dtype: 'float32',
    weights: { Wx: wave(1, H, 1), Wh: wave(H, H, 1.2 / Math.sqrt(H)), b: [Array.from({ length: H }, () => 0)] },
    sequences: Array.from({ length: B }, (_, b) => Array.from({ length: T }, (__, t) => [Math.sin(b + 0.01 * t)])),
  });
}

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ ...size, fresh: true });
  await open.host.run(config());
  await painted(open);
});
after(() => pages.close());

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const inMB = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

describe(`a run of B ${B}, T ${T}, H ${H}`, () => {
  it('zooms: from the key to the painted frame, and to the frame with the finer answers', async () => {
    const { page } = open;
    await page.locator('#track-flow-plot').focus();
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const threadTime = async (): Promise<number> =>
      1000 *
      ((await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ThreadTime')?.value ?? NaN);
    const busy: number[] = [];
    const times: { readonly first: number; readonly busiest: number }[] = [];
    for (const key of ['+', '+', '-', '+', '+', '0', '+', '+']) {
      const before = await threadTime();
      times.push(
        await page.evaluate(async (pressed) => {
          const longest = { value: 0 };
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) longest.value = Math.max(longest.value, entry.duration);
          });
          observer.observe({ type: 'longtask' });
          const start = performance.now();
          document
            .getElementById('track-flow-plot')
            ?.dispatchEvent(new KeyboardEvent('keydown', { key: pressed, bubbles: true }));
          // After the frame's callbacks a message finds the page painted.
          await new Promise<void>((resolve) => {
            requestAnimationFrame(() => {
              const { port1, port2 } = new MessageChannel();
              port1.onmessage = () => resolve();
              port2.postMessage(null);
            });
          });
          const first = performance.now() - start;
          await new Promise((resolve) => setTimeout(resolve, 250));
          observer.disconnect();
          return { first, busiest: longest.value };
        }, key),
      );
      busy.push((await threadTime()) - before);
    }
    console.log(
      `zoom at T = ${T}, H = ${H}: painted after ${median(times.map(({ first }) => first)).toFixed(1)} ms ` +
        `(median), ${Math.max(...times.map(({ first }) => first)).toFixed(1)} ms (longest); the page's thread ` +
        `worked ${median(busy).toFixed(1)} ms for a zoom with all its answers; longest task while finer answers ` +
        `arrive ${Math.max(...times.map(({ busiest }) => busiest)).toFixed(0)} ms (0: none above 50 ms)`,
    );
  });

  it('sends nothing larger than the screen', async () => {
    const { page, host } = open;
    await page.keyboard.press('0');
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
    assert.ok(largest.length > 8, `${largest.length} kinds of messages`);
  });

  it('stays below 300 MB in the page', async () => {
    const { page } = open;
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    // The heap, and what typed arrays, canvases' bitmaps and strings hold outside of it.
    const { usedSize, backingStorageSize = 0 } = (await session.send('Runtime.getHeapUsage')) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    console.log(
      `page at T = ${T}, B·T·H = ${(B * T * H) / 1e6} million: heap ${inMB(usedSize)}, arrays ` +
        inMB(backingStorageSize),
    );
    assert.ok(usedSize + backingStorageSize < 300e6);
  });
});
