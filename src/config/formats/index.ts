// The face of this room: what other rooms use.
export { readDocument } from './readDocument.js';
export type { BesideFile } from './readDocument.js';
