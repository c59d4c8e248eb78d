import type { Steps } from '../types.js';

/** Drives a long computation to its end at once. */
export function finish<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Runs an inner computation whose progress fills [from, to] of the outer one's. */
export function* part<R>(steps: Steps<R>, from: number, to: number): Steps<R> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield from + (to - from) * step.value;
  }
}
