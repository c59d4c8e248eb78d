// Why a file is not read, wherever it lies.
import { t } from '@vscode/l10n';
import type { SystemReason } from '../../config/formats/index.js';
import type { FileTrouble, SpecialKind } from '../../config/read/index.js';
import { megabytes } from '../../config/read/index.js';
import { isOutOfMemory } from '../../engine/index.js';

type Reason = 'missing' | 'folder' | 'loop' | SystemReason;

/** By the codes of Node, and by those of VS Code for the files that it reads itself. */
const reasons: Readonly<Partial<Record<string, Reason>>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  // A NUL in the path, which no system takes.
  ERR_INVALID_ARG_VALUE: 'missing',
  FileNotFound: 'missing',
  FileNotADirectory: 'missing',
  EISDIR: 'folder',
  FileIsADirectory: 'folder',
  ELOOP: 'loop',
  EACCES: 'denied',
  EPERM: 'denied',
  NoPermissions: 'denied',
  ENAMETOOLONG: 'long',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  EAGAIN: 'busy',
  // Too many files are open.
  EMFILE: 'busy',
  ENFILE: 'busy',
  ETIMEDOUT: 'busy',
  Unavailable: 'busy',
};

export type SystemError = Error & { readonly code: string };

/** Whether the system has refused something, which no fault of ours does. */
export const isOfSystem = (error: unknown): error is SystemError =>
  error instanceof Error && 'syscall' in error && 'code' in error;

const holdsNul = (error: unknown): error is SystemError =>
  error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';

/** What is said of a file under a code of the system, or of VS Code. */
export const troubleByCode = ({ code, message }: SystemError): FileTrouble => ({
  reason: Object.hasOwn(reasons, code) ? (reasons[code] ?? 'unreadable') : 'unreadable',
  detail: message,
});

/** What an error of the system says of a file. @throws the error itself where it is another one: no file is to blame */
export function troubleOf(error: unknown): FileTrouble {
  if (isOutOfMemory(error)) return { reason: 'memory', detail: error.message };
  if (isOfSystem(error) || holdsNul(error)) return troubleByCode(error);
  throw error;
}

export const tooLargeFile = (bytes: number, bound: number): FileTrouble => ({
  reason: 'large',
  bytes,
  bound,
  detail: t('it has {0}, and at most {1} are read', megabytes(bytes), megabytes(bound)),
});
export const specialFile = (kind: SpecialKind): FileTrouble => ({
  reason: 'special',
  kind,
  detail: t('it is no file with content'),
});
