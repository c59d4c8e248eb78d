// NaN and infinities spread through the kernels as they do through the reference classes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dtypes, finish, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, FloatArray, RunResult } from '../../../src/engine/index.js';
import { experiment, flatRun, scaledIdentity } from '../engine/build.js';
import type { FlatRun } from '../engine/build.js';
import { kernelCells, kernelsOf, plainLayer, randomExperiment, variants } from './support.js';
import { some } from '../../support/long.js';
import type { RandomShape } from './support.js';

const tensors = ['hs', 'dhTotal', 'dxs', 'dWx', 'dWh', 'db', 'dh0'] as const;
const series = ['dh', 'dx', 'dWx', 'dWh', 'db'] as const;
const places = ['x', 'dhs', 'Wx', 'Wh', 'b', 'h0'] as const;

const shape: RandomShape = { ...plainLayer, seed: 8, B: 3, T: 9, I: 5, H: 18, upstream: 'given', initial: true };
/** A single chunk of this size is one call of a kernel; chunks go layer by layer, with their steps in blocks. */
const shapes: Readonly<Record<string, RandomShape>> = {
  'an odd batch': shape,
  'one sequence': { ...shape, B: 1, T: 14 },
  'one sequence of one panel': { ...shape, B: 1, T: 40, H: 10 },
  'one sequence of many panels': { ...shape, B: 1, T: 6, H: 150 },
  'a pair': { ...shape, B: 2, H: 33 },
  'chunks of an odd batch': { ...shape, B: 5, T: 32, I: 12, H: 33, chunks: 2 },
  'chunks of one sequence': { ...shape, B: 1, T: 200, I: 3, H: 17, chunks: 2, stateful: true },
  'chunks that carry the state': { ...shape, B: 4, T: 20, chunks: 2, stateful: true },
};

const kind = (value: number): string => (Number.isFinite(value) ? 'finite' : String(value));

function assertSameKinds(actual: FloatArray, expected: FloatArray, what: string): void {
  assert.equal(actual.length, expected.length);
  const unlike = actual.findIndex((value, i) => kind(value) !== kind(expected[i]!));
  assert.equal(unlike, -1, `${what}[${unlike}] is ${actual[unlike]}, not ${expected[unlike]}`);
}

/** One number in the middle of a tensor that is not finite. */
function poisoned(of: RandomShape, where: (typeof places)[number], value: number): LayerExperiment {
  const e = randomExperiment(of);
  const {
    layers: [
      {
        parameters: { Wx, Wh, b },
        initial: { h: h0 },
      },
    ],
    upstream,
  } = e;
  const last = e.chunks.at(-1)!;
  const target =
    { x: last.xs, dhs: upstream.kind === 'given' ? upstream.dhs : null, Wx, Wh, b, h0 }[where] ?? assert.fail();
  target[Math.floor(target.length / 2)] = value;
  return e;
}

type Reference = { readonly e: LayerExperiment; readonly expected: FlatRun<RunResult> };
const references = new Map<string, Reference>();
/** A poisoned experiment and what the reference classes make of it, which is the same for every variant. */
function referenceOf(of: RandomShape, where: (typeof places)[number], value: number): Reference {
  const key = `${JSON.stringify(of)} ${where} ${value}`;
  const known = references.get(key);
  if (known !== undefined) return known;
  const e = poisoned(of, where, value);
  const made = { e, expected: flatRun(finish(runResumably(e))) };
  references.set(key, made);
  return made;
}

for (const variant of variants) {
  const kernels = kernelsOf(variant);
  describe(`numbers that are not finite, with ${variant} instructions`, () => {
    for (const [i, [name, any]] of Object.entries(shapes).entries())
      for (const dtype of some(dtypes, 2, i % 2)) {
        it(`are the same ones in ${name}, ${dtype}`, () => {
          for (const cell of kernelCells)
            for (const where of places)
              for (const poison of [NaN, Infinity, -Infinity]) {
                const { e, expected } = referenceOf({ ...any, cell, dtype }, where, poison);
                const actual = flatRun(finish(runResumably(e, undefined, kernels)));
                const what = `${String(poison)} in ${where}, ${cell}: `;
                for (const tensor of tensors) assertSameKinds(actual[tensor], expected[tensor], what + tensor);
                for (const norm of series)
                  assertSameKinds(actual.norms[norm], expected.norms[norm], `${what}norm of ${norm}`);
                assertSameKinds(actual.hNorm, expected.hNorm, `${what}norm of h`);
                assert.deepEqual(
                  [actual.verdict.kind, actual.verdict.reason],
                  [expected.verdict.kind, expected.verdict.reason],
                );
              }
        });
      }

    it('spread through steps at which the gradient is nothing but zeros', () => {
      const any = { ...shape, T: 40 };
      const zeros = (i: number): boolean => Math.floor(i / any.H) % any.T >= 4;
      for (const cell of kernelCells)
        for (const dtype of dtypes)
          for (const where of ['x', 'Wx', 'Wh', 'b', 'h0'] as const)
            for (const poison of [NaN, Infinity]) {
              const e = poisoned({ ...any, cell, dtype }, where, poison);
              assert.ok(e.upstream.kind === 'given');
              const dhs = e.upstream.dhs.map((value, i) => (zeros(i) ? 0 : value));
              const own: LayerExperiment = { ...e, upstream: { kind: 'given', dhs } };
              const [actual, expected] = [
                flatRun(finish(runResumably(own, undefined, kernels))),
                flatRun(finish(runResumably(own))),
              ];
              const what = `${poison} in ${where}, ${cell}, ${dtype}: `;
              for (const tensor of tensors) assertSameKinds(actual[tensor], expected[tensor], what + tensor);
              for (const norm of series)
                assertSameKinds(actual.norms[norm], expected.norms[norm], `${what}norm of ${norm}`);
            }
    });

    it('have no slope where relu has no number: the gradient that passes there is not 0 but unknown', () => {
      // ∞·0 is no number, in the second unit and from there in both.
      const e = experiment(2, 8, Float64Array.of(4, 0, 0, 0.5), {
        cell: 'relu',
        dtype: 'float32',
        chunks: [{ steps: 8, xs: new Float64Array(8).fill(1) }],
        h0: Float64Array.of(1e37, 1),
        weights: { Wx: Float64Array.of(1, 1), Wh: Float64Array.of(4, 0, 0, 0.5), b: new Float64Array(2) },
      });
      const [actual, expected] = [
        flatRun(finish(runResumably(e, undefined, kernels))),
        flatRun(finish(runResumably(e))),
      ];
      assert.deepEqual(actual.hs, expected.hs);
      for (const { log10Norms, log10SingleSource, dhTotal, verdict } of [actual, expected]) {
        assert.ok(log10Norms.dh.slice(0, -1).every(Number.isNaN), log10Norms.dh.join());
        assert.ok(log10SingleSource.slice(0, -1).every(Number.isNaN));
        assert.ok(dhTotal.slice(0, -2).every(Number.isNaN), dhTotal.join());
        assert.deepEqual(
          [verdict.kind, verdict.perStepFactor, verdict.log10Ratio, verdict.segments.length],
          ['nonfinite', null, null, 0],
        );
        assert.match(verdict.reason, /forward pass is not finite from t = 2 on/);
      }
    });

    it('stay apart from columns that are only filling', () => {
      const H = 5;
      // Every unit is infinite, none is no number, and all slopes are 1; ∞·0 in a column of nothing is no number.
      for (const Wh of [new Float64Array(H * H).fill(2), scaledIdentity(H, 2)]) {
        const e = experiment(H, 4, scaledIdentity(H, 1), {
          cell: 'relu',
          dtype: 'float32',
          chunks: [{ steps: 4, xs: new Float64Array(4) }],
          h0: Float64Array.of(1, 2, 3e38, 4, 5),
          weights: { Wx: new Float64Array(H), Wh, b: new Float64Array(H) },
        });
        const [actual, expected] = [
          flatRun(finish(runResumably(e, undefined, kernels))),
          flatRun(finish(runResumably(e))),
        ];
        assert.deepEqual(actual.hs, expected.hs);
        for (const name of series) {
          assertSameKinds(actual.norms[name], expected.norms[name], name);
          assertSameKinds(actual.log10Norms[name], expected.log10Norms[name], `log10 ${name}`);
          actual.norms[name].forEach((value, i) => {
            if (Number.isFinite(value)) assert.equal(value, expected.norms[name][i]);
          });
        }
        assert.equal(Number.isFinite(expected.norms.dh[0]), Wh[1] === 2);
      }
    });
  });
}
