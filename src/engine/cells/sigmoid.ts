// The logistic cell: h = σ(z).
import { t as say } from '@vscode/l10n';
import type { Closing } from './closing.js';
import { elementwise } from './elementwise.js';
import { lnOf, logistic, logisticSlope } from './logistic.js';

/** A unit counts as saturated this near to 0 or 1: |z| > 3.48, where the slope is below 0.03. */
const nearEnd = 0.03;

const saturatedAtEnds: Closing = {
  kind: 'saturated',
  isClosed: (h) => h < nearEnd || h > 1 - nearEnd,
  // Only beyond |z| = 744: no float64 holds a slope there.
  everyUnit: (t) =>
    say('every unit that the gradient could pass at t = {0} is so saturated that its slope is below 10^-323', t),
  share: (share, percent) =>
    share < 0.005
      ? say('hardly any h is within 0.03 of 0 or 1')
      : say('{0} of all h are within 0.03 of 0 or 1', percent),
  takesMost: (slopes, weights) => say('Saturation takes the most: {0}, {1}.', slopes, weights),
};

export const sigmoid = elementwise(
  {
    value: logistic,
    slope: (h) => h * (1 - h),
    // Below ½ the product keeps its digits; near 1 the difference 1 − h loses them.
    exactSlope: (h, z) => (h > 0.5 ? logisticSlope(z()) : h * (1 - h)),
    // Far out σ'(z) is e^(−|z|).
    lnSlope: (slope, z) => lnOf(slope, () => -Math.abs(z())),
  },
  {
    name: 'sigmoid',
    kernel: null,
    gamma: 0.25,
    range: [0, 1],
    slopeKeepsDigitsTo: 0.999,
    closing: saturatedAtEnds,
    words: {
      docs: () =>
        say('`f = σ`, the logistic function; its slope `h·(1 − h)` is at most ¼, so that the gradient shrinks fast.'),
      choice: () => say('h_t = σ(h_{t-1}·Wh + x_t·Wx + b): its slope is at most ¼, so that the gradient shrinks fast.'),
      forward: 'h_t = σ(z)',
      backward: () => 'dz = g ⊙ h ⊙ (1 − h)',
    },
  },
);
