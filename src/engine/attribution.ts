// Which losses make the gradient at t: the backward pass once for each source, all of them at the same time.
import { exactSlopes } from './analyse.js';
import { cutBefore, runChunks } from './chunks.js';
import { FlowingRows } from './rows.js';
import { fastAttribution } from './fast/attribution.js';
import type { Workspaces } from './fast/workspaces.js';
import { withKernels } from './fast/workspaces.js';
import type { AnyRun, Experiment, Steps } from './types.js';

/**
 * log10 ‖contribution to g_t of what enters at the steps from ≤ s ≤ to‖ over batch and units. The contributions of one t add up to g_t as
 * vectors, so what a group of steps sends is exact, however many steps it holds; −Infinity for zero, NaN where not computed yet.
 */
export type Attribution = {
  /** Groups of consecutive steps at which something enters, both ends included, ascending; one step each where that is affordable. */
  readonly sources: readonly { readonly from: number; readonly to: number }[];
  /** The steps t of the rows, ascending: all, or evenly spaced ones with both ends. */
  readonly t: Float64Array;
  /** [t.length, sources.length] */
  readonly log10: Float64Array;
};

/** Multiplications of the whole pass, in plain arithmetic and through the kernels: two to four seconds either way. */
const [plainBudget, budget] = [4e9, 1.6e10];
const mostSources = 512;
const fewestSources = 16;
const mostRows = 2000;

/** Steps at which a gradient enters from above, cut at chunk borders into at most about `most` groups. */
function groups(entering: readonly (readonly number[])[], most: number): { from: number; to: number }[] {
  const all = entering.reduce((sum, steps) => sum + steps.length, 0);
  const size = Math.max(1, Math.ceil(all / most));
  return entering.flatMap((steps) => Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => ({ from: steps[i * size]!, to: steps[Math.min(steps.length, (i + 1) * size) - 1]! })));
}

/** `attribution` fills while `steps` runs, from the last step to the first. */
export function attribute(experiment: Experiment, result: AnyRun, workspaces: Workspaces | null = null): { readonly attribution: Attribution; readonly steps: Steps<void> } {
  const { shapes: { B, T, H } } = experiment;
  const chunks = runChunks(experiment, result);
  const entering = chunks.map(({ start, steps, dhs }) => Array.from({ length: steps }, (_, t) => t)
    .filter((t) => Array.from({ length: B }, (_, b) => (b * steps + t) * H).some((from) => dhs.data.subarray(from, from + H).some((value) => value !== 0)))
    .map((t) => start + t));
  // A source travels half of the steps on average.
  const affordable = Math.max(fewestSources, Math.min(mostSources, Math.floor((workspaces === null ? plainBudget : budget) / ((T / 2) * B * H * H))));
  const sources = groups(entering, affordable);
  const rows = Math.min(T, mostRows);
  const t = Float64Array.from({ length: rows }, (_, i) => (rows === T ? i : Math.round((i * (T - 1)) / (rows - 1))));
  const attribution = { sources, t, log10: new Float64Array(rows * sources.length).fill(NaN) };
  return { attribution, steps: fill(experiment, chunks, attribution, workspaces) };
}

function* fill(experiment: Experiment, chunks: ReturnType<typeof runChunks>, attribution: Attribution, workspaces: Workspaces | null): Steps<void> {
  yield* withKernels(workspaces, (kernels) => fastAttribution(kernels, experiment, chunks, attribution), () => plainAttribution(experiment, chunks, attribution));
}

function* plainAttribution(experiment: Experiment, chunks: ReturnType<typeof runChunks>, attribution: Attribution): Steps<Attribution> {
  const { sources, t: rows, log10 } = attribution;
  const { shapes: { B, T, H }, weights: { Wh } } = experiment;
  const S = sources.length;
  let row = rows.length - 1;
  for (const chunk of [...chunks].reverse()) {
    const flow = new FlowingRows(S * B, H);
    for (let step = chunk.steps - 1; step >= 0; step--) {
      const t = chunk.start + step;
      const slopes = exactSlopes(experiment, chunk, step);
      const own = sources.findIndex(({ from, to }) => from <= t && t <= to);
      if (own >= 0) for (let b = 0; b < B; b++) flow.add(own * B + b, chunk.dhs.data.subarray((b * chunk.steps + step) * H, (b * chunk.steps + step + 1) * H));
      const here = rows[row] === t;
      for (let s = 0; s < S; s++) {
        if (here) log10[row * S + s] = flow.log10Norm(s * B, (s + 1) * B);
        for (let b = 0; b < B; b++) {
          const at = s * B + b;
          if (flow.isZero(at)) continue;
          if (cutBefore(experiment, step)) {
            flow.clear(at);
            continue;
          }
          flow.throughActivation(at, slopes.subarray(b * H, (b + 1) * H));
          flow.throughWeights(at, Wh);
        }
        if (s % 16 === 15) yield (T - 1 - t) / T;
      }
      if (here) row--;
      yield (T - t) / T;
    }
  }
  return attribution;
}
