// The error of σ and tanh in the kernels of gated cells, in units in the last place, through layers that show them as
// their state.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf, dtypes, finish } from '../../../src/engine/index.js';
import type { ByParameter, DType } from '../../../src/engine/index.js';
import { sizeOf } from '../../../src/engine/cells/cell.js';
import { sequence } from '../../../src/engine/core/tensor.js';
import { GatedLayer } from '../../../src/engine/wasm/gatedLayer.js';
import type { Kernels } from '../../../src/engine/wasm/instance.js';
import { filled, randomNumbers } from '../engine/build.js';
import { kernelsOf, variants } from './support.js';

const bound = 2;
const H = 96;
const bits = 260n;
const one = 1n << bits;

/** e^x, x ≥ 0, as a fixed-point number: a Taylor series of e^(x/2^k), squared k times. */
function exactExp(x: number): bigint {
  // x = m·2^e exactly
  const e = Math.max(-200, Math.floor(Math.log2(x)) - 53);
  const fixed = BigInt(x / 2 ** e) << (bits + BigInt(e));
  const halvings = 14n;
  const r = fixed >> halvings;
  let [term, sum] = [one, one];
  for (let k = 1n; term !== 0n; k++) {
    term = (term * r) / (one * k);
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> bits;
  return sum;
}

/** The quotient of two fixed-point numbers, to 100 bits. */
function quotient(a: bigint, b: bigint): { readonly fixed: bigint; readonly places: bigint } {
  const places = 100n + BigInt(b.toString(2).length - a.toString(2).length);
  return { fixed: (a << places) / b, places };
}

function exactLogistic(z: number): ReturnType<typeof quotient> {
  if (z === 0) return quotient(one, 2n * one);
  const e = exactExp(Math.abs(z));
  return quotient(z > 0 ? e : one, e + one);
}

/** tanh|z| */
function exactTanh(z: number): ReturnType<typeof quotient> {
  const e = exactExp(2 * Math.abs(z));
  return quotient(e - one, e + one);
}

/** How many units in the last place of the dtype a value lies beside the exact one. */
function error(found: number, { fixed, places }: ReturnType<typeof quotient>, dtype: DType): number {
  const near = Number(fixed) / 2 ** Number(places);
  const ulp = 2 ** (Math.floor(Math.log2(near)) - (dtype === 'float32' ? 23 : 52));
  // Both as integers of 2^-places·2^-200, so that nothing is rounded.
  const e = Math.floor(Math.log2(Math.abs(found))) - 52;
  const own = BigInt(Math.abs(found) / 2 ** e) << (places + 200n + BigInt(e));
  return Math.abs(Number(own - (fixed << 200n)) / 2 ** Number(places + 200n)) / ulp;
}

/** Powers of two from 2^-20 to 2^5, of both signs: they multiply a number of any mantissa exactly. */
const powers = Array.from({ length: 52 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** (Math.floor(i / 2) - 20));

/** h after a step with each power times `mantissas` as the pre-activation of gate `shown`; biases hold the others. */
function shownBy(
  kernels: Kernels,
  name: 'lstm' | 'gru',
  dtype: DType,
  shown: number,
  biases: readonly number[],
  c: number,
  mantissas: Float64Array,
): Float32Array | Float64Array {
  const cell = cellOf(name);
  const G = cell.gates.length;
  const parameters = Object.fromEntries(
    cell.parameters.map((spec) => [spec.name, new Float64Array(sizeOf(spec, 1, H))]),
  ) as ByParameter<Float64Array>;
  parameters.Wx.set(mantissas, shown * H);
  for (let g = 0; g < G; g++) parameters.b.fill(biases[g]!, g * H, (g + 1) * H);
  const B = powers.length;
  const layer = finish(
    GatedLayer.create(
      kernels,
      { cell: name, dtype, B, I: 1, H, steps: 1, truncate: null, direction: 'forward' },
      parameters,
    ),
  );
  const S = cell.states.length;
  const initial = new Float64Array(B * S * H);
  if (S > 1) for (let b = 0; b < B; b++) initial.fill(c, (b * S + 1) * H, (b + 1) * S * H);
  finish(layer!.forward(Float64Array.from(powers), 1, initial));
  const states = cell.states.map(() => sequence(dtype, B, 1, H));
  finish(layer!.states(1, states, 0));
  return states[0]!.data;
}

for (const variant of variants) {
  describe(`the gates with ${variant} instructions`, () => {
    const kernels = kernelsOf(variant);
    for (const dtype of dtypes) {
      const next = randomNumbers(5);
      // In the dtype, so that their products with powers of two are too.
      const mantissas = Float64Array.from(filled(H, next), (value) => Math.fround(1 + Math.abs(value)));
      const values = Float64Array.from({ length: powers.length * H }, (_, i) => {
        return powers[Math.floor(i / H)]! * mantissas[i % H]!;
      });
      const check = (t: { diagnostic(text: string): void }, found: ArrayLike<number>, exact: typeof exactTanh) => {
        let [worst, at] = [0, 0];
        for (const [i, z] of values.entries()) {
          const own = error(found[i]!, exact(z), dtype);
          if (!(own <= worst)) [worst, at] = [own, i];
        }
        t.diagnostic(`largest error ${worst.toFixed(3)} ulp, at ${values[at]}`);
        assert.ok(worst <= bound, `${worst} ulp at ${values[at]}`);
      };

      it(`${dtype}: σ is at most ${bound} ulp off`, (t) => {
        // c = 1·50 + i·tanh(0), and tanh(50) is 1: h is the output gate.
        check(t, shownBy(kernels, 'lstm', dtype, 3, [0, 60, 0, 0], 50, mantissas), exactLogistic);
      });

      it(`${dtype}: tanh is at most ${bound} ulp off, and odd`, (t) => {
        // z = σ(−100), which leaves nothing of h = 0 and all of n.
        const found = shownBy(kernels, 'gru', dtype, 2, [0, -100, 0], 0, mantissas);
        check(t, found, exactTanh);
        for (const [i, z] of values.entries()) assert.equal(Math.sign(found[i]!), Math.sign(z));
      });

      it(`${dtype}: keep zeros, the ends and NaN`, () => {
        const special = [0, Infinity, -Infinity, NaN, 1e30, -1e30];
        const padded = Float64Array.from({ length: H }, (_, i) => special[i] ?? 0);
        const at = powers.indexOf(1) * H;
        const found = shownBy(kernels, 'lstm', dtype, 3, [0, 60, 0, 0], 50, padded).subarray(at, at + special.length);
        assert.deepEqual([...found], [0.5, 1, 0, NaN, 1, 0]);
        const tanh = shownBy(kernels, 'gru', dtype, 2, [0, -100, 0], 0, padded).subarray(at, at + special.length);
        assert.deepEqual([...tanh], [0, 1, -1, NaN, 1, -1]);
      });
    }
  });
}
