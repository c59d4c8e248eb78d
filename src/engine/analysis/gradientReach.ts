// How many steps back the recurrent weights learn from: dWh split by the distance between a loss and the step it
// reaches.
import { exactSteps, gateWidth, stateWidth } from '../network/cellRows.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { exponentOf, maxAbs, norm } from '../core/norm.js';
import { FlowingRows } from '../core/gradientRows.js';
import { rowOf } from '../core/tensor.js';
import type { ComputedRun } from '../network/result.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';

/**
 * dWh = Σ_k D_k with D_k = Σ_t h_{t−1}ᵀ·(what entered at t+k, taken back to t, ⊙ f'(z_t)). NaN where not computed,
 * because it is not yet or is no part worth its time, and everywhere when dWh is not finite; 0 everywhere when it is 0;
 * without any distance where that would take more memory than there is, or minutes.
 */
export type Reach = {
  /** ‖D_k‖ / ‖dWh‖ for the distances k = 0, 1, …; what lies beyond the last is in `missing`. */
  readonly share: Float64Array;
  /** ‖dWh − Σ_{j≤k} D_j‖ / ‖dWh‖: the error of dWh if nothing from further away than k reached it. */
  readonly missing: Float64Array;
};

/** Of a dWh that is exactly 0: no part, and nothing is missing. */
export function nothing(reach: Reach): Reach {
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
  { chunks, truncate }: LayerExperiment,
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
  reach.share = new Float64Array(distances).fill(NaN);
  reach.missing = new Float64Array(distances).fill(NaN);
}

/**
 * h_{t−1} of every step of the run [B,T,H], the step of every row b·T + t, and whether a gradient may leave step t to
 * t − 1.
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
  const passes = new Uint8Array(T);
  for (const chunk of chunks) {
    for (let step = 0; step < chunk.steps; step++) {
      const t = chunk.start + step;
      const [own, previous] = [exactSteps(experiment, chunk, step), stateBefore(chunk, step)];
      for (let b = 0; b < B; b++) {
        steps[b * T + t] = own[b]!;
        before.set(rowOf(previous, b).data.subarray(0, H), (b * T + t) * H);
      }
      passes[t] = step > 0 && !cutBefore(experiment, chunk, step) ? 1 : 0;
      yield 0;
    }
  }
  return { before, steps, passes };
}

export function* plainReach(
  experiment: LayerExperiment,
  { layers: [layer] }: ComputedRun,
  chunks: readonly RunChunk[],
  reach: Reach,
): Resumable<Reach> {
  const { share, missing } = reach;
  const { B, T, H } = experiment.shapes;
  const N = gateWidth(experiment);
  const { before, steps, passes } = yield* paths(experiment, chunks);
  const flow = new FlowingRows(B * T, stateWidth(experiment));
  const gates = new FlowingRows(B * T, N);
  for (const chunk of chunks) {
    for (let step = 0; step < chunk.steps; step++)
      for (let b = 0; b < B; b++)
        flow.add(
          b * T + chunk.start + step,
          chunk.dhs.data.subarray((b * chunk.steps + step) * H, (b * chunk.steps + step + 1) * H),
        );
  }
  // The whole dWh once from the run's own g_t, under one exponent that all distances are measured with.
  const whole = new FlowingRows(B * T, stateWidth(experiment));
  for (let row = 0; row < B * T; row++)
    whole.add(row, layer.dhScaled.subarray(row * H, (row + 1) * H), layer.dhExponent[row % T]);
  const outer = new OuterSum(before, H, N);
  for (let row = 0; row < B * T; row++) {
    gates.toGates(row, whole, steps[row]!);
    outer.add(gates, row);
    yield 0;
  }
  const { sum: rest, exponent } = outer;
  const total = norm(rest);
  if (total === 0) return nothing(reach);
  if (!Number.isFinite(total)) return reach;
  for (let k = 0; k < share.length; k++) {
    const D = new OuterSum(before, H, N, exponent);
    let alive = false;
    for (let row = 0; row < B * T; row++) {
      if (flow.isZero(row)) continue;
      alive = true;
      gates.toGates(row, flow, steps[row]!);
      D.add(gates, row);
      flow.pullBack(row, gates, steps[row]!);
      if (row % 64 === 63) yield k / share.length;
    }
    for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - D.sum[i]!;
    share[k] = norm(D.sum) / total;
    missing[k] = norm(rest) / total;
    if (!alive) {
      share.fill(0, k);
      missing.fill(norm(rest) / total, k);
      return reach;
    }
    moveBack(flow, passes, B, T, stateWidth(experiment));
    if (missing[k]! < worthIt && (k + 1) * 2 * B * T * H * H > quickBudget) return reach;
    yield (k + 1) / share.length;
  }
  return reach;
}

/** What has left step t + 1 now stands at t; the last step of every chunk is left with nothing. */
function moveBack(flow: FlowingRows, passes: Uint8Array, B: number, T: number, width: number): void {
  for (let b = 0; b < B; b++) {
    const base = b * T;
    flow.data.copyWithin(base * width, (base + 1) * width, (base + T) * width);
    flow.exponents.copyWithin(base, base + 1, base + T);
    for (let t = 0; t < T; t++) if (passes[t + 1] !== 1) flow.clear(base + t);
  }
}

/**
 * Σ h_{t−1}ᵀ·dz_t over rows, under one power of two: that of the first sum, which is the largest there is to compare
 * with.
 */
class OuterSum {
  sum: Float64Array;
  exponent: number;
  readonly #fixed: boolean;
  readonly #before: Float64Array;
  readonly #H: number;
  readonly #N: number;

  constructor(before: Float64Array, H: number, N: number, exponent: number | null = null) {
    this.#before = before;
    this.#H = H;
    this.#N = N;
    this.#fixed = exponent !== null;
    this.exponent = exponent ?? -Infinity;
    this.sum = new Float64Array(H * N);
  }

  add(flow: FlowingRows, row: number): void {
    const [H, N] = [this.#H, this.#N];
    if (flow.isZero(row)) return;
    const magnitude = flow.exponents[row]! + exponentOf(maxAbs(flow.row(row)));
    if (!this.#fixed && magnitude > this.exponent) {
      const factor = 2 ** (this.exponent - magnitude);
      for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! * factor;
      this.exponent = magnitude;
    }
    const factor = 2 ** (flow.exponents[row]! - this.exponent);
    if (factor === 0) return;
    for (let k = 0; k < H; k++) {
      const h = this.#before[row * H + k]! * factor;
      if (h === 0) continue;
      for (let j = 0; j < N; j++) this.sum[k * N + j] = this.sum[k * N + j]! + h * flow.data[row * N + j]!;
    }
  }
}
