// The norms of one step's weight gradients in pieces: where the step has so many rows that they take too long for one
// call. The sums are those of the kernels' `weightNorms`, in its order.
import type { DType } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { exponentOf, maxAbs, scaleByPowerOfTwo } from '../core/norm.js';
import { bytesOf, rowBytes, viewOf } from './instance.js';
import type { Kernels, Team } from './instance.js';
import { goesApart, pauseLimit, ranges } from './workSplit.js';
import { share, task } from './team.js';
import type { AfterJob } from './team.js';
import { sharedNumbers } from './abi.js';
import { Struct, structBytes } from './struct.js';

/** Products of float32 summed in float64 take so many times as long. */
const wideFactor = 4;
/** Where the d of a step are SMALL (../kernels/subnormal.ts) both products are formed, in about twice the time. */
const [both, smallFactor] = [2 | 4, 2];
const { ORDINARY: ordinary, ZERO: zero, MIXED: mixed, LIFT32, LIFT64 } = sharedNumbers;
const lift = { float32: LIFT32, float64: LIFT64 } as const;

/** Of a step: rows of x, hPrev and d, the address of the first and the distance of the panels. */
export type StepRows = Readonly<Record<'x' | 'xPanel' | 'h' | 'hPanel' | 'd' | 'dPanel', number>>;

type Shape = { readonly dtype: DType; readonly B: number; readonly I: number; readonly H: number };
type Addresses = Readonly<Record<keyof ReturnType<typeof ApartNorms.sizes>, number>> & {
  /** Room for d [B,H]; absent where all is ORDINARY. */
  readonly lifted?: number;
};
type Scratch = { readonly at: number; readonly bytes: number };

/** Operations for the dot products of a step's rows, and for its weight gradients. */
export const dotsWork = ({ B, I, H }: Omit<Shape, 'dtype'>): number => B * B * (2 * H + I);
const formWork = ({ B, I, H }: Omit<Shape, 'dtype'>): number => 2 * B * H * (H + I);

/** Whether the norms of a step are to be found in pieces. */
export const normsGoApart = (shape: Omit<Shape, 'dtype'>, limit: number): boolean =>
  shape.B > 1 && goesApart(Math.max(dotsWork(shape), formWork(shape)), limit);

/**
 * Whether the norms of a step below the normal range are found apart too, from rows that are lifted: in small steps the
 * kernels form the product as fast. It only depends on the shape, because both ways round in ways of their own.
 */
export const liftsApart = ({ dtype, B, I, H }: Shape): boolean =>
  B > 1 && 3 * formWork({ B, I, H }) > pauseLimit(dtype, B, true);

/**
 * Bytes of a thread's scratch in the kernels: a panel of columns of a weight gradient with the norms of all, the sums
 * of a bias, the dot products of a few rows.
 */
export const scratchOf = (hPanels: number, iPanels: number, width: number): number =>
  Math.max(hPanels, iPanels) * width * rowBytes + hPanels * rowBytes;

export class ApartNorms {
  readonly #kernels: Kernels;
  readonly #team: Team | null;
  readonly #threads: number;
  readonly #shape: Shape;
  readonly #at: Addresses;
  readonly #scratch: Scratch;

  static sizes({ dtype, B, H }: Shape) {
    const hPanels = Math.ceil((H * bytesOf[dtype]) / rowBytes);
    return {
      normJob: structBytes('NormJob'),
      partials: sharedNumbers.NORMS + Math.max(sharedNumbers.PARTIAL * Math.ceil(B / 2), hPanels * 8),
    };
  }

  /** `scratch`: of all threads, and the bytes of one of them. */
  constructor(kernels: Kernels, team: Team | null, threads: number, shape: Shape, at: Addresses, scratch: Scratch) {
    [this.#kernels, this.#team, this.#threads, this.#shape, this.#at, this.#scratch] = [
      kernels,
      team,
      threads,
      shape,
      at,
      scratch,
    ];
  }

  /** ‖xᵀd‖ and ‖hPrevᵀd‖ of a step, as the dtype holds them. */
  *of(
    rows: StepRows,
    limit: number,
    progress: number,
    kind: number = ordinary,
  ): Resumable<readonly [dWx: number, dWh: number]> {
    if (kind === zero) return [0, 0];
    const { dtype, B, I, H } = this.#shape;
    const { normJob, partials, lifted } = this.#at;
    const {
      exports,
      memory: { buffer },
    } = this.#kernels;
    const [gramEnd, formEnd] =
      dtype === 'float32' ? [exports.gramEnd32, exports.formEnd32] : [exports.gramEnd64, exports.formEnd64];
    const { at: scratch, bytes: scratchBytes } = this.#scratch;
    const job = new Struct('NormJob', buffer, normJob);
    job.write({ ...rows, B, I, H, partials, scratch, scratchBytes, kind });
    const found = new Float64Array(buffer, partials, 2);
    const pairs = Math.ceil(B / 2);
    const grams = (wide: 0 | 1): Resumable<void> =>
      this.#divided(
        'gramRows',
        pairs,
        4 * B * (2 * H + I) * (wide === 1 ? wideFactor : 1),
        limit,
        progress,
        (first, end, thread) => [first, end, wide, thread],
      );
    let left = both;
    const by = kind === mixed && lifted !== undefined && liftsApart(this.#shape) ? this.#lift(rows, lifted, job) : null;
    if (kind === ordinary || by !== null) {
      yield* grams(0);
      left = gramEnd(normJob, 0);
      if (left === 1) {
        yield* grams(1);
        left = gramEnd(normJob, 1);
      }
    }
    if (by !== null) {
      job.set('d', rows.d);
      job.set('dPanel', rows.dPanel);
      scaleByPowerOfTwo(found, -by, found);
      if (dtype === 'float32') found.set(Float32Array.from(found));
    }
    for (const [flag, recurrent, M] of [
      [2, 0, I],
      [4, 1, H],
    ] as const) {
      if ((left & flag) === 0) continue;
      yield* this.#divided(
        'formPanels',
        Math.ceil(H / this.#width),
        2 * B * M * this.#width * (kind === ordinary ? 1 : smallFactor),
        limit,
        progress,
        (first, end, thread) => [recurrent, first, end, thread],
      );
      formEnd(normJob, recurrent);
    }
    const [dWx = NaN, dWh = NaN] = found;
    return [dWx, dWh];
  }

  /** Columns of a panel. */
  get #width(): number {
    return rowBytes / bytesOf[this.#shape.dtype];
  }

  /** Points a job to a copy of d at `lifted`, times 2^n, whose largest number is near 1. Gives n. */
  #lift({ d, dPanel }: StepRows, lifted: number, job: Struct<'NormJob'>): number {
    const { dtype, B, H } = this.#shape;
    const { copyStand32, copyStand64 } = this.#kernels.exports;
    const copyStand = dtype === 'float32' ? copyStand32 : copyStand64;
    const count = Math.ceil(H / this.#width);
    for (let n = 0; n < count; n++) copyStand(mixed, d + n * dPanel, B, lifted + n * B * rowBytes);
    const values = viewOf(this.#kernels, dtype, lifted, count * B * this.#width);
    const largest = maxAbs(values);
    const more = largest === 0 ? 0 : -exponentOf(largest);
    const factor = 2 ** more;
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor;
    job.set('d', lifted);
    job.set('dPanel', B * rowBytes);
    return lift[dtype] + more;
  }

  /** Calls for all `count` items, `work` operations each, divided among the threads. */
  *#divided(
    operation: 'gramRows' | 'formPanels',
    count: number,
    work: number,
    limit: number,
    progress: number,
    args: (first: number, end: number, thread: number) => AfterJob<'gramRows' | 'formPanels'>,
  ): Resumable<void> {
    const threads = this.#threads;
    for (const { first, end } of ranges(count, work, limit * threads)) {
      const border = (thread: number): number => first + Math.floor(((end - first) * thread) / threads);
      share(
        this.#team,
        this.#kernels.exports,
        Array.from({ length: threads }, (_, thread) =>
          border(thread) === border(thread + 1)
            ? null
            : task(operation, this.#shape.dtype, this.#at.normJob, ...args(border(thread), border(thread + 1), thread)),
        ),
      );
      yield progress;
    }
  }
}
