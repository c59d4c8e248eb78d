// An experiment with some of its parts changed as a what-if says.
import { cellOf } from '../cells/index.js';
import type { Cell } from '../cells/cell.js';
import type { Resumable } from '../core/resumable.js';
import { biasesOfLayer } from './experiment.js';
import type { Experiment, HeldBiases, LayerSpec, Upstream } from './experiment.js';
import { whatIfObstacle, withoutLast } from './whatIf.js';
import type { WhatIf } from './whatIf.js';
import { biasChanges, changedLayer } from './whatIfLayer.js';
import type { ChangedLayer, Recurrent, WhMeasures } from './whatIfLayer.js';

const limit = (wanted: number | 'off' | null, now: number | null): number | null =>
  wanted === null ? now : wanted === 'off' ? null : wanted;

/** Of a single layer whose sequences are as long as each other one step is told as values, which kernels know. */
function upstreamOf(upstream: Upstream, { layers, chunks, shapes: { B, T, H } }: Experiment): Upstream {
  const isOne = layers.length === 1 && layers[0].direction === 'forward';
  if (upstream.kind !== 'step' || !isOne || chunks.some(({ lengths }) => lengths !== undefined)) return upstream;
  const dhs = new Float64Array(B * T * H);
  for (let b = 0; b < B; b++) dhs.fill(1, (b * T + upstream.t) * H, (b * T + upstream.t + 1) * H);
  return { kind: 'given', dhs };
}

/** A layer gets all biases of its layout where one that it does not have would hold more than zeros. */
function biasesWith(spec: LayerSpec, other: ChangedLayer): HeldBiases {
  const held = biasesOfLayer(spec);
  const { stored, whole } = held;
  const changes = biasChanges(spec, other);
  const adds = (['input', 'state'] as const).some((which) => {
    const change = changes[which];
    return change !== null && !stored[which] && spec.parameters.b.some((_, j) => change(j, 0) !== 0);
  });
  return adds ? { ...held, stored: whole } : held;
}

/** Biases that one direction gets stand in the tensor of both, so that the other one gets them, too. */
function asShared(spec: LayerSpec, layers: readonly LayerSpec[]): LayerSpec {
  const { biases } = spec;
  const gets = layers.some(({ layer, biases: own }) => layer === spec.layer && own?.stored.input === true);
  return biases?.shared === true && gets ? { ...spec, biases: { ...biases, stored: biases.whole } } : spec;
}

/** The layer with its changed weights. A cell that keeps the bias of the state before apart has it in `bh`. */
export function withWeights(
  spec: LayerSpec,
  { parameters: specs }: Pick<Cell, 'parameters'>,
  other: ChangedLayer,
): LayerSpec {
  const { Wx, Wh, biases, shift } = other;
  const apart = specs.some(({ name }) => name === 'bh');
  const [input, state] = biases ?? [spec.parameters.b, null];
  const sum = state === null || apart ? input : input.map((value, j) => value + state[j]!);
  return {
    ...spec,
    biases: biasesWith(spec, other),
    parameters: {
      ...spec.parameters,
      Wx,
      Wh,
      b: shift === null ? sum : sum.map((value, j) => value + shift[j]!),
      ...(apart && state !== null ? { bh: state } : {}),
    },
  };
}

export type Changed = {
  readonly experiment: Experiment;
  /** Of each gate of the changed layers, by their numbers; of those that were measured. */
  readonly measures: ReadonlyMap<number, readonly WhMeasures[]>;
};

/**
 * The changed experiment with the measures of its Wh, or the sentence that says why there is none. `recurrents`: Wh of
 * each layer that is changed as it is before rescaling.
 */
export function* changed(
  experiment: Experiment,
  whatIf: WhatIf,
  recurrents: ReadonlyMap<number, Recurrent>,
): Resumable<Changed | string> {
  const obstacle = whatIfObstacle(experiment, whatIf);
  if (obstacle !== null) return obstacle;
  const cell = cellOf(experiment.cell);
  const layers: LayerSpec[] = [...experiment.layers];
  const measures = new Map<number, readonly WhMeasures[]>();
  for (const [index, recurrent] of recurrents) {
    const spec = layers[index]!;
    const other = yield* changedLayer(cell, spec, index, whatIf, recurrent);
    if (typeof other === 'string') return other;
    if (other.measures !== null) measures.set(index, other.measures);
    layers[index] = withWeights(spec, cell, other);
  }
  const whole = layers.map((spec) => asShared(spec, layers));
  const left = whatIf.drop === null ? whole : withoutLast(whole);
  const { lossAt } = whatIf;
  const without: Experiment = {
    ...experiment,
    cell: whatIf.cell ?? experiment.cell,
    // One is always left: of a single layer none is dropped.
    layers: left as [LayerSpec, ...LayerSpec[]],
    shapes: { ...experiment.shapes, H: left.at(-1)!.H },
    clipNorm: limit(whatIf.clipNorm, experiment.clipNorm),
    truncate: limit(whatIf.truncate, experiment.truncate),
  };
  const upstream: Upstream =
    lossAt === null ? experiment.upstream : typeof lossAt === 'number' ? { kind: 'step', t: lossAt } : { kind: lossAt };
  return { experiment: { ...without, upstream: upstreamOf(upstream, without) }, measures };
}
