import { cellOf } from '../cells/index.js';
import type { LayerExperiment } from '../network/experiment.js';

/**
 * The kernels, or memories for them, where they know the cell of an experiment; else null: plain arithmetic runs it.
 */
export const kernelsFor = <K>({ cell }: LayerExperiment, kernels: K | null): K | null =>
  cellOf(cell).kernel === null ? null : kernels;

/** The kernels where they run the passes of a gated cell. */
export const gatedKernelsFor = <K>({ cell }: LayerExperiment, kernels: K | null): K | null =>
  cellOf(cell).gated === undefined ? null : kernels;
