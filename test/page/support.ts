import { choose } from '../support/menus.js';
// What the tests of the page share: reading tables, labels and pixels back from the painted page.
import assert from 'node:assert/strict';
import { parseCsv } from '../support/csv.js';
import type { Page } from 'playwright-core';
import type { Csv } from '../support/csv.js';
import type { OpenPage } from '../support/page.js';

/**
 * Until the page has painted the run of `host`: its verdict, the plots, the values at the cursor; and stands whole,
 * with what comes behind the first picture.
 */
export async function painted({ page }: OpenPage, track = 'flow'): Promise<void> {
  await page.locator(`[data-track=${track}] canvas[data-plot]`).waitFor();
  await page.waitForFunction((id) => document.querySelector(`[data-track=${id}] .chip b`)?.textContent !== '', track);
  await page.locator('[data-track=network]').waitFor({ state: 'attached' });
}

/** Two frames: everything that was asked for before is on screen. */
export const nextFrames = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      }),
  );

export async function openTable(page: Page, track: string): Promise<void> {
  const twin = page.locator(`[data-track=${track}] .twin`);
  if (!(await twin.isVisible())) await choose(page, `[data-track=${track}]`, 'Table');
  await twin.locator('tbody tr').first().waitFor();
}

/** The exact values of one row of an open table; the row is brought into sight by the cursor. */
export async function rowValues(page: Page, track: string, t: number): Promise<string[]> {
  const cells = page.locator(`[data-track=${track}] tbody tr[data-row="${t}"] td`);
  await cells.first().waitFor();
  return cells.evaluateAll((all) => all.map((cell) => (cell as HTMLElement).dataset['value'] ?? ''));
}

/** What the CSV of a track or card holds, which may be no row. */
export async function savedCsv(
  { page, host }: OpenPage,
  track: string,
  kind: 'track' | 'card' = 'track',
): Promise<Csv> {
  const before = host.sent.saveFile.length;
  await choose(page, `[data-${kind}=${track}]`, 'CSV');
  while (host.sent.saveFile.length === before) await nextFrames(page);
  return parseCsv(String(host.sent.saveFile.at(-1)?.content));
}

/** All rows of a track or card through its CSV, [row][column], the row's own number first; and what stands above. */
export async function csvRows(open: OpenPage, track: string, kind: 'track' | 'card' = 'track'): Promise<Csv> {
  const csv = await savedCsv(open, track, kind);
  // Tests look at each of the rows.
  assert.ok(csv.rows.length > 0, `the CSV of ${track} has no rows`);
  return csv;
}

/**
 * Keeps what is written on canvases that have an id, since each was last cleared: their text is no part of the
 * document.
 */
export const keepPaintedText = ({ page }: OpenPage): Promise<void> =>
  page.evaluate(() => {
    const kept = new Map<string, Set<string>>();
    (window as unknown as { paintedTextOf: typeof kept }).paintedTextOf = kept;
    const { prototype } = CanvasRenderingContext2D;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that they are asked for
    const { fillText, clearRect } = prototype;
    prototype.fillText = function (...args) {
      const { id } = this.canvas;
      kept.set(id, (kept.get(id) ?? new Set()).add(args[0]));
      fillText.apply(this, args);
    };
    prototype.clearRect = function (...args) {
      kept.delete(this.canvas.id);
      clearRect.apply(this, args);
    };
  });

export const paintedText = (page: Page, canvas: string): Promise<string[]> =>
  page.evaluate(
    (id) => [...((window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf.get(id) ?? [])],
    canvas,
  );

/** Where the plot of a track lies on its canvas, and the height of the canvas, in CSS pixels. */
export async function plotOf(
  page: Page,
  track: string,
): Promise<{ readonly left: number; readonly right: number; readonly height: number }> {
  const canvas = page.locator(`#track-${track}-plot[data-plot]`);
  const [left = 0, right = 0] = ((await canvas.getAttribute('data-plot')) ?? '').split(',').map(Number);
  return { left, right, height: await canvas.evaluate(({ clientHeight }) => clientHeight) };
}

/** Drags over steps from … to of the gradient flow while all T steps are in view. */
export async function zoomTo(page: Page, from: number, to: number): Promise<void> {
  const { left, right } = await plotOf(page, 'flow');
  const T = Number(/T (\d+)/.exec((await page.locator('.facts').innerText()).replaceAll('\u00a0', ' '))?.[1]);
  const canvas = page.locator('#track-flow-plot');
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const x = (t: number): number => (box?.x ?? 0) + left + ((t + 0.5) / T) * (right - left);
  const y = (box?.y ?? 0) + 40;
  await page.mouse.move(x(from), y);
  await page.mouse.down();
  await page.mouse.move(x(to), y, { steps: 3 });
  await page.mouse.up();
  await canvas.focus();
  await nextFrames(page);
}

/** Cells of what stands on the clipboard once `act` has put something new there. */
export async function copied(page: Page, act: () => Promise<void>): Promise<string[][]> {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await act();
  for (;;) {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text !== '')
      return text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
    await nextFrames(page);
  }
}

/** Until an analysis of a track is complete: its title says so while it is not. */
export async function computed(page: Page, track: string): Promise<void> {
  // Far out of sight it is not even asked for.
  await page.locator(`[data-track=${track}]`).scrollIntoViewIfNeeded();
  await page.waitForFunction((id) => {
    const text = document.querySelector(`[data-track=${id}] .formula`)?.textContent ?? '';
    return text !== '' && !text.includes('computing');
  }, track);
}

/** Moves the cursor with the keyboard, on the plot of a track: Home, then pages and single steps. */
export async function cursorTo(page: Page, t: number, track = 'flow'): Promise<void> {
  await page.locator(`#track-${track}-plot`).focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < Math.floor(t / 10); i++) await page.keyboard.press('PageDown');
  for (let i = 0; i < t % 10; i++) await page.keyboard.press('ArrowRight');
  await nextFrames(page);
}

export const side = (page: Page, name: string): Promise<string> =>
  page
    .locator(`.side [data-name="${name}"]`)
    .first()
    .getAttribute('data-value')
    .then((value) => value ?? '');

/** Colour of a pixel of a track's canvas, in CSS pixels from its upper left corner. */
export const pixel = (page: Page, track: string, x: number, y: number): Promise<number[]> =>
  page.locator(`#track-${track}-plot`).evaluate(
    (canvas, at) => {
      const { width, clientWidth } = canvas as HTMLCanvasElement;
      const ratio = width / clientWidth;
      // Read from a copy: reading the page's own canvas often would move it out of the graphics card.
      const copy = document.createElement('canvas');
      copy.width = copy.height = 1;
      const context = copy.getContext('2d', { willReadFrequently: true });
      context?.drawImage(canvas as HTMLCanvasElement, -Math.round(at.x * ratio), -Math.round(at.y * ratio));
      return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
    },
    { x, y },
  );

/** log10 of a number as the page prints it, also one that no double holds. */
export function log10Of(text: string): number {
  const [, mantissa = '', exponent = '0'] = /^([\d.]+)(?:e([+-]?\d+))?$/.exec(text) ?? [];
  return text === '0' ? -Infinity : Math.log10(Number(mantissa)) + Number(exponent);
}

export const relativeError = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);

/** Until a number beside the tracks is known. */
export const readout = (page: Page, name: string): Promise<void> =>
  page
    .waitForFunction(
      (id) => /\d/.test(document.querySelector(`.side [data-name="${id}"]`)?.getAttribute('data-value') ?? ''),
      name,
    )
    .then(() => undefined);
