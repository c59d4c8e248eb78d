// The largest singular value of diag(s)·Whᵀ for many s at once: their Lanczos iterations share one product of matrices.
import { mapResumably } from '../core/resumableCopy.js';
import { norm } from '../core/norm.js';
import { jointNormResumably } from '../core/scan.js';
import { unrelated } from '../linalg/lanczos.js';
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { lanczosRows } from './lanczosRows.js';
import type { LanczosRows } from './lanczosRows.js';
import { columnAt, numbersAt, packedBytes, panelsOf, stagingBytes, unpackFrom } from './packedMatrix.js';
import { packTwice } from './packWeights.js';
import { call, inParts } from './team.js';

const bytes = Float64Array.BYTES_PER_ELEMENT;
/** Iterations that go on at the same time: enough for a product of matrices to reach its speed. */
const mostSlots = 32;
const pauseWork = 2e7;
/** Iterations between two pauses at most: the tridiagonal matrices take their time too. */
const mostRounds = 12;

type Buffers = Readonly<Record<keyof ReturnType<typeof SigmaBatch.sizes>, number>>;

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
    const sizes = new Float64Array(slots);
    const rows: LanczosRows = {
      a,
      b,
      begin: (row, i) => {
        const own = slopesOf(i);
        const largest = norm(own);
        if (largest === 0 || this.scale === 0) {
          found(i, 0);
          return false;
        }
        const from = row * (rowBytes / bytes);
        for (let j = 0; j < H; j++) {
          v[from + columns[j]!] = this.#start[j]!;
          s[from + columns[j]!] = own[j]! / largest;
        }
        sizes[row] = largest;
        return true;
      },
      idle: (row) => {
        for (let j = 0; j < H; j++) v[row * (rowBytes / bytes) + columns[j]!] = 0;
      },
      step: () =>
        inParts(this.#kernels, { count: slots, unit: 2, work: H * H }, (r0, r1) =>
          call('lanczosStep', vectors, before, slopes, slots, H, gram, alphas, betas, work, r0, r1),
        ),
    };
    const pause = Math.max(1, Math.min(mostRounds, Math.floor(pauseWork / (slots * H * H))));
    yield* lanczosRows({ count, slots, n: H, pause }, rows, (i, value, row) =>
      found(i, Math.sqrt(Math.max(0, value)) * sizes[row]! * this.scale),
    );
  }
}
