// How much longer the whole run takes than the kernels' own pass: tanh, LSTM and GRU, both in turn.
import type { Section } from './bench.js';
import { pass, whole } from './cells.js';
import { caseName } from './entries.js';
import type { Case } from './entries.js';
import { digits, inTurn, loadNow, measuredOn, median } from './measure.js';

const cases: readonly Case[] = (['tanh', 'lstm', 'gru'] as const).map((cell) => ({ cell, layers: 1, at: 'every' }));
/** What a whole run is to take at most: so many times the kernels' own time, and of the smallest row milliseconds. */
const [mostTimes, mostOfSmall] = [1.6, 0.08];

export const wholeRuns: Section = {
  name: 'wholeRuns',
  run: async (terms, say) => {
    say('## The whole run against its kernels\n');
    say(
      'The kernels: forward, the whole way back and the norms of every step, from arrays to arrays. The whole run: ' +
        'all that the worker computes before the picture appears, with the exponent of every gradient, the single ' +
        'source and the verdict. One thread, float32, the default weights of PyTorch, a gradient at every step; both ' +
        `take turns, and the ratio is of their medians. Aimed at: ${mostTimes} at most, and for tanh at S ` +
        `${mostOfSmall} ms.\n`,
    );
    const before = loadNow();
    say('| row | cell | kernels, ms | whole run, ms | whole run / kernels | runs |');
    say('|---|---|---|---|---|---|');
    for (const row of terms.rows)
      for (const own of cases) {
        const [kernels, all] = [pass(own, 'float32', 1), whole(own, 1)];
        const measured = await inTurn(row, [kernels, all], terms.budget, true);
        const [inside, outside] = [measured.get(kernels) ?? [], measured.get(all) ?? []];
        for (const [contestant, times] of measured) {
          const { name, threads } = contestant;
          terms.keep({ section: 'wholeRuns', row: row.name, ...own, contestant: name, threads, times, rival: null });
        }
        const ratio = (median(outside) / median(inside)).toFixed(2);
        say(
          `| ${[
            row.name,
            caseName(own),
            digits(median(inside)),
            digits(median(outside)),
            `${ratio} ×`,
            String(outside.length),
          ].join(' | ')} |`,
        );
        for (const contestant of [kernels, all]) contestant.stop();
      }
    say(measuredOn(before));
  },
};
