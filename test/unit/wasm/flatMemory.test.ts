// Many runs leave nothing behind: neither in the kernels' memory nor in arrays nor on the heap. This file is the entry
// of more threads too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMainThread, workerData } from 'node:worker_threads';
import {
  attribute,
  defaultBounds,
  finish,
  jacobianSeries,
  reachOf,
  runResumably,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import { isSmall } from '../../../src/engine/wasm/smallRun.js';
import type { WorkerContract, WorkerHostContract } from '../../../src/protocol/messages.js';
import { Channel } from '../../../src/protocol/rpc.js';
import { Service } from '../../../src/worker/thread/service.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { configOf, referenceCase } from '../../support/experiments.js';
import { assertFlat } from '../../support/flatMemory.js';
import { wire } from '../../support/wire.js';
import { long } from '../../support/long.js';
import { heavyVariants, kernelsOf, plainLayer, randomExperiment } from './support.js';
import type { RandomShape } from './support.js';

const shape: RandomShape = { ...plainLayer, seed: 1, B: 4, T: 50, I: 8, H: 24 };
/** How often each is done: what a single one leaves shows the sooner. */
const many = long ? 1000 : 250;
const some = long ? 200 : 100;

if (isHelper(workerData)) help(workerData);
else if (isMainThread) {
  for (const variant of heavyVariants) {
    describe(`memory with ${variant} instructions is flat over`, () => {
      const kinds: Readonly<Record<string, RandomShape>> = {
        'results that share a buffer': { ...shape, B: 2, T: 30, I: 3, H: 10 },
        'results with a buffer of their own': shape,
        'chunks, layer by layer': { ...shape, chunks: 2, stateful: true, upstream: 'given' },
        'one sequence in float64': { ...shape, B: 1, chunks: 2, dtype: 'float64', upstream: 'every' },
      };
      for (const [name, each] of Object.entries(kinds)) {
        it(`${many} runs: ${name}`, async () => {
          assert.ok(each.chunks === 2 || isSmall({ ...each, steps: each.T }));
          const kernels = kernelsOf(variant);
          const experiment = randomExperiment(each);
          await assertFlat(many, () => void finish(runResumably(experiment, undefined, kernels)), [kernels]);
        });
      }

      it(`${some} runs on several threads`, async () => {
        const kernels = kernelsOf(variant);
        const team = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), 1);
        kernels.team = team;
        await team.up();
        try {
          const experiment = randomExperiment({ ...shape, B: 8, T: 100, H: 64, chunks: 2 });
          await assertFlat(some, () => void finish(runResumably(experiment, undefined, kernels)), [
            kernels,
            team.kernels,
          ]);
          assert.ok(team.kernels.memory.buffer.byteLength > 65536, 'the threads had work');
        } finally {
          await team.stop();
        }
      });

      it(`${many} analyses of each kind, which take their memories in turn`, async () => {
        const kernels = kernelsOf(variant);
        const workspaces = new Workspaces(kernels);
        let made = 0;
        const apart = kernels.apart.bind(kernels);
        kernels.apart = () => {
          made++;
          return apart();
        };
        const experiment = randomExperiment({ ...shape, B: 2, T: 12, H: 9 });
        const result = finish(runResumably(experiment, undefined, kernels));
        await assertFlat(many, () => {
          for (const steps of [
            attribute(experiment, result, workspaces).steps,
            reachOf(experiment, result, workspaces).steps,
            jacobianSeries(experiment, result, 0, workspaces).steps,
            spectrumResumably(experiment, result, workspaces),
          ])
            finish<unknown>(steps);
        }, [kernels]);
        assert.equal(made, 1, 'one memory is enough for analyses one after the other');
      });

      it(`${many} runs through the service, with their analyses`, async () => {
        const kernels = kernelsOf(variant);
        const [here, there] = wire();
        new Service(there, kernels);
        const bytes = new TextEncoder().encode(configOf(referenceCase('typical')));
        let [runId, summaries] = [0, 0];
        const channel = new Channel<WorkerHostContract, WorkerContract>(
          here,
          { readFile: ({ reference }) => ({ ok: true, id: reference, bytes: bytes.slice() }) },
          {
            progress: () => undefined,
            problems: () => undefined,
            summary: () => {
              summaries++;
            },
            spectrum: () => undefined,
            begun: () => undefined,
            failed: ({ message }) => assert.fail(message),
          },
          { checks: 'trusted', onFault: (error) => assert.fail(error) },
        );
        await assertFlat(many, async () => {
          const outcome = await channel.request('run', {
            runId: ++runId,
            entry: { kind: 'config', config: 'flat.rnn.json' },
            bounds: defaultBounds,
            layer: null,
            awaitsPicture: false,
            cancel: null,
          });
          assert.equal(outcome.kind, 'done');
          await channel.request('reach', { runId });
        }, [kernels]);
        assert.equal(summaries, runId);
      });
    });
  }
}
