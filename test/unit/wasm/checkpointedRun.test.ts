// Runs whose tensors over time are computed again piece by piece: the same bits as those that hold everything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PiecedTrace } from '../../../src/engine/core/recomputedTrace.js';
import { isHeld } from '../../../src/engine/core/tensor.js';
import { dtypes, finish, preActivations, runResumably, runWithin, Workspaces } from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment, LayerLoss } from '../../../src/engine/index.js';
import { answered, filled, randomNumbers, weightsOf, withLayer } from '../engine/build.js';
import { everything, heavyVariants, kernelCells, kernelsOf, plainLayer, randomExperiment, same } from './support.js';
import type { RandomShape } from './support.js';

const held = (run: AnyRun): unknown => ({
  ...answered(run),
  dxs: everything(run.dxs, run.shapes),
  layers: run.layers.map((layer) => ({
    ...layer,
    states: { h: everything(layer.states.h, run.shapes) },
    dhTotal: everything(layer.dhTotal, run.shapes),
    dhScaled: everything(layer.dhScaled, run.shapes),
  })),
});

function withLoss(experiment: LayerExperiment, kind: LayerLoss['kind'], at: LayerLoss['at']): LayerExperiment {
  const { B, T, H } = experiment.shapes;
  const next = randomNumbers(7);
  const S = at === 'every' ? T : 1;
  const targets =
    kind === 'mse' ? filled(B * S * 3, next) : filled(B * S, next).map((value) => Math.floor((value + 1) * 1.5));
  return { ...experiment, loss: { kind, at, Why: filled(H * 3, next), by: filled(3, next), targets } };
}

const shapes: fc.Arbitrary<RandomShape> = fc.record({
  seed: fc.integer({ min: 1, max: 1000 }),
  B: fc.integer({ min: 1, max: 20 }),
  T: fc.integer({ min: 60, max: 300 }),
  I: fc.integer({ min: 1, max: 20 }),
  H: fc.integer({ min: 1, max: 40 }),
  cell: fc.constantFrom(...kernelCells),
  dtype: fc.constantFrom(...dtypes),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.constantFrom(null, null, 1, 7, 50),
  chunks: fc.constantFrom(1, 2),
  stateful: fc.boolean(),
  initial: fc.boolean(),
});

for (const variant of heavyVariants) {
  describe(`a run in pieces with ${variant} instructions`, () => {
    const [kernels, others] = [kernelsOf(variant), kernelsOf(variant)];
    const isSame = (experiment: LayerExperiment): void => {
      const run = finish(runWithin(0, experiment, undefined, kernels));
      const [layer] = run.layers;
      assert.ok(
        layer.states.h instanceof PiecedTrace &&
          !isHeld(layer.dhTotal) &&
          !isHeld(run.dxs) &&
          layer.dhScaled instanceof PiecedTrace,
      );
      same(held(run), answered(finish(runResumably(experiment, undefined, others))));
    };

    it('is bit for bit the run that holds everything', () => {
      fc.assert(
        fc.property(shapes, (shape) => isSame(randomExperiment(shape))),
        { numRuns: 25 },
      );
    });

    it('is so for one sequence whose state is one panel, wherever it is cut', () => {
      for (const [i, cell] of kernelCells.entries())
        for (const truncate of [null, 1, 7, 50])
          for (const H of [1, 9, 16]) {
            isSame(
              randomExperiment({
                seed: 3 + i,
                B: 1,
                T: 300,
                I: 5,
                H,
                cell,
                dtype: 'float32',
                upstream: 'given',
                truncate,
                chunks: truncate === 7 ? 2 : 1,
                stateful: true,
                initial: true,
              }),
            );
          }
    });

    it('is so below the normal range, whose norms wide steps have found apart', () => {
      for (const [B, H] of [
        [2, 5],
        [8, 64],
        [8, 256],
      ] as const)
        for (const size of [1e-36, 1e-40, 1e-44]) {
          const e = randomExperiment({ ...plainLayer, seed: 5, B, T: 6, I: 8, H, upstream: 'given' });
          assert.ok(e.upstream.kind === 'given');
          const { dhs } = e.upstream;
          // All sequences, or all but the first.
          for (const from of [0, 6 * H])
            isSame({
              ...e,
              upstream: { kind: 'given', dhs: dhs.map((value, i) => (i < from ? value : value * size)) },
            });
        }
    });

    it('has its pre-activations where they are asked for, however many they are', () => {
      const T = 300;
      const e = randomExperiment({ ...plainLayer, seed: 2, B: 2, T, I: 2, H: 3, dtype: 'float64', initial: true });
      const [long, whole] = [finish(runWithin(0, e, undefined, kernels)), finish(runResumably(e, undefined, others))];
      const [pieced, plain] = [preActivations(e, long, 1, null, T), preActivations(e, whole, 1)];
      for (const { steps } of [pieced, plain]) finish(steps);
      assert.ok(pieced.z.values instanceof PiecedTrace);
      assert.ok(plain.z.values !== null);
      const shape = { B: 1, T };
      assert.deepEqual(everything(pieced.z.values, shape), everything(plain.z.values, shape));
    });

    it('is so where the norm of a step is as near to one float32 as to the next', () => {
      const T = 257;
      const x = new Float64Array(18);
      x[0] = 1.5;
      x[16] = x[17] = 1.5 * 2 ** -27;
      const like = randomExperiment({
        ...plainLayer,
        seed: 1,
        B: 1,
        T,
        I: 18,
        H: 1,
        cell: 'identity',
        upstream: 'given',
      });
      const e: LayerExperiment = withLayer(
        {
          ...like,
          chunks: [{ steps: T, xs: Float64Array.from({ length: T * 18 }, (_, i) => x[i % 18]!) }],
          upstream: { kind: 'given', dhs: new Float64Array(T).fill(1 + 3 * 2 ** -23) },
        },
        {
          weights: { Wx: new Float64Array(18), Wh: new Float64Array(1), b: Float64Array.of(1) },
          h0: Float64Array.of(1),
        },
      );
      isSame(e);
      const [{ norms }] = finish(runResumably(e, undefined, others)).layers;
      assert.equal(new Set(norms.parameters.Wx).size, 1, 'equal steps have equal norms');
    });

    for (const kind of ['mse', 'crossEntropy'] as const) {
      for (const at of ['last', 'every'] as const) {
        it(`is so with the loss ${kind} at ${at}`, () => {
          for (const B of [1, 6])
            isSame(
              withLoss(
                randomExperiment({
                  ...plainLayer,
                  seed: 5,
                  B,
                  T: 301,
                  I: 3,
                  H: 17,
                  chunks: 2,
                  stateful: true,
                  initial: true,
                }),
                kind,
                at,
              ),
            );
        });
      }
    }

    it('has the pre-activations of that run', () => {
      for (const dtype of dtypes) {
        const e = randomExperiment({
          ...plainLayer,
          seed: 6,
          B: 3,
          T: 301,
          I: 3,
          H: 17,
          dtype,
          chunks: 2,
          stateful: true,
          initial: true,
        });
        const [pieced, whole] = [
          finish(runWithin(0, e, undefined, kernels)),
          finish(runResumably(e, undefined, others)),
        ];
        for (const workspaces of [new Workspaces(others), null]) {
          const [own, expected] = [preActivations(e, pieced, 2, workspaces), preActivations(e, whole, 2, workspaces)];
          finish(own.steps);
          finish(expected.steps);
          assert.ok(own.z.values instanceof Float64Array);
          assert.deepEqual(own.z.values, expected.z.values);
        }
      }
    });

    it('ends in the same verdict where numbers are not finite', () => {
      const sound = randomExperiment({
        ...plainLayer,
        seed: 9,
        B: 2,
        T: 300,
        I: 3,
        H: 8,
        cell: 'relu',
        upstream: 'every',
      });
      const exploding = withLayer(sound, {
        weights: { ...weightsOf(sound), Wh: weightsOf(sound).Wh.map((value) => Math.abs(value) * 6) },
      });
      const { verdict } = finish(runWithin(0, exploding, undefined, kernels));
      assert.equal(verdict.kind, 'nonfinite');
      assert.deepEqual(verdict, finish(runResumably(exploding, undefined, others)).verdict);
    });
  });
}
