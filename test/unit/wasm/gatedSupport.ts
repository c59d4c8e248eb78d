// LSTM and GRU experiments at random.
import { cellNames, cellOf } from '../../../src/engine/index.js';
import type { ByParameter, CellName, DType, LayerExperiment, LayerUpstream } from '../../../src/engine/index.js';
import { sizeOf } from '../../../src/engine/cells/cell.js';
import { filled, randomNumbers } from '../engine/build.js';

/** Cells that the kernels of gated cells run. */
export const gatedCells = cellNames.filter((name) => cellOf(name).gated !== undefined);

export type RandomGated = {
  readonly seed: number;
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly cell: CellName;
  readonly dtype: DType;
  readonly upstream: 'last' | 'every' | 'given';
  readonly truncate: number | null;
  readonly direction: 'forward' | 'reverse';
  readonly chunks: 1 | 2;
  readonly stateful: boolean;
  readonly initial: boolean;
  /** By how much the weights of the usual initialisation are multiplied. */
  readonly scale: number;
};

export const plainGated: RandomGated = {
  seed: 1,
  B: 4,
  T: 12,
  I: 5,
  H: 20,
  cell: 'lstm',
  dtype: 'float64',
  upstream: 'last',
  truncate: null,
  direction: 'forward',
  chunks: 1,
  stateful: false,
  initial: true,
  scale: 1,
};

/** Weights uniform in ±scale·√(3/n) of n numbers that meet in a sum. */
export function randomGated(shape: RandomGated): LayerExperiment {
  const { seed, B, T, I, H, cell, dtype, upstream, truncate, direction, chunks, stateful, initial, scale } = shape;
  const next = randomNumbers(seed);
  const { parameters: specs, states } = cellOf(cell);
  const weights = specs.map(({ name, role, shape: of }) => {
    const n = role === 'input' ? I : role === 'recurrent' ? H : 3;
    const limit = scale * Math.sqrt(3 / n);
    return [name, filled(sizeOf({ name, role, shape: of }, I, H), next).map((value) => value * limit)] as const;
  });
  const first = chunks === 1 ? T : Math.max(1, Math.floor(T / 3));
  const steps = first === T ? [T] : [first, T - first];
  const entering: LayerUpstream =
    upstream === 'given' ? { kind: 'given', dhs: filled(B * T * H, next) } : { kind: upstream };
  const initials = states.map((name) => [name, initial ? filled(B * H, next) : null] as const);
  return {
    name: 'random',
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [
      {
        layer: 0,
        direction,
        H,
        parameters: Object.fromEntries(weights) as ByParameter<Float64Array>,
        initial: Object.fromEntries(initials) as { h: Float64Array | null },
      },
    ],
    chunks: steps.map((count) => ({ steps: count, xs: filled(B * count * I, next) })),
    stateful,
    upstream: entering,
    loss: null,
    clipNorm: null,
    truncate,
  };
}
