import { shown } from './checks.js';
import type { Check } from './checks.js';
import { errorMessage, errorStack } from './errorMessage.js';

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
/** A handler may go on for a while: what its promise is rejected with is a fault like what it throws. */
export type EventHandlers<C extends Contract> = { [K in keyof C['events']]: (payload: C['events'][K]) => unknown };

/** One check for each name of a contract: what a request asks with, what an event carries. */
export type Checks<C extends Contract> = {
  readonly requests: { readonly [K in keyof C['requests']]: Check<C['requests'][K]['params']> };
  readonly events: { readonly [K in keyof C['events']]: Check<C['events'][K]> };
};
/** How what arrives is received. */
export type Border<C extends Contract> = {
  /**
   * `trusted`: the other side is the host of this one, or a thread that this one has started. Names are looked up all
   * the same.
   */
  readonly checks: Checks<C> | 'trusted';
  /**
   * Hears what nobody waits for: a message that is none, an unknown event or a wrong one, a handler of an event that
   * threw.
   */
  readonly onFault: (error: Error) => void;
  /** What an error of a handler is told as; its own message when left out. */
  readonly words?: (error: unknown) => string;
  /**
   * An answer could not be sent, not even as an error: who has asked waits in vain, unless this ends the other side.
   * Thrown where it is left out.
   */
  readonly onUnanswered?: (error: Error) => void;
};

type Message =
  | { readonly type: 'request'; readonly id: number; readonly name: string; readonly params: unknown }
  | { readonly type: 'ok'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string; readonly stack?: string }
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

/** What arrived, once it has the form of a message; what it carries is not looked at. */
function messageIn(value: unknown): Message | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, id, name, message } = value as Readonly<Record<string, unknown>>;
  const isMessage =
    (type === 'event' && typeof name === 'string') ||
    (Number.isSafeInteger(id) &&
      (type === 'ok' ||
        (type === 'error' && typeof message === 'string') ||
        (type === 'request' && typeof name === 'string')));
  return isMessage ? (value as Message) : null;
}

/** It was thrown on the other side: where it arrives tells nobody anything. */
function errorOf({ message, stack }: Extract<Message, { readonly type: 'error' }>): Error {
  const error = new Error(message);
  if (typeof stack === 'string') error.stack = stack;
  return error;
}

/**
 * Typed requests, answers and events in both directions over one port. A handler that throws rejects its caller;
 * closing rejects everyone who waits. `Local` is what this side answers, `Remote` what the other side answers.
 * Typed arrays in answers and in `transfer` move to the other side and are empty here afterwards.
 *
 * Invariant: no message ends the listener, whatever stands in it. A request that is unknown or wrong is answered with
 * an error that names it and the field; everything else goes to `onFault`.
 */
export class Channel<Local extends Contract, Remote extends Contract> {
  readonly #port: Port;
  readonly #handlers: RequestHandlers<Local>;
  readonly #events: EventHandlers<Local>;
  readonly #border: Border<Local>;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #closed: ChannelClosed | null = null;

  constructor(port: Port, handlers: RequestHandlers<Local>, events: EventHandlers<Local>, border: Border<Local>) {
    this.#port = port;
    this.#handlers = handlers;
    this.#events = events;
    this.#border = border;
    port.onMessage((message) => this.#receive(message));
  }

  request<K extends keyof Remote['requests'] & string>(
    name: K,
    params: Remote['requests'][K]['params'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Remote['requests'][K]['result']> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#post({ type: 'request', id, name, params }, transfer);
      // Only what was sent is answered.
      this.#waiting.set(id, { resolve, reject });
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

  #receive(arrived: unknown): void {
    if (this.#closed !== null) return;
    const message = messageIn(arrived);
    switch (message?.type) {
      case undefined:
        this.#border.onFault(new Error(`What arrived is no message: ${shown(arrived)}. It was left alone.`));
        return;
      case 'event':
        void this.#hear(message.name, message.payload);
        return;
      case 'request':
        void this.#answer(message.id, message.name, message.params);
        return;
      case 'ok':
      case 'error': {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (waiting === undefined) this.#hearStray(message.id);
        else if (message.type === 'ok') waiting.resolve(message.result as never);
        else waiting.reject(errorOf(message));
      }
    }
  }

  /**
   * An answer that nobody waits for. From a host it is none of its faults: a page that was loaded again gets what the
   * one before it had asked.
   */
  #hearStray(id: number): void {
    const { checks, onFault } = this.#border;
    if (checks !== 'trusted')
      onFault(new Error(`An answer came to request ${id}, for which nobody waits. It was left alone.`));
  }

  /** The handler of this name. Only what stands in the table itself counts, not what every object inherits. */
  #find(what: 'request' | 'event', name: string, carried: unknown): (carried: unknown) => unknown {
    const table: object = what === 'request' ? this.#handlers : this.#events;
    const { checks } = this.#border;
    const ofTable: object = checks === 'trusted' ? {} : what === 'request' ? checks.requests : checks.events;
    if (!Object.hasOwn(table, name))
      throw new Error(`There is no ${what} ${shown(name)}. Known: ${Object.keys(table).join(', ') || 'none'}.`);
    const fault = (ofTable as Readonly<Record<string, Check<unknown>>>)[name]?.(carried) ?? null;
    if (fault !== null)
      throw new Error(
        `The ${what} "${name}" was refused: ${name}${fault.at} must be ${fault.expected}, found ${shown(fault.found)}.`,
      );
    return (table as Readonly<Record<string, (carried: unknown) => unknown>>)[name] as (carried: unknown) => unknown;
  }

  async #hear(name: string, payload: unknown): Promise<void> {
    try {
      await this.#find('event', name, payload)(payload);
    } catch (error) {
      this.#border.onFault(new Error(`The event ${shown(name)} failed: ${errorMessage(error)}`, { cause: error }));
    }
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    try {
      const result = await this.#find('request', name, params)(params);
      if (this.#closed === null) this.#post({ type: 'ok', id, result }, buffersOf(result));
    } catch (error) {
      if (this.#closed === null) this.#refuse(id, name, error);
    }
  }

  #refuse(id: number, name: string, error: unknown): void {
    const { words = errorMessage, onUnanswered } = this.#border;
    try {
      this.#post({ type: 'error', id, message: words(error), stack: errorStack(error) }, []);
    } catch (cause) {
      const lost = new Error(`The request ${shown(name)} could not be answered: ${errorMessage(cause)}`, { cause });
      if (onUnanswered === undefined) throw lost;
      onUnanswered(lost);
    }
  }
}
