// LSTM and GRU: a layer's pass in its dtype, and the whole run, through the kernels and in plain arithmetic.
import { cellNames, cellOf, finish, release, runResumably } from '../../src/engine/index.js';
import type { Kernels, LayerExperiment } from '../../src/engine/index.js';
import { giveBack } from '../../src/engine/core/bufferPool.js';
import { referencePass } from '../../src/engine/network/referencePass.js';
import type { Pass } from '../../src/engine/network/referencePass.js';
import { gatedPass } from '../../src/engine/wasm/gatedPass.js';
import { randomGated } from '../unit/wasm/gatedSupport.js';
import type { Section } from './bench.js';
import type { Row } from './contestants.js';
import { loadThreads } from './contestants.js';
import { digits, median } from './measure.js';

const names = ['S', 'M', 'L'];
const cells = cellNames.filter((name) => cellOf(name).gated !== undefined);

/** Forward, the way back and the weight gradients: three products of B·T rows with [H+I,G·H], two operations each. */
const operations = ({ B, T, I, H }: Row, gates: number): number => 6 * B * T * gates * H * (H + I);

function passOf(kernels: Kernels, e: LayerExperiment): void {
  const pass: Pass | null = finish(gatedPass(kernels, e));
  if (pass === null) throw new Error('The run does not fit into WebAssembly memory.');
  giveBack(pass.hs.data, pass.dhTotal.data, pass.dxs.data);
}

export const gated: Section = {
  name: 'gated',
  run: async ({ rows, threads, budget, quick }, say) => {
    const [one, more] = [await loadThreads(1), threads > 1 ? await loadThreads(threads) : null];
    if (one === null) return;
    say('## LSTM and GRU\n');
    say(
      'A pass is forward, the whole way back and the norms of every step of one layer, from arrays to arrays. The ' +
        'whole run is all that the worker computes before the picture appears. Everybody in turn; medians.\n',
    );
    say('| cell | B, T, I, H | what | median ms | GFLOP/s |\n|---|---|---|---|---|');
    for (const row of rows.filter(({ name }) => names.includes(name))) {
      for (const cell of cells) {
        const of = (dtype: 'float32' | 'float64'): LayerExperiment =>
          randomGated({
            seed: 1,
            ...row,
            cell,
            dtype,
            upstream: 'given',
            truncate: null,
            direction: 'forward',
            chunks: 1,
            stateful: false,
            initial: false,
            ragged: false,
            scale: 0.5,
          });
        const [single, double] = [of('float32'), of('float64')];
        const work: [string, () => void][] = [
          ['pass, float32', () => passOf(one.kernels, single)],
          ['pass, float64', () => passOf(one.kernels, double)],
          ['whole run, float32', () => release(finish(runResumably(single, undefined, one.kernels)))],
        ];
        if (more !== null)
          work.push(
            [`pass, float32, ${threads} threads`, () => passOf(more.kernels, single)],
            [
              `whole run, float32, ${threads} threads`,
              () => release(finish(runResumably(single, undefined, more.kernels))),
            ],
          );
        if (row.name !== 'L')
          work.push(
            ['pass in plain arithmetic, float32', () => void finish(referencePass(single))],
            ['whole run in plain arithmetic, float32', () => void finish(runResumably(single))],
          );
        for (const [, run] of work) run();
        const times = work.map(() => Array<number>());
        const start = performance.now();
        while (performance.now() - start < (quick ? 1 : 3) * budget || times[0]!.length < 5)
          for (const [i, [, run]] of work.entries()) {
            const before = performance.now();
            run();
            times[i]?.push(performance.now() - before);
          }
        for (const [i, [what]] of work.entries()) {
          const ms = median(times[i] ?? []);
          const rate = operations(row, cellOf(cell).gates.length) / ms / 1e6;
          const { B, T, I, H } = row;
          say(`| ${cell} | ${B}, ${T}, ${I}, ${H} | ${what} | ${digits(ms)} | ${rate.toFixed(2)} |`);
        }
      }
    }
    await more?.stop();
  },
};
