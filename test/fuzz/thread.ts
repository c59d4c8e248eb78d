// The thread in which mutations are examined, so that one that never ends can be ended. It says what it is doing in
// shared memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { examine, stages } from './examine.js';
import type { Fault, Outcome } from './examine.js';
import { Mutations } from './mutate.js';
import { examineFully, makeTools, timed } from './session.js';
import type { Timed } from './session.js';

/** `now`: [0] the number of the mutation under way, [1] the index of its stage. */
export type ThreadData = {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly now: SharedArrayBuffer;
  readonly slowMs: number;
};
/** Of the mutations since the last message: how many there were of what. `longest`: by time, the longest first. */
export type Progress = {
  readonly type: 'progress';
  readonly next: number;
  readonly kinds: Readonly<Record<Outcome['kind'], number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly mutators: Readonly<Record<string, number>>;
  readonly stageMs: Readonly<Record<string, number>>;
  readonly times: Float64Array;
  readonly longest: readonly Timed[];
  /** Bytes in use after a garbage collection; null where none was made. */
  readonly memory: number | null;
};
export type Found = { readonly type: 'faults'; readonly number: number; readonly faults: readonly Fault[] };
/** Longer than it may take, twice. */
export type Slow = { readonly type: 'slow'; readonly timed: Timed };
export type FromThread = Progress | Found | Slow;

/** Mutations between two messages of progress, and between two garbage collections. */
const perMessage = 100;
const perCollection = 2000;

async function work({ seed, from, to, now, slowMs }: ThreadData, post: (message: FromThread) => void): Promise<void> {
  const cell = new Int32Array(now);
  const tools = makeTools((stage) => {
    Atomics.store(cell, 1, stages.indexOf(stage));
  });
  const mutations = new Mutations(seed);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const empty = (): {
    kinds: Record<Outcome['kind'], number>;
    codes: Record<string, number>;
    mutators: Record<string, number>;
    stageMs: Record<string, number>;
    times: number[];
    longest: Timed[];
  } => ({ kinds: { ran: 0, sound: 0, refused: 0 }, codes: {}, mutators: {}, stageMs: {}, times: [], longest: [] });
  let counts = empty();
  const add = (table: Record<string, number>, key: string, by = 1): void => {
    table[key] = (table[key] ?? 0) + by;
  };
  for (let number = from; number < to; number++) {
    Atomics.store(cell, 1, -1);
    Atomics.store(cell, 0, number);
    const mutation = mutations.of(number);
    const outcome = await examineFully(mutation, tools);
    let time = timed(number, outcome);
    if (time.ms > slowMs) {
      // A cold start or a large garbage collection may have fallen to it: the better of two counts.
      const second = timed(number, await examine(mutation, tools));
      if (second.ms < time.ms) time = second;
      if (time.ms > slowMs) post({ type: 'slow', timed: time });
    }
    if (outcome.faults.length > 0) post({ type: 'faults', number, faults: outcome.faults });
    counts.kinds[outcome.kind]++;
    new Set(outcome.problems.map(({ code }) => code)).forEach((code) => add(counts.codes, code));
    new Set(mutation.done.map(({ name }) => name)).forEach((name) => add(counts.mutators, name));
    for (const [stage, ms] of outcome.times) add(counts.stageMs, stage, ms);
    counts.times.push(time.ms);
    counts.longest = [...counts.longest, time].sort((a, b) => b.ms - a.ms).slice(0, 3);
    const next = number + 1;
    if (next % perMessage !== 0 && next !== to) continue;
    let memory = null;
    if (next % perCollection === 0) {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      memory = heapUsed + external;
    }
    post({ type: 'progress', next, ...counts, times: Float64Array.from(counts.times), memory });
    counts = empty();
  }
}

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
await work(workerData as ThreadData, (message) => port.postMessage(message));
