// The face of this room: what other rooms use.
export { attributionTable, whyLeftOut } from './attributionTable.js';
export { contentsText, convertedPieces } from './files.js';
export { isSameFile, reasonOf, whyInput, whyUnwritable, withoutLeftovers } from './outputs.js';
export { countedLayers, layerName, layersShown, reportExponents, reportSpectrum, runTable } from './runTable.js';
export { print, printAll, printError, printingFailed, watchStreams } from './terminal.js';
