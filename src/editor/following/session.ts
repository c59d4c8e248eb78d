import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry, SentBytes } from '../../config/read/index.js';
import { quote } from '../../config/json/index.js';
import type { Problem } from '../../config/json/index.js';
import { errorMessage, errorStack } from '../../protocol/index.js';
import type { Progress, RunOutcome, RunSummary, SpectrumSummary } from '../../protocol/index.js';
import { EngineClient } from '../../worker/thread/index.js';
import type { Stop } from '../../worker/scheduling/index.js';
import type { Questions, SpareThread, Stoppable } from '../../worker/thread/index.js';
import { DiskPoll } from '../files/diskPoll.js';
import type { Doors } from '../context/doors.js';
import { readReference, versionOf } from '../files/editorFiles.js';
import { PartialWrites } from '../files/partialWrites.js';
import { History } from './runHistory.js';
import { SkippedWrites } from './skippedWrites.js';
import { statIfThere } from '../files/disk.js';
import { readSettings } from '../context/settings.js';
import { FileWatch } from '../files/fileWatch.js';
import type { ChangedBy } from '../files/fileWatch.js';

/** While edits never pause, the picture still follows about once in this many ms. */
const longestWait = 1_000;
/** Edits are run ahead where the last run took no longer than this, ms: the next key throws such a run away. */
const quick = 60;
/** What reads a file of more bytes is not quick: such a reading is part of no time that is known here. */
const quickBytes = 1e6;
/** The log tells how soon the picture follows an edit at most once in this many ms. */
const betweenLatencies = 1_000;

const sizeOf = (bytes: SentBytes): number => (bytes instanceof Uint8Array ? bytes.byteLength : bytes.size);

export const entryKey = (entry: Entry): string =>
  entry.kind === 'config'
    ? entry.config
    : JSON.stringify([
        ...[entry.weights, entry.network ?? '', entry.sequences, entry.array ?? '', entry.order ?? ''],
        ...(entry.options === undefined ? [] : [entry.options]),
      ]);
/** The files that an entry itself names. */
const filesOf = (entry: Entry): string[] =>
  entry.kind === 'config'
    ? [entry.config]
    : [entry.weights, ...(typeof entry.sequences === 'string' ? [entry.sequences] : [])];
/** The file that stands for the entry in the editor. */
export const entryUri = (entry: Entry): vscode.Uri =>
  vscode.Uri.parse(entry.kind === 'config' ? entry.config : entry.weights, true);

/** A run that the thread was asked for, and the versions of the open documents then. */
type Begun = {
  readonly runId: number;
  readonly answer: Promise<RunOutcome>;
  readonly versions: ReadonlyMap<string, number>;
};

/** Nobody waits for the end of this run: a failure is logged and shown by the session itself. */
function unattended(outcome: Promise<RunOutcome>): void {
  outcome.catch(() => undefined);
}

/**
 * One experiment that the user looks at: runs it, follows its files, holds the last good result. Lives as long as its
 * panel.
 */
export class Session implements vscode.Disposable {
  readonly key: string;
  summary: RunSummary | null = null;
  spectrum: SpectrumSummary | null = null;
  problems: readonly Problem[] = [];
  /** Every result so far. */
  readonly history = new History();
  running: Progress | null = null;
  /** Why the summary is not of the text in the editor; null when it is. */
  stale: string | null = null;

  readonly #changed = new vscode.EventEmitter<void>();
  readonly #summaryArrived = new vscode.EventEmitter<RunSummary>();
  readonly #spectrumArrived = new vscode.EventEmitter<SpectrumSummary>();
  /** Status, problems or progress are new. */
  readonly onDidChange = this.#changed.event;
  readonly onDidSummarise = this.#summaryArrived.event;
  readonly onDidAnalyse = this.#spectrumArrived.event;

  readonly #client: EngineClient;
  readonly #files: FileWatch;
  readonly #poll: DiskPoll;
  readonly #rewrites = new PartialWrites();
  readonly #writes = new SkippedWrites();
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | null = null;
  /** When the content last changed that the next run will read; null while nothing is new. */
  #editedAt: number | null = null;
  /** Whether a page shows the session and will paint its next run. */
  readonly #painters = new Set<() => boolean>();
  /** A run of the text as it is now, begun while the next key may still come; null while there is none. */
  #ahead: Begun | null = null;
  /** Since when the last run was due, and whether it had begun before; how long a run takes until its summary, ms. */
  #dueAt = 0;
  #wasAhead = false;
  #lastTook = Infinity;
  /** The layer of the network that is looked at; null: the one that the verdict names. */
  #layer: number | null = null;
  /** The call of run that shows another layer of what is shown already. */
  #chosenTurn: number | null = null;
  /** The edit that a run shows whose picture is not on the screen yet. */
  #unpainted: { readonly runId: number; readonly editedAt: number } | null = null;
  /** When the log was last told how soon a picture follows an edit. */
  #toldLatencyAt = -Infinity;
  /**
   * Another program has written during a run that has not shown anything yet: it may finish, and the next one follows
   * it.
   */
  #runAfterwards = false;
  /** Something has changed that no run follows, because the user does not want it to. */
  #unfollowed = false;
  /** Of the open documents when the last run began. */
  #versions: ReadonlyMap<string, number> = new Map();
  /** Number of the latest call of run; an older one leaves the state alone. */
  #turn = 0;
  /** The call of run that was to stop last: while it waits for a file to be whole, nothing else knows. */
  #cancelled = 0;

  constructor(
    readonly entry: Entry,
    spare: SpareThread,
    readonly log: vscode.LogOutputChannel,
    doors: Doors,
  ) {
    this.key = entryKey(entry);
    this.#client = new EngineClient({
      workerPath: spare.file,
      spare,
      threads: () => readSettings().threads,
      readFile: async (request) => {
        const content = await readReference(request, doors, (uri, version) => this.#poll.saw(uri, version));
        if (content.ok && sizeOf(content.bytes) > quickBytes) this.#lastTook = Infinity;
        return content;
      },
      events: {
        progress: (progress) => {
          this.running = progress;
          this.#changed.fire();
        },
        problems: ({ problems, files }) => {
          this.#followFrom(files);
          // What a half-written file may explain is told at the end of the run, when that is certain.
          if (!PartialWrites.mayExplain(problems)) this.#tellProblems(problems);
        },
        summary: (summary) => {
          this.summary = summary;
          // A run that had begun before shows only what it took at least.
          const took = Math.max(performance.now() - this.#dueAt, summary.elapsedMs);
          this.#lastTook = this.#wasAhead ? Math.max(this.#lastTook, took) : took;
          // Another layer of the same run is no new result.
          if (this.#chosenTurn !== this.#turn) {
            this.#writes.shown();
            this.history.skipped = this.#writes.skipped;
            this.history.rewrites = this.#writes.rewrites;
            this.history.add(summary, Date.now());
          }
          this.spectrum = null;
          this.stale = null;
          this.#summaryArrived.fire(summary);
          if (this.#runAfterwards) this.#runUnattended();
        },
        spectrum: (spectrum) => {
          this.spectrum = spectrum;
          this.history.addExponent(spectrum.runId, spectrum.lyapunov?.[0] ?? null);
          this.#spectrumArrived.fire(spectrum);
        },
        failed: ({ message }) => this.log.error(`thread of ${quote(this.title)}: ${message}`),
      },
      onCrash: (message) => {
        this.log.error(`${quote(this.title)}: ${message}`);
        this.running = null;
        this.#ahead = null;
        this.#lastTook = Infinity;
        this.#keepOldPicture(message);
      },
    });
    const allowed = doors.onDidChange(() => this.#schedule('text'));
    this.#subscription = vscode.Disposable.from(
      allowed,
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (this.follows(uri.toString())) this.#writes.saved(uri.toString());
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('rnnGradients.verdict') || (this.#unfollowed && readSettings().followEdits))
          this.#schedule('text');
      }),
    );
    const changed = (uri: vscode.Uri, by: ChangedBy): void => {
      if (by === 'disk') {
        this.#rewrites.note(uri);
        void this.#noteWrite(uri);
      }
      if (readSettings().followEdits) this.#schedule(by);
      else this.#leaveBehind(uri);
    };
    this.#files = new FileWatch((uri, by) => {
      if (by === 'disk') this.#poll.told(uri);
      changed(uri, by);
    });
    this.#poll = new DiskPoll(
      () => this.#files.ids,
      (uri) => changed(uri, 'disk'),
      (error) => this.log.error(`${quote(this.title)}: ${errorStack(error)}`),
    );
    this.#follow([]);
  }

  /** What the summary calls itself, or the file's name before the first run. */
  get title(): string {
    if (this.summary !== null && this.summary.name !== '') return this.summary.name;
    const file = path.posix.basename(entryUri(this.entry).path).replace(/(\.rnn)?\.jsonc?$/, '');
    const network = this.entry.kind === 'pair' ? this.entry.network : undefined;
    return network === undefined ? file : `${file} · ${network}`;
  }

  /** Whether the text has changed since the last run began, and no run follows it. */
  get isLeftBehind(): boolean {
    return this.#unfollowed;
  }

  /** Writes of other programs since the last run began. */
  get unreadWrites(): number {
    return this.#writes.unread;
  }

  /** Whether an edit of this file is a reason to run again. */
  follows(id: string): boolean {
    return this.#files.has(id);
  }

  /**
   * Runs the text as it is now; an older run of this session is cancelled. A file that another program is just writing
   * is read again until it is whole, or nobody writes it any more.
   */
  run(): Promise<RunOutcome> {
    this.#ahead = null;
    return this.#runNow();
  }

  /** The same for whom nobody waits: in the panel stands what becomes of it. `layer`: looks at that one from now on. */
  begin(layer?: number): void {
    unattended(layer === undefined ? this.run() : this.chooseLayer(layer));
  }

  async #runNow(): Promise<RunOutcome> {
    clearTimeout(this.#timer);
    this.#waitingSince = null;
    const turn = ++this.#turn;
    const isLatest = (): boolean => turn === this.#turn;
    try {
      for (;;) {
        const outcome = await this.#runOnce();
        if (!isLatest()) return outcome;
        if (outcome.kind === 'refused' && (await this.#rewrites.explain(outcome.problems)) && isLatest()) {
          await this.#rewrites.pause();
          if (isLatest() && this.#cancelled !== turn) continue;
        }
        const cancelled: RunOutcome = { kind: 'cancelled', problems: [] };
        if (!isLatest()) return cancelled;
        const told = outcome.kind === 'refused' && this.#cancelled === turn ? cancelled : outcome;
        this.#conclude(told);
        return told;
      }
    } catch (error) {
      if (isLatest()) {
        this.running = null;
        this.#lastTook = Infinity;
        this.log.error(`${quote(this.title)}: ${errorStack(error)}`);
        this.#keepOldPicture(errorMessage(error));
      }
      throw error;
    }
  }

  /** Looks at another layer of the network, counted with its directions. */
  chooseLayer(layer: number): Promise<RunOutcome> {
    this.#layer = layer;
    // Before the first result there is none that this could be another view of, and an edit gives another one.
    const isSame = this.#showsAll;
    const outcome = this.run();
    this.#chosenTurn = isSame ? this.#turn : null;
    return outcome;
  }

  /** Whether there is a result on the screen, with every edit so far. */
  get #showsAll(): boolean {
    if (this.summary === null || this.stale !== null || this.#unfollowed || this.#editedAt !== null) return false;
    return !this.isBehind || this.#chosenTurn === this.#turn;
  }

  /** Whether a run is under way of which nothing is shown yet. */
  get isBehind(): boolean {
    return this.running !== null && this.running.runId !== this.summary?.runId;
  }

  cancel(): Promise<void> {
    this.#cancelled = this.#turn;
    this.#ahead = null;
    // What waits for the end of the run is not to begin because of this.
    this.#runAfterwards = false;
    return this.#client.cancel();
  }

  request<K extends keyof Questions>(name: K, params: Questions[K]['params']): Promise<Questions[K]['result']> {
    return this.#client.request(name, params);
  }

  /** The same until `stop`, whose flag stands in `params`, ends it: with null. */
  ask<K extends Stoppable>(
    name: K,
    params: Questions[K]['params'],
    stop: Stop,
  ): Promise<Questions[K]['result'] | null> {
    return this.#client.ask(name, params, stop);
  }

  /** A page that calls `painted` when it has painted a run, as long as it is `visible`. */
  paints(visible: () => boolean): Pick<vscode.Disposable, 'dispose'> {
    this.#painters.add(visible);
    return { dispose: () => void this.#painters.delete(visible) };
  }

  /** The page tells that the picture of a run is on the screen. */
  painted(runId: number): void {
    this.#client.painted(runId);
    if (this.#unpainted?.runId !== runId) return;
    const now = performance.now();
    const ms = Math.round(now - this.#unpainted.editedAt);
    this.#unpainted = null;
    if (now - this.#toldLatencyAt < betweenLatencies) return;
    this.#toldLatencyAt = now;
    this.log.info(
      `${quote(this.title)}: edit to picture ${ms} ms, of them ${readSettings().delay} ms or less waiting for the ` +
        'next key',
    );
  }

  dispose(): void {
    this.#turn++;
    clearTimeout(this.#timer);
    this.#client.dispose();
    this.#subscription.dispose();
    this.#files.dispose();
    this.#poll.dispose();
    for (const emitter of [this.#changed, this.#summaryArrived, this.#spectrumArrived]) emitter.dispose();
  }

  async #runOnce(): Promise<RunOutcome> {
    const started = performance.now();
    this.#runAfterwards = false;
    this.#unfollowed = false;
    this.#writes.began();
    this.#wasAhead = this.#ahead !== null;
    const { runId, answer, versions } = this.#ahead ?? this.#begin(false);
    this.#ahead = null;
    this.#versions = versions;
    this.#dueAt = started;
    this.#client.due(runId);
    this.#unpainted = this.#editedAt === null ? null : { runId, editedAt: this.#editedAt };
    this.#editedAt = null;
    this.running = { runId, phase: 'read', fraction: 0 };
    this.#changed.fire();
    const outcome = await answer;
    this.log.debug(
      `${quote(this.title)}: run ${runId} ${outcome.kind} after ${Math.round(performance.now() - started)} ms`,
    );
    return outcome;
  }

  #begin(ahead: boolean): Begun {
    const awaitsPicture = [...this.#painters].some((visible) => visible());
    const options = { layer: this.#layer, awaitsPicture, ahead };
    const answer = this.#client.run(this.entry, readSettings().bounds, options);
    const versions = new Map(vscode.workspace.textDocuments.map(({ uri, version }) => [uri.toString(), version]));
    return { runId: this.#client.latestRun, answer, versions };
  }

  /**
   * Begins the run of an edit at once, where it is quick: by the time that no further key has come it is there. The
   * next edit begins another one.
   */
  #runAhead(): void {
    // A run that shows nothing yet goes on until the next one is due.
    if (this.#lastTook > quick || this.isBehind) return;
    // The run whose analyses are under way gives way without a word: its picture stays.
    this.#turn++;
    this.#ahead = this.#begin(true);
    // Whoever takes it over tells what has become of it.
    unattended(this.#ahead.answer);
  }

  #conclude(outcome: RunOutcome): void {
    this.running = null;
    this.#rewrites.settled();
    if (outcome.kind === 'refused') {
      this.#tellProblems(outcome.problems);
      this.#keepOldPicture(
        this.entry.kind === 'pair'
          ? t('The weights or the sequences have problems.')
          : t('The config or a file that it names has problems.'),
      );
    } else if (outcome.kind === 'cancelled' && this.summary?.runId !== this.#client.latestRun)
      this.#keepOldPicture(t('The run was cancelled.'));
    this.#changed.fire();
    if (this.#runAfterwards) this.#runUnattended();
  }

  #tellProblems(problems: readonly Problem[]): void {
    this.problems = problems;
    this.#changed.fire();
  }

  #keepOldPicture(why: string): void {
    this.stale = why;
    this.#changed.fire();
  }

  #leaveBehind(uri: vscode.Uri): void {
    // It would show the text as it was before.
    this.#ahead = null;
    const id = uri.toString();
    const version = versionOf(id);
    // Saved as it was run.
    if (version !== undefined && version === this.#versions.get(id)) return;
    const isNews = !this.#unfollowed;
    this.#unfollowed = true;
    if (this.summary !== null && this.stale === null)
      this.#keepOldPicture(
        this.entry.kind === 'pair'
          ? t('The weights or the sequences have changed since, and edits are not followed.')
          : t('The config or a file that it names has changed since, and edits are not followed.'),
      );
    else if (isNews) this.#changed.fire();
  }

  #schedule(by: ChangedBy): void {
    const now = performance.now();
    this.#editedAt = now;
    this.#waitingSince ??= now;
    clearTimeout(this.#timer);
    const { delay } = readSettings();
    const wait = Math.max(0, Math.min(delay, this.#waitingSince + Math.max(longestWait, delay) - now));
    this.#timer = setTimeout(() => {
      // A program that writes all the time would cancel every run before it shows anything.
      if (by === 'disk' && this.isBehind) this.#runAfterwards = true;
      else this.#runUnattended();
    }, wait);
    this.#ahead = null;
    if (by === 'text') this.#runAhead();
  }

  async #noteWrite(uri: vscode.Uri): Promise<void> {
    try {
      this.#writes.note(uri.toString(), await statIfThere(uri));
    } catch (error) {
      this.log.error(`${quote(this.title)}: ${errorStack(error)}`);
    }
  }

  #runUnattended(): void {
    unattended(this.#runNow());
  }

  /** A file that was not followed while it was read may have another text by now. */
  #followFrom(files: readonly string[]): void {
    const versions = this.#versions;
    const isLate = files.some(
      (id) =>
        !this.#files.has(id) && versions.has(id) && versionOf(id) !== versions.get(id) && versionOf(id) !== undefined,
    );
    this.#follow(files);
    if (isLate && readSettings().followEdits) this.#schedule('text');
  }

  #follow(files: readonly string[]): void {
    this.#files.follow(new Set([...filesOf(this.entry), ...files]));
  }
}
