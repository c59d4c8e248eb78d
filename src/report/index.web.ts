// The face of this room in a browser, which has no files of its own to write.
export { joinFirstParts, joinParts, standIn } from './pageParts.js';
export type { FirstScript } from './pageParts.js';
export { readAssets, reportHtml } from './reportHtml.js';
export { whyNotWritten } from './writeTrouble.js';
export { emptyStyle, escape, inertJson, inline } from './reportMarkup.js';
