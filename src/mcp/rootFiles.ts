// The files that an assistant may read through the command line: those below the folders that it was started with.
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { t } from '@vscode/l10n';
import type { SentFile } from '../config/read/index.js';
import type { FileRequest } from '../protocol/index.js';
import { raised } from '../worker/scheduling/index.js';
import { isUnder, readRegularFile, troubleOf } from '../worker/thread/index.js';

/** A folder as it was named, and where it really is. */
type Root = { readonly named: string; readonly real: string };

/** The folder itself is no file, which is told as of every other folder. */
const isIn = (id: string, folder: string): boolean => id === folder || isUnder(id, folder);

export class RootFiles {
  readonly #roots: readonly [Root, ...Root[]];
  readonly #bound: number;

  private constructor(roots: readonly [Root, ...Root[]], bound: number) {
    this.#roots = roots;
    this.#bound = bound;
  }

  /** `bound`: bytes of the largest file that is read whole. A sentence says why it cannot be. */
  static async open(folders: readonly [string, ...string[]], bound: number): Promise<RootFiles | string> {
    const roots: Root[] = [];
    for (const folder of folders) {
      const named = path.resolve(folder);
      try {
        const real = await realpath(named);
        if (!(await stat(real)).isDirectory())
          return t('--root takes a folder that is there, and "{0}" is none.', folder);
        roots.push({ named, real });
      } catch (error) {
        const { reason, detail } = troubleOf(error);
        return reason === 'missing'
          ? t('--root takes a folder that is there, and there is none at "{0}".', named)
          : t('--root takes a folder that can be read, and "{0}" cannot: {1}', folder, detail);
      }
    }
    const [first, ...others] = roots;
    if (first === undefined) throw new Error('There is always a folder.');
    return new RootFiles([first, ...others], bound);
  }

  /** What a path of an input means: a relative one in the first folder that has it. */
  async place(input: string): Promise<string> {
    const [{ named }] = this.#roots;
    if (path.isAbsolute(input)) return path.resolve(input);
    for (const root of this.#roots) {
      const id = path.resolve(root.named, input);
      if (typeof (await this.#whereIs(id)) === 'string') return id;
    }
    return path.resolve(named, input);
  }

  nameOf(id: string): string {
    const root = this.#roots.find(({ named }) => isIn(id, named));
    return root === undefined ? id : path.relative(root.named, id) || '.';
  }

  async read({ reference, from, cancel = null }: FileRequest): Promise<SentFile> {
    const id = from === null ? reference : path.resolve(path.dirname(from), reference);
    const real = await this.#whereIs(id);
    // What was looked at is what is read.
    if (typeof real === 'string')
      return { id, ...(await readRegularFile(real, { bound: this.#bound, isCancelled: raised(cancel) })) };
    return real;
  }

  /** Where a file really is, without links; or why it is not read. Outside nothing is even looked for. */
  async #whereIs(id: string): Promise<string | (SentFile & { readonly ok: false })> {
    if (!this.#roots.some(({ named, real }) => isIn(id, named) || isIn(id, real))) return this.#beyond(id, id);
    try {
      const real = await realpath(id);
      return this.#roots.some((root) => isIn(real, root.real)) ? real : this.#beyond(id, real);
    } catch (error) {
      return { ok: false, id, ...troubleOf(error) };
    }
  }

  #beyond(id: string, target: string): SentFile & { readonly ok: false } {
    return {
      ok: false,
      id,
      reason: 'beyond',
      target,
      allowed: t('a file below {0}', this.#roots.map(({ named }) => named).join(', ')),
      advice: t('Move it there, or start the server with one more --root.'),
      detail: t('it is outside of the folders of the server'),
    };
  }
}
