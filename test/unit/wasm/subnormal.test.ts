// Gradients below the normal range: where they end, and that the kernels, which multiply them in a way of their own,
// follow the reference classes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dtypes, finish } from '../../../src/engine/index.js';
import type { DType, LayerExperiment, Kernels } from '../../../src/engine/index.js';
import { fastPass } from '../../../src/engine/wasm/pass.js';
import { referencePass } from '../../../src/engine/network/referencePass.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { experiment, filled, flatNorms, randomNumbers, scaledIdentity, weightsOf, withLayer } from '../engine/build.js';
import { heavyVariants, kernelCells, kernelsOf } from './support.js';

const smallest: Readonly<Record<DType, number>> = { float32: 2 ** -149, float64: 2 ** -1074 };
/** From here the normal range ends within some 400 steps. */
const nearlyGone: Readonly<Record<DType, number>> = { float32: 1e-25, float64: 1e-290 };

const fast = (e: LayerExperiment, kernels: Kernels): Pass => finish(fastPass(kernels, e))!;

type Shape = { readonly B: number; readonly T: number; readonly I: number; readonly H: number };

/**
 * Random inputs; the gradient that enters at the last step, of each sequence another one, and of the second none at
 * all.
 */
function vanishing(
  { B, T, I, H }: Shape,
  dtype: DType,
  Wh: Float64Array,
  rest: Partial<LayerExperiment> = {},
): LayerExperiment {
  const next = randomNumbers(7);
  const dhs = new Float64Array(B * T * H);
  for (let b = 0; b < B; b++)
    for (let j = 0; j < H && b !== 1; j++)
      dhs[(b * T + T - 1) * H + j] = nearlyGone[dtype] * (1 + next() / 2) * 10 ** b;
  return experiment(H, T, Wh, {
    dtype,
    shapes: { B, T, I, H },
    weights: { Wx: filled(I * H, next).map((value) => value / 4), Wh, b: filled(H, next).map((value) => value / 4) },
    chunks: [{ steps: T, xs: filled(B * T * I, next) }],
    upstream: { kind: 'given', dhs },
    ...rest,
  });
}

/**
 * What the order of the sums has made of the numbers before they were small, and then rounding at the smallest numbers
 * of all. While some numbers of a row are still in the normal range, the kernels round its sums there once, the
 * reference classes at each term: half a number for each of 33, of which nine tenths are left at the next step.
 */
const bounds: Readonly<Record<DType, number>> = { float32: 1e-4, float64: 1e-11 };
const few = 33 / 2 / (1 - 0.9);

/** The largest difference of two tensors [B,T,N] at a step, in units of what it may be there. */
function apart(
  dtype: DType,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  B: number,
  T: number,
  N: number,
): number {
  let worst = 0;
  for (let t = 0; t < T; t++) {
    let [largest, difference] = [0, 0];
    for (let b = 0; b < B; b++) {
      for (let i = (b * T + t) * N; i < (b * T + t + 1) * N; i++) {
        if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]!));
        if (Object.is(actual[i], expected[i])) continue;
        const own = Math.abs(actual[i]! - expected[i]!);
        difference = Math.max(difference, Number.isNaN(own) ? Infinity : own);
      }
    }
    if (difference > 0) worst = Math.max(worst, difference / (bounds[dtype] * largest + few * smallest[dtype]));
  }
  return worst;
}

const uniform = (H: number): Float64Array => new Float64Array(H * H).fill(0.9 / H);
const ring = (H: number): Float64Array =>
  scaledIdentity(H, 0.6).map((value, i) => value + (i % H === (Math.floor(i / H) + 1) % H ? 0.25 : 0));
/** Units of very different rates: while some are gone, others are as they were. */
const spread = (H: number): Float64Array => scaledIdentity(H, 1).map((value, i) => value * [1, 0.2, 0.7, 0.97][i % 4]!);

for (const variant of heavyVariants) {
  const kernels = kernelsOf(variant);
  describe(`gradients below the normal range, with ${variant} instructions`, () => {
    // A little less than 0.9, as float32 has it, makes 4.4999 of 5, and 3.6 of 4; a little more, as float64 has it,
    // 4.5001 of 5.
    it(
      'end where rounding keeps them: after 0.9·I at four times the smallest number of float32, at five of ' +
        'float64',
      () => {
        for (const [dtype, times] of [
          ['float32', 4],
          ['float64', 5],
        ] as const) {
          for (const [B, H] of [
            [1, 16],
            [1, 33],
            [3, 5],
          ] as const) {
            const shape = { B, T: 800, I: 1, H };
            const { dhTotal, norms } = fast(
              vanishing(shape, dtype, scaledIdentity(H, 0.9), { cell: 'identity' }),
              kernels,
            );
            for (let b = 0; b < B; b++)
              assert.deepEqual(
                [...new Set(dhTotal.data.subarray(b * shape.T * H, b * shape.T * H + H))],
                [b === 1 ? 0 : times * smallest[dtype]],
              );
            assert.equal(norms.dh[0], Math.round(times * Math.sqrt(H * (B === 1 ? 1 : 2))) * smallest[dtype]);
          }
        }
      },
    );

    /** How far the kernels are from the reference classes at any step, in units of what they may be. */
    function furthest(e: LayerExperiment): number {
      const {
        dtype,
        shapes: { B, T, I, H },
      } = e;
      const [actual, expected] = [fast(e, kernels), finish(referencePass(e))];
      const found = [
        apart(dtype, actual.dhTotal.data, expected.dhTotal.data, B, T, H),
        apart(dtype, actual.dxs.data, expected.dxs.data, B, T, I),
      ];
      const [norms, expectedNorms] = [actual, expected].map((pass) => flatNorms(pass.norms.dx, pass.norms));
      for (const name of ['dh', 'dx', 'dWx', 'dWh', 'db'] as const)
        found.push(apart(dtype, norms![name], expectedNorms![name], 1, T, 1));
      for (const name of ['Wx', 'Wh', 'b'] as const)
        found.push(
          apart(dtype, actual.gradients[name], expected.gradients[name], 1, 1, expected.gradients[name].length),
        );
      assert.ok(
        Math.max(...found) <= 1,
        `${dtype} ${e.cell} ${JSON.stringify(e.shapes)}: ${found.map((error) => error.toExponential(1)).join(' ')}`,
      );
      return Math.max(...found);
    }

    for (const [what, Wh] of Object.entries({ uniform, ring, spread })) {
      it(`are those of the reference classes at every step: ${what} Wh`, (t) => {
        const found = dtypes.flatMap((dtype) =>
          kernelCells.flatMap((cell) =>
            (
              [
                [1, 3, 16],
                [1, 20, 33],
                [3, 2, 20],
                [8, 4, 9],
              ] as const
            ).map(([B, I, H]) => furthest(vanishing({ B, T: 420, I, H }, dtype, Wh(H), { cell }))),
          ),
        );
        t.diagnostic(`largest difference ${Math.max(...found).toExponential(1)} of what it may be`);
      });
    }

    it('are so beside rows, inputs and weights that are large, and where small ones enter', () => {
      const [T, H] = [420, 12];
      for (const dtype of dtypes) {
        for (const B of [1, 3]) {
          const e = vanishing({ B, T, I: 2, H }, dtype, spread(H), { cell: 'identity' });
          assert.ok(e.upstream.kind === 'given');
          const { dhs } = e.upstream;
          const entering = (change: (value: number, i: number) => number): LayerExperiment => ({
            ...e,
            upstream: { kind: 'given', dhs: dhs.map(change) },
          });
          furthest(entering((value, i) => (i < T * H ? (value * 1e5) / nearlyGone[dtype] : value)));
          furthest(entering((value, i) => (value === 0 && i % 3 === 0 ? (i % 7) * smallest[dtype] : value)));
          // Behind steps of nothing but zeros.
          furthest(entering((_, i) => (Math.floor(i / H) % T === 60 ? (i % 5) - 2 : 0)));
          furthest(entering((_, i) => (Math.floor(i / H) % T === 60 ? (i % 5) * smallest[dtype] : 0)));
          furthest({ ...e, chunks: e.chunks.map(({ steps, xs }) => ({ steps, xs: xs.map((value) => value * 1e14) })) });
          furthest(withLayer(e, { weights: { ...weightsOf(e), Wx: weightsOf(e).Wx.map((value) => value * 1e14) } }));
          if (B === 1) continue;
          // Steps whose norms the layer finds apart from the other sums, and one whose largest number is near 1.
          const wide = vanishing({ B: 4, T: 100, I: 8, H: 256 }, dtype, spread(256), { cell: 'identity' });
          assert.ok(wide.upstream.kind === 'given');
          const dhsNear1 = wide.upstream.dhs.map((value, i) =>
            i < 100 * 256 ? Math.sign(value) * 1.5 : value / (dtype === 'float32' ? 1e14 : 1e18),
          );
          furthest(wide);
          furthest({ ...wide, upstream: { kind: 'given', dhs: dhsNear1 } });
        }
      }
    });

    it('are none where a state is none', () => {
      const H = 20;
      for (const dtype of dtypes) {
        for (const cell of kernelCells) {
          for (const T of [1, 3]) {
            const e = vanishing({ B: 3, T, I: 2, H }, dtype, spread(H), { cell });
            assert.ok(e.upstream.kind === 'given');
            const dhs = e.upstream.dhs.map((value, i) => (i % 2 === 0 ? value : 3 * smallest[dtype]));
            const next = randomNumbers(3);
            for (const [b, value] of [
              [0, NaN],
              [2, Infinity],
            ] as const) {
              const h0 = filled(3 * H, next);
              h0[b * H + 3] = value;
              furthest(withLayer({ ...e, upstream: { kind: 'given', dhs } }, { h0 }));
              furthest(
                withLayer(
                  { ...e, upstream: { kind: 'given', dhs } },
                  { weights: { ...weightsOf(e), b: weightsOf(e).b.with(5, value) } },
                ),
              );
              furthest(
                withLayer(
                  { ...e, truncate: 1, upstream: { kind: 'given', dhs } },
                  { weights: { ...weightsOf(e), b: weightsOf(e).b.with(5, value) } },
                ),
              );
            }
          }
        }
      }
    });
  });
}
