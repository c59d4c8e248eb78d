// Products of many Jacobians, kept as rows L·Q (Q orthonormal, L lower triangular) and made orthogonal again every k
// steps only.
import type { Resumable } from '../core/resumable.js';
import { exponentOf } from '../core/norm.js';
import { clearSteps, rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { columnAt, numbersAt, packedBytes, panelsOf, stagingBytes, width } from './packedMatrix.js';
import { packTwice } from './packWeights.js';

/** Multiplications between two pauses, two or three milliseconds. */
const pauseWork = 2e7;
const bytes = Float64Array.BYTES_PER_ELEMENT;
/** 2^(i − 1074) */
const powers = Float64Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));

/**
 * Inside a block the rows of Q turn towards the fastest direction, and what rounding leaves of a row is magnified in
 * L_ii by ‖row‖ / L_ii. This much is aimed at; beyond `mostMagnified` a block is taken back and done with fewer steps.
 */
const aimedAt = 1e5;
const mostMagnified = 1e7;
const mostSteps = 64;
/**
 * One step gives a row an error of at most about this many units in the last place of its length: each number is a sum
 * of H products.
 */
const unitsPerStep = (H: number): number => 4 + 2 * Math.sqrt(H);

/** `forward`: every row p becomes s ⊙ (p·Wh), that is J·pᵀ. `backward`: (p ⊙ s)·Whᵀ, that is Jᵀ·pᵀ. */
export type Direction = 'forward' | 'backward';

type Buffers = Readonly<Record<keyof ReturnType<typeof JacobianChain.sizes>, number>>;

export class JacobianChain {
  readonly #kernels: Kernels;
  readonly #H: number;
  readonly #direction: Direction;
  readonly #at: Buffers;
  readonly #rank: number;
  /** The rows of Q, and two buffers for what becomes of them. */
  #Q: number;
  #spare: readonly [number, number];
  #wanted = 1;
  /** Of `advance`. */
  #progress = 0;
  /** Σ ln L_ii since the start, −Infinity for directions that are gone; restarts do not change it. */
  readonly lnLengths: Float64Array;
  /** Estimated error of each of these sums, from rounding inside the blocks. */
  readonly errors: Float64Array;
  /**
   * The product of all L since the last restart, column j times 2^`exponents[j]`; row-major in packed layout at
   * `product`.
   */
  readonly exponents: Float64Array;
  /** Largest number of steps that one block had. */
  longestBlock = 0;

  static sizes(H: number) {
    const matrix = packedBytes(H, H);
    return {
      chainStaging: stagingBytes(H, H),
      weights: matrix,
      Q: matrix,
      turned: matrix,
      turning: matrix,
      L: matrix,
      product: matrix,
      newProduct: matrix,
      slopeRow: panelsOf(H) * rowBytes,
      ratios: H * bytes,
      chainScratch: (2 * H + 64) * rowBytes,
    };
  }

  /**
   * @param rank rows that lose all but this share of their length to those before them count as dependent, and are gone
   */
  static *create(
    kernels: Kernels,
    Wh: Float64Array,
    H: number,
    direction: Direction,
    rank: number,
    at: Buffers,
  ): Resumable<JacobianChain> {
    const [there, back] =
      direction === 'forward' ? [{ at: at.weights, panelBytes: H * rowBytes }, null] : [null, at.weights];
    yield* packTwice(kernels, 'float64', Wh, H, H, at.chainStaging, there, back);
    const chain = new JacobianChain(kernels, H, direction, rank, at);
    yield* chain.restart();
    return chain;
  }

  private constructor(kernels: Kernels, H: number, direction: Direction, rank: number, at: Buffers) {
    this.#kernels = kernels;
    this.#H = H;
    this.#direction = direction;
    this.#rank = rank;
    this.#at = at;
    this.#Q = at.Q;
    this.#spare = [at.turned, at.turning];
    this.lnLengths = new Float64Array(H);
    this.errors = new Float64Array(H);
    this.exponents = new Float64Array(H);
  }

  *restart(): Resumable<void> {
    for (const matrix of [this.#Q, this.#at.product]) {
      yield* clearSteps(this.#kernels, matrix, packedBytes(this.#H, this.#H));
      const numbers = numbersAt(this.#kernels, matrix, packedBytes(this.#H, this.#H) / bytes);
      for (let i = 0; i < this.#H; i++) numbers[this.#place(i, i)] = 1;
    }
    this.exponents.fill(0);
  }

  /** Takes the steps 0 … count − 1; `slopesOf` gives f' of step i [H]. */
  *advance(count: number, slopesOf: (i: number) => Float64Array): Resumable<void> {
    this.#progress = 0;
    for (let done = 0; done < count;) {
      const k = Math.min(this.#wanted, count - done);
      const rows = yield* this.#turn(k, done, slopesOf);
      const magnified = yield* this.#orthogonalise(rows);
      if (k > 1 && !(magnified <= mostMagnified)) {
        this.#wanted = k >> 1;
        continue;
      }
      yield* this.#accept(rows, k);
      done += k;
      this.#progress = done / count;
      yield this.#progress;
      const perStep = Math.log(magnified) / k;
      const affordable = perStep > 0 ? Math.floor(Math.log(aimedAt) / perStep) : mostSteps;
      // A short rest says little about how long a block could have been.
      this.#wanted = Math.max(1, Math.min(affordable, Math.max(2 * k, this.#wanted), mostSteps));
      this.longestBlock = Math.max(this.longestBlock, k);
    }
  }

  /** The rows of Q through k Jacobians; gives the buffer that holds them. Q itself stays. */
  *#turn(k: number, first: number, slopesOf: (i: number) => Float64Array): Resumable<number> {
    const { exports } = this.#kernels;
    const H = this.#H;
    const { weights, slopeRow, chainStaging } = this.#at;
    const panel = H * rowBytes;
    const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (2 * H * H)));
    let [to, other] = this.#spare;
    let from = this.#Q;
    for (let i = 0; i < k; i++) {
      numbersAt(this.#kernels, chainStaging, H).set(slopesOf(first + i));
      exports.pack64(chainStaging, 1, H, slopeRow, rowBytes, rowBytes);
      let source = from;
      if (this.#direction === 'backward') {
        exports.throughSlopes(from, panel, H, H, slopeRow, rowBytes, 1, other, panel);
        source = other;
      }
      for (let row = 0; row < H; row += rowsAtOnce) {
        exports.multiplyRows(
          source + row * rowBytes,
          panel,
          H,
          weights,
          H,
          to + row * rowBytes,
          panel,
          Math.min(rowsAtOnce, H - row),
          this.#direction === 'forward' ? slopeRow : 0,
        );
        if (row + rowsAtOnce < H) yield this.#progress;
      }
      from = to;
      // Going back, one buffer serves in between; going forward the two take turns.
      if (this.#direction === 'forward') [to, other] = [other, to];
      if (i < k - 1 && H * H * H > pauseWork / 8) yield this.#progress;
    }
    return from;
  }

  /**
   * L and Q of these rows, in place; gives the largest magnification of rounding in a block, Infinity when a row has
   * only now become dependent.
   */
  *#orthogonalise(rows: number): Resumable<number> {
    const H = this.#H;
    const { L, ratios, chainScratch } = this.#at;
    const found = numbersAt(this.#kernels, ratios, H);
    const rowsAtOnce = Math.max(8, 8 * Math.floor(pauseWork / (8 * 3 * H * H)));
    for (let row = 0; row < H; row += rowsAtOnce) {
      this.#kernels.exports.orthogonaliseRows(
        rows,
        L,
        H,
        row,
        Math.min(H, row + rowsAtOnce),
        this.#rank,
        ratios,
        chainScratch,
      );
      if (row + rowsAtOnce < H) yield this.#progress;
    }
    let worst = 1;
    for (let i = 0; i < H; i++) {
      // 0/0: the direction was gone before.
      if (this.lnLengths[i] === -Infinity && Number.isNaN(found[i])) continue;
      worst = Math.max(worst, Number.isNaN(found[i]) ? Infinity : found[i]!);
    }
    return worst;
  }

  *#accept(rows: number, k: number): Resumable<void> {
    const H = this.#H;
    const numbers = numbersAt(this.#kernels, this.#at.L, packedBytes(H, H) / bytes);
    const found = numbersAt(this.#kernels, this.#at.ratios, H);
    for (let i = 0; i < H; i++) {
      const length = numbers[this.#place(i, i)]!;
      this.lnLengths[i] = this.lnLengths[i]! + Math.log(length);
      this.errors[i] = this.errors[i]! + unitsPerStep(H) * k * Number.EPSILON * (length > 0 ? found[i]! : 0);
    }
    const free = this.#spare.find((buffer) => buffer !== rows)!;
    this.#spare = [this.#Q, free];
    this.#Q = rows;
    yield* this.#multiply(numbers);
  }

  /** product ← product·L, each column under the largest exponent that its terms have. */
  *#multiply(L: Float64Array): Resumable<void> {
    const H = this.#H;
    const { exports } = this.#kernels;
    const own = this.exponents;
    const panel = H * width;
    const words = new Int32Array(L.buffer, L.byteOffset, 2 * L.length);
    // Of every column the exponent of its largest term, from the exponent's own bits.
    const tops = new Float64Array(H).fill(-Infinity);
    for (let i = 0; i < H; i++) {
      const exponent = own[i]!;
      if (exponent === -Infinity) continue;
      for (let j = 0; j <= i; j++) {
        const at = (j >> 3) * panel + i * width + (j & 7);
        const term = exponent + ((words[2 * at + 1]! >>> 20) & 0x7ff) - 1023;
        if (term > tops[j]! && L[at] !== 0) tops[j] = term;
      }
      if (this.#isLong(i)) yield this.#progress;
    }
    for (let i = 0; i < H; i++) {
      for (let j = 0; j <= i; j++) {
        const at = (j >> 3) * panel + i * width + (j & 7);
        // What lies 2^−1070 below the largest term cannot change a double; nor can a column without terms.
        const shift = own[i]! - tops[j]!;
        L[at] = shift >= -1070 && shift <= 1023 ? L[at]! * powers[shift + 1074]! : 0;
      }
      if (this.#isLong(i)) yield this.#progress;
    }
    const { product, newProduct } = this.#at;
    const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (H * H)));
    for (let row = 0; row < H; row += rowsAtOnce) {
      exports.triangularProduct(product, this.#at.L, H, newProduct, row, Math.min(H, row + rowsAtOnce), 0);
      if (row + rowsAtOnce < H) yield this.#progress;
    }
    const numbers = numbersAt(this.#kernels, newProduct, packedBytes(H, H) / bytes);
    const old = numbersAt(this.#kernels, product, packedBytes(H, H) / bytes);
    const largest = new Float64Array(H);
    for (let i = 0; i < H; i++) {
      for (let j = 0; j <= i; j++) {
        const value = Math.abs(numbers[(j >> 3) * panel + i * width + (j & 7)]!);
        if (value > largest[j]!) largest[j] = value;
      }
      if (this.#isLong(i)) yield this.#progress;
    }
    const factors = new Float64Array(H);
    for (let j = 0; j < H; j++) {
      const shift = exponentOf(largest[j]!);
      const sound = Number.isFinite(shift) && tops[j] !== -Infinity;
      own[j] = sound ? tops[j]! + shift : -Infinity;
      factors[j] = sound ? 2 ** -shift : 0;
    }
    for (let i = 0; i < H; i++) {
      for (let j = 0; j <= i; j++) {
        const at = (j >> 3) * panel + i * width + (j & 7);
        old[at] = numbers[at]! * factors[j]!;
      }
      if (this.#isLong(i)) yield this.#progress;
    }
  }

  /** Whether it is time for a pause after row i of a loop over all numbers of a triangle. */
  #isLong(i: number): boolean {
    return this.#H >= 512 && i % 256 === 255;
  }

  /** Column j of the product is row j of a matrix with the same singular values, times 2^`exponents[j]`. */
  column(j: number, into: Float64Array): void {
    const numbers = numbersAt(this.#kernels, this.#at.product, packedBytes(this.#H, this.#H) / bytes);
    for (let i = 0; i < this.#H; i++) into[i] = i < j ? 0 : numbers[this.#place(i, j)]!;
  }

  #place(i: number, j: number): number {
    return i * (rowBytes / bytes) + columnAt(j, this.#H * rowBytes);
  }
}
