// The face of this room: what other rooms use.
export { AssistantTools } from './assistantTools.js';
