// A thread of its own for the engine, in Node. In a browser its twin (startThread.web.ts) stands in this place.
import { Worker } from 'node:worker_threads';
import type { ResourceLimits } from 'node:worker_threads';
import { t } from '@vscode/l10n';
import type { Language } from '../../l10n.js';
import type { Port } from '../../protocol/index.js';

/** What the thread is given before its first message; 0 threads: as many as are worth it here. */
export type EngineData = { readonly language: Language; readonly threads: number };

/** A running engine: messages to it and from it, and its end, after which it says nothing more. */
export type Thread = { readonly port: Port; readonly end: () => void };

/** The bundle in `dist` that runs as the thread. */
export const threadFile = (): string => 'worker.js';

/** `died` hears what it said, when it ends by itself. */
export function startThread(
  file: string,
  data: EngineData,
  died: (message: string) => void,
  resourceLimits?: ResourceLimits,
): Thread {
  const worker = new Worker(file, {
    workerData: data,
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
  worker.on('error', (error: Error & { code?: string }) =>
    died(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? t('The engine ran out of memory. Fewer or shorter sequences, or a smaller hidden size, need less.')
        : t('The engine stopped: {0}', error.message),
    ),
  );
  worker.on('exit', (code) => died(t('The engine stopped with exit code {0}.', code)));
  return {
    port: {
      post: (message, transfer) => worker.postMessage(message, [...transfer]),
      onMessage: (listener) => worker.on('message', listener),
    },
    end: () => void worker.terminate(),
  };
}
