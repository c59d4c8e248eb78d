// Singular values of matrices whose rows lie hundreds of decades apart, through the kernels.
import type { Resumable } from '../core/resumable.js';
import { Mover } from '../core/resumableCopy.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import type { Kernels, Task } from './instance.js';
import { numbersAt } from './packedMatrix.js';
import { call, share, threadsOf } from './team.js';

const pauseWork = 1e7;
const mostSweeps = 40;
/**
 * From so many rows on they are turned in blocks, whatever the number of threads, so that it does not decide the order
 * of the rotations.
 */
const leastShared = 128;
const blocks = 8;

/**
 * Rounds in which each block meets each other once, and before them itself: block 0 stays, the others go round (Brent &
 * Luk 1985).
 */
const tournament: readonly (readonly (readonly [number, number])[])[] = [
  Array.from({ length: blocks }, (_, block) => [block, block] as const),
  ...Array.from({ length: blocks - 1 }, (_, round) => {
    const at = (place: number): number => (place === 0 ? 0 : 1 + ((place - 1 + round) % (blocks - 1)));
    return Array.from({ length: blocks / 2 }, (_, i) => {
      const [one, other] = [at(i), at(blocks - 1 - i)];
      return one < other ? ([one, other] as const) : ([other, one] as const);
    });
  }),
];

/** ../linalg/gradedSvd.ts on rows of H numbers in the kernels' memory. */
export class GradedValues {
  readonly #kernels: Kernels;
  readonly #H: number;
  readonly #at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>;

  static sizes(H: number) {
    return { jacobiRows: H * (H + (H % 2)) * 8, mantissas: H * 8, jacobiExponents: H * 8, turns: blocks * 4 };
  }

  constructor(kernels: Kernels, H: number, at: Readonly<Record<keyof ReturnType<typeof GradedValues.sizes>, number>>) {
    this.#kernels = kernels;
    this.#H = H;
    this.#at = at;
  }

  /** log2 of the singular values, descending; −Infinity for zero. */
  *log2({ rows, log2 }: GradedRows): Resumable<Float64Array> {
    const H = this.#H;
    const pitch = this.#pitch;
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
      const turned = yield* H < leastShared ? this.#sweep(sweep / mostSweeps) : this.#blocks(sweep / mostSweeps);
      if (turned === 0) break;
    }
    return m
      .map((mantissa, i) => Math.log2(mantissa) + (mantissa === 0 ? 0 : e[i]!))
      .sort()
      .reverse();
  }

  /** Every pair of rows once, in order. Gives how many needed a rotation. */
  *#sweep(progress: number): Resumable<number> {
    const H = this.#H;
    const { jacobiRows, mantissas, jacobiExponents } = this.#at;
    let turned = 0;
    for (let first = 0; first < H - 1;) {
      const end = Math.min(H - 1, first + Math.max(1, Math.floor(pauseWork / (4 * H * (H - first)))));
      turned += this.#kernels.exports.jacobiSweep(
        jacobiRows,
        this.#pitch * 8,
        H,
        mantissas,
        jacobiExponents,
        first,
        end,
      );
      first = end;
      yield progress;
    }
    return turned;
  }

  /** The same block by block, in the order of a tournament: the pairs of blocks of a round have no row in common. */
  *#blocks(progress: number): Resumable<number> {
    const H = this.#H;
    const { turns } = this.#at;
    const border = (block: number): number => Math.floor((H * block) / blocks);
    const found = new Int32Array(this.#kernels.memory.buffer, turns, blocks);
    found.fill(0);
    const rowsAtOnce = Math.max(1, Math.floor((pauseWork * blocks) / (4 * H * H)));
    const threads = threadsOf(this.#kernels, (4 * H ** 3) / blocks ** 2);
    for (const round of tournament) {
      for (let pair = 0; pair < round.length; pair += threads) {
        const together = round.slice(pair, pair + threads);
        for (let done = 0; done < Math.ceil(H / blocks); done += rowsAtOnce) {
          const tasks = together.map(([one, other]) =>
            this.#pairs(
              Math.min(border(one + 1), border(one) + done),
              Math.min(border(one + 1), border(one) + done + rowsAtOnce),
              border(other),
              border(other + 1),
              turns + 4 * one,
            ),
          );
          share(this.#kernels.team, this.#kernels.exports, tasks);
          yield progress;
        }
      }
    }
    return found.reduce((sum, count) => sum + count, 0);
  }

  #pairs(first0: number, first1: number, second0: number, second1: number, turned: number): Task {
    const { jacobiRows, mantissas, jacobiExponents } = this.#at;
    return call(
      'jacobiPairs',
      jacobiRows,
      this.#pitch * 8,
      mantissas,
      jacobiExponents,
      first0,
      first1,
      second0,
      second1,
      turned,
    );
  }

  /** Numbers from one row to the next. */
  get #pitch(): number {
    return this.#H + (this.#H % 2);
  }
}
