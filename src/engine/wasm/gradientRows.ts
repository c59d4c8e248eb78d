// Gradients on their way back as rows [rows,H] in packed layout, cut for the threads of a team.
import type { Kernels } from './instance.js';
import { rowBytes } from './instance.js';
import { call, inParts } from './team.js';

/** Rows in packed layout: where the first stands, and bytes from one panel to the next. */
export type PackedRows = { readonly at: number; readonly panel: number };

/** Slopes of rows: row r takes row (first + r) mod period of those at `at`. */
export type SlopeRows = PackedRows & { readonly first: number; readonly period: number };

/** The sums of the squares of each row into `squares`; its numbers are brought near 1, under its exponent. */
export const settleRows = (
  kernels: Kernels,
  { at, panel }: PackedRows,
  [rows, H]: readonly [number, number],
  exponents: number,
  squares: number,
): void =>
  inParts(kernels, { count: rows, work: 4 * H }, (r0, r1) =>
    call('settleRows', at + r0 * rowBytes, panel, H, r1 - r0, exponents + r0 * 8, squares + r0 * 8),
  );

/** to = rows·weights, for `rows` rows of K numbers and packed weights [K,N]. */
export const multiply = (
  kernels: Kernels,
  rows: PackedRows,
  [count, K, N]: readonly [number, number, number],
  weights: number,
  to: PackedRows,
): void =>
  inParts(kernels, { count, unit: 2, work: K * N }, (r0, r1) => {
    const [from, target] = [rows.at + r0 * rowBytes, to.at + r0 * rowBytes];
    return call('multiplyRows', from, rows.panel, K, weights, N, target, to.panel, r1 - r0, 0);
  });

/** to = rows ⊙ slopes, or `more` of it. */
export const throughSlopes = (
  kernels: Kernels,
  rows: PackedRows,
  [count, H]: readonly [number, number],
  { at, panel, first, period }: SlopeRows,
  to: PackedRows,
  more = false,
): void =>
  inParts(kernels, { count, work: H }, (r0, r1) => {
    const [own, target, turn] = [rows.at + r0 * rowBytes, to.at + r0 * rowBytes, (first + r0) % period];
    const also = Number(more);
    return call('throughSlopes', own, rows.panel, H, r1 - r0, at, panel, turn, period, target, to.panel, also);
  });
