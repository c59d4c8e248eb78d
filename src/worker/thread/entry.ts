import { parentPort, workerData } from 'node:worker_threads';
import { setLanguage } from '../../l10n.js';
import { loadKernels } from './loadKernels.js';
import { Service } from './service.js';
import type { EngineData } from './startThread.js';
import { help, isHelper } from './threadTeam.js';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
if (isHelper(workerData)) help(workerData);
else {
  // The tests start the thread without a language and a number of threads: English, and as many as are worth it.
  const data = workerData as EngineData | null;
  setLanguage(data?.language);
  new Service(
    {
      post: (message, transfer) => port.postMessage(message, [...transfer]),
      onMessage: (listener) => port.on('message', listener),
    },
    loadKernels(__filename, data?.threads),
  );
}
