import * as vscode from 'vscode';
import { textColumn } from '../context/columns.js';
import { pulse } from '../context/walkthroughKeys.js';
import { isTaken } from '../files/disk.js';

/**
 * NAME.rnn.json in the first workspace folder (in none without one), numbered until nothing on the disk or in the
 * editor has that name.
 */
async function freeUri(name: string): Promise<vscode.Uri> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  for (let i = 1; ; i++) {
    const file = `${name}${i === 1 ? '' : `-${i}`}.rnn.json`;
    const path = folder === undefined ? file : vscode.Uri.joinPath(folder, file).path;
    const open = vscode.workspace.textDocuments.some((document) => document.uri.path === path);
    if (!open && (folder === undefined || !(await isTaken(vscode.Uri.joinPath(folder, file)))))
      return vscode.Uri.from({ scheme: 'untitled', path });
  }
}

/**
 * Shows a new config that is nowhere on the disk until the user saves it, with all that a `*.rnn.json` has in the
 * editor.
 */
export async function openUntitledConfig(name: string, content: string): Promise<vscode.Uri> {
  const uri = await freeUri(name);
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  edit.insert(uri, new vscode.Position(0, 0), content);
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error('The editor refused the new text.');
  await vscode.window.showTextDocument(document, { viewColumn: textColumn() });
  void pulse('configCreated');
  return uri;
}
