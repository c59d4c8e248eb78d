// What a run takes, known from its shapes before it begins.
import { flowBytes } from './fast/flow.js';
import type { Kernels } from './fast/kernels.js';
import { bytesOf } from './fast/kernels.js';
import { layerBytes } from './fast/layer.js';
import { pieceStepsOf } from './fast/long.js';
import { keptPieces } from './fast/pieces.js';
import { isSmall, smallBytes } from './fast/small.js';
import type { Experiment } from './types.js';

/** Bytes, the experiment itself not counted. */
export type RunMemory = {
  /** Everything held at once, as long as the run is kept: the kernels' memory, the result, and what analyses of it share. */
  readonly whole: number;
  /** Of that, the arrays of the result with the chunks that it was computed from. */
  readonly results: number;
  /** With checkpoints instead of tensors over time. */
  readonly pieces: number;
  /** The kernels' memory in both cases. */
  readonly wholeKernels: number;
  readonly pieceKernels: number;
};

export function memoryOf(experiment: Experiment, kernels: Kernels): RunMemory {
  const { cell, dtype, shapes: { B, T, I, H }, chunks, loss, upstream, truncate } = experiment;
  const bytes = bytesOf[dtype];
  const longest = Math.max(...chunks.map(({ steps }) => steps));
  const pieceSteps = pieceStepsOf({ B, I, H }, longest);
  const shape = { cell, dtype, B, I, H, steps: longest, truncate };
  const layer = (steps: number): number => layerBytes(kernels, { ...shape, steps });
  const flow = flowBytes(kernels, experiment);
  const small = chunks.length === 1 && loss === null && isSmall(shape);
  const wholeKernels = Math.max(small ? smallBytes(kernels, shape) : layer(longest), flow);
  // One more for pieces of the layer, one for pieces of the flow: they may be asked for while the next run has begun.
  const pieceKernels = Math.max(layer(pieceSteps), flow) + layer(pieceSteps) + flow;
  // Norms and their logarithms, ‖h‖ and the closed share (which leave with all of a small run, and are copied), exponents, the single source; the sums.
  const series = (5 + 5 + (small ? 4 : 2) + 1 + 1) * T * 8 + B * T * 8 + (I * H + H * H + H + B * H) * bytes;
  const inputs = B * T * I * bytes;
  const states = B * T * H;
  const initials = chunks.length * B * H * bytes;
  const upstreamBytes = states * 8;
  const copies = chunks.length === 1 ? 0 : states * bytes;
  const results = series + inputs + initials + 2 * states * bytes + copies + B * T * I * bytes + states * 8;
  const count = chunks.reduce((sum, { steps }) => sum + Math.ceil(steps / pieceSteps), 0);
  const checkpoints = count * (2 * B * H * bytes + 4 * B * (H + 8) * 8);
  const cached = (keptPieces + 1) * B * pieceSteps * (2 * H * bytes + I * bytes + 2 * H * 8);
  return {
    whole: wholeKernels + results + (loss !== null || upstream.kind === 'given' ? upstreamBytes : 0),
    results, wholeKernels, pieceKernels,
    pieces: pieceKernels + series + inputs + initials + checkpoints + cached,
  };
}
