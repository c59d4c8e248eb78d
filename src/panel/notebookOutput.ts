// One output of a notebook that is on screen: runs what it holds, and answers its page. Nothing follows edits here, and
// nothing is written; that is what the panel is for.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Entry, SentFile } from '../config/read/index.js';
import { quote } from '../config/json/index.js';
import type { Problem } from '../config/json/index.js';
import { readSettings } from '../editor/context/index.js';
import { Channel, errorMessage, errorStack } from '../protocol/index.js';
import type {
  FileRequest,
  PageContract,
  PanelContract,
  Progress,
  RunSummary,
  SpectrumSummary,
} from '../protocol/index.js';
import { relaySlices } from '../worker/answers/index.js';
import { pack, unpack } from '../worker/record/index.js';
import { EngineClient } from '../worker/thread/index.js';
import type { Questions } from '../worker/thread/index.js';
import { panelChecks } from './messageChecks.js';
import { statusOf } from './panelStatus.js';
import { saveBytes } from './saveFile.js';

export type NotebookOutputParts = {
  readonly notebook: vscode.Uri;
  /** What is run, and who reads its files. */
  readonly entry: Entry & { readonly kind: 'config' };
  readonly title: string;
  readonly readFile: (request: FileRequest) => SentFile | Promise<SentFile>;
  readonly workerPath: string;
  readonly log: vscode.LogOutputChannel;
  /** Tells the page, packed. */
  readonly post: (message: string) => void;
  /** What is to be looked at in a text, or changed, is so in a panel. */
  readonly openInPanel: () => unknown;
  /** Resolves when its thread may be started. */
  readonly turn: (output: NotebookOutput) => Promise<void>;
  /** It may be busy no more. */
  readonly rests: () => void;
};

/** An output that was answered stays awake for so many ms: its page asks on when it has painted. */
const grace = 1_000;

export class NotebookOutput implements vscode.Disposable {
  readonly #parts: NotebookOutputParts;
  readonly #channel: Channel<PanelContract, PageContract>;
  #hear: (message: unknown) => void = () => undefined;
  #client: EngineClient | null = null;
  /** Resolves when the run has a summary, or has ended without one. */
  #ran: Promise<void> = Promise.resolve();
  #summary: RunSummary | null = null;
  #spectrum: SpectrumSummary | null = null;
  #running: Progress | null = null;
  #problems: readonly Problem[] = [];
  #stale: string | null = null;
  #layer: number | null = null;
  #summarised = (): void => undefined;
  /** Number of the run that is the newest; one that was cancelled while it waited is none. */
  #newest = 0;
  /** Runs and questions that go on, or have just ended. */
  #work = 0;

  constructor(parts: NotebookOutputParts) {
    this.#parts = parts;
    const { notebook, title, log, post, openInPanel } = parts;
    const failed = (message: string): void => log.error(`output ${quote(title)}: ${message}`);
    const nothing = (): void => undefined;
    this.#channel = new Channel<PanelContract, PageContract>(
      {
        post: (message) => post(pack(message)),
        onMessage: (listener) => {
          this.#hear = listener;
        },
      },
      {
        ...relaySlices((name, params) => this.#ask(name, params)),
        applyWhatIf: () => false,
        history: () => ({ forgotten: 0, skipped: 0, rewrites: 0, versions: [] }),
        version: () => null,
      },
      {
        ready: () => this.#sendAll(),
        chooseLayer: ({ layer }) => {
          this.#layer = layer;
          this.#run();
        },
        cancel: () => this.#cancel(),
        rerun: () => this.#run(),
        saveFile: ({ suggestedName, content }) =>
          saveBytes(
            { entry: { kind: 'config', config: notebook.toString() }, log },
            suggestedName,
            typeof content === 'string' ? new TextEncoder().encode(content) : content,
          ),
        revealConfig: openInPanel,
        revealProblem: openInPanel,
        failed: ({ message }) => failed(message),
        // The page of an output offers none of these.
        painted: nothing,
        revealWeight: nothing,
        answerOrder: nothing,
        saveAsConfig: nothing,
        chooseSequences: nothing,
        previewSequences: nothing,
        compareWith: nothing,
        compared: nothing,
        undo: nothing,
        exportJson: nothing,
        exportReport: nothing,
      },
      { checks: panelChecks, onFault: (error) => failed(errorStack(error)) },
    );
    this.#run();
  }

  /** What its page says, packed. */
  hear(message: string): void {
    this.#hear(unpack(message));
  }

  get isBusy(): boolean {
    return this.#work > 0;
  }

  /** Ends its thread. The picture stays; a question that the page asks later runs it again. */
  sleep(): void {
    this.#client?.dispose();
    this.#client = null;
    this.#running = null;
  }

  dispose(): void {
    this.#newest++;
    this.#channel.close(t('The notebook was closed.'));
    this.sleep();
  }

  async #working<T>(task: () => Promise<T>): Promise<T> {
    this.#work++;
    try {
      return await task();
    } finally {
      setTimeout(() => {
        this.#work--;
        this.#parts.rests();
      }, grace);
    }
  }

  #ask<K extends keyof Questions>(name: K, params: Questions[K]['params']): Promise<Questions[K]['result']> {
    return this.#working(async () => {
      if (this.#client === null && this.#running === null) this.#run();
      await this.#ran;
      if (this.#client === null) throw new Error(t('The engine stopped.'));
      return this.#client.request(name, params);
    });
  }

  #run(): void {
    const run = ++this.#newest;
    this.#running = { runId: (this.#client?.latestRun ?? 0) + 1, phase: 'read', fraction: 0 };
    this.#sendStatus();
    const summarised = new Promise<void>((resolve) => {
      this.#summarised = resolve;
    });
    const outcome = this.#working(async () => {
      await this.#parts.turn(this);
      if (run !== this.#newest) return;
      this.#client ??= this.#start();
      const { kind, problems } = await this.#client.run(this.#parts.entry, readSettings().bounds, {
        layer: this.#layer,
      });
      if (run !== this.#newest) return;
      this.#running = null;
      if (kind === 'refused') this.#problems = problems;
      this.#sendStatus();
    }).catch((error: unknown) => {
      if (run === this.#newest) this.#fail(errorMessage(error), errorStack(error));
    });
    this.#ran = Promise.race([summarised, outcome]);
  }

  async #cancel(): Promise<void> {
    if (this.#client !== null) {
      await this.#client.cancel();
      return;
    }
    // It still waits for its turn.
    this.#newest++;
    this.#running = null;
    this.#sendStatus();
  }

  #start(): EngineClient {
    const { workerPath, readFile, log, title } = this.#parts;
    return new EngineClient({
      workerPath,
      threads: () => readSettings().threads,
      readFile: (request) => Promise.resolve(readFile(request)),
      events: {
        progress: (progress) => {
          this.#running = progress;
          this.#sendStatus();
        },
        problems: ({ problems }) => {
          this.#problems = problems;
          this.#sendStatus();
        },
        summary: (summary) => {
          this.#summary = summary;
          this.#spectrum = null;
          this.#stale = null;
          this.#channel.emit('summary', summary);
          this.#summarised();
        },
        spectrum: (spectrum) => {
          this.#spectrum = spectrum;
          this.#channel.emit('spectrum', spectrum);
        },
        failed: ({ message }) => log.error(`thread of output ${quote(title)}: ${message}`),
      },
      onCrash: (message) => this.#fail(message),
    });
  }

  #fail(message: string, told = message): void {
    this.#parts.log.error(`output ${quote(this.#parts.title)}: ${told}`);
    this.#running = null;
    this.#stale = message;
    this.#sendStatus();
  }

  #sendAll(): void {
    this.#sendStatus();
    if (this.#summary !== null) this.#channel.emit('summary', this.#summary);
    if (this.#spectrum !== null) this.#channel.emit('spectrum', this.#spectrum);
  }

  #sendStatus(): void {
    const { title, entry } = this.#parts;
    this.#channel.emit(
      'status',
      statusOf({ title, entry, running: this.#running, stale: this.#stale, problems: this.#problems }),
    );
  }
}
