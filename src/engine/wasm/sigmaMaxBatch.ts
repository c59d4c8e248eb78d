// The largest singular value of diag(s)·Whᵀ for many s at once: their Lanczos iterations share one product of matrices.
import { mapResumably } from '../core/resumableCopy.js';
import { norm } from '../core/norm.js';
import { jointNormResumably } from '../core/scan.js';
import { topOfTridiagonal, unrelated } from '../linalg/lanczos.js';
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { columnAt, numbersAt, packedBytes, panelsOf, stagingBytes, unpackFrom } from './packedMatrix.js';
import { packTwice } from './packWeights.js';
import { call, inParts } from './team.js';

const bytes = Float64Array.BYTES_PER_ELEMENT;
const tolerance = 1e-12;
/** Iterations that go on at the same time: enough for a product of matrices to reach its speed. */
const mostSlots = 32;
/** Iterations to the next look at a tridiagonal matrix: at least so many, later this share of those that have been. */
const [between, share] = [4, 1 / 8];
const pauseWork = 2e7;
/** Iterations between two pauses at most: the tridiagonal matrices take their time too. */
const mostRounds = 12;

type Buffers = Readonly<Record<keyof ReturnType<typeof SigmaBatch.sizes>, number>>;
/**
 * One iteration under way: of which matrix, its tridiagonal matrix so far, the size that was divided out of its slopes,
 * and what the last look found.
 */
type Slot = { index: number; a: number[]; b: number[]; largest: number; guess: number; near: number; nextLook: number };

/** σ_max of diag(s)·Wᵀ, the square root of the largest eigenvalue of diag(s)·WᵀW·diag(s). */
export class SigmaBatch {
  readonly #kernels: Kernels;
  readonly #H: number;
  readonly #at: Buffers;
  readonly #start: Float64Array;
  /** ‖W‖ (Frobenius), which the matrix is divided by, so that squares stay inside the range. */
  scale = 0;

  static sizes(H: number) {
    const rows = packedBytes(mostSlots, H);
    return {
      sigmaStaging: stagingBytes(H, H),
      gram: packedBytes(H, H),
      factor: packedBytes(H, H),
      factorTransposed: packedBytes(H, H),
      vectors: rows,
      before: rows,
      slopes: rows,
      alphas: mostSlots * bytes,
      betas: mostSlots * bytes,
      work: 2 * rows,
    };
  }

  constructor(kernels: Kernels, H: number, at: Buffers) {
    this.#kernels = kernels;
    this.#H = H;
    this.#at = at;
    const start = Float64Array.from({ length: H }, (_, i) => unrelated(i));
    const length = norm(start);
    this.#start = start.map((value) => value / length);
  }

  /** Takes W [H,H] of finite numbers. */
  *load(W: Float64Array): Resumable<void> {
    const H = this.#H;
    const { sigmaStaging, gram, factor, factorTransposed } = this.#at;
    this.scale = yield* jointNormResumably([W]);
    const scaled = this.scale === 0 ? W : yield* mapResumably(W, (value) => value / this.scale);
    yield* packTwice(
      this.#kernels,
      'float64',
      scaled,
      H,
      H,
      sigmaStaging,
      { at: factor, panelBytes: H * rowBytes },
      factorTransposed,
    );
    const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (2 * H * H)));
    for (let row = 0; row < H; row += rowsAtOnce) {
      inParts(this.#kernels, { count: Math.min(rowsAtOnce, H - row), unit: 2, work: H * H }, (r0, r1) =>
        call(
          'multiplyRows',
          factorTransposed + (row + r0) * rowBytes,
          H * rowBytes,
          H,
          factor,
          H,
          gram + (row + r0) * rowBytes,
          H * rowBytes,
          r1 - r0,
          0,
        ),
      );
      yield row / H;
    }
  }

  /** WᵀW / scale² [H,H]. */
  gram(): Resumable<Float64Array> {
    return unpackFrom(this.#kernels, this.#at.sigmaStaging, this.#at.gram, this.#H, this.#H);
  }

  /**
   * Calls `found(i, σ)` for i = 0 … count − 1, in no particular order; `slopesOf(i)` [H], finite. Good to 1e-12
   * relative by its residual, which is the distance to some singular value; that it is the largest rests on a start
   * without structure. NaN for what has not converged.
   */
  *each(
    count: number,
    slopesOf: (i: number) => Float64Array,
    found: (i: number, sigma: number) => void,
  ): Resumable<void> {
    const H = this.#H;
    const slots = Math.max(1, Math.min(mostSlots, count, Math.floor((2 * pauseWork) / (H * H))));
    const panel = slots * rowBytes;
    const { vectors, before, slopes, alphas, betas, work, gram } = this.#at;
    const { exports } = this.#kernels;
    const length = panelsOf(H) * slots * (rowBytes / bytes);
    const [v, s] = [numbersAt(this.#kernels, vectors, length), numbersAt(this.#kernels, slopes, length)];
    const [a, b] = [numbersAt(this.#kernels, alphas, slots), numbersAt(this.#kernels, betas, slots)];
    for (const matrix of [vectors, before, slopes, work]) exports.clear(matrix, length * bytes);
    const columns = Int32Array.from({ length: H }, (_, j) => columnAt(j, panel));
    let next = 0;
    let done = 0;
    const takeNext = (row: number): Slot | null => {
      for (; next < count; next++) {
        const own = slopesOf(next);
        const largest = norm(own);
        if (largest === 0 || this.scale === 0) {
          found(next, 0);
          done++;
          continue;
        }
        const from = row * (rowBytes / bytes);
        for (let j = 0; j < H; j++) {
          v[from + columns[j]!] = this.#start[j]!;
          s[from + columns[j]!] = own[j]! / largest;
        }
        // With β = 0 the vector before does not count.
        b[row] = 0;
        return { index: next++, a: [], b: [], largest, guess: 0, near: 0, nextLook: between };
      }
      // An idle row stays zero.
      for (let j = 0; j < H; j++) v[row * (rowBytes / bytes) + columns[j]!] = 0;
      return null;
    };
    const under = Array.from({ length: slots }, (_, row) => takeNext(row));
    const pause = Math.max(1, Math.min(mostRounds, Math.floor(pauseWork / (slots * H * H))));
    for (let round = 1; done < count; round++) {
      inParts(this.#kernels, { count: slots, unit: 2, work: H * H }, (r0, r1) =>
        call('lanczosStep', vectors, before, slopes, slots, H, gram, alphas, betas, work, r0, r1),
      );
      for (let row = 0; row < slots; row++) {
        const slot = under[row];
        if (slot === null || slot === undefined) continue;
        slot.a.push(a[row]!);
        const beta = b[row]!;
        const steps = slot.a.length;
        if (steps < slot.nextLook && steps !== H && beta > tolerance * slot.guess) {
          slot.b.push(beta);
          continue;
        }
        const { value, lastComponent } = topOfTridiagonal(slot.a, slot.b, slot.guess, slot.near);
        slot.guess = value;
        slot.near = beta * lastComponent;
        slot.nextLook = steps + Math.max(between, Math.floor(steps * share));
        const converged = slot.near <= tolerance * value || beta === 0;
        if (!converged && steps < 4 * H + 40) {
          slot.b.push(beta);
          continue;
        }
        found(slot.index, converged ? Math.sqrt(Math.max(0, value)) * slot.largest * this.scale : NaN);
        done++;
        under[row] = takeNext(row);
      }
      if (round % pause === 0) yield done / count;
    }
  }
}
