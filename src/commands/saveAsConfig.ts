import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry } from '../config/read/index.js';
import { isConfig } from '../editor/following/index.js';
import { writtenAt } from '../editor/files/index.js';

/**
 * A path from the folder of `config` to `file` with forward slashes; the full path when they are on different drives.
 */
export function relativeReference(config: vscode.Uri, file: vscode.Uri): string {
  const relative = path.relative(path.dirname(config.fsPath), file.fsPath);
  return path.isAbsolute(relative) ? file.fsPath : relative.split(path.sep).join('/');
}

const asConfig = (file: vscode.Uri): vscode.Uri =>
  file.with({ path: file.path.replace(/(?:\.jsonc?)?$/, '.rnn.json') });

/**
 * Where the config goes: only by its name is it one in the editor. What is there already is written over when the user
 * has picked it, and only then.
 */
async function nameFor(picked: vscode.Uri): Promise<vscode.Uri> {
  if (isConfig(picked) || (await writtenAt(picked)) !== null) return picked;
  return (await writtenAt(asConfig(picked))) === null ? asConfig(picked) : picked;
}

/** After a run without a config: offers to write the pair down as one. Nothing is written unless the user says so. */
export async function saveAsConfig(pair: Entry & { readonly kind: 'pair' }): Promise<void> {
  const save = t('Save as config…');
  if (
    (await vscode.window.showInformationMessage(
      t('This run has no config. Save the two files as one, so that it can be run again and changed?'),
      save,
    )) !== save
  )
    return;
  const weights = vscode.Uri.parse(pair.weights);
  const sequences = vscode.Uri.parse(pair.sequences);
  // The first one is appended to a name that has neither; of "weights.rnn.json" VS Code's own dialog (remote windows,
  // the web) sees the second one alone.
  const extensions = ['rnn.json', 'json'];
  const picked = await vscode.window.showSaveDialog({
    defaultUri: asConfig(weights),
    filters: { [t('RNN config (*.rnn.json)')]: extensions },
  });
  if (picked === undefined) return;
  const target = await nameFor(picked);
  const config = {
    cell: 'tanh',
    weights: relativeReference(target, weights),
    sequences: relativeReference(target, sequences),
  };
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
  await vscode.window.showTextDocument(target, { viewColumn: vscode.ViewColumn.One });
}
