/** One side of a message hop: `parentPort`, a `Worker`, a `Webview` or `acquireVsCodeApi()`, wrapped by its owner. */
export type Port = {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
};

/** name → what the caller gives and gets. */
export type RequestTable = Record<string, { readonly params: unknown; readonly result: unknown }>;
/** name → payload of a message that nobody answers. */
export type EventTable = Record<string, unknown>;
/** A side that answers nothing, or hears nothing. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- an empty table is what is meant
export type None = Record<never, never>;
export type Contract = { readonly requests: RequestTable; readonly events: EventTable };

export type RequestHandlers<C extends Contract> = {
  [K in keyof C['requests']]: (
    params: C['requests'][K]['params'],
  ) => C['requests'][K]['result'] | Promise<C['requests'][K]['result']>;
};
export type EventHandlers<C extends Contract> = { [K in keyof C['events']]: (payload: C['events'][K]) => void };

type Message =
  | { readonly type: 'request'; readonly id: number; readonly name: string; readonly params: unknown }
  | { readonly type: 'ok'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string }
  | { readonly type: 'event'; readonly name: string; readonly payload: unknown };

/** The other side is gone (dead worker, closed panel): every waiting caller gets this. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed';
}

/** Buffers of the typed arrays directly inside an object, so that a message moves them instead of copying. */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const visit = (item: unknown, depth: number): void => {
    if (ArrayBuffer.isView(item)) {
      if (item.buffer instanceof ArrayBuffer) buffers.add(item.buffer);
    } else if (typeof item === 'object' && item !== null && depth < 4) {
      for (const inner of Object.values(item)) visit(inner, depth + 1);
    }
  };
  visit(value, 0);
  return [...buffers];
}

/**
 * Typed requests, answers and events in both directions over one port. A handler that throws rejects its caller;
 * closing rejects everyone who waits. `Local` is what this side answers, `Remote` what the other side answers.
 * Typed arrays in answers and in `transfer` move to the other side and are empty here afterwards.
 */
export class Channel<Local extends Contract, Remote extends Contract> {
  readonly #port: Port;
  readonly #handlers: RequestHandlers<Local>;
  readonly #events: EventHandlers<Local>;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #closed: ChannelClosed | null = null;

  constructor(port: Port, handlers: RequestHandlers<Local>, events: EventHandlers<Local>) {
    this.#port = port;
    this.#handlers = handlers;
    this.#events = events;
    port.onMessage((message) => this.#receive(message as Message));
  }

  request<K extends keyof Remote['requests'] & string>(
    name: K,
    params: Remote['requests'][K]['params'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Remote['requests'][K]['result']> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ type: 'request', id, name, params }, transfer);
    });
  }

  emit<K extends keyof Remote['events'] & string>(
    name: K,
    payload: Remote['events'][K],
    transfer: readonly ArrayBuffer[] = [],
  ): void {
    if (this.#closed === null) this.#post({ type: 'event', name, payload }, transfer);
  }

  /** Rejects everyone who waits and lets nothing more out or in. */
  close(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = new ChannelClosed(reason);
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }

  #post(message: Message, transfer: readonly ArrayBuffer[]): void {
    this.#port.post(message, transfer);
  }

  #receive(message: Message): void {
    if (this.#closed !== null) return;
    switch (message.type) {
      case 'event':
        (this.#events[message.name] as (payload: unknown) => void)(message.payload);
        return;
      case 'request':
        void this.#answer(message.id, message.name, message.params);
        return;
      case 'ok':
      case 'error': {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.type === 'ok') waiting?.resolve(message.result as never);
        else waiting?.reject(new Error(message.message));
      }
    }
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    try {
      const result = await (this.#handlers[name] as (params: unknown) => unknown)(params);
      if (this.#closed === null) this.#post({ type: 'ok', id, result }, buffersOf(result));
    } catch (error) {
      if (this.#closed === null)
        this.#post({ type: 'error', id, message: error instanceof Error ? error.message : String(error) }, []);
    }
  }
}
