// The face of this room: what other rooms use.
export { commandsAlone, parseArguments, usage, UsageError } from './arguments.js';
export { convert, convertedPieces, inspect } from './fileCommands.js';
export { nextText } from './nextStep.js';
export { runCommand } from './runCommand.js';
export { print, printError, printingFailed, watchStreams } from './terminal.js';
