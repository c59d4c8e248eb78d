import type { AnyRun, Experiment } from '../../engine/index.js';

/** A finished run as the worker keeps it. */
export type KeptRun = { readonly runId: number; readonly experiment: Experiment; readonly result: AnyRun };
