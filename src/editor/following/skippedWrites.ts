// How often other programs have written files that no run has shown: a training script may write faster than runs end.

/** A file at a look: `inode` is another one after it was replaced, 0 where there is none. */
export type Look = { readonly inode: number; readonly writtenAt: number; readonly bytes: number };

/** A file that grows in place within this time, ms, is still being written. */
const writing = 1_000;

const isSame = (a: Look, b: Look): boolean => a.inode === b.inode && a.writtenAt === b.writtenAt && a.bytes === b.bytes;
const goesOn = (before: Look, now: Look): boolean =>
  before.inode === now.inode && now.bytes > before.bytes && Math.abs(now.writtenAt - before.writtenAt) < writing;

/** Counts no write twice, so that it tells of no more than there were; between two looks there may have been more. */
export class SkippedWrites {
  readonly #last = new Map<string, Look>();
  /** Since the last run began, by file. */
  #unread = new Map<string, number>();
  /** Since the last run began that has shown something, up to the latest one. */
  #reading = new Map<string, number>();
  readonly #own = new Set<string>();
  /** Writes that were seen and that no run has shown. */
  skipped = 0;
  /** Results that have shown something which another program wrote. */
  rewrites = 0;

  /** How many have come since the last run began. */
  get unread(): number {
    return [...this.#unread.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The editor itself saves the file: what the disk then tells of it is no news. */
  saved(file: string): void {
    this.#own.add(file);
  }

  /** What the disk shows of a file that is said to have changed; null: it is not there, as between two versions. */
  note(file: string, look: Look | null): void {
    if (look === null) return;
    const before = this.#last.get(file);
    this.#last.set(file, look);
    if (this.#own.delete(file)) return;
    if (before !== undefined && (isSame(before, look) || goesOn(before, look))) return;
    this.#unread.set(file, (this.#unread.get(file) ?? 0) + 1);
  }

  /** A run begins, which reads the latest of them. */
  began(): void {
    for (const [file, count] of this.#unread) this.#reading.set(file, (this.#reading.get(file) ?? 0) + count);
    this.#unread = new Map();
  }

  /** The run has shown its result: of each file one version. */
  shown(): void {
    for (const count of this.#reading.values()) this.skipped += count - 1;
    if (this.#reading.size > 0) this.rewrites++;
    this.#reading = new Map();
  }
}
