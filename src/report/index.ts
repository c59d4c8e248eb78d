// The face of this room: what other rooms use.
export { reportHtml } from './reportHtml.js';
export type { ReportAssets } from './reportHtml.js';
export { emptyStyle, escape, inertJson, inline } from './reportMarkup.js';
export { batches, placeOf, removeUnfinished, writeWhole } from './wholeFile.js';
export { whyNotWritten } from './writeTrouble.js';
export { joinFirstParts, joinParts, standIn } from './pageParts.js';
export type { FirstScript } from './pageParts.js';
export { readAssets } from './reportHtml.js';
