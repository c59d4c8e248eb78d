// h = max(0, z).
import { t as say } from '@vscode/l10n';
import { off } from './closing.js';
import { elementwise } from './elementwise.js';

/**
 * Where h is no number there is no slope either: frameworks disagree (0, or 1), and a 0 would hide that the forward
 * pass has failed.
 */
const step = (h: number): number => (h > 0 ? 1 : h <= 0 ? 0 : NaN);

export const relu = elementwise(
  {
    // Math.max passes NaN on, as z > 0 ? z : 0 would not.
    value: (z) => Math.max(0, z),
    slope: step,
    exactSlope: step,
    lnSlope: Math.log,
  },
  {
    name: 'relu',
    kernel: 1,
    gamma: 1,
    range: [0, Infinity],
    slopeKeepsDigitsTo: Infinity,
    closing: off,
    words: {
      docs: () => say('`f(z) = max(0, z)`; its slope is 1 for `z > 0`, else 0.'),
      choice: () => say('Units that are on let the gradient through unchanged; those that are off stop it.'),
      forward: 'h_t = relu(z)',
      backward: () => say('dz = g where h > 0, else 0'),
    },
  },
);
