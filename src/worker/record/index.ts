// The face of this room: what other rooms use.
export { makeRecord } from './reportRecord.js';
export type { RunRecord } from './reportRecord.js';
export { recordedNorms, recordedSequences, recordedSteps, replay } from './reportReplay.js';
export { resultJson, resultJsonSchema, withGateBlocks } from './resultJson.js';
export type { LayerSpectrum } from './layerJson.js';
export { ReadSources } from './runSources.js';
export { pack, unpack } from './typedArrayJson.js';
export { escapeControls, escapeControlsOfLines } from './escapeControls.js';
