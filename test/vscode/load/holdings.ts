// What an extension host holds, looked at all through a load: heap, array buffers, handles, open files, threads and
// what those hold; and how long its loop is held up in one go.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import v8 from 'node:v8';
import vm from 'node:vm';

/** How much of the whole load is done; below 1 to try a change of these tests. */
export const share = Number(process.env['RNN_LOAD_SHARE'] ?? 1);
/** A load of `whole` times, or the share of it. */
export const times = (whole: number): number => Math.max(50, Math.round(whole * share));

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

type Held = {
  readonly heap: number;
  readonly buffers: number;
  /** What keeps the process busy, by its kind. */
  readonly kinds: readonly string[];
  readonly handles: number;
  readonly files: number;
  readonly threads: number;
  /** Of the threads' own heaps together, as much as was in use. */
  readonly threadHeaps: number;
};
type ThreadReport = { readonly javascriptHeap: { readonly usedMemory: number } };

const openFiles = '/proc/self/fd';
/** Timers come and go with whatever the editor waits for. */
const passing = new Set(['Timeout', 'Immediate', 'TickObject']);

/** How long a thread may take to collect its garbage, ms: one that ends meanwhile says nothing. */
const patience = 5_000;

/** The garbage of the other threads too, which they would collect when they like. */
async function collectInThreads(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    const threads: string[] = [];
    session.on('NodeWorker.attachedToWorker', ({ params }) => threads.push(params.sessionId));
    const done = new Set<string>();
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => done.add(params.sessionId));
    session.on('NodeWorker.detachedFromWorker', ({ params }) => done.add(params.sessionId));
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const message = JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' });
    for (const sessionId of threads) await session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    for (let waited = 0; threads.some((thread) => !done.has(thread)) && waited < patience; waited += 10)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await session.post('NodeWorker.disable');
  } finally {
    session.disconnect();
  }
}

async function lookAround(inThreads: boolean): Promise<Held> {
  // Twice, because what finalizers let go is free only then.
  for (let i = 0; i < 2; i++) {
    collect();
    if (inThreads) await collectInThreads();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  Object.assign(process.report, { excludeNetwork: true });
  const { workers } = process.report.getReport() as unknown as { readonly workers: readonly ThreadReport[] };
  // A file that is being read at the moment is held by nobody.
  const moments: { readonly kinds: readonly string[]; readonly files: number }[] = [];
  for (let i = 0; i < 10; i++) {
    const kinds = process.getActiveResourcesInfo().filter((kind) => !passing.has(kind));
    moments.push({ kinds, files: existsSync(openFiles) ? readdirSync(openFiles).length : 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [{ kinds } = { kinds: [] }] = moments.toSorted((a, b) => a.kinds.length - b.kinds.length);
  return {
    heap: heapUsed,
    buffers: arrayBuffers,
    kinds,
    handles: kinds.length,
    files: Math.min(...moments.map(({ files }) => files)),
    threads: workers.length,
    threadHeaps: workers.reduce((sum, { javascriptHeap }) => sum + javascriptHeap.usedMemory, 0),
  };
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const least = (values: readonly number[]): number => Math.min(...values);

/** How many of each kind: `FSEvent 3, PipeWrap 4`. */
function countOf({ kinds }: Held): string {
  const names = [...new Set(kinds)].sort();
  return names.map((name) => `${name} ${kinds.filter((kind) => kind === name).length}`).join(', ');
}

/** What may be more at the end than at the beginning: a tenth, and what a cache or a log takes whatever the load. */
const [mostGrowth, mostBytes, mostPieces] = [0.1, 3e6, 3];
/** Turns of the loop that take less processor time than this, ms, are not counted. */
const short = 1;
const longestTurn = 50;

/** Node 20 has the processor time of the whole process alone; the oldest VS Codes run on it. */
const threadTime: () => number =
  'threadCpuUsage' in process
    ? () => {
        const { user, system } = process.threadCpuUsage();
        return (user + system) / 1000;
      }
    : () => performance.now();

export class Holdings {
  readonly #name: string;
  readonly #areKilled: boolean;
  readonly #looks: Held[] = [];
  readonly #turns: number[] = [];
  #watching = false;

  /**
   * @param areKilled whether the load kills threads: their garbage stays then, because a host whose inspector spoke to
   * threads ended once in a thousand deaths of them
   */
  constructor(name: string, areKilled = false) {
    this.#name = name;
    this.#areKilled = areKilled;
  }

  async look(): Promise<void> {
    const watched = this.#watching;
    this.#watching = false;
    this.#looks.push(await lookAround(!this.#areKilled));
    if (watched) this.watchLoop();
  }

  /** Turns of the loop are timed from now on, until the next look or the end. */
  watchLoop(): void {
    this.#watching = true;
    let used = threadTime();
    const turn = (): void => {
      if (!this.#watching) return;
      const now = threadTime();
      if (now - used > short) this.#turns.push(now - used);
      used = now;
      setImmediate(turn);
    };
    turn();
  }

  /** Fails where the last fifth of the looks found more than the first after a warm-up; tells all of it either way. */
  end(done: string): void {
    this.#watching = false;
    const kept = this.#looks.slice(Math.floor(this.#looks.length / 5));
    const fifth = Math.max(1, Math.floor(kept.length / 5));
    const [early, late] = [kept.slice(0, fifth), kept.slice(-fifth)];
    const grown: string[] = [];
    const told = (['heap', 'buffers', 'threadHeaps', 'handles', 'files', 'threads'] as const).map((key) => {
      const isBytes = key === 'heap' || key === 'buffers' || key === 'threadHeaps';
      // A thread that is left alone collects its garbage when it likes: the least is what it holds.
      const of = key === 'threadHeaps' && this.#areKilled ? least : middle;
      const [from, to] = [of(early.map((held) => held[key])), of(late.map((held) => held[key]))];
      if (to > from * (1 + mostGrowth) && to > from + (isBytes ? mostBytes : mostPieces)) grown.push(key);
      const text = (value: number): string => (isBytes ? `${(value / 1e6).toFixed(1)} MB` : String(value));
      return `${key} ${text(from)} → ${text(to)}`;
    });
    const turns = this.#turns.toSorted((a, b) => a - b);
    const high = turns[Math.floor(0.999 * turns.length)] ?? 0;
    const line =
      `${this.#name}: ${done}; ${told.join(', ')}; of ${turns.length} turns of the loop above ${short} ms, ` +
      `99.9 % took less than ${high.toFixed(1)} ms, the longest ${(turns.at(-1) ?? 0).toFixed(1)} ms`;
    console.log(line);
    const file = process.env['RNN_LOAD_RESULTS'];
    if (file !== undefined) appendFileSync(file, `${line}\n`);
    const kinds = kept.map(countOf).join(' | ');
    assert.deepEqual(grown, [], `grown: ${line}; handles at each look: ${kinds}`);
    assert.ok(high < longestTurn, line);
  }
}
