// The face of the engine: what the other rooms use.
export * from './types.js';
export type { Matrix, Sequence } from './tensor.js';
export { Rnn } from './rnn.js';
export type { BackwardOptions, BackwardVisit } from './rnn.js';
export { RnnUnit } from './unit.js';
export type { Gradients, Parameters } from './unit.js';
export { finish } from './steps.js';
export { Kernels, supportedVariants } from './fast/kernels.js';
export type { KernelBytes, Variant } from './fast/kernels.js';
export { runSteps } from './run.js';
export { spectrumSteps } from './spectrum.js';
export { initialise, initialisations } from './initialise.js';
export type { Initialisation } from './initialise.js';
export { measureInputs, measureMatrix, measureNumbers, zeroLines } from './measure.js';
export type { InputFacts, MatrixFacts, NumberFacts } from './measure.js';
