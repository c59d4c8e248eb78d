// Runs mutations in a thread, one after the other. One that never ends is noted, its thread is ended, and the next one
// has a new thread.
import { Worker } from 'node:worker_threads';
import { stages } from './examine.js';
import type { FromThread, ThreadData } from './thread.js';
import { addFault, addProgress } from './totals.js';
import type { Totals } from './totals.js';

export type Limits = {
  /** More milliseconds of the processor than this are slow; Infinity: time does not count. */
  readonly slowMs: number;
  /** A mutation that is not over after so much of the processor, or a multiple by the clock, never ends. */
  readonly hangMs: number;
};
export type Listener = {
  /** Something of which the input is worth keeping. */
  readonly onFound: (number: number, told: string) => void;
  readonly onProgress: () => void;
};

const look = 200;
/** A machine with much else to do gives a thread little of its processor. */
const byTheClock = 30;
/** A thread that wants more than this is ended by Node. */
const heapMB = 1500;

/** Of all threads; this one does next to nothing. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** @param thread the file that runs in the thread  @param stopped asked now and then whether it is enough */
export async function campaign(
  totals: Totals,
  thread: string,
  { slowMs, hangMs }: Limits,
  { onFound, onProgress }: Listener,
  stopped: () => boolean = () => false,
): Promise<void> {
  const start = performance.now() - totals.elapsedMs;
  while (totals.next < totals.to && !stopped()) {
    const now = new SharedArrayBuffer(8);
    const cell = new Int32Array(now);
    cell[0] = -1;
    const data: ThreadData = { seed: totals.seed, from: totals.next, to: totals.to, now, slowMs };
    const worker = new Worker(thread, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: heapMB } });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    let [last, since, spent] = [-1, performance.now(), cpuMs()];
    /** What became of the mutation under way. */
    const fate: { hangs: boolean; error: string | null } = { hangs: false, error: null };
    worker.on('error', (error) => {
      fate.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.on('message', (message: FromThread) => {
      totals.elapsedMs = performance.now() - start;
      if (message.type === 'faults') {
        for (const fault of message.faults)
          if (addFault(totals, message.number, fault))
            onFound(message.number, `${fault.stage}: ${fault.kind}\n${fault.told}`);
      } else if (message.type === 'slow') {
        const { number, ms, stage, stageMs } = message.timed;
        const told = `${ms.toFixed(0)} ms, of which ${stage} took ${stageMs.toFixed(0)}`;
        totals.troubles.push({ number, what: 'slow', told });
        onFound(number, told);
      } else {
        addProgress(totals, message);
        onProgress();
      }
    });
    const timer = setInterval(() => {
      const number = Atomics.load(cell, 0);
      if (number !== last) [last, since, spent] = [number, performance.now(), cpuMs()];
      const over = cpuMs() - spent > hangMs || performance.now() - since > hangMs * byTheClock;
      fate.hangs = number >= 0 && over;
      if (fate.hangs || stopped()) void worker.terminate();
    }, look);
    await ended;
    clearInterval(timer);
    totals.elapsedMs = performance.now() - start;
    if (totals.next >= totals.to || (!fate.hangs && fate.error === null && stopped())) break;
    const number = Atomics.load(cell, 0);
    const stage = stages[Atomics.load(cell, 1)] ?? 'the mutation itself';
    // A thread that cannot even start would be started for ever.
    if (number < 0) throw new Error(`The thread did not begin: ${fate.error ?? 'it ended without a word'}`);
    const what = fate.hangs ? 'hangs' : 'ends the thread';
    const told = fate.hangs
      ? `not over after ${(hangMs / 1000).toFixed(0)} s; in ${stage}`
      : `in ${stage}: ${fate.error ?? 'it ended without a word'}`;
    totals.troubles.push({ number, what, told });
    totals.next = number + 1;
    onFound(number, `${what}: ${told}`);
    onProgress();
  }
}
