// A chunk of a finished forward pass.
import { takeStep } from '../core/tensor.js';
import type { Matrix, Sequence, SequenceTrace } from '../core/tensor.js';
import type { Chunk } from './upstreamGradient.js';

/**
 * A chunk after its forward pass: states [B,steps,S·H] in the run's dtype, `initial` [B,S·H] before the first step, dhs
 * in float64 as it enters.
 */
export type RunChunk = Chunk & {
  readonly xs: Sequence;
  readonly hs: SequenceTrace;
  readonly initial: Matrix;
  readonly dhs: SequenceTrace;
};

/** The states before step t of a chunk [B,S·H]. */
export const stateBefore = (chunk: RunChunk, t: number): Matrix =>
  t === 0 ? chunk.initial : takeStep(chunk.hs, t - 1);
