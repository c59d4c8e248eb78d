// The kernels of gated cells against the reference classes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dtypes, finish } from '../../../src/engine/index.js';
import type { DType } from '../../../src/engine/index.js';
import { norm } from '../../../src/engine/core/norm.js';
import { takeStep } from '../../../src/engine/core/tensor.js';
import { referencePass } from '../../../src/engine/network/referencePass.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { gatedPass } from '../../../src/engine/wasm/gatedPass.js';
import { relativeError } from '../engine/fixtures.js';
import { gatedCells, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { kernelsOf, variants } from './support.js';

/** Relative to the tensor's largest magnitude. */
const bounds: Readonly<Record<DType, number>> = { float32: 1e-5, float64: 1e-12 };

/** Every tensor and series of a pass by its name. */
export const partsOf = (pass: Pass): Readonly<Record<string, Float32Array | Float64Array>> => ({
  h: pass.hs.data,
  ...Object.fromEntries(Object.entries(pass.otherStates ?? {}).map(([name, { data }]) => [name, data])),
  dhTotal: pass.dhTotal.data,
  dxs: pass.dxs.data,
  dh0: pass.dh0,
  ...Object.fromEntries(Object.entries(pass.dOtherInitial ?? {}).map(([name, data]) => [`d${name}0`, data])),
  ...Object.fromEntries(Object.entries(pass.gradients).map(([name, data]) => [`d${name}`, data])),
  ...Object.fromEntries(
    Object.entries(pass.norms).flatMap(([name, series]) =>
      series instanceof Float64Array ? [[`norm of ${name}`, series] as const] : [],
    ),
  ),
  ...Object.fromEntries(Object.entries(pass.norms.parameters).map(([name, series]) => [`norm of d${name}`, series])),
  'norm of h': Float64Array.from({ length: pass.hs.T }, (_, t) => norm(takeStep(pass.hs, t).data)),
  ...Object.fromEntries(
    pass.chunks.flatMap(({ hs, dhs, initial }, i) => [
      [`states of chunk ${i}`, hs.data.subarray(0, hs.data.length)],
      [`what enters chunk ${i}`, dhs.data.subarray(0, dhs.data.length)],
      [`what chunk ${i} begins with`, initial.data],
    ]),
  ),
});

function errors(actual: Pass, expected: Pass): [string, number][] {
  const [found, known] = [partsOf(actual), partsOf(expected)];
  assert.deepEqual(Object.keys(found).sort(), Object.keys(known).sort());
  return [
    ...Object.entries(known).map(([name, values]): [string, number] => [name, relativeError(found[name]!, values)]),
    ['norm of h, as it was measured', relativeError(actual.states!.hNorm, known['norm of h']!)],
  ];
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
  scale: fc.constantFrom(0.3, 1, 4),
});

/** One sequence and several; units that fill panels of either dtype, leave some over, and any number. */
const strata = ([1, 2, null] as const).flatMap((B) => ([1, 8, 16, 17, 33, null] as const).map((H) => [B, H] as const));

for (const variant of variants) {
  describe(`the kernels of gated cells with ${variant} instructions`, () => {
    it('give what the reference classes give, on random shapes', (t) => {
      const kernels = kernelsOf(variant);
      const worst = { float32: 0, float64: 0 };
      for (const [stratum, [B, H]] of strata.entries()) {
        fc.assert(
          fc.property(shapes, (any) => {
            const e = randomGated({ ...any, B: B ?? any.B, H: H ?? any.H });
            const found = errors(finish(gatedPass(kernels, e))!, finish(referencePass(e)));
            worst[e.dtype] = Math.max(worst[e.dtype], largest(found));
            for (const [what, error] of found)
              assert.ok(error <= bounds[e.dtype], `${e.dtype} ${what} differs by ${error}`);
          }),
          { numRuns: 12, seed: 30 + stratum },
        );
      }
      t.diagnostic(
        `largest error float32 ${worst.float32.toExponential(1)}, float64 ${worst.float64.toExponential(1)}`,
      );
    });
  });
}
