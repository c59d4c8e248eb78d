// The whole verdict: measurements, the reason in words, the next thing to try.
import type { Resumable } from '../core/resumable.js';
import { nextStep } from './advice.js';
import type { Evidence } from './evidence.js';
import { reasonOf } from './reason.js';
import { measure } from './verdict.js';
import type { NextStep, Verdict } from './verdict.js';

/**
 * Vanishing, healthy, exploding or not finite, from the norm at the first step over that at the source (ones at T−1).
 * `known`: the next thing to try, where it was found before.
 */
export function* judge(evidence: Evidence, known?: NextStep | null): Resumable<Verdict> {
  const verdict = yield* measure(evidence);
  yield 0;
  return {
    ...verdict,
    reason: reasonOf(verdict, evidence),
    next: known === undefined ? yield* nextStep(verdict, evidence) : known,
  };
}
