// Loaded into VS Code's server by NODE_OPTIONS: between the files `start` and `stop` in the folder that
// RNN_BENCH_FOLDER names, measures what the extension host's event loop does in one go, and writes that down as
// `host.json`. With RNN_BENCH_PROFILE, `host.cpuprofile` lies beside it.
'use strict';
const { existsSync, writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { clearInterval, setImmediate, setInterval } = require('node:timers');
const { isMainThread } = require('node:worker_threads');
const { followIntoExtensionHost, inExtensionHost } = require('../support/extensionHost.cjs');

const file = (name) => path.join(process.env.RNN_BENCH_FOLDER, name);
/** Turns of the loop that take less processor time than this, ms, are not told. */
const short = 2;

function measure() {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  const profiler = process.env.RNN_BENCH_PROFILE === undefined ? null : new Session();
  if (profiler !== null) {
    profiler.connect();
    profiler.post('Profiler.enable');
    profiler.post('Profiler.setSamplingInterval', { interval: 500 });
    profiler.post('Profiler.start');
  }
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const turns = [];
  let running = true;
  let [used, at] = [cpu(), process.hrtime.bigint()];
  // Time of the processor, so that whatever else the machine does counts for nothing.
  const turn = () => {
    if (!running) return;
    const [usedNow, now] = [cpu(), process.hrtime.bigint()];
    if (usedNow - used > short) turns.push({ ms: usedNow - used, from: Number(at / 1000n), to: Number(now / 1000n) });
    [used, at] = [usedNow, now];
    setImmediate(turn);
  };
  delay.enable();
  turn();
  return () => {
    running = false;
    delay.disable();
    writeFileSync(
      file('host.json'),
      JSON.stringify({ longest: delay.max / 1e6, percentile99: delay.percentile(99) / 1e6, turns }),
    );
    profiler?.post('Profiler.stop', (error, { profile }) =>
      writeFileSync(file('host.cpuprofile'), JSON.stringify(profile)),
    );
  };
}

function waitFor(name, then) {
  const timer = setInterval(() => {
    if (!existsSync(file(name))) return;
    clearInterval(timer);
    then();
  }, 100);
  timer.unref();
}

if (!inExtensionHost) followIntoExtensionHost(__filename);
else if (isMainThread) waitFor('start', () => waitFor('stop', measure()));
