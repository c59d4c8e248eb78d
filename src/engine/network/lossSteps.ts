// At which steps a gradient enters from above.
import type { Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { Mover } from '../core/resumableCopy.js';
import { isHeld } from '../core/tensor.js';
import type { LayerExperiment } from './experiment.js';

type Entering = Pick<LayerExperiment, 'shapes' | 'chunks' | 'upstream' | 'loss' | 'computed'>;

/** Steps from … to, both included. */
export type Stretches = readonly (readonly [from: number, to: number])[];

function isZero(trace: Trace, from: number, to: number): boolean {
  if (!isHeld(trace)) return isZero(trace.subarray(from, to), 0, to - from);
  for (let i = from; i < to; i++) if (trace[i] !== 0) return false;
  return true;
}

/** Stretches of steps at which a loss is, or the given gradient of some sequence is not 0; both ends included. */
export function* lossSteps({ shapes: { B, T, H }, chunks, upstream, loss, computed }: Entering): Resumable<Stretches> {
  const every: Stretches = [[0, T - 1]];
  if (loss !== null) return loss.at === 'every' ? every : [[T - 1, T - 1]];
  if (upstream.kind === 'every') return every;
  let end = -1;
  if (upstream.kind === 'last') return chunks.map(({ steps }) => [(end += steps), end]);
  const dhs: Trace = computed?.dhs?.data ?? upstream.dhs;
  const known = computed?.enters ?? null;
  const pace = new Mover();
  const runs: [number, number][] = [];
  for (let t = 0; t < T; t++) {
    let enters = known !== null && known[t] !== 0;
    for (let b = 0; known === null && !enters && b < B; b++) {
      if (pace.isTime(H)) yield t / T;
      enters = !isZero(dhs, (b * T + t) * H, (b * T + t + 1) * H);
    }
    if (!enters) continue;
    const last = runs[runs.length - 1];
    if (last?.[1] === t - 1) last[1] = t;
    else runs.push([t, t]);
  }
  return runs;
}

/** What enters before the verdict's source, the last step: losses, or what a layer above sends down. */
export type EarlierEntry = 'losses' | 'above';

/** Of what enters at these steps, what does in the last chunk before the verdict's source; null for nothing. */
export function earlierEntry(
  { scaledUpstream, chunks, shapes }: Pick<LayerExperiment, 'scaledUpstream' | 'chunks' | 'shapes'>,
  entering: Stretches,
): EarlierEntry | null {
  const source = shapes.T - 1;
  const start = shapes.T - chunks.at(-1)!.steps;
  if (!entering.some(([from, to]) => to >= start && from < source)) return null;
  return scaledUpstream === undefined ? 'losses' : 'above';
}
