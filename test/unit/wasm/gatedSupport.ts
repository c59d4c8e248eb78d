// LSTM and GRU experiments at random.
import { cellNames, cellOf } from '../../../src/engine/index.js';
import type { ByParameter, CellName, DType, LayerExperiment, LayerUpstream } from '../../../src/engine/index.js';
import type { Span } from '../../../src/engine/network/experiment.js';
import { sizeOf } from '../../../src/engine/cells/cell.js';
import { norm } from '../../../src/engine/core/norm.js';
import { takeStep } from '../../../src/engine/core/tensor.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
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
  /** Whether sequences differ in length; what enters is given then, as in a network. */
  readonly ragged: boolean;
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
  ragged: false,
  scale: 1,
};

/** Weights uniform in ±scale·√(3/n) of n numbers that meet in a sum. */
export function randomGated(shape: RandomGated): LayerExperiment {
  const { seed, B, T, I, H, cell, dtype, upstream, truncate, direction, chunks, stateful, initial, ragged, scale } =
    shape;
  const next = randomNumbers(seed);
  const { parameters: specs, states } = cellOf(cell);
  const weights = specs.map(({ name, role, shape: of }) => {
    const n = role === 'input' ? I : role === 'recurrent' ? H : 3;
    const limit = scale * Math.sqrt(3 / n);
    return [name, filled(sizeOf({ name, role, shape: of }, I, H), next).map((value) => value * limit)] as const;
  });
  const first = chunks === 1 ? T : Math.max(1, Math.floor(T / 3));
  const steps = first === T ? [T] : [first, T - first];
  const dhs = filled(B * T * H, next);
  const entering: LayerUpstream = upstream === 'given' || ragged ? { kind: 'given', dhs } : { kind: upstream };
  let start = 0;
  const made = steps.map((count) => {
    const xs = filled(B * count * I, next);
    if (!ragged) return { steps: count, xs };
    const spans: Span[] = Array.from({ length: B }, (_, b) => {
      // One sequence is the longest.
      const length = b === 0 ? count : 1 + Math.floor(((next() + 1) / 2) * count);
      return direction === 'forward' ? { from: 0, to: length } : { from: count - length, to: count };
    });
    for (const [b, { from, to }] of spans.entries())
      for (let t = 0; t < count; t++) {
        if (t >= from && t < to) continue;
        xs.fill(0, (b * count + t) * I, (b * count + t + 1) * I);
        dhs.fill(0, (b * T + start + t) * H, (b * T + start + t + 1) * H);
      }
    start += count;
    return { steps: count, xs, spans };
  });
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
    chunks: made,
    stateful,
    upstream: entering,
    loss: null,
    clipNorm: null,
    truncate,
  };
}

/** Every tensor and series of a pass by its name. */
export const partsOf = (pass: Pass): Readonly<Record<string, Float32Array | Float64Array>> => ({
  h: pass.hs.data,
  ...Object.fromEntries(Object.entries(pass.otherStates ?? {}).map(([name, { data }]) => [name, data])),
  dhTotal: pass.dhTotal.data,
  dxs: pass.dxs.data,
  dh0: pass.dh0,
  ...Object.fromEntries(Object.entries(pass.dOtherInitial ?? {}).map(([name, data]) => [`d${name}0`, data])),
  ...Object.fromEntries(Object.entries(pass.gradients).map(([name, data]) => [`d${name}`, data])),
  ...Object.fromEntries(
    Object.entries(pass.norms).flatMap(([name, series]) =>
      series instanceof Float64Array ? [[`norm of ${name}`, series] as const] : [],
    ),
  ),
  ...Object.fromEntries(Object.entries(pass.norms.parameters).map(([name, series]) => [`norm of d${name}`, series])),
  'norm of h': Float64Array.from({ length: pass.hs.T }, (_, t) => norm(takeStep(pass.hs, t).data)),
  ...Object.fromEntries(
    pass.chunks.flatMap(({ hs, dhs, initial }, i) => [
      [`states of chunk ${i}`, hs.data.subarray(0, hs.data.length)],
      [`what enters chunk ${i}`, dhs.data.subarray(0, dhs.data.length)],
      [`what chunk ${i} begins with`, initial.data],
    ]),
  ),
});
