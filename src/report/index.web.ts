// The face of this room in a browser, which has no files of its own to write.
export { joinParts } from './pageParts.js';
export { readAssets, reportHtml } from './reportHtml.js';
export { whyNotWritten } from './writeTrouble.js';
export { emptyStyle, escape, inertJson } from './reportMarkup.js';
