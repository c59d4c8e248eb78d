// More threads for the kernels: helpers that sleep on a shared counter, wake for one task each, and count themselves done.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { instantiate, mostTaskNumbers, perform } from '../engine/index.js';
import type { Kernels, Task, Team } from '../engine/index.js';

/** More than four threads wait for each other longer than they save at the sizes that people look at. */
export const threadsHere = (): number => Math.min(4, availableParallelism());

// Places in the shared control array; after them, for each helper, the generation that its task belongs to (a helper that wakes late must not
// take the next one before all of it is written), how many numbers it has, and the task.
const generation = 0;
const pending = 1;
const ready = 2;
const failed = 3;
const firstSlot = 4;
const slotLength = 2 + mostTaskNumbers;

/** How often the caller looks whether the helpers are done before it goes to sleep, some microseconds. */
const looks = 4000;

type HelperData = { readonly helper: number; readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory; readonly control: SharedArrayBuffer };

export const isHelper = (data: unknown): data is HelperData => typeof data === 'object' && data !== null && 'helper' in data;

/** The life of a helper thread; it ends with the thread that started it. */
export function help({ helper, module, memory, control }: HelperData): void {
  const shared = new Int32Array(control);
  const exports = instantiate(module, memory);
  const slot = firstSlot + helper * slotLength;
  let seen = Atomics.load(shared, generation);
  Atomics.add(shared, ready, 1);
  for (;;) {
    Atomics.wait(shared, generation, seen);
    const now = Atomics.load(shared, generation);
    if (now === seen) continue;
    seen = now;
    if (shared[slot] !== seen) continue;
    const from = slot + 2;
    try {
      perform(exports, [...shared.subarray(from, from + (shared[slot + 1] ?? 0))]);
    } catch {
      // The caller waits for the count below and finds this; only it can tell anyone.
      Atomics.store(shared, failed, 1);
    }
    if (Atomics.sub(shared, pending, 1) === 1) Atomics.notify(shared, pending);
  }
}

/** The caller and some helpers; these are started when work worth sharing first asks, and work from when they are up (about 50 ms). */
export class WorkerTeam implements Team {
  readonly kernels: Kernels;
  readonly #entry: string | URL;
  readonly #helpers: number;
  readonly #control: Int32Array;
  #workers: Worker[] = [];

  /**
   * @param kernels on shared memory
   * @param entry a module that calls `help` with its workerData when `isHelper` says so
   */
  constructor(kernels: Kernels, entry: string | URL, helpers: number) {
    this.kernels = kernels;
    this.#entry = entry;
    this.#helpers = helpers;
    this.#control = new Int32Array(new SharedArrayBuffer((firstSlot + helpers * slotLength) * Int32Array.BYTES_PER_ELEMENT));
  }

  get size(): number {
    if (this.#workers.length < this.#helpers) this.#start();
    const usable = Atomics.load(this.#control, ready) === this.#helpers && Atomics.load(this.#control, failed) === 0;
    return usable ? 1 + this.#helpers : 1;
  }

  async up(): Promise<void> {
    const control = this.#control;
    while (this.size === 1 && this.#helpers > 0 && Atomics.load(control, failed) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  run(tasks: readonly (Task | null)[]): void {
    const control = this.#control;
    const others = tasks.slice(1);
    if (others.length > this.#helpers) throw new Error(`${tasks.length} tasks for ${1 + this.#helpers} threads.`);
    const next = (Atomics.load(control, generation) + 1) | 0;
    let busy = 0;
    for (const [i, theirs] of others.entries()) {
      if (theirs === null) continue;
      control.set([next, theirs.length, ...theirs], firstSlot + i * slotLength);
      busy++;
    }
    if (busy > 0) {
      Atomics.store(control, pending, busy);
      Atomics.store(control, generation, next);
      Atomics.notify(control, generation);
    }
    const [own] = tasks;
    if (own !== undefined && own !== null) perform(this.kernels.exports, own);
    for (let look = 0; look < looks && Atomics.load(control, pending) > 0; look++);
    for (let left = Atomics.load(control, pending); left > 0; left = Atomics.load(control, pending)) Atomics.wait(control, pending, left);
    if (Atomics.load(control, failed) !== 0) throw new Error('A thread of the engine failed.');
  }

  /** Ends the helpers. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    const { module, memory } = this.kernels;
    this.#workers = Array.from({ length: this.#helpers }, (_, helper) => {
      const data: HelperData = { helper, module, memory, control: this.#control.buffer as SharedArrayBuffer };
      const worker = new Worker(this.#entry, { workerData: data });
      // A helper that could not start, or died, is never counted as ready, so the caller goes on alone.
      worker.on('error', () => Atomics.store(this.#control, failed, 1));
      worker.unref();
      return worker;
    });
  }
}
