// The face of this room: what other rooms use.
export { registerContextKeys } from './contextKeys.js';
export { registerStatusBar, whyNoVerdict } from './statusBar.js';
