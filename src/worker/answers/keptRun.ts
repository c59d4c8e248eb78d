import type { AnyRun, LayerExperiment } from '../../engine/index.js';

/** A finished run as the worker keeps it. */
export type KeptRun = { readonly runId: number; readonly experiment: LayerExperiment; readonly result: AnyRun };
