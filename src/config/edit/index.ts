// The face of this room: what other rooms use.
export { applied, changeBetween } from './appliedEdits.js';
export { retold } from './localisedComments.js';
export { newConfigText, sequencesValue } from './newConfig.js';
export type { Above, FilePlace, NewConfig, NewSequences, TargetOptions, TargetPlace } from './newConfig.js';
export { andThen, annotate, origin, rescaledTo } from './provenanceNotes.js';
export { removeLastItems, removeProperties } from './removals.js';
export {
  hasComments,
  indentOf,
  insertAfter,
  lineBreak,
  reindent,
  replaceNumbers,
  replaceSpan,
  transposeText,
} from './textEdits.js';
export type { TextChange } from './textEdits.js';
