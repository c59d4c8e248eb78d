// What the sequences and weights say about the sizes of everything else.
import type { CellName, ChunkInput } from '../../engine/index.js';
import type { Windows } from './windows.js';

/** Null where it could not be read. */
export type KnownSizes = {
  readonly cell: CellName | null;
  readonly B: number | null;
  readonly T: number | null;
  /** Width of the output: that of the last layer, of both directions side by side. */
  readonly H: number | null;
  readonly directions: 1 | 2;
  /** Of each layer and direction the number of its units. */
  readonly widths: readonly (number | null)[];
  /** Of each sequence its real steps on the time axis, ascending; null where all steps are real. */
  readonly realSteps: readonly Int32Array[] | null;
  /** Steps of the padded block that they were cut out of by their lengths; null where they were not. */
  readonly padded: number | null;
  /** How the sequences were cut out of a table or a text; null where they were not. */
  readonly windows: Windows | null;
};

/** Steps of each sequence that are real, also where all are but a padded block had more; null where none had. */
export const ownStepsOf = ({ B, T, realSteps, padded }: KnownSizes): readonly Int32Array[] | null =>
  realSteps ??
  (padded === null || B === null || T === null
    ? null
    : Array.from({ length: B }, () => Int32Array.from({ length: T }, (_, t) => t)));

/** Steps of each sequence that are real, counted over all chunks; null where all are. */
export function realStepsOf(B: number, chunks: readonly ChunkInput[]): Int32Array[] | null {
  if (chunks.every(({ lengths }) => lengths === undefined)) return null;
  return Array.from({ length: B }, (_, b) => {
    const real = chunks.map(({ steps, lengths }) => lengths?.[b] ?? steps);
    const own = new Int32Array(real.reduce((sum, length) => sum + length, 0));
    let [at, start] = [0, 0];
    for (const [i, { steps }] of chunks.entries()) {
      for (let t = 0; t < real[i]!; t++) own[at++] = start + t;
      start += steps;
    }
    return own;
  });
}

/** `H`, or `2·H`: how the width of the output is written. */
export const widthName = ({ directions }: Pick<KnownSizes, 'directions'>): string => (directions === 2 ? '2·H' : 'H');
