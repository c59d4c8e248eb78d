// The error of the kernels' tanh over the whole range, in units in the last place.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultBounds, finish, runResumably } from '../../../src/engine/index.js';
import type { FloatArray } from '../../../src/engine/index.js';
import { experiment, flatRun, randomNumbers } from '../engine/build.js';
import { kernelsOf, variants } from './support.js';

const bound = 2;
const fractionBits = 200n;
const one = 1n << fractionBits;

/** tanh of a float64 to 190 bits: a fixed-point Taylor series of e^(2x/2^k), squared k times. */
function exactTanh(x: number): bigint {
  // x = m·2^e exactly
  const e = Math.max(-1074, Math.floor(Math.log2(Math.abs(x))) - 53);
  const fixed = (BigInt(x / 2 ** e) << (fractionBits + 40n)) >> BigInt(39 - e);
  const halvings = 12n;
  const r = fixed >> halvings;
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n; k++) {
    term = (term * r) / (one * k);
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> fractionBits;
  return ((sum - one) << fractionBits) / (sum + one);
}

const fromFixed = (value: bigint): number => Number(value) / 2 ** Number(fractionBits);

/** Spacing of the numbers of a dtype around value. */
const ulp = (value: number, digits: number, smallest: number): number =>
  Math.max(smallest, 2 ** (Math.floor(Math.log2(Math.abs(value))) - digits));

for (const variant of variants) {
  const kernels = kernelsOf(variant);
  const through = <A extends FloatArray>(
    values: A,
    view: (buffer: ArrayBufferLike, at: number, length: number) => A,
    activate: (cell: number, at: number, bytes: number) => void,
  ): A => {
    const bytes = Math.ceil(values.byteLength / 64) * 64;
    const [at = 0] = kernels.layOut([bytes]) ?? [];
    view(kernels.memory.buffer, at, values.length).set(values);
    activate(0, at, bytes);
    return view(kernels.memory.buffer, at, values.length).slice() as A;
  };
  const tanh32 = (values: Float32Array): Float32Array =>
    through(values, (buffer, at, length) => new Float32Array(buffer, at, length), kernels.exports.activate32);
  const tanh64 = (values: Float64Array): Float64Array =>
    through(values, (buffer, at, length) => new Float64Array(buffer, at, length), kernels.exports.activate64);

  describe(`tanh with ${variant} instructions`, () => {
    it(`float32: at most ${bound} ulp, every 499th number from the smallest to infinity`, (t) => {
      const values = new Float32Array(
        Uint32Array.from({ length: Math.floor(0x7f800000 / 499) }, (_, i) => 1 + i * 499).buffer,
      );
      const results = tanh32(values);
      let [worst, at] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        const exact = Math.tanh(values[i]!);
        const error = Math.abs(results[i]! - exact) / ulp(exact, 23, 2 ** -149);
        if (!(error <= worst)) [worst, at] = [error, i];
      }
      t.diagnostic(`largest error ${worst.toFixed(3)} ulp, at ${values[at]}`);
      assert.ok(worst <= bound);
      assert.ok(
        tanh32(values.map((value) => -value)).every((value, i) => Object.is(value, -results[i]!)),
        'odd',
      );
    });

    it(`float64: at most ${bound} ulp, against 190 bits`, (t) => {
      const next = randomNumbers(11);
      // Evenly where the work is done, and evenly in the exponent down to 2^-40; below 2^-27 tanh x is x to the last
      // place.
      const values = Float64Array.from({ length: 12_000 }, (_, i) =>
        i % 3 === 0 ? 20 * Math.abs(next()) : i % 3 === 1 ? Math.abs(next()) : 2 ** ((40 * next()) / 2 - 20),
      );
      const results = tanh64(values);
      let [worst, at] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        const exact = exactTanh(values[i]!);
        const found = results[i]!;
        const e = Math.floor(Math.log2(found)) - 52;
        const fixed = (BigInt(found / 2 ** e) << (fractionBits + 100n)) >> BigInt(100 - e);
        const error = Math.abs(fromFixed(fixed - exact)) / ulp(fromFixed(exact), 52, 2 ** -1074);
        if (!(error <= worst)) [worst, at] = [error, i];
      }
      t.diagnostic(`largest error ${worst.toFixed(3)} ulp, at ${values[at]}`);
      assert.ok(worst <= bound);
    });

    it('has a slope with all its digits, also where tanh is 1 in float64', () => {
      // One unit that the input holds at z, and a weight too small to move it: back from the source the gradient is
      // w/cosh²(z) at each step.
      const w = 2 ** -40;
      const alone = kernelsOf(variant);
      for (let z = 18.5; z < 19.3; z += 0.01) {
        const weights = { Wx: Float64Array.of(1), Wh: Float64Array.of(w), b: new Float64Array(1) };
        const {
          log10SingleSource: [first, between, last],
        } = flatRun(
          finish(
            runResumably(
              experiment(1, 3, weights.Wh, { weights, chunks: [{ steps: 3, xs: new Float64Array(3).fill(z) }] }),
              defaultBounds,
              alone,
            ),
          ),
        );
        const [one, two] = [1, 2].map((steps) => steps * Math.log10(w / Math.cosh(z) ** 2));
        for (const [found, exact] of [
          [first, two],
          [between, one],
          [last, 0],
        ] as const)
          assert.ok(found === exact || Math.abs(found! - exact!) < 1e-9, `${found} instead of ${exact} at z = ${z}`);
      }
    });

    it('keeps zeros with their sign, tiny numbers, NaN and the ends', () => {
      const special = [0, -0, NaN, Infinity, -Infinity, 1e-40, -1e-40, 25, -25, 1e30];
      assert.deepEqual(
        [...tanh32(Float32Array.from(special))],
        [0, -0, NaN, 1, -1, Math.fround(1e-40), Math.fround(-1e-40), 1, -1, 1],
      );
      assert.deepEqual(
        [...tanh64(Float64Array.from([...special, 5e-324]))],
        [0, -0, NaN, 1, -1, 1e-40, -1e-40, 1, -1, 1, 5e-324],
      );
    });
  });
}
