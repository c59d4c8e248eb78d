import { parentPort, workerData } from 'node:worker_threads';
import { setLanguage } from '../l10n.js';
import type { EngineData } from './client.js';
import { loadKernels } from './kernels.js';
import { Service } from './service.js';
import { help, isHelper, threadsHere, WorkerTeam } from './team.js';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
if (isHelper(workerData)) help(workerData);
else {
  // The bench and the tests start the thread without a language: English.
  setLanguage((workerData as EngineData | null)?.language);
  const kernels = loadKernels();
  if (kernels !== null) kernels.team = new WorkerTeam(kernels, __filename, threadsHere() - 1);
  new Service({
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    onMessage: (listener) => port.on('message', listener),
  }, kernels);
}
