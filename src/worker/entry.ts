import { parentPort, workerData } from 'node:worker_threads';
import { loadKernels } from './kernels.js';
import { Service } from './service.js';
import { help, isHelper, threadsHere, WorkerTeam } from './team.js';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
if (isHelper(workerData)) help(workerData);
else {
  const kernels = loadKernels();
  if (kernels !== null) kernels.team = new WorkerTeam(kernels, __filename, threadsHere() - 1);
  new Service({
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    onMessage: (listener) => port.on('message', listener),
  }, kernels);
}
