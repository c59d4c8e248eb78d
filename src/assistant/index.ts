// The face of this room: what other rooms use.
export { serverInstructions } from './forModels.js';
export { tools } from './tools.js';
export type { Tool } from './tools.js';
export { ToolCancelled, ToolError } from './toolHost.js';
export type { ToolHost } from './toolHost.js';
export type { Subject } from './toolInput.js';
