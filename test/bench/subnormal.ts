// Gradients that end as a few of the smallest numbers there are, against those of the same network that stay:
// processors leave products of such numbers to microcode.
import { fastPass } from '../../src/engine/wasm/pass.js';
import { dtypes, finish } from '../../src/engine/index.js';
import { experiment, filled, randomNumbers, scaledIdentity } from '../unit/engine/build.js';
import type { Section } from './bench.js';
import { loadKernels } from './contestants.js';
import { digits, median } from './measure.js';

const networks = [
  { name: 'one sequence', B: 1, T: 20_000, I: 8, H: 96 },
  { name: 'a batch', B: 8, T: 2000, I: 8, H: 64 },
] as const;
const rounds = 5;

export const subnormal: Section = {
  name: 'subnormal',
  run: ({ quick }, say) => {
    const kernels = loadKernels();
    if (kernels === null) return Promise.resolve();
    say('## Gradients that stick at the smallest numbers\n');
    say(
      'Forward and the way back of Wh = c·I with the loss at the last step: c = 1 keeps the gradient, with c = ' +
        '0.9 it ends at four or five times the smallest number there is.\n',
    );
    say('| | B, T, I, H | dtype | c = 1, median ms | c = 0.9, median ms | as long |\n|---|---|---|---|---|---|');
    for (const { name, B, T, I, H } of quick ? networks.slice(1) : networks) {
      for (const dtype of dtypes) {
        const next = randomNumbers(3);
        const Wx = filled(I * H, next).map((value) => value / 10);
        const xs = filled(B * T * I, next);
        const made = [1, 0.9].map((c) =>
          experiment(H, T, scaledIdentity(H, c), {
            dtype,
            cell: 'identity',
            shapes: { B, T, I, H },
            weights: { Wx, Wh: scaledIdentity(H, c), b: new Float64Array(H) },
            chunks: [{ steps: T, xs }],
          }),
        );
        const times = made.map(() => Array<number>());
        for (let round = 0; round <= rounds; round++) {
          for (const [i, e] of made.entries()) {
            const start = performance.now();
            finish(fastPass(kernels, e));
            // The first round only warms up.
            if (round > 0) times[i]?.push(performance.now() - start);
          }
        }
        const [kept = NaN, stuck = NaN] = times.map(median);
        say(
          `| ${name} | ${B}, ${T}, ${I}, ${H} | ${dtype} | ${digits(kept)} | ${digits(stuck)} | ` +
            `${(stuck / kept).toFixed(1)} × |`,
        );
      }
    }
    return Promise.resolve();
  },
};
