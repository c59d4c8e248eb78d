// Which advice is told: what was run and does not help is none.
import type { Advice, NextEffect } from './messages.js';

/** How far from as much as started arrives, in decades; so much less of it is a help. */
const leastHelp = 0.9;
const harm = (log10Ratio: number | null): number => Math.abs(log10Ratio ?? Infinity);

/** What comes of it, where that is known; what the verdict stands on is no other without truncation. */
export const knownEffect = ({ step, effect }: Advice): NextEffect | null =>
  step.whatIf.truncate === null ? effect : null;

/** Whether nobody has tried it: a run with it would take too long. A truncation is measured on the curve itself. */
export const isUntried = ({ step, effect }: Advice): boolean => effect === null && step.whatIf.truncate === null;

/** Whether it helps, or nobody knows. `before`: log10 of what arrives in the run as it is. */
export function mayHelp(advice: Advice, before: number | null): boolean {
  const effect = knownEffect(advice);
  if (effect === null) return true;
  const after = harm(effect.log10Ratio);
  return after < Infinity && after <= leastHelp * harm(before);
}
