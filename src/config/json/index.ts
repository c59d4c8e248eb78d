// The face of this room: what other rooms use.
export { readDocument } from './jsonDocument.js';
export type { Document } from './jsonDocument.js';
export { Value } from './jsonValue.js';
export { indicesAt, locateLeaves, locateLists } from './locateNumbers.js';
export { counted, describeShape, quote } from './node.js';
export type { TensorNode } from './node.js';
export { describeProblem, UnreadableNumbers } from './problem.js';
export type { Position, Problem, ProblemCode, Range } from './problem.js';
