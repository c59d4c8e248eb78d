// The engine on the thread that asks it, where a browser gives no worker: it computes for 8 ms at a time, so that
// whoever shares the thread has his turn within half a frame, and a cancel is heard as a message.
import type { Port } from '../../protocol/index.js';
import { shareThread } from '../scheduling/scheduler.js';
import { loadKernels } from './loadKernels.web.js';
import { Service } from './service.js';

/** Where messages to the engine go, once it is there. */
export type Engine = { readonly post: Port['post']; readonly end: () => void };

/** How long it keeps the thread at once, ms. */
export const sliceHere = 8;

export function engineHere(hear: (message: unknown) => void): Engine {
  shareThread(sliceHere);
  // Messages pass through a channel as they would to a worker: later, and what is moved is empty here afterwards.
  const { port1: asking, port2: answering } = new MessageChannel();
  const service = new Service(
    {
      post: (message, transfer) => answering.postMessage(message, [...transfer]),
      onMessage: (listener) => {
        answering.onmessage = ({ data }: MessageEvent<unknown>) => listener(data);
      },
    },
    loadKernels(),
  );
  asking.onmessage = ({ data }: MessageEvent<unknown>) => hear(data);
  return {
    post: (message, transfer) => asking.postMessage(message, [...transfer]),
    end: () => {
      service.end();
      asking.close();
      answering.close();
    },
  };
}
