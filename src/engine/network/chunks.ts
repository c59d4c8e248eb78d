// A finished run cut into its chunks again, for analyses that are asked for later.
import type { RunChunk } from './runChunk.js';
import { cast, matrix, takeStep, takeSteps } from '../core/tensor.js';
import type { ComputedRun } from './result.js';
import type { LayerExperiment } from './experiment.js';
import { entering } from './upstreamGradient.js';
import type { Chunk } from './upstreamGradient.js';

const known = new WeakMap<ComputedRun, readonly RunChunk[]>();

/** The run's own chunks, so that analyses need not make them a second time. */
export const rememberChunks = (result: ComputedRun, chunks: readonly RunChunk[]): void =>
  void known.set(result, chunks);

/** Every chunk with its states in the run's dtype and what the layer above sent into it. */
export function runChunks(experiment: LayerExperiment, result: ComputedRun): readonly RunChunk[] {
  const chunks = known.get(result) ?? cut(experiment, result);
  known.set(result, chunks);
  return chunks;
}

function cut(
  experiment: LayerExperiment,
  {
    layers: [
      {
        states: { h: hs },
      },
    ],
  }: ComputedRun,
): RunChunk[] {
  const {
    shapes: { B, T, I, H },
    chunks,
    layers: [
      {
        initial: { h: h0 },
      },
    ],
    stateful,
    dtype,
  } = experiment;
  const all = { B, T, N: H, data: hs };
  const first = matrix(dtype, B, H);
  if (h0 !== null) first.data.set(h0);
  let start = 0;
  return chunks.map(({ steps, xs }) => {
    const initial = stateful && start > 0 ? takeStep(all, start - 1) : first;
    const states = steps === T ? all : takeSteps(all, start, start + steps);
    const chunk = {
      start,
      steps,
      xs: { B, T: steps, N: I, data: cast(dtype, xs) },
      hs: states,
      initial,
      dhs: entering(experiment, { start, steps }, states),
    };
    start += steps;
    return chunk;
  });
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
