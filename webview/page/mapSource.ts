// What the network map asks of a changed run.
import type { WhatIfNetworkMap, WhatIfRequest } from './model.js';
import { TriedSource } from './triedSource.js';

/** The steps in sight, and as many columns as they are drawn in at most. */
export type MapInSight = NonNullable<WhatIfRequest['map']>;

export class MapSource extends TriedSource<WhatIfNetworkMap, MapInSight> {
  #inSight: MapInSight | null = null;

  get wanted(): MapInSight | null {
    return this.groups.shows('networkMap') ? this.#inSight : null;
  }

  ask(inSight: MapInSight): void {
    this.#inSight = inSight;
    this.tellWanted();
  }
}
