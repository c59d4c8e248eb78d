// The face of this room: what other rooms use.
export { keyBeside, writtenWithEscapes } from './weightLayouts.js';
export type { Group, Layout } from './weightLayouts.js';
export { onlyLayer } from './weightNames.js';
