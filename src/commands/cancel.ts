import type { CommandFactory } from './commandContext.js';
import { sessionInFront } from './activeTarget.js';

/** Stops the run in front; where nothing runs there, all that run. */
export const cancel: CommandFactory = (context) => () => {
  const session = sessionInFront(context);
  return session !== undefined && session.running !== null ? session.cancel() : context.sessions.cancelAll();
};
