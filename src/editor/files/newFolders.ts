import * as vscode from 'vscode';
import { statIfThere } from './disk.js';
import { isUnder } from './fileMoves.js';
import { patience, within } from './timeouts.js';

/** New folders are gathered for this time, ms: where one is unpacked, hundreds come with it. */
const gathering = 300;
/**
 * A folder is told about once more after this time, ms: watchers may not have begun in the folders inside it when it
 * was first looked into.
 */
const again = 1_500;

/** More new folders than this are not searched one by one, but the whole workspace folders that they are in. */
const mostApart = 8;

/** What other programs keep, and too much of it to look at each. */
const isIgnored = ({ path }: vscode.Uri): boolean => /\/(node_modules|\.git)(\/|$)/.test(path);

/**
 * Tells of folders that are new in the workspace, of the outermost only. VS Code's watchers begin in such a folder a
 * moment after it was made, and never tell of what was put there before: of a tree that was moved here nothing but its
 * root.
 */
export class NewFolders implements vscode.Disposable {
  readonly #found: (folder: vscode.Uri) => Promise<void>;
  readonly #watcher = vscode.workspace.createFileSystemWatcher('**/*', false, false, true);
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #failed: (error: unknown) => void;
  #gathered = new Map<string, vscode.Uri>();
  #last = Promise.resolve();

  /** `failed` hears of a folder whose telling ended in an error. */
  constructor(found: (folder: vscode.Uri) => Promise<void>, failed: (error: unknown) => void) {
    this.#found = found;
    this.#failed = failed;
    const gather = (uri: vscode.Uri): void => {
      if (isIgnored(uri)) return;
      if (this.#gathered.size === 0) this.#later(gathering, () => this.#look());
      this.#gathered.set(uri.toString(), uri);
    };
    this.#watcher.onDidCreate(gather);
    // A folder that was removed and made again within a moment has changed, as VS Code tells it.
    this.#watcher.onDidChange(gather);
  }

  dispose(): void {
    this.#watcher.dispose();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #look(): Promise<void> {
    const places = [...this.#gathered.values()];
    this.#gathered = new Map();
    const folders = await outermostFolders(places);
    const tell = async (): Promise<void> => {
      for (const folder of folders) await this.#found(folder);
    };
    if (folders.length > 0) this.#later(again, tell);
    await tell();
  }

  /** One task after the other, also after one that failed; what comes meanwhile is gathered. */
  #later(ms: number, task: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#last = this.#last.then(task).catch(this.#failed);
    }, ms);
    this.#timers.add(timer);
  }
}

async function outermostFolders(places: readonly vscode.Uri[]): Promise<vscode.Uri[]> {
  const folders: vscode.Uri[] = [];
  for (const place of places.toSorted((a, b) => a.path.length - b.path.length)) {
    if (folders.some((folder) => isUnder(place, folder)) || !(await isFolder(place))) continue;
    folders.push(place);
    if (folders.length > mostApart)
      return [...new Set(places.map((uri) => vscode.workspace.getWorkspaceFolder(uri)))].flatMap(
        (folder) => folder?.uri ?? [],
      );
  }
  return folders;
}

/** Not when nobody answers: of folders of no disk VS Code may never do so. */
const isFolder = async (uri: vscode.Uri): Promise<boolean> =>
  (await within(statIfThere(uri), patience))?.isFolder ?? false;
