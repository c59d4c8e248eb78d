// Small runs of LSTM and GRU in one call of the kernels each way.
import { sizeOf } from '../cells/cell.js';
import type { ByParameter } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Sequence } from '../core/tensor.js';
import type { StateMeasures, StepNorms } from '../network/result.js';
import type { Gradients } from '../network/rnnUnit.js';
import { gatedSeries } from './abi.js';
import type { Exports } from './abi.js';
import { buffersOf, cutOffsetOf, gatedBlockSteps, gatedNumbers, goesAtOnce, wholeOf } from './gatedLayout.js';
import type { GatedLayerShape, WholeShape } from './gatedLayout.js';
import { biasesOf } from './gatedWeights.js';
import { bytesOf } from './instance.js';
import type { Kernels } from './instance.js';
import type { Entering, Room } from './layer.js';
import { inOrder, structBytes } from './struct.js';
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

const places = placesOf(gatedSeries);

/** What goes in and where in the tensors that a run leaves each lies, in numbers. */
function layoutOf(shape: WholeShape) {
  const { cell, dtype, B, I, H, steps } = shape;
  const S = cell.states.length;
  const state = B * steps * H;
  const states = S * state;
  const dxs = states + state;
  let end = dxs + B * steps * I;
  const parameters = cell.parameters.map((spec) => {
    const length = sizeOf(spec, I, H);
    end += length;
    return {
      name: spec.name,
      norm: places[`d${spec.name}` as keyof typeof places],
      from: end - length,
      length,
    };
  });
  const result: ResultShape = {
    dtype,
    steps,
    series: gatedSeries.length,
    // hNorm
    travelling: 1,
    numbers: end + B * S * H,
  };
  // What enters from above comes last: it may depend on the states.
  const entering = end - dxs + B * S * H;
  return { S, state, states, dxs, parameters, dInitial: end, result, entering, numbersIn: entering + state };
}
type Layout = ReturnType<typeof layoutOf>;

/** Everything a run leaves, from one chunk. */
class GatedWhole {
  readonly #shape: WholeShape;
  readonly #layout: Layout;
  readonly #result: WholeResult;

  constructor(shape: WholeShape, layout: Layout, result: WholeResult) {
    this.#shape = shape;
    this.#layout = layout;
    this.#result = result;
  }

  get measures(): StateMeasures {
    return { hNorm: this.#result.travelling(places.hNorm), closed: new Float64Array(this.#shape.steps) };
  }

  get norms(): StepNorms {
    const series = (place: number): Float64Array => this.#result.series(place);
    const [dh, dx, parameters] = [series(places.dh), series(places.dx), this.#byParameter(({ norm }) => series(norm))];
    return this.#layout.S === 1
      ? { dh, dx, parameters }
      : { dh, dx, dc: series(places.dc), ds: series(places.ds), parameters };
  }

  /** [B,T,H] of each state. */
  get states(): readonly [Sequence, ...Sequence[]] {
    const { S, state } = this.#layout;
    const { H } = this.#shape;
    return S === 1 ? [this.#sequence(0, H)] : [this.#sequence(0, H), this.#sequence(state, H)];
  }

  get dhTotal(): Sequence {
    return this.#sequence(this.#layout.states, this.#shape.H);
  }

  get dxs(): Sequence {
    return this.#sequence(this.#layout.dxs, this.#shape.I);
  }

  get gradients(): Gradients {
    return this.#byParameter(({ from, length }) => this.#result.numbers(from, length));
  }

  /** [B,H] of each state: with respect to the initial ones. */
  get dInitial(): readonly [FloatArray, ...FloatArray[]] {
    const { B, H } = this.#shape;
    const { S, dInitial } = this.#layout;
    const h = this.#result.numbers(dInitial, B * H);
    return S === 1 ? [h] : [h, this.#result.numbers(dInitial + B * H, B * H)];
  }

  #sequence(from: number, N: number): Sequence {
    const { B, steps: T } = this.#shape;
    return { B, T, N, data: this.#result.numbers(from, B * T * N) };
  }

  #byParameter<A>(of: (parameter: Layout['parameters'][number]) => A): ByParameter<A> {
    const all: Record<string, A> = {};
    for (const parameter of this.#layout.parameters) all[parameter.name] = of(parameter);
    return all as ByParameter<A>;
  }
}

function measure(shape: WholeShape) {
  const layout = layoutOf(shape);
  const sizes = { job: structBytes('GatedJob'), ...buffersOf(shape, 1) };
  return { layout, sizes: wholeSizes(sizes, layout.numbersIn, layout.result) };
}

/** What such a run takes. */
export const gatedSmallRoom = (kernels: Kernels, shape: GatedLayerShape): Room => ({
  kernels,
  bytes: kernels.bytesFor(Object.values(measure(wholeOf(shape)).sizes)),
});

class GatedPlan {
  readonly memory: WholeMemory;
  readonly #shape: WholeShape;
  readonly #layout: Layout;
  readonly #forward: Exports['gatedWholeForward32'];
  readonly #backward: Exports['gatedWholeBackward32'];
  readonly #biases: readonly string[];
  /** Where what enters from above goes in, and where what is not the states comes out. */
  readonly #enteringAt: number;
  readonly #behindStates: number;

  /** Null when there is not so much memory. */
  static create(kernels: Kernels, layer: GatedLayerShape): GatedPlan | null {
    const shape = wholeOf(layer);
    const { layout, sizes } = measure(shape);
    const at = layOutByName(kernels, sizes);
    if (at === null) return null;
    const { steps } = shape;
    const numbers = gatedNumbers(shape, {
      T: steps,
      cutOffset: cutOffsetOf(shape, steps),
      blockSteps: gatedBlockSteps(shape),
      places: gatedBlockSteps(shape),
      // One thread, whose share is all of it.
      scratchBytes: 0,
    });
    const fields = inOrder('GatedJob', { ...numbers, ...at, spans: 0 });
    const memory = new WholeMemory(kernels, at, fields, layout.numbersIn, layout.result);
    return new GatedPlan(kernels, shape, layout, memory);
  }

  private constructor({ exports }: Kernels, shape: WholeShape, layout: Layout, memory: WholeMemory) {
    const { dtype } = shape;
    this.memory = memory;
    this.#shape = shape;
    this.#layout = layout;
    this.#forward = dtype === 'float32' ? exports.gatedWholeForward32 : exports.gatedWholeForward64;
    this.#backward = dtype === 'float32' ? exports.gatedWholeBackward32 : exports.gatedWholeBackward64;
    this.#biases = biasesOf(shape.cell);
    this.#enteringAt = memory.inputAt + bytesOf[dtype] * layout.entering;
    this.#behindStates = memory.outputAt + bytesOf[dtype] * layout.states;
  }

  /** xs [B,T,I] from the states `initial` [B,S·H] on. */
  forward(parameters: ByParameter<FloatArray>, xs: FloatArray, initial: FloatArray): void {
    const { memory } = this;
    let to = memory.write(parameters.Wh, parameters.Wx);
    for (const name of this.#biases) to = memory.add(parameters[name]!, to);
    to = memory.add(initial, to);
    memory.add(xs, to);
    this.#forward(memory.jobAt, memory.inputAt, memory.outputAt);
  }

  /** h [B,T,H] of the last `forward`. */
  h(): Sequence {
    const { B, H, steps: T } = this.#shape;
    return { B, T, N: H, data: this.memory.read(0, B * T * H) };
  }

  /** The way back of the last `forward`, and all that the two have left. */
  backward(entering: Entering): GatedWhole {
    const { memory } = this;
    if (typeof entering !== 'string') memory.add(entering, this.#layout.entering);
    this.#backward(memory.jobAt, this.#enteringAt, this.#behindStates, enteringNumber(entering));
    return new GatedWhole(this.#shape, this.#layout, memory.keep());
  }
}

/** `hasTeam`: then others may share the work. */
type Asked = GatedLayerShape & { readonly hasTeam: boolean };

const plans = new LastPlan((kernels, shape: Asked) =>
  isSmallGated(kernels, shape) ? GatedPlan.create(kernels, shape) : null,
);

/** Whether runs of one chunk, in which all sequences have all steps, go in one call each way. */
export function isSmallGated({ team }: Pick<Kernels, 'team'>, layer: GatedLayerShape): boolean {
  const shape = wholeOf(layer);
  return goesAtOnce(shape, team, mostOperations) && isSmallResult(layoutOf(shape).result);
}

/**
 * What such runs go through; null when they do not, or there is not so much memory. The results stay as they are
 * whatever runs next.
 */
export const smallGated = (kernels: Kernels, shape: GatedLayerShape): GatedPlan | null =>
  plans.for(kernels, { ...shape, hasTeam: kernels.team !== null });
