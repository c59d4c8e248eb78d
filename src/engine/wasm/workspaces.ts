// Analyses go on side by side, so each takes kernels with a memory of its own and gives them back.
import type { Resumable } from '../core/resumable.js';
import { mostKeptBytes } from './instance.js';
import type { Kernels, Team } from './instance.js';

const mostKept = 4;
/** Multiplications of one of its products from which on an analysis is worth sharing between threads, 0.2 ms. */
const worthSharing = 2e6;

/** The kernels of analyses: one with a memory of its own for each that is under way, used again by later ones. */
export class Workspaces {
  /** The kernels that those of the analyses come from. */
  readonly origin: Kernels;
  readonly #free: Kernels[] = [];
  /** Whether an analysis has the threads; the others go on alone. */
  #shared = false;

  constructor(origin: Kernels) {
    this.origin = origin;
  }

  /**
   * Runs `work` with kernels that nobody else uses until it ends, throws, or is ended by `return`. Null when there is
   * no memory for more.
   *
   * @param product multiplications of one of its products of matrices, which threads share where there are many
   */
  *use<R>(work: (kernels: Kernels) => Resumable<R>, product = 0): Resumable<R | null> {
    const team = product >= worthSharing && !this.#shared ? (this.origin.team?.beside() ?? null) : null;
    if (team !== null) return yield* this.#together(team, work);
    const kernels = this.#free.pop() ?? this.origin.apart();
    if (kernels === null) return null;
    try {
      return yield* work(kernels);
    } finally {
      if (this.#free.length < mostKept && kernels.memory.buffer.byteLength <= mostKeptBytes) this.#free.push(kernels);
    }
  }

  *#together<R>(team: Team, work: (kernels: Kernels) => Resumable<R>): Resumable<R> {
    this.#shared = true;
    try {
      team.kernels.team = team;
      return yield* work(team.kernels);
    } finally {
      this.#shared = false;
      team.fit(0);
    }
  }
}

/** What an analysis gives in place of its result when there is not so much memory; the plain way would need more. */
export const noMemory = 'noMemory';

/**
 * Runs the fast way where there are kernels and they can do it, else the plain one. `fast` gives null when it cannot.
 *
 * @param product multiplications of one of its products of matrices, as `Workspaces.use` has it
 */
export function* withKernels<R extends object>(
  workspaces: Workspaces | null,
  fast: (kernels: Kernels) => Resumable<R | typeof noMemory | null>,
  plain: () => Resumable<R>,
  product = 0,
): Resumable<R | typeof noMemory> {
  const quick = workspaces === null ? null : ((yield* workspaces.use(fast, product)) ?? null);
  return quick ?? (yield* plain());
}
