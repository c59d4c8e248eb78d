// Ways to start the weights of a recurrent network, seeded, as new matrices in the row-vector convention.
import { Matrix, QrDecomposition } from 'ml-matrix';
import { Random } from './random.js';

/** Ways to fill a matrix anew. `identity` needs a square one. */
export const initialisations = ['orthogonal', 'identity', 'glorot', 'he'] as const;
export type Initialisation = (typeof initialisations)[number];

/**
 * Uniform over all orthogonal matrices: Q of the QR decomposition of a Gaussian matrix, each column turned so that R has a positive
 * diagonal (Mezzadri 2007); without the turn some matrices would be likelier than others. [rows,columns]; a matrix that
 * is not square has orthonormal rows or columns, whichever there are fewer of (Saxe et al. 2014).
 */
export function orthogonal(rows: number, columns: number, seed: number): Float64Array {
  const random = new Random(seed);
  const [tall, thin] = [Math.max(rows, columns), Math.min(rows, columns)];
  const gaussian = Matrix.from1DArray(tall, thin, Array.from({ length: tall * thin }, () => random.normal()));
  const qr = new QrDecomposition(gaussian);
  const [Q, R] = [qr.orthogonalMatrix, qr.upperTriangularMatrix];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < tall; i++) {
    for (let j = 0; j < thin; j++) {
      const value = Q.get(i, j) * (R.get(j, j) < 0 ? -1 : 1);
      if (rows >= columns) out[i * columns + j] = value;
      else out[j * columns + i] = value;
    }
  }
  return out;
}

/** The identity [n,n]: with relu units and zero bias the network starts by copying its state (IRNN, Le et al. 2015). */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** Uniform in ±√(6 / (fan in + fan out)), variance 2 / (fan in + fan out) (Glorot & Bengio 2010, equation 16). [fanIn,fanOut] */
export function glorot(fanIn: number, fanOut: number, seed: number): Float64Array {
  const random = new Random(seed);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return Float64Array.from({ length: fanIn * fanOut }, () => limit * (2 * random.uniform() - 1));
}

/** Normal with variance 2 / fan in, made for relu (He et al. 2015, equation 10). [fanIn,fanOut] */
export function he(fanIn: number, fanOut: number, seed: number): Float64Array {
  const random = new Random(seed);
  const deviation = Math.sqrt(2 / fanIn);
  return Float64Array.from({ length: fanIn * fanOut }, () => deviation * random.normal());
}

/** A new matrix [rows,columns] that leads from `rows` inputs to `columns` units; null where the way needs a square one. */
export function initialise(way: Initialisation, rows: number, columns: number, seed: number): Float64Array | null {
  switch (way) {
    case 'orthogonal':
      return orthogonal(rows, columns, seed);
    case 'identity':
      return rows === columns ? identity(rows) : null;
    case 'glorot':
      return glorot(rows, columns, seed);
    case 'he':
      return he(rows, columns, seed);
  }
}
