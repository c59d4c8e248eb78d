import { parentPort } from 'node:worker_threads';
import { loadKernels } from './kernels.js';
import { Service } from './service.js';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
new Service({
  post: (message, transfer) => port.postMessage(message, [...transfer]),
  onMessage: (listener) => port.on('message', listener),
}, loadKernels());
