// Small runs of vanilla layers in one call of the kernels.
import type { Sequence } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { StateMeasures, StepNorms } from '../network/result.js';
import type { ByParameter } from '../cells/cell.js';
import type { Gradients } from '../network/rnnUnit.js';
import type { Kernels } from './instance.js';
import { pauseLimit } from './workSplit.js';
import { liftsApart } from './stepNorms.js';
import { sharedNumbers, stepSeries } from './abi.js';
import type { Exports } from './abi.js';
import { inOrder } from './struct.js';
import { blockStepsOf, bufferSizes, jobNumbers, kindsOf } from './layer.js';
import type { Entering, LayerShape, Room } from './layer.js';
import {
  enteringNumber,
  isSmallResult,
  LastPlan,
  layOutByName,
  mostOperations,
  placesOf,
  WholeMemory,
  wholeSizes,
} from './wholeRun.js';
import type { ResultShape, WholeResult } from './wholeRun.js';

const places = placesOf(stepSeries);

/** Everything a run leaves, from one chunk. */
class Whole {
  readonly #shape: LayerShape;
  readonly #result: WholeResult;

  constructor(shape: LayerShape, result: WholeResult) {
    this.#shape = shape;
    this.#result = result;
  }

  get states(): StateMeasures {
    return { hNorm: this.#result.travelling(places.hNorm), closed: this.#result.travelling(places.closed) };
  }

  get norms(): StepNorms {
    const series = (place: number): Float64Array => this.#result.series(place);
    return {
      dh: series(places.dh),
      dx: series(places.dx),
      parameters: { Wx: series(places.dWx), Wh: series(places.dWh), b: series(places.db) },
    };
  }

  get hs(): Sequence {
    const { B, H, steps: T } = this.#shape;
    return { B, T, N: H, data: this.#result.numbers(0, B * T * H) };
  }

  get dhTotal(): Sequence {
    const { B, H, steps: T } = this.#shape;
    return { B, T, N: H, data: this.#result.numbers(B * T * H, B * T * H) };
  }

  get dxs(): Sequence {
    const { B, H, I, steps: T } = this.#shape;
    return { B, T, N: I, data: this.#result.numbers(2 * B * T * H, B * T * I) };
  }

  get gradients(): Gradients {
    const { I, H } = this.#shape;
    const from = this.#ofSequences;
    return {
      Wx: this.#result.numbers(from, I * H),
      Wh: this.#result.numbers(from + I * H, H * H),
      b: this.#result.numbers(from + (I + H) * H, H),
    };
  }

  get dh0(): FloatArray {
    const { B, I, H } = this.#shape;
    return this.#result.numbers(this.#ofSequences + (I + H + 1) * H, B * H);
  }

  /** Numbers of the sequences, which come first. */
  get #ofSequences(): number {
    const { B, I, H, steps } = this.#shape;
    return B * steps * (2 * H + I);
  }
}

const resultOf = ({ dtype, B, I, H, steps }: LayerShape): ResultShape => ({
  dtype,
  steps,
  series: stepSeries.length,
  // hNorm and closed
  travelling: 2,
  numbers: B * steps * (2 * H + I) + (I + H + 1 + B) * H,
});

function measure(shape: LayerShape) {
  const { B, I, H, steps } = shape;
  const numbersIn = H * H + I * H + H + B * H + B * steps * (I + H);
  const result = resultOf(shape);
  return { numbersIn, result, sizes: wholeSizes(bufferSizes(shape, steps, 1), numbersIn, result) };
}

/** What such a run takes. */
export const smallRoom = (kernels: Kernels, shape: LayerShape): Room => ({
  kernels,
  bytes: kernels.bytesFor(Object.values(measure(shape).sizes)),
});

class Plan {
  readonly memory: WholeMemory;
  readonly #shape: LayerShape;
  readonly #run: Exports['whole32'];
  readonly #watch: number;
  /** What the rows of d of all steps are, where norms of steps below the normal range are found apart. */
  readonly #kinds: Uint8Array | null;

  /** Null when there is not so much memory. */
  static create(kernels: Kernels, shape: LayerShape): Plan | null {
    const { numbersIn, result, sizes } = measure(shape);
    const at = layOutByName(kernels, sizes);
    if (at === null) return null;
    const { steps } = shape;
    // One thread, whose share of the scratch is all of it.
    const numbers = jobNumbers(shape, { T: steps, blockSteps: blockStepsOf(shape), places: steps, scratchBytes: 0 });
    const fields = inOrder('Job', { ...numbers, ...at });
    const memory = new WholeMemory(kernels, at, fields, numbersIn, result);
    const kinds = liftsApart(shape) ? kindsOf(memory.buffer, at.small, shape.B, steps) : null;
    return new Plan(kernels, shape, memory, kinds);
  }

  private constructor(kernels: Kernels, shape: LayerShape, memory: WholeMemory, kinds: Uint8Array | null) {
    this.memory = memory;
    this.#kinds = kinds;
    this.#shape = { ...shape };
    this.#run = shape.dtype === 'float32' ? kernels.exports.whole32 : kernels.exports.whole64;
    this.#watch = watchOf(shape);
  }

  run({ Wx, Wh, b }: ByParameter<FloatArray>, xs: FloatArray, initial: FloatArray, entering: Entering): Whole | null {
    const { memory } = this;
    const to = memory.write(Wh, Wx, b, initial, xs);
    if (typeof entering !== 'string') memory.add(entering, to);
    const done = this.#run(memory.jobAt, memory.inputAt, memory.outputAt, enteringNumber(entering), this.#watch);
    if (done === 0) return null;
    for (const kind of this.#kinds ?? []) if (kind === sharedNumbers.SMALL || kind === sharedNumbers.MIXED) return null;
    return new Whole(this.#shape, memory.keep());
  }
}

/** The operations of a run. */
const workOf = ({ B, I, H, steps }: LayerShape): number => 6 * B * steps * H * (H + I);

/** Looks at the size of the numbers on each way: few, because each takes the time of a step. */
const looks = 8;
/** Steps between two of them: all where even the slowest arithmetic would not take long. */
const watchOf = (shape: LayerShape): number =>
  workOf(shape) <= pauseLimit(shape.dtype, shape.B, true) ? shape.steps : Math.ceil(shape.steps / looks);

/** Whether such a run may be given up, and done in pieces, because its numbers become too small. */
export const mayStop = (shape: LayerShape): boolean => watchOf(shape) < shape.steps;

export const isSmall = (shape: LayerShape): boolean =>
  isSmallResult(resultOf(shape)) && workOf(shape) <= mostOperations;

const plans = new LastPlan((kernels, shape: LayerShape) => Plan.create(kernels, shape));

/**
 * A run of one chunk that `isSmall`; null when there is not so much memory, or when it would take long because its
 * numbers have become too small. The results stay as they are whatever runs next.
 */
export const runWhole = (
  kernels: Kernels,
  shape: LayerShape,
  weights: ByParameter<FloatArray>,
  xs: FloatArray,
  initial: FloatArray,
  entering: Entering,
): Whole | null => plans.for(kernels, shape)?.run(weights, xs, initial, entering) ?? null;
