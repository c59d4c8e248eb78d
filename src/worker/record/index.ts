// The face of this room: what other rooms use.
export { gradientCheckText, isWrong } from './gradientCheckText.js';
export { attributionTable, whyLeftOut } from './attributionTable.js';
export {
  countedLayers,
  isChosen,
  isEnoughForLine,
  layerName,
  layersShown,
  runTable,
  significant,
  spectrumForLine,
  spectrumLine,
} from './runTable.js';
export type { LayerChoice } from './runTable.js';
export { makeRecord } from './reportRecord.js';
export type { RunRecord } from './reportRecord.js';
export { recordedNorms, recordedSequences, recordedSteps, replay } from './reportReplay.js';
export { asData } from './asData.js';
export { problemLine, problemPlace, quotedProblems } from './problemText.js';
export { compactText, triedText, wholeText } from './resultText.js';
export { resultJson, resultJsonSchema, withGateBlocks } from './resultJson.js';
export type { LayerSpectrum } from './layerJson.js';
export { ReadSources } from './runSources.js';
export { fromBase64 } from './fromBase64.js';
export { pack, unpack } from './typedArrayJson.js';
export { escapeControls, escapeControlsOfLines } from './escapeControls.js';
