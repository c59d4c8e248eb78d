// The classical cell (Elman 1990): h = tanh(z).
import { t as say } from '@vscode/l10n';
import { saturated, saturatedAbove } from './closing.js';
import { elementwise } from './elementwise.js';

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

export const tanh = elementwise(
  {
    value: Math.tanh,
    slope: (h) => 1 - h * h,
    // Up to |h| = 0.97 the difference 1 − h² keeps its digits.
    exactSlope: (h, z) => (Math.abs(h) > saturatedAbove ? sechSquared(z()) : 1 - h * h),
    lnSlope: (slope, z) => lnOf(slope, () => 2 * (Math.LN2 - Math.abs(z()))),
  },
  {
    name: 'tanh',
    kernel: 0,
    gamma: 1,
    range: [-1, 1],
    slopeKeepsDigitsTo: 0.999,
    closing: saturated,
    words: {
      docs: () => say('`f = tanh`, the classical (Elman) cell; its slope `1 − h²` is at most 1.'),
      choice: () => say('h_t = tanh(h_{t-1}·Wh + x_t·Wx + b): the ordinary one. Saturated units stop the gradient.'),
      forward: 'h_t = tanh(z)',
      backward: () => 'dz = g ⊙ (1 − h^2)',
    },
  },
);
