// What small runs of all cells share: their numbers go in and out of the kernels' memory at once, and their results are
// windows on a buffer, because allocations and calls would cost more than the work.
import { sharedBuffer, unfilled } from '../core/bufferPool.js';
import type { Shared } from '../core/bufferPool.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import { write } from '../core/tensor.js';
import { sharedNumbers } from './abi.js';
import { bytesOf, viewOf } from './instance.js';
import type { Kernels } from './instance.js';
import type { Entering } from './layer.js';

/**
 * A longer run, some milliseconds, is to be cancelled in between, and what it computes outweighs what the calls cost.
 */
export const mostOperations = 5e7;
const mostBytes = 2 ** 20;
/**
 * The results of many small runs share one buffer: a new buffer costs more than all of such a run's arithmetic. Larger
 * ones have their own.
 */
const slabBytes = 256 * 1024;
const sharedBytes = slabBytes / 8;

/** What enters a whole run where it is neither ones at the last step nor at every step: values behind its input. */
const enteringValues = Math.max(sharedNumbers.LAST, sharedNumbers.EVERY) + 1;
export const enteringNumber = (entering: Entering): number =>
  entering === 'last' ? sharedNumbers.LAST : entering === 'every' ? sharedNumbers.EVERY : enteringValues;

/**
 * What a run leaves: series of its steps in float64, the first of which travel to the host, then tensors of so many
 * numbers.
 */
export type ResultShape = {
  readonly dtype: DType;
  readonly steps: number;
  readonly series: number;
  readonly travelling: number;
  readonly numbers: number;
};

/** Its float64: the tensors follow on the series, so that all of it leaves as one piece. */
const doublesOf = ({ dtype, steps, series, numbers }: ResultShape): number =>
  series * steps + Math.ceil((numbers * bytesOf[dtype]) / 8);

/** Whether its results are few enough for one call. */
export const isSmallResult = ({ dtype, steps, series, numbers }: ResultShape): boolean =>
  numbers * bytesOf[dtype] + 8 * series * steps <= mostBytes;

let slab: Shared | null = null;
let used = 0;

/** A slab in which so many float64 have room that nobody else writes to, from `used` on. */
function slabFor(count: number): Shared {
  if (slab !== null && used + count <= slab.numbers.length) return slab;
  used = 0;
  return (slab = sharedBuffer(slabBytes / 8, slab));
}

/**
 * The series and tensors that a run has left: windows on a buffer that may hold the results of other runs too. Each is
 * made when it is asked for.
 */
export class WholeResult {
  readonly #shape: ResultShape;
  readonly #buffer: ArrayBuffer;
  /** Where in the buffer, in bytes, the series begin. */
  readonly #at: number;
  /** Those that travel, where they lie elsewhere. */
  readonly #travelling: readonly Float64Array[] | null;

  private constructor(shape: ResultShape, buffer: ArrayBuffer, at: number, travelling: readonly Float64Array[] | null) {
    this.#shape = shape;
    this.#buffer = buffer;
    this.#at = at;
    this.#travelling = travelling;
  }

  /** A copy of what the kernels have left at `out`. It stays as it is whatever runs next. */
  static of(shape: ResultShape, out: Float64Array): WholeResult {
    if (out.byteLength > sharedBytes) {
      const { steps, travelling } = shape;
      const head = travelling * steps;
      const target = unfilled('float64', out.length - head);
      target.set(out.subarray(head));
      const own = Array.from({ length: travelling }, (_, i) => out.slice(i * steps, (i + 1) * steps));
      return new WholeResult(shape, target.buffer, -8 * head, own);
    }
    const { numbers, lent } = slabFor(out.length);
    numbers.set(out, used);
    const result = new WholeResult(shape, numbers.buffer, used * 8, null);
    lent.add(result.#begins);
    used += out.length;
    return result;
  }

  series(i: number): Float64Array {
    const { steps } = this.#shape;
    return new Float64Array(this.#buffer, this.#at + 8 * i * steps, steps);
  }

  /** One of those that travel: with a buffer of its own, because a window would take its whole buffer along. */
  travelling(i: number): Float64Array {
    return this.#travelling?.[i] ?? this.series(i).slice();
  }

  /** So many numbers of the tensors. */
  numbers(from: number, length: number): FloatArray {
    const { dtype } = this.#shape;
    const at = this.#begins + bytesOf[dtype] * from;
    return dtype === 'float32'
      ? new Float32Array(this.#buffer, at, length)
      : new Float64Array(this.#buffer, at, length);
  }

  /** Where in the buffer the tensors begin. */
  get #begins(): number {
    const { series, steps } = this.#shape;
    return this.#at + 8 * series * steps;
  }
}

/** Bytes of the buffers of a run in one call: those of its job, with room for all that goes in and for its result. */
export const wholeSizes = <Buffer extends string>(
  sizes: Readonly<Record<Buffer | 'job' | 'norms', number>>,
  numbersIn: number,
  result: ResultShape,
): Readonly<Record<Buffer | 'job' | 'norms' | 'input', number>> => ({
  input: numbersIn * bytesOf[result.dtype],
  ...sizes,
  norms: doublesOf(result) * 8,
});

/** Where in the kernels' measures of the steps each of these series is. */
export const placesOf = <Series extends string>(series: readonly Series[]): Readonly<Record<Series, number>> =>
  Object.fromEntries(series.map((name, place) => [name, place])) as Record<Series, number>;

/** Addresses for buffers of these sizes, by their names; null when there is not so much memory. */
export function layOutByName<Buffer extends string>(
  kernels: Kernels,
  sizes: Readonly<Record<Buffer, number>>,
): Readonly<Record<Buffer, number>> | null {
  const names = Object.keys(sizes) as Buffer[];
  const addresses = kernels.layOut(names.map((name) => sizes[name]));
  return addresses === null
    ? null
    : (Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<Buffer, number>);
}

/** The memory of runs of one shape in one call. */
export class WholeMemory {
  readonly buffer: ArrayBufferLike;
  readonly jobAt: number;
  readonly inputAt: number;
  /** Where the tensors of the result begin. */
  readonly outputAt: number;
  readonly #result: ResultShape;
  readonly #job: Int32Array;
  readonly #fields: Int32Array;
  readonly #in: FloatArray;
  readonly #out: Float64Array;

  /** `fields`: those of the job, in order. */
  constructor(
    kernels: Kernels,
    at: Readonly<Record<'job' | 'input' | 'norms', number>>,
    fields: Int32Array,
    numbersIn: number,
    result: ResultShape,
  ) {
    const { dtype, steps, series } = result;
    this.buffer = kernels.memory.buffer;
    this.jobAt = at.job;
    this.inputAt = at.input;
    this.outputAt = at.norms + 8 * series * steps;
    this.#result = result;
    this.#fields = fields;
    this.#job = new Int32Array(this.buffer, at.job, fields.length);
    this.#in = viewOf(kernels, dtype, at.input, numbersIn);
    this.#out = new Float64Array(this.buffer, at.norms, doublesOf(result));
  }

  /** The job and what goes in, one behind the other. Gives the numbers that are there then. */
  write(...parts: readonly FloatArray[]): number {
    this.#job.set(this.#fields);
    let to = 0;
    for (const part of parts) to = this.add(part, to);
    return to;
  }

  /** What goes in once more, behind so many numbers. */
  add(part: FloatArray, to: number): number {
    write(part, this.#in, to);
    return to + part.length;
  }

  /** So many numbers of the tensors, as they stand now. */
  read(from: number, length: number): FloatArray {
    const { dtype } = this.#result;
    const at = this.outputAt + bytesOf[dtype] * from;
    return dtype === 'float32'
      ? new Float32Array(this.buffer, at, length).slice()
      : new Float64Array(this.buffer, at, length).slice();
  }

  keep(): WholeResult {
    return WholeResult.of(this.#result, this.#out);
  }
}

/** What a shape has been laid out as, until another one is, or the kernels' memory becomes another. */
export class LastPlan<Shape extends object, Plan extends { readonly memory: WholeMemory }> {
  readonly #plans = new WeakMap<Kernels, { readonly shape: Shape; readonly plan: Plan }>();
  readonly #create: (kernels: Kernels, shape: Shape) => Plan | null;

  /** `create` gives null when there is not so much memory. */
  constructor(create: (kernels: Kernels, shape: Shape) => Plan | null) {
    this.#create = create;
  }

  for(kernels: Kernels, shape: Shape): Plan | null {
    const known = this.#plans.get(kernels);
    // Growing replaces the memory's buffer, and with it ends every window.
    if (known?.plan.memory.buffer === kernels.memory.buffer && isSame(known.shape, shape)) return known.plan;
    const plan = this.#create(kernels, shape);
    if (plan !== null) this.#plans.set(kernels, { shape: { ...shape }, plan });
    return plan;
  }
}

function isSame<Shape extends object>(one: Shape, other: Shape): boolean {
  for (const key in one) if (one[key] !== other[key]) return false;
  return true;
}
