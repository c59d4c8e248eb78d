// Analyses go on side by side, so each takes kernels with a memory of its own and gives them back.
import type { Resumable } from '../core/resumable.js';
import { mostKeptBytes } from './instance.js';
import type { Kernels } from './instance.js';

const mostKept = 4;

export class Workspaces {
  readonly #origin: Kernels;
  readonly #free: Kernels[] = [];

  constructor(origin: Kernels) {
    this.#origin = origin;
  }

  /**
   * Runs `work` with kernels that nobody else uses until it ends, throws, or is ended by `return`. Null when there is
   * no memory for more.
   */
  *use<R>(work: (kernels: Kernels) => Resumable<R>): Resumable<R | null> {
    const kernels = this.#free.pop() ?? this.#origin.apart();
    if (kernels === null) return null;
    try {
      return yield* work(kernels);
    } finally {
      if (this.#free.length < mostKept && kernels.memory.buffer.byteLength <= mostKeptBytes) this.#free.push(kernels);
    }
  }
}

/** What an analysis gives in place of its result when there is not so much memory; the plain way would need more. */
export const noMemory = 'noMemory';

/**
 * Runs the fast way where there are kernels and they can do it, else the plain one. `fast` gives null when it cannot.
 */
export function* withKernels<R extends object>(
  workspaces: Workspaces | null,
  fast: (kernels: Kernels) => Resumable<R | typeof noMemory | null>,
  plain: () => Resumable<R>,
): Resumable<R | typeof noMemory> {
  const quick = workspaces === null ? null : ((yield* workspaces.use(fast)) ?? null);
  return quick ?? (yield* plain());
}
