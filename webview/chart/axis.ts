// Where ticks stand. All tracks and the ruler ask here, so that their lines meet.
import { isReverse } from '../page/stepLabels.js';
import type { RunSummary, TimeWindow } from '../page/model.js';

/** 1, 2, 5, 10, 20, 50 …: the first step that gives at most `most` intervals over `range`. */
export function niceStep(range: number, most: number, least = 0): number {
  const rough = Math.max(range / Math.max(1, most), least, Number.MIN_VALUE);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * decade >= rough * (1 - 1e-9)) ?? 10;
  return step * decade;
}

/** Multiples of a nice step inside [min, max]. */
export function ticksBetween(min: number, max: number, most: number, least = 0): number[] {
  if (!(max > min)) return [min];
  const step = niceStep(max - min, most, least);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Dividing by the whole 1/step keeps 0.3 from becoming 0.30000000000000004.
  const inverse = Math.round(1 / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (step < 1 ? (first + i) / inverse : (first + i) * step));
}

const leastTickGap = 14;

/**
 * log10 of round numbers inside a range of less than two decades, as many as fit on `height` pixels without crowding.
 */
export function ticksInDecade(min: number, max: number, height: number): number[] {
  for (const digits of [
    [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 5],
    [1, 2, 5],
    [1, 3],
  ]) {
    const ticks: number[] = [];
    for (let decade = Math.floor(min); decade <= Math.ceil(max); decade++)
      ticks.push(...digits.map((digit) => decade + Math.log10(digit)).filter((tick) => tick >= min && tick <= max));
    const closest = ticks.slice(1).reduce((least, tick, i) => Math.min(least, tick - (ticks[i] ?? 0)), Infinity);
    if ((closest / (max - min)) * height >= leastTickGap) return ticks;
  }
  return ticksBetween(min, max, height / 24);
}

/** How many intervals fit between labels of steps: about one every 60 pixels. */
const mostIntervals = (width: number): number => Math.max(2, width / 60);

/** Steps with a label, by their positions. Of a reverse direction round positions lie at other steps. */
export function timeTicks(run: RunSummary, { t0, t1 }: TimeWindow, width: number): number[] {
  if (!isReverse(run)) return ticksBetween(t0, t1 - 1, mostIntervals(width), 1);
  const step = niceStep(t1 - 1 - t0, mostIntervals(width), 1);
  const {
    chunkStarts: starts,
    shapes: { T },
  } = run;
  const ticks: number[] = [];
  for (let i = starts.findLastIndex((start) => start <= t0); (starts[i] ?? T) < t1; i++) {
    const [start, end] = [starts[i] ?? 0, starts[i + 1] ?? T];
    const last = start + end - 1;
    const [low, high] = [last - Math.min(t1, end) + 1, last - Math.max(t0, start)];
    for (let at = Math.floor(high / step) * step; at >= low; at -= step) {
      const t = last - at;
      // Chunks need not end at a round position.
      if (t - (ticks.at(-1) ?? -Infinity) >= 0.6 * step) ticks.push(t);
    }
  }
  return ticks;
}

/** Units with a label: the first, the last and nice ones between that leave them room. */
export function unitTicks(H: number, height: number): number[] {
  if (H === 1) return [0];
  const step = niceStep(H - 1, Math.max(1, height / 26), 1);
  const inner = ticksBetween(0, H - 1, Math.max(1, height / 26), 1).filter(
    (unit) => unit === 0 || H - 1 - unit >= step * 0.6,
  );
  return [...inner, H - 1];
}
