// What a run takes is known from its shapes: held against what is there after it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, memoryOf, reachOf, runChunks, runSteps, runWithin, spectrumSteps } from '../../../src/engine/index.js';
import type { AnyRun, Experiment } from '../../../src/engine/index.js';
import { tooLarge } from '../../../src/worker/capacity.js';
import { heatmap, stepValues, unitLines } from '../../../src/worker/slices.js';
import { band, spread } from '../../../src/worker/units.js';
import { resultJson } from '../../../src/worker/resultJson.js';
import { kernelsOf, randomExperiment, variants } from './support.js';
import type { RandomShape } from './support.js';

const shape: RandomShape = { seed: 3, B: 5, T: 700, I: 6, H: 40, cell: 'tanh', dtype: 'float32', upstream: 'last', truncate: null, chunks: 1, stateful: false, initial: true };

/** Bytes of every array that can be reached from these values, each buffer once; those of the experiment do not count. */
function bytesIn(values: unknown, experiment: Experiment): number {
  const seen = new Set<unknown>();
  let bytes = 0;
  const visit = (value: unknown, counts: boolean): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      if (seen.has(value.buffer)) return;
      seen.add(value.buffer);
      if (counts) bytes += value.buffer.byteLength;
    } else for (const [key, inner] of Object.entries(value)) if (key !== 'dhs') visit(inner, counts);
  };
  visit(experiment, false);
  visit(values, true);
  return bytes;
}

describe('the memory of a run', () => {
  const [variant] = variants;
  if (variant === undefined) return;

  for (const [name, each] of Object.entries<Partial<RandomShape>>({
    'one sequence': { B: 1 }, 'a batch': {}, 'float64': { dtype: 'float64', H: 33 }, 'chunks': { chunks: 2, stateful: true }, 'wide inputs': { I: 90, H: 20, upstream: 'every' },
  })) {
    it(`of ${name} is what was said before`, () => {
      const kernels = kernelsOf(variant);
      const experiment = randomExperiment({ ...shape, ...each });
      const { results, wholeKernels, whole } = memoryOf(experiment, kernels);
      const run = finish(runSteps(experiment, undefined, kernels));
      assert.equal(bytesIn([run, runChunks(experiment, run)], experiment), results);
      assert.equal(kernels.memory.buffer.byteLength, wholeKernels);
      assert.equal(whole, results + wholeKernels);
    });
  }

  it('in pieces grows with the square root of the time', () => {
    const kernels = kernelsOf(variant);
    const of = (T: number): ReturnType<typeof memoryOf> => memoryOf({ ...randomExperiment({ ...shape, T: 10, H: 64 }), shapes: { B: 5, T, I: 6, H: 64 }, chunks: [{ steps: T, xs: new Float64Array(0) }] }, kernels);
    const [short, long] = [of(10_000), of(1_000_000)];
    assert.ok(long.whole > 90 * short.whole);
    // What is left of the growth are the inputs and the norms of every step.
    assert.ok(long.pieces - 1_000_000 * (5 * 6 * 4 + 22 * 8) < 20 * (short.pieces - 10_000 * (5 * 6 * 4 + 22 * 8)), `${short.pieces} and ${long.pieces} bytes`);
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
  if (variant === undefined) return;
  it('is left out where they are not held', () => {
    const kernels = kernelsOf(variant);
    const experiment = randomExperiment({ ...shape, T: 300 });
    assert.ok(reachOf(experiment, finish(runSteps(experiment, undefined, kernels))).reach.share.length > 0);
    const { reach, steps } = reachOf(experiment, finish(runWithin(0, experiment, undefined, kernels)));
    finish(steps);
    assert.equal(reach.share.length, 0);
  });
});

describe('what the page asks for', () => {
  const [variant] = variants;
  if (variant === undefined) return;
  it('is the same from pieces', () => {
    const kernels = kernelsOf(variant);
    for (const each of [shape, { ...shape, B: 2, cell: 'relu', chunks: 2 } as const]) {
      const experiment = randomExperiment(each);
      const [whole, pieces] = [finish(runSteps(experiment, undefined, kernels)), finish(runWithin(0, experiment, undefined, kernels))];
      const window = { t0: 30, t1: 690 };
      const asked = (result: AnyRun): unknown => {
        const run = { runId: 1, experiment, result };
        const spectrum = finish(spectrumSteps(experiment, result));
        return [
          ...(['hs', 'dh', 'z'] as const).flatMap((tensor) => (['index', 'similarity', 'saturation'] as const).map((order) => heatmap(run, { runId: 1, tensor, order, sequence: 1, window, maxColumns: 50, maxRows: 20 }))),
          unitLines(run, { runId: 1, sequence: 1, units: [0, 7, 39], window, maxPoints: 100 }), stepValues(run, { runId: 1, sequence: 1, t: 333 }),
          spread(run, { runId: 1, sequence: null, window, maxColumns: 40, bins: 12 }), band(run, { runId: 1, window, maxPoints: 80 }), spectrum, [...resultJson(experiment, result, spectrum)].join(''),
        ];
      };
      assert.deepEqual(asked(pieces), asked(whole));
    }
  });
});
