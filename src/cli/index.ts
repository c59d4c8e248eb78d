// The face of this room: what other rooms use.
export { contentsText, convertedPieces } from './files.js';
export { isSameFile, whyInput, whyUnwritable, withoutLeftovers } from './outputs.js';
export { nextText } from './nextStep.js';
export { print, printAll, printError, printingFailed, watchStreams } from './terminal.js';
