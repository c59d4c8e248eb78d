// The host of the preview of sequences: files in this process, read by the real worker logic over the real channel.
import path from 'node:path';
import { sequenceViewChecks } from '../../src/panel/messageChecks.js';
import type { WorkerContract, WorkerHostContract } from '../../src/protocol/messages.js';
import { Channel } from '../../src/protocol/rpc.js';
import type {
  SequenceChoice,
  SequenceList,
  SequencePageContract,
  SequenceViewContract,
  ShownSequences,
} from '../../src/protocol/sequenceMessages.js';
import { Service } from '../../src/worker/thread/service.js';
import { wire } from './wire.js';

export class SequenceHost {
  readonly sent: { [K in keyof SequenceViewContract['events']]: SequenceViewContract['events'][K][] } = {
    ready: [],
    choose: [],
    run: [],
    otherWeights: [],
    saveAsConfig: [],
    failed: [],
  };
  onFault: (message: string) => void = (message) => {
    throw new Error(message);
  };
  weights: ShownSequences['weights'] = null;
  /** Answers wait here until somebody lets them go; null: they go at once. */
  held: (() => void)[] | null = null;
  readonly #file: string;
  readonly #files: Map<string, Uint8Array>;
  #choice: SequenceChoice = { options: {}, array: null };
  #reading = 0;
  readonly #worker: Channel<WorkerHostContract, WorkerContract>;
  #page: Channel<SequenceViewContract, SequencePageContract> | null = null;

  /** `file`: one of the files, which lie beside each other. */
  constructor(file: string, files: Readonly<Record<string, Uint8Array | string>>) {
    this.#file = file;
    const bytesOf = (content: Uint8Array | string): Uint8Array =>
      typeof content === 'string' ? new TextEncoder().encode(content) : content;
    this.#files = new Map(Object.entries(files).map(([name, content]) => [name, bytesOf(content)]));
    const [here, there] = wire();
    new Service(there, null);
    this.#worker = new Channel<WorkerHostContract, WorkerContract>(
      here,
      {
        readFile: ({ reference }) => {
          const id = path.posix.normalize(reference);
          const bytes = this.#files.get(id);
          return bytes === undefined
            ? { ok: false, id, reason: 'missing', detail: 'there is none' }
            : { ok: true, id, bytes: bytes.slice() };
        },
      },
      {
        progress: () => undefined,
        problems: () => undefined,
        summary: () => undefined,
        spectrum: () => undefined,
        begun: () => undefined,
        failed: ({ message }) => this.onFault(message),
      },
      { checks: 'trusted', onFault: ({ message }) => this.onFault(message) },
    );
  }

  /** Another program has written a file. */
  async write(file: string, content: string): Promise<void> {
    this.#files.set(file, new TextEncoder().encode(content));
    await this.tell();
  }

  connect(post: (message: unknown) => void): (message: unknown) => void {
    let receive: (message: unknown) => void = () => undefined;
    this.#page?.close('The page was loaded again.');
    this.#page = new Channel<SequenceViewContract, SequencePageContract>(
      {
        post,
        onMessage: (listener) => {
          receive = listener;
        },
      },
      { previewLines: (request) => this.#worker.request('previewLines', request) },
      {
        ready: async (choice) => {
          this.sent.ready.push(choice);
          this.#choice = choice ?? this.#choice;
          await this.tell();
        },
        choose: async (choice) => {
          this.sent.choose.push(choice);
          this.#choice = choice;
          await this.tell();
        },
        run: (choice) => void this.sent.run.push(choice),
        otherWeights: (choice) => void this.sent.otherWeights.push(choice),
        saveAsConfig: (choice) => void this.sent.saveAsConfig.push(choice),
        failed: (message) => void this.sent.failed.push(message),
      },
      { checks: sequenceViewChecks, onFault: ({ message }) => this.onFault(message) },
    );
    return (message) => receive(message);
  }

  async tell(): Promise<void> {
    const reading = ++this.#reading;
    const asked = this.#choice;
    const request = { file: this.#file, reading, ...asked };
    const list: SequenceList | null = await this.#worker.request('sequences', request);
    if (list === null) return;
    const { held } = this;
    if (held !== null) await new Promise<void>((resolve) => void held.push(resolve));
    const { weights } = this;
    this.#page?.emit('sequences', { ...list, reading, asked, name: this.#file, weights });
  }
}
