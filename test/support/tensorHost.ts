// The host of the viewer: one file in this process, read by the real worker logic over the real channel.
import { tensorViewChecks } from '../../src/panel/messageChecks.js';
import type { WorkerContract, WorkerHostContract } from '../../src/protocol/messages.js';
import { Channel } from '../../src/protocol/rpc.js';
import type { TensorList, TensorPageContract, TensorViewContract } from '../../src/protocol/tensorMessages.js';
import { Service } from '../../src/worker/thread/service.js';
import { wire } from './wire.js';

export class TensorHost {
  readonly sent: { [K in keyof TensorViewContract['events']]: TensorViewContract['events'][K][] } = {
    ready: [],
    run: [],
    copyPython: [],
    failed: [],
  };
  /** The tensors whose facts the page has asked for. */
  readonly asked: number[] = [];
  onFault: (message: string) => void = (message) => {
    throw new Error(message);
  };
  readonly #file: string;
  #bytes: Uint8Array;
  #reading = 0;
  readonly #worker: Channel<WorkerHostContract, WorkerContract>;
  #page: Channel<TensorViewContract, TensorPageContract> | null = null;

  constructor(file: string, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = bytes;
    const [here, there] = wire();
    new Service(there, null);
    this.#worker = new Channel<WorkerHostContract, WorkerContract>(
      here,
      { readFile: () => ({ ok: true, id: this.#file, bytes: this.#bytes.slice() }) },
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

  /** Another program has written the file. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#bytes = bytes;
    await this.#tell();
  }

  connect(post: (message: unknown) => void): (message: unknown) => void {
    let receive: (message: unknown) => void = () => undefined;
    this.#page?.close('The page was loaded again.');
    this.#page = new Channel<TensorViewContract, TensorPageContract>(
      {
        post,
        onMessage: (listener) => {
          receive = listener;
        },
      },
      {
        tensorFacts: (place) => {
          this.asked.push(place.index);
          return this.#worker.request('tensorFacts', place);
        },
        tensorPicture: (request) => this.#worker.request('tensorPicture', request),
      },
      {
        ready: async () => {
          this.sent.ready.push(null);
          await this.#tell();
        },
        run: (network) => void this.sent.run.push(network),
        copyPython: (lines) => void this.sent.copyPython.push(lines),
        failed: (message) => void this.sent.failed.push(message),
      },
      { checks: tensorViewChecks, onFault: ({ message }) => this.onFault(message) },
    );
    return (message) => receive(message);
  }

  async #tell(): Promise<void> {
    const reading = ++this.#reading;
    const list: TensorList | null = await this.#worker.request('tensors', { file: this.#file, reading });
    if (list !== null)
      this.#page?.emit('tensors', { ...list, reading, name: this.#file, bytes: this.#bytes.byteLength });
  }
}
