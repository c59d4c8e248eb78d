// Makes the N-th step into the world fail, in the thread that loads this: once, or from there on every time. What fails
// is what the world may refuse: memory, files, messages, threads. The counts lie in memory that all threads share, so
// that a test arms them for threads that run already.
const fs = require('node:fs');
const fsPromises = require('node:fs/promises');
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');

const shared = threads.getEnvironmentData('rnn-gradients faults');
if (!(shared instanceof SharedArrayBuffer)) throw new Error('A test arms the faults first: see faults.ts.');
const control = new Int32Array(shared);
// Places in `control`.
const [armed, place, isPersistent, seen, failed] = [0, 1, 2, 3, 4];

/** By their numbers in `control`, from 1. */
const kinds = ['allocation', 'file', 'message', 'thread'];

/** Whether this step is one that fails. */
function fails(kind) {
  if (Atomics.load(control, armed) !== 1 + kinds.indexOf(kind)) return false;
  const now = Atomics.add(control, seen, 1) + 1;
  const n = Atomics.load(control, place);
  const hit = Atomics.load(control, isPersistent) === 1 ? now >= n : now === n;
  if (hit) Atomics.add(control, failed, 1);
  return hit;
}

/** Fewer numbers than these are found in every heap. */
const smallest = 1024;

for (const name of ['ArrayBuffer', 'SharedArrayBuffer', 'Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array']) {
  const Plain = globalThis[name];
  const Counted = new Proxy(Plain, {
    construct(target, args, as) {
      const wanted = typeof args[0] === 'number' ? args[0] : Array.isArray(args[0]) ? args[0].length : 0;
      if (wanted >= smallest && fails('allocation')) throw new RangeError('Array buffer allocation failed');
      return Reflect.construct(target, args, as === Counted ? target : as);
    },
  });
  Plain.prototype.constructor = Counted;
  globalThis[name] = Counted;
}
{
  const { WebAssembly } = globalThis;
  const { Memory } = WebAssembly;
  const { grow } = Memory.prototype;
  const noMemory = () => new RangeError('WebAssembly.Memory(): could not allocate memory');
  Memory.prototype.grow = function (pages) {
    if (fails('allocation')) throw noMemory();
    return grow.call(this, pages);
  };
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, args, as) {
      if (fails('allocation')) throw noMemory();
      return Reflect.construct(target, args, as);
    },
  });
}

const diskError = (syscall) =>
  Object.assign(new Error(`EIO: i/o error, ${syscall}`), { code: 'EIO', errno: -5, syscall });
const isOurs = (args) => args.some((arg) => typeof arg === 'string' && arg.includes('rnn-faults'));
/** Descriptors of files that the tests made: nobody else's reading is disturbed. */
const ours = new Set();
for (const name of ['openSync', 'statSync', 'realpathSync']) {
  const plain = fs[name];
  fs[name] = Object.assign((...args) => {
    if (isOurs(args) && fails('file')) throw diskError(name.replace('Sync', ''));
    const result = plain(...args);
    if (name === 'openSync' && isOurs(args)) ours.add(result);
    return result;
  }, plain);
}
for (const name of ['readSync', 'fstatSync', 'closeSync']) {
  const plain = fs[name];
  fs[name] = (...args) => {
    const mine = ours.has(args[0]);
    // A descriptor that cannot be closed is closed all the same: the system never gives it back twice.
    if (name === 'closeSync') {
      ours.delete(args[0]);
      plain(...args);
      if (mine && fails('file')) throw diskError('close');
      return undefined;
    }
    if (mine && fails('file')) throw diskError(name.replace('Sync', ''));
    return plain(...args);
  };
}
for (const name of ['fsync', 'fchmod', 'fchown', 'writeFile']) {
  const plain = fs[name];
  fs[name] = Object.assign((...args) => {
    const done = args.at(-1);
    if (ours.has(args[0]) && fails('file')) process.nextTick(() => done(diskError(name)));
    else plain(...args);
  }, plain);
}
for (const name of ['stat', 'open', 'rename', 'readlink', 'realpath']) {
  const plain = fsPromises[name];
  fsPromises[name] = async (...args) => {
    if (isOurs(args) && fails('file')) throw diskError(name);
    const result = await plain(...args);
    if (name !== 'open' || !isOurs(args)) return result;
    for (const method of ['read', 'stat', 'close', 'writeFile']) {
      const whole = result[method].bind(result);
      result[method] = async (...more) => {
        if (method === 'close') await whole();
        if (fails('file')) throw diskError(method);
        return method === 'close' ? undefined : whole(...more);
      };
    }
    return result;
  };
}

const { MessagePort, Worker } = threads;
for (const prototype of [MessagePort.prototype, Worker.prototype]) {
  const { postMessage } = prototype;
  prototype.postMessage = function (...args) {
    if (fails('message')) throw new globalThis.DOMException('Data cannot be cloned, out of memory.', 'DataCloneError');
    return postMessage.apply(this, args);
  };
}
threads.Worker = new Proxy(Worker, {
  construct(target, args, as) {
    if (fails('thread'))
      throw Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    return Reflect.construct(target, args, as);
  },
});
syncBuiltinESMExports();
module.exports = { kinds };
