import * as vscode from 'vscode';
import { diskOf } from '../context/localDisk.js';
import { versionOnDisk } from './disk.js';

/** Between two looks at the disk, ms. */
const period = 500;

/**
 * Asks the disk itself whether files have changed. VS Code's watchers wait for a pause after a file was replaced, and a
 * script that replaces it 20 times a second makes none; they need a moment to begin, and on network drives they may
 * hear nothing at all.
 */
export class DiskPoll implements vscode.Disposable {
  readonly #changed: (uri: vscode.Uri) => void;
  readonly #versions = new Map<string, string | null>();
  /** What was read of a file before, or after, anybody looked at it here. */
  readonly #read = new Map<string, string | null>();
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  /** `failed` hears of a look that ended in an error; the next one comes all the same. */
  constructor(files: () => Iterable<string>, changed: (uri: vscode.Uri) => void, failed: (error: unknown) => void) {
    this.#changed = changed;
    const again = (): void => {
      this.#timer = setTimeout(() => {
        void this.#look(files)
          .catch(failed)
          .finally(() => {
            if (!this.#disposed) again();
          });
      }, period);
    };
    again();
  }

  /** Somebody else has told of this change already. */
  told(uri: vscode.Uri): void {
    this.#versions.delete(uri.toString());
    this.#read.delete(uri.toString());
  }

  /** This version of a file has been read: any other one is a change. */
  saw(uri: vscode.Uri, version: string | null): void {
    this.#versions.delete(uri.toString());
    this.#read.set(uri.toString(), version);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #look(files: () => Iterable<string>): Promise<void> {
    const ids = [...files()];
    for (const id of this.#versions.keys()) if (!ids.includes(id)) this.#versions.delete(id);
    for (const id of ids) {
      const uri = vscode.Uri.parse(id, true);
      if (diskOf(uri) === null) continue;
      const version = await versionOnDisk(uri);
      if (this.#disposed) return;
      const before = this.#versions.has(id) ? this.#versions.get(id) : this.#read.get(id);
      this.#versions.set(id, version);
      if (before !== undefined && before !== version) this.#changed(uri);
    }
  }
}
