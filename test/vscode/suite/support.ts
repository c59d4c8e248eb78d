import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { Doors } from '../../../src/editor/context/doors.js';

/** Generous, because it only ends hopeless waits: how fast a machine is decides no test. */
const patience = 60_000;

/** Waits until `probe` gives something else than undefined; says what it waited for when it never does. */
export async function until<T>(
  what: string | (() => string),
  probe: () => T | undefined | Thenable<T | undefined>,
  timeout = patience,
): Promise<T> {
  const deadline = Date.now() + timeout;
  // Rarer and rarer: each look may go through the whole window.
  for (let pause = 10; ; pause = Math.min(150, 1.5 * pause)) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline)
      throw new Error(`Waited ${timeout} ms in vain for ${typeof what === 'string' ? what : what()}.`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const extensionUri = (): vscode.Uri => {
  const extension = vscode.extensions.getExtension('rnn-gradients.rnn-gradients');
  if (extension === undefined) throw new Error('The extension is not installed.');
  return extension.extensionUri;
};
const examples = (): vscode.Uri => vscode.Uri.joinPath(extensionUri(), 'examples');
/** The engine's thread, as the extension starts it. */
export const workerPath = (): string => vscode.Uri.joinPath(extensionUri(), 'dist', 'worker.js').fsPath;

/** What a session made by a test may read, in a workspace that is trusted; nothing is remembered. */
export const openDoors = (): Doors =>
  new Doors({ keys: () => [], get: () => undefined, update: () => Promise.resolve() } as vscode.Memento);

/** A fresh copy of an example's folder, so that no test sees another's edits. */
export async function copyExample(name: string): Promise<vscode.Uri> {
  const folder = vscode.Uri.file(await mkdtemp(path.join(tmpdir(), 'rnn-gradients-')));
  await vscode.workspace.fs.copy(vscode.Uri.joinPath(examples(), name), folder, { overwrite: true });
  return vscode.Uri.joinPath(folder, `${name}.rnn.json`);
}

export async function openText(uri: vscode.Uri): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), {
    viewColumn: vscode.ViewColumn.One,
    preview: false,
  });
}

/**
 * Makes a folder in the workspace and waits until VS Code's watchers tell of a file that is new in it: they need a
 * moment to begin, and what is made before that nobody hears of. Now and then they never begin with a folder that was
 * made a moment after its parent; then it is made anew.
 */
export async function watched(folder: vscode.Uri): Promise<void> {
  const heard = new Set<string>();
  const watcher = vscode.workspace.createFileSystemWatcher('**/watched-*.txt', false, true, true);
  const subscription = watcher.onDidCreate((uri) => heard.add(uri.toString()));
  const { fs } = vscode.workspace;
  let made = 0;
  try {
    await fs.createDirectory(folder);
    await until('the watchers of the workspace', async () => {
      if (made % 20 === 19) {
        await fs.delete(folder, { recursive: true });
        await new Promise((resolve) => setTimeout(resolve, 500));
        await fs.createDirectory(folder);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      await fs.writeFile(vscode.Uri.joinPath(folder, `watched-${made++}.txt`), new Uint8Array());
      await new Promise((resolve) => setTimeout(resolve, 200));
      return heard.size > 0 ? true : undefined;
    });
  } finally {
    subscription.dispose();
    watcher.dispose();
    for (const [name] of await fs.readDirectory(folder))
      if (name.startsWith('watched-')) await fs.delete(vscode.Uri.joinPath(folder, name));
  }
}

/** The titles of the lenses above a document, as the editor shows them. */
export async function lenses(uri: vscode.Uri): Promise<string[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return found.map((lens) => lens.command?.title ?? '');
}

/** Waits for a lens whose title matches. */
export const lensSays = (uri: vscode.Uri, pattern: RegExp): Promise<string> =>
  until(`a lens like ${String(pattern)} on ${uri.path}`, async () =>
    (await lenses(uri)).find((title) => pattern.test(title)),
  );

/** Replaces the first occurrence of `before`, as one edit, without saving. */
export async function replaceText(document: vscode.TextDocument, before: string, after: string): Promise<void> {
  const start = document.getText().indexOf(before);
  if (start < 0) throw new Error(`"${before}" is not in ${document.uri.path}.`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(
    document.uri,
    new vscode.Range(document.positionAt(start), document.positionAt(start + before.length)),
    after,
  );
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error('The edit was refused.');
}

export const panelTabs = (): vscode.Tab[] =>
  vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.includes('rnnGradients.panel'));

/** Threads of this extension host, without the main one. */
export const liveWorkers = (): number => {
  Object.assign(process.report, { excludeNetwork: true }); // else every report looks up host names
  const report = process.report.getReport() as unknown as { workers: unknown[] };
  return report.workers.length;
};

/** How many there are when none has come for a second: one reads for the editor, one waits for a run. */
export async function settledWorkers(): Promise<number> {
  for (let count = liveWorkers(); ;) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = liveWorkers();
    if (now === count) return count;
    count = now;
  }
}

/** Closes every tab and throws unsaved text away. */
export async function closeEverything(): Promise<void> {
  // VS Code's own settings are now and then unsaved for a moment, while it writes them itself.
  const ours = vscode.workspace.textDocuments.filter(
    ({ isDirty, uri }) => isDirty && !uri.path.endsWith('/User/settings.json'),
  );
  for (const document of ours) {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
