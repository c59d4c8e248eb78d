// What is said of anything that was thrown: a library may throw what is no Error.

/** For a user. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * For whoever looks for a fault of ours, in a log or a terminal: with where it was thrown and what it comes from, where
 * that is known. A stack names the error as it was made; what it is told as stands before it where that is another
 * sentence.
 */
export function errorStack(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, stack = message, cause } = error;
  const own = stack.includes(message) ? stack : `${message}\n${stack}`;
  return cause === undefined || cause === error ? own : `${own}\nCaused by: ${errorStack(cause)}`;
}
