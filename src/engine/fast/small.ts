// Small runs: all numbers go in and out at once and the kernels are called once, because allocations and calls would cost more than the work.
import { shareBuffer, unfilled } from '../spare.js';
import type { Sequence } from '../tensor.js';
import type { FloatArray, StepNorms, Weights } from '../types.js';
import type { Gradients } from '../unit.js';
import { bytesOf } from './kernels.js';
import type { Kernels } from './kernels.js';
import { pauseLimit } from './rounds.js';
import { blockStepsOf, buffers, bufferSizes, jobFields, jobNumbers } from './layer.js';
import type { Entering, LayerShape, Room, StateMeasures } from './layer.js';

/** A longer run, some milliseconds, is to be cancelled in between, and what it computes outweighs what the calls cost. */
const mostOperations = 5e7;
const mostBytes = 2 ** 20;
/** The results of many small runs share one buffer: a new buffer costs more than all of such a run's arithmetic. Larger ones have their own. */
const slabBytes = 256 * 1024;
const sharedBytes = slabBytes / 8;

/** Everything a run leaves, from one chunk: windows on a buffer that may hold the results of other runs too. */
export type Whole = {
  readonly hs: Sequence;
  readonly dhTotal: Sequence;
  readonly dxs: Sequence;
  readonly gradients: Gradients;
  readonly dh0: FloatArray;
  readonly norms: StepNorms;
  readonly states: StateMeasures;
};

let slab = new Float64Array(0);
let used = 0;

/** Where in the slab so many float64 have room that nobody else writes to. */
function carve(count: number): number {
  if (used + count > slab.length) {
    slab = new Float64Array(slabBytes / 8);
    shareBuffer(slab.buffer);
    used = 0;
  }
  used += count;
  return used - count;
}

function measure(shape: LayerShape) {
  const { dtype, B, I, H, steps } = shape;
  const bytes = bytesOf[dtype];
  const numbersIn = H * H + I * H + H + B * H + B * steps * (I + H);
  // The row-major results follow on the measures of the steps, so that all of it leaves as one piece.
  const doublesOut = 7 * steps + Math.ceil((numbersOf(shape) * bytes) / 8);
  return { numbersIn, doublesOut, sizes: { input: numbersIn * bytes, ...bufferSizes(shape, steps, 1), norms: doublesOut * 8 } };
}

/** What such a run takes. */
export const smallRoom = (kernels: Kernels, shape: LayerShape): Room => ({ kernels, bytes: kernels.bytesFor(Object.values(measure(shape).sizes)) });

class Plan {
  readonly shape: LayerShape;
  readonly buffer: ArrayBufferLike;
  readonly #job: Int32Array;
  readonly #fields: Int32Array;
  readonly #in: FloatArray;
  readonly #out: Float64Array;
  readonly #run: (job: number, from: number, to: number, entering: number, watch: number) => number;
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

  private constructor(kernels: Kernels, shape: LayerShape, at: Readonly<Record<(typeof buffers)[number] | 'job' | 'input', number>>, numbersIn: number, doublesOut: number) {
    const { dtype, steps } = shape;
    const { buffer } = kernels.memory;
    this.shape = { ...shape };
    this.buffer = buffer;
    this.#job = new Int32Array(buffer, at.job, jobFields);
    // One thread, whose share of the scratch is all of it.
    this.#fields = Int32Array.of(...jobNumbers(shape, steps, blockStepsOf(shape), steps, 0), ...buffers.map((name) => at[name]));
    this.#in = dtype === 'float32' ? new Float32Array(buffer, at.input, numbersIn) : new Float64Array(buffer, at.input, numbersIn);
    this.#out = new Float64Array(buffer, at.norms, doublesOut);
    this.#run = dtype === 'float32' ? kernels.exports.whole32 : kernels.exports.whole64;
    this.#watch = watchOf(shape);
    this.#inputAt = at.input;
    this.#outputAt = at.norms + 7 * steps * 8;
  }

  run({ Wx, Wh, b }: Weights<FloatArray>, xs: FloatArray, initial: FloatArray, entering: Entering): Whole | null {
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
    if (this.#run(this.#job.byteOffset, this.#inputAt, this.#outputAt, entering === 'last' ? 0 : entering === 'every' ? 1 : 2, this.#watch) === 0) return null;
    return this.#out.byteLength > sharedBytes ? this.#own() : this.#shared();
  }

  #shared(): Whole {
    const at = carve(this.#out.length);
    slab.set(this.#out, at);
    return this.#views(slab.buffer, at * 8, null);
  }

  /** The measures of the states have buffers of their own, because they travel to the host. */
  #own(): Whole {
    const { steps } = this.shape;
    const [out, head] = [this.#out, 2 * steps];
    const target = unfilled('float64', out.length - head);
    target.set(out.subarray(head));
    return this.#views(target.buffer, -8 * head, { hNorm: out.slice(0, steps), closed: out.slice(steps, head) });
  }

  #views(buffer: ArrayBuffer, at: number, states: StateMeasures | null): Whole {
    return this.shape.dtype === 'float32' ? this.#views32(buffer, at, states) : this.#views64(buffer, at, states);
  }

  // Twice the same for the two dtypes: a constructor that varies makes each view several times slower.
  #views32(buffer: ArrayBuffer, at: number, states: StateMeasures | null): Whole {
    const { B, I, H, steps: T } = this.shape;
    const values = at + 7 * T * 8;
    const [state, input] = [B * T * H, B * T * I];
    const gradients = values + 4 * (2 * state + input);
    return {
      norms: normsIn(buffer, at, T), states: states ?? statesIn(buffer, at, T),
      hs: { B, T, N: H, data: new Float32Array(buffer, values, state) },
      dhTotal: { B, T, N: H, data: new Float32Array(buffer, values + 4 * state, state) },
      dxs: { B, T, N: I, data: new Float32Array(buffer, values + 8 * state, input) },
      gradients: {
        dWx: new Float32Array(buffer, gradients, I * H), dWh: new Float32Array(buffer, gradients + 4 * I * H, H * H), db: new Float32Array(buffer, gradients + 4 * (I + H) * H, H),
      },
      dh0: new Float32Array(buffer, gradients + 4 * (I + H + 1) * H, B * H),
    };
  }

  #views64(buffer: ArrayBuffer, at: number, states: StateMeasures | null): Whole {
    const { B, I, H, steps: T } = this.shape;
    const values = at + 7 * T * 8;
    const [state, input] = [B * T * H, B * T * I];
    const gradients = values + 8 * (2 * state + input);
    return {
      norms: normsIn(buffer, at, T), states: states ?? statesIn(buffer, at, T),
      hs: { B, T, N: H, data: new Float64Array(buffer, values, state) },
      dhTotal: { B, T, N: H, data: new Float64Array(buffer, values + 8 * state, state) },
      dxs: { B, T, N: I, data: new Float64Array(buffer, values + 16 * state, input) },
      gradients: {
        dWx: new Float64Array(buffer, gradients, I * H), dWh: new Float64Array(buffer, gradients + 8 * I * H, H * H), db: new Float64Array(buffer, gradients + 8 * (I + H) * H, H),
      },
      dh0: new Float64Array(buffer, gradients + 8 * (I + H + 1) * H, B * H),
    };
  }
}

const statesIn = (buffer: ArrayBuffer, at: number, T: number): StateMeasures => ({ hNorm: new Float64Array(buffer, at, T), closed: new Float64Array(buffer, at + 8 * T, T) });

function normsIn(buffer: ArrayBuffer, at: number, T: number): StepNorms {
  const bytes = 8 * T;
  return {
    dh: new Float64Array(buffer, at + 2 * bytes, T), dx: new Float64Array(buffer, at + 3 * bytes, T), dWx: new Float64Array(buffer, at + 4 * bytes, T),
    dWh: new Float64Array(buffer, at + 5 * bytes, T), db: new Float64Array(buffer, at + 6 * bytes, T),
  };
}

/** Numbers of the result in the run's dtype. */
const numbersOf = ({ B, I, H, steps }: LayerShape): number => B * steps * (2 * H + I) + (I + H + 1 + B) * H;

/** The operations of a run. */
const workOf = ({ B, I, H, steps }: LayerShape): number => 6 * B * steps * H * (H + I);

/** Looks at the size of the numbers on each way: few, because each takes the time of a step. */
const looks = 8;
/** Steps between two of them: all where even the slowest arithmetic would not take long. */
const watchOf = (shape: LayerShape): number => (workOf(shape) <= pauseLimit(shape.dtype, shape.B, true) ? shape.steps : Math.ceil(shape.steps / looks));

/** Whether such a run may be given up, and done in pieces, because its numbers become too small. */
export const mayStop = (shape: LayerShape): boolean => watchOf(shape) < shape.steps;

export const isSmall = (shape: LayerShape): boolean => {
  const { dtype, steps } = shape;
  return numbersOf(shape) * bytesOf[dtype] + 56 * steps <= mostBytes && workOf(shape) <= mostOperations;
};

const plans = new WeakMap<Kernels, Plan>();

/** A run of one chunk that `isSmall`; null when there is not so much memory, or when it would take long because its numbers have become too small. The results stay as they are whatever runs next. */
export function runWhole(kernels: Kernels, shape: LayerShape, weights: Weights<FloatArray>, xs: FloatArray, initial: FloatArray, entering: Entering): Whole | null {
  let plan = plans.get(kernels);
  const known = plan?.shape;
  // Growing replaces the memory's buffer, and with it ends every window.
  if (plan === undefined || known === undefined || plan.buffer !== kernels.memory.buffer || known.steps !== shape.steps || known.B !== shape.B || known.I !== shape.I || known.H !== shape.H
    || known.dtype !== shape.dtype || known.cell !== shape.cell || known.truncate !== shape.truncate) {
    const made = Plan.create(kernels, shape);
    if (made === null) return null;
    plans.set(kernels, made);
    plan = made;
  }
  return plan.run(weights, xs, initial, entering);
}
