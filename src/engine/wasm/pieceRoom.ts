// Where pieces of a finished run are computed again, beside the kernels' memory that the next run may take meanwhile.
import { OneAtATime } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';

/** Lays something out in these kernels' memory, or gives null when there is not so much. */
export type Make<Layer> = (kernels: Kernels) => Resumable<Layer | null>;

/** One memory for all layers of a network: the one that was asked for last is laid out in it. */
export class PieceRoom<Layer> {
  readonly #kernels: Kernels;
  readonly #turns = new OneAtATime();
  #beside: Kernels | null = null;
  #there: { readonly make: Make<Layer>; readonly layer: Layer } | null = null;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Nobody else computes there before this ends, so `work` asks for nothing that is computed there too. */
  use<R extends object>(make: Make<Layer>, work: (layer: Layer) => Resumable<R>): Resumable<R> {
    return this.#turns.run(
      function* (this: PieceRoom<Layer>): Resumable<R> {
        return yield* work(yield* this.#laidOut(make));
      }.bind(this),
    );
  }

  *#laidOut(make: Make<Layer>): Resumable<Layer> {
    if (this.#there?.make === make) return this.#there.layer;
    this.#there = null;
    this.#beside ??= this.#kernels.apart();
    const layer = this.#beside === null ? null : yield* make(this.#beside);
    if (layer === null) throw new RangeError('no memory to compute a piece of the run again');
    this.#there = { make, layer };
    return layer;
  }
}
