// AssemblyScript. Only for test/bench: how many multiply-adds a second one core can do with 128 bits, nothing else in
// the way.
import { madd } from '../../../src/engine/kernels/simd';

/** Numbers that no optimiser knows: it would put constants into the loop, three instructions each. */
const NUMBERS = memory.data(14 * 16, 16);

/**
 * `rounds` rounds of 12 multiply-adds on vectors that never leave their registers (c += x·y, the form that needs no
 * copies); the result keeps them from being left out.
 */
function chains<T>(rounds: i32): T {
  const x = v128.load(NUMBERS);
  const y = v128.load(NUMBERS + 16);
  let a = v128.load(NUMBERS + 32);
  let b = v128.load(NUMBERS + 48);
  let c = v128.load(NUMBERS + 64);
  let d = v128.load(NUMBERS + 80);
  let e = v128.load(NUMBERS + 96);
  let f = v128.load(NUMBERS + 112);
  let g = v128.load(NUMBERS + 128);
  let h = v128.load(NUMBERS + 144);
  let i = v128.load(NUMBERS + 160);
  let j = v128.load(NUMBERS + 176);
  let k = v128.load(NUMBERS + 192);
  let l = v128.load(NUMBERS + 208);
  for (let r = 0; r < rounds; r++) {
    a = madd<T>(x, y, a);
    b = madd<T>(x, y, b);
    c = madd<T>(x, y, c);
    d = madd<T>(x, y, d);
    e = madd<T>(x, y, e);
    f = madd<T>(x, y, f);
    g = madd<T>(x, y, g);
    h = madd<T>(x, y, h);
    i = madd<T>(x, y, i);
    j = madd<T>(x, y, j);
    k = madd<T>(x, y, k);
    l = madd<T>(x, y, l);
  }
  const sum = v128.add<T>(
    v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d)),
    v128.add<T>(v128.add<T>(e, f), v128.add<T>(g, h)),
  );
  return v128.extract_lane<T>(v128.add<T>(sum, v128.add<T>(v128.add<T>(i, j), v128.add<T>(k, l))), 0);
}

export function peak32(rounds: i32): f32 {
  return chains<f32>(rounds);
}

export function peak64(rounds: i32): f64 {
  return chains<f64>(rounds);
}
