// Attribution through the kernels where they can do it, else in plain arithmetic.
import {
  affordableSources,
  budget,
  enteringSteps,
  groupSize,
  leaveOut,
  limit,
  plainAttribution,
  plainBudget,
  plainLimit,
  plan,
  rowSteps,
} from '../analysis/attribution.js';
import type { Attribution, GrowingAttribution } from '../analysis/attribution.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { attributionSizes, fastAttribution } from '../wasm/attribution.js';
import type { Kernels } from '../wasm/instance.js';
import { workOfRow } from '../wasm/rowsBack.js';
import { rowsKernelsFor } from './kernelsFor.js';
import { noMemory, withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/** `attribution` fills while `steps` runs: its sources first, then row by row from the last step to the first. */
export function attribute(
  experiment: LayerExperiment,
  result: ComputedRun,
  given: Workspaces | null = null,
): { readonly attribution: Attribution; readonly steps: Resumable<void> } {
  const workspaces = rowsKernelsFor(experiment, given);
  const t = rowSteps(experiment.shapes.T);
  const attribution: GrowingAttribution = {
    sources: [],
    t,
    log10: new Float64Array(0),
    bothSides: false,
    leftOut: null,
  };
  return { attribution, steps: fill(experiment, result, attribution, workspaces) };
}

function* fill(
  experiment: LayerExperiment,
  result: ComputedRun,
  attribution: GrowingAttribution,
  workspaces: Workspaces | null,
): Resumable<void> {
  const chunks = runChunks(experiment, result);
  const entering: number[][] = [];
  for (const chunk of chunks) entering.push(yield* enteringSteps(experiment, chunk));
  if (!plan(experiment, entering, attribution, workspaces === null ? [plainBudget, plainLimit] : [budget, limit]))
    return;
  const made = yield* withKernels(
    workspaces,
    (kernels) => fastAttribution(kernels, experiment, chunks, attribution),
    function* () {
      if (workspaces !== null && !plan(experiment, entering, attribution, [plainBudget, plainLimit]))
        return attribution;
      return yield* plainAttribution(experiment, chunks, attribution);
    },
    attribution.sources.length * experiment.shapes.B * workOfRow(experiment),
  );
  if (made === noMemory) leaveOut(attribution, 'memory');
}

/**
 * Bytes of what an attribution through the kernels takes: their memory, and its numbers. Where the gradient is given,
 * as if it entered at every step.
 */
export function attributionMemory(
  experiment: LayerExperiment,
  kernels: Kernels,
): { readonly kernels: number; readonly results: number } {
  const {
    shapes: { T },
    chunks,
    loss,
    upstream,
  } = experiment;
  const entering = chunks.map(({ steps }, i) =>
    loss === null
      ? upstream.kind === 'last'
        ? 1
        : steps
      : loss.at === 'every'
        ? steps
        : i === chunks.length - 1
          ? 1
          : 0,
  );
  const all = entering.reduce((sum, count) => sum + count, 0);
  const affordable = affordableSources(experiment, all, [budget, limit]);
  if (affordable === null) return { kernels: 0, results: 0 };
  const size = groupSize(all, affordable);
  const S = entering.reduce((sum, count) => sum + Math.ceil(count / size), 0);
  return {
    kernels: kernels.bytesFor(Object.values(attributionSizes(experiment, S))),
    results: rowSteps(T).length * (1 + S) * 8,
  };
}
