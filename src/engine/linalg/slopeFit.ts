// Robust lines through a noisy curve: one slope for all of it, and the stretches where the slope is another.
import { maxAbs } from '../core/norm.js';

export type Curve = { readonly x: Float64Array; readonly y: Float64Array };
/** A stretch of a curve, both indices included. */
export type Stretch = { readonly from: number; readonly to: number };

/** NaN when one of the values is. */
export const median = (values: Float64Array): number => medianAmid(values.slice());

/** The same of numbers that may be moved. */
function medianAmid(left: Float64Array): number {
  if (Number.isNaN(maxAbs(left))) return NaN;
  const middle = left.length >> 1;
  const upper = select(left, middle, 0, left.length - 1);
  if (left.length % 2 === 1) return upper;
  // All that is smaller stands before it now.
  let lower = -Infinity;
  for (let i = 0; i < middle; i++) if (left[i]! > lower) lower = left[i]!;
  return (lower + upper) / 2;
}

/** Values among which a sample to choose the pivot from is worth its own time. */
const worthSample = 600;

/**
 * The value that would stand at place k of the sorted values from … to; moves what is smaller before it. Partitions as
 * Hoare does (1961, algorithm 65), around the k-th value of many, which that of a sample about it has been moved to
 * before (Floyd and Rivest 1975, algorithm 489). A sort of the slopes of 400 points takes longer than most runs.
 */
function select(values: Float64Array, k: number, from: number, to: number): number {
  while (from < to) {
    if (to - from > worthSample) {
      const n = to - from + 1;
      const place = k - from + 1;
      const log = Math.log(n);
      const size = 0.5 * Math.exp((2 / 3) * log);
      const apart = 0.5 * Math.sqrt((log * size * (n - size)) / n) * Math.sign(place - n / 2);
      const first = Math.max(from, Math.floor(k - (place * size) / n + apart));
      select(values, k, first, Math.min(to, Math.floor(k + ((n - place) * size) / n + apart)));
    }
    const pivot = values[k]!;
    let [i, j] = [from, to];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const other = values[i]!;
      values[i++] = values[j]!;
      values[j--] = other;
    }
    if (k <= j) to = j;
    else if (k >= i) from = i;
    else break;
  }
  return values[k]!;
}

const blockStart = (n: number, blocks: number, i: number): number => Math.floor((i * n) / blocks);

/** At most `limit` points: medians of consecutive blocks, which keep a line a line and drop single outliers. */
function decimate({ x, y }: Curve, limit: number): Curve {
  const n = x.length;
  if (n <= limit) return { x, y };
  const medians = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: limit }, (_, i) =>
      median(values.subarray(blockStart(n, limit, i), blockStart(n, limit, i + 1))),
    );
  return { x: medians(x), y: medians(y) };
}

/** Room for numbers that nobody needs behind a fit: making it takes longer than filling it. */
let room = new Float64Array(0);

/** So many numbers of the room, with what was there before. */
function borrowed(count: number): Float64Array {
  if (room.length < count) room = new Float64Array(count);
  return room.subarray(0, count);
}

/**
 * Theil–Sen slope (Sen 1968): the median of the slopes between all pairs of points. Up to 29 % of them may be anything.
 * Beyond 400 points the pairs are those of block medians, so that 20,000 steps cost no more than 400. NaN below two
 * points.
 */
export function theilSen(curve: Curve): number {
  const { x, y } = decimate(curve, 400);
  const n = x.length;
  if (n < 2) return NaN;
  const slopes = borrowed((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) slopes[count++] = (y[j]! - y[i]!) / (x[j]! - x[i]!);
  return medianAmid(slopes);
}

/** Squared residuals of the least-squares line through points from … to, in O(1) from prefix sums. */
function lineCost({ x, y }: Curve): (from: number, to: number) => number {
  const n = x.length;
  const all = new Float64Array(5 * (n + 1));
  const sums = (k: number): Float64Array => all.subarray(k * (n + 1), (k + 1) * (n + 1));
  const [U, V, UU, UV, VV] = [sums(0), sums(1), sums(2), sums(3), sums(4)];
  for (let i = 0; i < n; i++) {
    const [u, v] = [x[i]! - x[0]!, y[i]! - y[0]!];
    U[i + 1] = U[i]! + u;
    V[i + 1] = V[i]! + v;
    UU[i + 1] = UU[i]! + u * u;
    UV[i + 1] = UV[i]! + u * v;
    VV[i + 1] = VV[i]! + v * v;
  }
  return (from, to) => {
    const m = to - from + 1;
    const meanU = (U[to + 1]! - U[from]!) / m;
    const meanV = (V[to + 1]! - V[from]!) / m;
    const sxx = UU[to + 1]! - UU[from]! - m * meanU * meanU;
    const sxy = UV[to + 1]! - UV[from]! - m * meanU * meanV;
    const syy = VV[to + 1]! - VV[from]! - m * meanV * meanV;
    return Math.max(0, sxx > 0 ? syy - (sxy * sxy) / sxx : syy);
  };
}

const shortest = 4;
const mostPoints = 240;

/**
 * Splits a curve of logarithms (natural) into stretches of one slope each. The sum of squared residuals, plus a price
 * per stretch, is made smallest by dynamic programming. The price asks that a split explain a bend which one can see (3
 * % of the curve's range over its whole length, at least 0.15) and which a random walk with the same increments would
 * hardly make: its expected residual about a line is n²·σ²/15.
 */
export function stretches(curve: Curve): Stretch[] {
  const points = decimate(curve, mostPoints);
  const n = points.x.length;
  const cost = lineCost(points);
  const increment = (i: number): number => (i < n - 1 ? points.y[i + 1]! - points.y[i]! : 0);
  const changes = borrowed(Math.max(1, n - 2));
  for (let i = 0; i < changes.length; i++) changes[i] = Math.abs(increment(i + 1) - increment(i));
  const sigma = (1.4826 * medianAmid(changes)) / Math.SQRT2;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) [low, high] = [Math.min(low, points.y[i]!), Math.max(high, points.y[i]!)];
  const visible = Math.max(0.15, 0.03 * (high - low));
  const price = Math.max(n * visible * visible, (3 * n * n * sigma * sigma) / 15);

  const best = new Float64Array(n + 1).fill(Infinity);
  const start = new Int32Array(n + 1);
  best[0] = 0;
  const consider = (from: number, end: number): void => {
    const total = best[from]! + cost(from, end - 1) + price;
    if (total < best[end]!) [best[end], start[end]] = [total, from];
  };
  for (let end = shortest; end <= n; end++) {
    consider(0, end);
    // Two stretches cost two prices at least, and no cost is below zero: most are too dear before theirs is known.
    for (let from = shortest; from <= end - shortest && best[end]! > 2 * price; from++)
      if (best[from]! + price < best[end]!) consider(from, end);
  }
  if (n < shortest) consider(0, n);
  const found: Stretch[] = [];
  for (let end = n; end > 0; end = start[end]!) {
    found.unshift({ from: blockStart(curve.x.length, n, start[end]!), to: blockStart(curve.x.length, n, end) - 1 });
  }
  return found;
}
