// What is printed of the next thing to try: the sentence, and what it does, once that was run.
import { t as say } from '@vscode/l10n';
import { isUntried, knownEffect, mayHelp } from '../protocol/index.js';
import type { Advice } from '../protocol/index.js';
import { significant } from '../worker/record/index.js';

/**
 * Null where it does not help. `before`: the ratio of the run itself; `tellsReach`: whether the sentence leaves untold
 * how far 1 % gets.
 */
export function nextText(advice: Advice, before: number | null, tellsReach: boolean): string | null {
  if (!mayHelp(advice, before)) return null;
  const { sentence } = advice.step;
  const effect = knownEffect(advice);
  if (isUntried(advice))
    return `${sentence} ${say('What comes of it was not computed: it takes as long as the run.')}\n`;
  if (effect === null) return `${sentence}\n`;
  const { kind, perStepFactor, onePercentSteps } = effect;
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
