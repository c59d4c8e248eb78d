// The face of this room: what other rooms use.
export { EngineClient } from './client.js';
export type { Questions } from './client.js';
export { loadKernels } from './loadKernels.js';
export { capacityHere, tooLarge } from './memoryLimit.js';
export { help, isHelper } from './threadTeam.js';
export {
  entryCheck,
  optionsCheck,
  previewChecks,
  sliceChecks,
  tensorChecks,
  weightPlaceFields,
  whatIfCheck,
} from './messageChecks.js';
export { openedFile, openSent } from './diskSource.js';
export { readRegularFile, specialFile, tooLargeFile, troubleOf } from './regularFile.js';
export type { ReadFile, ReadOptions } from './regularFile.js';
export { isUnder } from './underFolder.js';
export type { Stoppable } from './client.js';
