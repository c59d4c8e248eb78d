import path from 'node:path';
import * as vscode from 'vscode';
import type { Entry } from '../config/files.js';
import type { Problem } from '../config/problem.js';
import type { Progress, RunOutcome, RunSummary, SpectrumSummary } from '../protocol/messages.js';
import { EngineClient } from '../worker/client.js';
import type { Questions } from '../worker/client.js';
import { readReference } from './files.js';
import { readSettings } from './settings.js';

/** While edits never pause, the picture still follows about once in this many ms. */
const longestWait = 1_000;

/** A glob that matches this name and no other: each special character becomes a class of one. */
const exactly = (name: string): string => name.replaceAll(/[*?[\]{}]/g, '[$&]');

export const entryKey = (entry: Entry): string => (entry.kind === 'config' ? entry.config : `${entry.weights}\n${entry.sequences}`);
/** The file that stands for the entry in the editor. */
export const entryUri = (entry: Entry): vscode.Uri => vscode.Uri.parse(entry.kind === 'config' ? entry.config : entry.weights, true);

/** One experiment that the user looks at: runs it, follows its files, holds the last good result. Lives as long as its panel. */
export class Session implements vscode.Disposable {
  readonly key: string;
  summary: RunSummary | null = null;
  spectrum: SpectrumSummary | null = null;
  problems: readonly Problem[] = [];
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
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | null = null;

  constructor(readonly entry: Entry, workerPath: string, readonly log: vscode.LogOutputChannel) {
    this.key = entryKey(entry);
    this.#client = new EngineClient({
      workerPath,
      readFile: ({ reference, from }) => readReference(reference, from),
      events: {
        progress: (progress) => {
          this.running = progress;
          this.#changed.fire();
        },
        problems: ({ problems }) => {
          this.problems = problems;
          this.#changed.fire();
        },
        summary: (summary) => {
          this.summary = summary;
          this.spectrum = null;
          this.stale = null;
          this.#summaryArrived.fire(summary);
        },
        spectrum: (spectrum) => {
          this.spectrum = spectrum;
          this.#spectrumArrived.fire(spectrum);
        },
      },
      onCrash: (message) => {
        this.log.error(`${this.title}: ${message}`);
        this.running = null;
        this.#keepOldPicture(message);
      },
    });
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#fileChanged(document.uri);
      }),
      // Closing without saving throws the unsaved text away.
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.isDirty) this.#fileChanged(document.uri);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('rnnGradients.verdict')) this.#schedule();
      }),
    ];
    this.#watch(entry.kind === 'config' ? [entry.config] : [entry.weights, entry.sequences]);
  }

  /** What the summary calls itself, or the file's name before the first run. */
  get title(): string {
    if (this.summary !== null && this.summary.name !== '') return this.summary.name;
    return path.posix.basename(entryUri(this.entry).path).replace(/(\.rnn)?\.json$/, '');
  }

  /** Whether an edit of this file is a reason to run again. */
  follows(id: string): boolean {
    return this.#watchers.has(id);
  }

  /** Runs the text as it is now; an older run of this session is cancelled. */
  async run(): Promise<RunOutcome> {
    clearTimeout(this.#timer);
    this.#waitingSince = null;
    const started = performance.now();
    try {
      const answer = this.#client.run(this.entry, readSettings().bounds);
      const runId = this.#client.latestRun;
      this.running = { runId, phase: 'read', fraction: 0 };
      this.#changed.fire();
      const outcome = await answer;
      if (runId !== this.#client.latestRun) return outcome;
      this.running = null;
      if (outcome.kind === 'refused') this.#keepOldPicture('The config or a file that it names has problems.');
      else if (outcome.kind === 'cancelled' && this.summary?.runId !== runId) this.#keepOldPicture('The run was cancelled.');
      if (outcome.kind !== 'cancelled') this.#watch(outcome.files);
      this.log.debug(`${this.title}: run ${runId} ${outcome.kind} after ${Math.round(performance.now() - started)} ms`);
      this.#changed.fire();
      return outcome;
    } catch (error) {
      this.running = null;
      const message = error instanceof Error ? error.message : String(error);
      this.log.error(`${this.title}: ${message}`);
      this.#keepOldPicture(message);
      throw error;
    }
  }

  cancel(): Promise<void> {
    return this.#client.cancel();
  }

  request<K extends keyof Questions>(name: K, params: Questions[K]['params']): Promise<Questions[K]['result']> {
    return this.#client.request(name, params);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#client.dispose();
    for (const disposable of [...this.#subscriptions, ...this.#watchers.values()]) disposable.dispose();
    for (const emitter of [this.#changed, this.#summaryArrived, this.#spectrumArrived]) emitter.dispose();
  }

  #keepOldPicture(why: string): void {
    this.stale = why;
    this.#changed.fire();
  }

  #fileChanged(uri: vscode.Uri): void {
    if (this.follows(uri.toString()) && readSettings().followEdits) this.#schedule();
  }

  #schedule(): void {
    const now = performance.now();
    this.#waitingSince ??= now;
    clearTimeout(this.#timer);
    const wait = Math.max(0, Math.min(readSettings().delay, this.#waitingSince + longestWait - now));
    this.#timer = setTimeout(() => {
      // A failure is already logged and shown by run itself; nobody waits for this one.
      this.run().catch(() => undefined);
    }, wait);
  }

  /** Follows exactly these files from now on, on the disk too (a training script may write them). */
  #watch(files: readonly string[]): void {
    const wanted = new Set([entryUri(this.entry).toString(), ...files]);
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
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), exactly(path.posix.basename(uri.path))));
      const changed = (): void => this.#fileChanged(uri);
      watcher.onDidChange(changed);
      watcher.onDidCreate(changed);
      watcher.onDidDelete(changed);
      this.#watchers.set(id, watcher);
    }
  }
}
