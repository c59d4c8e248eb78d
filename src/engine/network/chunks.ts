// A finished run cut into its chunks again, for analyses that are asked for later.
import type { RunChunk } from './runChunk.js';
import { cellOf } from '../cells/index.js';
import { sideBySideTrace, stepsOf } from '../core/rowTrace.js';
import { cast, heldOf, isHeld, takeStep, takeSteps } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import type { ComputedRun } from './result.js';
import type { LayerExperiment, ScaledSteps } from './experiment.js';
import { initialStates } from './layers.js';
import { entering } from './upstreamGradient.js';
import type { Chunk } from './upstreamGradient.js';

const known = new WeakMap<ComputedRun, readonly RunChunk[]>();

/** The run's own chunks, so that analyses need not make them a second time. */
export const rememberChunks = (result: ComputedRun, chunks: readonly RunChunk[]): void =>
  void known.set(result, chunks);

/** Every chunk with its states in the run's dtype and what the layer above sent into it. */
export function runChunks(experiment: LayerExperiment, result: ComputedRun): readonly RunChunk[] {
  const chunks = known.get(result) ?? chunksOf(experiment, result.layers[0].states);
  known.set(result, chunks);
  return chunks;
}

/** The same from states [B,T,H], by their names. */
export function chunksOf(experiment: LayerExperiment, states: ComputedRun['layers'][0]['states']): RunChunk[] {
  const {
    cell,
    shapes: { B, T, I, H },
    chunks,
    stateful,
    dtype,
    computed,
  } = experiment;
  const h = { B, T, N: H, data: states.h };
  const [, ...others] = cellOf(cell).states;
  // Of cells with more states than h all of them side by side, as a step hands them on.
  const parts = [h, ...others.map((name) => ({ ...h, data: states[name]! }))];
  const all = sideBySideTrace((others.length === 0 ? parts : parts.map(held)) as [SequenceTrace]);
  const first = initialStates(experiment);
  let start = 0;
  return chunks.map(({ steps, xs, spans }) => {
    const from = start;
    const own = (sequence: SequenceTrace): SequenceTrace =>
      steps === T ? sequence : takeSteps(sequence, start, start + steps);
    const scaledDhs = scaledPart(experiment, { start, steps });
    const chunk = {
      start,
      steps,
      xs:
        computed === undefined
          ? { B, T: steps, N: I, data: cast(dtype, xs) }
          : stepsOf(computed.xs, steps, (t) => from + t),
      hs: own(all),
      initial: stateful && start > 0 ? takeStep(all, start - 1) : first,
      dhs: entering(experiment, { start, steps }, own(h)),
      ...(spans === undefined ? {} : { spans }),
      ...(scaledDhs === null ? {} : { scaledDhs }),
    };
    start += steps;
    return chunk;
  });
}

/** What is computed again when it is asked for, computed. */
const held = ({ data, ...shape }: SequenceTrace): Sequence => ({ ...shape, data: heldOf(data) });

/** What enters a chunk beyond the range of any dtype, where the experiment has it. */
export function scaledPart(
  { shapes: { B, T, H }, scaledUpstream }: LayerExperiment,
  { start, steps }: Chunk,
): ScaledSteps | null {
  if (scaledUpstream === undefined) return null;
  if (steps === T) return scaledUpstream;
  const all = { B, T, N: H, data: scaledUpstream.data };
  const { data } = isHeld(all.data) ? takeSteps(all, start, start + steps) : stepsOf(all, steps, (t) => start + t);
  return { data, exponents: scaledUpstream.exponents.subarray(start, start + steps) };
}

/**
 * Whether the gradient is cut between step t and the step before it, t counted from the chunk's start: truncated
 * backpropagation cuts between positions m·k − 1 and m·k of the sequence, in either direction.
 */
export const cutBefore = (
  { truncate, layers: [{ direction }] }: LayerExperiment,
  { steps }: Pick<Chunk, 'steps'>,
  t: number,
): boolean => truncate !== null && t > 0 && (direction === 'forward' ? t : steps - t) % truncate === 0;

/** Whether nothing but a chunk's single source goes back through it, never cut: ones at its last step alone. */
export const sourceIsAll = (
  { upstream, loss, truncate }: LayerExperiment,
  { scaledDhs, spans }: Pick<RunChunk, 'scaledDhs' | 'spans'>,
): boolean =>
  scaledDhs === undefined && spans === undefined && loss === null && upstream.kind === 'last' && truncate === null;
