// f and f' of each cell. f' is taken from h = f(z), which backward has at hand anyway.
import type { Cell } from './cellNames.js';

export type Activation = {
  /** h = f(z) */
  readonly value: (z: number) => number;
  /** f'(z) from h, as every framework computes it. */
  readonly slope: (h: number) => number;
  /** f'(z) to full precision from h, or from z where h alone has lost the digits; `z` is called only then. */
  readonly exactSlope: (h: number, z: () => number) => number;
  /** ln f'(z) from the exact slope, or from z where no float64 holds the slope; −Infinity where it is 0 for any z. */
  readonly lnSlope: (slope: number, z: () => number) => number;
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
 * 1/cosh²z, the slope of tanh, to full relative precision: neither 1 − tanh²z, which loses its digits near |h| = 1 and
 * is 0 from |z| = 19.1 on, nor cosh²z, which overflows from 355 on. 0 only below 2^-1074, |z| > 373.
 */
const sechSquared = (z: number): number => {
  const h = Math.tanh(z);
  if (h * h !== 1) return 1 / Math.cosh(z) ** 2;
  // 4·e^(−2|z|)/(1 + e^(−2|z|))², where the denominator rounds to 1; the square comes last, because e^(−2|z|) alone
  // would be subnormal where its multiple is not.
  return (2 * Math.exp(-Math.abs(z))) ** 2;
};

/** Below this a slope is subnormal and has lost digits. */
const leastNormal = 2 ** -1022;

/** ln f'(z) of a slope that is exact; `lnSmall` is taken where the slope itself has left the range of float64. */
const lnOf = (slope: number, lnSmall: () => number): number => (slope < leastNormal ? lnSmall() : Math.log(slope));

export const activations: Readonly<Record<Cell, Activation>> = {
  tanh: {
    value: Math.tanh,
    slope: (h) => 1 - h * h,
    // Up to |h| = 0.97 the difference 1 − h² keeps its digits.
    exactSlope: (h, z) => (Math.abs(h) > saturated ? sechSquared(z()) : 1 - h * h),
    lnSlope: (slope, z) => lnOf(slope, () => 2 * (Math.LN2 - Math.abs(z()))),
    saturatedAbove: saturated,
  },
  relu: {
    // Math.max passes NaN on, as z > 0 ? z : 0 would not.
    value: (z) => Math.max(0, z),
    slope: step,
    exactSlope: step,
    lnSlope: Math.log,
    saturatedAbove: null,
  },
  identity: { value: (z) => z, slope: () => 1, exactSlope: () => 1, lnSlope: Math.log, saturatedAbove: null },
};
