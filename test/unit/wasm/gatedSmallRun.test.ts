// Small runs of LSTM and GRU in one call each way give the same bits as those of a layer, call by call.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dtypes, finish } from '../../../src/engine/index.js';
import type { FloatArray, LayerExperiment } from '../../../src/engine/index.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { gatedShapeOf } from '../../../src/engine/wasm/gatedLayout.js';
import { gatedLayerPass, gatedPass } from '../../../src/engine/wasm/gatedPass.js';
import { isSmallGated } from '../../../src/engine/wasm/gatedSmallRun.js';
import { filled, randomNumbers } from '../engine/build.js';
import { gatedCells, partsOf, plainGated, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { kernelsOf, variants } from './support.js';

const bitsOf = (values: FloatArray): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Names of what is not the same bits in both. */
function differences(actual: Pass, expected: Pass): string[] {
  const all = (pass: Pass): Readonly<Record<string, FloatArray>> => ({
    ...partsOf(pass),
    'norm of h, as it was measured': pass.states!.hNorm,
    closed: pass.states!.closed,
    loss: Float64Array.of(pass.lossValue ?? 0),
    inputs: pass.chunks[0]!.xs.data.subarray(0, pass.chunks[0]!.xs.data.length),
  });
  const [found, known] = [all(actual), all(expected)];
  assert.deepEqual(Object.keys(found), Object.keys(known));
  return Object.keys(known).filter(
    (name) =>
      found[name]!.constructor !== known[name]!.constructor || !bitsOf(found[name]!).equals(bitsOf(known[name]!)),
  );
}

/** The tensors of a small run lie beside each other. */
const wentAtOnce = ({ hs, dhTotal }: Pass): boolean => hs.data.buffer === dhTotal.data.buffer;

const withLoss = (experiment: LayerExperiment, at: 'last' | 'every'): LayerExperiment => {
  const { B, T, H } = experiment.shapes;
  const [next, O] = [randomNumbers(7), 3];
  return {
    ...experiment,
    loss: {
      kind: 'mse',
      at,
      Why: filled(H * O, next),
      by: filled(O, next),
      targets: filled(B * (at === 'every' ? T : 1) * O, next),
    },
  };
};

type Small = RandomGated & { readonly loss: 'last' | 'every' | null };

const shapes: fc.Arbitrary<Small> = fc.record({
  seed: fc.nat(1e6),
  B: fc.integer({ min: 1, max: 4 }),
  T: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(127, 129, 150)),
  I: fc.constantFrom(1, 5, 8, 16, 19),
  H: fc.constantFrom(1, 7, 8, 16, 17, 24, 33),
  cell: fc.constantFrom(...gatedCells),
  dtype: fc.constantFrom(...dtypes),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.option(fc.integer({ min: 1, max: 40 })),
  direction: fc.constantFrom('forward', 'reverse'),
  chunks: fc.constant(1),
  stateful: fc.boolean(),
  initial: fc.boolean(),
  ragged: fc.constant(false),
  // Gradients that vanish into the subnormal numbers, and states that overflow nothing but saturate.
  scale: fc.constantFrom(0.01, 0.3, 1, 2, 30),
  loss: fc.constantFrom(null, null, null, 'last', 'every'),
});

for (const variant of variants) {
  describe(`small runs of LSTM and GRU with ${variant} instructions`, () => {
    it('are the bits of a layer in many calls, on random shapes', () => {
      const kernels = kernelsOf(variant);
      fc.assert(
        fc.property(shapes, ({ loss, ...any }) => {
          const plain = randomGated(any);
          const e = loss === null ? plain : withLoss(plain, loss);
          assert.ok(isSmallGated(kernels, gatedShapeOf(e)));
          const expected = finish(gatedLayerPass(kernels, e))!;
          // What another run has left in the memory says nothing.
          const actual = finish(gatedPass(kernels, e))!;
          assert.ok(wentAtOnce(actual) && !wentAtOnce(expected));
          assert.deepEqual(differences(actual, expected), []);
        }),
        { numRuns: 300, seed: 5 },
      );
    });

    it('tell a gradient of the initial states that has become −0 as 0', () => {
      const kernels = kernelsOf(variant);
      let zeros = 0;
      for (let seed = 1; seed <= 30; seed++) {
        const e = randomGated({ ...plainGated, seed, dtype: 'float32', B: 1, T: 150, H: 7, scale: 0.05 });
        const [actual, expected] = [finish(gatedPass(kernels, e))!, finish(gatedLayerPass(kernels, e))!];
        zeros += expected.dh0.filter((value) => value === 0).length;
        assert.deepEqual(differences(actual, expected), []);
      }
      assert.ok(zeros > 0);
    });

    for (const dtype of dtypes) {
      for (const cell of gatedCells) {
        it(`${cell} in ${dtype}: gradients that end in subnormal numbers and zeros`, () => {
          const kernels = kernelsOf(variant);
          const plain = randomGated({
            ...plainGated,
            cell,
            dtype,
            B: 2,
            T: 150,
            H: 17,
            scale: 0.01,
            upstream: 'given',
          });
          // So small that it ends below the range of the dtype.
          const size = dtype === 'float32' ? 1e-20 : 1e-290;
          const e = { ...plain, upstream: { kind: 'given' as const, dhs: new Float64Array(2 * 150 * 17) } };
          for (const b of [0, 1]) e.upstream.dhs.fill(size, (b * 150 + 149) * 17, (b + 1) * 150 * 17);
          const [actual, expected] = [finish(gatedPass(kernels, e))!, finish(gatedLayerPass(kernels, e))!];
          assert.ok(wentAtOnce(actual));
          const smallest = dtype === 'float32' ? 2 ** -126 : 2 ** -1022;
          const dh = Array.from(expected.dhTotal.data, Math.abs);
          const isSubnormal = (value: number): boolean => value > 0 && value < smallest;
          assert.ok(dh.some(isSubnormal) && dh.includes(0));
          assert.deepEqual(differences(actual, expected), []);
        });

        it(`${cell} in ${dtype}: infinite inputs and weights that are no numbers`, () => {
          const kernels = kernelsOf(variant);
          const e = randomGated({ ...plainGated, cell, dtype, T: 9, H: 9 });
          e.chunks[0]!.xs[7] = Infinity;
          e.layers[0].parameters.Wh[5] = NaN;
          const [actual, expected] = [finish(gatedPass(kernels, e))!, finish(gatedLayerPass(kernels, e))!];
          assert.ok(wentAtOnce(actual));
          assert.deepEqual(differences(actual, expected), []);
        });
      }
    }

    it('stay as they are when others follow, with buffers of their own where they are larger', () => {
      const kernels = kernelsOf(variant);
      for (const H of [12, 40]) {
        const [one, other] = [randomGated({ ...plainGated, H }), randomGated({ ...plainGated, H, seed: 2 })];
        const [first, expected] = [finish(gatedPass(kernels, one))!, finish(gatedLayerPass(kernels, one))!];
        for (let i = 0; i < 40; i++) finish(gatedPass(kernels, other));
        assert.ok(wentAtOnce(first));
        assert.deepEqual(differences(first, expected), []);
      }
    });

    it('go another way where they are large, have several chunks or sequences of different lengths', () => {
      const kernels = kernelsOf(variant);
      for (const e of [
        randomGated({ ...plainGated, T: 400, H: 64 }),
        randomGated({ ...plainGated, chunks: 2 }),
        randomGated({ ...plainGated, ragged: true }),
      ])
        assert.ok(!wentAtOnce(finish(gatedPass(kernels, e))!));
    });
  });
}
