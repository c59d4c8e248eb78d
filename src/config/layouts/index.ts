// The face of this room: what other rooms use.
export { findGroups, keyBeside, namedValues, writtenWithEscapes } from './weightLayouts.js';
export type { Group, Layout } from './weightLayouts.js';
