// The example that is a folder: one task, three cells, whose runs are laid over each other.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { retold } from '../config/edit/index.js';
import type { Entry } from '../config/read/index.js';
import type { Context } from './commandContext.js';

const cells = ['weather', 'lstm', 'gru'] as const;
const files = [
  'README.md',
  'weights.json',
  'sequences.json',
  'dhs.json',
  'targets.json',
  'lstm.state_dict.json',
  'lstm.readout.json',
  'gru.state_dict.json',
  'gru.readout.json',
];

const exists = (uri: vscode.Uri): Thenable<boolean> =>
  vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );

/** Into the folder that is open, or one that the user chooses. */
async function parentFolder(): Promise<vscode.Uri | undefined> {
  const [open] = vscode.workspace.workspaceFolders ?? [];
  if (open !== undefined) return open.uri;
  const chosen = await vscode.window.showOpenDialog({
    title: t('Where shall the folder "weather" be made?'),
    openLabel: t('Make it here'),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  return chosen?.[0];
}

/** Writes the folder where it is not there yet, and nothing where it is; then shows the three runs together. */
export async function createWeather(
  { extensionUri, panels, log }: Context,
  texts: Readonly<Record<string, string>>,
): Promise<vscode.Uri | undefined> {
  const parent = await parentFolder();
  if (parent === undefined) return undefined;
  const folder = vscode.Uri.joinPath(parent, 'weather');
  const configs = cells.map((name) => vscode.Uri.joinPath(folder, `${name}.rnn.json`));
  if (!(await exists(folder))) {
    const source = vscode.Uri.joinPath(extensionUri, 'examples', 'weather');
    for (const name of files)
      await vscode.workspace.fs.copy(vscode.Uri.joinPath(source, name), vscode.Uri.joinPath(folder, name));
    for (const [i, name] of cells.entries()) {
      const config = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(source, `${name}.rnn.json`));
      const text = retold(new TextDecoder().decode(config), texts);
      await vscode.workspace.fs.writeFile(configs[i] ?? folder, new TextEncoder().encode(text));
    }
  }
  const [first, ...others] = configs;
  const missing = await Promise.all(configs.map(async (uri) => !(await exists(uri))));
  if (first === undefined || missing.includes(true)) {
    void vscode.window.showWarningMessage(
      t('A folder "weather" is there already, and it does not hold this example. Rename it, or open another folder.'),
    );
    return undefined;
  }
  await vscode.window.showTextDocument(first);
  const entry: Entry = { kind: 'config', config: first.toString() };
  const session = panels.compare(
    entry,
    others.map((uri) => uri.toString()),
  );
  session.run().catch((error: unknown) => log.error(String(error)));
  return first;
}
