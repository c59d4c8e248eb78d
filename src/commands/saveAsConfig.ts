import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry } from '../config/files.js';

/** A path from the folder of `config` to `file` with forward slashes; the full path when they are on different drives. */
export function relativeReference(config: vscode.Uri, file: vscode.Uri): string {
  const relative = path.relative(path.dirname(config.fsPath), file.fsPath);
  return path.isAbsolute(relative) ? file.fsPath : relative.split(path.sep).join('/');
}

/** After a run without a config: offers to write the pair down as one. Nothing is written unless the user says so. */
export async function saveAsConfig(pair: Entry & { readonly kind: 'pair' }): Promise<void> {
  const save = t('Save as config…');
  if ((await vscode.window.showInformationMessage(t('This run has no config. Save the two files as one, so that it can be run again and changed?'), save)) !== save) return;
  const weights = vscode.Uri.parse(pair.weights);
  const sequences = vscode.Uri.parse(pair.sequences);
  const suggestion = weights.with({ path: weights.path.replace(/(?:\.jsonc?)?$/, '.rnn.json') });
  // VS Code's own dialog (remote windows, the web) knows extensions without a dot only: "rnn.json" would be appended a second time.
  const target = await vscode.window.showSaveDialog({ defaultUri: suggestion, filters: { [t('RNN config (*.rnn.json)')]: ['json'] } });
  if (target === undefined) return;
  const config = { cell: 'tanh', weights: relativeReference(target, weights), sequences: relativeReference(target, sequences) };
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
  await vscode.window.showTextDocument(target, { viewColumn: vscode.ViewColumn.One });
}
