// What stands in for Node's ways in a browser: threads that may be refused, slices, base64, memory.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { SentFile } from '../../../src/config/read/fileAccess.js';
import { defaultBounds } from '../../../src/engine/index.js';
import { Channel } from '../../../src/protocol/rpc.js';
import type { RunSummary, WorkerContract, WorkerHostContract } from '../../../src/protocol/messages.js';
import { base64 } from '../../../src/worker/record/base64.web.js';
import { drive, shareThread } from '../../../src/worker/scheduling/scheduler.js';
import { sliceHere } from '../../../src/worker/thread/engineHere.web.js';
import { loadKernels } from '../../../src/worker/thread/loadKernels.web.js';
import { machineMemory } from '../../../src/worker/thread/machineMemory.web.js';
import { Service } from '../../../src/worker/thread/service.js';
import { ready, startThread, threadFile } from '../../../src/worker/thread/startThread.web.js';
import { configOf, referenceCase } from '../../support/experiments.js';

const data = { language: { name: 'en', bundle: {} }, threads: 0 };
const entry = { kind: 'config', config: 'web.rnn.json' } as const;
const global = globalThis as unknown as Record<string, unknown>;
const { WebAssembly: own, performance: clock, setImmediate: immediate } = globalThis;

/** A worker of a browser as far as the client knows it; the tests play its thread. */
class PlayedWorker {
  static readonly made: PlayedWorker[] = [];
  readonly sent: unknown[] = [];
  ended = false;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  onerror: ((event: { readonly message: string; preventDefault(): void }) => void) | null = null;

  constructor(readonly file: string) {
    PlayedWorker.made.push(this);
  }

  postMessage(message: unknown): void {
    this.sent.push(message);
  }

  terminate(): void {
    this.ended = true;
  }

  says(message: unknown): void {
    this.onmessage?.({ data: message });
  }

  fails(message: string): void {
    this.onerror?.({ message, preventDefault: () => undefined });
  }
}

type Probe = { readonly heard: unknown[]; readonly deaths: string[]; readonly thread: ReturnType<typeof startThread> };

function probe(): Probe {
  const [heard, deaths]: [unknown[], string[]] = [[], []];
  const thread = startThread(threadFile(), data, (message) => deaths.push(message));
  thread.port.onMessage((message) => heard.push(message));
  return { heard, deaths, thread };
}

const lastWorker = (): PlayedWorker => PlayedWorker.made.at(-1) ?? assert.fail('no worker was asked for');

afterEach(() => {
  delete global['Worker'];
  Object.assign(globalThis, { WebAssembly: own, setImmediate: immediate });
  Object.defineProperty(globalThis, 'performance', { value: clock, configurable: true, writable: true });
  shareThread(12);
});

describe('a thread in a browser', () => {
  it('is told what it starts with, then all that was said before it was up, in that order', () => {
    global['Worker'] = PlayedWorker;
    const { heard, deaths, thread } = probe();
    const worker = lastWorker();
    assert.equal(worker.file, 'web.js');
    thread.port.post('first', []);
    thread.port.post('second', []);
    assert.deepEqual(worker.sent, []);
    worker.says(ready);
    thread.port.post('third', []);
    assert.deepEqual(worker.sent, [data, 'first', 'second', 'third']);
    worker.says('an answer');
    assert.deepEqual(heard, ['an answer']);
    thread.end();
    assert.ok(worker.ended);
    worker.says('too late');
    worker.fails('too late');
    assert.deepEqual([heard, deaths], [['an answer'], []]);
  });

  it('that fails once it is up has died of it, and is ended', () => {
    global['Worker'] = PlayedWorker;
    const { deaths } = probe();
    const worker = lastWorker();
    worker.says(ready);
    worker.fails('out of memory');
    assert.deepEqual(deaths, ['The engine stopped: out of memory']);
    assert.ok(worker.ended);
  });

  /** A run through whatever answers at the port. */
  async function run(onRun: (channel: Channel<WorkerHostContract, WorkerContract>) => void) {
    const summaries: RunSummary[] = [];
    const { thread } = probe();
    const given = referenceCase('typical');
    const channel: Channel<WorkerHostContract, WorkerContract> = new Channel<WorkerHostContract, WorkerContract>(
      thread.port,
      { readFile: (): SentFile => ({ ok: true, id: entry.config, bytes: new TextEncoder().encode(configOf(given)) }) },
      {
        progress: ({ phase }) => {
          if (phase === 'read') onRun(channel);
        },
        problems: () => undefined,
        summary: (summary) => summaries.push(summary),
        spectrum: () => undefined,
        begun: () => undefined,
        failed: ({ message }) => assert.fail(message),
      },
      { checks: 'trusted', onFault: (error) => assert.fail(error) },
    );
    try {
      const request = { runId: 1, entry, bounds: defaultBounds, layer: null, awaitsPicture: false, cancel: 7 };
      return { outcome: await channel.request('run', request), summaries, given };
    } finally {
      thread.end();
    }
  }

  it('that never comes up is replaced by the asking one, which has the same numbers', async () => {
    global['Worker'] = PlayedWorker;
    const asked = PlayedWorker.made.length;
    setTimeout(() => lastWorker().fails('its script was refused'), 1);
    const { outcome, summaries, given } = await run(() => undefined);
    assert.equal(PlayedWorker.made.length, asked + 1);
    assert.equal(outcome.kind, 'done');
    const { dh } = summaries[0]?.layers[0].log10 ?? assert.fail();
    given.expected.norms.log10dh.forEach((wanted, t) => {
      assert.ok(Object.is(dh[t], wanted ?? -Infinity) || Math.abs((dh[t] ?? NaN) - (wanted ?? 0)) <= 1e-10, `t ${t}`);
    });
  });

  it('is not asked for again by a window that has refused one, and stops for a message', async () => {
    global['Worker'] = function refuse() {
      assert.fail('a worker was asked for');
    };
    const { outcome, summaries } = await run((channel) => channel.emit('stop', { flag: 7 }));
    assert.deepEqual([outcome.kind, summaries], ['cancelled', []]);
  });
});

describe('a service that ends without its thread', () => {
  /** What becomes of a run, or the first event that it tells; `asked` when its file is asked for. */
  const outcomeOf = (ahead: boolean, asked: (service: Service) => void): Promise<unknown> =>
    new Promise((resolve) => {
      let tell: (message: unknown) => void = () => undefined;
      const service = new Service({
        post: (message) => {
          const { type, name, id, result } = message as Readonly<Record<string, unknown>>;
          if (type === 'request') {
            const bytes = new TextEncoder().encode(configOf(referenceCase('typical')));
            asked(service);
            const file: SentFile = { ok: true, id: entry.config, bytes };
            queueMicrotask(() => tell({ type: 'ok', id, result: file }));
          } else if (name !== 'progress') resolve(name ?? result);
        },
        onMessage: (listener) => {
          tell = listener;
        },
      });
      const run = { runId: 1, entry, bounds: defaultBounds, layer: null, awaitsPicture: false, cancel: null };
      tell({ type: 'request', id: 1, name: 'run', params: { ...run, ahead } });
    });
  const cancelled = { kind: 'cancelled', problems: [] };

  it('stops the run that is under way', async () => {
    // The file comes once nobody is there any more.
    assert.deepEqual(await outcomeOf(false, (service) => service.end()), cancelled);
  });

  it('stops a run that waits to be due', async () => {
    // By then nothing is left to do but to wait.
    assert.deepEqual(await outcomeOf(true, (service) => setTimeout(() => service.end(), 200)), cancelled);
  });
});

describe('a shared thread', () => {
  it('is kept for 8 ms at once: so long a step it is, and no step more', async () => {
    let now = 0;
    const pauses: number[] = [];
    Object.defineProperty(globalThis, 'performance', {
      value: { now: () => now },
      configurable: true,
      writable: true,
    });
    global['setImmediate'] = (go: () => void) => {
      pauses.push(now);
      immediate(go);
    };
    shareThread(sliceHere);
    await drive(
      (function* () {
        for (let step = 0; step < 100; step++) {
          now += 1;
          yield step / 100;
        }
        return null;
      })(),
      () => undefined,
      () => undefined,
    );
    assert.equal(sliceHere, 8);
    assert.deepEqual(
      pauses,
      Array.from({ length: 12 }, (_, i) => 8 * (i + 1)),
    );
  });
});

describe('what a browser does in another way', () => {
  it('base64 is that of Node, for every remainder and across the pieces', () => {
    for (const length of [0, 1, 2, 3, 4, 255, 24_575, 24_576, 24_577, 49_154]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 8)) & 255);
      assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'), `${length} bytes`);
    }
  });

  it('memory is what the browser tells, and never more than a tab gets', () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator') ?? assert.fail();
    try {
      for (const [deviceMemory, gibibytes] of [
        [undefined, 4],
        [0.5, 0.5],
        [8, 4],
      ]) {
        Object.defineProperty(globalThis, 'navigator', { value: { deviceMemory }, configurable: true });
        assert.equal(machineMemory(), (gibibytes ?? NaN) * 2 ** 30);
      }
    } finally {
      Object.defineProperty(globalThis, 'navigator', before);
    }
  });

  it('kernels are left out where the policy of the window forbids them', () => {
    // One thread, whatever the machine has.
    assert.equal((loadKernels() ?? assert.fail()).team, null);
    Object.assign(globalThis, {
      WebAssembly: {
        ...Object.fromEntries(Object.getOwnPropertyNames(own).map((name) => [name, Reflect.get(own, name)])),
        Module: function refuse() {
          throw new own.CompileError('Wasm code generation disallowed by embedder');
        },
      },
    });
    assert.equal(loadKernels(), null);
  });
});
