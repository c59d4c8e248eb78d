// The face of this room: what other rooms use.
export { isTaken, statIfThere } from './disk.js';
export { folderOf, nameInWorkspace, openDocument, readReference, readUri } from './editorFiles.js';
export { after } from './fileMoves.js';
export type { Move } from './fileMoves.js';
export { listFolder, longestSearch, searchFiles } from './findFiles.js';
export { patience, within } from './timeouts.js';
