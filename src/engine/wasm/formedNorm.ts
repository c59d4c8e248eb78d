// The norm of the weight gradient of a single step of a gated layer in pieces: where one call for all of it would take
// too long.
import type { DType } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { bytesOf, rowBytes } from './instance.js';
import type { Kernels, Team } from './instance.js';
import { sharedNumbers } from './abi.js';
import { Struct } from './struct.js';
import { share, task } from './team.js';
import { ranges } from './workSplit.js';

/** Where the numbers of d are lifted on the way, a product takes about so many times as long. */
const liftedFactor = 2;

/** Where such a norm is found: addresses, and the threads that work on it. */
export type FormPlace = {
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly threads: number;
  readonly scratchBytes: number;
  readonly at: Readonly<Record<'normJob' | 'partials' | 'scratch', number>>;
};

/** Rows of a step of A, which has M columns, and of D, which has N: the addresses of the first. */
export type FormRows = Readonly<Record<'B' | 'M' | 'a' | 'aPanel' | 'N' | 'd' | 'dPanel' | 'kind', number>>;

/** Bytes of what the kernels note of N columns. */
export const formSizes = (gatePanels: number, normJobBytes: number) => ({
  normJob: normJobBytes,
  partials: sharedNumbers.NORMS + gatePanels * Float64Array.BYTES_PER_ELEMENT,
});

/** ‖AᵀD‖, as the dtype holds it. */
export function* formedNorm(
  { kernels, team, threads, scratchBytes, at }: FormPlace,
  dtype: DType,
  { B, M, a, aPanel, N, d, dPanel, kind }: FormRows,
  limit: number,
): Resumable<number> {
  const { buffer } = kernels.memory;
  // The kernels have a product of x with d, and one of h with d: here x is either, and d as wide as it is.
  new Struct('NormJob', buffer, at.normJob).write({
    B,
    I: M,
    H: N,
    x: a,
    xPanel: aPanel,
    h: 0,
    hPanel: 0,
    d,
    dPanel,
    partials: at.partials,
    scratch: at.scratch,
    scratchBytes,
    kind,
  });
  const width = rowBytes / bytesOf[dtype];
  const work = 2 * B * M * width * (kind === sharedNumbers.ORDINARY ? 1 : liftedFactor);
  for (const { first, end } of ranges(Math.ceil(N / width), work, limit * threads)) {
    const border = (i: number): number => first + Math.floor(((end - first) * i) / threads);
    share(
      team,
      kernels.exports,
      Array.from({ length: threads }, (_, i) =>
        border(i) === border(i + 1) ? null : task('formPanels', dtype, at.normJob, 0, border(i), border(i + 1), i),
      ),
    );
    yield 0;
  }
  (dtype === 'float32' ? kernels.exports.formEnd32 : kernels.exports.formEnd64)(at.normJob, 0);
  return new Float64Array(buffer, at.partials, 1)[0]!;
}
