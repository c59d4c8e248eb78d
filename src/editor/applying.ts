import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ChangeOutcome } from '../protocol/messages.js';
import { toRange } from './diagnostics.js';

/** The text may change while the worker computes; it is asked again this often. */
const attempts = 3;

const versions = (): Map<string, number> => new Map(vscode.workspace.textDocuments.map(({ uri, version }) => [uri.toString(), version]));

/** Asks for changes of any number of files and makes one edit of them, so that one undo takes all back. Tells the user when it cannot be done. */
export async function applyChanges(ask: () => Promise<ChangeOutcome>): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = versions();
    const outcome = await ask();
    if (!outcome.ok) {
      void vscode.window.showWarningMessage(outcome.message);
      return false;
    }
    const now = versions();
    if (outcome.changes.some(({ file }) => before.get(file) !== now.get(file))) continue;
    const edit = new vscode.WorkspaceEdit();
    for (const { file, range, text } of outcome.changes) edit.replace(vscode.Uri.parse(file, true), toRange(range), text);
    if (await vscode.workspace.applyEdit(edit)) return true;
  }
  void vscode.window.showWarningMessage(t('The text changes faster than it can be read; try again.'));
  return false;
}
