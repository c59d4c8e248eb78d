// The face of this room: what other rooms use.
export { RootFiles } from './rootFiles.js';
export { serve } from './server.js';
