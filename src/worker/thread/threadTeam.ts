// More threads for the kernels: helpers that sleep on a shared counter, wake for one task each, and count themselves
// done.
import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { t } from '@vscode/l10n';
import { doTask, instantiate, isOutOfMemory, Kernels, mostTaskNumbers, perform } from '../../engine/index.js';
import type { LayerTask, Elsewhere, Job, Resumable, Task, Team } from '../../engine/index.js';
import { languageInUse, setLanguage } from '../../l10n.js';
import type { Language } from '../../l10n.js';
import { errorMessage, errorStack } from '../../protocol/index.js';
import { movable } from '../scheduling/movable.js';

/** More than four threads wait for each other longer than they save at the sizes that people look at. */
export const threadsHere = (): number => Math.min(4, availableParallelism());

// Places in the shared control array; after them, for each helper, the generation of the task that it is offered (0
// once somebody has taken it), how many numbers that has, on which memory it is done, and the task. Whoever changes the
// generation to 0 does the task: a helper that is not awake yet, or no more, holds nobody up.
const generation = 0;
const pending = 1;
const ready = 2;
const ended = 3;
const failed = 4;
/** 1 while a helper is at a job of its own, which the caller may want to stop. */
const working = 5;
const unwanted = 6;
/** Counts the pauses of a job. */
const beats = 7;
const firstSlot = 8;
const slotLength = 3 + mostTaskNumbers;

/** How often the caller looks whether the helpers are done before it goes to sleep, some microseconds. */
const looks = 4000;
/** How often a helper looks for the next task before it sleeps, some 40 µs: about what waking it up takes. */
const looksForWork = 20_000;
/**
 * How long the caller sleeps at once, ms. In slices, because a clock that goes on while the machine sleeps then costs
 * one of them alone.
 */
const slice = 500;
/** Stands where a task has its memory: a job has come through the port instead. */
const jobMark = -1;
/** How long the caller waits at once for the answer to a job, ms. */
const shortSlice = 2;
/** Slices after which a task that was taken counts as lost: a minute, while tasks take milliseconds. */
const patience = 120;

/** What Node throws where the machine has no room for one more thread, or for what it works with. */
const scarce: ReadonlySet<unknown> = new Set([
  'ERR_WORKER_INIT_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
  'ERR_MEMORY_ALLOCATION_FAILED',
]);
/** What is said of a message for which there is no room; one that cannot be sent at all is of the same class. */
const unsentForMemory = /^DataCloneError: .*out of memory/;
/** Of a DOMException that a helper has ended with nothing but its stack arrives. */
const isScarcity = (error: unknown): boolean =>
  isOutOfMemory(error) ||
  (error instanceof Error &&
    (('code' in error && scarce.has(error.code)) ||
      [`${error.name}: ${error.message}`, errorStack(error)].some((told) => unsentForMemory.test(told))));

/** Memories that the helpers work on: that of runs, and beside it that of an analysis. */
type Memories = readonly [WebAssembly.Memory, ...WebAssembly.Memory[]];

type HelperData = {
  readonly helper: number;
  readonly module: WebAssembly.Module;
  readonly memories: Memories;
  readonly control: SharedArrayBuffer;
  /** Jobs come and answers go through it. */
  readonly port: MessagePort;
  readonly language: Language;
};
/** On their way through the port. */
type NumberedJob = Job & { readonly id: number };
type Answer = { readonly id: number; readonly answer: unknown };

export const isHelper = (data: unknown): data is HelperData =>
  typeof data === 'object' && data !== null && 'helper' in data;

/** The life of a helper thread; it ends with the thread that started it. */
export function help({ helper, module, memories, control, port, language }: HelperData): void {
  setLanguage(language);
  const shared = new Int32Array(control);
  const jobs = new Jobs(port, shared);
  const exports = memories.map((memory) => instantiate(module, memory));
  const slot = firstSlot + helper * slotLength;
  let seen = Atomics.load(shared, generation);
  Atomics.add(shared, ready, 1);
  for (;;) {
    for (let look = 0; look < looksForWork && Atomics.load(shared, generation) === seen; look++);
    Atomics.wait(shared, generation, seen);
    const now = Atomics.load(shared, generation);
    if (now === seen) continue;
    seen = now;
    if (Atomics.compareExchange(shared, slot, seen, 0) !== seen) continue;
    if (shared[slot + 2] === jobMark) {
      jobs.doLatest();
      continue;
    }
    const from = slot + 3;
    try {
      const own = exports[shared[slot + 2] ?? NaN];
      if (own === undefined) throw new Error('There is no such memory.');
      perform(own, [...shared.subarray(from, from + (shared[slot + 1] ?? 0))]);
    } catch {
      // The caller waits for the count below and finds this; only it can tell anyone.
      Atomics.store(shared, failed, 1);
    }
    if (Atomics.sub(shared, pending, 1) === 1) Atomics.notify(shared, pending);
  }
}

/** What the thread of a helper does by itself. */
class Jobs {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  #kernels: Kernels | null = null;

  constructor(port: MessagePort, control: Int32Array) {
    this.#port = port;
    this.#control = control;
  }

  /** Those before it have been given up. */
  doLatest(): void {
    let job: NumberedJob | null = null;
    for (let next; (next = receiveMessageOnPort(this.#port)) !== undefined;) job = next.message as NumberedJob;
    try {
      if (job !== null) this.#do(job);
    } catch {
      // Whoever has asked does it then, and meets the same, or has the memory that was missing here.
      if (job !== null) this.#post({ id: job.id, answer: null }, []);
    } finally {
      this.#kernels?.fit(0);
      Atomics.store(this.#control, working, 0);
      Atomics.notify(this.#control, working);
    }
  }

  #do({ id, kernels, task }: NumberedJob): void {
    this.#kernels ??= Kernels.of(kernels);
    const steps = doTask(task as LayerTask, this.#kernels);
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        const { value, buffers } = movable(step.value);
        this.#post({ id, answer: value }, buffers);
        return;
      }
      Atomics.add(this.#control, beats, 1);
      if (Atomics.load(this.#control, unwanted) === 0) continue;
      steps.return(undefined as never);
      return;
    }
  }

  #post(answer: Answer, buffers: readonly ArrayBuffer[]): void {
    this.#port.postMessage(answer, buffers);
  }
}

const newControl = (helpers: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer((firstSlot + helpers * slotLength) * Int32Array.BYTES_PER_ELEMENT));

/**
 * The caller and some helpers; these are started when work worth sharing first asks, and work from when they are up
 * (about 50 ms).
 */
export class WorkerTeam implements Team {
  kernels: Kernels;
  /** The same threads on the memory of an analysis; it is made with them. */
  #beside: Beside | null = null;
  readonly #entry: string | URL;
  readonly #helpers: number;
  readonly #patience: number;
  #control: Int32Array;
  #workers: Worker[] = [];
  /** To the first helper, which does jobs; null before it has been started. */
  #port: MessagePort | null = null;
  /** Number of the latest job. */
  #job = 0;
  /** Why a helper has ended that the machine had room for: a fault of ours, which the next run tells, once. */
  #fault: unknown = null;

  /**
   * @param kernels on shared memory
   * @param entry a module that calls `help` with its workerData when `isHelper` says so
   * @param slices of half a second that a task may take
   */
  constructor(kernels: Kernels, entry: string | URL, helpers: number, slices = patience) {
    this.kernels = kernels;
    this.#entry = entry;
    this.#helpers = helpers;
    this.#patience = slices;
    this.#control = newControl(helpers);
  }

  /** @throws what a helper has ended with, once, where it is not that the machine has no room for it */
  get size(): number {
    this.#tellFault();
    if (Atomics.load(this.#control, ended) !== 0 || this.#isAtJob) return 1;
    if (this.#workers.length < this.#helpers) {
      this.#start();
      this.#tellFault();
    }
    return Atomics.load(this.#control, ready) === this.#helpers ? 1 + this.#helpers : 1;
  }

  #tellFault(): void {
    const fault = this.#fault;
    if (fault === null) return;
    this.#fault = null;
    throw new Error(
      t('A thread of the engine failed ({0}). Run it again: then one thread computes it.', errorMessage(fault)),
      { cause: fault },
    );
  }

  get #isAtJob(): boolean {
    return Atomics.load(this.#control, working) !== 0;
  }

  get most(): number {
    return Atomics.load(this.#control, ended) === 0 ? 1 + this.#helpers : 1;
  }

  async up(): Promise<void> {
    const control = this.#control;
    while (this.size === 1 && this.#helpers > 0 && Atomics.load(control, ended) === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  run(tasks: readonly (Task | null)[], memory = 0): void {
    const control = this.#control;
    const { exports } = memory === 0 ? this.kernels : (this.#beside?.kernels ?? this.kernels);
    if (this.#isAtJob) {
      // Whoever has counted on the others meanwhile does without them.
      for (const task of tasks) if (task !== null) perform(exports, task);
      return;
    }
    const others = tasks.slice(1);
    if (others.length > this.#helpers) throw new Error(`${tasks.length} tasks for ${1 + this.#helpers} threads.`);
    Atomics.store(control, failed, 0);
    const next = this.#next();
    const offered = others.flatMap((task, helper) =>
      task === null ? [] : [{ task, slot: firstSlot + helper * slotLength }],
    );
    for (const { task, slot } of offered) {
      control.set([task.length, memory, ...task], slot + 1);
      Atomics.store(control, slot, next);
    }
    if (offered.length > 0) {
      Atomics.store(control, pending, offered.length);
      Atomics.store(control, generation, next);
      Atomics.notify(control, generation);
    }
    const takenBack = (slot: number): boolean => {
      const mine = Atomics.compareExchange(control, slot, next, 0) === next;
      if (mine) Atomics.sub(control, pending, 1);
      return mine;
    };
    try {
      const [own] = tasks;
      if (own !== undefined && own !== null) perform(exports, own);
      for (const { task, slot } of offered) if (takenBack(slot)) perform(exports, task);
    } finally {
      // Also when the caller's own task throws: nobody may write to the memory after this.
      for (const { slot } of offered) takenBack(slot);
      this.#wait();
      if (Atomics.load(control, failed) !== 0) this.#end();
    }
    if (Atomics.load(control, failed) !== 0)
      throw new Error(t('A thread of the engine failed during the run. Run it again: then one thread computes it.'));
  }

  /** The generation of the next tasks: 0 stands for one that was taken. */
  #next(): number {
    return (Atomics.load(this.#control, generation) + 1) | 0 || 1;
  }

  elsewhere(job: Job): Elsewhere | null {
    const control = this.#control;
    const port = this.size === 1 ? null : this.#port;
    if (port === null) return null;
    const id = ++this.#job;
    const { module, variant } = job.kernels;
    try {
      // A part of a large buffer, such as a file's, would take all of it along.
      const { value: own } = movable(job.task);
      port.postMessage({ id, kernels: { module, variant }, task: own } satisfies NumberedJob);
    } catch (error) {
      if (!isScarcity(error)) throw error;
      // There is no memory for the copy: whoever asks does it without one.
      return null;
    }
    const next = this.#next();
    Atomics.store(control, unwanted, 0);
    Atomics.store(control, working, 1);
    control.set([0, jobMark], firstSlot + 1);
    Atomics.store(control, firstSlot, next);
    Atomics.store(control, generation, next);
    Atomics.notify(control, generation);
    let answer: unknown;
    const look = (): unknown => {
      for (let message; answer === undefined && (message = receiveMessageOnPort(port)) !== undefined;) {
        const { id: of, answer: told } = message.message as Answer;
        if (of === id) answer = told;
      }
      return answer;
    };
    return {
      answer: this.#answerTo(look),
      isAnswered: () => look() !== undefined && !this.#isAtJob,
      end: () => {
        // Somebody else's may be under way since.
        if (id !== this.#job) return;
        Atomics.store(control, unwanted, 1);
        // Nobody has begun with it.
        if (Atomics.compareExchange(control, firstSlot, next, 0) === next) Atomics.store(control, working, 0);
      },
    };
  }

  /** `look`: what has come; undefined as long as nothing has. */
  *#answerTo(look: () => unknown): Resumable<unknown> {
    const control = this.#control;
    const lasts = this.#patience * slice;
    let [beat, latest] = [Atomics.load(control, beats), performance.now() + lasts];
    for (;;) {
      const now = Atomics.load(control, beats);
      if (now !== beat) [beat, latest] = [now, performance.now() + lasts];
      else if (performance.now() > latest) this.#end();
      // Before the messages: it ends its work after its answer.
      const isGone = control !== this.#control || Atomics.load(control, ended) !== 0;
      const isOver = Atomics.load(control, working) === 0;
      const answer = look();
      if (answer !== undefined) {
        // It tidies up, and is free for the next.
        Atomics.wait(control, working, 1, slice);
        return answer;
      }
      if (isGone || isOver) return null;
      Atomics.wait(control, working, 1, shortSlice);
      yield 0;
    }
  }

  /** Until the tasks that helpers have taken are done, or never will be. */
  #wait(): void {
    const control = this.#control;
    for (let look = 0; look < looks && Atomics.load(control, pending) > 0; look++);
    let slices = 0;
    for (let left = Atomics.load(control, pending); left > 0; left = Atomics.load(control, pending)) {
      if (Atomics.wait(control, pending, left, slice) !== 'timed-out') slices = 0;
      else if (++slices >= this.#patience) {
        Atomics.store(control, failed, 1);
        return;
      }
    }
  }

  /** The helpers get no more work, so nobody minds what one of them may still write to their memory. */
  #end(): void {
    Atomics.store(this.#control, ended, 1);
    void this.stop();
  }

  fit(bytes: number): void {
    const kernels = this.kernels.exceeds(bytes) ? this.kernels.apart() : null;
    if (kernels === null) return;
    this.#anew();
    this.kernels = kernels;
  }

  /** Ends the helpers; the next work that is worth sharing starts others. */
  #anew(): void {
    void this.stop();
    [this.#workers, this.#control] = [[], newControl(this.#helpers)];
  }

  beside(): Team | null {
    if (this.most === 1) return null;
    if (this.#beside === null) {
      const kernels = this.kernels.apart();
      if (kernels === null) return null;
      this.#beside = new Beside(this, kernels, () => {
        this.#anew();
      });
      this.#anew();
    }
    return this.#beside;
  }

  /** Ends the helpers. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    const { module, memory } = this.kernels;
    const memories: Memories = this.#beside === null ? [memory] : [memory, this.#beside.kernels.memory];
    this.#workers = [];
    // A helper that could not start, or ended, is no help any more: the caller goes on alone, on a memory of its own.
    const failed = (error: unknown): void => {
      // That there are no more threads is no fault of the run.
      if (!isScarcity(error)) this.#fault = error;
      this.#end();
    };
    try {
      for (let helper = 0; helper < this.#helpers; helper++) {
        const { port1: here, port2: port } = new MessageChannel();
        const control = this.#control.buffer as SharedArrayBuffer;
        const data: HelperData = { helper, module, memories, control, port, language: languageInUse() };
        const worker = new Worker(this.#entry, { workerData: data, transferList: [port] });
        if (helper === 0) this.#port = here;
        worker.on('error', (error) => {
          if (this.#workers.includes(worker)) failed(error);
        });
        worker.on('exit', () => {
          if (this.#workers.includes(worker)) this.#end();
        });
        worker.unref();
        this.#workers.push(worker);
      }
    } catch (error) {
      failed(error);
    }
  }
}

/** The threads of a team on a second memory. */
class Beside implements Team {
  kernels: Kernels;
  readonly #team: WorkerTeam;
  readonly #anew: () => void;

  /** @param anew ends the helpers, so that they start with the memories that there are then */
  constructor(team: WorkerTeam, kernels: Kernels, anew: () => void) {
    this.#team = team;
    this.kernels = kernels;
    this.#anew = anew;
  }

  get size(): number {
    return this.#team.size;
  }

  get most(): number {
    return this.#team.most;
  }

  up(): Promise<void> {
    return this.#team.up();
  }

  fit(bytes: number): void {
    const kernels = this.kernels.exceeds(bytes) ? this.kernels.apart() : null;
    if (kernels === null) return;
    this.#anew();
    this.kernels = kernels;
  }

  run(tasks: readonly (Task | null)[]): void {
    this.#team.run(tasks, 1);
  }

  elsewhere(job: Job): Elsewhere | null {
    return this.#team.elsewhere(job);
  }

  beside(): Team | null {
    return null;
  }
}
