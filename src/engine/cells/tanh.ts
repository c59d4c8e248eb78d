// The classical cell (Elman 1990): h = tanh(z).
import { t as say } from '@vscode/l10n';
import { saturated, saturatedAbove } from './closing.js';
import { elementwise } from './elementwise.js';
import { lnOf, tanhSlope } from './logistic.js';

export const tanh = elementwise(
  {
    value: Math.tanh,
    slope: (h) => 1 - h * h,
    // Up to |h| = 0.97 the difference 1 − h² keeps its digits.
    exactSlope: (h, z) => (Math.abs(h) > saturatedAbove ? tanhSlope(z()) : 1 - h * h),
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
