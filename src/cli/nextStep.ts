// What is printed of the next thing to try: the sentence, and what it does, once that was run.
import { t as say } from '@vscode/l10n';
import type { NextStep } from '../engine/index.js';
import type { NextEffect } from '../protocol/index.js';
import { significant } from '../worker/record/index.js';

/** How far from as much as started arrives, in decades; so much less of it is a help. */
const leastHelp = 0.9;
const harm = (log10Ratio: number | null): number => Math.abs(log10Ratio ?? Infinity);

/**
 * Null where it does not help. `before`: the ratio of the run itself; `tellsReach`: whether the sentence leaves untold
 * how far 1 % gets.
 */
export function nextText(
  { sentence, whatIf }: NextStep,
  effect: NextEffect | null,
  before: number | null,
  tellsReach: boolean,
): string | null {
  // What the verdict stands on is no other without truncation.
  if (effect === null || whatIf.truncate !== null) return `${sentence}\n`;
  const { kind, perStepFactor, log10Ratio, onePercentSteps } = effect;
  const after = harm(log10Ratio);
  if (after === Infinity || after > leastHelp * harm(before)) return null;
  const [verdict, rate] = [kind.toUpperCase(), perStepFactor === null ? null : significant(perStepFactor)];
  if (rate === null) return `${sentence} ${say('With it: {0}.', verdict)}\n`;
  return kind === 'healthy' || onePercentSteps === null || !tellsReach
    ? `${sentence} ${say('With it: {0}, ×{1} per step back.', verdict, rate)}\n`
    : `${sentence} ${say(
        'With it: {0}, ×{1} per step back; 1 % is then left after {2} steps.',
        verdict,
        rate,
        significant(onePercentSteps),
      )}\n`;
}
