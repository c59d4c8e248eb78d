// Tensors over time that are not held: a piece of consecutive steps is computed again when one of its numbers is asked
// for.
import { finish } from './resumable.js';
import type { SequenceTrace } from './tensor.js';
import type { FloatArray, Trace } from './dtypes.js';
import type { Resumable } from './resumable.js';

/**
 * Pieces that are kept at a time: a picture of a stretch of time touches two, and comes back to them for every unit.
 */
export const keptPieces = 3;

export type Shape = { readonly B: number; readonly T: number; readonly N: number };

type Piece = { readonly t0: number; readonly t1: number; readonly data: FloatArray };

/** A [B,T,N] in row-major order like an array, made of pieces of whole steps. */
export class PiecedTrace implements Trace {
  readonly length: number;
  readonly #shape: Shape;
  /** First step of every piece, ascending, and T. */
  readonly #starts: readonly number[];
  readonly #make: (piece: number) => Resumable<FloatArray>;
  readonly #known = new Map<number, FloatArray>();
  /** The piece that was asked for last: most questions go there again. */
  #last: Piece | null = null;

  /** `make` gives a piece [B,steps,N]. */
  constructor(shape: Shape, starts: readonly number[], make: (piece: number) => Resumable<FloatArray>) {
    this.length = shape.B * shape.T * shape.N;
    this.#shape = shape;
    this.#starts = [...starts, shape.T];
    this.#make = make;
  }

  at(index: number): number | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const { T, N } = this.#shape;
    const row = Math.floor(index / N);
    const b = Math.floor(row / T);
    const { t0, t1, data } = this.#holding(row - b * T);
    return data[(b * (t1 - t0) + row - b * T - t0) * N + index - row * N];
  }

  subarray(from: number, to: number): FloatArray {
    const { T, N } = this.#shape;
    const pieces: FloatArray[] = [];
    for (let at = from; at < to;) {
      const row = Math.floor(at / N);
      const b = Math.floor(row / T);
      const { t0, t1, data } = this.#holding(row - b * T);
      const end = Math.min(to, (b * T + t1) * N);
      const start = (b * (t1 - t0) - t0) * N + at - b * T * N;
      pieces.push(data.subarray(start, start + end - at));
      at = end;
    }
    const [first] = pieces;
    if (first === undefined) return this.#holding(0).data.subarray(0, 0);
    if (pieces.length === 1) return first;
    const joined = first instanceof Float32Array ? new Float32Array(to - from) : new Float64Array(to - from);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  /**
   * Computes what the numbers of step t are read from, with pauses; then they are there until a few other pieces have
   * been asked for.
   */
  *ready(t: number): Resumable<void> {
    yield* this.#pieceSteps(this.#indexOf(t));
  }

  #holding(t: number): Piece {
    if (this.#last !== null && this.#last.t0 <= t && t < this.#last.t1) return this.#last;
    const i = this.#indexOf(t);
    this.#last = { t0: this.#starts[i]!, t1: this.#starts[i + 1]!, data: this.piece(i) };
    return this.#last;
  }

  #indexOf(t: number): number {
    let [low, high] = [0, this.#starts.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= t) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** All of one piece, [B,steps,N]. */
  piece(piece: number): FloatArray {
    return finish(this.#pieceSteps(piece));
  }

  *#pieceSteps(piece: number): Resumable<FloatArray> {
    const data = this.#known.get(piece) ?? (yield* this.#make(piece));
    // The last one asked for is the last to go.
    this.#known.delete(piece);
    this.#known.set(piece, data);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= keptPieces) break;
      this.#known.delete(oldest);
    }
    return data;
  }
}

const isComputed = (trace: Trace): trace is Trace & Pick<PiecedTrace, 'ready'> => 'ready' in trace;

/** What step t of these tensors is read from, computed with pauses where it is not held. */
export function* ready(t: number, ...tensors: readonly SequenceTrace[]): Resumable<void> {
  for (const { data } of tensors) if (isComputed(data)) yield* data.ready(t);
}

/** Computations that need the same memory, one after the other: whoever waits for one that has paused drives it on. */
export class OneAtATime {
  #current: Resumable<unknown> | null = null;

  *run<R>(make: () => Resumable<R>): Resumable<R> {
    while (this.#current !== null) yield* this.#drive(this.#current);
    const ended: (() => R)[] = [];
    const own = (function* (): Resumable<void> {
      try {
        const value = yield* make();
        ended.push(() => value);
      } catch (error) {
        // Whoever drives it on: a failure belongs to who asked for what has failed.
        ended.push(() => {
          throw error;
        });
      }
    })();
    this.#current = own;
    for (;;) {
      const [end] = ended;
      if (end !== undefined) return end();
      yield* this.#drive(own);
    }
  }

  /** One step on, with its pause. */
  *#drive(steps: Resumable<unknown>): Resumable<void> {
    const step = steps.next();
    if (step.done === true) this.#current = null;
    else yield step.value;
  }
}
