import path from 'node:path';
import * as vscode from 'vscode';

/** Tells when one of some files has another content than before: by an edit, saved or not, or by another program. */
export class FileWatch implements vscode.Disposable {
  readonly #changed: (uri: vscode.Uri) => void;
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(changed: (uri: vscode.Uri) => void) {
    this.#changed = changed;
    const tell = (uri: vscode.Uri): void => {
      if (this.#watchers.has(uri.toString())) changed(uri);
    };
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) tell(document.uri);
      }),
      // Closing without saving throws the unsaved text away.
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.isDirty) tell(document.uri);
      }),
    ];
  }

  /** Exactly these files from now on. */
  follow(files: readonly string[]): void {
    const wanted = new Set(files);
    for (const [id, watcher] of this.#watchers) {
      if (wanted.has(id)) continue;
      watcher.dispose();
      this.#watchers.delete(id);
    }
    for (const id of wanted) {
      if (this.#watchers.has(id)) continue;
      const uri = vscode.Uri.parse(id);
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.posix.basename(uri.path)));
      const changed = (): void => this.#changed(uri);
      watcher.onDidChange(changed);
      watcher.onDidCreate(changed);
      watcher.onDidDelete(changed);
      this.#watchers.set(id, watcher);
    }
  }

  dispose(): void {
    for (const disposable of [...this.#subscriptions, ...this.#watchers.values()]) disposable.dispose();
  }
}
