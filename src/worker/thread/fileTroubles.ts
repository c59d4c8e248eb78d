// Why a file is not read, wherever it lies.
import { t } from '@vscode/l10n';
import type { FileTrouble, SpecialKind } from '../../config/read/index.js';
import { megabytes } from '../../config/read/index.js';
import { errorMessage } from '../../protocol/index.js';

const reasons: Readonly<Record<string, 'missing' | 'folder' | 'loop'>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EISDIR: 'folder',
  ELOOP: 'loop',
  // A NUL in the path, which no system takes.
  ERR_INVALID_ARG_VALUE: 'missing',
};

/** What an error of the system says of a file. */
export function troubleOf(error: unknown): FileTrouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { reason: reasons[code] ?? 'unreadable', detail: errorMessage(error) };
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
