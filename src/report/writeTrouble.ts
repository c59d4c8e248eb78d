// Why a file was not written, as the file system says it, with what the user can do about it.
import { t } from '@vscode/l10n';
import { errorMessage } from '../protocol/index.js';

const makeRoom = (): string => t('Make room there, or save elsewhere.');
const elsewhere = (): string => t('Nothing may be written there: choose another folder, or allow it.');

/** By the codes of Node and of VS Code. */
const remedies: Readonly<Record<string, () => string>> = {
  ENOSPC: makeRoom,
  EDQUOT: makeRoom,
  EFBIG: makeRoom,
  EROFS: elsewhere,
  EACCES: elsewhere,
  EPERM: elsewhere,
  NoPermissions: elsewhere,
  EISDIR: () => t('There is a folder of that name: choose another name.'),
  FileIsADirectory: () => t('There is a folder of that name: choose another name.'),
  EEXIST: () => t('A file stands where a folder is needed: choose another folder.'),
  ENOTDIR: () => t('A file stands where a folder is needed: choose another folder.'),
  ELOOP: () => t('The links go round in a circle: choose another place, or lead them to a file.'),
};

/** One or two sentences: what the system says, and a remedy where one is known. */
export function whyNotWritten(error: unknown): string {
  const message = errorMessage(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = Object.hasOwn(remedies, code) ? remedies[code]?.() : undefined;
  return remedy === undefined ? message : `${message.replace(/\.$/, '')}. ${remedy}`;
}
