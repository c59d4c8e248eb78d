import { cellOf } from '../cells/index.js';
import type { LayerExperiment } from '../network/experiment.js';

/**
 * The kernels, or memories for them, where they know the cell of an experiment; else null: plain arithmetic runs it.
 */
export const kernelsFor = <K>({ cell }: LayerExperiment, kernels: K | null): K | null =>
  cellOf(cell).kernel === null ? null : kernels;

/** The same for its passes, in which all sequences have to have the same steps. */
export const passKernelsFor = <K>(experiment: LayerExperiment, kernels: K | null): K | null =>
  experiment.chunks.some(({ spans }) => spans !== undefined) ? null : kernelsFor(experiment, kernels);

/** The kernels where they run the passes of a gated cell. */
export const gatedKernelsFor = <K>({ cell }: LayerExperiment, kernels: K | null): K | null =>
  cellOf(cell).gated === undefined ? null : kernels;

/** The kernels where they take gradients of any kind back, for attribution and reach. */
export const rowsKernelsFor = <K>(experiment: LayerExperiment, kernels: K | null): K | null =>
  passKernelsFor(experiment, kernels) ?? gatedKernelsFor(experiment, kernels);
