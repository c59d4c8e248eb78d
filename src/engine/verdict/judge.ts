// The whole verdict: measurements, and the reason in words.
import type { Resumable } from '../core/resumable.js';
import type { Evidence } from './evidence.js';
import { reasonOf } from './reason.js';
import { measure } from './verdict.js';
import type { Verdict } from './verdict.js';

/** Vanishing, fading, healthy, exploding or not finite, from the norm at the first step over that at the source. */
export function* judge(evidence: Evidence): Resumable<Verdict> {
  const verdict = yield* measure(evidence);
  yield 0;
  return { ...verdict, reason: reasonOf(verdict, evidence) };
}
