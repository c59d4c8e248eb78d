// Products of many Jacobians, kept as rows L·Q (Q orthonormal, L lower triangular) and made orthogonal again every k
// steps only. With fewer than H rows, the first of them by themselves.
import { leastLength, lnLeastGrading, mostMagnified } from '../analysis/lyapunov.js';
import type { Resumable } from '../core/resumable.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { exponentOf, maxAbs, scaleByPowerOfTwo } from '../core/norm.js';
import { sharedNumbers } from './abi.js';
import { clearResumably, rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import type { PackedRows } from './gradientRows.js';
import { columnAt, numbersAt, packedBytes, panelsOf, stagingBytes, width } from './packedMatrix.js';
import { packTwice } from './packWeights.js';
import { call, inParts } from './team.js';

/** Multiplications between two pauses, two or three milliseconds. */
const pauseWork = 2e7;
/** Bytes copied between two pauses. */
const movedBytes = 2 ** 22;
const bytes = Float64Array.BYTES_PER_ELEMENT;
/** 2^(i − 1074) */
const powers = Float64Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));

/**
 * Inside a block the rows of Q turn towards the fastest direction, and what rounding leaves of a row is magnified in
 * L_ii by ‖row‖ / L_ii. This much is aimed at; beyond `mostMagnified` a block is taken back and done with fewer steps.
 */
const aimedAt = 1e5;
/** Of Jacobians that are matrices of their own: each step costs as much as making its rows orthogonal. */
const aimedAtDense = 1e2;
/** A step of slopes so far apart is magnified more in any case: it is not tried without elimination. */
const lnSureGrading = Math.log(1e9);
const mostSteps = 64;
/** Of Jacobians below 2^this the rows are enlarged before they are made orthogonal. */
const smallestExponent = -400;
const together = sharedNumbers.TOGETHER;
/**
 * One step gives a row an error of about this many units in the last place of its length, of which each number is a sum
 * of H products; and what the steps before gave it may have grown more than the row has.
 */
const unitsPerStep = (H: number): number => 4 * (4 + 2 * Math.sqrt(H));

const lnGrading = (slopes: Float64Array): number => {
  let [most, least] = [0, Infinity];
  for (const slope of slopes) {
    if (slope > most) most = slope;
    if (slope > 0 && slope < least) least = slope;
  }
  return most === 0 ? 0 : Math.log(most) - Math.log(least);
};

/** `forward`: every row p becomes s ⊙ (p·Wh), that is J·pᵀ. `backward`: (p ⊙ s)·Whᵀ, that is Jᵀ·pᵀ. */
export type Direction = 'forward' | 'backward';

type Buffers = Readonly<Record<keyof ReturnType<typeof JacobianChain.sizes>, number>>;
/** Takes rows forward through the steps of a chunk without a matrix for each. */
export type RowsForward = {
  /** Rows that go on between two pauses. */
  readonly rowsAtOnce: number;
  /** Before rows go through step i; false where only its matrix can say what becomes of them. */
  ready(i: number): Resumable<boolean>;
  /** to ← `rows` rows at `from` through step i. `columns`: where the numbers of a row stand in either. */
  through(i: number, from: PackedRows, rows: number, to: PackedRows, columns: Int32Array): void;
};

export class JacobianChain {
  readonly #kernels: Kernels;
  readonly #H: number;
  /** Rows, all of the H or the first of them. */
  readonly #count: number;
  readonly #direction: Direction;
  readonly #at: Buffers;
  readonly #rank: number;
  readonly #rowsForward: RowsForward | null;
  /** Where the numbers of a row stand, for what goes forward without a matrix. */
  readonly #columns: Int32Array;
  /** The rows of Q, and two buffers for what becomes of them. */
  #Q: number;
  #spare: readonly [number, number];
  #wanted = 1;
  /** Of `advance`. */
  #progress = 0;
  /** Multiplications that made rows orthogonal. */
  #sincePause = 0;
  /** Σ ln L_ii since the start, −Infinity for directions that are gone; restarts do not change it. */
  readonly lnLengths: Float64Array;
  /** Estimated error of each of these sums, from rounding inside the blocks. */
  readonly errors: Float64Array;
  /**
   * Of all rows: the product of all L since the last restart, column j times 2^`exponents[j]`; row-major in packed
   * layout at `product`.
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
      U: matrix,
      factors: matrix,
      pivots: H * Int32Array.BYTES_PER_ELEMENT,
      ownRatios: H * bytes,
      slopeRow: panelsOf(H) * rowBytes,
      ratios: H * bytes,
      chainScratch: (2 * panelsOf(H) * together + 256) * rowBytes,
    };
  }

  /**
   * @param count rows, the first of H; only all of them have a product
   * @param rank rows that lose all but this share of their length to those before them count as dependent, and are gone
   */
  static *create(
    kernels: Kernels,
    Wh: Float64Array,
    H: number,
    direction: Direction,
    rank: number,
    at: Buffers,
    count = H,
  ): Resumable<JacobianChain> {
    const [there, back] =
      direction === 'forward' ? [{ at: at.weights, panelBytes: H * rowBytes }, null] : [null, at.weights];
    yield* packTwice(kernels, 'float64', Wh, H, H, at.chainStaging, there, back);
    return yield* JacobianChain.createDense(kernels, H, direction, rank, at, count);
  }

  /**
   * Of Jacobians [H,H] that are no slopes around one matrix: see `advanceDense`. With `rowsForward` no step is made as
   * a matrix where that can be spared.
   */
  static *createDense(
    kernels: Kernels,
    H: number,
    direction: Direction,
    rank: number,
    at: Buffers,
    count = H,
    rowsForward: RowsForward | null = null,
  ): Resumable<JacobianChain> {
    const chain = new JacobianChain(kernels, H, count, direction, rank, at, rowsForward);
    // What goes forward so is written number by number, and nothing beyond the last.
    if (rowsForward !== null)
      for (const rows of chain.#spare) yield* clearResumably(kernels, rows, packedBytes(count, H));
    yield* chain.restart();
    return chain;
  }

  private constructor(
    kernels: Kernels,
    H: number,
    count: number,
    direction: Direction,
    rank: number,
    at: Buffers,
    rowsForward: RowsForward | null,
  ) {
    this.#rowsForward = rowsForward;
    this.#columns = Int32Array.from({ length: H }, (_, j) => columnAt(j, count * rowBytes));
    this.#kernels = kernels;
    this.#H = H;
    this.#count = count;
    this.#direction = direction;
    this.#rank = rank;
    this.#at = at;
    this.#Q = at.Q;
    this.#spare = [at.turned, at.turning];
    this.lnLengths = new Float64Array(count);
    this.errors = new Float64Array(count);
    this.exponents = new Float64Array(H);
  }

  *restart(): Resumable<void> {
    for (const matrix of this.#count === this.#H ? [this.#Q, this.#at.product] : [this.#Q]) {
      yield* clearResumably(this.#kernels, matrix, packedBytes(this.#count, this.#H));
      const numbers = numbersAt(this.#kernels, matrix, packedBytes(this.#count, this.#H) / bytes);
      for (let i = 0; i < this.#count; i++) numbers[this.#place(i, i)] = 1;
    }
    this.exponents.fill(0);
  }

  /** Takes the steps 0 … count − 1; `slopesOf` gives f' of step i [H]. */
  *advance(count: number, slopesOf: (i: number) => Float64Array): Resumable<void> {
    this.#progress = 0;
    for (let done = 0; done < count;) {
      const k = this.#ungraded(Math.min(this.#wanted, count - done), done, slopesOf);
      if (k === 0) {
        yield* this.#gradedStep(slopesOf(done));
        done++;
        yield (this.#progress = done / count);
        continue;
      }
      const rows = yield* this.#turn(k, done, slopesOf);
      const magnified = yield* this.#orthogonalise(rows, this.#rank);
      if (!(magnified <= mostMagnified)) {
        if (k > 1) {
          this.#wanted = k >> 1;
          continue;
        }
        if (lnGrading(slopesOf(done)) > lnLeastGrading) {
          yield* this.#gradedStep(slopesOf(done));
          done++;
          yield (this.#progress = done / count);
          continue;
        }
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

  /**
   * The same where each step has a matrix of its own: `jacobianOf` gives that of step i. False when the kernels cannot
   * say, because a factor of a step has an empty row; then nothing counts.
   */
  *advanceDense(count: number, jacobianOf: (i: number) => Resumable<StepJacobian>): Resumable<boolean> {
    this.#progress = 0;
    for (let done = 0; done < count;) {
      const k = Math.min(this.#wanted, count - done);
      const rows = yield* this.#turnDense(k, done, jacobianOf);
      const magnified = yield* this.#orthogonalise(rows, this.#rank);
      const isSound = magnified <= mostMagnified;
      if (!isSound && k > 1) {
        this.#wanted = k >> 1;
        continue;
      }
      if (!isSound && this.#direction === 'forward') {
        if (!(yield* this.#factoredStep(yield* jacobianOf(done)))) return false;
      } else if (isSound || !(yield* this.#enlargedStep(yield* jacobianOf(done)))) yield* this.#accept(rows, k);
      done += k;
      yield (this.#progress = done / count);
      const perStep = Math.log(magnified) / k;
      const affordable = perStep > 0 ? Math.floor(Math.log(aimedAtDense) / perStep) : mostSteps;
      this.#wanted = Math.max(1, Math.min(affordable, Math.max(2 * k, this.#wanted), mostSteps));
      this.longestBlock = Math.max(this.longestBlock, k);
    }
    return true;
  }

  /** The rows of Q through k Jacobians; gives the buffer that holds them. Q itself stays. */
  *#turnDense(k: number, first: number, jacobianOf: (i: number) => Resumable<StepJacobian>): Resumable<number> {
    let [to, other] = this.#spare;
    let from = this.#Q;
    for (let i = 0; i < k; i++) {
      const own = this.#rowsForward;
      if (own !== null && (yield* own.ready(first + i))) yield* this.#forward(own, first + i, from, to);
      else {
        yield* this.#load((yield* jacobianOf(first + i)).dense());
        yield* this.#multiplyBy(from, this.#at.weights, to, 0);
      }
      from = to;
      [to, other] = [other, to];
      yield this.#progress;
    }
    return from;
  }

  /** to ← the rows at `from` through step i. */
  *#forward(own: RowsForward, i: number, from: number, to: number): Resumable<void> {
    const panel = this.#count * rowBytes;
    for (let row = 0; row < this.#count; row += own.rowsAtOnce) {
      if (row > 0) yield this.#progress;
      const [source, target] = [from, to].map((at) => ({ at: at + row * rowBytes, panel })) as [PackedRows, PackedRows];
      own.through(i, source, Math.min(own.rowsAtOnce, this.#count - row), target, this.#columns);
    }
  }

  /** A Jacobian as rows meet it. */
  #load(J: Float64Array): Resumable<void> {
    const H = this.#H;
    const { weights, chainStaging } = this.#at;
    const [there, back] =
      this.#direction === 'backward' ? [{ at: weights, panelBytes: H * rowBytes }, null] : [null, weights];
    return packTwice(this.#kernels, 'float64', J, H, H, chainStaging, there, back);
  }

  /**
   * One step forward, factor by factor, each by elimination over its places, whatever their sizes. False when there is
   * nothing at one of them, or, where rows may depend on others, next to nothing.
   */
  *#factoredStep(jacobian: StepJacobian): Resumable<boolean> {
    const count = this.#count;
    const { L, U, factors, ratios, ownRatios, weights } = this.#at;
    const least = this.#rank > 0 ? leastLength : Number.MIN_VALUE;
    for (const factor of jacobian.denseFactors()) {
      const [rows, other] = this.#spare;
      yield* this.#load(factor);
      yield* this.#multiplyBy(this.#Q, weights, rows, 0);
      const sizes = this.#largestOfPlaces(rows);
      if (sizes.some((size) => size < least)) return false;
      const found = numbersAt(this.#kernels, ratios, count);
      const magnified = new Float64Array(count).fill(1);
      if (this.#rank > 0) {
        this.#setSlopes(sizes.map((size) => 1 / size));
        this.#throughSlopes(rows, other);
        this.#setSlopes(sizes);
        yield* this.#dependentFirst(other, rows);
        magnified.set(found);
      } else this.#setSlopes(sizes);
      yield* this.#eliminate(rows);
      const eliminated = numbersAt(this.#kernels, ownRatios, count);
      for (let i = 0; i < count; i++) magnified[i] = magnified[i]! * eliminated[i]!;
      yield* this.#orthogonalise(rows, 0);
      for (let i = 0; i < count; i++) found[i] = found[i]! * magnified[i]!;
      yield* this.#multiplyTriangles(U, L);
      if (this.#rank > 0) yield* this.#multiplyTriangles(factors, L);
      yield* this.#accept(rows, 1);
    }
    return true;
  }

  /** One step whose numbers are all so small that their squares would be 0; false where they are not. */
  *#enlargedStep(jacobian: StepJacobian): Resumable<boolean> {
    const J = jacobian.dense();
    const exponent = exponentOf(maxAbs(J));
    if (!(exponent > -Infinity && exponent < smallestExponent)) return false;
    scaleByPowerOfTwo(J, -exponent, J);
    const [rows] = this.#spare;
    yield* this.#load(J);
    yield* this.#multiplyBy(this.#Q, this.#at.weights, rows, 0);
    yield* this.#orthogonalise(rows, this.#rank);
    yield* this.#accept(rows, 1);
    for (let i = 0; i < this.#count; i++) {
      this.lnLengths[i] = this.lnLengths[i]! + exponent * Math.LN2;
      if (this.#count === this.#H) this.exponents[i] = this.exponents[i]! + exponent;
    }
    return true;
  }

  /** The largest |value| of each column. */
  #largestOfPlaces(rows: number): Float64Array {
    const [H, count] = [this.#H, this.#count];
    const numbers = numbersAt(this.#kernels, rows, packedBytes(count, H) / bytes);
    const sizes = new Float64Array(H);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < H; j++) sizes[j] = Math.max(sizes[j]!, Math.abs(numbers[this.#place(i, j)]!));
    return sizes;
  }

  /** How many of the next k steps, up to the first of slopes that lie far apart, can be done without elimination. */
  #ungraded(k: number, first: number, slopesOf: (i: number) => Float64Array): number {
    for (let i = 0; i < k; i++) if (lnGrading(slopesOf(first + i)) > lnSureGrading) return i;
    return k;
  }

  /**
   * One step whose slopes lie far apart: the rows with the slopes on their columns are taken apart by elimination, and
   * what is left, near 1 in every column, is made orthogonal.
   */
  *#gradedStep(slopes: Float64Array): Resumable<void> {
    const count = this.#count;
    const { L, U, factors, ratios, ownRatios, slopeRow, weights } = this.#at;
    this.#setSlopes(slopes);
    const [rows, other] = this.#spare;
    const found = numbersAt(this.#kernels, ratios, count);
    const magnified = new Float64Array(count).fill(1);
    const also = (part: Float64Array): void => {
      for (let i = 0; i < count; i++) magnified[i] = magnified[i]! * part[i]!;
    };
    if (this.#direction === 'backward') {
      this.#throughSlopes(this.#Q, other);
      yield* this.#eliminate(other);
      also(numbersAt(this.#kernels, ownRatios, count));
      yield* this.#multiplyBy(other, weights, rows, 0);
      yield* this.#orthogonalise(rows, this.#rank);
    } else if (this.#rank === 0) {
      yield* this.#multiplyBy(this.#Q, weights, rows, slopeRow);
      yield* this.#eliminate(rows);
      also(numbersAt(this.#kernels, ownRatios, count));
      yield* this.#orthogonalise(rows, 0);
    } else {
      yield* this.#multiplyBy(this.#Q, weights, other, 0);
      yield* this.#dependentFirst(other, rows);
      also(found);
      yield* this.#eliminate(rows);
      also(numbersAt(this.#kernels, ownRatios, count));
      yield* this.#orthogonalise(rows, 0);
    }
    also(found);
    found.set(magnified);
    yield* this.#multiplyTriangles(U, L);
    if (this.#direction === 'forward' && this.#rank > 0) yield* this.#multiplyTriangles(factors, L);
    yield* this.#accept(rows, 1);
    this.longestBlock = Math.max(this.longestBlock, 1);
  }

  /**
   * What depends on others because of the matrix is found before the slopes of `slopeRow` make everything unequal:
   * `to` ← Q of the rows at `from` through the slopes, `factors` ← L of them.
   */
  *#dependentFirst(from: number, to: number): Resumable<void> {
    const { L, factors } = this.#at;
    yield* this.#orthogonalise(from, this.#rank);
    yield* this.#copy(L, factors);
    this.#throughSlopes(from, to);
  }

  /** to ← the rows at `from` with the slopes of `slopeRow` on their columns. */
  #throughSlopes(from: number, to: number): void {
    const [H, count] = [this.#H, this.#count];
    const panel = count * rowBytes;
    this.#kernels.exports.throughSlopes(from, panel, H, count, this.#at.slopeRow, rowBytes, 0, 1, to, panel, 0);
  }

  #setSlopes(slopes: Float64Array): void {
    const { chainStaging, slopeRow } = this.#at;
    numbersAt(this.#kernels, chainStaging, this.#H).set(slopes);
    this.#kernels.exports.pack64(chainStaging, 1, this.#H, slopeRow, rowBytes, rowBytes);
  }

  /** `rows` ← l and U of them. */
  *#eliminate(rows: number): Resumable<void> {
    const H = this.#H;
    const { U, slopeRow, pivots, ownRatios } = this.#at;
    const rowsAtOnce = Math.max(8, 8 * Math.floor(pauseWork / (8 * H * H)));
    for (let row = 0; row < this.#count; row += rowsAtOnce) {
      const end = Math.min(this.#count, row + rowsAtOnce);
      this.#kernels.exports.eliminateRows(rows, U, H, this.#count, row, end, slopeRow, pivots, ownRatios);
      if (end < this.#count) yield this.#progress;
    }
  }

  /** to ← (from·matrix) ⊙ scale, row by row; the matrix is [H,H]. */
  *#multiplyBy(from: number, matrix: number, to: number, scale: number): Resumable<void> {
    const [H, count] = [this.#H, this.#count];
    const panel = count * rowBytes;
    const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (2 * H * H)));
    for (let row = 0; row < count; row += rowsAtOnce) {
      const [source, target] = [from + row * rowBytes, to + row * rowBytes];
      const some = Math.min(rowsAtOnce, count - row);
      inParts(this.#kernels, { count: some, unit: 2, work: H * H }, (r0, r1) =>
        call(
          'multiplyRows',
          source + r0 * rowBytes,
          panel,
          H,
          matrix,
          H,
          target + r0 * rowBytes,
          panel,
          r1 - r0,
          scale,
        ),
      );
      if (row + rowsAtOnce < count) yield this.#progress;
    }
  }

  /** right ← left·right, both lower triangular */
  *#multiplyTriangles(left: number, right: number): Resumable<void> {
    const count = this.#count;
    const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (count * count)));
    for (let row = 0; row < count; row += rowsAtOnce) {
      this.#triangular(left, right, count, row, Math.min(count, row + rowsAtOnce));
      if (row + rowsAtOnce < count) yield this.#progress;
    }
    yield* this.#copy(this.#at.newProduct, right);
  }

  /** Rows r0 ≤ r < r1 of left·right [size,size], into `newProduct`; r0 is even. */
  #triangular(left: number, right: number, size: number, r0: number, r1: number): void {
    const { newProduct } = this.#at;
    inParts(this.#kernels, { count: r1 - r0, unit: 2, work: size ** 2 / 2 }, (first, end) =>
      call('triangularProduct', left, right, size, newProduct, r0 + first, r0 + end, 0),
    );
  }

  *#copy(from: number, to: number): Resumable<void> {
    const length = packedBytes(this.#count, this.#H);
    const { buffer } = this.#kernels.memory;
    for (let at = 0; at < length; at += movedBytes) {
      new Uint8Array(buffer, to + at, Math.min(movedBytes, length - at)).set(
        new Uint8Array(buffer, from + at, Math.min(movedBytes, length - at)),
      );
      if (at + movedBytes < length) yield this.#progress;
    }
  }

  /** The rows of Q through k Jacobians; gives the buffer that holds them. Q itself stays. */
  *#turn(k: number, first: number, slopesOf: (i: number) => Float64Array): Resumable<number> {
    const H = this.#H;
    const { weights, slopeRow } = this.#at;
    let [to, other] = this.#spare;
    let from = this.#Q;
    for (let i = 0; i < k; i++) {
      this.#setSlopes(slopesOf(first + i));
      let source = from;
      if (this.#direction === 'backward') {
        this.#throughSlopes(from, other);
        source = other;
      }
      yield* this.#multiplyBy(source, weights, to, this.#direction === 'forward' ? slopeRow : 0);
      from = to;
      // Going back, one buffer serves in between; going forward the two take turns.
      if (this.#direction === 'forward') [to, other] = [other, to];
      if (i < k - 1 && this.#count * H * H > pauseWork / 8) yield this.#progress;
    }
    return from;
  }

  /**
   * L and Q of these rows, in place; gives the largest magnification of rounding in a block, Infinity when a row has
   * only now become dependent.
   */
  *#orthogonalise(rows: number, rank: number): Resumable<number> {
    const [H, count] = [this.#H, this.#count];
    const { L, ratios } = this.#at;
    const found = numbersAt(this.#kernels, ratios, count);
    for (let i = 0; i < count; i += together)
      yield* this.#orthogonaliseRows(rows, i, Math.min(together, count - i), rank);
    let worst = 1;
    const numbers = numbersAt(this.#kernels, L, packedBytes(count, H) / bytes);
    for (let i = 0; i < count; i++) {
      // 0/0: the direction was gone before.
      if (this.lnLengths[i] === -Infinity && Number.isNaN(found[i])) continue;
      // Squares of so short a row have lost digits.
      if (found[i]! * numbers[this.#place(i, i)]! < leastLength) return Infinity;
      worst = Math.max(worst, Number.isNaN(found[i]) ? Infinity : found[i]!);
    }
    return worst;
  }

  /** The same of rows i … i + some − 1, when those before them are orthonormal. */
  *#orthogonaliseRows(rows: number, i: number, some: number, rank: number): Resumable<void> {
    const [H, height] = [this.#H, this.#count];
    const { L, ratios, chainScratch } = this.#at;
    const { exports } = this.#kernels;
    exports.rowLengths(rows, H, height, i, some, chainScratch);
    yield* this.#project(rows, i, some, chainScratch);
    const again = exports.rowsAmong(rows, H, height, i, some, rank, chainScratch);
    if (again === 1) yield* this.#project(rows, i, some, exports.secondRound(H, chainScratch));
    exports.rowsEnd(rows, L, H, height, i, some, again, ratios, chainScratch);
    this.#sincePause += 4 * some * (i + some) * H;
    if (this.#sincePause < pauseWork) return;
    this.#sincePause = 0;
    yield this.#progress;
  }

  /** Takes from them what they have of the rows before; −coefficients go to `dots`. */
  *#project(rows: number, i: number, some: number, dots: number): Resumable<void> {
    if (i === 0) return;
    const [H, height] = [this.#H, this.#count];
    const earlierAtOnce = Math.max(8, 8 * Math.floor(pauseWork / (8 * some * H)));
    for (let first = 0; first < i; first += earlierAtOnce) {
      const end = Math.min(i, first + earlierAtOnce);
      inParts(this.#kernels, { count: end - first, unit: 8, work: some * H }, (j0, j1) =>
        call('projectDots', rows, H, height, i, some, first + j0, first + j1, dots),
      );
      if (end < i) yield this.#progress;
    }
    const panelsAtOnce = Math.max(1, Math.floor(pauseWork / (some * width * i)));
    for (let first = 0; first < panelsOf(H); first += panelsAtOnce) {
      const end = Math.min(panelsOf(H), first + panelsAtOnce);
      inParts(this.#kernels, { count: end - first, work: some * width * i }, (n0, n1) =>
        call('projectPanels', rows, height, i, some, first + n0, first + n1, dots),
      );
      if (end < panelsOf(H)) yield this.#progress;
    }
  }

  *#accept(rows: number, k: number): Resumable<void> {
    const [H, count] = [this.#H, this.#count];
    const numbers = numbersAt(this.#kernels, this.#at.L, packedBytes(count, H) / bytes);
    const found = numbersAt(this.#kernels, this.#at.ratios, H);
    for (let i = 0; i < count; i++) {
      // A pivot may be negative.
      const length = Math.abs(numbers[this.#place(i, i)]!);
      this.lnLengths[i] = this.lnLengths[i]! + Math.log(length);
      this.errors[i] = this.errors[i]! + unitsPerStep(H) * k * Number.EPSILON * (length > 0 ? found[i]! : 0);
    }
    const free = this.#spare.find((buffer) => buffer !== rows)!;
    this.#spare = [this.#Q, free];
    this.#Q = rows;
    if (count === H) yield* this.#multiply(numbers);
  }

  /** product ← product·L, each column under the largest exponent that its terms have. */
  *#multiply(L: Float64Array): Resumable<void> {
    const H = this.#H;
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
      this.#triangular(product, this.#at.L, H, row, Math.min(H, row + rowsAtOnce));
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

  /** Estimated error of the least certain sum; what a lost direction had of it before counts too. */
  get error(): number {
    return this.errors.reduce((most, error) => Math.max(most, error), 0);
  }

  /** Column j of the product is row j of a matrix with the same singular values, times 2^`exponents[j]`. */
  column(j: number, into: Float64Array): void {
    const numbers = numbersAt(this.#kernels, this.#at.product, packedBytes(this.#H, this.#H) / bytes);
    for (let i = 0; i < this.#H; i++) into[i] = i < j ? 0 : numbers[this.#place(i, j)]!;
  }

  #place(i: number, j: number): number {
    return i * (rowBytes / bytes) + columnAt(j, this.#count * rowBytes);
  }
}
