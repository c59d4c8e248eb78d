// Computers whose shares may be read. On Windows to look at `\\host\share` is enough to send that host the user's name
// and a proof of his password.

/**
 * As the user has set it (`security.restrictUNCAccess`, `security.allowedUNCHosts`), and the hosts that VS Code itself
 * has opened something from.
 */
export type HostRules = {
  readonly restrict: boolean;
  readonly allowed: readonly string[];
  readonly known: readonly string[];
};

/** Whether VS Code would read from a host. Capitals make no difference in the name of one. */
export const mayReach = (host: string, { restrict, allowed, known }: HostRules): boolean =>
  !restrict || [...allowed, ...known].some((one) => one.toLowerCase() === host.toLowerCase());
