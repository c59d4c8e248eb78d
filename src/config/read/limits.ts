import { t } from '@vscode/l10n';

/** Bytes of the largest text file that is read: no engine of JavaScript holds a text of more than 2^29 characters. */
export const mostBytes = 512e6;

/** What a user may set as the bound, in megabytes (millions of bytes). */
export const isBound = (megabytes: number): boolean =>
  Number.isInteger(megabytes) && megabytes >= 1 && megabytes * 1e6 <= mostBytes;

/** Rounded up, so that a file above the bound never has its number. */
export const megabytes = (bytes: number): string => t('{0} MB', Math.ceil(bytes / 1e5) / 10);
