// The network's single source on its way down, layer by layer: what a layer's last chunk sends to its inputs enters the
// layer below. `networkSource` says what it is, step by step.
import { jointLog10 } from '../core/blockFloat.js';
import type { Resumable } from '../core/resumable.js';
import type { ScaledSteps } from './experiment.js';
import type { NetworkSource } from './networkSource.js';
import { sourceStep } from './runChunk.js';
import type { RunChunk } from './runChunk.js';
import { ByDistance } from './scaledBackward.js';

/** What of it goes back through a layer's last chunk leaves. */
export type Passed = {
  /** log10 of the norm that the layer's states receive from the step after each step of the chunk. */
  readonly received: Float64Array;
  /** The same of each sequence [steps,B], where their lengths differ. */
  readonly ofSequences: Float64Array | null;
  /** What goes down to x; null where nobody asks, below the first layer. */
  readonly down: ScaledSteps | null;
};

type Received = Pick<Passed, 'received' | 'ofSequences'>;

/** Where it is: what enters the next layer down, and what each layer so far has received; null: one cannot say. */
export type SourceOnItsWay = {
  readonly above: ScaledSteps | null;
  readonly received: readonly Received[] | null;
};

/** Norms that are joined between two pauses. */
const mostJoined = 20_000;

export class DescendingSource {
  #above: ScaledSteps | null;
  #received: Received[] | null;

  /** At the top, or where another has come to. */
  constructor({ above, received }: SourceOnItsWay = { above: null, received: [] }) {
    this.#above = above;
    this.#received = received === null ? null : [...received];
  }

  get place(): SourceOnItsWay {
    return { above: this.#above, received: this.#received };
  }

  /** Whether every layer so far has let it through. */
  get isKnown(): boolean {
    return this.#received !== null;
  }

  /** What enters the next layer down; null at the top, where ones stand at each sequence's last step. */
  get above(): ScaledSteps | null {
    return this.#above;
  }

  /** The next layer down, with H states in h, has let it through. */
  pass(chunk: Pick<RunChunk, 'steps' | 'spans'>, B: number, H: number, { received, ofSequences, down }: Passed): void {
    if (this.#received?.length === 0) {
      const sources = new Map<number, number>();
      for (let b = 0; b < B; b++) {
        const t = sourceStep(chunk, b);
        sources.set(t, (sources.get(t) ?? 0) + 1);
        const at = t * B + b;
        if (ofSequences !== null) ofSequences[at] = jointLog10([ofSequences[at]!, 0.5 * Math.log10(H)]);
      }
      for (const [t, count] of sources) received[t] = jointLog10([received[t]!, 0.5 * Math.log10(count * H)]);
    }
    this.#received?.push({ received, ofSequences });
    this.#above = down;
  }

  /** A layer cannot say what became of it: nobody can any more. */
  lose(): void {
    this.#received = null;
  }

  /** As `networkSource` tells it, once all layers have let it through; null when one of them could not say. */
  *known(T: number, chunk: RunChunk): Resumable<NetworkSource | null> {
    const layers = this.#received;
    if (layers === null) return null;
    const { start, steps, spans } = chunk;
    const log10 = new Float64Array(T).fill(NaN);
    const B = spans?.length ?? 0;
    const distances = spans === undefined ? null : new ByDistance(T);
    const rows = new Float64Array(B);
    const pause = Math.ceil(mostJoined / ((1 + B) * layers.length));
    for (let t = steps - 1; t >= 0; t--) {
      log10[start + t] = jointLog10(layers.map(({ received }) => received[t]!));
      for (let b = 0; b < B; b++) rows[b] = jointLog10(layers.map(({ ofSequences }) => ofSequences![t * B + b]!));
      distances?.add(chunk, t, rows);
      if (t % pause === 0) yield 0;
    }
    return { log10, bySource: distances?.log10 ?? null };
  }
}
