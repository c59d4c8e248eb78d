// How many steps back the recurrent weights learn from: dWh split by the distance between a loss and the step it
// reaches; of gated cells every parameter and each gate's block of it.
import { cellOf } from '../cells/index.js';
import { exactSteps, gateWidth, stateWidth } from '../network/cellRows.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { beginsAt, enteringRow, stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { FlowingRows } from '../core/gradientRows.js';
import { rowOf } from '../core/tensor.js';
import type { ComputedRun } from '../network/result.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { columnsNorm, OuterSum, reachParameters } from './reachSums.js';
import type { ReachParameter } from './reachSums.js';

/** Of a gradient dW = Σ_k D_k, by the distances k. */
export type ReachShares = {
  /** ‖D_k‖ / ‖dW‖ for the distances k = 0, 1, …; what lies beyond the last is in `missing`. */
  readonly share: Float64Array;
  /** ‖dW − Σ_{j≤k} D_j‖ / ‖dW‖: the error of dW if nothing from further away than k reached it. */
  readonly missing: Float64Array;
};

/** The same of a parameter, or of its columns that are one gate's. */
export type ReachBlock = ReachShares & { readonly parameter: string; readonly gate: string | null };

/**
 * dWh = Σ_k D_k with D_k = Σ_t h_{t−1}ᵀ·(what entered at t+k, taken back to t, ⊙ f'(z_t)). NaN where not computed,
 * because it is not yet or is no part worth its time, and everywhere when dWh is not finite; 0 everywhere when it is 0;
 * without any distance where that would take more memory than there is, or minutes.
 */
export type Reach = ReachShares & {
  /** Of a cell with several gates: each parameter as a whole and by gates, Wh among them. */
  readonly blocks?: readonly ReachBlock[];
};

/** Of a dWh that is exactly 0: no part, and nothing is missing. */
export function nothing<Shares extends ReachShares>(reach: Shares): Shares {
  reach.share.fill(0);
  reach.missing.fill(0);
  return reach;
}

/** Multiplications of the whole pass, in plain arithmetic and through the kernels: two seconds either way. */
export const [plainBudget, budget] = [2e9, 1.6e10];
/** At most, for a few distances: half a minute behind everything else. */
export const [plainLimit, limit] = [2.5e10, 1e11];
/** More bars than this no picture shows. */
const mostDistances = 2000;
/** After this many, what is missing has to be worth going on for. */
const quickBudget = 2e8;
export const worthIt = 1e-4;
const fewestDistances = 8;

export type GrowingReach = { -readonly [Name in keyof Reach]: Reach[Name] };

export const none = new Float64Array(0);

/** Chooses as many distances as these budgets allow for so much work each; none when even the fewest are too many. */
export function plan(
  { cell, chunks, truncate }: LayerExperiment,
  reach: GrowingReach,
  each: number,
  [usual, most]: readonly [number, number],
): void {
  const longest = Math.min(
    chunks.reduce((max, { steps }) => Math.max(max, steps), 0),
    truncate ?? Infinity,
    mostDistances,
  );
  const affordable = Math.floor(usual / each);
  const distances = Math.min(longest, Math.max(affordable, Math.min(fewestDistances, Math.floor(most / each))));
  const unknown = (): Float64Array => new Float64Array(distances).fill(NaN);
  [reach.share, reach.missing] = [unknown(), unknown()];
  const { gates, parameters } = cellOf(cell);
  if (gates.length === 1) return;
  reach.blocks = parameters.flatMap(({ name }) =>
    [null, ...gates].map((gate) => ({ parameter: name, gate, share: unknown(), missing: unknown() })),
  );
}

/** Multiplications of a distance for each row on its way: dz, back through Wh, and its part of every gradient. */
export function workOfDistance({ cell, shapes: { I, H } }: LayerExperiment): number {
  const G = cellOf(cell).gates.length;
  return G === 1 ? 2 * H * H : G * H * (2 * H + I);
}

/**
 * h_{t−1} of every step of the run [B,T,H], the step of every row b·T + t, and whether a gradient may leave it to the
 * row before.
 */
function* paths(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
): Resumable<{
  readonly before: Float64Array;
  readonly steps: readonly StepJacobian[];
  readonly passes: Uint8Array;
}> {
  const { B, T, H } = experiment.shapes;
  const before = new Float64Array(B * T * H);
  const steps = new Array<StepJacobian>(B * T);
  const passes = new Uint8Array(B * T);
  for (const chunk of chunks) {
    for (let step = 0; step < chunk.steps; step++) {
      const t = chunk.start + step;
      const [own, previous] = [exactSteps(experiment, chunk, step), stateBefore(chunk, step)];
      for (let b = 0; b < B; b++) {
        const row = b * T + t;
        steps[row] = own[b]!;
        before.set(rowOf(previous, b).data.subarray(0, H), row * H);
        passes[row] = step > 0 && !cutBefore(experiment, chunk, step) && !beginsAt(chunk, b, step) ? 1 : 0;
      }
      yield 0;
    }
  }
  return { before, steps, passes };
}

/** What enters every row b·T + t. */
function entering({ shapes: { B, T } }: LayerExperiment, chunks: readonly RunChunk[], width: number): FlowingRows {
  const flow = new FlowingRows(B * T, width);
  for (const chunk of chunks)
    for (let step = 0; step < chunk.steps; step++)
      for (let b = 0; b < B; b++) {
        const { values, exponent } = enteringRow(chunk, b, step);
        flow.add(b * T + chunk.start + step, values, exponent);
      }
  return flow;
}

/** ∂L/∂s_t of every row: of cells with h alone the run's own. */
function* gradients(
  experiment: LayerExperiment,
  { layers: [{ dhScaled, dhExponent }] }: ComputedRun,
  chunks: readonly RunChunk[],
  steps: readonly StepJacobian[],
  passes: Uint8Array,
): Resumable<FlowingRows> {
  const { B, T, H } = experiment.shapes;
  const width = stateWidth(experiment);
  if (width > H) {
    const all = entering(experiment, chunks, width);
    const [states, gates] = [new FlowingRows(1, width), new FlowingRows(1, gateWidth(experiment))];
    for (let row = B * T - 1; row >= 0; row--) {
      // A row that nothing leaves is the first of its sequence, or the first behind a cut.
      if (!states.isZero(0)) all.add(row, states.row(0), states.exponents[0]);
      states.clear(0);
      if (passes[row] === 1 && !all.isZero(row)) {
        states.add(0, all.row(row), all.exponents[row]);
        gates.toGates(0, states, steps[row]!);
        states.pullBack(0, gates, steps[row]!);
      }
      if (row % 64 === 63) yield 0;
    }
    return all;
  }
  const all = new FlowingRows(B * T, width);
  for (let row = 0; row < B * T; row++) all.add(row, dhScaled.subarray(row * H, (row + 1) * H), dhExponent[row % T]);
  return all;
}

/** One gradient that is split by distance: all columns of a parameter, or one gate's. */
type Measured = {
  readonly parameter: number;
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly shares: ReachShares;
};

function measured(
  { cell, shapes: { H } }: LayerExperiment,
  reach: Reach,
  parameters: readonly ReachParameter[],
  whole: readonly OuterSum[],
): Measured[] {
  const { gates } = cellOf(cell);
  const blocks: readonly ReachBlock[] = [{ parameter: 'Wh', gate: null, ...reach }, ...(reach.blocks ?? [])];
  return blocks.map((shares) => {
    const parameter = parameters.findIndex(({ name }) => name === shares.parameter);
    const g = shares.gate === null ? null : gates.indexOf(shares.gate);
    const [from, to] = g === null ? [0, gates.length * H] : [g * H, (g + 1) * H];
    return { parameter, from, to, total: whole[parameter]!.norm(from, to), shares };
  });
}

export function* plainReach(
  experiment: LayerExperiment,
  result: ComputedRun,
  chunks: readonly RunChunk[],
  reach: Reach,
): Resumable<Reach> {
  const { B, T } = experiment.shapes;
  const N = gateWidth(experiment);
  const width = stateWidth(experiment);
  const { before, steps, passes } = yield* paths(experiment, chunks);
  const parameters = reachParameters(experiment, chunks, before);
  const toInput = parameters.some(({ way }) => way === 'input');
  const ways = { state: new FlowingRows(B * T, N), input: new FlowingRows(toInput ? B * T : 0, N) };
  const addRow = (sums: readonly OuterSum[], row: number, states: FlowingRows): void => {
    ways.state.toGates(row, states, steps[row]!);
    if (toInput) ways.input.toInputGates(row, states, steps[row]!);
    for (const [p, { way }] of parameters.entries()) sums[p]!.add(ways[way], row);
  };
  // The whole gradients once, under one exponent that all distances are measured with.
  const all = yield* gradients(experiment, result, chunks, steps, passes);
  const whole = parameters.map((parameter) => new OuterSum(parameter, N));
  for (let row = 0; row < B * T; row++) {
    addRow(whole, row, all);
    yield 0;
  }
  const every = measured(experiment, reach, parameters, whole);
  for (const { total, shares } of every) if (total === 0) nothing(shares);
  const split = every.filter(({ total }) => total !== 0 && Number.isFinite(total));
  if (split.length === 0) return reach;
  const rests = whole.map(({ sum }) => sum);
  const missingNow = ({ parameter, from, to, total }: Measured): number =>
    columnsNorm(rests[parameter]!, N, from, to) / total;
  const flow = entering(experiment, chunks, width);
  const distances = reach.share.length;
  for (let k = 0; k < distances; k++) {
    const parts = parameters.map((parameter, p) => new OuterSum(parameter, N, whole[p]!.exponent));
    let alive = false;
    for (let row = 0; row < B * T; row++) {
      if (flow.isZero(row)) continue;
      alive = true;
      addRow(parts, row, flow);
      flow.pullBack(row, ways.state, steps[row]!);
      if (row % 64 === 63) yield k / distances;
    }
    for (const [p, { sum }] of parts.entries())
      for (let i = 0; i < sum.length; i++) rests[p]![i] = rests[p]![i]! - sum[i]!;
    for (const one of split) {
      one.shares.share[k] = parts[one.parameter]!.norm(one.from, one.to) / one.total;
      one.shares.missing[k] = missingNow(one);
    }
    if (!alive) {
      for (const one of split) {
        one.shares.share.fill(0, k);
        one.shares.missing.fill(missingNow(one), k);
      }
      return reach;
    }
    moveBack(flow, passes, B, T, width);
    const done = split.every(({ shares }) => shares.missing[k]! < worthIt);
    if (done && (k + 1) * B * T * workOfDistance(experiment) > quickBudget) return reach;
    yield (k + 1) / distances;
  }
  return reach;
}

/** What has left step t + 1 now stands at t; the last step of every chunk is left with nothing. */
function moveBack(flow: FlowingRows, passes: Uint8Array, B: number, T: number, width: number): void {
  for (let b = 0; b < B; b++) {
    const base = b * T;
    flow.data.copyWithin(base * width, (base + 1) * width, (base + T) * width);
    flow.exponents.copyWithin(base, base + 1, base + T);
    for (let t = 0; t < T; t++) if (t + 1 === T || passes[base + t + 1] !== 1) flow.clear(base + t);
  }
}
