// Two directions of a layer, the two ways back of a stack, or two parts of a spectrum on two threads, each with a
// memory of its own. This file is the helpers' entry too.
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { isMainThread, MessagePort, workerData } from 'node:worker_threads';
import { finish, growingSpectrum, runNetwork, Workspaces } from '../../../src/engine/index.js';
import type { ChunkInput, Experiment, Kernels, NetworkRun, Resumable, Variant } from '../../../src/engine/index.js';
import { setLanguage } from '../../../src/l10n.js';
import { movable } from '../../../src/worker/scheduling/movable.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { some } from '../../support/long.js';
import { answered } from '../engine/build.js';
import { randomLoss, randomNetwork } from '../engine/networks.js';
import type { NetworkShape } from '../engine/networks.js';
import { kernelsOf, same, variants } from './support.js';

if (isHelper(workerData)) help(workerData);

type Make = (seed: number, cell: 'lstm' | 'gru' | 'tanh', B: number) => Experiment;
const made =
  (shape: Pick<NetworkShape, 'widths' | 'directions'>): Make =>
  (seed, cell, B) => {
    // No longer than another thread is worth asking for.
    const T = 2 * Math.ceil((cell === 'tanh' ? 1500 : 500) / (2 * Math.min(B, 4)));
    return randomNetwork({ seed, cell, B, T, I: 20, ...shape });
  };
const kinds: Readonly<Record<string, Make>> = {
  'two directions side by side': made({ widths: [64], directions: ['forward', 'reverse'] }),
  'the two ways back of a stack side by side': made({ widths: [64, 48, 56], directions: ['forward'] }),
};

/** What a run says: with the next step of each layer, or without it, where another test looks at those. */
const numbersOf = (experiment: Experiment, kernels: Kernels, withNextSteps = false): unknown => {
  const run = finish(runNetwork(experiment, undefined, kernels));
  return {
    layers: run.layers.map(({ result }) => (withNextSteps ? answered(result) : { ...result, nextStep: null })),
    verdicts: run.layers.map(({ result }) => [result.verdict, result.positionVerdict]),
    dxs: run.dxs,
    logs: run.log10Norms,
    source: run.log10SingleSource,
    verdict: run.verdict,
  };
};

/** Kernels with one more thread; counts the jobs that it has been asked, and those that it has answered. */
async function withHelper(
  variant: Variant,
  work: (kernels: Kernels, team: WorkerTeam, jobs: { asked: number; answered: number }) => void | Promise<void>,
  slices?: number,
): Promise<void> {
  const kernels = kernelsOf(variant);
  const team = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), 1, slices);
  await team.up();
  assert.equal(team.size, 2);
  const jobs = { asked: 0, answered: 0 };
  const elsewhere = team.elsewhere.bind(team);
  team.elsewhere = (job) => {
    const asked = elsewhere(job);
    if (asked === null) return null;
    jobs.asked++;
    return {
      end: () => asked.end(),
      isAnswered: () => asked.isAnswered(),
      answer: (function* () {
        const answer = yield* asked.answer;
        if (answer !== null) jobs.answered++;
        return answer;
      })(),
    };
  };
  try {
    await work(kernels, team, jobs);
  } finally {
    await team.stop();
  }
}

const untilFree = async (team: WorkerTeam): Promise<void> => {
  while (team.size < 2) await new Promise((resolve) => setTimeout(resolve, 1));
};

for (const [k, [kind, network]] of Object.entries(kinds).entries())
  describe(kind, { skip: !isMainThread }, () => {
    const [variant] = variants;
    const known = new Map<Parameters<Make>[1], unknown>();
    /** What one thread computes of the network that most tests take, once, while nobody waits for it. */
    const plainly = (cell: 'lstm' | 'gru'): unknown => {
      if (!known.has(cell)) known.set(cell, numbersOf(network(1, cell, 4), kernelsOf(variant)));
      return known.get(cell);
    };

    it("give the bits, verdicts and next steps of one after the other, in the caller's language", async () => {
      // The thread has it from its start on.
      setLanguage({ name: 'ko', bundle: { '{0} step': '{0} 단계', '{0} steps': '{0} 단계' } });
      try {
        const single = kernelsOf(variant);
        const all = [
          ['lstm', 1],
          ['lstm', 9],
          ['gru', 9],
          ['gru', 1],
          ['tanh', 1],
          ['tanh', 9],
        ] as const;
        const wanted = some(all, 2, k).map(([cell, B]) => {
          const experiment = network(3 + B, cell, B);
          return { name: `${cell} ${B}`, experiment, expected: numbersOf(experiment, single, true) };
        });
        await withHelper(variant, (kernels, team, jobs) => {
          kernels.team = team;
          for (const { name, experiment, expected } of wanted) {
            const before = jobs.answered;
            same(numbersOf(experiment, kernels, true), expected, name);
            assert.ok(jobs.answered > before, `${name}: nobody was asked`);
          }
          assert.equal(jobs.answered, jobs.asked);
        });
      } finally {
        setLanguage();
      }
    });

    it('do so with different lengths, a cut gradient, chunks that go on from each other, and a loss', async () => {
      const plain = network(8, 'lstm', 3);
      const { T, I } = plain.shapes;
      const [{ xs }] = plain.chunks as [ChunkInput];
      const length = (3 * T * I) / 2;
      const half = (at: number): ChunkInput => ({ steps: T / 2, xs: xs.slice(at * length, (at + 1) * length) });
      const cases: Readonly<Record<string, Experiment>> = {
        lengths: { ...plain, chunks: [{ steps: T, xs, lengths: [T, 100, 20] }] },
        truncated: { ...plain, dtype: 'float32', truncate: 7 },
        chunks: { ...plain, chunks: [half(0), half(1)], stateful: true },
        loss: { ...plain, loss: randomLoss(plain, 'mse', 'every', 5) },
      };
      const single = kernelsOf(variant);
      const wanted = Object.entries(cases).map(
        ([name, experiment]) => [name, experiment, numbersOf(experiment, single, true)] as const,
      );
      await withHelper(variant, (kernels, team, jobs) => {
        kernels.team = team;
        for (const [name, experiment, expected] of wanted) {
          const before = jobs.answered;
          same(numbersOf(experiment, kernels, true), expected, name);
          assert.ok(jobs.answered > before, `${name}: nobody was asked`);
        }
      });
    });

    it('leave the other thread free when the run is given up', async () => {
      const expected = plainly('lstm');
      await withHelper(variant, async (kernels, team, jobs) => {
        const experiment = network(1, 'lstm', 4);
        kernels.team = team;
        for (let pauses = 1; pauses < 400; pauses += 40) {
          const before = jobs.asked;
          const steps = runNetwork(experiment, undefined, kernels);
          while (jobs.asked === before) steps.next();
          for (let i = 0; i < pauses; i++) steps.next();
          steps.return(undefined as never);
          await untilFree(team);
        }
        same(numbersOf(experiment, kernels), expected);
      });
    });

    it('share no other work meanwhile', async () => {
      await withHelper(variant, async (kernels, team, jobs) => {
        kernels.team = team;
        const steps = runNetwork(network(1, 'lstm', 4), undefined, kernels);
        while (jobs.asked === 0) steps.next();
        assert.deepEqual([team.size, team.elsewhere({ kernels, task: {} })], [1, null]);
        steps.return(undefined as never);
        await untilFree(team);
      });
    });

    it('are both run here when what the other thread needs cannot be sent to it', async () => {
      const expected = plainly('gru');
      await withHelper(variant, (kernels, team, jobs) => {
        const experiment = network(1, 'gru', 4);
        kernels.team = team;
        const elsewhere = team.elsewhere.bind(team);
        team.elsewhere = (job) => {
          const post = mock.method(MessagePort.prototype, 'postMessage', () => {
            throw new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError');
          });
          try {
            return elsewhere(job);
          } finally {
            post.mock.restore();
          }
        };
        same(numbersOf(experiment, kernels), expected);
        assert.deepEqual([jobs.asked, team.size], [0, 2]);
      });
    });

    it('are both run here when the other thread is gone, or says nothing any more', async () => {
      const experiment = network(1, 'gru', 4);
      const expected = plainly('gru');
      for (const slices of [undefined, 1])
        await withHelper(
          variant,
          async (kernels, team, jobs) => {
            kernels.team = team;
            const steps = runNetwork(experiment, undefined, kernels);
            while (jobs.asked === 0) steps.next();
            const stopped = team.stop();
            // With time for the event loop it is told; without it is patient for half a second.
            if (slices === undefined) await stopped;
            finish(steps);
            assert.equal(jobs.answered, 0);
            await stopped;
            same(numbersOf(experiment, kernels), expected);
          },
          slices,
        );
    });
  });

describe('the leading exponents of LSTM and GRU, and the norms of their Jacobians', { skip: !isMainThread }, () => {
  const [variant] = variants;
  const cases = (['lstm', 'gru'] as const).map((cell) => {
    const shape = { cell, B: 2, T: 16, I: 20, widths: [224], directions: ['forward'] } as const;
    const run = finish(runNetwork(randomNetwork({ seed: 6, ...shape }), undefined, kernelsOf(variant)));
    const [{ experiment, result }] = run.layers as [NetworkRun['layers'][number]];
    return { cell, experiment, result };
  });
  type Wide = (typeof cases)[number];
  // All exponents count as more than a glance.
  const grown = ({ experiment, result }: Wide, kernels: Kernels): ReturnType<typeof growingSpectrum> =>
    growingSpectrum(experiment, result, new Workspaces(kernels), undefined, 0);
  const spectrumBy = (wide: Wide, kernels: Kernels): unknown => {
    const { spectrum, steps } = grown(wide, kernels);
    finish(steps);
    assert.equal(spectrum.lyapunovKnown, 32);
    return spectrum;
  };
  const known = new Map<Wide, unknown>();
  /** The same by one thread alone, computed once. */
  const spectrumOf = (wide: Wide): unknown => {
    if (!known.has(wide)) known.set(wide, spectrumBy(wide, kernelsOf(variant)));
    return known.get(wide);
  };
  const untilAsked = (steps: Resumable<void>, jobs: { readonly asked: number }, before: number): void => {
    while (jobs.asked === before) assert.ok(steps.next().done !== true, 'nobody was asked');
  };
  const withThreads = async (kernels: Kernels, team: WorkerTeam): Promise<void> => {
    kernels.team = team;
    team.beside();
    await team.up();
  };

  it('are found side by side, with the bits of one after the other', async () => {
    for (const wide of cases) spectrumOf(wide);
    await withHelper(variant, async (kernels, team, jobs) => {
      for (const wide of cases) {
        const expected = spectrumOf(wide);
        await withThreads(kernels, team);
        const before = { ...jobs };
        assert.deepEqual(spectrumBy(wide, kernels), expected, wide.cell);
        assert.deepEqual([jobs.asked - before.asked, jobs.answered - before.answered], [1, 1], wide.cell);
      }
    });
  });

  it('are told while the others are still sought', async () => {
    await withHelper(variant, async (kernels, team, jobs) => {
      await withThreads(kernels, team);
      const { spectrum, steps } = grown(cases[0]!, kernels);
      untilAsked(steps, jobs, 0);
      await untilFree(team);
      steps.next();
      assert.equal(spectrum.lyapunovKnown, 32);
      assert.ok(spectrum.jacobianSigmaMax.includes(NaN));
      finish(steps);
    });
  });

  it('are found here when the other thread is gone', async () => {
    for (const wide of cases)
      await withHelper(variant, async (kernels, team, jobs) => {
        const expected = spectrumOf(wide);
        await withThreads(kernels, team);
        const { spectrum, steps } = grown(wide, kernels);
        untilAsked(steps, jobs, 0);
        await team.stop();
        finish(steps);
        assert.equal(jobs.answered, 0);
        assert.deepEqual(spectrum, expected);
      });
  });

  it('are found here when the other thread cannot say', async () => {
    for (const wide of cases) spectrumOf(wide);
    await withHelper(variant, async (kernels, team, jobs) => {
      for (const wide of cases) {
        const expected = spectrumOf(wide);
        await withThreads(kernels, team);
        const elsewhere = team.elsewhere.bind(team);
        const [layer] = wide.experiment.layers;
        const parameters = { ...layer.parameters, Wh: layer.parameters.Wh.map(() => Infinity) };
        const experiment = { ...wide.experiment, layers: [{ ...layer, parameters }] };
        team.elsewhere = (job) => elsewhere({ ...job, task: { ...job.task, experiment } });
        const before = jobs.asked;
        assert.deepEqual(spectrumBy(wide, kernels), expected, wide.cell);
        assert.deepEqual([jobs.asked - before, jobs.answered], [1, 0], wide.cell);
        team.elsewhere = elsewhere;
      }
    });
  });

  it('leave the other thread free when nobody wants them any more', async () => {
    await withHelper(variant, async (kernels, team, jobs) => {
      await withThreads(kernels, team);
      for (const wide of cases) {
        const before = jobs.asked;
        const { steps } = grown(wide, kernels);
        untilAsked(steps, jobs, before);
        steps.return(undefined);
        await untilFree(team);
      }
    });
  });
});

describe('what is moved to another thread', { skip: !isMainThread }, () => {
  it('has buffers of its own, of which no part belongs to anybody else', () => {
    const shared = Float64Array.from([1, 2, 3, 4]);
    const whole = Float32Array.from([5, 6]);
    const { value, buffers } = movable({
      a: whole,
      list: [{ window: shared.subarray(1, 3) }, null],
      text: 'x',
      none: undefined,
    });
    assert.deepEqual(value, {
      a: whole,
      list: [{ window: Float64Array.from([2, 3]) }, null],
      text: 'x',
      none: undefined,
    });
    assert.equal(value.a, whole);
    assert.deepEqual(
      buffers.map(({ byteLength }) => byteLength),
      [8, 16],
    );
    const moved = structuredClone(value, { transfer: buffers });
    assert.deepEqual(moved.list[0], { window: Float64Array.from([2, 3]) });
    assert.deepEqual([whole.length, shared.length], [0, 4]);
  });
});
