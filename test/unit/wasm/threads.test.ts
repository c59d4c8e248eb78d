// Any number of threads: the same bits. This file is the helpers' entry too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isMainThread, workerData } from 'node:worker_threads';
import { fastPass } from '../../../src/engine/wasm/pass.js';
import { finish, runResumably, runWithin } from '../../../src/engine/index.js';
import type { LayerExperiment, Kernels, RunResult, Variant } from '../../../src/engine/index.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { long, some } from '../../support/long.js';
import { answered, flatRun, scaledIdentity, weightsOf, withLayer } from '../engine/build.js';
import { heavyVariants, kernelsOf, plainLayer, randomExperiment, same } from './support.js';
import type { RandomShape } from './support.js';

async function withTeam(kernels: Kernels, variant: Variant, helpers: number, work: () => void): Promise<void> {
  const team = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), helpers);
  kernels.team = team;
  await team.up();
  assert.equal(team.size, 1 + helpers);
  try {
    work();
  } finally {
    await team.stop();
  }
}

/** How often each is computed again: threads that get in each other's way do not do so every time. */
const times = long ? 3 : 1;

const shape: RandomShape = { ...plainLayer, seed: 31, B: 1, T: 900, I: 20, H: 50, upstream: 'given', initial: true };
const shapes: readonly RandomShape[] = [
  shape,
  { ...shape, dtype: 'float64', truncate: 7, chunks: 2, stateful: true },
  { ...shape, B: 7, T: 300 },
  { ...shape, B: 16, T: 150, H: 67, cell: 'relu', upstream: 'every' },
  { ...shape, B: 33, T: 60, H: 40, dtype: 'float64', chunks: 2, upstream: 'last' },
  { ...shape, B: 3, T: 500, H: 30, cell: 'identity' },
  // Three panels: a row alone would be summed in another order.
  { ...shape, B: 3, T: 300, H: 40 },
  { ...shape, upstream: 'last' },
  { ...shape, B: 4, T: 300, truncate: 16, upstream: 'every' },
  // Odd batches of which a thread has one row, beyond what one call takes.
  { ...shape, B: 3, T: 700, H: 60, upstream: 'last' },
  { ...shape, B: 5, T: 400, H: 50, chunks: 2 },
  { ...shape, B: 3, T: 500, dtype: 'float64', chunks: 2, stateful: true },
  // A state of one panel, which goes several steps in one go; and weights that the first cache does not hold.
  { ...shape, T: 5300, H: 16 },
  { ...shape, T: 6500, H: 13, truncate: 7 },
  { ...shape, T: 100, H: 150 },
];

/** So near to ±1 that its slopes are computed from z anew. */
function saturated(e: LayerExperiment): LayerExperiment {
  const { Wx, Wh, b } = weightsOf(e);
  return withLayer(e, { weights: { Wx: Wx.map((value) => 8 * value), Wh, b } });
}

/**
 * One number of the upstream gradient is infinite: the pass with exponents gives up in the middle, on whichever thread.
 */
function broken(e: LayerExperiment): LayerExperiment {
  assert.ok(e.upstream.kind === 'given');
  return {
    ...e,
    upstream: { kind: 'given', dhs: e.upstream.dhs.with(Math.floor(e.upstream.dhs.length / 2), Infinity) },
  };
}

/**
 * Some sequences' gradients end as a few of the smallest numbers, each after another time; with `rates`, some units'
 * while others stay.
 */
function sticking(e: LayerExperiment, rates: readonly number[] = [0.6]): LayerExperiment {
  const {
    dtype,
    shapes: { B, T, H },
    layers: [{ parameters: weights }],
  } = e;
  const dhs = new Float64Array(B * T * H);
  // Where the gradient is cut, another begins.
  const every = e.truncate ?? T;
  for (let b = 0; b < B; b++)
    for (let t = T - 1; t >= 0; t -= every)
      dhs.fill((dtype === 'float32' ? 1e-15 : 1e-285) * 10 ** -b, (b * T + t) * H, (b * T + t + 1) * H);
  return withLayer(
    { ...e, upstream: { kind: 'given', dhs } },
    { weights: { ...weights, Wh: scaledIdentity(H, 1).map((value, i) => value * rates[i % rates.length]!) } },
  );
}

/** Cut at the borders of pieces; and layers so wide that the norms of a step are found apart. */
const stickingOnes = (): readonly LayerExperiment[] => [
  ...shapes.map((one) => sticking(randomExperiment(one))),
  sticking(randomExperiment({ ...shape, T: 1024, truncate: 128 })),
  ...(['float32', 'float64'] as const).map((dtype) =>
    sticking(
      randomExperiment({ ...shape, dtype, B: 4, T: 420, I: 8, H: 256, cell: 'identity' }),
      [0.97, 0.2, 0.7, 0.97],
    ),
  ),
];

const numbersOf = ({ hs, dhTotal, dxs, gradients, dh0, norms, states }: Pass): unknown => ({
  hs,
  dhTotal,
  dxs,
  gradients,
  dh0,
  norms,
  states,
});

const answeredRun = (run: RunResult) => answered(flatRun(run));

type Wanted = {
  readonly e: LayerExperiment;
  readonly pass: unknown;
  readonly run: ReturnType<typeof answeredRun>;
};

/** What one thread computes of these, before there are helpers, who would wait for it at full speed. */
function wantedOf(variant: Variant, experiments: readonly LayerExperiment[]): Wanted[] {
  const single = kernelsOf(variant);
  return experiments.map((e) => ({
    e,
    pass: numbersOf(finish(fastPass(single, e))!),
    run: answeredRun(finish(runResumably(e, undefined, single))),
  }));
}

if (isHelper(workerData)) help(workerData);
else if (isMainThread) {
  for (const variant of heavyVariants) {
    describe(`threads with ${variant} instructions`, () => {
      let wanted: readonly Wanted[] = [];
      let infinite: readonly Wanted[] = [];
      before(() => {
        const experiments = shapes.map(randomExperiment);
        wanted = wantedOf(variant, [...experiments, saturated(experiments[2]!), ...stickingOnes()]);
        infinite = wantedOf(variant, [broken(experiments[0]!)]);
      });
      after(() => {
        wanted = infinite = [];
      });

      it('give the same bits in pieces, which one thread computes again', async () => {
        const kernels = kernelsOf(variant);
        await withTeam(kernels, variant, 3, () => {
          for (const { e, run: expected } of some(wanted, 3)) {
            const run = flatRun(finish(runWithin(0, e, undefined, kernels)));
            for (const name of ['hs', 'dhTotal', 'dxs', 'dhScaled'] as const)
              same(run[name].subarray(0, run[name].length), expected[name], `${name} of ${JSON.stringify(e.shapes)}`);
            for (const name of ['dhExponent', 'log10Norms', 'log10SingleSource', 'dWh', 'verdict'] as const)
              same(run[name], expected[name], name);
          }
        });
      });

      for (const helpers of [1, 3]) {
        it(`${1 + helpers} give the same bits as one`, async () => {
          const kernels = kernelsOf(variant);
          let shared = 0;
          await withTeam(kernels, variant, helpers, () => {
            const team = kernels.team!;
            kernels.team = {
              kernels: team.kernels,
              up: () => team.up(),
              get size() {
                return team.size;
              },
              get most() {
                return team.most;
              },
              fit: (bytes) => team.fit(bytes),
              beside: () => team.beside(),
              elsewhere: (job) => team.elsewhere(job),
              run: (tasks) => {
                if (tasks.length > 1) shared++;
                team.run(tasks);
              },
            };
            for (const { e, pass, run } of [...wanted, ...infinite])
              for (let again = 0; again < times; again++) {
                same(numbersOf(finish(fastPass(kernels, e))!), pass);
                same(answeredRun(finish(runResumably(e, undefined, kernels))), run);
              }
          });
          assert.ok(shared > times * 150, `work was shared out ${shared} times`);
        });
      }

      it('leave small runs to the caller', async () => {
        const kernels = kernelsOf(variant);
        kernels.team = {
          kernels,
          up: () => assert.fail('nobody needs more threads'),
          get size(): number {
            throw new Error('nobody needs more threads');
          },
          get most(): number {
            throw new Error('nobody needs more threads');
          },
          fit: () => undefined,
          beside: () => assert.fail('nobody needs more threads'),
          elsewhere: () => assert.fail('nobody needs more threads'),
          run: () => assert.fail('nobody needs more threads'),
        };
        finish(fastPass(kernels, randomExperiment({ ...shape, T: 50, I: 8, H: 16 })));
        await Promise.resolve();
      });
    });
  }
}
