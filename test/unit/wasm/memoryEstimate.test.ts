// What a run takes is known from its shapes: held against what is there after it. This file is the entry of more
// threads too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMainThread, workerData } from 'node:worker_threads';
import {
  asNetworkRun,
  attribute,
  finish,
  jacobianSeries,
  memoryOf,
  reachOf,
  runChunks,
  runResumably,
  runWithin,
  spectrumOf,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment, Kernels, Resumable, Spectrum } from '../../../src/engine/index.js';
import { tooLarge } from '../../../src/worker/thread/memoryLimit.js';
import { heatmap, stepValues, unitLines } from '../../../src/worker/answers/slices.js';
import { band, spread } from '../../../src/worker/answers/unitSlices.js';
import { resultJson, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { bytesIn, kernelsOf, plainLayer, randomExperiment, variants } from './support.js';
import type { RandomShape } from './support.js';
import { flatRun } from '../engine/build.js';

const jsonOf = (experiment: LayerExperiment, result: AnyRun, spectrum: Spectrum): string =>
  [...resultJson(asNetworkRun(experiment, result), () => finish(withGateBlocks(experiment, spectrum)))].join('');

const shape: RandomShape = { ...plainLayer, seed: 3, B: 5, T: 700, I: 6, H: 40, initial: true };

if (isHelper(workerData)) help(workerData);

describe('the memory of a run', { skip: !isMainThread }, () => {
  const [variant] = variants;
  const cases: Readonly<Record<string, Partial<RandomShape>>> = {
    'one sequence': { B: 1 },
    'a batch': {},
    float64: { dtype: 'float64', H: 33 },
    chunks: { chunks: 2, stateful: true },
    'wide inputs': { I: 90, H: 20, upstream: 'every' },
    'a given gradient': { upstream: 'given' },
    'a given gradient in chunks': { upstream: 'given', chunks: 2 },
    'a pair': { B: 2, T: 1500 },
    'a small run': { T: 20 },
  };
  const withLoss = (experiment: LayerExperiment): LayerExperiment => {
    const {
      shapes: { B, H },
    } = experiment;
    return {
      ...experiment,
      loss: {
        kind: 'mse',
        at: 'last',
        Why: new Float64Array(2 * H).fill(0.1),
        by: new Float64Array(2),
        targets: new Float64Array(2 * B),
      },
    };
  };
  const experiments: readonly (readonly [string, LayerExperiment])[] = [
    ...Object.entries(cases).map(([name, each]) => [name, randomExperiment({ ...shape, ...each })] as const),
    ['a loss', withLoss(randomExperiment(shape))],
    ['a loss in chunks', withLoss(randomExperiment({ ...shape, chunks: 2 }))],
  ];

  for (const [name, experiment] of experiments) {
    it(`of ${name} is what was said before`, () => {
      const kernels = kernelsOf(variant);
      const { results, wholeKernels, whole, pieces, pieceKernels, analyses } = memoryOf(experiment, kernels);
      const run = flatRun(finish(runResumably(experiment, undefined, kernels)));
      assert.equal(bytesIn([run, runChunks(experiment, run)], experiment), results);
      assert.equal(kernels.memory.buffer.byteLength, wholeKernels);
      const all = Object.values(analyses).reduce((sum, each) => sum + each.kernels + each.results, 0);
      assert.equal(whole, results + wholeKernels + all);
      assert.ok(pieces > pieceKernels + all - analyses.reach.kernels - analyses.reach.results);
    });

    it(`of ${name} in pieces is what was said before, once all of it has been asked for`, () => {
      const kernels = kernelsOf(variant);
      const beside: Kernels[] = [];
      const apart = kernels.apart.bind(kernels);
      kernels.apart = () => {
        const another = apart() ?? assert.fail();
        beside.push(another);
        return another;
      };
      const { pieceKernels, rooms } = memoryOf(experiment, kernels);
      const run = flatRun(finish(runWithin(0, experiment, undefined, kernels)));
      assert.equal(kernels.memory.buffer.byteLength, rooms.pieces.own);
      for (const trace of [run.hs, run.dhTotal, run.dxs, run.dhScaled]) trace.subarray(0, trace.length);
      assert.equal(
        [kernels, ...beside].reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0),
        pieceKernels,
      );
      assert.deepEqual(run.dWh, flatRun(finish(runResumably(experiment, undefined, kernelsOf(variant)))).dWh);
    });
  }

  it('of its analyses is what was said before, and no analysis that goes on beside it takes more', () => {
    for (const [name, each] of Object.entries(cases)) {
      const plain = randomExperiment({ ...shape, ...each, T: 40 });
      const experiment = name === 'a batch' ? withLoss(plain) : plain;
      const kernels = kernelsOf(variant);
      const { analyses } = memoryOf(experiment, kernels);
      const run = flatRun(finish(runResumably(experiment, undefined, kernels)));
      for (const [analysis, work] of [
        ['spectrum', (workspaces) => spectrumResumably(experiment, run, workspaces)],
        ['jacobians', (workspaces) => jacobianSeries(experiment, run, 0, workspaces).steps],
        ['attribution', (workspaces) => attribute(experiment, run, workspaces).steps],
        ['reach', (workspaces) => reachOf(experiment, run, workspaces).steps],
      ] as readonly (readonly [keyof typeof analyses, (workspaces: Workspaces) => Resumable<unknown>])[]) {
        const beside: Kernels[] = [];
        const own = kernelsOf(variant);
        const apart = own.apart.bind(own);
        own.apart = () => {
          const another = apart() ?? assert.fail();
          beside.push(another);
          return another;
        };
        finish(work(new Workspaces(own)));
        assert.deepEqual(
          beside.map(({ memory }) => memory.buffer.byteLength),
          [analyses[analysis].kernels],
          `${analysis} of ${name}`,
        );
      }
      const { attribution, steps } = attribute(experiment, run, new Workspaces(kernelsOf(variant)));
      finish(steps);
      assert.equal(bytesIn(attribution, experiment), analyses.attribution.results, name);
      assert.equal(bytesIn(reachOf(experiment, run).reach, experiment) <= analyses.reach.results, true, name);
      const { jacobianSigmaMax } = spectrumOf(experiment, run).spectrum;
      assert.equal(
        jacobianSigmaMax.byteLength + 8 * jacobianSigmaMax.length * experiment.shapes.H,
        analyses.spectrum.results,
        name,
      );
    }
  });

  it('on several threads is the same whether they are up yet or not, and what was said before', async () => {
    for (const [name, experiment] of experiments) {
      const kernels = kernelsOf(variant);
      const team: WorkerTeam = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), 2);
      kernels.team = team;
      try {
        const said = memoryOf(experiment, kernels);
        const held = (): readonly [number, number] => [
          kernels.memory.buffer.byteLength,
          team.kernels.memory.buffer.byteLength,
        ];
        const empty = held();
        const expected = [Math.max(empty[0], said.rooms.whole.own), Math.max(empty[1], said.rooms.whole.shared)];
        const before = flatRun(finish(runResumably(experiment, undefined, kernels)));
        assert.deepEqual(held(), expected, name);
        await team.up();
        assert.equal(team.size, 3);
        assert.deepEqual(memoryOf(experiment, kernels), said);
        const after = flatRun(finish(runResumably(experiment, undefined, kernels)));
        assert.deepEqual(held(), expected, name);
        assert.deepEqual(after.dWh, before.dWh, name);
      } finally {
        await team.stop();
      }
    }
  });

  it(
    'of a huge run is given back when a small one comes, its own and that of its threads, and not between two ' +
      'huge ones',
    async () => {
      const kernels = kernelsOf(variant);
      const team: WorkerTeam = new WorkerTeam(kernelsOf(variant, true), new URL(import.meta.url), 1);
      kernels.team = team;
      const huge = randomExperiment({ ...shape, B: 16, T: 3000, I: 200, H: 16, upstream: 'every' });
      const small = randomExperiment({ ...shape, T: 20 });
      const expected = flatRun(finish(runResumably(small, undefined, kernelsOf(variant))));
      try {
        for (const way of [kernels, team.kernels]) {
          kernels.team = way === kernels ? null : team;
          const { rooms } = memoryOf(huge, kernels);
          const first = flatRun(finish(runResumably(huge, undefined, kernels)));
          const { memory } = way;
          assert.equal(memory.buffer.byteLength, way === kernels ? rooms.whole.own : rooms.whole.shared);
          assert.ok(memory.buffer.byteLength > 2 ** 26);
          await team.up();
          assert.deepEqual(flatRun(finish(runResumably(huge, undefined, kernels))).dWh, first.dWh);
          assert.equal(way.memory, memory);
          assert.deepEqual(flatRun(finish(runResumably(small, undefined, kernels))), expected);
          assert.ok(kernels.memory.buffer.byteLength + team.kernels.memory.buffer.byteLength < 2 ** 22);
          assert.deepEqual(
            flatRun(finish(runResumably(huge, undefined, kernels))).dWh,
            first.dWh,
            'as large as before when it has to be',
          );
          flatRun(finish(runResumably(small, undefined, kernels)));
        }
      } finally {
        await team.stop();
      }
    },
  );

  it('in pieces grows with the square root of the time', () => {
    const kernels = kernelsOf(variant);
    const of = (T: number): ReturnType<typeof memoryOf> =>
      memoryOf(
        {
          ...randomExperiment({ ...shape, T: 10, H: 64 }),
          shapes: { B: 5, T, I: 6, H: 64 },
          chunks: [{ steps: T, xs: new Float64Array(0) }],
        },
        kernels,
      );
    const [short, long] = [of(10_000), of(1_000_000)];
    assert.ok(long.whole > 90 * short.whole);
    // What is left of the growth are the inputs and the norms of every step, and what the analyses hold of one
    // sequence.
    const rest = (
      { pieces, analyses: { spectrum, jacobians, attribution } }: ReturnType<typeof memoryOf>,
      T: number,
    ): number => pieces - T * (5 * 6 * 4 + 22 * 8) - spectrum.results - jacobians.results - attribution.results;
    assert.ok(rest(long, 1_000_000) < 20 * rest(short, 10_000), `${short.pieces} and ${long.pieces} bytes`);
    assert.ok(long.pieces < long.whole / 10);
  });

  it('beyond what may be taken is refused with how much it is', () => {
    const kernels = kernelsOf(variant);
    const experiment = randomExperiment(shape);
    const { whole, pieces } = memoryOf(experiment, kernels);
    assert.equal(tooLarge(experiment, kernels, { whole, most: whole }, 'a.rnn.json'), null);
    const least = Math.min(whole, pieces);
    assert.equal(tooLarge(experiment, kernels, { whole: 0, most: least }, 'a.rnn.json'), null);
    const problem = tooLarge(experiment, kernels, { whole: 0, most: least - 1 }, 'a.rnn.json');
    assert.deepEqual([problem?.file, problem?.code, problem?.severity], ['a.rnn.json', 'not-enough-memory', 'error']);
    assert.match(problem?.message ?? '', /needs \d+ MiB of memory/);
    assert.match(problem?.found ?? '', /B = 5, T = 700, I = 6, H = 40/);
  });
});

describe('an analysis that needs all steps at once', () => {
  const [variant] = variants;
  it('is left out where they are not held', () => {
    const kernels = kernelsOf(variant);
    const experiment = randomExperiment({ ...shape, T: 300 });
    assert.ok(
      reachOf(experiment, flatRun(finish(runResumably(experiment, undefined, kernels)))).reach.share.length > 0,
    );
    const { reach, steps } = reachOf(experiment, flatRun(finish(runWithin(0, experiment, undefined, kernels))));
    finish(steps);
    assert.equal(reach.share.length, 0);
  });
});

describe('what the page asks for', () => {
  const [variant] = variants;
  it('is the same from pieces', () => {
    const kernels = kernelsOf(variant);
    const lasting = { ...shape, T: 300 } as const;
    for (const each of [lasting, { ...lasting, B: 2, cell: 'relu', chunks: 2 } as const]) {
      const experiment = randomExperiment(each);
      const [whole, pieces] = [
        flatRun(finish(runResumably(experiment, undefined, kernels))),
        flatRun(finish(runWithin(0, experiment, undefined, kernels))),
      ];
      const window = { t0: 30, t1: 290 };
      const asked = (result: AnyRun): unknown => {
        const run = { runId: 1, experiment, result };
        const spectrum = finish(spectrumResumably(experiment, result));
        return [
          ...(['hs', 'dh', 'z'] as const).flatMap((tensor) =>
            (['index', 'similarity', 'saturation'] as const).map((order) =>
              heatmap(run, { runId: 1, tensor, order, sequence: 1, window, maxColumns: 50, maxRows: 20 }),
            ),
          ),
          unitLines(run, { runId: 1, sequence: 1, units: [0, 7, 39], window, maxPoints: 100 }),
          stepValues(run, { runId: 1, sequence: 1, t: 133 }),
          spread(run, { runId: 1, sequence: null, window, maxColumns: 40, bins: 12 }),
          band(run, { runId: 1, window, maxPoints: 80 }),
          spectrum,
          jsonOf(experiment, result, spectrum),
        ];
      };
      assert.deepEqual(asked(pieces), asked(whole));
    }
  });
});
