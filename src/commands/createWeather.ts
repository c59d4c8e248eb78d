// The example that is a folder: one task, three cells, whose runs are laid over each other.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { retold } from '../config/edit/index.js';
import type { Entry } from '../config/read/index.js';
import { write } from '../panel/index.js';
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

/** Names in the folder; null where there is none. What else stands in the way is thrown. */
async function namesIn(folder: vscode.Uri): Promise<readonly string[] | null> {
  try {
    return (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return null;
    throw error;
  }
}

/** Writes what the folder lacks, and nothing over what is there; then shows the three runs together. */
export async function createWeather(
  { extensionUri, panels }: Context,
  texts: Readonly<Record<string, string>>,
): Promise<vscode.Uri | undefined> {
  const parent = await parentFolder();
  if (parent === undefined) return undefined;
  const folder = vscode.Uri.joinPath(parent, 'weather');
  const source = vscode.Uri.joinPath(extensionUri, 'examples', 'weather');
  const configs = cells.map((name) => `${name}.rnn.json`);
  const there = (await namesIn(folder)) ?? [];
  const known = [...files, ...configs];
  // Another folder of this name is the user's own.
  if (there.length > 0 && !there.some((name) => known.includes(name))) {
    void vscode.window.showWarningMessage(
      t('A folder "weather" is there already, and it does not hold this example. Rename it, or open another folder.'),
    );
    return undefined;
  }
  for (const name of known.filter((one) => !there.includes(one))) {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(source, name));
    const isConfig = configs.includes(name);
    const content = isConfig ? new TextEncoder().encode(retold(new TextDecoder().decode(bytes), texts)) : bytes;
    await write(vscode.Uri.joinPath(folder, name), content);
  }
  const [first = folder, ...others] = configs.map((name) => vscode.Uri.joinPath(folder, name));
  await vscode.window.showTextDocument(first);
  const entry: Entry = { kind: 'config', config: first.toString() };
  const session = panels.compare(
    entry,
    others.map((uri) => uri.toString()),
  );
  session.begin();
  return first;
}
