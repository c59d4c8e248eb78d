// The face of this room: what other rooms use.
export { headBytes } from './container.js';
export { isReadInRanges, readDocument } from './readDocument.js';
export type { BesideFile } from './readDocument.js';
export { FormatError } from './formatError.js';
export { areHere, changedMeanwhile, readWhole, sizeOf } from './source.js';
export type { Bytes, Source } from './source.js';
export { isSystemReason, refusedBySystem } from './systemReasons.js';
export type { SystemReason } from './systemReasons.js';
