import type { Resumable } from '../../engine/index.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';

/** How long an answer waits for more of an analysis that is under way, ms. */
const patience = 250;

// eslint-disable-next-line require-yield -- the generator that is over at once
function* nothing(): Resumable<void> {
  return;
}

/** An analysis that goes on while its parts are asked for. Ends by itself when `check` throws Cancelled. */
export class BackgroundAnalysis<State> {
  readonly state: State;
  fraction = 0;
  cancelled = false;
  readonly #end: Promise<void>;
  #failure: Error | null = null;

  constructor(state: State, steps: Resumable<void>, check: () => void) {
    this.state = state;
    this.#end = drive(
      steps,
      check,
      (fraction) => {
        this.fraction = Math.min(fraction, 0.999);
      },
      'behind',
    ).then(
      () => {
        this.fraction = 1;
      },
      (error: unknown) => {
        if (error instanceof Cancelled) this.cancelled = true;
        else this.#failure = error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  /** One that is over. */
  static finished<State>(state: State): BackgroundAnalysis<State> {
    const job = new BackgroundAnalysis(state, nothing(), () => undefined);
    job.fraction = 1;
    return job;
  }

  /** Resolves when there is more than before, or everything. @throws what the analysis threw */
  async more(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#end,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience);
      }),
    ]);
    clearTimeout(timer);
    if (this.#failure !== null) throw this.#failure;
  }
}

/** An analysis that goes on only while it is asked for, and rests in between. */
export class RestingJob<State> {
  readonly state: State;
  fraction = 0;
  readonly #steps: Resumable<void>;
  readonly #check: () => void;
  #turn: Promise<void> | null = null;

  constructor(state: State, steps: Resumable<void>, check: () => void) {
    this.state = state;
    this.#steps = steps;
    this.#check = check;
  }

  /** Computes for as long as an answer may take. @throws Cancelled, and what the analysis threw */
  async more(): Promise<void> {
    if (this.fraction === 1) return;
    this.#turn ??= this.#work().finally(() => {
      this.#turn = null;
    });
    await this.#turn;
  }

  /** Nobody will ask any more: what was borrowed is given back. */
  end(): void {
    this.#steps.return();
  }

  async #work(): Promise<void> {
    try {
      await drive(this.#some(), this.#check, () => undefined, 'behind');
    } catch (error) {
      this.end();
      throw error;
    }
  }

  *#some(): Resumable<void> {
    for (const end = performance.now() + patience; performance.now() < end;) {
      const step = this.#steps.next();
      if (step.done === true) {
        this.fraction = 1;
        return;
      }
      this.fraction = Math.min(step.value, 0.999);
      yield step.value;
    }
  }
}
