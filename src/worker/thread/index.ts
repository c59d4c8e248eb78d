// The face of this room: what other rooms use.
export * from './everywhere.js';
export { openedFile, openSent } from './diskSource.js';
export { loadKernels } from './loadKernels.js';
export { readRegularFile } from './regularFile.js';
export { help, isHelper } from './threadTeam.js';
