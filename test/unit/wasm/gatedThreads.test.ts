// Gated runs on threads that really go at the same time: the same bits for any number. This file is the helpers' entry
// too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMainThread, workerData } from 'node:worker_threads';
import { finish, runExperiment, runNetwork, runResumably, runWithin } from '../../../src/engine/index.js';
import { heldOf } from '../../../src/engine/core/tensor.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { long } from '../../support/long.js';
import { randomNetwork } from '../engine/networks.js';
import { answered } from '../engine/build.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { kernelsOf, same, variants } from './support.js';

/** How often each is computed again: threads that get in each other's way do not do so every time. */
const times = long ? 5 : 2;

/** In the short form the first three, the first of them with one helper alone too. */
const shapes: readonly Partial<RandomGated>[] = [
  { B: 8, T: 80, I: 16, H: 64 },
  { B: 5, T: 100, I: 9, H: 50, upstream: 'every', truncate: 7, chunks: 2 },
  { B: 1, T: 300, I: 20, H: 48 },
  { B: 9, T: 100, I: 30, H: 40, ragged: true, direction: 'reverse' },
  // Gradients that end below the normal range.
  { B: 6, T: 120, I: 8, H: 56, scale: 0.05 },
];

if (isHelper(workerData)) help(workerData);

describe('gated runs on several threads', { skip: !isMainThread }, () => {
  const [variant] = variants;
  for (const helpers of [1, 3]) {
    it(`${1 + helpers} threads give the bits of one`, async () => {
      const kernels = kernelsOf(variant);
      const team = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), helpers);
      await team.up();
      assert.equal(team.size, 1 + helpers);
      let shared = 0;
      const run = team.run.bind(team);
      team.run = (tasks) => {
        shared++;
        run(tasks);
      };
      try {
        for (const cell of gatedCells) {
          for (const dtype of ['float32', 'float64'] as const) {
            for (const shape of long ? shapes : helpers > 1 ? shapes.slice(0, 3) : shapes.slice(0, 1)) {
              const e = randomGated({ ...plainGated, ...shape, cell, dtype });
              kernels.team = null;
              const expected = answered(finish(runResumably(e, undefined, kernels)));
              kernels.team = team;
              const before = shared;
              for (let i = 0; i < times; i++) {
                const run = finish(runResumably(e, undefined, kernels));
                // What is to be tried next follows from the bits: it is asked for once.
                const found = i === 0 ? answered(run) : { ...run, nextStep: expected.nextStep };
                same(found, expected, `${cell} ${dtype}`);
              }
              assert.ok(shared > before + 2 * times, `${shared - before} calls were shared out`);
              const pieces = finish(runWithin(0, e, undefined, kernels));
              for (const [what, found, known] of [
                ['dxs', pieces.dxs, expected.dxs],
                ['dhTotal', pieces.layers[0].dhTotal, expected.layers[0].dhTotal],
                ['dhScaled', pieces.layers[0].dhScaled, expected.layers[0].dhScaled],
              ] as const)
                same(heldOf(found), known, `${what} of ${cell} ${dtype}`);
              assert.deepEqual(pieces.layers[0].gradients, expected.layers[0].gradients);
              assert.deepEqual(pieces.layers[0].log10Norms, expected.layers[0].log10Norms);
            }
          }
          const network = randomNetwork({
            seed: 9,
            cell,
            B: 6,
            T: 80,
            I: 12,
            widths: [48, 40],
            directions: ['forward', 'reverse'],
            lengths: [80, 13, 80, 41, 7, 66],
          });
          kernels.team = null;
          const expected = finish(runNetwork(network, undefined, kernels));
          kernels.team = team;
          const found = finish(runNetwork(network, undefined, kernels));
          const [layers, wanted] = [found, expected].map((run) => run.layers.map(({ result }) => answered(result)));
          same(layers, wanted);
          assert.deepEqual(found.dxs, expected.dxs);
          const pieces = finish(runExperiment(0, network, undefined, kernels));
          assert.deepEqual(heldOf(pieces.dxs), expected.dxs);
          assert.deepEqual(pieces.log10Norms, expected.log10Norms);
        }
      } finally {
        await team.stop();
      }
    });
  }
});
