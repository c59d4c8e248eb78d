// The gradients of a run against what the loss does when numbers are moved a little.
import type { Activation } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { Random } from '../core/random.js';
import { heldOf } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import { productsOf } from '../network/experiment.js';
import type { Direction, Experiment, LayerSpec, Loss } from '../network/experiment.js';
import { networkUpstream } from '../network/networkLoss.js';
import type { Kernels } from '../wasm/instance.js';
import { runExperiment } from './experimentRun.js';
import { goForward, inputsOf } from './networkRun.js';
import type { AnyNetworkRun } from './networkRun.js';

/** Relative errors up to the first are good, and above the second they are wrong: a derivative is another one. */
export const errorBounds = { good: 1e-7, wrong: 1e-4 } as const;

/** A derivative twice: from backpropagation, and as a centred difference. */
type Compared = {
  /** Row-major index of the number that was moved; null: all of the tensor were, along one direction. */
  readonly at: number | null;
  readonly gradient: number;
  readonly difference: number;
  /** |gradient − difference| over the larger of both; 0 where both are 0. */
  readonly error: number;
};

/** What was found of one tensor. */
export type CheckedTensor = {
  /** Null for what belongs to the whole network: its inputs and its readout. */
  readonly layer: Pick<LayerSpec, 'layer' | 'direction'> | null;
  /** `Wx`, `Wh`, `b` and the others of the cell, a state's name for the initial one, `x`, `Why`, `by`. */
  readonly name: string;
  readonly size: number;
  /** Derivatives that both ways tell, and the one with the largest error; null where there is none. */
  readonly compared: number;
  readonly worst: Compared | null;
  /** Left out: a unit of relu is on at one end of the step and off at the other, however short the step is. */
  readonly kinks: number;
  /** Left out: what float64 rounds away of the loss is more than its change. */
  readonly unclear: number;
};

export type GradientCheck = {
  /** What the derivatives are of: the loss, or the sum of what flows in from above times the output. */
  readonly value: number;
  /** Whether the gradient is cut nowhere in the run itself, so that it is the derivative of its loss. */
  readonly isAsRun: boolean;
  readonly tensors: readonly CheckedTensor[];
};

/** A tensor with its gradient, and the experiment with other numbers in its place. */
type Place = Pick<CheckedTensor, 'layer' | 'name'> & {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  readonly put: (values: Float64Array) => Experiment;
};

/** Numbers of a tensor that are moved singly, at most. */
const mostSingly = 8;
/** Multiply-adds of all forward passes together, some 20 seconds. */
const mostWork = 1e11;
/** Forward passes that a derivative takes as a rule. */
const usualPasses = 6;
/** The steps of a difference, relative to the numbers that are moved: each an eighth of the one before. */
const steps = [2 ** -10, 2 ** -13, 2 ** -16, 2 ** -19, 2 ** -22];
/** A difference that is known so well needs no shorter step. */
const wellKnown = 1e-9;
/** Units in the last place that the terms of a loss are off by. */
const roundings = 16 * 2 ** -52;

/** The experiment whose gradient is the derivative of its loss: cut nowhere, unclipped, in float64. */
const uncut = (experiment: Experiment): Experiment => ({
  ...experiment,
  dtype: 'float64',
  stateful: false,
  truncate: null,
  clipNorm: null,
});

function layerPlaces(run: AnyNetworkRun, l: number): Place[] {
  const { experiment, layers } = run;
  const spec = experiment.layers[l]!;
  const { gradients, dInitial } = layers[l]!.result.layers[0];
  const layer: { layer: number; direction: Direction } = { layer: spec.layer, direction: spec.direction };
  const other = (changed: LayerSpec): Experiment => ({
    ...experiment,
    layers: experiment.layers.with(l, changed) as [LayerSpec, ...LayerSpec[]],
  });
  return [
    ...Object.entries(spec.parameters).map(([name, values]) => ({
      layer,
      name,
      values,
      gradient: Float64Array.from(gradients[name]!),
      put: (moved: Float64Array) => other({ ...spec, parameters: { ...spec.parameters, [name]: moved } }),
    })),
    ...Object.entries(dInitial).map(([name, gradient]) => ({
      layer,
      name,
      values: spec.initial[name] ?? new Float64Array(gradient.length),
      gradient: Float64Array.from(gradient),
      put: (moved: Float64Array) => other({ ...spec, initial: { ...spec.initial, [name]: moved } }),
    })),
  ];
}

/** The inputs, the numbers of all chunks in one tensor [B,T,I]. */
function* inputPlace({ experiment, dxs }: AnyNetworkRun): Resumable<Place> {
  const {
    shapes: { B, T, I },
    chunks,
  } = experiment;
  const { data } = yield* inputsOf(experiment);
  const put = (moved: Float64Array): Experiment => {
    let start = 0;
    return {
      ...experiment,
      chunks: chunks.map((chunk) => {
        const xs = new Float64Array(chunk.xs.length);
        const row = chunk.steps * I;
        for (let b = 0; b < B; b++) {
          const from = (b * T + start) * I;
          xs.set(moved.subarray(from, from + row), b * row);
        }
        start += chunk.steps;
        return { ...chunk, xs };
      }),
    };
  };
  return { layer: null, name: 'x', values: Float64Array.from(data), gradient: Float64Array.from(heldOf(dxs)), put };
}

function* readoutPlaces(run: AnyNetworkRun, loss: Loss): Resumable<Place[]> {
  const { experiment } = run;
  const full = yield* run.lossInFull();
  if (full === null) return [];
  const { weight, bias } = full.readout;
  const [O, N] = [loss.by.length, loss.Why.length / loss.by.length];
  const other = (changed: Partial<Loss>): Experiment => ({ ...experiment, loss: { ...loss, ...changed } });
  return [
    {
      layer: null,
      name: 'Why',
      values: loss.Why,
      gradient: weight.map((_, i) => weight[(i % O) * N + Math.floor(i / O)]!),
      put: (Why) => other({ Why }),
    },
    ...(loss.withoutBias === true
      ? []
      : [{ layer: null, name: 'by', values: loss.by, gradient: bias, put: (by: Float64Array) => other({ by }) }]),
  ];
}

/** The value of a forward pass, the size of the terms that it is the sum of, and every layer's output. */
type Valued = { readonly value: number; readonly size: number; readonly outputs: readonly Sequence[] };

/** `above`: what flows in [B,T,D·H] where there is no loss. */
function* valueOf(experiment: Experiment, above: FloatArray, outputs: readonly Sequence[]): Resumable<Valued> {
  const output = outputs.at(-1)!;
  const { loss } = experiment;
  if (loss !== null) {
    const { value } = (yield* networkUpstream(experiment, output)).loss!;
    return { value, size: Math.abs(value), outputs };
  }
  let [value, size] = [0, 0];
  for (const [i, h] of output.data.entries()) {
    const term = above[i]! * h;
    value += term;
    size += Math.abs(term);
  }
  return { value, size, outputs };
}

/** Whether the slope jumps at 0, as that of relu does; everywhere else slopes are smooth. */
const hasKink = ({ slope }: Activation): boolean => Math.abs(slope(1e-30) - slope(-1e-30)) > 1e-9;

/** Whether a unit lies on the other side of a kink of its activation. */
function crosses({ cell }: Experiment, before: Valued, after: Valued): boolean {
  const { activation } = cellOf(cell);
  if (activation === null || !hasKink(activation)) return false;
  const { slope } = activation;
  return before.outputs.some(({ data }, l) => data.some((h, i) => slope(h) !== slope(after.outputs[l]!.data[i]!)));
}

type Derivative = { readonly difference: number; readonly uncertainty: number };

/**
 * The derivative along `direction` [the size of the tensor]: centred differences, of which the step is taken whose own
 * error, seen beside the next longer one, is the smallest (Ridders 1982).
 */
function* differenceAlong(
  { values, put }: Place,
  direction: Float64Array,
  value: (experiment: Experiment) => Resumable<Valued>,
): Resumable<Derivative | 'kink' | 'unclear'> {
  let [before, best]: [number | null, Derivative | null] = [null, null];
  let meetsKink = false;
  for (const step of steps) {
    const moved = (by: number): Float64Array => values.map((number, i) => number + by * direction[i]!);
    const above = put(moved(step));
    const [up, down] = [yield* value(above), yield* value(put(moved(-step)))];
    if (crosses(above, down, up)) {
      meetsKink = true;
      continue;
    }
    const difference = (up.value - down.value) / (2 * step);
    if (!Number.isFinite(difference)) continue;
    const rounding = (roundings * Math.max(up.size, down.size)) / step;
    if (before !== null) {
      const uncertainty = Math.abs(difference - before) + rounding;
      if (best === null || uncertainty < best.uncertainty)
        best = { difference: difference + (difference - before) / 63, uncertainty };
      if (best.uncertainty <= wellKnown * Math.abs(difference)) break;
    }
    before = difference;
  }
  return best ?? (meetsKink ? 'kink' : 'unclear');
}

/** Directions in which a tensor is moved: as a whole, and some of its numbers. */
function movesOf({ values, gradient }: Place, singly: number, random: Random): [at: number | null, Float64Array][] {
  const size = values.length;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / size) || 1;
  // Everywhere uphill, so that nothing cancels.
  const whole = Float64Array.from(values, (_, i) => {
    const side = Math.sign(gradient[i]!) || Math.sign(random.uniform() - 0.5);
    return side * scale * (0.5 + random.uniform());
  });
  const largest = gradient.reduce((most, g, i) => (Math.abs(g) > Math.abs(gradient[most]!) ? i : most), 0);
  const chosen = new Set(singly === 0 ? [] : [largest]);
  while (chosen.size < Math.min(singly, size)) chosen.add(Math.floor(random.uniform() * size));
  const single = (at: number): Float64Array => {
    const one = new Float64Array(size);
    one[at] = scale;
    return one;
  };
  return [[null, whole], ...[...chosen].map((at): [number, Float64Array] => [at, single(at)])];
}

function* checkTensor(
  place: Place,
  singly: number,
  random: Random,
  value: (experiment: Experiment) => Resumable<Valued>,
): Resumable<CheckedTensor> {
  const { layer, name, values, gradient } = place;
  let [compared, kinks, unclear] = [0, 0, 0];
  let worst: Compared | null = null;
  const moves = movesOf(place, singly, random);
  for (const [m, [at, direction]] of moves.entries()) {
    const [from, to] = [m / moves.length, (m + 1) / moves.length];
    const found = yield* part(differenceAlong(place, direction, value), from, to);
    if (found === 'kink') kinks++;
    if (found === 'unclear') unclear++;
    if (typeof found === 'string') continue;
    const { difference, uncertainty } = found;
    const told = direction.reduce((sum, by, i) => sum + by * gradient[i]!, 0);
    const distance = Math.abs(told - difference);
    const size = Math.max(Math.abs(told), Math.abs(difference));
    const error = distance === 0 ? 0 : distance / size;
    if (error > errorBounds.good && distance <= uncertainty) {
      unclear++;
      continue;
    }
    compared++;
    const scale = at === null ? 1 : direction[at]!;
    if (worst === null || Number.isNaN(error) || error > worst.error)
      worst = { at, gradient: told / scale, difference: difference / scale, error };
  }
  return { layer, name, size: values.length, compared, worst, kinks, unclear };
}

/**
 * Every gradient of an experiment against centred differences of its loss in float64: of each tensor the derivative
 * along one direction that moves all of its numbers, and those of some single numbers. Where the run cuts its gradient
 * (truncation, a state that crosses chunks) no gradient is the derivative of its loss, so the same network is checked
 * without the cut. Null where the value is not finite.
 * @param limit bytes from which on a run keeps checkpoints
 */
export function* checkGradients(
  limit: number,
  given: Experiment,
  kernels: Kernels | null = null,
): Resumable<GradientCheck | null> {
  const experiment = uncut(given);
  const { B, T } = experiment.shapes;
  const run = yield* part(runExperiment(limit, experiment, undefined, kernels), 0, 0.1);
  const { N } = run.output;
  const output = { B, T, N, data: heldOf(run.output.data) };
  const { dhs } = yield* networkUpstream(experiment, output);
  function* value(moved: Experiment): Resumable<Valued> {
    const { inputs } = yield* goForward(moved, kernels, false);
    const [, ...outputs] = inputs;
    return yield* valueOf(moved, dhs.data, outputs);
  }
  const unmoved = yield* valueOf(experiment, dhs.data, [output]);
  if (!Number.isFinite(unmoved.value)) return null;

  const places = [
    ...experiment.layers.flatMap((_, l) => layerPlaces(run, l)),
    yield* inputPlace(run),
    ...(experiment.loss === null ? [] : yield* readoutPlaces(run, experiment.loss)),
  ].filter(({ values }) => values.length > 0);
  const derivatives = Math.floor(mostWork / (productsOf(experiment) * usualPasses * places.length));
  const singly = Math.min(mostSingly, Math.max(0, derivatives - 1));
  const random = new Random(1);
  const tensors: CheckedTensor[] = [];
  for (const [p, place] of places.entries()) {
    const [from, to] = [0.1 + (0.9 * p) / places.length, 0.1 + (0.9 * (p + 1)) / places.length];
    tensors.push(yield* part(checkTensor(place, singly, random, value), from, to));
  }
  const isCut = given.truncate !== null || (given.stateful && given.chunks.length > 1);
  return { value: unmoved.value, isAsRun: !isCut, tensors };
}
