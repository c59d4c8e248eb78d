// A new file that an edit makes beside its changes of texts. Of an edit that failed VS Code says no more than that, and
// a file that it could not write to its end stays where it is.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import { whyNotWritten } from '../../report/index.js';
import { diskOf } from '../context/localDisk.js';

export type NewFile = { readonly uri: vscode.Uri; readonly bytes: Uint8Array };

const isBeginning = (part: Uint8Array, whole: Uint8Array): boolean =>
  part.length <= whole.length && part.every((byte, i) => byte === whole[i]);

/**
 * After an edit that failed: why its new file cannot be written, as a sentence for the user; null when that was not the
 * reason. What was written of it is gone afterwards.
 */
export async function whyNotMade({ uri, bytes }: NewFile): Promise<string | null> {
  const disk = diskOf(uri);
  if (disk === null) return null;
  const file = uri.fsPath;
  try {
    const left = await disk.read(file, { bound: bytes.length });
    if (left.ok && left.bytes instanceof Uint8Array && isBeginning(left.bytes, bytes)) await disk.remove(file);
    // Somebody else's file of that name stays.
    else if (left.ok || left.reason !== 'missing') return null;
    // Tried again, to hear what the system says.
    await disk.write(file, bytes);
    await disk.remove(file);
    return null;
  } catch (error) {
    return t('{0} could not be written: {1}', file, whyNotWritten(error));
  }
}

/** What is told of an edit that the editor did not make, for a reason that nobody knows. */
export const refusedEdit = (): string =>
  t('The editor has refused the change: a file cannot be written, or its text is another one by now.');
