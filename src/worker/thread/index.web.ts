// The face of this room in a browser: what other rooms use there.
export { EngineClient } from './client.js';
export { capacityHere, tooLarge } from './memoryLimit.js';
export { entryCheck, sliceChecks, tensorChecks, weightPlaceFields, whatIfCheck } from './messageChecks.js';
export { specialFile, tooLargeFile, troubleOf } from './fileTroubles.js';
export { threadFile } from './startThread.js';
export { serve } from './entry.web.js';
