import type { Resumable } from '../../engine/index.js';

/** A newer run, the user or a closing panel wants this run to stop. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  constructor() {
    super('The run was cancelled.');
  }
}

/** How long arithmetic may keep the thread before messages (a picture's slices, a newer run) are let in, ms. */
const turn = 12;

/** Lets messages in: `setImmediate` where there is one, which browsers lack. */
const afterMessages = (go: () => void): void => {
  if (typeof setImmediate === 'undefined') setTimeout(go, 0);
  else setImmediate(go);
};

/** Computations under way on this thread; those in front are what somebody waits for, those behind wait for them. */
let [inFront, behind] = [0, 0];

/** What somebody waits for, or what waits for that. */
export type Place = 'inFront' | 'behind';

/**
 * Runs a long computation to its end, letting messages in between; `check` throws to stop it. `place`: an analysis goes
 * `behind`, so that runs and what the user drags never wait for it.
 */
export async function drive<R>(
  steps: Resumable<R>,
  check: () => void,
  onProgress: (fraction: number) => void,
  place: Place = 'inFront',
): Promise<R> {
  const count = (by: number): void => {
    if (place === 'inFront') inFront += by;
    else behind += by;
  };
  count(1);
  try {
    for (let turnEnd = place === 'inFront' ? performance.now() + turn : 0; ;) {
      if (performance.now() >= turnEnd) {
        do {
          await new Promise<void>((resolve) => afterMessages(resolve));
          check();
        } while (place === 'behind' && inFront > 0);
        // All that are under way have their turn before messages are let in.
        turnEnd = performance.now() + turn / (inFront > 0 ? inFront : behind);
      }
      const step = steps.next();
      if (step.done === true) return step.value;
      check();
      if (performance.now() >= turnEnd) onProgress(step.value);
    }
  } finally {
    count(-1);
    // Whoever is stopped in the middle gives back what was borrowed.
    steps.return(undefined as R);
  }
}
