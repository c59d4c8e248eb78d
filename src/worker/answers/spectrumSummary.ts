import { onStepsOfRun } from '../../engine/index.js';
import type { Spectrum } from '../../engine/index.js';
import type { SpectrumSummary } from '../../protocol/index.js';
import type { KeptRun } from './keptRun.js';

/** The spectrum as the page has it: σ_max of the first sequence on the steps of the run. */
export const spectrumSummary = ({ runId, experiment }: KeptRun, spectrum: Spectrum): SpectrumSummary => ({
  ...spectrum,
  runId,
  jacobianSigmaMax: onStepsOfRun(experiment, 0, spectrum.jacobianSigmaMax),
  fraction: 1,
});
