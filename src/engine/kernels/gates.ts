// AssemblyScript. The gates of LSTM and GRU, element by element: states and slopes of a step from its pre-activations,
// as in ../cells/lstm.ts and ../cells/gru.ts. One exponential e^(−|z|) gives σ(z), σ(−z) and σ'(z) = σ(z)·σ(−z), and
// e^(−2|z|) gives tanh z and tanh'(z): nothing is lost in saturation.
import { SIGN32, SIGN64 } from './activation';
import { constant, madd, panels, ROW } from './simd';

// `gated.kernel` of the cells in ../cells.
export const LSTM = 0;
export const GRU = 1;

/**
 * Blocks of H pre-activations of a step: LSTM i, f, g, o; GRU h'·Whn + bhn, r, z, x·Wxn + bxn. In this order those that
 * meet the state lie side by side, and those that meet the input too.
 */
export const BLOCKS = 4;

/** Slopes that are kept of a unit: see `lstmOpen`, `gruClose`. */
@inline export function slopesOf(cell: i32): i32 {
  return cell == LSTM ? 6 : 5;
}

/** Matrices of H columns in Wx and in Wh. */
@inline export function gatesOf(cell: i32): i32 {
  return cell == LSTM ? 4 : 3;
}

/** The first block that meets the input. */
@inline export function firstOfInput(cell: i32): i32 {
  return cell == LSTM ? 0 : 1;
}

const ONE32 = memory.data<f32>([1, 1, 1, 1], 16);
const ONE64 = memory.data<f64>([1, 1], 16);
/** From here on 2^−n is 0 (`scale`), and with it e^−y: below the normal range of the dtype. */
const END32 = memory.data<f32>([88, 88, 88, 88], 16);
const END64 = memory.data<f64>([709.2, 709.2], 16);
const LOG2E32 = memory.data<f32>(
  [-1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634],
  16,
);
const LOG2E64 = memory.data<f64>([-1.4426950408889634074, -1.4426950408889634074], 16);
// Added to −n they round it to an integer and leave 127 − n (1023 − n) in the last bits, as in ./activation.ts.
const MAGIC32 = memory.data<f32>([12583039.0, 12583039.0, 12583039.0, 12583039.0], 16);
const MAGIC64 = memory.data<f64>([4503599627371519.0, 4503599627371519.0], 16);
// ln 2 in two parts, the first so short that n times it is exact.
const LN2HIGH32 = memory.data<f32>([0.693359375, 0.693359375, 0.693359375, 0.693359375], 16);
const LN2LOW32 = memory.data<f32>(
  [-2.1219444005469057e-4, -2.1219444005469057e-4, -2.1219444005469057e-4, -2.1219444005469057e-4],
  16,
);
const LN2HIGH64 = memory.data<f64>([6.93147180369123816490e-1, 6.93147180369123816490e-1], 16);
const LN2LOW64 = memory.data<f64>([1.90821492927058770002e-10, 1.90821492927058770002e-10], 16);
// 1/k!, k = 7 … 2
const SERIES32 = memory.data<f32>([
  <f32>(1 / 5040.0), <f32>(1 / 5040.0), <f32>(1 / 5040.0), <f32>(1 / 5040.0),
  <f32>(1 / 720.0), <f32>(1 / 720.0), <f32>(1 / 720.0), <f32>(1 / 720.0),
  <f32>(1 / 120.0), <f32>(1 / 120.0), <f32>(1 / 120.0), <f32>(1 / 120.0),
  <f32>(1 / 24.0), <f32>(1 / 24.0), <f32>(1 / 24.0), <f32>(1 / 24.0),
  <f32>(1 / 6.0), <f32>(1 / 6.0), <f32>(1 / 6.0), <f32>(1 / 6.0),
  0.5, 0.5, 0.5, 0.5,
], 16);
// 1/k!, k = 13 … 2
const SERIES64 = memory.data<f64>([
  1 / 6227020800.0, 1 / 6227020800.0, 1 / 479001600.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 39916800.0,
  1 / 3628800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 362880.0, 1 / 40320.0, 1 / 40320.0,
  1 / 5040.0, 1 / 5040.0, 1 / 720.0, 1 / 720.0, 1 / 120.0, 1 / 120.0,
  1 / 24.0, 1 / 24.0, 1 / 6.0, 1 / 6.0, 0.5, 0.5,
], 16);

@inline function one<T>(): v128 {
  return constant(sizeof<T>() == 4 ? ONE32 : ONE64);
}

@inline function signs<T>(): v128 {
  return constant(sizeof<T>() == 4 ? SIGN32 : SIGN64);
}

/** |z|, at most where e^−|z| is 0; NaN passes through. */
@inline function size<T>(z: v128): v128 {
  return v128.pmin<T>(v128.andnot(z, signs<T>()), constant(sizeof<T>() == 4 ? END32 : END64));
}

/** The magic number less n, y = n·ln 2 − r. */
@inline function rounded<T>(y: v128): v128 {
  return sizeof<T>() == 4
    ? madd<T>(y, constant(LOG2E32), constant(MAGIC32))
    : madd<T>(y, constant(LOG2E64), constant(MAGIC64));
}

/** 2^−n */
@inline function scale<T>(magic: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.shl(magic, 23) : i64x2.shl(magic, 52);
}

/** y = n·ln 2 − r: r */
@inline function remainder<T>(y: v128, magic: v128): v128 {
  if (sizeof<T>() == 4) {
    const n = f32x4.sub(constant(MAGIC32), magic);
    return madd<T>(n, constant(LN2LOW32), f32x4.sub(f32x4.mul(n, constant(LN2HIGH32)), y));
  }
  const n = f64x2.sub(constant(MAGIC64), magic);
  return madd<T>(n, constant(LN2LOW64), f64x2.sub(f64x2.mul(n, constant(LN2HIGH64)), y));
}

/**
 * A gate of `bytes` bytes of z: `logisticOf` or `tanhOf`. Nothing is called on the way, so that the processor begins
 * with the next vectors while one waits; two go together, because they share what is loaded.
 */
@inline function gate<T>(isTanh: bool, z: usize, to: usize, slopes: usize, minus: usize, bytes: usize): void {
  const series = sizeof<T>() == 4 ? SERIES32 : SERIES64;
  for (let at: usize = 0; at < bytes; at += 32) {
    const z0 = v128.load(z + at);
    const z1 = v128.load(z + at, 16);
    const y0 = size<T>(isTanh ? v128.add<T>(z0, z0) : z0);
    const y1 = size<T>(isTanh ? v128.add<T>(z1, z1) : z1);
    const magic0 = rounded<T>(y0);
    const magic1 = rounded<T>(y1);
    const r0 = remainder<T>(y0, magic0);
    const r1 = remainder<T>(y1, magic1);
    let q0 = constant(series);
    let q1 = q0;
    for (let k: usize = 16; k < (sizeof<T>() == 4 ? 96 : 192); k += 16) {
      const c = constant(series + k);
      q0 = madd<T>(q0, r0, c);
      q1 = madd<T>(q1, r1, c);
    }
    const s0 = scale<T>(magic0);
    const s1 = scale<T>(magic1);
    // e^r − 1
    const p0 = madd<T>(v128.mul<T>(r0, r0), q0, r0);
    const p1 = madd<T>(v128.mul<T>(r1, r1), q1, r1);
    if (isTanh) {
      tanhOf<T>(z0, y0, s0, p0, to + at, slopes + at);
      tanhOf<T>(z1, y1, s1, p1, to + at + 16, slopes + at + 16);
    } else {
      logisticOf<T>(z0, s0, p0, to + at, slopes + at, minus == 0 ? 0 : minus + at);
      logisticOf<T>(z1, s1, p1, to + at + 16, slopes + at + 16, minus == 0 ? 0 : minus + at + 16);
    }
  }
}

/** σ(z) from e = e^−|z| = s·p + s, σ'(z) = e/(1 + e)², and σ(−z), where `minus` is not 0. */
@inline function logisticOf<T>(z: v128, s: v128, p: v128, to: usize, slopes: usize, minus: usize): void {
  const e = madd<T>(s, p, s);
  const v = v128.div<T>(one<T>(), v128.add<T>(one<T>(), e));
  const ev = v128.mul<T>(e, v);
  const isNegative = v128.lt<T>(z, v128.splat<T>(0));
  v128.store(to, v128.bitselect(ev, v, isNegative));
  v128.store(slopes, v128.mul<T>(ev, v));
  if (minus != 0) v128.store(minus, v128.bitselect(v, ev, isNegative));
}

/**
 * tanh|z| = −E/(E + 2), E = e^(−2|z|) − 1 = s·p + (s − 1), which cancels nowhere; from 1 on 1 − 2e/(E + 2), which
 * rounds less. tanh'(z) = 4e/(E + 2)².
 */
@inline function tanhOf<T>(z: v128, y: v128, s: v128, p: v128, to: usize, slopes: usize): void {
  const two = v128.add<T>(one<T>(), one<T>());
  const e = madd<T>(s, p, s);
  const E = madd<T>(s, p, v128.sub<T>(s, one<T>()));
  const below = v128.add<T>(E, two);
  const v = v128.div<T>(one<T>(), below);
  const open = v128.mul<T>(v128.add<T>(e, e), v);
  v128.store(slopes, v128.mul<T>(open, v128.add<T>(v, v)));
  const near = v128.andnot(v128.div<T>(E, below), signs<T>());
  const magnitude = v128.bitselect(v128.sub<T>(one<T>(), open), near, v128.ge<T>(y, two));
  v128.store(to, v128.or(magnitude, v128.and(z, signs<T>())));
}

/** σ(z) in the place of z, σ'(z) to `slopes`, σ(−z) to `minus`, where that is not 0. */
function logistic<T>(z: usize, slopes: usize, minus: usize, bytes: usize): void {
  gate<T>(false, z, z, slopes, minus, bytes);
}

/** tanh z to `to`, tanh'(z) to `slopes`. */
function tanh<T>(z: usize, to: usize, slopes: usize, bytes: usize): void {
  gate<T>(true, z, to, slopes, 0, bytes);
}

// The gates of a panel go in two passes, because the second waits for what the first gives: where all of the first have
// begun, the processor has enough to do while it waits. The values of the gates take the places of the pre-activations.

/**
 * LSTM: of `rows` rows of a panel all that follows from z alone (blocks `zBlock` bytes apart) and c before. What the
 * way back multiplies with goes to blocks `slopesBlock` apart: dz_i, dz_f, dz_g from dc over all paths, what c keeps;
 * σ'(z_o) waits for `lstmClose` in the place of dz_o. `known`: c is there already.
 */
export function lstmOpen<T>(
  z: usize, zBlock: usize, previous: usize, c: usize, slopes: usize, slopesBlock: usize, rows: i32, known: bool,
): void {
  const bytes = <usize>rows * ROW;
  logistic<T>(z, slopes, 0, bytes);
  logistic<T>(z + zBlock, slopes + slopesBlock, 0, bytes);
  tanh<T>(z + 2 * zBlock, z + 2 * zBlock, slopes + 2 * slopesBlock, bytes);
  logistic<T>(z + 3 * zBlock, slopes + 3 * slopesBlock, 0, bytes);
  for (let at: usize = 0; at < bytes; at += 16) {
    const i = v128.load(z + at);
    const f = v128.load(z + zBlock + at);
    const g = v128.load(z + 2 * zBlock + at);
    const before = v128.load(previous + at);
    const own = slopes + at;
    v128.store(own, v128.mul<T>(g, v128.load(own)));
    v128.store(own + slopesBlock, v128.mul<T>(before, v128.load(own + slopesBlock)));
    v128.store(own + 2 * slopesBlock, v128.mul<T>(i, v128.load(own + 2 * slopesBlock)));
    v128.store(own + 5 * slopesBlock, f);
    if (!known) v128.store(c + at, madd<T>(f, before, v128.mul<T>(i, g)));
  }
}

/** What follows from c: dz_o from dh, ∂h/∂c, and h, where it is not 0. The value of i is gone then. */
export function lstmClose<T>(
  z: usize, zBlock: usize, h: usize, c: usize, slopes: usize, slopesBlock: usize, rows: i32,
): void {
  const ofO = slopes + 3 * slopesBlock;
  const ofC = ofO + slopesBlock;
  const bytes = <usize>rows * ROW;
  tanh<T>(c, z, ofC, bytes);
  for (let at: usize = 0; at < bytes; at += 16) {
    const tanhC = v128.load(z + at);
    const o = v128.load(z + 3 * zBlock + at);
    v128.store(ofO + at, v128.mul<T>(tanhC, v128.load(ofO + at)));
    v128.store(ofC + at, v128.mul<T>(o, v128.load(ofC + at)));
    if (h != 0) v128.store(h + at, v128.mul<T>(o, tanhC));
  }
}

/** GRU, the same: σ'(z_r), σ'(z_z) and what h takes wait for `gruClose` in the places of the slopes. */
export function gruOpen<T>(z: usize, zBlock: usize, slopes: usize, slopesBlock: usize, rows: i32): void {
  const bytes = <usize>rows * ROW;
  logistic<T>(z + zBlock, slopes + slopesBlock, 0, bytes);
  logistic<T>(z + 2 * zBlock, slopes + 2 * slopesBlock, slopes + 3 * slopesBlock, bytes);
}

/** What takes dh to h'·Whn + bhn, to r, to z and to x·Wxn + bxn, what h keeps; and h, where it is not 0. */
export function gruClose<T>(
  z: usize, zBlock: usize, previous: usize, h: usize, slopes: usize, slopesBlock: usize, rows: i32,
): void {
  const bytes = <usize>rows * ROW;
  const ofN = z + 3 * zBlock;
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(ofN + at, madd<T>(v128.load(z + zBlock + at), v128.load(z + at), v128.load(ofN + at)));
  tanh<T>(ofN, ofN, slopes, bytes);
  for (let at: usize = 0; at < bytes; at += 16) {
    const own = slopes + at;
    const r = v128.load(z + zBlock + at);
    const keep = v128.load(z + 2 * zBlock + at);
    const n = v128.load(ofN + at);
    const ofR = own + slopesBlock;
    const ofZ = ofR + slopesBlock;
    const take = v128.load(ofZ + slopesBlock);
    const before = v128.load(previous + at);
    const toN = v128.mul<T>(take, v128.load(own));
    v128.store(own, v128.mul<T>(toN, r));
    v128.store(ofR, v128.mul<T>(v128.mul<T>(toN, v128.load(z + at)), v128.load(ofR)));
    v128.store(ofZ, v128.mul<T>(v128.sub<T>(before, n), v128.load(ofZ)));
    v128.store(ofZ + slopesBlock, toN);
    v128.store(ofZ + 2 * slopesBlock, keep);
    if (h != 0) v128.store(h + at, madd<T>(take, n, v128.mul<T>(keep, before)));
  }
}

/**
 * d of `rows` rows of every panel from the gradient of the states, whose slopes begin at `slopes`, and what goes beside
 * the weights: of LSTM to `besideC`, of GRU added to `besideH`; both 0: nothing goes on.
 */
export function throughGates<T>(
  cell: i32, H: i32, rows: i32, g: usize, gPanel: usize, gc: usize, gcPanel: usize, slopes: usize, slopesPanel: usize,
  d: usize, dPanel: usize, besideH: usize, hPanel: usize, besideC: usize, cPanel: usize,
): void {
  const hPanels = panels<T>(H);
  const bytes = <usize>rows * ROW;
  const block = <usize>hPanels * slopesPanel;
  const dBlock = <usize>hPanels * dPanel;
  for (let n = 0; n < hPanels; n++) {
    if (cell == LSTM) {
      for (let at: usize = 0; at < bytes; at += 16) {
        const s = slopes + at;
        const to = d + at;
        const dh = v128.load(g + at);
        const dc = madd<T>(dh, v128.load(s + 4 * block), v128.load(gc + at));
        v128.store(to, v128.mul<T>(dc, v128.load(s)));
        v128.store(to + dBlock, v128.mul<T>(dc, v128.load(s + block)));
        v128.store(to + 2 * dBlock, v128.mul<T>(dc, v128.load(s + 2 * block)));
        v128.store(to + 3 * dBlock, v128.mul<T>(dh, v128.load(s + 3 * block)));
        if (besideC != 0) v128.store(besideC + at, v128.mul<T>(dc, v128.load(s + 5 * block)));
      }
      gc += gcPanel;
      if (besideC != 0) besideC += cPanel;
    } else {
      for (let at: usize = 0; at < bytes; at += 16) {
        const s = slopes + at;
        const to = d + at;
        const dh = v128.load(g + at);
        v128.store(to, v128.mul<T>(dh, v128.load(s)));
        v128.store(to + dBlock, v128.mul<T>(dh, v128.load(s + block)));
        v128.store(to + 2 * dBlock, v128.mul<T>(dh, v128.load(s + 2 * block)));
        v128.store(to + 3 * dBlock, v128.mul<T>(dh, v128.load(s + 3 * block)));
        if (besideH != 0)
          v128.store(besideH + at, madd<T>(dh, v128.load(s + 4 * block), v128.load(besideH + at)));
      }
      if (besideH != 0) besideH += hPanel;
    }
    g += gPanel;
    slopes += slopesPanel;
    d += dPanel;
  }
}
