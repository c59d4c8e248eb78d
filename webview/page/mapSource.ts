// What the network map asks of a changed run, and what comes of it: the map does not know who changes the run.
import type { Groups } from './groups.js';
import type { WhatIfNetworkMap, WhatIfRequest } from './model.js';

type InSight = NonNullable<WhatIfRequest['map']>;

export class MapSource {
  readonly #groups: Groups;
  readonly #triedListeners = new Set<() => void>();
  readonly #askListeners = new Set<() => void>();
  #inSight: InSight | null = null;
  #wantedKey = 'null';
  #tried: WhatIfNetworkMap | null = null;

  constructor(groups: Groups) {
    this.#groups = groups;
    groups.onChange(() => this.#tellWanted());
  }

  /** The map of what is tried, while something is. */
  get tried(): WhatIfNetworkMap | null {
    return this.#tried;
  }
  set tried(tried: WhatIfNetworkMap | null) {
    if (tried === this.#tried) return;
    this.#tried = tried;
    for (const listener of this.#triedListeners) listener();
  }

  /** Null while the map is out of sight. */
  get wanted(): InSight | null {
    return this.#groups.shows('networkMap') ? this.#inSight : null;
  }

  ask(inSight: InSight): void {
    this.#inSight = inSight;
    this.#tellWanted();
  }

  /** Something else is tried. */
  onTried(listener: () => void): void {
    this.#triedListeners.add(listener);
  }
  /** The map wants something else. */
  onAsk(listener: () => void): void {
    this.#askListeners.add(listener);
  }

  #tellWanted(): void {
    const key = JSON.stringify(this.wanted);
    if (key === this.#wantedKey) return;
    this.#wantedKey = key;
    for (const listener of this.#askListeners) listener();
  }
}
