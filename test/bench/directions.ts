// What a second thread is worth where it has a part of a run to itself: one of two directions, or one of the two ways
// back of a stack.
import type { Section } from './bench.js';
import { whole, wholeBothWays } from './cells.js';
import type { Contestant } from './contestants.js';
import { caseName } from './entries.js';
import type { Case } from './entries.js';
import { digits, inTurn, loadNow, measuredOn, median } from './measure.js';

type Shared = { readonly own: Case; readonly name: string; readonly run: (threads: number) => Contestant };
const cases: readonly Shared[] = (['tanh', 'lstm', 'gru'] as const).flatMap((cell) => {
  const [layer, stack] = [1, 3].map((layers): Case => ({ cell, layers, at: 'every' })) as [Case, Case];
  return [
    { own: layer, name: `${caseName(layer)}, both directions`, run: (threads) => wholeBothWays(layer, threads) },
    { own: stack, name: caseName(stack), run: (threads) => whole(stack, threads) },
  ];
});

export const directions: Section = {
  name: 'directions',
  run: async (terms, say) => {
    say('## Directions and stacks on two threads\n');
    say(
      'The whole run, all that the worker computes before the picture appears, on one thread and on two, in turn: ' +
        'float32, the default weights of PyTorch, a gradient at every step. The second thread has a part of the run ' +
        'to itself, one of two directions or one of the two ways back of a stack; below some milliseconds it is not ' +
        'asked.\n',
    );
    const before = loadNow();
    say('| row | network | one thread, ms | two threads, ms | one / two | runs |');
    say('|---|---|---|---|---|---|');
    for (const row of terms.rows)
      for (const { own, name: network, run } of cases) {
        const [one, two] = [run(1), run(2)];
        const measured = await inTurn(row, [one, two], terms.budget, true);
        const [alone, together] = [measured.get(one) ?? [], measured.get(two) ?? []];
        for (const [contestant, times] of measured) {
          const { name, threads } = contestant;
          terms.keep({ section: 'directions', row: row.name, ...own, contestant: name, threads, times, rival: null });
        }
        say(
          `| ${[
            row.name,
            network,
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
