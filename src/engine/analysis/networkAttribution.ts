// Which losses of a network make the gradient of a layer at t, and how much of each loss arrives at each layer: the
// backward pass through all layers once for each source.
import { cellOf } from '../cells/index.js';
import { FlowingRows } from '../core/gradientRows.js';
import { jointLog10 } from '../core/blockFloat.js';
import { maxAbs } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';
import { part } from '../core/resumable.js';
import type { Sequence } from '../core/tensor.js';
import { exactSteps, gateWidth, stateWidth } from '../network/cellRows.js';
import { cutBefore } from '../network/chunks.js';
import type { Experiment, LayerExperiment } from '../network/experiment.js';
import { directionsOf, reversedSeries, stackOf } from '../network/layers.js';
import type { LayerChunks } from '../network/networkSource.js';
import { beginsAt, stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { groups, leaveOut, sourcesWithin } from './attribution.js';
import type { GrowingAttribution } from './attribution.js';

/** Numbers that the sources of one pass may hold between two layers, and those of one source at most: 32 MB, 512 MB. */
const [heldAtOnce, heldAtMost] = [2 ** 22, 2 ** 26];

/** What sources send into a layer's output: a row of each batch item at each position for every source. */
export class Arriving {
  readonly rows: FlowingRows;
  readonly #T: number;
  readonly #B: number;

  constructor(count: number, B: number, T: number, width: number) {
    this.rows = new FlowingRows(count * B * T, width);
    [this.#B, this.#T] = [B, T];
  }

  /** Of source s into batch item b at position t. */
  row(s: number, b: number, t: number): number {
    return (s * this.#T + t) * this.#B + b;
  }
}

/** The position in the sequence of a step of a chunk, in the order in which a layer computes. */
export const positionOf = (
  { layers: [{ direction }] }: LayerExperiment,
  { start, steps }: RunChunk,
  step: number,
): number => start + (direction === 'forward' ? step : steps - 1 - step);

/**
 * Whether a loss reaches a layer from both sides of its step: what one direction of a layer above has brought there,
 * the other one takes the opposite way.
 */
const fromBothSides = (experiment: Experiment, { layers: [{ layer }] }: LayerExperiment): boolean =>
  directionsOf(experiment) > 1 && layer < stackOf(experiment).length - 1;

/**
 * Multiplications of one of `all` sources on its way through all layers, and the widest output between two of them.
 * Sources that stand everywhere go through half of a chunk on average, and through all of it where they come from both
 * sides.
 */
function sizesOf(
  experiment: Experiment,
  layers: readonly LayerChunks[],
  all: number,
): { readonly each: number; readonly widest: number } {
  const { chunks } = experiment;
  const longest = chunks.reduce((max, { steps }) => Math.max(max, steps), 0);
  let [each, widest] = [0, 0];
  for (const { experiment: own } of layers) {
    const { B, I, H } = own.shapes;
    const steps = all <= chunks.length || fromBothSides(experiment, own) ? longest : longest / 2;
    each += steps * B * H * cellOf(own.cell).gates.length * (I + H);
    widest = Math.max(widest, I, 2 * H);
  }
  return { each, widest };
}

/** Steps between positions and the order in which a direction computes, both ways. */
function turned({ layers: [{ direction }], chunks, shapes: { T } }: LayerExperiment): (t: number) => number {
  if (direction === 'forward') return (t) => t;
  const order = reversedSeries(
    Float64Array.from({ length: T }, (_, t) => t),
    chunks,
  );
  return (t) => order[t]!;
}

/** The steps of each chunk at which something enters the network's output, counted on the whole time axis. */
function* enteringSteps({ chunks, shapes: { B, T } }: Experiment, { data, N }: Sequence): Resumable<number[][]> {
  const entering: number[][] = [];
  let start = 0;
  for (const { steps } of chunks) {
    const own: number[] = [];
    for (let t = start; t < start + steps; t++) {
      for (let b = 0; b < B; b++)
        if (maxAbs(data.subarray((b * T + t) * N, (b * T + t + 1) * N)) !== 0) {
          own.push(t);
          break;
        }
      if (t % 1024 === 0) yield 0;
    }
    entering.push(own);
    start += steps;
  }
  return entering;
}

/** What one of the layers is asked for besides its sums: its steps. */
export type Shown = { readonly index: number; readonly attribution: GrowingAttribution };

/**
 * On the way of S sources through one layer's direction: `above` is what enters its output, from column `from` of it
 * on; what goes down is added to `below`; `heard` is told the norm of each source at each position.
 */
export type OnTheWay = {
  readonly S: number;
  readonly above: Arriving;
  readonly from: number;
  readonly below: Arriving | null;
  readonly heard: (s: number, position: number, log10: number) => void;
};
/** Takes them through; false where it cannot, and what it has told does not count. */
export type ThroughLayer = (layer: LayerChunks, way: OnTheWay) => Resumable<boolean>;

/** In plain arithmetic. */
export function* plainThroughLayer(
  { experiment, chunks }: LayerChunks,
  { S, above, from, below, heard }: OnTheWay,
): Resumable<boolean> {
  const { B, T, I, H } = experiment.shapes;
  const { Wx } = experiment.layers[0].parameters;
  const N = gateWidth(experiment);
  const states = new FlowingRows(S * B, stateWidth(experiment));
  const [gates, inputGates] = [new FlowingRows(S * B, N), new FlowingRows(S * B, N)];
  const dx = new Float64Array(I);
  let done = 0;
  for (const chunk of chunks) {
    for (let row = 0; row < S * B; row++) states.clear(row);
    for (let step = chunk.steps - 1; step >= 0; step--) {
      const position = positionOf(experiment, chunk, step);
      yield* stepReady(chunk, step);
      const jacobians = exactSteps(experiment, chunk, step);
      for (let s = 0; s < S; s++) {
        for (let b = 0; b < B; b++) {
          const entering = above.row(s, b, position);
          if (!above.rows.isZero(entering))
            states.add(s * B + b, above.rows.row(entering).subarray(from, from + H), above.rows.exponents[entering]);
        }
        heard(s, position, states.log10Norm(s * B, (s + 1) * B));
        for (const [b, jacobian] of jacobians.entries()) {
          const row = s * B + b;
          if (states.isZero(row)) continue;
          if (below !== null) {
            inputGates.toInputGates(row, states, jacobian);
            const dz = inputGates.row(row);
            for (let i = 0; i < I; i++) {
              let sum = 0;
              for (let j = 0; j < N; j++) sum += dz[j]! * Wx[i * N + j]!;
              dx[i] = sum;
            }
            if (!inputGates.isZero(row)) below.rows.add(below.row(s, b, position), dx, inputGates.exponents[row]);
          }
          if (cutBefore(experiment, chunk, step) || beginsAt(chunk, b, step)) {
            states.clear(row);
            continue;
          }
          gates.toGates(row, states, jacobian);
          states.pullBack(row, gates, jacobian);
        }
        if (s % 4 === 3) yield done / T;
      }
      yield ++done / T;
    }
  }
  return true;
}

/**
 * Fills the attribution of a network of several layers or directions: `layers` are those of its run, `dhs` [B,T,D·H] is
 * what enters its output. Steps and sources of the attribution count as the layer that is shown computes; on the way
 * there they are positions in the sequence. False where a layer could not be gone through.
 */
export function* attributeThrough(
  experiment: Experiment,
  layers: readonly LayerChunks[],
  dhs: Sequence,
  { index, attribution }: Shown,
  through: ThroughLayer,
  budgets: readonly [number, number],
): Resumable<boolean> {
  const { B, T } = experiment.shapes;
  const entering = yield* enteringSteps(experiment, dhs);
  const all = entering.reduce((sum, steps) => sum + steps.length, 0);
  const shown = layers[index]!.experiment;
  attribution.bothSides = fromBothSides(experiment, shown);
  const { each, widest } = sizesOf(experiment, layers, all);
  const most = sourcesWithin(experiment.chunks, all, each, budgets);
  if (most === null || B * T * widest > heldAtMost) {
    leaveOut(attribution, most === null ? 'work' : 'memory');
    return true;
  }
  const turn = turned(shown);
  const sources = groups(entering, most).sort((a, b) => turn(a.from) - turn(b.from));
  const S = sources.length;
  const { t: rows } = attribution;
  const rowAt = new Map(Array.from(rows, (step, row) => [turn(step), row]));
  const arrivals = layers.map(({ experiment: { layers: specs } }) => ({
    layer: specs[0].layer,
    direction: specs[0].direction,
    log10: new Float64Array(S).fill(NaN),
  }));
  attribution.sources = sources.map(({ from, to }) => {
    const ends = [turn(from), turn(to)];
    return { from: Math.min(...ends), to: Math.max(...ends) };
  });
  attribution.layers = arrivals;
  attribution.log10 = new Float64Array(rows.length * S).fill(NaN);
  const atOnce = Math.max(1, Math.floor(heldAtOnce / (B * T * widest)));
  const stack = stackOf(experiment);
  for (let first = 0; first < S; first += atOnce) {
    const own = sources.slice(first, first + atOnce);
    const portion = own.length / S;
    let above = new Arriving(own.length, B, T, dhs.N);
    for (const [s, source] of own.entries())
      for (let t = source.from; t <= source.to; t++)
        for (let b = 0; b < B; b++)
          above.rows.add(above.row(s, b, t), dhs.data.subarray((b * T + t) * dhs.N, (b * T + t + 1) * dhs.N));
    let next = layers.length;
    for (const directions of [...stack].reverse()) {
      next -= directions.length;
      const below = next === 0 ? null : new Arriving(own.length, B, T, layers[next]!.experiment.shapes.I);
      let column = 0;
      for (const [d, { H }] of directions.entries()) {
        const l = next + d;
        const { log10: arrived } = arrivals[l]!;
        arrived.fill(-Infinity, first, first + own.length);
        const done = first / S + (portion * (layers.length - 1 - l)) / layers.length;
        const heard = (s: number, position: number, log10: number): void => {
          arrived[first + s] = jointLog10([arrived[first + s]!, log10]);
          const row = l === index ? rowAt.get(position) : undefined;
          if (row !== undefined) attribution.log10[row * S + first + s] = log10;
        };
        const way = { S: own.length, above, from: column, below, heard };
        if (!(yield* part(through(layers[l]!, way), done, done + portion / layers.length))) return false;
        column += H;
      }
      if (below !== null) above = below;
    }
  }
  return true;
}
