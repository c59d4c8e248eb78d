// What the command line prints of the next thing to try.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nextText } from '../../../src/cli/index.js';
import { asItIs } from '../../../src/engine/index.js';

it('the next thing to try is told with what comes of it, or that nobody has tried it', () => {
  const sentence = 'Try an orthogonal Wh.';
  const rescaled = { sentence, whatIf: { ...asItIs, initialise: { way: 'orthogonal', seed: 1 } } } as const;
  const effect = { kind: 'healthy', perStepFactor: 1, log10Ratio: 0, onePercentSteps: null } as const;
  const told = (step: typeof rescaled | { sentence: string; whatIf: typeof asItIs }, given: typeof effect | null) =>
    nextText({ step, effect: given }, -9, true);
  assert.equal(told(rescaled, effect), `${sentence} With it: HEALTHY, ×1.000 per step back.\n`);
  assert.equal(told(rescaled, null), `${sentence} What comes of it was not computed: it takes as long as the run.\n`);
  // What is left without a truncation is measured on the curve, which is that of the run.
  const later = { sentence, whatIf: { ...asItIs, truncate: 20 } };
  assert.deepEqual([told(later, effect), told(later, null)], [`${sentence}\n`, `${sentence}\n`]);
});
