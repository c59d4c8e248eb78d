import type { Steps } from '../engine/index.js';

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

/** Runs a long computation to its end, letting messages in between; `check` throws to stop it. */
export async function drive<R>(steps: Steps<R>, check: () => void, onProgress: (fraction: number) => void): Promise<R> {
  let turnEnd = performance.now() + turn;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    check();
    if (performance.now() < turnEnd) continue;
    onProgress(step.value);
    await new Promise<void>((resolve) => afterMessages(resolve));
    check();
    turnEnd = performance.now() + turn;
  }
}
