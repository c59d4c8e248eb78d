// The face of this room: what other rooms use.
export { assetFiles, reportHtml } from './reportHtml.js';
export type { ReportAssets } from './reportHtml.js';
export { emptyStyle, escape, inertJson } from './reportMarkup.js';
export { batches, placeOf, removeUnfinished, writeWhole } from './wholeFile.js';
export { whyNotWritten } from './writeTrouble.js';
export { joinParts } from './pageParts.js';
export { readAssets } from './reportHtml.js';
