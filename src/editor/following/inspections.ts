import * as vscode from 'vscode';
import type { SentBytes, SentFile } from '../../config/read/index.js';
import type { NewConfig } from '../../config/edit/index.js';
import { errorStack } from '../../protocol/index.js';
import type {
  CellChoice,
  ChangeOutcome,
  ChangeRequest,
  EditorRequests,
  FactsRequest,
  FileRequest,
  FileSurvey,
  GateName,
  Inspection,
  PartFacts,
  PartGates,
} from '../../protocol/index.js';
import { EngineClient } from '../../worker/thread/index.js';
import type { Questions, Stoppable } from '../../worker/thread/index.js';
import { Stop } from '../../worker/scheduling/index.js';
import { DiskPoll } from '../files/diskPoll.js';
import type { Doors } from '../context/doors.js';
import { asFound, fileVersion, findReference, readUri } from '../files/editorFiles.js';
import type { OnRead } from '../files/editorFiles.js';
import { withToken } from '../files/timeouts.js';
import { FileWatch } from '../files/fileWatch.js';

/** A pause in typing of this length, ms, is taken as an invitation to read the text again. */
const debounce = 150;
/** While typing never pauses, the text is read all the same about once in this many ms. */
const longestWait = 1_000;
/** The thread ends when nobody has asked for anything during this time, ms. */
const idle = 3 * 60_000;
/** Configs that are watched and kept although nobody holds them; the one that was looked at longest ago is let go. */
const mostConfigs = 20;

type Entry = {
  readonly config: vscode.Uri;
  readonly watch: FileWatch;
  /** The text of the config, or of a file that it names, is another one now. */
  readonly touch: () => void;
  inspection: Inspection | null;
  changedAt: number;
  /** When the first change came that no reading has seen; null while there is none. */
  waitingSince: number | null;
  /**
   * Set while the worker reads: what ends it, and whether the reading is long due, so that no change of the text ends
   * it.
   */
  reading: { readonly stop: Stop; readonly isDue: boolean } | null;
  stale: boolean;
  refreshing: Promise<Inspection | null> | null;
};

/**
 * What the worker says of configs and their files before a run, for all editor features together: one thread, started
 * when first needed and ended when idle; one reading for each state of the text, after a pause in typing.
 */
export class Inspections implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #held = new Set<string>();
  readonly #poll: DiskPoll;
  readonly #subscription: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #read = new vscode.EventEmitter<Inspection>();
  /** The text of a config or of a file that it names is another one now. */
  readonly onDidChange = this.#changed.event;
  /** A new reading is there. */
  readonly onDidInspect = this.#read.event;
  #client: EngineClient | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #pending = 0;
  /** What ends the questions that give way to every other one. */
  readonly #waiting = new Set<Stop>();
  #disposed = false;

  constructor(
    readonly workerPath: string,
    readonly log: vscode.LogOutputChannel,
    readonly doors: Doors,
  ) {
    const held = (): Entry[] => [...this.#entries.values()].filter(({ config }) => this.#held.has(config.toString()));
    this.#poll = new DiskPoll(
      () => new Set(held().flatMap(({ watch }) => [...watch.ids])),
      (uri) => {
        for (const { watch, touch } of held()) if (watch.has(uri.toString())) touch();
      },
      (error) => log.error(errorStack(error)),
    );
    this.#subscription = doors.onDidChange(() => {
      for (const { touch } of [...this.#entries.values()]) touch();
    });
  }

  /** Of the text as it is now; null when the config cannot be read, or the caller has lost interest. */
  async of(config: vscode.Uri, token?: vscode.CancellationToken): Promise<Inspection | null> {
    const entry = this.#entry(config);
    if (!entry.stale && entry.refreshing === null) return entry.inspection;
    entry.refreshing ??= this.#refresh(entry).finally(() => {
      entry.refreshing = null;
    });
    return withToken(entry.refreshing, token);
  }

  /** The last reading, however old. */
  latest(config: vscode.Uri): Inspection | null {
    return this.#entries.get(config.toString())?.inspection ?? null;
  }

  /** What takes arithmetic, of the part at a place; null when there is none. */
  facts(
    config: vscode.Uri,
    file: vscode.Uri,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<PartFacts | null> {
    return this.#ofReading(config, token, (stop) => this.#ask('facts', placed(config, file, position, stop), stop));
  }

  /** The gate whose numbers stand at a place; null when there is none. */
  gateAt(
    config: vscode.Uri,
    file: vscode.Uri,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<GateName | null> {
    return this.#ofReading(config, token, (stop) => this.#ask('gateAt', placed(config, file, position, stop), stop));
  }

  /** Where the gates of the weights in these lines stand. */
  async gatePlaces(
    config: vscode.Uri,
    file: vscode.Uri,
    { start, end }: vscode.Range,
    token: vscode.CancellationToken,
  ): Promise<readonly PartGates[]> {
    const lines = { from: start.line, to: end.line };
    const places = await this.#ofReading(config, token, (stop) => {
      const request = { config: config.toString(), file: file.toString(), lines, cancel: stop.flag };
      return this.#ask('gatePlaces', request, stop);
    });
    return places ?? [];
  }

  change(request: ChangeRequest): Promise<ChangeOutcome> {
    return this.#with((client) => client.request('change', request));
  }

  cells(): Promise<readonly CellChoice[]> {
    return this.#with((client) => client.request('cells', null));
  }

  newConfig(request: NewConfig): Promise<string> {
    return this.#with((client) => client.request('newConfig', request));
  }

  /** Null when it was stopped. */
  references(bytes: SentBytes, stop: Stop): Promise<EditorRequests['references']['result']> {
    return this.#ask('references', { bytes, cancel: stop.flag }, stop);
  }

  /** What a file of this name holds; null when it was stopped. `behind`: whatever else is asked meanwhile stops it. */
  survey(bytes: SentBytes, name: string, stop: Stop, behind: boolean): Promise<FileSurvey | null> {
    const answer = this.#with((client) => client.ask('survey', { bytes, name, cancel: stop.flag }, stop));
    if (!behind) return answer;
    this.#waiting.add(stop);
    return answer.finally(() => this.#waiting.delete(stop));
  }

  /** Keeps watching a config until it is let go. */
  hold(config: vscode.Uri): void {
    this.#held.add(config.toString());
  }

  /** Lets a config go: nobody looks at it any more. */
  forget(config: vscode.Uri): void {
    this.#held.delete(config.toString());
    const entry = this.#entries.get(config.toString());
    if (entry === undefined) return;
    this.#entries.delete(config.toString());
    entry.reading?.stop.ask();
    entry.watch.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#idleTimer);
    this.#poll.dispose();
    this.#subscription.dispose();
    for (const { config } of [...this.#entries.values()]) this.forget(config);
    this.#client?.dispose();
    this.#client = null;
    this.#changed.dispose();
    this.#read.dispose();
  }

  #entry(config: vscode.Uri): Entry {
    const key = config.toString();
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // Last in the map is the one looked at last.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const passing = [...this.#entries.values()].filter((entry) => !this.#held.has(entry.config.toString()));
    for (const old of passing.slice(0, Math.max(0, passing.length + 1 - mostConfigs))) this.forget(old.config);
    const touch = (): void => {
      entry.stale = true;
      entry.changedAt = performance.now();
      entry.waitingSince ??= entry.changedAt;
      if (entry.reading?.isDue === false) entry.reading.stop.ask();
      this.#changed.fire(config);
    };
    const entry: Entry = {
      config,
      touch,
      inspection: null,
      changedAt: -Infinity,
      waitingSince: null,
      reading: null,
      stale: true,
      refreshing: null,
      watch: new FileWatch((uri, by) => {
        if (by === 'disk') this.#poll.told(uri);
        touch();
      }),
    };
    entry.watch.follow([key]);
    this.#entries.set(key, entry);
    return entry;
  }

  async #refresh(entry: Entry): Promise<Inspection | null> {
    const key = entry.config.toString();
    while (this.#entries.get(key) === entry) {
      const [since, now] = [entry.waitingSince, performance.now()];
      const wait = Math.min(entry.changedAt + debounce, (since ?? Infinity) + longestWait) - now;
      if (wait > 0) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        continue;
      }
      entry.stale = false;
      const stop = new Stop();
      const isDue = since !== null && now >= since + longestWait;
      entry.reading = { stop, isDue };
      entry.waitingSince = null;
      const inspection = await this.#ask('inspect', { config: key, cancel: stop.flag }, stop).catch(
        (error: unknown) => {
          this.log.error(`${entry.config.path}: ${errorStack(error)}`);
          return null;
        },
      );
      entry.reading = null;
      if (inspection === null) entry.waitingSince = since ?? entry.waitingSince;
      if (inspection !== null) entry.watch.follow([key, ...inspection.files]);
      // `stale` may have been set by an edit while the worker was reading.
      const isStale = entry.stale as boolean;
      if (isStale && !isDue) continue;
      entry.inspection = inspection;
      if (inspection !== null) this.#read.fire(inspection);
      if (!isStale) return inspection;
    }
    return null;
  }

  #ask<K extends Stoppable>(
    name: K,
    params: Questions[K]['params'],
    stop: Stop,
  ): Promise<Questions[K]['result'] | null> {
    return this.#with((client) => client.ask(name, params, stop));
  }

  /** What is asked of the text as it is now; null when the caller has lost interest. */
  async #ofReading<Result>(
    config: vscode.Uri,
    token: vscode.CancellationToken,
    ask: (stop: Stop) => Promise<Result>,
  ): Promise<Result | null> {
    if ((await this.of(config, token)) === null || token.isCancellationRequested) return null;
    const stop = new Stop();
    const subscription = token.onCancellationRequested(() => stop.ask());
    try {
      return await ask(stop);
    } finally {
      subscription.dispose();
    }
  }

  async #with<Result>(ask: (client: EngineClient) => Promise<Result>): Promise<Result> {
    if (this.#disposed) throw new Error('The editor features have been shut down.');
    for (const stop of this.#waiting) stop.ask();
    clearTimeout(this.#idleTimer);
    this.#pending++;
    this.#client ??= new EngineClient({
      workerPath: this.workerPath,
      readFile: (request) => readVersioned(request, this.doors, (uri, version) => this.#poll.saw(uri, version)),
      events: {
        progress: () => undefined,
        problems: () => undefined,
        summary: () => undefined,
        spectrum: () => undefined,
        failed: ({ message }) => this.log.error(`thread of inspections: ${message}`),
      },
      onCrash: (message) => this.log.error(message),
    });
    try {
      return await ask(this.#client);
    } finally {
      this.#pending--;
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => this.#rest(), idle);
    }
  }

  #rest(): void {
    if (this.#pending > 0) return;
    this.#client?.dispose();
    this.#client = null;
  }
}

const placed = (
  config: vscode.Uri,
  file: vscode.Uri,
  { line, character }: vscode.Position,
  { flag }: Stop,
): FactsRequest => ({
  config: config.toString(),
  file: file.toString(),
  position: { line, character },
  cancel: flag,
});

/** A file with its version, its bytes only when the worker does not have that version. */
async function readVersioned(request: FileRequest, doors: Doors, onRead: OnRead): Promise<SentFile> {
  const found = await findReference(request, doors);
  if (!found.ok) return found;
  const { uri, real, guarded } = found;
  const version = await fileVersion(uri);
  if (version !== null && version === request.known) {
    return asFound({ ok: true, id: uri.toString(), bytes: new Uint8Array(), version }, guarded);
  }
  const content = asFound(await readUri(uri, { real, onRead, cancel: request.cancel ?? null }), guarded);
  // A file that was written while it was read has no version that can be told.
  return content.ok && version !== null && (await fileVersion(uri)) === version ? { ...content, version } : content;
}
