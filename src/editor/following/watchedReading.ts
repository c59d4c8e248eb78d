// A file that somebody looks into: a thread of its own reads it, again whenever it changes.
import * as vscode from 'vscode';
import { errorMessage, errorStack } from '../../protocol/index.js';
import type { TensorProblem } from '../../protocol/index.js';
import { EngineClient } from '../../worker/thread/index.js';
import type { Questions } from '../../worker/thread/index.js';
import type { Doors } from '../context/doors.js';
import { statIfThere } from '../files/disk.js';
import { DiskPoll } from '../files/diskPoll.js';
import { readReference } from '../files/editorFiles.js';
import { FileWatch } from '../files/fileWatch.js';
import { PartialWrites } from '../files/partialWrites.js';

/** A file that is written again and again is read about once in this many ms. */
const debounce = 300;

/** What every reading tells: what is wrong, and which files have a part in it. */
type Told = { readonly problems: readonly TensorProblem[]; readonly files: readonly string[] };

/** What is known of a file now. `reading`: which reading of it the numbers belong to that are asked for later. */
export type Reading<List> = { readonly reading: number; readonly list: List; readonly bytes: number | null };

/** What is asked of the thread, and what of its answers means that nothing could be read. */
export type ReadingParts<List extends Told> = {
  readonly uri: vscode.Uri;
  readonly workerPath: string;
  readonly log: vscode.LogOutputChannel;
  readonly doors: Doors;
  /** Null: a later reading has begun meanwhile. */
  readonly ask: (client: EngineClient, reading: number) => Promise<List | null>;
  readonly isRead: (list: List) => boolean;
  /** What there is to tell where nothing could be asked. */
  readonly nothing: (told: Told) => List;
};

export class WatchedReading<List extends Told> implements vscode.Disposable {
  read: Reading<List> | null = null;
  readonly #parts: ReadingParts<List>;
  readonly #uri: vscode.Uri;
  readonly #client: EngineClient;
  readonly #watch: FileWatch;
  readonly #poll: DiskPoll;
  readonly #rewrites = new PartialWrites();
  readonly #arrived = new vscode.EventEmitter<Reading<List>>();
  /** What is known is new. */
  readonly onDidRead = this.#arrived.event;
  readonly #log: vscode.LogOutputChannel;
  #reading = 0;
  #isReading = false;
  /** The file has changed since the reading under way began. */
  #isStale = false;
  /** Something else is asked of the file since then. */
  #isAsked = false;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(parts: ReadingParts<List>) {
    const { uri, workerPath, log, doors } = parts;
    this.#parts = parts;
    this.#uri = uri;
    this.#log = log;
    this.#client = new EngineClient({
      workerPath,
      readFile: (request) => readReference(request, doors, (file, version) => this.#poll.saw(file, version)),
      events: {
        progress: () => undefined,
        problems: () => undefined,
        summary: () => undefined,
        spectrum: () => undefined,
        failed: ({ message }) => log.error(`thread of ${uri.path}: ${message}`),
      },
      onCrash: (message) => this.#fail(message, this.#reading),
    });
    const changed = (file: vscode.Uri): void => {
      this.#rewrites.note(file);
      this.#timer ??= setTimeout(() => this.#again(), debounce);
    };
    this.#watch = new FileWatch((file, by) => {
      if (by === 'disk') this.#poll.told(file);
      changed(file);
    });
    this.#poll = new DiskPoll(
      () => this.#watch.ids,
      changed,
      (error) => this.#log.error(`${this.#uri.path}: ${errorStack(error)}`),
    );
    this.#watch.follow([uri.toString()]);
    this.#again();
  }

  request<K extends keyof Questions>(name: K, params: Questions[K]['params']): Promise<Questions[K]['result']> {
    return this.#client.request(name, params);
  }

  /** Something else is asked of the file now. */
  again(): void {
    this.#isAsked = true;
    this.#again();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#client.dispose();
    this.#watch.dispose();
    this.#poll.dispose();
    this.#arrived.dispose();
  }

  /** The reading under way is told before the next one begins: a file that is rewritten all the time is seen too. */
  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = this.#isReading;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#isAsked = false;
    const reading = ++this.#reading;
    void this.#readNow(reading)
      .catch((error: unknown) => this.#fail(error, reading))
      .finally(() => {
        this.#isReading = false;
        if (this.#disposed) return;
        // Who asks waits for no other program to be done.
        if (this.#isAsked) this.#again();
        else if (this.#isStale) this.#timer ??= setTimeout(() => this.#again(), debounce);
      });
  }

  /** A file that another program is just writing is read until it is whole, or nobody writes it any more. */
  async #readNow(reading: number): Promise<void> {
    for (;;) {
      const list = await this.#parts.ask(this.#client, reading);
      const bytes = (await statIfThere(this.#uri))?.bytes ?? null;
      if (list === null || reading !== this.#reading || this.#disposed) return;
      const problems = list.problems.map(({ code, file }) => ({ severity: 'error' as const, code, file }));
      if (!this.#parts.isRead(list) && (await this.#rewrites.explain(problems))) {
        await this.#rewrites.pause();
        if (reading !== this.#reading) return;
        continue;
      }
      this.#rewrites.settled();
      this.#watch.follow([this.#uri.toString(), ...list.files]);
      this.#tell({ reading, list, bytes });
      return;
    }
  }

  /** What becomes of an older reading is nobody's concern any more. */
  #fail(error: unknown, reading: number): void {
    if (this.#disposed || reading !== this.#reading) return;
    this.#log.error(`${this.#uri.path}: ${errorStack(error)}`);
    const file = this.#uri.toString();
    const problems = [{ file, code: 'unreadable-file' as const, text: errorMessage(error), python: null }];
    this.#tell({ reading: ++this.#reading, list: this.#parts.nothing({ problems, files: [file] }), bytes: null });
  }

  #tell(read: Reading<List>): void {
    this.read = read;
    this.#arrived.fire(read);
  }
}
