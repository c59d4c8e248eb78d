// A thread of its own for the engine, in a browser: a worker that runs this very bundle. Some windows refuse one (a
// policy of trusted types, a frame inside of frames); there the engine runs on the thread that asks, in short slices.
import { t } from '@vscode/l10n';
import { errorMessage } from '../../protocol/index.js';
import type { Port } from '../../protocol/index.js';
import type { Engine } from './engineHere.web.js';
import type * as node from './startThread.js';

export const threadFile: typeof node.threadFile = () => 'web.js';

/** The first message of a worker, once it listens. */
export const ready = 'ready';

/** A window that has refused one worker is not asked again. */
let refused = false;

/** `refuse` when no worker comes up; `died` when one that was up ends by itself. */
function startWorker(
  file: string,
  data: node.EngineData,
  hear: (message: unknown) => void,
  on: { readonly up: () => void; readonly refuse: () => void; readonly died: (message: string) => void },
): Engine | null {
  let worker: Worker;
  try {
    worker = new Worker(file);
  } catch {
    // Each browser throws an error of another class; what all of them mean is that there will be no worker.
    on.refuse();
    return null;
  }
  let isUp = false;
  worker.onmessage = ({ data: message }: MessageEvent<unknown>) => {
    if (isUp) {
      hear(message);
      return;
    }
    isUp = true;
    worker.postMessage(data);
    on.up();
  };
  const fail = (message: string): void => {
    worker.terminate();
    if (isUp) on.died(t('The engine stopped: {0}', message));
    else on.refuse();
  };
  worker.onmessageerror = ({ type }) => fail(type);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  return { post: (message, transfer) => worker.postMessage(message, [...transfer]), end: () => worker.terminate() };
}

export const startThread: typeof node.startThread = (file, data, died) => {
  const listeners: ((message: unknown) => void)[] = [];
  const waiting: Parameters<Port['post']>[] = [];
  let engine: Engine | null = null;
  let isUp = false;
  let ended = false;
  const hear = (message: unknown): void => {
    if (!ended) for (const listener of listeners) listener(message);
  };
  const up = (): void => {
    isUp = true;
    for (const [message, transfer] of waiting.splice(0)) engine?.post(message, transfer);
  };
  const die = (message: string): void => {
    if (!ended) died(message);
  };
  const runHere = async (): Promise<void> => {
    refused = true;
    // Only where it is needed: the engine's half of the bundle sleeps otherwise.
    const { engineHere } = await import('./engineHere.web.js');
    if (ended) return;
    engine = engineHere(hear);
    up();
  };
  const refuse = (): void => {
    runHere().catch((error: unknown) => die(t('The engine stopped: {0}', errorMessage(error))));
  };
  if (refused) refuse();
  else engine = startWorker(file, data, hear, { up, refuse, died: die });
  return {
    port: {
      post: (message, transfer) => {
        if (ended) return;
        if (isUp) engine?.post(message, transfer);
        else waiting.push([message, transfer]);
      },
      onMessage: (listener) => listeners.push(listener),
    },
    end: () => {
      ended = true;
      engine?.end();
    },
  };
};
