// Small runs: all numbers go in and out at once and the kernels are called once, because allocations and calls would
// cost more than the work.
import { sharedBuffer, unfilled } from '../core/bufferPool.js';
import type { Shared } from '../core/bufferPool.js';
import type { Sequence } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { StateMeasures, StepNorms } from '../network/result.js';
import type { ByParameter } from '../cells/cell.js';
import type { Gradients } from '../network/rnnUnit.js';
import { bytesOf } from './instance.js';
import type { Kernels } from './instance.js';
import { pauseLimit } from './workSplit.js';
import { sharedNumbers, stepSeries } from './abi.js';
import type { Exports } from './abi.js';
import { inOrder } from './struct.js';
import { blockStepsOf, bufferSizes, jobNumbers } from './layer.js';
import type { Entering, JobBuffer, LayerShape, Room } from './layer.js';

/**
 * A longer run, some milliseconds, is to be cancelled in between, and what it computes outweighs what the calls cost.
 */
const mostOperations = 5e7;
const mostBytes = 2 ** 20;
/**
 * The results of many small runs share one buffer: a new buffer costs more than all of such a run's arithmetic. Larger
 * ones have their own.
 */
const slabBytes = 256 * 1024;
const sharedBytes = slabBytes / 8;

/** Where in the kernels' measures of the steps each series is. */
const places = Object.fromEntries(stepSeries.map((name, place) => [name, place])) as Readonly<
  Record<(typeof stepSeries)[number], number>
>;
/** What enters a whole run where it is neither ones at the last step nor at every step: values behind its input. */
const enteringValues = Math.max(sharedNumbers.LAST, sharedNumbers.EVERY) + 1;

/**
 * Everything a run leaves, from one chunk: windows on a buffer that may hold the results of other runs too. Each is
 * made when it is asked for.
 */
class Whole {
  readonly #shape: LayerShape;
  readonly #buffer: ArrayBuffer;
  /** Where in the buffer, in bytes, the series of the steps begin: the states' measures and the norms. */
  readonly #at: number;
  readonly #states: StateMeasures | null;

  /** `states`: their measures, where they lie elsewhere. */
  constructor(shape: LayerShape, buffer: ArrayBuffer, at: number, states: StateMeasures | null) {
    this.#shape = shape;
    this.#buffer = buffer;
    this.#at = at;
    this.#states = states;
  }

  /** With buffers of their own, because they travel to the host and a window would take its whole buffer along. */
  get states(): StateMeasures {
    return this.#states ?? { hNorm: this.#series(places.hNorm).slice(), closed: this.#series(places.closed).slice() };
  }

  get norms(): StepNorms {
    return {
      dh: this.#series(places.dh),
      dx: this.#series(places.dx),
      parameters: { Wx: this.#series(places.dWx), Wh: this.#series(places.dWh), b: this.#series(places.db) },
    };
  }

  get hs(): Sequence {
    const { B, H, steps: T } = this.#shape;
    return { B, T, N: H, data: this.#numbers(0, B * T * H) };
  }

  get dhTotal(): Sequence {
    const { B, H, steps: T } = this.#shape;
    return { B, T, N: H, data: this.#numbers(B * T * H, B * T * H) };
  }

  get dxs(): Sequence {
    const { B, H, I, steps: T } = this.#shape;
    return { B, T, N: I, data: this.#numbers(2 * B * T * H, B * T * I) };
  }

  get gradients(): Gradients {
    const { I, H } = this.#shape;
    const from = this.#ofSequences;
    return {
      Wx: this.#numbers(from, I * H),
      Wh: this.#numbers(from + I * H, H * H),
      b: this.#numbers(from + (I + H) * H, H),
    };
  }

  get dh0(): FloatArray {
    const { B, I, H } = this.#shape;
    return this.#numbers(this.#ofSequences + (I + H + 1) * H, B * H);
  }

  /** Numbers of the sequences, which come first. */
  get #ofSequences(): number {
    const { B, I, H, steps } = this.#shape;
    return B * steps * (2 * H + I);
  }

  #series(i: number): Float64Array {
    const { steps } = this.#shape;
    return new Float64Array(this.#buffer, this.#at + 8 * i * steps, steps);
  }

  /** Where in the buffer the tensors begin. */
  get begins(): number {
    return this.#at + 8 * stepSeries.length * this.#shape.steps;
  }

  #numbers(from: number, length: number): FloatArray {
    const { dtype } = this.#shape;
    const at = this.begins + bytesOf[dtype] * from;
    return dtype === 'float32'
      ? new Float32Array(this.#buffer, at, length)
      : new Float64Array(this.#buffer, at, length);
  }
}

let slab: Shared | null = null;
let used = 0;

/** A slab in which so many float64 have room that nobody else writes to, from `used` on. */
function slabFor(count: number): Shared {
  if (slab !== null && used + count <= slab.numbers.length) return slab;
  used = 0;
  return (slab = sharedBuffer(slabBytes / 8, slab));
}

function measure(shape: LayerShape) {
  const { dtype, B, I, H, steps } = shape;
  const bytes = bytesOf[dtype];
  const numbersIn = H * H + I * H + H + B * H + B * steps * (I + H);
  // The row-major results follow on the measures of the steps, so that all of it leaves as one piece.
  const doublesOut = stepSeries.length * steps + Math.ceil((numbersOf(shape) * bytes) / 8);
  return {
    numbersIn,
    doublesOut,
    sizes: { input: numbersIn * bytes, ...bufferSizes(shape, steps, 1), norms: doublesOut * 8 },
  };
}

/** What such a run takes. */
export const smallRoom = (kernels: Kernels, shape: LayerShape): Room => ({
  kernels,
  bytes: kernels.bytesFor(Object.values(measure(shape).sizes)),
});

class Plan {
  readonly shape: LayerShape;
  readonly buffer: ArrayBufferLike;
  readonly #job: Int32Array;
  readonly #fields: Int32Array;
  readonly #in: FloatArray;
  readonly #out: Float64Array;
  readonly #run: Exports['whole32'];
  readonly #watch: number;
  readonly #inputAt: number;
  readonly #outputAt: number;

  /** Null when there is not so much memory. */
  static create(kernels: Kernels, shape: LayerShape): Plan | null {
    const { numbersIn, doublesOut, sizes } = measure(shape);
    const names = Object.keys(sizes) as (keyof typeof sizes)[];
    const addresses = kernels.layOut(names.map((name) => sizes[name]));
    if (addresses === null) return null;
    const at = Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<keyof typeof sizes, number>;
    return new Plan(kernels, shape, at, numbersIn, doublesOut);
  }

  private constructor(
    kernels: Kernels,
    shape: LayerShape,
    at: Readonly<Record<JobBuffer | 'job' | 'input', number>>,
    numbersIn: number,
    doublesOut: number,
  ) {
    const { dtype, steps } = shape;
    const { buffer } = kernels.memory;
    this.shape = { ...shape };
    this.buffer = buffer;
    // One thread, whose share of the scratch is all of it.
    const numbers = jobNumbers(shape, { T: steps, blockSteps: blockStepsOf(shape), places: steps, scratchBytes: 0 });
    this.#fields = inOrder('Job', { ...numbers, ...at });
    this.#job = new Int32Array(buffer, at.job, this.#fields.length);
    this.#in =
      dtype === 'float32'
        ? new Float32Array(buffer, at.input, numbersIn)
        : new Float64Array(buffer, at.input, numbersIn);
    this.#out = new Float64Array(buffer, at.norms, doublesOut);
    this.#run = dtype === 'float32' ? kernels.exports.whole32 : kernels.exports.whole64;
    this.#watch = watchOf(shape);
    this.#inputAt = at.input;
    this.#outputAt = at.norms + stepSeries.length * steps * 8;
  }

  run({ Wx, Wh, b }: ByParameter<FloatArray>, xs: FloatArray, initial: FloatArray, entering: Entering): Whole | null {
    const { B, I, H, steps } = this.shape;
    const input = this.#in;
    this.#job.set(this.#fields);
    input.set(Wh);
    let to = H * H;
    input.set(Wx, to);
    to += I * H;
    input.set(b, to);
    to += H;
    input.set(initial, to);
    to += B * H;
    input.set(xs, to);
    to += B * steps * I;
    if (typeof entering !== 'string') input.set(entering, to);
    if (
      this.#run(
        this.#job.byteOffset,
        this.#inputAt,
        this.#outputAt,
        entering === 'last' ? sharedNumbers.LAST : entering === 'every' ? sharedNumbers.EVERY : enteringValues,
        this.#watch,
      ) === 0
    )
      return null;
    return this.#out.byteLength > sharedBytes ? this.#own() : this.#shared();
  }

  #shared(): Whole {
    const { numbers, lent } = slabFor(this.#out.length);
    numbers.set(this.#out, used);
    const whole = new Whole(this.shape, numbers.buffer, used * 8, null);
    lent.add(whole.begins);
    used += this.#out.length;
    return whole;
  }

  #own(): Whole {
    const { steps } = this.shape;
    const [out, head] = [this.#out, 2 * steps];
    const target = unfilled('float64', out.length - head);
    target.set(out.subarray(head));
    return new Whole(this.shape, target.buffer, -8 * head, {
      hNorm: out.slice(0, steps),
      closed: out.slice(steps, head),
    });
  }
}

/** Numbers of the result in the run's dtype. */
const numbersOf = ({ B, I, H, steps }: LayerShape): number => B * steps * (2 * H + I) + (I + H + 1 + B) * H;

/** The operations of a run. */
const workOf = ({ B, I, H, steps }: LayerShape): number => 6 * B * steps * H * (H + I);

/** Looks at the size of the numbers on each way: few, because each takes the time of a step. */
const looks = 8;
/** Steps between two of them: all where even the slowest arithmetic would not take long. */
const watchOf = (shape: LayerShape): number =>
  workOf(shape) <= pauseLimit(shape.dtype, shape.B, true) ? shape.steps : Math.ceil(shape.steps / looks);

/** Whether such a run may be given up, and done in pieces, because its numbers become too small. */
export const mayStop = (shape: LayerShape): boolean => watchOf(shape) < shape.steps;

export const isSmall = (shape: LayerShape): boolean => {
  const { dtype, steps } = shape;
  return numbersOf(shape) * bytesOf[dtype] + 56 * steps <= mostBytes && workOf(shape) <= mostOperations;
};

const plans = new WeakMap<Kernels, Plan>();

/**
 * A run of one chunk that `isSmall`; null when there is not so much memory, or when it would take long because its
 * numbers have become too small. The results stay as they are whatever runs next.
 */
export function runWhole(
  kernels: Kernels,
  shape: LayerShape,
  weights: ByParameter<FloatArray>,
  xs: FloatArray,
  initial: FloatArray,
  entering: Entering,
): Whole | null {
  let plan = plans.get(kernels);
  const known = plan?.shape;
  // Growing replaces the memory's buffer, and with it ends every window.
  if (
    plan === undefined ||
    known === undefined ||
    plan.buffer !== kernels.memory.buffer ||
    known.steps !== shape.steps ||
    known.B !== shape.B ||
    known.I !== shape.I ||
    known.H !== shape.H ||
    known.dtype !== shape.dtype ||
    known.cell !== shape.cell ||
    known.truncate !== shape.truncate
  ) {
    const made = Plan.create(kernels, shape);
    if (made === null) return null;
    plans.set(kernels, made);
    plan = made;
  }
  return plan.run(weights, xs, initial, entering);
}
