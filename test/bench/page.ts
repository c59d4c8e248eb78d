// Part of `npm run bench`: the page in a real browser. How long a zoom takes to be painted at T = 20,000, and how many
// pictures a second a what-if makes while its slider is dragged. The engine runs in this process on one thread, and
// every message crosses as text, which is slower than in the editor.
import type { Page } from 'playwright-core';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { nextFrames, painted } from '../page/support.js';
import { median } from './measure.js';
import { addSection } from './results.js';

const zoomTarget = 50;
const pictureTarget = 15;
const dragMs = 4000;
const wave = (rows: number, columns: number, scale: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (__, j) => scale * Math.sin(1 + 1.7 * i + 0.9 * j * (i + 1))),
  );

const config = (B: number, T: number, I: number, H: number): string =>
  JSON.stringify({
    name: `B ${B}, T ${T}, H ${H}`,
    cell: 'tanh',
    dtype: 'float32',
    weights: {
      Wx: wave(I, H, 1 / Math.sqrt(I)),
      Wh: wave(H, H, 1.2 / Math.sqrt(H)),
      b: [Array.from({ length: H }, () => 0)],
    },
    sequences: Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (__, t) => Array.from({ length: I }, (___, i) => Math.sin(b + i + 0.01 * t))),
    ),
  });

async function withRun<R>(
  pages: PageServer,
  [B, T, I, H]: readonly [number, number, number, number],
  measure: (open: OpenPage) => Promise<R>,
): Promise<R> {
  const open = await pages.open({ width: 1200, height: 980, kernels: true });
  await open.host.run(config(B, T, I, H));
  await painted(open);
  await open.page.waitForTimeout(1500);
  const result = await measure(open);
  await open.close();
  return result;
}

/** Milliseconds from the key to the painted frame. */
const press = (page: Page, key: string): Promise<number> =>
  page.evaluate(async (pressed) => {
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
    return performance.now() - start;
  }, key);

/** Of each zoom the wait, and what the page's thread worked until the finer answers were painted too. */
async function zoom({ page }: OpenPage): Promise<{ readonly waited: number; readonly worked: number }[]> {
  await page.locator('#track-flow-plot').focus();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const threadTime = async (): Promise<number> =>
    1000 *
    ((await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ThreadTime')?.value ?? NaN);
  const keys = ['+', '+', '-', '+', '+', '0', '+', '+', '+', '-', '-', '0'];
  const times: { readonly waited: number; readonly worked: number }[] = [];
  for (const key of [...keys, ...keys]) {
    const before = await threadTime();
    const waited = await press(page, key);
    await page.waitForTimeout(300);
    times.push({ waited, worked: (await threadTime()) - before });
  }
  return times.slice(2);
}

/** New pictures a second while the slider of σ_max moves with every frame, as under a dragging mouse. */
async function drag({ page }: OpenPage): Promise<{ readonly pictures: number; readonly moves: number }> {
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  await page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-measure=sigmaMax] .number')?.value !== '–',
  );
  await nextFrames(page);
  const counted = await page.evaluate(async (ms) => {
    const range = document.querySelector<HTMLInputElement>('[data-measure=sigmaMax] input[type=range]');
    const outcomes = document.querySelector('.outcomes');
    if (range === null || outcomes === null) throw new Error('The page has no slider for σ_max.');
    let [pictures, moves, last] = [0, 0, ''];
    // The frame after the one in which an answer is written: it is on the screen.
    const observer = new MutationObserver(() => {
      const factor = outcomes.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['after'] ?? last;
      if (factor === last) return;
      last = factor;
      requestAnimationFrame(() => {
        pictures++;
      });
    });
    observer.observe(outcomes, { childList: true });
    const [low, high] = [Number(range.min), Number(range.max)];
    const start = performance.now();
    while (performance.now() - start < ms) {
      const share = 0.5 + 0.35 * Math.sin((performance.now() - start) / 500);
      range.value = String(low + share * (high - low));
      range.dispatchEvent(new Event('input', { bubbles: true }));
      moves++;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    observer.disconnect();
    return { pictures, moves };
  }, dragMs);
  return { pictures: (1000 * counted.pictures) / dragMs, moves: (1000 * counted.moves) / dragMs };
}

const pages = await startPages();
try {
  const times = await withRun(pages, [1, 20_000, 1, 16], zoom);
  const { pictures, moves } = await withRun(pages, [8, 100, 16, 64], drag);
  addSection('## The page', [
    `From the key of a zoom to the painted frame, B 1, T 20,000, H 16, 1200 × 980 pixels: median ` +
      `${median(times.map(({ waited }) => waited)).toFixed(1)} ms (target ${zoomTarget}), longest ` +
      `${Math.max(...times.map(({ waited }) => waited)).toFixed(1)} ms of ${times.length}; with the finer ` +
      `answers that follow, a zoom is ${median(times.map(({ worked }) => worked)).toFixed(1)} ms of work for the ` +
      `page's thread.`,
    '',
    `What-ifs while the slider of σ_max is dragged (${moves.toFixed(0)} moves a second), B 8, T 100, I 16, H ` +
      `64: ${pictures.toFixed(1)} pictures a second (target ${pictureTarget}).`,
  ]);
} finally {
  await pages.close();
}
