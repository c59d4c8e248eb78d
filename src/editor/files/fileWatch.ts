import path from 'node:path';
import * as vscode from 'vscode';

/** Who changed a file: somebody in the editor (not saved yet), or whoever wrote it to the disk. */
export type ChangedBy = 'text' | 'disk';

/** A glob that matches this name and no other: each special character becomes a class of one. */
const exactly = (name: string): string => name.replaceAll(/[*?[\]{}]/g, '[$&]');

/**
 * Whether a text that nobody has edited is not that of the disk. After a reload of the window unsaved text comes back,
 * and VS Code says only then that it is unsaved: a panel that was restored may have read the disk before.
 */
const isRestored = ({ isDirty, version }: vscode.TextDocument): boolean => isDirty && version === 1;

/** Tells when one of some files has another content than before: by an edit, saved or not, or by another program. */
export class FileWatch implements vscode.Disposable {
  readonly #changed: (uri: vscode.Uri, by: ChangedBy) => void;
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(changed: (uri: vscode.Uri, by: ChangedBy) => void) {
    this.#changed = changed;
    const tell = ({ uri, isDirty }: vscode.TextDocument): void => {
      // A text that is clean has been read again from the disk: another program wrote the file while it was open.
      if (this.has(uri.toString())) changed(uri, isDirty || uri.scheme === 'untitled' ? 'text' : 'disk');
    };
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 || isRestored(document)) tell(document);
      }),
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (isRestored(document)) tell(document);
      }),
      // Closing without saving throws the unsaved text away.
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.isDirty) tell(document);
      }),
    ];
  }

  get ids(): Iterable<string> {
    return this.#watchers.keys();
  }

  has(id: string): boolean {
    return this.#watchers.has(id);
  }

  /** Exactly these files from now on; what is no path has only its text for a name, and cannot be followed. */
  follow(files: Iterable<string>): void {
    const wanted = new Set([...files].filter((id) => /^[a-z][\w+.-]*:/i.test(id)));
    for (const [id, watcher] of this.#watchers) {
      if (wanted.has(id)) continue;
      watcher.dispose();
      this.#watchers.delete(id);
    }
    for (const id of wanted) {
      if (this.#watchers.has(id)) continue;
      const uri = vscode.Uri.parse(id);
      if (uri.scheme === 'untitled') {
        // On no disk: only its text can change.
        this.#watchers.set(id, new vscode.Disposable(() => undefined));
        continue;
      }
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), exactly(path.posix.basename(uri.path))),
      );
      const changed = (): void => this.#changed(uri, 'disk');
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
