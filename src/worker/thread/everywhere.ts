// What this room has in Node and in a browser alike.
export { EngineClient } from './client.js';
export type { Questions, Stoppable } from './client.js';
export { isOfSystem, specialFile, tooLargeFile, troubleByCode, troubleOf } from './fileTroubles.js';
export { capacityHere, tooLarge } from './memoryLimit.js';
export {
  entryCheck,
  optionsCheck,
  previewChecks,
  sliceChecks,
  tensorChecks,
  weightPlaceFields,
  whatIfCheck,
} from './messageChecks.js';
export type { ReadFile, ReadOptions } from './regularFile.js';
export { SpareThread } from './spareThread.js';
export { threadFile } from './startThread.js';
export { isUnder } from './underFolder.js';
