// Analyses that several threads share give the same bits as one thread. This file is the helpers' entry too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMainThread, workerData } from 'node:worker_threads';
import {
  attribute,
  finish,
  jacobianSeries,
  reachOf,
  runResumably,
  spectrumOf,
  Workspaces,
} from '../../../src/engine/index.js';
import type { LayerExperiment, Kernels, Resumable } from '../../../src/engine/index.js';
import type { ComputedRun } from '../../../src/engine/network/result.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { plainGated, randomGated } from './gatedSupport.js';
import { kernelsOf, plainLayer, randomExperiment, variants } from './support.js';

type Question = { readonly found: unknown; readonly steps: Resumable<void> };
const questions: Readonly<Record<string, (e: LayerExperiment, run: ComputedRun, spaces: Workspaces) => Question>> = {
  spectrum(e, run, spaces) {
    const { spectrum, steps } = spectrumOf(e, run, spaces, 0);
    return { found: spectrum, steps };
  },
  'singular values'(e, run, spaces) {
    const { series, steps } = jacobianSeries(e, run, 0, spaces, { t0: 2, t1: 5 });
    return { found: series, steps };
  },
  attribution(e, run, spaces) {
    const { attribution, steps } = attribute(e, run, spaces);
    return { found: attribution, steps };
  },
  reach(e, run, spaces) {
    const { reach, steps } = reachOf(e, run, spaces);
    return { found: reach, steps };
  },
};

/** Wide enough that each analysis is worth sharing; the last of a row is one by itself. */
const wide = randomExperiment({ ...plainLayer, seed: 7, B: 13, T: 11, I: 5, H: 131, upstream: 'every', initial: true });
const gated = randomGated({ ...plainGated, B: 2, T: 6, I: 4, H: 66, cell: 'lstm', dtype: 'float32' });
const [wideLstm, wideGru] = (['lstm', 'gru'] as const).map((cell) =>
  randomGated({ ...plainGated, B: 13, T: 11, I: 5, H: 82, cell, dtype: 'float32', upstream: 'every' }),
) as [LayerExperiment, LayerExperiment];
const asked: readonly (readonly [name: string, e: LayerExperiment, questions: readonly string[]])[] = [
  ['tanh', wide, ['spectrum', 'singular values', 'attribution', 'reach']],
  ['lstm', gated, ['spectrum', 'singular values']],
  ['lstm, wide', wideLstm, ['attribution', 'reach']],
  ['gru, wide', wideGru, ['attribution', 'reach']],
];

if (isHelper(workerData)) help(workerData);

describe('analyses on several threads', { skip: !isMainThread }, () => {
  const [variant] = variants;
  /** With a team that counts what it shares out on the memory of analyses. */
  async function withTeam(
    helpers: number,
    work: (kernels: Kernels, team: WorkerTeam, shared: () => number) => void | Promise<void>,
  ): Promise<void> {
    const kernels = kernelsOf(variant);
    const team = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), helpers);
    kernels.team = team;
    let count = 0;
    const run = team.run.bind(team);
    team.run = (tasks, memory) => {
      if (memory === 1 && tasks.length > 1) count++;
      run(tasks, memory);
    };
    try {
      assert.notEqual(team.beside(), null);
      await team.up();
      assert.equal(team.size, 1 + helpers);
      await work(kernels, team, () => count);
    } finally {
      await team.stop();
    }
  }

  for (const helpers of [1, 3]) {
    it(`${1 + helpers} threads give the bits of one`, async () => {
      const single = kernelsOf(variant);
      await withTeam(helpers, (kernels, _, shared) => {
        const spaces = [new Workspaces(single), new Workspaces(kernels)] as const;
        for (const [cell, e, names] of asked) {
          const run = finish(runResumably(e, undefined, single));
          for (const name of names) {
            const before = shared();
            const [expected, found] = spaces.map((own) => {
              const question = questions[name]!(e, run, own);
              finish(question.steps);
              return question.found;
            });
            assert.deepEqual(found, expected, `${name} of ${cell}`);
            assert.ok(shared() > before + 5, `${name} of ${cell}: ${shared() - before} calls were shared out`);
          }
        }
      });
    });
  }

  it('one has the threads at a time, the next one when it has ended or was given up', async () => {
    await withTeam(1, (kernels, _, shared) => {
      const spaces = new Workspaces(kernels);
      const run = finish(runResumably(wide, undefined, kernels));
      const ask = (): Question => questions['spectrum']!(wide, run, spaces);
      const [first, second] = [ask(), ask()];
      /** How many calls a question shares out until its end, or until it has shared one. */
      const calls = ({ steps }: Question, toItsEnd: boolean): number => {
        const before = shared();
        while (steps.next().done !== true && (toItsEnd || shared() === before));
        return shared() - before;
      };
      assert.ok(calls(first, false) > 0);
      assert.equal(calls(second, true), 0, 'the second works alone while the first has the threads');
      first.steps.return();
      const third = ask();
      assert.ok(calls(third, true) > 5);
      assert.deepEqual(third.found, second.found);
    });
  });

  it('an analysis whose threads end goes on alone, to the same bits', async () => {
    await withTeam(3, async (kernels, team, shared) => {
      const run = finish(runResumably(wide, undefined, kernels));
      const expected = questions['spectrum']!(wide, run, new Workspaces(kernelsOf(variant)));
      finish(expected.steps);
      const question = questions['spectrum']!(wide, run, new Workspaces(kernels));
      while (shared() < 3) assert.notEqual(question.steps.next().done, true);
      await team.stop();
      finish(question.steps);
      assert.deepEqual(question.found, expected.found);
    });
  });
});
