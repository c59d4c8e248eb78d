// The norms of weight gradients of single steps that the kernels' sums leave open: where one call for all of a step
// would take too long, and the dot products of its rows do not tell them.
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { Kernels, Team } from './instance.js';
import { gatedSeries, sharedNumbers } from './abi.js';
import { panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { Struct } from './struct.js';
import { share, task } from './team.js';
import { ranges } from './workSplit.js';

type Layout = {
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly threads: number;
  readonly blockSteps: number;
  readonly scratchBytes: number;
};
type Addresses = Readonly<Record<'xs' | 'hs' | 'd' | 'norms' | 'small' | 'normJob' | 'partials' | 'scratch', number>>;

/** Where the numbers of d are lifted on the way, a product takes about so many times as long. */
const liftedFactor = 2;

export class GatedForms {
  readonly #layout: Layout;
  readonly #shape: GatedShape & { readonly B: number };
  readonly #at: Addresses;

  constructor(layout: Layout, shape: GatedShape & { readonly B: number }, at: Addresses) {
    [this.#layout, this.#shape, this.#at] = [layout, shape, at];
  }

  /** The open ones (−1) of the steps t0 … t1 − 1 of T, whose d lie from the first place on. */
  *fill(t0: number, t1: number, T: number, limit: number): Resumable<void> {
    const { cell, gated, B, I, H, dtype } = this.#shape;
    const { kernels, team, threads, blockSteps, scratchBytes } = this.#layout;
    const { buffer } = kernels.memory;
    const { width, hPanels, gatePanels } = panelsOf(this.#shape);
    const at = this.#at;
    const norms = new Float64Array(buffer, at.norms, gatedSeries.length * T);
    const stepBytes = B * rowBytes;
    const dPanel = blockSteps * stepBytes;
    const formEnd = dtype === 'float32' ? kernels.exports.formEnd32 : kernels.exports.formEnd64;
    for (let t = t0; t < t1; t++) {
      for (const { series, M, a, aPanel, block } of [
        { series: 'dWx', M: I, a: at.xs, aPanel: T * stepBytes, block: gated.firstOfInput },
        { series: 'dWh', M: H, a: at.hs, aPanel: (1 + T) * stepBytes, block: 0 },
      ] as const) {
        const place = gatedSeries.indexOf(series) * T + t;
        if (norms[place]! >= 0 || Number.isNaN(norms[place])) continue;
        const kind = this.#kindOf(t);
        // The product of one matrix of M columns with all gates: `recurrent` 0.
        new Struct('NormJob', buffer, at.normJob).write({
          B,
          I: M,
          H: cell.gates.length * hPanels * width,
          x: a + t * stepBytes,
          xPanel: aPanel,
          h: 0,
          hPanel: 0,
          d: at.d + block * hPanels * dPanel + (t - t0) * stepBytes,
          dPanel,
          partials: at.partials,
          scratch: at.scratch,
          scratchBytes,
          kind,
        });
        const work = 2 * B * M * width * (kind === sharedNumbers.ORDINARY ? 1 : liftedFactor);
        for (const { first, end } of ranges(gatePanels, work, limit * threads)) {
          const border = (i: number): number => first + Math.floor(((end - first) * i) / threads);
          share(
            team,
            kernels.exports,
            Array.from({ length: threads }, (_, i) =>
              border(i) === border(i + 1)
                ? null
                : task('formPanels', dtype, at.normJob, 0, border(i), border(i + 1), i),
            ),
          );
          yield 0;
        }
        formEnd(at.normJob, 0);
        norms[place] = new Float64Array(buffer, at.partials, 1)[0]!;
      }
      yield 0;
    }
  }

  /** What the rows of d of a step are together: lifted where none of them is ORDINARY. */
  #kindOf(t: number): number {
    const { B } = this.#shape;
    const rows = new Uint8Array(this.#layout.kernels.memory.buffer, this.#at.small + 8 + t * B, B);
    return rows.includes(sharedNumbers.ORDINARY) ? sharedNumbers.ORDINARY : sharedNumbers.MIXED;
  }
}
