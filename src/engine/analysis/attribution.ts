// Which losses make the gradient at t: the backward pass once for each source, all of them at the same time.
import { exactSteps, gateWidth, stateWidth } from '../network/cellRows.js';
import { cellOf } from '../cells/index.js';
import { beginsAt, enteringReady, enteringRow, stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { FlowingRows } from '../core/gradientRows.js';
import { maxAbs } from '../core/norm.js';
import type { Direction, LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';

/**
 * log10 ‖contribution to g_t of what enters at the steps from ≤ s ≤ to‖ over batch and units. The contributions of one
 * t add up to g_t as vectors, so what a group of steps sends is exact, however many steps it holds; −Infinity for zero,
 * NaN where not computed yet.
 */
export type Attribution = {
  /**
   * Groups of consecutive steps at which something enters, both ends included, ascending; one step each where that is
   * affordable.
   */
  readonly sources: readonly { readonly from: number; readonly to: number }[];
  /** The steps t of the rows, ascending: all, or evenly spaced ones with both ends. */
  readonly t: Float64Array;
  /** [t.length, sources.length] */
  readonly log10: Float64Array;
  /**
   * Of a network: how much of what enters its output at the steps of each source arrives at each layer's direction,
   * over all of its steps together. Of one layer alone that is what `log10` says.
   */
  readonly layers?: readonly LayerArrival[];
  /**
   * Whether losses at the steps before t reach it too: in a network of two directions those below its last layer send
   * from both sides.
   */
  readonly bothSides: boolean;
  /** Why there is nothing: even a few sources would take too long, or more memory than there is. */
  readonly leftOut: 'work' | 'memory' | null;
};

/** log10 ‖what each source alone sends to the states of a layer's direction‖ over its steps, batch and units. */
export type LayerArrival = {
  readonly layer: number;
  readonly direction: Direction;
  /** [sources.length] */
  readonly log10: Float64Array;
};

/** Multiplications of the whole pass, in plain arithmetic and through the kernels: two to four seconds either way. */
export const [plainBudget, budget] = [4e9, 1.6e10];
/** At most, for a picture of few sources: half a minute behind everything else. */
export const [plainLimit, limit] = [2.5e10, 1e11];
const mostSources = 512;
const fewestSources = 16;
const mostRows = 2000;

/** At most `mostRows` steps of T, both ends among them. */
export const rowSteps = (T: number): Float64Array => {
  const rows = Math.min(T, mostRows);
  return Float64Array.from({ length: rows }, (_, i) => (rows === T ? i : Math.round((i * (T - 1)) / (rows - 1))));
};

export const groupSize = (all: number, most: number): number => Math.max(1, Math.ceil(all / most));

/** Steps at which a gradient enters from above, cut at chunk borders into at most about `most` groups. */
export function groups(entering: readonly (readonly number[])[], most: number): { from: number; to: number }[] {
  const size = groupSize(
    entering.reduce((sum, steps) => sum + steps.length, 0),
    most,
  );
  return entering.flatMap((steps) =>
    Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => ({
      from: steps[i * size]!,
      to: steps[Math.min(steps.length, (i + 1) * size) - 1]!,
    })),
  );
}

/** Numbers looked through between two pauses. */
const lookedThrough = 5e5;

/**
 * The steps of a chunk at which a gradient enters, counted on the whole time axis. Only values that are given have to
 * be looked through.
 */
export function* enteringSteps(
  { shapes: { B, T, H }, loss, upstream }: LayerExperiment,
  chunk: RunChunk,
): Resumable<number[]> {
  const { start, steps } = chunk;
  const end = start + steps;
  const every = (from: number): number[] => Array.from({ length: end - from }, (_, i) => from + i);
  if (loss !== null) return loss.at === 'every' ? every(start) : end === T ? [T - 1] : [];
  if (upstream.kind !== 'given') return upstream.kind === 'every' ? every(start) : [end - 1];
  const found: number[] = [];
  for (let t = 0; t < steps; t++) {
    yield* enteringReady(chunk, t);
    for (let b = 0; b < B; b++) {
      if (maxAbs(enteringRow(chunk, b, t).values) === 0) continue;
      found.push(start + t);
      break;
    }
    if (t % Math.ceil(lookedThrough / (B * H)) === 0) yield 0;
  }
  return found;
}

export type GrowingAttribution = { -readonly [Name in keyof Attribution]: Attribution[Name] };

/**
 * How many sources these budgets allow where a gradient enters at `all` steps; null when even the fewest that say
 * anything are too many.
 */
export function affordableSources(
  { cell, shapes: { B, H }, chunks }: LayerExperiment,
  all: number,
  budgets: readonly [number, number],
): number | null {
  return affordable(chunks, all, B * H * H * cellOf(cell).gates.length, budgets);
}

/** The same for so many multiplications that one source takes at each step of its way. */
function affordable(
  chunks: readonly { readonly steps: number }[],
  all: number,
  eachStep: number,
  [usual, most]: readonly [number, number],
): number | null {
  const longest = chunks.reduce((max, { steps }) => Math.max(max, steps), 0);
  // Sources that stand everywhere travel half of a chunk on average, one at its end all of it.
  return sourcesWithin(chunks, all, (all <= chunks.length ? longest : longest / 2) * eachStep, [usual, most]);
}

/** The same for so many multiplications of one source on all of its way. */
export function sourcesWithin(
  chunks: readonly { readonly steps: number }[],
  all: number,
  each: number,
  [usual, most]: readonly [number, number],
): number | null {
  const count = Math.max(
    Math.min(fewestSources, Math.floor(most / each)),
    Math.min(mostSources, Math.floor(usual / each)),
  );
  // One group of all is the gradient itself.
  return count < Math.min(all, chunks.length + 1) ? null : count;
}

/** Chooses as many sources as these budgets allow; false when even the fewest that say anything are too many. */
export function plan(
  experiment: LayerExperiment,
  entering: readonly (readonly number[])[],
  attribution: GrowingAttribution,
  budgets: readonly [number, number],
): boolean {
  const most = affordableSources(
    experiment,
    entering.reduce((sum, steps) => sum + steps.length, 0),
    budgets,
  );
  if (most === null) {
    leaveOut(attribution, 'work');
    return false;
  }
  attribution.sources = groups(entering, most);
  attribution.log10 = new Float64Array(attribution.t.length * attribution.sources.length).fill(NaN);
  return true;
}

export function leaveOut(attribution: GrowingAttribution, reason: NonNullable<Attribution['leftOut']>): void {
  const layers = attribution.layers === undefined ? {} : { layers: [] };
  Object.assign(attribution, { sources: [], log10: new Float64Array(0), ...layers, leftOut: reason });
}

export function* plainAttribution(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  attribution: Attribution,
): Resumable<Attribution> {
  const { sources, t: rows, log10 } = attribution;
  const {
    shapes: { B, T },
  } = experiment;
  const S = sources.length;
  let row = rows.length - 1;
  for (const chunk of [...chunks].reverse()) {
    const flow = new FlowingRows(S * B, stateWidth(experiment));
    const gates = new FlowingRows(S * B, gateWidth(experiment));
    for (let step = chunk.steps - 1; step >= 0; step--) {
      const t = chunk.start + step;
      yield* stepReady(chunk, step);
      const jacobians = exactSteps(experiment, chunk, step);
      const own = sources.findIndex(({ from, to }) => from <= t && t <= to);
      if (own >= 0) yield* enteringReady(chunk, step);
      if (own >= 0)
        for (let b = 0; b < B; b++) {
          const { values, exponent } = enteringRow(chunk, b, step);
          flow.add(own * B + b, values, exponent);
        }
      const here = rows[row] === t;
      for (let s = 0; s < S; s++) {
        if (here) log10[row * S + s] = flow.log10Norm(s * B, (s + 1) * B);
        for (let b = 0; b < B; b++) {
          const at = s * B + b;
          if (flow.isZero(at)) continue;
          if (cutBefore(experiment, chunk, step) || beginsAt(chunk, b, step)) {
            flow.clear(at);
            continue;
          }
          gates.toGates(at, flow, jacobians[b]!);
          flow.pullBack(at, gates, jacobians[b]!);
        }
        if (s % 16 === 15) yield (T - 1 - t) / T;
      }
      if (here) row--;
      yield (T - t) / T;
    }
  }
  return attribution;
}
