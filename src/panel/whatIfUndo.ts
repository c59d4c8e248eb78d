// The last Apply of a panel, so that it can be undone from there.
import * as vscode from 'vscode';
import { openDocument } from '../editor/files/index.js';

type State = { readonly document: vscode.TextDocument; readonly version: number };

/** Of a text that was closed and opened again another one: its versions count from 1 anew. */
function stateOf(file: vscode.Uri): State | null {
  const document = openDocument(file.toString());
  return document === undefined ? null : { document, version: document.version };
}

/** One edit of some files. Only while nothing else has changed them since is it what undo takes back. */
export class Applied {
  readonly #files: readonly vscode.Uri[];
  #states: readonly (State | null)[];
  #undone = false;
  #busy = false;

  constructor(files: readonly vscode.Uri[]) {
    this.#files = files;
    this.#states = files.map(stateOf);
  }

  #is(undone: boolean): boolean {
    return (
      this.#undone === undone &&
      this.#files.every((file, i) => {
        const [now, then] = [stateOf(file), this.#states[i]];
        return now !== null && now.document === then?.document && now.version === then.version;
      })
    );
  }

  /**
   * VS Code undoes in the text that has the focus: it goes there, not over the panel in column `taken` if that can be,
   * and `back` brings it back.
   */
  async undo(redo: boolean, taken: vscode.ViewColumn | undefined, back: () => void): Promise<void> {
    const [file] = this.#files;
    if (file === undefined || this.#busy || !this.#is(redo)) return;
    this.#busy = true;
    const shown = vscode.window.tabGroups.all.find(({ tabs }) =>
      tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === file.toString()),
    );
    try {
      await vscode.window.showTextDocument(file, {
        viewColumn:
          shown?.viewColumn ?? (taken === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One),
      });
      await vscode.commands.executeCommand(redo ? 'redo' : 'undo');
    } finally {
      this.#busy = false;
      back();
    }
    // Somebody may have been asked whether to undo in all files, and not have wanted it.
    if (this.#is(redo)) return;
    this.#undone = !redo;
    this.#states = this.#files.map(stateOf);
  }
}
