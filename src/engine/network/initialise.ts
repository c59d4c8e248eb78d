// Ways to start the weights of a recurrent network, seeded, as new matrices in the row-vector convention.
import { norm } from '../core/norm.js';
import { Random } from '../core/random.js';
import { finish } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';

/** Ways to fill a matrix anew. `identity` needs a square one. */
export const initialisations = ['orthogonal', 'identity', 'glorot', 'he'] as const;
export type Initialisation = (typeof initialisations)[number];

/** Multiplications between two pauses, two or three milliseconds. */
const pauseWork = 2e6;
/** Random numbers drawn between two pauses. */
const drawn = 5e4;

/**
 * Uniform over all orthogonal matrices: the Gram–Schmidt basis of Gaussian vectors, which is the Q of their QR
 * decomposition whose R has a positive diagonal (Mezzadri 2007; with another sign some matrices would be likelier than
 * others). [rows,columns]; a matrix that is not square has orthonormal rows or columns, whichever there are fewer of
 * (Saxe et al. 2014).
 */
export function* orthogonal(rows: number, columns: number, seed: number): Resumable<Float64Array> {
  const random = new Random(seed);
  const [tall, thin] = [Math.max(rows, columns), Math.min(rows, columns)];
  const vectors = Array.from({ length: thin }, () => new Float64Array(tall));
  for (let i = 0; i < tall; i++) {
    for (const vector of vectors) vector[i] = random.normal();
    if (i % Math.ceil(drawn / thin) === 0) yield 0;
  }
  let work = 0;
  for (const [k, vector] of vectors.entries()) {
    // Twice is enough to make it orthogonal to working precision (Parlett, after Kahan).
    for (let round = 0; round < 2; round++) {
      for (let j = 0; j < k; j++) {
        subtractProjection(vector, vectors[j]!);
        work += 2 * tall;
        if (work < pauseWork) continue;
        work = 0;
        yield k / thin;
      }
    }
    const length = norm(vector);
    for (let i = 0; i < tall; i++) vector[i] = vector[i]! / length;
  }
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[i * columns + j] = rows >= columns ? vectors[j]![i]! : vectors[i]![j]!;
    if (i % Math.ceil(drawn / columns) === 0) yield 1;
  }
  return out;
}

/** vector −= (vector·unit)·unit */
function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  let projection = 0;
  for (let i = 0; i < vector.length; i++) projection += vector[i]! * unit[i]!;
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! - projection * unit[i]!;
}

/** The identity [n,n]: with relu units and zero bias the network starts by copying its state (IRNN, Le et al. 2015). */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** `of` as often as a matrix [rows,columns] has numbers. */
function* filled(rows: number, columns: number, of: () => number): Resumable<Float64Array> {
  const out = new Float64Array(rows * columns);
  for (let from = 0; from < out.length; from += drawn) {
    for (let i = from; i < Math.min(out.length, from + drawn); i++) out[i] = of();
    yield from / out.length;
  }
  return out;
}

/** Uniform in ±bound, [rows,columns]. */
export function uniform(rows: number, columns: number, bound: number, seed: number): Resumable<Float64Array> {
  const random = new Random(seed);
  return filled(rows, columns, () => bound * (2 * random.uniform() - 1));
}

/**
 * Uniform in ±√(6 / (fan in + fan out)), variance 2 / (fan in + fan out) (Glorot & Bengio 2010, equation 16).
 * [fanIn,fanOut]
 */
export const glorot = (fanIn: number, fanOut: number, seed: number): Resumable<Float64Array> =>
  uniform(fanIn, fanOut, Math.sqrt(6 / (fanIn + fanOut)), seed);

/** Normal with variance 2 / fan in, made for relu (He et al. 2015, equation 10). [fanIn,fanOut] */
export function he(fanIn: number, fanOut: number, seed: number): Resumable<Float64Array> {
  const random = new Random(seed);
  const deviation = Math.sqrt(2 / fanIn);
  return filled(fanIn, fanOut, () => deviation * random.normal());
}

/**
 * A new matrix [rows,columns] that leads from `rows` inputs to `columns` units; null where the way needs a square one.
 */
export function* initialiseResumably(
  way: Initialisation,
  rows: number,
  columns: number,
  seed: number,
): Resumable<Float64Array | null> {
  switch (way) {
    case 'orthogonal':
      return yield* orthogonal(rows, columns, seed);
    case 'identity':
      return rows === columns ? identity(rows) : null;
    case 'glorot':
      return yield* glorot(rows, columns, seed);
    case 'he':
      return yield* he(rows, columns, seed);
  }
}

/** The same at once. */
export const initialise = (way: Initialisation, rows: number, columns: number, seed: number): Float64Array | null =>
  finish(initialiseResumably(way, rows, columns, seed));
