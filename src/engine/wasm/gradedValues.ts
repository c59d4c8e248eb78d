// Singular values of matrices whose rows lie hundreds of decades apart, through the kernels.
import type { Resumable } from '../core/resumable.js';
import { Mover } from '../core/resumableCopy.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import type { Kernels } from './instance.js';
import { numbersAt } from './packedMatrix.js';

const pauseWork = 1e7;
const mostSweeps = 40;

/** ../linalg/gradedSvd.ts on rows of H numbers in the kernels' memory. */
export class GradedValues {
  readonly #kernels: Kernels;
  readonly #H: number;
  readonly #at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>;

  static sizes(H: number) {
    return { jacobiRows: H * (H + (H % 2)) * 8, mantissas: H * 8, jacobiExponents: H * 8 };
  }

  constructor(kernels: Kernels, H: number, at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>) {
    this.#kernels = kernels;
    this.#H = H;
    this.#at = at;
  }

  /** log2 of the singular values, descending; −Infinity for zero. */
  *log2({ rows, log2 }: GradedRows): Resumable<Float64Array> {
    const H = this.#H;
    const pitch = H + (H % 2);
    const { jacobiRows, mantissas, jacobiExponents } = this.#at;
    const numbers = numbersAt(this.#kernels, jacobiRows, H * pitch);
    const [m, e] = [numbersAt(this.#kernels, mantissas, H), numbersAt(this.#kernels, jacobiExponents, H)];
    const mover = new Mover();
    // Longest first: then fewer sweeps are needed (de Rijk 1989).
    for (const [i, from] of [...rows.keys()].sort((i, j) => log2[j]! - log2[i]!).entries()) {
      numbers.fill(0, i * pitch, (i + 1) * pitch);
      numbers.set(rows[from]!, i * pitch);
      const zero = log2[from] === -Infinity;
      e[i] = zero ? -Infinity : Math.floor(log2[from]!);
      m[i] = zero ? 0 : 2 ** (log2[from]! - e[i]);
      yield* mover.count(pitch);
    }
    for (let sweep = 0; sweep < mostSweeps; sweep++) {
      let turned = 0;
      for (let first = 0; first < H - 1;) {
        const rowsAtOnce = Math.max(1, Math.floor(pauseWork / (4 * H * (H - first))));
        turned += this.#kernels.exports.jacobiSweep(
          jacobiRows,
          pitch * 8,
          H,
          mantissas,
          jacobiExponents,
          first,
          Math.min(H - 1, first + rowsAtOnce),
        );
        first += rowsAtOnce;
        yield sweep / mostSweeps;
      }
      if (turned === 0) break;
    }
    return m
      .map((mantissa, i) => Math.log2(mantissa) + (mantissa === 0 ? 0 : e[i]!))
      .sort()
      .reverse();
  }
}
