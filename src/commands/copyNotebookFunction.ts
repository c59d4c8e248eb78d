import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandFactory } from './commandContext.js';

/** The Python function whose output a notebook draws (src/notebook). */
export const copyNotebookFunction: CommandFactory =
  ({ extensionUri }) =>
  async () => {
    const file = vscode.Uri.joinPath(extensionUri, 'media', 'notebook', 'show_gradients.py');
    const lines = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
    await vscode.env.clipboard.writeText(lines);
    void vscode.window.showInformationMessage(
      t('Copied show_gradients. Paste it into a cell, and call show_gradients(rnn, x) in the next one.'),
    );
  };
