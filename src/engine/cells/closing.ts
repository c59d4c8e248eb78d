// The ways in which a unit stops letting a gradient through, each with what is said of it.
import { t as say } from '@vscode/l10n';

export type Closing = {
  /** `off`: z is too low, and more bias opens the unit. `saturated`: |z| is too large, and less drive opens it. */
  readonly kind: 'off' | 'saturated';
  /** Whether a unit with this h lets (nearly) nothing through. */
  readonly isClosed: (h: number) => boolean;
  /** Every unit is closed at step t, as part of a sentence. */
  readonly everyUnit: (t: number) => string;
  /** How many units are closed, as part of a sentence; `percent` tells the share as a number. */
  readonly share: (share: number, percent: string) => string;
  /** Closed units are what takes most: `slopes` and `weights` say what either does. */
  readonly takesMost: (slopes: string, weights: string) => string;
};

export const off: Closing = {
  kind: 'off',
  isClosed: (h) => h <= 0,
  everyUnit: (t) => say('every relu that the gradient could pass at t = {0} is off (h = 0)', t),
  share: (_, percent) => say('{0} of the units are off', percent),
  takesMost: (slopes, weights) => say('Units that are off take the most: {0}, {1}.', slopes, weights),
};

/** |h| above which a unit counts as saturated: |z| > 2.09, the slope of tanh is below 0.06. */
export const saturatedAbove = 0.97;

export const saturated: Closing = {
  kind: 'saturated',
  isClosed: (h) => Math.abs(h) > saturatedAbove,
  // Only beyond |z| = 373: no float64 holds a slope there.
  everyUnit: (t) =>
    say('every unit that the gradient could pass at t = {0} is so saturated that its slope is below 10^-323', t),
  share: (share, percent) =>
    share < 0.005 ? say('hardly any |h| is above 0.97') : say('{0} of all |h| are above 0.97', percent),
  takesMost: (slopes, weights) => say('Saturation takes the most: {0}, {1}.', slopes, weights),
};
