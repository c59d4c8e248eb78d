// Loaded into VS Code's server by NODE_OPTIONS: has the extension host and its worker threads write down what they hold after a garbage
// collection, a line of JSON each time, into the folder that RNN_SOAK_FOLDER names.
'use strict';
const childProcess = require('node:child_process');
const { appendFileSync } = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { isMainThread, threadId } = require('node:worker_threads');

/** The server takes NODE_OPTIONS away from its children, so the extension host gets them back as it is forked. */
function followIntoExtensionHost() {
  const { fork } = childProcess;
  childProcess.fork = (file, args, options) => {
    const isHost = Array.isArray(args) && args.some((argument) => String(argument).includes('extensionHost'));
    return fork(file, args, isHost ? { ...options, env: { ...options.env, NODE_OPTIONS: `--require ${__filename}` } } : options);
  };
  syncBuiltinESMExports();
}

function sample() {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const file = path.join(process.env.RNN_SOAK_FOLDER, `${process.pid}-${isMainThread ? 'host' : `thread-${threadId}`}.jsonl`);
  setInterval(() => {
    collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), heapUsed, arrayBuffers, rss })}\n`);
  }, 5000).unref();
}

const inExtensionHost = process.argv.some((argument) => argument.includes('extensionHost'));
if (inExtensionHost || !isMainThread) sample();
else followIntoExtensionHost();
