// At which steps a gradient enters from above.
import type { Trace } from '../core/dtypes.js';
import type { LayerExperiment } from './experiment.js';

type Entering = Pick<LayerExperiment, 'shapes' | 'chunks' | 'upstream' | 'loss' | 'computed'>;

/** Stretches of steps at which a loss is, or the given gradient of some sequence is not 0; both ends included. */
export function lossSteps({
  shapes: { B, T, H },
  chunks,
  upstream,
  loss,
  computed,
}: Entering): [from: number, to: number][] {
  const every: [number, number][] = [[0, T - 1]];
  if (loss !== null) return loss.at === 'every' ? every : [[T - 1, T - 1]];
  if (upstream.kind === 'every') return every;
  let end = -1;
  if (upstream.kind === 'last') return chunks.map(({ steps }) => [(end += steps), end]);
  const dhs: Trace = computed?.dhs?.data ?? upstream.dhs;
  const enters = (t: number): boolean => {
    const known = computed?.enters?.[t];
    if (known !== undefined) return known !== 0;
    for (let b = 0; b < B; b++)
      if (dhs.subarray((b * T + t) * H, (b * T + t + 1) * H).some((value) => value !== 0)) return true;
    return false;
  };
  const runs: [number, number][] = [];
  for (let t = 0; t < T; t++) {
    if (!enters(t)) continue;
    const last = runs[runs.length - 1];
    if (last?.[1] === t - 1) last[1] = t;
    else runs.push([t, t]);
  }
  return runs;
}

/** Whether losses sit at several steps of the last chunk, whose end is the verdict's source. */
export function hasManyLosses(experiment: LayerExperiment): boolean {
  // What a layer above sends down enters everywhere, whatever losses there are.
  if (experiment.scaledUpstream !== undefined) return false;
  const { chunks, shapes, upstream, loss } = experiment;
  if (loss === null && upstream.kind === 'last') return false;
  const start = shapes.T - (chunks.at(-1)?.steps ?? 0);
  const inside = lossSteps(experiment).map(([from, to]) => Math.max(0, to - Math.max(from, start) + 1));
  return inside.reduce((sum, count) => sum + count, 0) > 1;
}
