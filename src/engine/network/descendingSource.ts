// The network's single source on its way down, layer by layer: what a layer's last chunk sends to its inputs enters the
// layer below. `networkSource` says what it is, step by step.
import { jointLog10 } from '../core/blockFloat.js';
import type { ScaledSteps } from './experiment.js';
import { sourceStep } from './runChunk.js';
import type { RunChunk } from './runChunk.js';

/** What of it goes back through a layer's last chunk leaves. */
export type Passed = {
  /** log10 of the norm that the layer's states receive from the step after each step of the chunk. */
  readonly received: Float64Array;
  /** What goes down to x; null where nobody asks, below the first layer. */
  readonly down: ScaledSteps | null;
};

/** Where it is: what enters the next layer down, and what each layer so far has received; null: one cannot say. */
export type SourceOnItsWay = {
  readonly above: ScaledSteps | null;
  readonly received: readonly Float64Array[] | null;
};

export class DescendingSource {
  #above: ScaledSteps | null;
  #received: Float64Array[] | null;

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
  pass(chunk: Pick<RunChunk, 'steps' | 'spans'>, B: number, H: number, { received, down }: Passed): void {
    if (this.#received?.length === 0)
      for (let t = 0; t < chunk.steps; t++) {
        const sources = Array.from({ length: B }, (_, b) => sourceStep(chunk, b)).filter((at) => at === t).length;
        if (sources > 0) received[t] = jointLog10([received[t]!, 0.5 * Math.log10(sources * H)]);
      }
    this.#received?.push(received);
    this.#above = down;
  }

  /** A layer cannot say what became of it: nobody can any more. */
  lose(): void {
    this.#received = null;
  }

  /** As `networkSource` tells it, once all layers have let it through; null when one of them could not say. */
  log10(T: number, { start, steps }: Pick<RunChunk, 'start' | 'steps'>): Float64Array | null {
    const received = this.#received;
    if (received === null) return null;
    const log10 = new Float64Array(T).fill(NaN);
    for (let t = 0; t < steps; t++) log10[start + t] = jointLog10(received.map((series) => series[t]!));
    return log10;
  }
}
