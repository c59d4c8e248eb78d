// How long a run keeps its thread between two looks at the cancel flag.
import { runSteps } from '../../src/engine/index.js';
import type { Section } from './bench.js';
import { experimentFor, loadKernels } from './contestants.js';

const repeats = 5;

export const pauses: Section = {
  name: 'pauses',
  run: (terms, say) => {
    const kernels = loadKernels();
    if (kernels === null) return Promise.resolve();
    say('## Between two pauses\n');
    say(`A run can be cancelled whenever it pauses. Every stretch between two pauses is measured in ${repeats} runs and counts with its shortest time, because anything else on the machine only adds to it; told is the longest stretch.\n`);
    say('| | longest ms | ends after | pauses | best whole run ms |\n|---|---|---|---|---|');
    for (const row of terms.rows) {
      const experiment = experimentFor(row);
      const stretches: number[] = [];
      let best = Infinity;
      for (let i = 0; i <= repeats; i++) {
        const steps = runSteps(experiment, undefined, kernels);
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
      say(`| ${row.name} | ${longest.toFixed(2)} | pause ${stretches.indexOf(longest) + 1} | ${stretches.length - 1} | ${best.toFixed(2)} |`);
    }
    return Promise.resolve();
  },
};
