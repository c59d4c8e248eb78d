// The editor's side of a worker without the thread: it answers for the files, asks, and hears events. What goes over is
// cloned and moved as between threads.
import type { Entry } from '../../src/config/index.js';
import type { Kernels } from '../../src/engine/index.js';
import type { RunSummary, WorkerContract, WorkerHostContract } from '../../src/protocol/messages.js';
import { Channel } from '../../src/protocol/rpc.js';
import type { Port } from '../../src/protocol/rpc.js';
import { Service } from '../../src/worker/thread/service.js';
import type { InMemory } from '../unit/config/memory.js';

export type Bytes = Readonly<Record<string, Uint8Array>>;

/** The same on every machine, and asked for once. */
const capacity = { whole: 2 ** 30, most: 2 ** 31 };

/** Files as a map from names to bytes; a file is found under `./` too, and some names stand for what cannot be read. */
export function memoryFiles(files: Bytes): { read: (reference: string, from: string | null) => Promise<InMemory> } {
  return {
    read(reference: string): Promise<InMemory> {
      const id = reference.replace(/^(?:\.\/)+/, '');
      const bytes = Object.hasOwn(files, id) ? files[id] : undefined;
      if (bytes !== undefined) return Promise.resolve({ ok: true, id, bytes });
      if (/^folder\/?$|^\.*\/*$/.test(id)) return Promise.resolve({ ok: false, id, reason: 'folder', detail: '' });
      if (id.startsWith('/dev/') || id.includes('\u0000'))
        return Promise.resolve({ ok: false, id, reason: 'unreadable', detail: 'not a regular file' });
      return Promise.resolve({ ok: false, id, reason: id.startsWith('~') ? 'unplaced' : 'missing', detail: '' });
    },
  };
}

/** Two ends of a hop; a message arrives after whoever sent it has gone on, as one between threads does. */
function hop(): [Port, Port] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const end = (mine: number): Port => ({
    post(message, transfer) {
      const copy = structuredClone(message, { transfer: [...transfer] });
      queueMicrotask(() => listeners[1 - mine]?.forEach((listener) => listener(copy)));
    },
    onMessage: (listener) => {
      listeners[mine]?.push(listener);
    },
  });
  return [end(0), end(1)];
}

export class Desk {
  files: Bytes = {};
  /** Of the last run. */
  summary: RunSummary | null = null;
  readonly #channel: Channel<WorkerHostContract, WorkerContract>;
  /** What a message broke without anybody waiting for it. */
  readonly #faults: string[] = [];
  #runs = 0;

  constructor(kernels: Kernels | null) {
    const [here, there] = hop();
    this.#channel = new Channel<WorkerHostContract, WorkerContract>(
      here,
      {
        readFile: async ({ reference, from, known }) => {
          const content = await memoryFiles(this.files).read(reference, from);
          if (!content.ok) return content;
          const version = `${content.id} ${Buffer.from(content.bytes).toString('latin1')}`;
          return { ...content, version, bytes: version === known ? new Uint8Array() : content.bytes.slice() };
        },
      },
      {
        progress: () => undefined,
        problems: () => undefined,
        summary: (summary) => {
          this.summary = summary;
        },
        spectrum: () => undefined,
        begun: () => undefined,
        failed: ({ message }) => void this.#faults.push(message),
      },
      { checks: 'trusted', onFault: ({ message }) => void this.#faults.push(message) },
    );
    new Service(there, kernels, capacity);
  }

  async ask<Name extends keyof WorkerContract['requests']>(
    name: Name,
    params: WorkerContract['requests'][Name]['params'],
  ): Promise<WorkerContract['requests'][Name]['result']> {
    const answer = await this.#channel.request(name, params);
    if (this.#faults.length > 0) throw new Error(`A message failed: ${this.#faults.splice(0).join(' / ')}`);
    return answer;
  }

  async run(
    entry: Entry,
    bounds: WorkerContract['requests']['run']['params']['bounds'],
    layer: number,
  ): Promise<{ runId: number; outcome: WorkerContract['requests']['run']['result'] }> {
    const runId = ++this.#runs;
    return {
      runId,
      outcome: await this.ask('run', {
        runId,
        entry,
        bounds,
        layer,
        awaitsPicture: false,
        cancel: new SharedArrayBuffer(4),
      }),
    };
  }

  close(): void {
    this.#channel.close('The mutation is over.');
  }
}
