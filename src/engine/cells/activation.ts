// f and f' of each cell. f' is taken from h = f(z), which backward has at hand anyway.
import type { Cell } from './cellNames.js';

export type Activation = {
  /** h = f(z) */
  readonly value: (z: number) => number;
  /** f'(z) from h, as every framework computes it. */
  readonly slope: (h: number) => number;
  /** f'(z) to full precision from h, or from z where h alone has lost the digits; `z` is called only then. */
  readonly exactSlope: (h: number, z: () => number) => number;
  /** |h| above which the unit counts as saturated, its slope being nearly 0; null when the cell cannot saturate. */
  readonly saturatedAbove: number | null;
};

const saturated = 0.97;

/**
 * Where h is no number there is no slope either: frameworks disagree (0, or 1), and a 0 would hide that the forward
 * pass has failed.
 */
const step = (h: number): number => (h > 0 ? 1 : h <= 0 ? 0 : NaN);

/**
 * 1/cosh²z, the slope of tanh without the cancellation of 1 − tanh²z. Where tanh z is ±1 in float64 (|z| > 19) the
 * slope is an exact 0 in every framework, and no gradient flows there; a 1e-17 would tell of a gradient that nobody can
 * have.
 */
const sechSquared = (z: number): number => {
  const h = Math.tanh(z);
  return h * h === 1 ? 0 : 1 / Math.cosh(z) ** 2;
};

export const activations: Readonly<Record<Cell, Activation>> = {
  tanh: {
    value: Math.tanh,
    slope: (h) => 1 - h * h,
    // Up to |h| = 0.97 the difference 1 − h² keeps its digits.
    exactSlope: (h, z) => (Math.abs(h) > saturated ? sechSquared(z()) : 1 - h * h),
    saturatedAbove: saturated,
  },
  relu: {
    // Math.max passes NaN on, as z > 0 ? z : 0 would not.
    value: (z) => Math.max(0, z),
    slope: step,
    exactSlope: step,
    saturatedAbove: null,
  },
  identity: { value: (z) => z, slope: () => 1, exactSlope: () => 1, saturatedAbove: null },
};
