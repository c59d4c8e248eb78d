// The face of this room: what other rooms use.
export type { Context } from './commandContext.js';
export { commands } from './commandTable.js';
export { registerPairs } from './run.js';
