// A layer in the kernels' memory that computes pieces of chunks: what runs with checkpoints are made of.
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Sequence } from '../core/tensor.js';
import type { StateMeasures, StepNorms } from '../network/result.js';
import type { Gradients } from '../network/rnnUnit.js';
import type { Entering } from './layer.js';

/** Consecutive steps of a chunk. */
export type Stretch = {
  readonly chunk: number;
  /** First step inside the chunk, and how many. */
  readonly t0: number;
  readonly steps: number;
};

/** Where the way back through a stretch puts its numbers. */
export type PieceTarget = {
  /** [B,steps,H] and [B,steps,I]; null where they are not kept. */
  readonly dhTotal: Sequence | null;
  readonly dxs: Sequence | null;
  /** In the places of the whole run. */
  readonly norms: StepNorms;
  readonly states: StateMeasures;
};

/** What lies around a stretch on its way back. */
export type Around = {
  /** What the stretch behind gave; null for the last one of a chunk. */
  readonly carried: FloatArray | null;
  /** [B,H], what enters at the step before the first; null where that is the first of the chunk. */
  readonly before: FloatArray | null;
};

export type PieceLayer = {
  /** xs [B,steps,I] on from the states `initial` [B,S·H]; gives states [B,steps,S·H], and [B,S·H] behind the last. */
  readonly forward: (
    stretch: Stretch,
    xs: FloatArray,
    initial: FloatArray,
  ) => Resumable<{ readonly states: Sequence; readonly end: FloatArray }>;
  /**
   * After `forward`: adds to the gradients of the parameters. Gives what the stretch before has to be told, and the
   * gradients [B,S·H] of the initial states of sequences that begin here; null where none does.
   */
  readonly backward: (
    stretch: Stretch,
    entering: Entering,
    around: Around,
    target: PieceTarget,
  ) => Resumable<{ readonly carried: FloatArray; readonly initial: FloatArray | null }>;
  readonly gradients: () => Resumable<Gradients>;
};

/**
 * Steps of a piece: about as many as there are pieces, in whole blocks, so that the sums over a block stay those of the
 * whole chunk.
 */
export const pieceStepsOf = (block: number, longest: number): number =>
  Math.min(longest, block * Math.ceil(Math.sqrt(longest) / block));
