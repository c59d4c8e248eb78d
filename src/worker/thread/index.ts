// The face of this room: what other rooms use.
export { EngineClient } from './client.js';
export type { Questions } from './client.js';
export { loadKernels } from './loadKernels.js';
export { capacityHere, tooLarge } from './memoryLimit.js';
export { help, isHelper } from './threadTeam.js';
export { entryCheck, sliceChecks, tensorChecks, weightPlaceFields, whatIfCheck } from './messageChecks.js';
export { openedFile, openSent } from './diskSource.js';
export { specialFile, tooLargeFile, troubleOf } from './fileTroubles.js';
export { readRegularFile } from './regularFile.js';
export type { ReadFile, ReadOptions } from './regularFile.js';
export { threadFile } from './startThread.js';
export type { Stoppable } from './client.js';
