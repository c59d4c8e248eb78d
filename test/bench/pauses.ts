// How long a run keeps its thread between two looks at the cancel flag, and how soon it ends once the flag is set.
import { Worker } from 'node:worker_threads';
import { dtypes, runResumably } from '../../src/engine/index.js';
import { Cancelled, drive } from '../../src/worker/scheduling/scheduler.js';
import type { Section, Terms } from './bench.js';
import { experimentFor, loadKernels, loadThreads } from './contestants.js';
import type { Row } from './contestants.js';
import { median } from './measure.js';

const repeats = 5;

export const pauses: Section = {
  name: 'pauses',
  run: async (terms, say) => {
    const kernels = loadKernels();
    if (kernels === null) return;
    say('## Between two pauses\n');
    say(
      `A run can be cancelled whenever it pauses. Every stretch between two pauses is measured in ${repeats} ` +
        `runs and counts with its shortest time, because anything else on the machine only adds to it; told is ` +
        `the longest stretch.\n`,
    );
    say('| | longest ms | ends after | pauses | best whole run ms |\n|---|---|---|---|---|');
    for (const row of terms.rows) {
      const experiment = experimentFor(row);
      const stretches: number[] = [];
      let best = Infinity;
      for (let i = 0; i <= repeats; i++) {
        const steps = runResumably(experiment, undefined, kernels);
        const start = performance.now();
        let last = start;
        for (let done = false, at = 0; !done; at++) {
          done = steps.next().done === true;
          const now = performance.now();
          // The first run only warms up.
          if (i > 0) stretches[at] = Math.min(stretches[at] ?? Infinity, now - last);
          last = now;
        }
        best = Math.min(best, last - start);
      }
      const longest = stretches.reduce((most, stretch) => Math.max(most, stretch), 0);
      say(
        `| ${row.name} | ${longest.toFixed(2)} | pause ${stretches.indexOf(longest) + 1} | ` +
          `${stretches.length - 1} | ${best.toFixed(2)} |`,
      );
    }
    await cancels(terms, say);
  },
};

/** Cancellations of a run at as many moments, evenly spaced from its beginning to its end. */
const moments = 40;
const wide: Row = { name: 'WIDE (B 128, T 12, I 128, H 1024)', B: 128, T: 12, I: 128, H: 1024 };

/**
 * A thread that sets the cancel flag a while after it was asked to, and tells when: [flag, go, microseconds], and the
 * time in nanoseconds of the clock that all threads have.
 */
const canceller = `
  const { workerData: { cells, time } } = require('node:worker_threads');
  for (;;) {
    Atomics.wait(cells, 1, 0);
    Atomics.store(cells, 1, 0);
    // Asleep, so that the run's own threads have the processors.
    Atomics.wait(cells, 1, 0, cells[2] / 1000);
    Atomics.store(time, 0, process.hrtime.bigint());
    Atomics.store(cells, 0, 1);
  }`;

/** From the moment at which somebody sets the flag to that at which the run has ended, as in the worker. */
async function cancels({ rows, threads: most }: Terms, say: (line: string) => void): Promise<void> {
  say('\n## From the cancel flag to the end of the run\n');
  say(
    `Another thread sets the flag at ${moments} moments of a run, one after the other from its beginning to ` +
      `its end; ms from then until the run has ended as cancelled, messages let in between as in the worker.\n`,
  );
  say('| | threads | dtype | median ms | largest ms | cancelled | whole run ms |\n|---|---|---|---|---|---|---|');
  const [cells, time] = [new Int32Array(new SharedArrayBuffer(12)), new BigInt64Array(new SharedArrayBuffer(8))];
  const other = new Worker(canceller, { eval: true, workerData: { cells, time } });
  const check = (): void => {
    if (Atomics.load(cells, 0) !== 0) throw new Cancelled();
  };
  for (const threads of most > 1 ? [1, most] : [1]) {
    const loaded = await loadThreads(threads);
    if (loaded === null) break;
    for (const row of [...rows.filter(({ name }) => name !== 'S' && name !== 'M'), wide]) {
      for (const dtype of dtypes) {
        const experiment = { ...experimentFor(row), dtype };
        const run = (): Promise<unknown> =>
          drive(runResumably(experiment, undefined, loaded.kernels), check, () => undefined);
        Atomics.store(cells, 0, 0);
        await run();
        const start = performance.now();
        await run();
        const whole = performance.now() - start;
        const late: number[] = [];
        for (let i = 0; i < moments; i++) {
          Atomics.store(cells, 2, Math.round((1000 * whole * i) / moments));
          Atomics.store(cells, 1, 1);
          Atomics.notify(cells, 1);
          try {
            await run();
          } catch (error) {
            if (!(error instanceof Cancelled)) throw error;
            late.push(Number(process.hrtime.bigint() - Atomics.load(time, 0)) / 1e6);
          }
          // A run that was faster than expected is over before its flag is set.
          while (Atomics.load(cells, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
          Atomics.store(cells, 0, 0);
        }
        say(
          `| ${row.name} | ${threads} | ${dtype} | ${median(late).toFixed(2)} | ` +
            `${Math.max(...late).toFixed(2)} | ${late.length} | ${whole.toFixed(1)} |`,
        );
      }
    }
    await loaded.stop();
  }
  await other.terminate();
}
