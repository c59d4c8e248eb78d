export { classify } from './classify.js';
export type { FileKind } from './classify.js';
export { readExperiment } from './experiment.js';
export type { ReadResult } from './experiment.js';
export type { Entry, FileContent, Files } from './files.js';
export { describeProblem, problemCodes } from './problem.js';
export type { Position, Problem, ProblemCode, Range } from './problem.js';
export { configJsonSchema, configKeys } from './schema.js';
export type { KeySpec, KeyTable } from './schema.js';
