// The kernels against the reference classes: random shapes, every stored case, and numbers at the ends of the range.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cells, dtypes, finish, runSteps } from '../../../src/engine/index.js';
import type { DType, Experiment, FloatArray, Kernels, RunResult } from '../../../src/engine/index.js';
import { fastPass } from '../../../src/engine/fast/pass.js';
import { maxAbs } from '../../../src/engine/norm.js';
import { referencePass } from '../../../src/engine/pass.js';
import { experiment, filled, orthogonal, randomNumbers, scaledIdentity } from '../engine/build.js';
import { experimentOf, reference, referenceNames, relativeError } from '../engine/fixtures.js';
import { kernelsOf, randomExperiment, variants } from './support.js';
import type { RandomShape } from './support.js';

const tensors = ['hs', 'dhTotal', 'dxs', 'dWx', 'dWh', 'db', 'dh0'] as const;
const series = ['dh', 'dx', 'dWx', 'dWh', 'db'] as const;

/** Relative to the tensor's largest magnitude. */
const bounds: Readonly<Record<DType, number>> = { float32: 1e-6, float64: 1e-13 };

const fast = (e: Experiment, kernels: Kernels): RunResult => finish(runSteps(e, undefined, kernels));
const slow = (e: Experiment): RunResult => finish(runSteps(e));

/** Largest difference of logarithms; equal infinities and NaN in the same place do not differ. */
function ofLogs(actual: Float64Array, expected: Float64Array): number {
  let worst = 0;
  for (const [i, value] of expected.entries()) {
    if (Object.is(actual[i], value)) continue;
    const difference = Math.abs(actual[i]! - value);
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
  }
  return worst;
}

const largest = (values: FloatArray): number => maxAbs(values);

/** The steps' contributions to a sum over time may cancel: its rounding is theirs, so it is measured against the largest of them. */
function relativeToTerms(name: 'dWx' | 'dWh' | 'db', actual: RunResult, expected: RunResult): number {
  const [own, terms] = [largest(expected[name]), largest(expected.norms[name])];
  return relativeError(actual[name], expected[name]) * (own > 0 && own < terms ? own / terms : 1);
}

/** The largest error of every plain tensor and series of norms, relative to its largest magnitude. */
function errors(actual: RunResult, expected: RunResult): [string, number][] {
  return [
    ...(['hs', 'dhTotal', 'dxs', 'dh0'] as const).map((name): [string, number] => [name, relativeError(actual[name], expected[name])]),
    ...(['dWx', 'dWh', 'db'] as const).map((name): [string, number] => [name, relativeToTerms(name, actual, expected)]),
    ...series.map((name): [string, number] => [`norm of ${name}`, relativeError(actual.norms[name], expected.norms[name])]),
    ['norm of h', relativeError(actual.hNorm, expected.hNorm)],
  ];
}

/**
 * How far a run may be from the reference classes. Where an experiment amplifies rounding so much (saturated units, sums that cancel) that the
 * reference classes in float32 are themselves this far from float64, nothing in float32 can be nearer to them.
 */
function allowance(e: Experiment, expected: RunResult): number {
  if (e.dtype === 'float64') return bounds.float64;
  const own = errors(expected, slow({ ...e, dtype: 'float64' })).map(([, error]) => error);
  return Math.max(bounds.float32, 3 * Math.max(...own));
}

const shapes: fc.Arbitrary<RandomShape> = fc.record({
  seed: fc.nat(1e6), B: fc.integer({ min: 1, max: 70 }), T: fc.integer({ min: 1, max: 70 }), I: fc.integer({ min: 1, max: 70 }), H: fc.integer({ min: 1, max: 70 }),
  cell: fc.constantFrom(...cells), dtype: fc.constantFrom(...dtypes), upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.option(fc.integer({ min: 1, max: 80 })), chunks: fc.constantFrom(1, 2), stateful: fc.boolean(), initial: fc.boolean(),
});

for (const variant of variants) {
  const kernels = kernelsOf(variant);
  describe(`kernels with ${variant} instructions`, () => {
    it('give what the reference classes give, on random shapes', (t) => {
      const worst: Record<DType, number> = { float32: 0, float64: 0 };
      const amplified = new Set<number>();
      fc.assert(fc.property(shapes, (shape) => {
        const e = randomExperiment(shape);
        const [actual, expected] = [fast(e, kernels), slow(e)];
        const allowed = allowance(e, expected);
        for (const [what, error] of errors(actual, expected)) {
          worst[shape.dtype] = Math.max(worst[shape.dtype], error);
          if (error > bounds[shape.dtype]) amplified.add(shape.seed);
          assert.ok(error <= allowed, `${what} differs by ${error}`);
        }
        assert.deepEqual(actual.chunkStarts, expected.chunkStarts);
        assert.equal(actual.verdict.kind, expected.verdict.kind);
      }), { numRuns: 60, seed: 20 });
      t.diagnostic(`largest error: float32 ${worst.float32.toExponential(1)}, float64 ${worst.float64.toExponential(1)}; beyond the bound as the reference is itself: ${amplified.size} runs`);
    });

    it('give the same logarithms, sequence by sequence too, in float64', () => {
      fc.assert(fc.property(shapes, (shape) => {
        const e = randomExperiment({ ...shape, dtype: 'float64', T: Math.min(shape.T, 40), B: Math.min(shape.B, 9) });
        const [actual, expected] = [fast(e, kernels), slow(e)];
        // A norm much smaller than the others of its kind is the rest of a cancellation, of which rounding decides the last digits.
        for (const name of series) {
          const top = expected.log10Norms[name].reduce((a, b) => Math.max(a, b), -Infinity);
          const [some, other] = [actual, expected].map(({ log10Norms }) => log10Norms[name].map((value) => (value < top - 6 ? NaN : value)));
          assert.ok(ofLogs(some!, other!) <= 1e-8, name);
        }
        assert.ok(ofLogs(actual.log10dhPerSequence, expected.log10dhPerSequence) <= 1e-8);
        assert.ok(ofLogs(actual.log10SingleSource, expected.log10SingleSource) <= 1e-8);
        const unscaled = ({ dhScaled, dhExponent }: RunResult): Float64Array => dhScaled.map((value, i) => value * 2 ** dhExponent[Math.floor(i / e.shapes.H) % e.shapes.T]!);
        assert.ok(relativeError(unscaled(actual), unscaled(expected)) <= 1e-12);
      }), { numRuns: 40, seed: 21 });
    });

    it('keep the digits of wide layers: B 32, I 128, H 512 within 6e-6', (t) => {
      // The sums over batch and units are those of a run of any length; time only adds blocks, which are summed one by one.
      const e = randomExperiment({ seed: 12, B: 32, T: 12, I: 128, H: 512, cell: 'tanh', dtype: 'float32', upstream: 'given', truncate: null, chunks: 1, stateful: false, initial: true });
      const [actual, expected] = [finish(fastPass(kernels, e))!, finish(referencePass(e))];
      const found = [
        ...(['hs', 'dhTotal', 'dxs'] as const).map((name): [string, number] => [name, relativeError(actual[name].data, expected[name].data)]),
        ...(['dWx', 'dWh', 'db'] as const).map((name): [string, number] => [name, relativeError(actual.gradients[name], expected.gradients[name])]),
        ...series.map((name): [string, number] => [`norm of ${name}`, relativeError(actual.norms[name], expected.norms[name])]),
      ];
      t.diagnostic(`largest difference ${Math.max(...found.map(([, error]) => error)).toExponential(1)}`);
      for (const [what, error] of found) assert.ok(error <= 6e-6, `${what} differs by ${error}`);
    });

    for (const name of referenceNames()) {
      it(`reference case ${name}`, (t) => {
        for (const dtype of dtypes) {
          const e = experimentOf(reference(name), dtype);
          const [actual, expected] = [fast(e, kernels), slow(e)];
          const allowed = allowance(e, expected);
          const found = errors(actual, expected);
          for (const [what, error] of found) assert.ok(error <= allowed, `${dtype} ${what} differs by ${error}`);
          t.diagnostic(`${dtype} ${Math.max(...found.map(([, error]) => error)).toExponential(1)}`);
          assert.equal(actual.verdict.kind, expected.verdict.kind);
          assert.equal(actual.verdict.zeroAt, expected.verdict.zeroAt);
          assert.equal(actual.verdict.infiniteAt, expected.verdict.infiniteAt);
          assert.deepEqual(actual.saturation, expected.saturation);
        }
      });
    }

    it('keep the logarithms right where float32 has nothing left', () => {
      const ref = reference('underflow');
      const { log10Norms, norms } = fast(experimentOf(ref, 'float32'), kernels);
      const expected = Float64Array.from(ref.expected.norms.log10dh, (value) => value ?? -Infinity);
      assert.ok(ofLogs(log10Norms.dh, expected) <= 1e-6);
      assert.equal(norms.dh.findLastIndex((value) => value === 0), ref.expected.float32?.lastZeroStep);
    });

    it('carry a gradient of 1e-903 and of 1e+903', () => {
      for (const factor of [0.5, 2]) {
        const H = 3;
        const result = fast(experiment(H, 3001, scaledIdentity(H, factor)), kernels);
        assert.ok(Math.abs(result.log10Norms.dh[0]! - Math.log10(Math.sqrt(H)) - 3000 * Math.log10(factor)) < 1e-9);
        assert.equal(result.log10SingleSource[0], result.log10Norms.dh[0]);
      }
    });

    it('keep the norm of an orthogonal Wh, and that of each weight gradient where squares underflow', () => {
      for (const dtype of dtypes) {
        const B = 3;
        const H = 20;
        const tiny = dtype === 'float32' ? 1e-25 : 1e-170;
        const next = randomNumbers(5);
        const e = experiment(H, 12, orthogonal(H, 3), {
          cell: 'identity', dtype, shapes: { B, T: 12, I: 2, H }, weights: { Wx: filled(2 * H, next), Wh: orthogonal(H, 3), b: filled(H, next) },
          chunks: [{ steps: 12, xs: filled(B * 12 * 2, next) }], upstream: { kind: 'given', dhs: filled(B * 12 * H, next).map((value) => value * tiny) },
        });
        for (const [what, error] of errors(fast(e, kernels), slow(e))) assert.ok(error <= bounds[dtype], `${dtype} ${what} differs by ${error}`);
      }
    });

    it('let NaN and infinity spread as the reference classes do', () => {
      for (const poison of [NaN, Infinity, -Infinity]) {
        for (const cell of cells) {
          for (const where of ['x', 'dhs', 'Wx', 'Wh', 'b'] as const) {
            const shape: RandomShape = { seed: 8, B: 3, T: 9, I: 5, H: 18, cell, dtype: 'float32', upstream: 'given', truncate: null, chunks: 1, stateful: false, initial: true };
            const e = randomExperiment(shape);
            const target = { x: e.chunks[0]!.xs, dhs: e.upstream.kind === 'given' ? e.upstream.dhs : null, Wx: e.weights.Wx, Wh: e.weights.Wh, b: e.weights.b }[where];
            target!.set([poison], 7);
            const [actual, expected] = [fast(e, kernels), slow(e)];
            for (const name of tensors) {
              const unlike = actual[name].findIndex((value, i) => Number.isFinite(value) !== Number.isFinite(expected[name][i]!));
              assert.equal(unlike, -1, `${String(poison)} in ${where}, ${cell}: ${name}[${unlike}] is ${actual[name][unlike]}, not ${expected[name][unlike]}`);
            }
            assert.equal(actual.verdict.kind, expected.verdict.kind);
            assert.equal(actual.verdict.reason, expected.verdict.reason);
          }
        }
      }
    });

    it('keep infinity and NaN apart from columns that are only filling', () => {
      const H = 5;
      const e = experiment(H, 4, scaledIdentity(H, 1), { cell: 'relu', dtype: 'float32', chunks: [{ steps: 4, xs: new Float64Array(4) }], h0: Float64Array.of(1, 2, 3e38, 4, 5), weights: { Wx: new Float64Array(H), Wh: scaledIdentity(H, 2), b: new Float64Array(H) } });
      const [actual, expected] = [fast(e, kernels), slow(e)];
      assert.deepEqual(actual.hs, expected.hs);
      assert.deepEqual(actual.norms, expected.norms);
    });
  });
}
