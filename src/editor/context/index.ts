// The face of this room: what other rooms use.
export { Doors } from './doors.js';
export { fileInFront } from './fileInFront.js';
export { diskOf, endWriting, homeFolder } from './localDisk.js';
export { keptLog, withoutContents } from './keptLog.js';
export type { KeptLog } from './keptLog.js';
export { prefix, readSettings } from './settings.js';
export { panelColumn, textColumn } from './columns.js';
export { configPattern, ignored, isConfig } from './configFiles.js';
