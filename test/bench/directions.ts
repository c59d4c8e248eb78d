// What a second thread is worth where a layer runs in two directions, each on a thread of its own.
import type { Section } from './bench.js';
import { wholeBothWays } from './cells.js';
import { caseName } from './entries.js';
import type { Case } from './entries.js';
import { digits, inTurn, loadNow, measuredOn, median } from './measure.js';

const cases: readonly Case[] = (['tanh', 'lstm', 'gru'] as const).map((cell) => ({ cell, layers: 1, at: 'every' }));
export const directions: Section = {
  name: 'directions',
  run: async (terms, say) => {
    say('## Two directions on two threads\n');
    say(
      'The whole run of one layer in both directions, all that the worker computes before the picture appears, on ' +
        'one thread and on two, in turn: float32, the default weights of PyTorch, a gradient at every step. Below ' +
        'some milliseconds a second thread is not asked.\n',
    );
    const before = loadNow();
    say('| row | cell | one thread, ms | two threads, ms | one / two | runs |');
    say('|---|---|---|---|---|---|');
    for (const row of terms.rows)
      for (const own of cases) {
        const [one, two] = [wholeBothWays(own, 1), wholeBothWays(own, 2)];
        const measured = await inTurn(row, [one, two], terms.budget, true);
        const [alone, together] = [measured.get(one) ?? [], measured.get(two) ?? []];
        for (const [contestant, times] of measured) {
          const { name, threads } = contestant;
          terms.keep({ section: 'directions', row: row.name, ...own, contestant: name, threads, times, rival: null });
        }
        say(
          `| ${[
            row.name,
            caseName(own),
            digits(median(alone)),
            digits(median(together)),
            `${(median(alone) / median(together)).toFixed(2)} ×`,
            String(together.length),
          ].join(' | ')} |`,
        );
        for (const contestant of [one, two]) contestant.stop();
      }
    say(measuredOn(before));
  },
};
