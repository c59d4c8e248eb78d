import type { ResourceLimits } from 'node:worker_threads';
import { t } from '@vscode/l10n';
import type { Entry } from '../../config/read/index.js';
import type { VerdictBounds } from '../../engine/index.js';
import { languageInUse } from '../../l10n.js';
import type {
  CancelFlag,
  EventHandlers,
  FileRequest,
  RequestHandlers,
  RunOutcome,
  WorkerContract,
  WorkerHostContract,
} from '../../protocol/index.js';
import { Channel, ChannelClosed, errorStack } from '../../protocol/index.js';
import { begin, hasBegun, hold, newFlag, raise, release } from '../scheduling/cancelFlag.js';
import type { Stop } from '../scheduling/stop.js';
import type { SpareThread } from './spareThread.js';
import { startThread } from './startThread.js';
import type { Thread } from './startThread.js';

/**
 * How long a cancelled run, or a question that is to stop, may take to notice before its thread is ended, ms. Only a
 * call that knows no pause, such as QR of a big matrix, takes longer than a few ms.
 */
const grace = 300;

/** What can be asked besides a run: slices of the last one, a file's kind, the result as JSON. */
export type Questions = Omit<WorkerContract['requests'], 'run'>;
/** What can be asked with a flag that stops it. */
export type Stoppable = 'inspect' | 'facts' | 'gatePlaces' | 'gateAt' | 'references' | 'survey' | 'resultText';
type Live = { readonly thread: Thread; readonly channel: Channel<WorkerHostContract, WorkerContract> };
/**
 * `layer`: which one of the network is looked at, null (as left out) for the one that the verdict names.
 * `awaitsPicture`: somebody calls `painted` when the run is on the screen; analyses wait for that.
 * `ahead`: nothing is told before `due` is called for the run; the results of the one before stay there so long.
 */
export type RunOptions = {
  readonly layer?: number | null;
  readonly awaitsPicture?: boolean;
  readonly ahead?: boolean;
};
type ActiveRun = {
  readonly runId: number;
  readonly flag: CancelFlag;
  readonly ahead: boolean;
  stopped: boolean;
  readonly settled: Promise<void>;
  readonly live: Live;
};

/** Tells a run or a question to stop, which it does at its next pause. */
function stopIn({ channel }: Live, flag: CancelFlag): void {
  raise(flag);
  if (typeof flag === 'number') channel.emit('stop', { flag });
}

function stop(run: ActiveRun): void {
  run.stopped = true;
  stopIn(run.live, run.flag);
  // One that waits to be due notices then.
  if (run.ahead) run.live.channel.emit('due', { runId: run.runId });
}

export type EngineClientOptions = {
  /** Path of the bundle that runs as the thread, in a browser its address. */
  readonly workerPath: string;
  readonly readFile: RequestHandlers<WorkerHostContract>['readFile'];
  /** Threads for large runs, asked when the engine starts; 0 or left out: as many as are worth it here. */
  readonly threads?: () => number;
  /** Heap bounds of the thread; V8's own when left out. */
  readonly resourceLimits?: ResourceLimits;
  /** A thread that has started already, taken where one is needed and no bounds are given. */
  readonly spare?: SpareThread;
  /**
   * Called for the latest run only: what an older run still sends is dropped. `failed` hears of every message that one
   * side could not take.
   */
  readonly events: Omit<EventHandlers<WorkerHostContract>, 'begun'>;
  /** The thread died by itself: what it said. Its results are gone; the next run starts a new one. */
  readonly onCrash: (message: string) => void;
};

/** The host's side of one worker thread: starts it when first needed, lets the latest run win, replaces a dead one. */
export class EngineClient {
  readonly #options: EngineClientOptions;
  #live: Live | null = null;
  #active: ActiveRun | null = null;
  #latest = 0;
  /** Number of the newest run that was to stop before it began: it waits for an older one to do so. */
  #cancelled = 0;
  /** Number of the newest run that is due. */
  #due = 0;
  #disposed = false;
  /** Threads that were ended because a question did not stop: what else they were asked is asked again. */
  readonly #replaced = new WeakSet<Live>();

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  /** Number of the run that is the newest, 0 before the first. */
  get latestRun(): number {
    return this.#latest;
  }

  /** Cancels the run before and starts this one. Resolves with `cancelled` when a newer one took its place. */
  async run(entry: Entry, bounds: VerdictBounds, options: RunOptions = {}): Promise<RunOutcome> {
    const runId = ++this.#latest;
    const cancelled: RunOutcome = { kind: 'cancelled', problems: [] };
    await this.#stopActive();
    if (runId !== this.#latest || runId <= this.#cancelled || this.#disposed) return cancelled;

    const live = this.#start();
    const flag = newFlag();
    hold(flag);
    const { layer = null, awaitsPicture = false } = options;
    const ahead = options.ahead === true && this.#due < runId;
    const answer = live.channel.request('run', { runId, entry, bounds, layer, awaitsPicture, ahead, cancel: flag });
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    const active: ActiveRun = { runId, flag, ahead, stopped: false, settled, live };
    this.#active = active;
    try {
      const outcome = await answer;
      return runId === this.#latest ? outcome : cancelled;
    } catch (error) {
      // A run that was told to stop ends as cancelled, also when its thread had to be ended for it.
      if (active.stopped) return cancelled;
      throw error;
    } finally {
      release(flag);
      if (this.#active === active) this.#active = null;
    }
  }

  /** A run that was begun ahead may be told. */
  due(runId: number): void {
    this.#due = runId;
    if (this.#active?.runId === runId && this.#active.ahead) this.#active.live.channel.emit('due', { runId });
  }

  /** The picture of a run is on the screen. */
  painted(runId: number): void {
    this.#live?.channel.emit('painted', { runId });
  }

  /** Stops the current run; its caller gets `cancelled`. */
  async cancel(): Promise<void> {
    this.#cancelled = this.#latest;
    await this.#stopActive();
  }

  request<K extends keyof Questions>(name: K, params: Questions[K]['params']): Promise<Questions[K]['result']> {
    return this.#twiceAtMost((live) => live.channel.request(name, params), null);
  }

  /**
   * A question that `stop`, whose flag stands in `params`, ends before its answer: with null. A thread that does not
   * notice that is replaced.
   */
  async ask<K extends Stoppable>(
    name: K,
    params: Questions[K]['params'],
    stop: Stop,
  ): Promise<Questions[K]['result'] | null> {
    if (stop.isAsked()) return null;
    hold(stop.flag);
    try {
      return await this.#twiceAtMost(async (live) => {
        const answer = live.channel.request(name, params);
        const forget = this.#replaceIfDeaf(live, stop);
        return answer.finally(forget);
      }, stop);
    } catch (error) {
      if (stop.isAsked() && error instanceof ChannelClosed) return null;
      throw error;
    } finally {
      release(stop.flag);
    }
  }

  /** Asks once more when the thread was ended because of another question. */
  async #twiceAtMost<Result>(ask: (live: Live) => Promise<Result>, stop: Stop | null): Promise<Result> {
    const live = this.#start();
    try {
      return await ask(live);
    } catch (error) {
      if (!(error instanceof ChannelClosed) || !this.#replaced.has(live) || stop?.isAsked() === true) throw error;
    }
    return ask(this.#start());
  }

  /**
   * Replaces the thread when a question goes on in it for the grace after its end was asked for; one that waits for its
   * turn is not the reason.
   */
  #replaceIfDeaf(live: Live, stop: Stop): () => void {
    let timer: NodeJS.Timeout | undefined;
    const forget = stop.onAsked(() => {
      stopIn(live, stop.flag);
      let goesOn = hasBegun(stop.flag);
      timer = setInterval(() => {
        if (goesOn && this.#live === live) {
          this.#replaced.add(live);
          this.#end(t('A question did not stop by itself, so its thread was ended.'));
        }
        goesOn = hasBegun(stop.flag);
      }, grace);
    });
    return () => {
      forget();
      clearInterval(timer);
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#latest++;
    if (this.#active !== null) stop(this.#active);
    this.#end(t('The panel was closed.'));
  }

  async #stopActive(): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    stop(active);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), grace);
    });
    const first = await Promise.race([active.settled, late]);
    clearTimeout(timer);
    if (first === 'late' && this.#live === active.live)
      this.#end(t('The run did not stop by itself, so its thread was ended.'));
  }

  #start(): Live {
    if (this.#live !== null) return this.#live;
    if (this.#disposed) throw new Error('The engine was disposed.');
    const { workerPath, resourceLimits, spare, threads = () => 0 } = this.#options;
    let live: Live | null = null;
    const died = (message: string): void => {
      if (live === null || this.#live !== live) return;
      this.#live = null;
      live.channel.close(message);
      this.#options.onCrash(message);
    };
    const data = { language: languageInUse(), threads: threads() };
    const ready = resourceLimits === undefined ? spare?.take(data, died) : null;
    const thread = ready ?? startThread(workerPath, data, died, resourceLimits);
    const latestOnly =
      <Payload extends { readonly runId: number }>(handle: (payload: Payload) => void) =>
      (payload: Payload): void => {
        if (payload.runId === this.#latest) handle(payload);
      };
    const { events } = this.#options;
    const channel = new Channel<WorkerHostContract, WorkerContract>(
      thread.port,
      { readFile: (request: FileRequest) => this.#options.readFile(request) },
      {
        progress: latestOnly(events.progress),
        problems: latestOnly(events.problems),
        summary: latestOnly(events.summary),
        spectrum: latestOnly(events.spectrum),
        begun: ({ flag }) => begin(flag),
        failed: events.failed,
      },
      {
        checks: 'trusted',
        onFault: (error) => events.failed({ message: errorStack(error) }),
        onUnanswered: (error) => {
          died(t('The engine stopped: {0}', error.message));
          thread.end();
        },
      },
    );
    live = { thread, channel };
    this.#live = live;
    return live;
  }

  #end(reason: string): void {
    const live = this.#live;
    this.#live = null;
    live?.channel.close(reason);
    live?.thread.end();
  }
}
