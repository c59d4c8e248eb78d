// How the work of a layer is cut into calls that are short enough for a cancelled run to stop, whatever its shape.
import type { DType } from '../core/dtypes.js';
import { sharedNumbers } from './abi.js';

/** Floating-point operations of a thread between two pauses, a few milliseconds. */
const pauseWork: Readonly<Record<DType, number>> = { float32: 2e8, float64: 1e8 };
/** The product of a vector with a large matrix waits for the memory. */
const vectorShare = 0.25;
/**
 * What arithmetic on numbers below the normal range takes instead of the usual time, on processors that leave it to
 * microcode.
 */
const subnormalFactor = 128;
/** The same of rows that are lifted out of that range (../kernels/subnormal.ts). */
const liftedFactor = 4;
/** Below this the next steps may reach that range. */
const nearlyGone: Readonly<Record<DType, number>> = {
  float32: sharedNumbers.NEARLY_GONE32,
  float64: sharedNumbers.NEARLY_GONE64,
};

/** `subnormal`: the numbers may be below the normal range, where they are `lifted` or left to the processor. */
export const pauseLimit = (dtype: DType, B: number, subnormal: boolean, lifted = false): number =>
  (pauseWork[dtype] * (B === 1 ? vectorShare : 1)) / (!subnormal ? 1 : lifted ? liftedFactor : subnormalFactor);

/**
 * Whether numbers whose largest has gone from `before` to `now` may be below the normal range when they have gone on
 * like that.
 */
export const mayBeSubnormal = (dtype: DType, before: number, now: number): boolean =>
  now > 0 && Math.min(now, now * (now / before)) < nearlyGone[dtype];

/**
 * Ranges of `count` items, first … end − 1 each, with a weight of `work` per item; at least one item, and no single row
 * behind a pair.
 */
export function ranges(
  count: number,
  work: number,
  limit: number,
  even = false,
): { readonly first: number; readonly end: number }[] {
  const fitting = Math.floor(limit / work);
  const atOnce = even ? Math.max(2, 2 * Math.floor(fitting / 2)) : Math.max(1, fitting);
  const all: { first: number; end: number }[] = [];
  for (let first = 0; first < count;) {
    const end = count - first - atOnce <= (even ? 1 : 0) ? count : first + atOnce;
    all.push({ first, end });
    first = end;
  }
  return all;
}

/** A step whose input gradients are more than this share of a limit has them apart, row by row. */
const largeShare = 0.5;

/** Whether a part of the work of a step, which goes with others, is to be divided by itself. */
export const goesApart = (work: number, limit: number): boolean => work > largeShare * limit;

/**
 * The sums behind `steps` steps: `own` operations of each step that one thread does, and `shared` ones that can be
 * divided.
 */
export type SumsWork = {
  readonly steps: number;
  readonly own: number;
  readonly shared: number;
  readonly threads: number;
};

/** In how many rounds the threads divide the sums so that a round stays below the limit, if it can. */
export function sumsRounds({ steps, own, shared, threads }: SumsWork, limit: number, most: number): number {
  const left = Math.max(limit, own + limit / 4);
  let rounds = Math.max(1, Math.ceil((steps * own + shared) / threads / limit));
  while (rounds < most && Math.ceil(steps / (rounds * threads)) * own + shared / (rounds * threads) > left) rounds++;
  return Math.min(rounds, Math.max(1, most));
}
