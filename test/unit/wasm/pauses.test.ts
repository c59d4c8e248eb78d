// How much is computed between two pauses: the thread answers messages, and a cancelled run stops, within that.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  attribute,
  dtypes,
  finish,
  jacobianSeries,
  preActivations,
  reachOf,
  runResumably,
  runWithin,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment, Resumable } from '../../../src/engine/index.js';
import { fastPass } from '../../../src/engine/wasm/pass.js';
import { long, some } from '../../support/long.js';
import { experiment, filled, flatRun, randomNumbers, weightsOf, withLayer } from '../engine/build.js';
import { Counted, most } from './counting.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import { kernelsOf, plainLayer, randomExperiment, variants } from './support.js';

type Driven = ReturnType<Counted['drive']> & { readonly result: AnyRun | null };

const [variant] = variants;
type Sizes = readonly (readonly [B: number, T: number, I: number, H: number])[];
const runs: Sizes = [
  [16, 40, 64, 256],
  [128, 2, 128, 1024],
  [3, 40, 8, 512],
  [1, 3000, 32, 128],
  [300, 12, 400, 64],
];
const longRuns: Sizes = [
  [64, 1, 512, 2048],
  [1, 150, 64, 1024],
];
const analysed: Sizes = [
  [8, 100, 16, 64],
  [16, 8, 64, 256],
  [1, 4, 64, 512],
  [64, 6, 8, 128],
];
const longAnalysed: Sizes = [
  [1, 400, 8, 128],
  [1, 3, 8, 640],
];
const shapes = (B: number, T: number, I: number, H: number): string => `B ${B}, T ${T}, I ${I}, H ${H}`;

describe('between two pauses of a run', () => {
  for (const [i, [B, T, I, H]] of [...runs, ...(long ? longRuns : [])].entries()) {
    for (const dtype of some(dtypes, 2, i % 2)) {
      it(
        `${shapes(B, T, I, H)}, ${dtype}: on any number of threads lie less than ${most.toExponential()} ` + `products`,
        (t) => {
          // Weights that let the source vanish, so that plain arithmetic is asked where it ends.
          const e = randomExperiment({ ...plainLayer, seed: 3, B, T, I, H, dtype });
          const fading = withLayer(e, {
            weights: { ...weightsOf(e), Wh: weightsOf(e).Wh.map((value) => 1e-9 * value) },
          });
          let first: AnyRun | null = null;
          for (const [name, threads, run] of [
            ['one thread', 1, runResumably],
            ['two threads', 2, runResumably],
            ['four threads', 4, runResumably],
            [
              'in pieces',
              1,
              (of: LayerExperiment, bounds: undefined, kernels: Counted['kernels']) =>
                runWithin(0, of, bounds, kernels),
            ],
          ] as const) {
            const counted: Counted = new Counted(kernelsOf(variant, threads > 1), fading, threads);
            const { stretches, largest, total, result }: Driven = counted.drive<AnyRun>(
              run(fading, undefined, counted.kernels),
            );
            t.diagnostic(
              `${name}: ${largest.toExponential(1)} of ${total.toExponential(1)} in ${stretches.length} pauses`,
            );
            // Forward, backward and the sums, or a share of them; the same in float64 with exponents.
            assert.ok(total > (3 * B * T * H * (H + I)) / threads, `${total} products were counted`);
            assert.ok(largest <= most, `${name}: ${largest}`);
            // However the work is cut, every sum has one order.
            first ??= result;
            for (const field of ['norms', 'log10Norms', 'verdict'] as const)
              assert.deepEqual(result?.[field], first?.[field], `${field}, ${name}`);
            for (const field of ['gradients', 'dInitial', 'norms', 'log10Norms', 'hNorm'] as const)
              assert.deepEqual(result?.layers[0][field], first?.layers[0][field], `${field}, ${name}`);
          }
        },
      );
    }
  }

  it('where numbers are below the normal range lies a tenth of that, or a hundredth where none are lifted', (t) => {
    for (const own of variants)
      for (const [dtype, scale, T] of [
        ['float32', 1e-25, 1000],
        ['float64', 1e-280, 2000],
      ] as const) {
        const H = 256;
        const Wh = Float64Array.from({ length: H * H }, (_, i) => (i % (H + 1) === 0 ? 0.95 : 0));
        const dhs = new Float64Array(T * H).fill(scale, (T - 1) * H);
        const e = experiment(H, T, Wh, { dtype, cell: 'identity', upstream: { kind: 'given', dhs } });
        const counted = new Counted(kernelsOf(own), e);
        const { stretches, result } = counted.drive(fastPass(counted.kernels, e));
        const smallest = dtype === 'float32' ? 2 ** -126 : 2 ** -1022;
        const below = result?.norms.dh.filter((value) => value > 0 && value < smallest).length ?? 0;
        // Back and sums are three products of H×H a step. Where multiply-adds are rounded twice, the smallest numbers
        // are left to the processor, and on many each product takes a hundred times as long then.
        const [part, products] = own === 'relaxed' ? [10, 2] : [100, 1];
        const short = stretches.filter((work) => work > 0 && work <= most / part).reduce((sum, work) => sum + work, 0);
        t.diagnostic(
          `${own}: ${below} of ${T} steps are below the normal range; ${short.toExponential(1)} in ` +
            `${stretches.length} stretches`,
        );
        assert.ok(below > 150);
        assert.ok(short >= products * below * H * H, `${short} products`);
      }
  });
});

describe('a small run', () => {
  for (const [dtype, factor, T] of [
    ['float32', 0.3, 80],
    ['float64', 1e-5, 80],
  ] as const) {
    it(`whose numbers fall below the normal range is done in pieces, ${dtype}, with the same bits`, () => {
      const [B, I, H] = [8, 16, 64];
      const next = randomNumbers(6);
      const Wh = Float64Array.from({ length: H * H }, (_, i) => (i % (H + 1) === 0 ? factor : 0));
      const e = experiment(H, T, Wh, {
        dtype,
        shapes: { B, T, I, H },
        weights: { Wx: filled(I * H, next), Wh, b: new Float64Array(H) },
        chunks: [{ steps: T, xs: filled(B * T * I, next) }],
      });
      const pausesOf = (of: LayerExperiment): number => {
        const steps = fastPass(kernelsOf(variant), of);
        let pauses = 0;
        while (steps.next().done !== true) pauses++;
        return pauses;
      };
      assert.equal(pausesOf(withLayer(e, { weights: { ...weightsOf(e), Wh: Wh.map((value) => value / factor) } })), 0);
      assert.ok(pausesOf(e) > 10);
      const [whole, pieces] = [
        flatRun(finish(runResumably(e, undefined, kernelsOf(variant)))),
        flatRun(finish(runWithin(0, e, undefined, kernelsOf(variant)))),
      ];
      for (const field of ['dWx', 'dWh', 'db', 'dh0', 'norms', 'hNorm'] as const)
        assert.deepEqual(whole[field], pieces[field], field);
    });
  }
});

describe('between two pauses of an analysis of a run in pieces', () => {
  const next = randomNumbers(8);
  for (const upstream of some(['last', 'every', 'given', 'loss'] as const, 4, 1)) {
    it(`whose gradient enters by ${upstream} lie less than ${most.toExponential()} products`, (t) => {
      const shape = { ...plainLayer, seed: 5, B: 32, T: 400, I: 16, H: 256, dtype: 'float64', truncate: 30 } as const;
      const plain = randomExperiment({ ...shape, upstream: upstream === 'loss' ? 'last' : upstream });
      const e: LayerExperiment =
        upstream === 'loss'
          ? {
              ...plain,
              loss: {
                kind: 'mse',
                at: 'last',
                Why: filled(256, next),
                by: filled(1, next),
                targets: filled(32, next),
              },
            }
          : plain;
      const counted = new Counted(kernelsOf(variant), e);
      const run = flatRun(finish(runWithin(0, e, undefined, counted.kernels)));
      // From the question on: where a gradient enters is known without the states, but for a loss.
      const { largest, total } = counted.drive(
        (function* (): Resumable<void> {
          yield* attribute(e, run, new Workspaces(counted.kernels)).steps;
        })(),
        long ? 5e9 : 1.5e9,
      );
      t.diagnostic(`${largest.toExponential(1)} of ${total.toExponential(1)}`);
      assert.ok(total > 1e9 && largest <= most, `${largest}`);
    });
  }
});

describe('between two pauses', () => {
  for (const [B, T, I, H] of [...analysed, ...(long ? longAnalysed : [])]) {
    it(`${shapes(B, T, I, H)}: no analysis computes more than ${most.toExponential()} products`, (t) => {
      const next = randomNumbers(4);
      const scaled = (length: number, scale: number): Float64Array =>
        filled(length, next).map((value) => value * scale);
      const weights = { Wx: scaled(I * H, Math.sqrt(3 / I)), Wh: scaled(H * H, Math.sqrt(3 / H)), b: scaled(H, 0.1) };
      const e: LayerExperiment = experiment(H, T, weights.Wh, {
        shapes: { B, T, I, H },
        weights,
        chunks: [{ steps: T, xs: filled(B * T * I, next) }],
        upstream: { kind: 'every' },
      });
      const result = flatRun(finish(runResumably(e, undefined, kernelsOf(variant))));
      const counted = new Counted(kernelsOf(variant), e);
      const workspaces = new Workspaces(counted.kernels);
      const analyses: readonly (readonly [string, Resumable<unknown>])[] = [
        ['spectrum', spectrumResumably(e, result, workspaces)],
        ['singular values', jacobianSeries(e, result, 0, workspaces).steps],
        ['attribution', attribute(e, result, workspaces).steps],
        ['reach', reachOf(e, result, workspaces).steps],
        ['pre-activations', preActivations(e, result, 0, workspaces).steps],
      ];
      for (const [name, steps] of analyses) {
        // Half a spectrum is enough to have seen all of its parts at a size that takes seconds.
        const { largest, total } = counted.drive(steps, H > 256 ? (long ? 8e9 : 3e9) : Infinity);
        t.diagnostic(`${name}: ${largest.toExponential(1)} of ${total.toExponential(1)}`);
        assert.ok(total > 0 && largest <= most, `${name}: ${largest}`);
      }
    });

    for (const cell of gatedCells)
      it(`${shapes(B, T, I, H)}: neither attribution nor reach of ${cell} does`, (t) => {
        const e = randomGated({ ...plainGated, cell, B, T, I, H, dtype: 'float32', upstream: 'every' });
        const result = finish(runResumably(e, undefined, kernelsOf(variant)));
        const counted = new Counted(kernelsOf(variant), e);
        const workspaces = new Workspaces(counted.kernels);
        for (const [name, steps] of [
          ['attribution', attribute(e, result, workspaces).steps],
          ['reach', reachOf(e, result, workspaces).steps],
        ] as const) {
          const { largest, total } = counted.drive(steps, H > 256 ? (long ? 8e9 : 3e9) : Infinity);
          t.diagnostic(`${name}: ${largest.toExponential(1)} of ${total.toExponential(1)}`);
          assert.ok(total > 0 && largest <= most, `${name}: ${largest}`);
        }
      });
  }
});
