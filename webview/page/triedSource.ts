// What views ask of a changed run, and what comes of it: they do not know who changes the run.
import type { Groups } from './groups.js';

export abstract class TriedSource<Tried, Wanted> {
  protected readonly groups: Groups;
  readonly #triedListeners = new Set<() => void>();
  readonly #askListeners = new Set<() => void>();
  #wantedKey = '';
  #tried: Tried | null = null;

  constructor(groups: Groups) {
    this.groups = groups;
    // Views that come back into sight want what they have missed.
    groups.onChange(() => this.tellWanted());
  }

  /** As much as the views in sight show; null: nothing. */
  abstract get wanted(): Wanted | null;

  /** Of what is tried, while something is. */
  get tried(): Tried | null {
    return this.#tried;
  }
  set tried(tried: Tried | null) {
    if (tried === this.#tried) return;
    this.#tried = tried;
    for (const listener of this.#triedListeners) listener();
  }

  /** Something else is tried. */
  onTried(listener: () => void): void {
    this.#triedListeners.add(listener);
  }
  /** The views want something else. */
  onAsk(listener: () => void): void {
    this.#askListeners.add(listener);
  }

  protected tellWanted(): void {
    const { wanted } = this;
    const key = wanted === null ? '' : JSON.stringify(wanted);
    if (key === this.#wantedKey) return;
    this.#wantedKey = key;
    for (const listener of this.#askListeners) listener();
  }
}
