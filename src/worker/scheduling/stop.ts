import { newFlag, raise } from './cancelFlag.js';

/**
 * What ends one question to a thread before its answer: the thread sees the flag, or is told its name; whoever waits
 * hears `onAsked`.
 */
export class Stop {
  readonly flag = newFlag();
  readonly #listeners = new Set<() => void>();
  #asked = false;

  isAsked(): boolean {
    return this.#asked;
  }

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    raise(this.flag);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls once when the end is asked for; returns what lets go of that. */
  onAsked(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
