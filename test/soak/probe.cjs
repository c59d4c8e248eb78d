// Loaded into VS Code's server by NODE_OPTIONS: has the extension host and its worker threads write down what they hold
// after a garbage collection, a line of JSON each time, into the folder that RNN_SOAK_FOLDER names.
'use strict';
const { appendFileSync } = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { isMainThread, threadId } = require('node:worker_threads');
const { followIntoExtensionHost, inExtensionHost } = require('../support/extensionHost.cjs');

function sample() {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const file = path.join(
    process.env.RNN_SOAK_FOLDER,
    `${process.pid}-${isMainThread ? 'host' : `thread-${threadId}`}.jsonl`,
  );
  setInterval(() => {
    collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), heapUsed, arrayBuffers, rss })}\n`);
  }, 5000).unref();
}

if (inExtensionHost || !isMainThread) sample();
else followIntoExtensionHost(__filename);
