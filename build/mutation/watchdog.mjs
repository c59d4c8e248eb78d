// A thread beside the tests: ends its process when a test takes more processor time than it was given, which only an
// endless loop does. The next process knows by a mark that the mutant has ended one (build/mutation/runner.mjs).
import { workerData } from 'node:worker_threads';

/** Milliseconds of processor time of the whole process; 0 while no test runs. */
const until = new Float64Array(workerData);

setInterval(() => {
  const { user, system } = process.cpuUsage();
  if (until[0] > 0 && (user + system) / 1000 > until[0]) process.kill(process.pid, 'SIGKILL');
}, 100);
