// The face of this room: what other rooms use.
export { isBeside, OutputFiles, safeName } from './outputFiles.js';
