// The next thing to try of a finished run, for whoever asks: a result is numbers alone, and finding it may take as long
// as the run, because changes are tried in short runs.
import type { Resumable } from '../core/resumable.js';
import type { ComputedRun } from '../network/result.js';
import type { NextStep } from '../verdict/verdict.js';

const known = new WeakMap<ComputedRun, () => Resumable<NextStep | null>>();

export const rememberNextStep = (result: ComputedRun, find: () => Resumable<NextStep | null>): void =>
  void known.set(result, find);

/**
 * Null where nothing is wrong or no change of the network would mend it, and of a result that no run has made here. Not
 * to be asked of a released run.
 */
export function* nextStepOf(result: ComputedRun): Resumable<NextStep | null> {
  return (yield* known.get(result)?.() ?? nothing()) ?? null;
}

// eslint-disable-next-line require-yield -- a computation that is over at once
function* nothing(): Resumable<null> {
  return null;
}
