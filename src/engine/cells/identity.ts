// h = z: a linear recurrence.
import { t as say } from '@vscode/l10n';
import { elementwise } from './elementwise.js';

export const identity = elementwise(
  { value: (z) => z, slope: () => 1, exactSlope: () => 1, lnSlope: Math.log },
  {
    name: 'identity',
    kernel: 2,
    gamma: 1,
    range: [-Infinity, Infinity],
    slopeKeepsDigitsTo: Infinity,
    closing: null,
    words: {
      docs: () => say('`f(z) = z`: a linear recurrence, the slope is 1.'),
      choice: () => say('A linear network: Wh alone decides what becomes of the gradient.'),
      forward: 'h_t = z',
      backward: () => 'dz = g',
    },
  },
);
