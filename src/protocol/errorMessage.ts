// What is said of anything that was thrown: a library may throw what is no Error.

/** For a user, or a line of the log. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For whoever looks for a fault of ours: with where it was thrown, where that is known. */
export const errorStack = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
