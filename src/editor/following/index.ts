// The face of this room: what other rooms use.
export { configPattern, ignored, isConfig } from '../context/configFiles.js';
export { withLateProgress } from './delayedProgress.js';
export type { Subjects } from './experimentLookup.js';
export { entryKey, entryUri } from './session.js';
export type { Session } from './session.js';
export { Sessions } from './sessions.js';
export type { Surveyed, Surveys } from './surveys.js';
export type { WeightFiles } from './weightFiles.js';
export { prefix } from '../context/settings.js';
export { registerReadyThread } from './readyThread.js';
export { SequenceReader } from './sequenceReader.js';
export { TensorReader } from './tensorReader.js';
export { openUntitledConfig } from './untitledConfig.js';
export { pulse } from '../context/walkthroughKeys.js';
