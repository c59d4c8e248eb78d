// The last Apply of a panel, so that it can be undone from there.
import * as vscode from 'vscode';

const versionOf = (file: vscode.Uri): number | null => vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString())?.version ?? null;

/** One edit of some files. Only while nothing else has changed them since is it what undo takes back. */
export class Applied {
  readonly #files: readonly vscode.Uri[];
  #versions: readonly (number | null)[];
  #undone = false;
  #busy = false;

  constructor(files: readonly vscode.Uri[]) {
    this.#files = files;
    this.#versions = files.map(versionOf);
  }

  #is(undone: boolean): boolean {
    return this.#undone === undone && this.#files.every((file, i) => versionOf(file) !== null && versionOf(file) === this.#versions[i]);
  }

  /** VS Code undoes in the text that has the focus: it goes there and comes back to `view`. */
  async undo(view: vscode.WebviewPanel, redo: boolean): Promise<void> {
    const [file] = this.#files;
    if (file === undefined || this.#busy || !this.#is(redo)) return;
    this.#busy = true;
    const shown = vscode.window.tabGroups.all.find(({ tabs }) => tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === file.toString()));
    try {
      await vscode.window.showTextDocument(file, { viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One });
      await vscode.commands.executeCommand(redo ? 'redo' : 'undo');
    } finally {
      view.reveal(view.viewColumn);
      this.#busy = false;
    }
    // Somebody may have been asked whether to undo in all files, and not have wanted it.
    if (this.#is(redo)) return;
    this.#undone = !redo;
    this.#versions = this.#files.map(versionOf);
  }
}
