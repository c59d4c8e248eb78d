// The face of this room: what other rooms use.
export type * from './messages.js';
export type * from './notebookMessages.js';
export type * from './sequenceMessages.js';
export type * from './tensorMessages.js';
export { errorMessage, errorStack } from './errorMessage.js';
export { isUntried, knownEffect, mayHelp } from './helpfulAdvice.js';
export { runFileName } from './runFileName.js';
export { Channel } from './rpc.js';
export type { EventHandlers, Port, RequestHandlers } from './rpc.js';
export {
  arrayOf,
  byKind,
  either,
  flag,
  instance,
  integer,
  nothing,
  nullable,
  number,
  object,
  oneOf,
  optional,
  positive,
  shown,
  text,
} from './checks.js';
export type { Check } from './checks.js';
export type { Checks, None } from './rpc.js';
export { ChannelClosed } from './rpc.js';
