// The face of this room: what other rooms use.
export type { FileKind } from './classify.js';
export type { FoundParts, Link, Part, PartRole } from './configParts.js';
export type {
  DiskFile,
  Entry,
  FileContent,
  FileTrouble,
  Files,
  MadeSequences,
  Pair,
  SentBytes,
  SentFile,
  SequenceOptions,
} from './fileAccess.js';
export { fileKeys, keyOf } from './keyNames.js';
export type { Outline } from './outline.js';
export { gateBlocksOf, layerPlaces, numbersOf } from './gateParts.js';
export type { GateBlock, LayerPlace } from './gateParts.js';
export { hasStateBias, storedIndex, transpose } from './gateBlocks.js';
export type { Stored } from './gateBlocks.js';
export { storedNetwork } from './storedLayers.js';
export type { StoredLayer, StoredNetwork } from './storedLayers.js';
export { blocksOf, inputsOf, weightLayers } from './weightShapes.js';
export { surveyFile } from './survey.js';
export { previewSequences } from './sequencePreview.js';
export type { PreviewedSequences } from './sequencePreview.js';
export { tableHead } from './tables.js';
export { describeNetwork, openTensorFile } from './tensorFile.js';
export type { NamedTensor, TensorFile } from './tensorFile.js';
export type { FileSurvey, FoundBlock, FoundNetwork } from './survey.js';
export { bestBlock, fitOf, usualSequences, wantedShapes } from './pairing.js';
export type { Fit, KnownPair, PairRole } from './pairing.js';
export type { Blocks, WeightBlocks, WeightLayer } from './weightShapes.js';
export type { StepLabels } from './stepLabels.js';
export type { TrainingNotes } from './trainingNotes.js';
export { orderOf, sequenceOrders } from './sequenceOrder.js';
export type { SequenceOrder } from './sequenceOrder.js';
export { besideFiles } from './besideFiles.js';
export { contentsOf, convertFile, networkTensors } from './contents.js';
export { isList, jsonPieces, NotWritable } from './convertedText.js';
export type { Block, Contents, Converted } from './contents.js';
export {
  checkpointEnding,
  isForeignName,
  likelyWeights,
  mayHoldNumbers,
  readableExtensions,
  tensorExtensions,
} from './readableNames.js';
export type { SpecialKind } from './fileAccess.js';
export { isBound, megabytes, mostBytes } from './limits.js';
export { fileName } from '../json/fileName.js';
export { pairName } from './pairName.js';
