// The face of this room: what other rooms use.
export type { FileKind } from './classify.js';
export type { FoundParts, Link, Part, PartRole } from './configParts.js';
export type { Entry, FileContent, FileTrouble, Files } from './fileAccess.js';
export { fileKeys, keyOf } from './keyNames.js';
export type { Outline } from './outline.js';
export { hasStateBias, storedIndex, transpose } from './gateBlocks.js';
export type { Stored } from './gateBlocks.js';
export { storedNetwork } from './storedLayers.js';
export type { StoredLayer, StoredNetwork } from './storedLayers.js';
export { blocksOf, filledShape, gateOf, weightLayers } from './weightShapes.js';
export type { Blocks, WeightBlocks, WeightLayer } from './weightShapes.js';
export { orderOf, sequenceOrders } from './sequenceOrder.js';
export type { SequenceOrder } from './sequenceOrder.js';
export { contentsOf, convertFile } from './contents.js';
export type { Block, Contents, Converted } from './contents.js';
export { mayHoldNumbers, tensorExtensions } from './readableNames.js';
export type { SpecialKind } from './fileAccess.js';
export { isBound, megabytes, mostBytes } from './limits.js';
