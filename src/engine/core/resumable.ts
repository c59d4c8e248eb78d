// Computations that pause: generators, so that whoever drives them can stop them or let others in.

/**
 * A long computation: yields its progress in [0,1] at least every few milliseconds, so that its driver can cancel it or
 * let others in.
 */
export type Resumable<R> = Generator<number, R, void>;

/** Drives a long computation to its end at once. */
export function finish<R>(steps: Resumable<R>): R {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Runs an inner computation whose progress fills [from, to] of the outer one's. Given up in the middle, the inner one
 * is ended too, so that it gives back what it has borrowed.
 */
export function* part<R>(steps: Resumable<R>, from: number, to: number): Resumable<R> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      yield from + (to - from) * step.value;
    }
  } finally {
    steps.return(undefined as R);
  }
}

/** Goes through `steps`, with a look at something else at each pause. */
export function* withLooks<R>(steps: Resumable<R>, look: () => void): Resumable<R> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      look();
      yield step.value;
    }
  } finally {
    steps.return(undefined as R);
  }
}
