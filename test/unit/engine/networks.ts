// Random networks of any shape for property tests.
import { cellOf } from '../../../src/engine/index.js';
import type { ByParameter, CellName, Direction, Experiment, LayerSpec, Loss } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';

export type NetworkShape = {
  readonly seed: number;
  readonly cell: CellName;
  readonly B: number;
  readonly T: number;
  readonly I: number;
  /** Widths of the layers, from the input up. */
  readonly widths: readonly number[];
  readonly directions: readonly Direction[];
  readonly lengths?: readonly number[];
  readonly truncate?: number | null;
};

/** Weights of ordinary size, initial states that are not zero, ones on the last output. */
export function randomNetwork(shape: NetworkShape): Experiment {
  const { seed, cell, B, T, I, widths, directions, lengths, truncate = null } = shape;
  const next = randomNumbers(seed);
  const { parameters, states } = cellOf(cell);
  const layers: LayerSpec[] = [];
  let below = I;
  for (const [layer, H] of widths.entries()) {
    for (const direction of directions) {
      const own = Object.fromEntries(
        parameters.map(({ name, shape: of }) => {
          const [rows, columns] = of(below, H);
          return [name, filled(rows * columns, () => (0.9 * next()) / Math.sqrt(name === 'Wh' ? H / 3 : 1))];
        }),
      ) as ByParameter<Float64Array>;
      const initial = Object.fromEntries(
        states.map((state) => [state, filled(B * H, () => 0.5 * next())]),
      ) as LayerSpec['initial'];
      layers.push({ layer, direction, H, parameters: own, initial });
    }
    below = H * directions.length;
  }
  const xs = filled(B * T * I, next);
  for (const [b, length] of lengths?.entries() ?? []) xs.fill(0, (b * T + length) * I, (b + 1) * T * I);
  return {
    name: 'random',
    cell,
    dtype: 'float64',
    shapes: { B, T, I, H: widths.at(-1)! },
    layers: layers as [LayerSpec, ...LayerSpec[]],
    chunks: [{ steps: T, xs, ...(lengths === undefined ? {} : { lengths }) }],
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate,
  };
}

/** A loss of the kind over a random readout with O outputs. */
export function randomLoss(experiment: Experiment, kind: Loss['kind'], at: Loss['at'], seed: number): Loss {
  const next = randomNumbers(seed);
  const { B, T, H } = experiment.shapes;
  const O = 3;
  const N = H * new Set(experiment.layers.map(({ direction }) => direction)).size;
  const S = at === 'every' ? T : typeof at === 'string' ? 1 : at.length;
  const targets = {
    mse: () => filled(B * S * O, next),
    binaryCrossEntropy: () => filled(B * S * O, () => (next() + 1) / 2),
    crossEntropy: () => filled(B * S, () => Math.floor(((next() + 1) / 2) * O) % O),
  }[kind]();
  // One place without a target, where there are several.
  const present = new Uint8Array(B * S).fill(1);
  if (B * S > 2) present[1] = 0;
  return { kind, at, Why: filled(N * O, next), by: filled(O, next), targets, present };
}
