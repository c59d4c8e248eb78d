// The face of this room: what other rooms use.
export { applyChanges, showBehind } from './applyEdits.js';
export { freeReference } from './refactorings.js';
export { registerCodeLens } from './codeLens.js';
export { toRange } from './diagnostics.js';
export { foldMatrices } from './folding.js';
export { registerLayerLens } from './layerLens.js';
export { registerLanguageFeatures } from './languageFeatures.js';
export { openConfigs } from './problems.js';
export type { Refactorings, Target } from './refactorings.js';
