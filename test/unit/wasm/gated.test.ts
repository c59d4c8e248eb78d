// The kernels of gated cells against the reference classes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dtypes, finish } from '../../../src/engine/index.js';
import type { DType, FloatArray } from '../../../src/engine/index.js';
import { referencePass } from '../../../src/engine/network/referencePass.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { analyse } from '../../../src/engine/network/scaledBackward.js';
import type { Analysis, SentDown } from '../../../src/engine/network/scaledBackward.js';
import { takeStep } from '../../../src/engine/core/tensor.js';
import { gatedAnalyse } from '../../../src/engine/wasm/gatedScaledBackward.js';
import { gatedPass } from '../../../src/engine/wasm/gatedPass.js';
import { relativeError } from '../engine/fixtures.js';
import { gatedCells, partsOf, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { kernelsOf, variants } from './support.js';

/** Relative to the tensor's largest magnitude. */
const bounds: Readonly<Record<DType, number>> = { float32: 1e-5, float64: 1e-12 };

function errors(actual: Pass, expected: Pass): [string, number][] {
  const [found, known] = [partsOf(actual), partsOf(expected)];
  assert.deepEqual(Object.keys(found).sort(), Object.keys(known).sort());
  return [
    ...Object.entries(known).map(([name, values]): [string, number] => [name, relativeError(found[name]!, values)]),
    // Where sequences differ in length nobody measures the states on the way.
    ['norm of h, as it was measured', relativeError(actual.states?.hNorm ?? known['norm of h']!, known['norm of h']!)],
  ];
}

const scaledUp = (values: FloatArray, exponent: number): Float64Array =>
  Float64Array.from(values, (value) => value * 2 ** exponent);

/** Largest difference of each series; equal infinities and NaN in the same place do not differ. */
function logDifferences(actual: Analysis, expected: Analysis): [string, number][] {
  const seriesOf = ({ log10Norms, log10dhPerSequence, single, gates }: Analysis): [string, Float64Array][] => {
    const { parameters, ...rest } = log10Norms;
    // A norm much smaller than the others of its kind is the rest of a cancellation, whose digits are rounding.
    const sound = ([name, series]: [string, Float64Array]): [string, Float64Array] => [
      name,
      series.map((value) => (value < Math.max(...series) - 6 ? NaN : value)),
    ];
    return [
      ...Object.entries(rest).map(sound),
      ...Object.entries(parameters).map(sound),
      ['each sequence', log10dhPerSequence],
      ['single source', single.log10],
      ['from each source', single.bySource ?? new Float64Array()],
      ['slopes', single.lnSlope],
      ['weights', single.lnWh],
      ...Object.entries(single.lnPaths ?? {}).map(([name, series]): [string, Float64Array] => [`path ${name}`, series]),
      ...Object.entries(gates ?? {}).flatMap(([name, measures]) =>
        Object.entries(measures).map(([what, series]): [string, Float64Array] => [`${what} of ${name}`, series]),
      ),
    ];
  };
  const known = new Map(seriesOf(expected));
  const found = seriesOf(actual);
  assert.deepEqual(found.map(([name]) => name).sort(), [...known.keys()].sort());
  return found.map(([name, series]) => [
    name,
    Math.max(
      ...series.map((value, i) => {
        const other = known.get(name)![i]!;
        if (Object.is(value, other)) return 0;
        const difference = Math.abs(value - other);
        return Number.isNaN(difference) ? Infinity : difference;
      }),
    ),
  ]);
}

const largest = (found: readonly [string, number][]): number => Math.max(...found.map(([, error]) => error));

const shapes: fc.Arbitrary<RandomGated> = fc.record({
  seed: fc.nat(1e6),
  B: fc.integer({ min: 1, max: 5 }),
  T: fc.integer({ min: 1, max: 30 }),
  I: fc.integer({ min: 1, max: 40 }),
  H: fc.integer({ min: 1, max: 40 }),
  cell: fc.constantFrom(...gatedCells),
  dtype: fc.constantFrom(...dtypes),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.option(fc.integer({ min: 1, max: 40 })),
  direction: fc.constantFrom('forward', 'reverse'),
  chunks: fc.constantFrom(1, 2),
  stateful: fc.boolean(),
  initial: fc.boolean(),
  ragged: fc.boolean(),
  scale: fc.constantFrom(0.3, 1, 2),
});

/** One sequence and several; units that fill panels of either dtype, leave some over, and any number. */
const strata = ([1, 2, null] as const).flatMap((B) => ([1, 8, 16, 17, 33, null] as const).map((H) => [B, H] as const));

for (const variant of variants) {
  describe(`the kernels of gated cells with ${variant} instructions`, () => {
    it('give what the reference classes give, on random shapes', (t) => {
      const kernels = kernelsOf(variant);
      const worst = { float32: 0, float64: 0 };
      let beyond = 0;
      for (const [stratum, [B, H]] of strata.entries()) {
        fc.assert(
          fc.property(shapes, (any) => {
            const e = randomGated({ ...any, B: B ?? any.B, H: H ?? any.H });
            const [actual, expected] = [finish(gatedPass(kernels, e))!, finish(referencePass(e))];
            const found = errors(actual, expected);
            worst[e.dtype] = Math.max(worst[e.dtype], largest(found));
            if (largest(found) <= bounds[e.dtype]) return;
            // Large weights amplify rounding: the reference itself is then as far from float64.
            assert.equal(e.dtype, 'float32', JSON.stringify(found));
            beyond++;
            const exact = finish(referencePass({ ...e, dtype: 'float64' }));
            const own = new Map(errors(expected, { ...exact, states: null }));
            for (const [what, error] of found)
              assert.ok(error <= Math.max(bounds.float32, 3 * (own.get(what) ?? 0)), `${what} differs by ${error}`);
          }),
          { numRuns: 12, seed: 30 + stratum },
        );
      }
      t.diagnostic(
        `largest error float32 ${worst.float32.toExponential(1)}, float64 ${worst.float64.toExponential(1)}; ` +
          `${beyond} runs beyond 1e-5`,
      );
      assert.ok(beyond <= 4, `${beyond} runs are beyond 1e-5`);
    });

    it('give the same logarithms, single source, paths and gates', (t) => {
      const kernels = kernelsOf(variant);
      let worst = 0;
      fc.assert(
        fc.property(shapes, (shape) => {
          const e = randomGated(shape);
          const { chunks } = finish(referencePass(e));
          const { B, T, I } = e.shapes;
          const room = (): SentDown => ({ data: new Float64Array(B * T * I), exponents: new Float64Array(T) });
          const [own, plain] = [room(), room()];
          const [actual, expected] = [finish(gatedAnalyse(kernels, e, chunks, own)), finish(analyse(e, chunks, plain))];
          assert.ok(actual !== null);
          for (const [name, difference] of logDifferences(actual, expected)) {
            worst = Math.max(worst, difference);
            assert.ok(difference <= 1e-8, `${name} differs by ${difference}`);
          }
          const unscaled = ({ dhScaled, dhExponent }: Analysis): Float64Array =>
            dhScaled.map((value, i) => value * 2 ** dhExponent[Math.floor(i / e.shapes.H) % e.shapes.T]!);
          assert.ok(relativeError(unscaled(actual), unscaled(expected)) <= 1e-11);
          const sent = ({ data, exponents }: SentDown, t: number): Float64Array =>
            scaledUp(takeStep({ B, T, N: I, data }, t).data, exponents[t]!);
          for (let t = 0; t < T; t++)
            assert.ok(relativeError(sent(own, t), sent(plain, t)) <= 1e-11, `dx of step ${t}`);
        }),
        { numRuns: 60, seed: 40 },
      );
      t.diagnostic(`largest difference of a logarithm ${worst.toExponential(1)}`);
    });
  });
}
