// Singular values of matrices whose rows lie hundreds of decades apart, through the kernels.
import { norm } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';
import { Mover } from '../core/resumableCopy.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import type { Kernels } from './instance.js';
import { rowBytes } from './instance.js';
import { numbersAt } from './packedMatrix.js';
import { call, inParts } from './team.js';

const bytes = Float64Array.BYTES_PER_ELEMENT;
const pauseWork = 1e7;
const mostSweeps = 40;
/** Bytes of the rows of a block: two of them stay in the first cache while their rows are turned. */
const blockBytes = 16_384;

/** Bytes of a row with what lies behind it. */
const rowPitch = (H: number): number => Math.ceil((H * bytes) / rowBytes) * rowBytes;

/** One, or an even number, whatever the number of threads, so that it does not decide the order of the rotations. */
function blocksOf(H: number): number {
  const rows = Math.max(2, Math.floor(blockBytes / rowPitch(H)));
  return H <= 2 * rows ? 1 : 2 * Math.ceil(H / (2 * rows));
}

/** ../linalg/gradedSvd.ts on rows of H numbers in the kernels' memory. */
export class GradedValues {
  readonly #kernels: Kernels;
  readonly #H: number;
  readonly #blocks: number;
  readonly #at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>;
  #sincePause = 0;

  static sizes(H: number) {
    return { jacobiRows: H * rowPitch(H), mantissas: H * bytes, jacobiExponents: H * bytes, turns: blocksOf(H) * 4 };
  }

  constructor(kernels: Kernels, H: number, at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>) {
    this.#kernels = kernels;
    this.#H = H;
    this.#blocks = blocksOf(H);
    this.#at = at;
  }

  /** log2 of the singular values, descending; −Infinity for zero. */
  *log2({ rows, log2 }: GradedRows): Resumable<Float64Array> {
    const H = this.#H;
    const pitch = rowPitch(H) / bytes;
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
    for (let sweep = 0; sweep < mostSweeps; sweep++) if ((yield* this.#sweep(sweep / mostSweeps)) === 0) break;
    // Many rotations have left rounding in lengths that should be 1.
    return m
      .map((mantissa, i) =>
        mantissa === 0 ? -Infinity : Math.log2(mantissa * norm(numbers.subarray(i * pitch, (i + 1) * pitch))) + e[i]!,
      )
      .sort()
      .reverse();
  }

  /** Every pair of rows once, in rounds of a tournament of blocks. Gives how many needed a rotation. */
  *#sweep(progress: number): Resumable<number> {
    const [H, blocks] = [this.#H, this.#blocks];
    const { jacobiRows, mantissas, jacobiExponents, turns } = this.#at;
    const found = new Int32Array(this.#kernels.memory.buffer, turns, blocks);
    found.fill(0);
    const work = (4 * H ** 3) / blocks ** 2;
    const pairsAtOnce = Math.max(1, Math.floor(pauseWork / work));
    for (let round = 0; round < blocks; round++) {
      const pairs = round === 0 ? blocks : blocks / 2;
      for (let pair = 0; pair < pairs; pair += pairsAtOnce) {
        const count = Math.min(pairsAtOnce, pairs - pair);
        inParts(this.#kernels, { count, work }, (first, end) =>
          call(
            'jacobiRound',
            jacobiRows,
            rowPitch(H),
            H,
            mantissas,
            jacobiExponents,
            blocks,
            round,
            pair + first,
            pair + end,
            turns,
          ),
        );
        this.#sincePause += count * work;
        if (this.#sincePause < pauseWork) continue;
        this.#sincePause = 0;
        yield progress;
      }
    }
    return found.reduce((sum, count) => sum + count, 0);
  }
}
