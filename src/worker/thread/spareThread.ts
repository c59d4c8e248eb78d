import { startThread } from './startThread.js';
import type { EngineData, Thread } from './startThread.js';

/** It ends when nobody has taken it during this time, ms: a thread that waits holds 25 MB. */
const kept = 3 * 60_000;

type Waiting = {
  readonly thread: Thread;
  readonly data: EngineData;
  /** Hears that it has ended by itself. */
  died: (message: string) => void;
};

/** One thread that starts before anybody needs it: the next client that needs one takes it. */
export class SpareThread {
  #waiting: Waiting | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly file: string) {}

  /** Has a thread wait that was given this; one that waits already goes on waiting. */
  prepare(data: EngineData): void {
    const { language, threads } = data;
    const known = this.#waiting?.data;
    if (known?.language !== language || known.threads !== threads) {
      this.end();
      const waiting: Waiting = {
        data,
        thread: startThread(this.file, data, (message) => waiting.died(message)),
        // The next client starts its own, which tells what is wrong.
        died: () => {
          if (this.#waiting === waiting) this.end();
        },
      };
      this.#waiting = waiting;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), kept);
  }

  /** The thread that waits, when it was given the same; null when there is none. */
  take({ language, threads }: EngineData, died: (message: string) => void): Thread | null {
    const waiting = this.#waiting;
    if (waiting?.data.language !== language || waiting.data.threads !== threads) return null;
    clearTimeout(this.#timer);
    this.#waiting = null;
    waiting.died = died;
    return waiting.thread;
  }

  end(): void {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.thread.end();
  }
}
