// The face of this room: what other rooms use.
export { afterMessages, unlessEnded } from './afterMessages.js';
export { newFlag, raise } from './cancelFlag.js';
export { joinBytes } from './joinBytes.js';
export { raised } from './cancelFlag.js';
export { SerialQueue } from './serialQueue.js';
export { Stop } from './stop.js';
