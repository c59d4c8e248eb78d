// AssemblyScript. The flowing gradient in float64 with its exponent carried, over one block of steps going back: what ../scaled.ts and
// ../analyse.ts do, at the speed of the other kernels. Batch items never mix on the way back, so each row has an exponent of its own.
import { reluSlope, RELU, sechSquared, TANH, tanhSlope } from './activation';
import { biasNorm, carry } from './backward';
import { normOf, normWh, normWx, weightNorms } from './norms';
import { clearBeyond } from './panel';
import { product1, product2 } from './product';
import { panels, ROW, squares } from './simd';

/** Everything in float64, w = 8. ../fast/flow.ts writes it, in this order; every field is 4 bytes. */
@unmanaged
export class FlowJob {
  B: i32;
  I: i32;
  H: i32;
  cell: i32;
  blockSteps: i32;
  /** Rows that flow: B of the total gradient, and B more of the single source unless that is the same. */
  rows: i32;
  /** As in Job, from unrounded weights. */
  forwardWeights: usize;
  backwardWeights: usize;
  bias: usize;
  /** Of the block: [H/8][(1+blockSteps)·B][8] (the state before it first), [I/8][blockSteps·B][8]. */
  hs: usize;
  xs: usize;
  /** [H/8][blockSteps·B][8]: dhs before, g under its step's exponent after. */
  g: usize;
  /** [H/8][B][8] */
  slopes: usize;
  /** [H/8][rows][8]: dh with the rows' exponents, and d. */
  flowing: usize;
  d: usize;
  /** [H/8][B][8]: d of the total gradient under the step's exponent. */
  aligned: usize;
  /** [I/8][B][8] */
  dx: usize;
  scratch: usize;
  /** float64 [rows] */
  exponents: usize;
  /** float64 [blockSteps][STATS + 2·B]: see `flowBack`. */
  stats: usize;
}

/** Numbers of a step before those of the sequences. */
const STATS = 10;
const SATURATED: f64 = 0.97;

/**
 * Steps `steps − 1` … 0 of a block. `enters`: dhs has values; `cut`: nothing of the total gradient flows on from the block's first step.
 *
 * Leaves of every step: the exponent E of the total gradient and, relative to 2^E, ‖g‖, ‖dx‖, ‖dWx‖, ‖dWh‖, ‖db‖; of the single source the
 * exponent and ‖g‖, ‖d‖, ‖d·Whᵀ‖; then of every sequence ‖g‖ and its exponent.
 *
 * @returns 0 when something was not finite or left the range even so: then nothing here counts.
 */
export function flowBack(job: FlowJob, steps: i32, enters: i32, cut: i32): i32 {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const rows = job.rows;
  const hPanels = panels<f64>(H);
  const stepBytes = <usize>B * ROW;
  const rowsBytes = <usize>rows * ROW;
  const hsPanel = <usize>(1 + job.blockSteps) * stepBytes;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const statsBytes = <usize>(STATS + 2 * B) * 8;
  const singleFrom = rows - B;
  for (let t = steps - 1; t >= 0; t--) {
    const stats = job.stats + <usize>t * statsBytes;
    const offset = <usize>t * stepBytes;
    const g = job.g + offset;
    const previous = job.hs + offset;
    const x = job.xs + offset;
    if (enters) {
      for (let b = 0; b < B; b++) if (!enter(job, b, g + <usize>b * ROW, blockPanel)) return 0;
    }
    for (let row = 0; row < rows; row++) {
      const sum = normalise(job, row);
      if (!isFinite(sum)) return 0;
      if (row < B) {
        store<f64>(stats + <usize>(STATS + 2 * row) * 8, Math.sqrt(sum));
        store<f64>(stats + <usize>(STATS + 2 * row) * 8, exponentAt(job, row), 8);
      }
    }
    const E = common(job, 0);
    for (let b = 0; b < B; b++) align(job, job.flowing + <usize>b * ROW, rowsBytes, exponentAt(job, b) - E, g + <usize>b * ROW, blockPanel);
    store<f64>(stats, E);
    store<f64>(stats, normOf<f64>(g, blockPanel, H, B), 8);
    const singleE = common(job, singleFrom);
    store<f64>(stats, singleE, 48);
    store<f64>(stats, jointNorm(job, job.flowing, singleFrom, singleE), 56);

    slopesOf(job, previous, hsPanel, x, blockPanel);
    throughSlopes(job);
    store<f64>(stats, jointNorm(job, job.d, singleFrom, singleE), 64);
    for (let b = 0; b < B; b++) align(job, job.d + <usize>b * ROW, rowsBytes, exponentAt(job, b) - E, job.aligned + <usize>b * ROW, stepBytes);

    memory.fill(job.flowing, 0, <usize>hPanels * rowsBytes);
    carry<f64>(job.d, rowsBytes, rows, H, job.backwardWeights, job.flowing, rowsBytes);
    store<f64>(stats, jointNorm(job, job.flowing, singleFrom, singleE), 72);
    if (cut && t == 0) {
      for (let b = 0; b < B; b++) {
        for (let n = 0; n < hPanels; n++) memory.fill(job.flowing + <usize>n * rowsBytes + <usize>b * ROW, 0, ROW);
        store<f64>(job.exponents + <usize>b * 8, 0);
      }
    }

    memory.fill(job.dx, 0, <usize>panels<f64>(I) * stepBytes);
    carry<f64>(job.aligned, stepBytes, B, H, job.backwardWeights + <usize>hPanels * <usize>H * ROW, job.dx, stepBytes, I);
    store<f64>(stats, normOf<f64>(job.dx, stepBytes, I, B), 16);
    weightNorms<f64>(x, blockPanel, I, previous, hsPanel, H, job.aligned, stepBytes, B, normOf<f64>(job.aligned, stepBytes, H, B), job.scratch);
    store<f64>(stats, normWx, 24);
    store<f64>(stats, normWh, 32);
    store<f64>(stats, biasNorm<f64>(job.aligned, stepBytes, H, B, job.scratch), 40);
  }
  return 1;
}

@inline function exponentAt(job: FlowJob, row: i32): f64 {
  return load<f64>(job.exponents + <usize>row * 8);
}

/** ⌊log2 m⌋ of a finite m > 0. */
function exponentOf(m: f64): f64 {
  let shift: f64 = 0;
  if (m < 2.2250738585072014e-308) {
    m *= 18014398509481984.0;
    shift = 54;
  }
  return <f64>(<i32>((reinterpret<u64>(m) >> 52) & 0x7ff) - 1023) - shift;
}

/** 2^k, −1022 ≤ k ≤ 1023 */
@inline function powerOfTwo(k: i32): f64 {
  return reinterpret<f64>(<u64>(k + 1023) << 52);
}

/** target = source·2^exponent over one row; 0 or ∞ beyond the range of float64. */
function align(job: FlowJob, source: usize, sourcePanel: usize, exponent: f64, target: usize, targetPanel: usize): void {
  let rest = <i32>Math.max(-4000, Math.min(4000, exponent));
  let first = 1.0;
  let second = 1.0;
  // Two factors reach ±2000, and beyond that every value of a row whose largest is near 1 is 0 or ∞ anyway.
  if (rest != 0) {
    const part = max(-1000, min(1000, rest));
    rest -= part;
    first = powerOfTwo(part);
    second = powerOfTwo(max(-1000, min(1000, rest)));
  }
  const one = f64x2.splat(first);
  const two = f64x2.splat(second);
  for (let n = 0; n < panels<f64>(job.H); n++) {
    for (let at: usize = 0; at < ROW; at += 16) v128.store(target + at, f64x2.mul(f64x2.mul(v128.load(source + at), one), two));
    source += sourcePanel;
    target += targetPanel;
  }
}

/** Adds a row of ordinary numbers to flowing row b, under whichever exponent is the larger. False when it is not finite. */
function enter(job: FlowJob, b: i32, row: usize, rowPanel: usize): bool {
  const panelBytes = <usize>job.rows * ROW;
  const flowing = job.flowing + <usize>b * ROW;
  let largest: f64 = 0;
  for (let n = 0; n < panels<f64>(job.H); n++) {
    for (let at: usize = 0; at < ROW; at += 8) largest = Math.max(largest, Math.abs(load<f64>(row + <usize>n * rowPanel + at)));
  }
  if (!isFinite(largest)) return false;
  if (largest == 0) return true;
  const here = squares<f64>(flowing, panelBytes, panels<f64>(job.H), 1) == 0 ? -Infinity : exponentAt(job, b);
  const E = Math.max(exponentOf(largest), here);
  if (here == -Infinity) align(job, row, rowPanel, -E, flowing, panelBytes);
  else {
    align(job, flowing, panelBytes, here - E, flowing, panelBytes);
    align(job, row, rowPanel, -E, row, rowPanel);
    for (let n = 0; n < panels<f64>(job.H); n++) {
      const target = flowing + <usize>n * panelBytes;
      for (let at: usize = 0; at < ROW; at += 16) v128.store(target + at, f64x2.add(v128.load(target + at), v128.load(row + <usize>n * rowPanel + at)));
    }
  }
  store<f64>(job.exponents + <usize>b * 8, E);
  return true;
}

/** Keeps the row's norm between 2^-40 and 2^40 by moving powers of two into its exponent. Gives Σ of its squares; NaN when they underflowed. */
function normalise(job: FlowJob, row: i32): f64 {
  const panelBytes = <usize>job.rows * ROW;
  const at = job.flowing + <usize>row * ROW;
  const sum = squares<f64>(at, panelBytes, panels<f64>(job.H), 1);
  if (sum == 0) {
    for (let n = 0; n < panels<f64>(job.H); n++) {
      for (let i: usize = 0; i < ROW; i += 8) if (load<f64>(at + <usize>n * panelBytes + i) != 0) return NaN;
    }
    store<f64>(job.exponents + <usize>row * 8, 0);
    return 0;
  }
  if (!isFinite(sum) || (sum > 8.271806125530277e-25 && sum < 1.2089258196146292e24)) return sum;
  const half = Math.floor(exponentOf(sum) / 2);
  align(job, at, panelBytes, -half, at, panelBytes);
  store<f64>(job.exponents + <usize>row * 8, exponentAt(job, row) + half);
  return squares<f64>(at, panelBytes, panels<f64>(job.H), 1);
}

/** The largest exponent of the B rows from `from` on that are not zero; 0 when all are. */
function common(job: FlowJob, from: i32): f64 {
  let E = -Infinity;
  for (let row = from; row < from + job.B; row++) {
    if (squares<f64>(job.flowing + <usize>row * ROW, <usize>job.rows * ROW, panels<f64>(job.H), 1) > 0) E = Math.max(E, exponentAt(job, row));
  }
  return E == -Infinity ? 0 : E;
}

/** Norm relative to 2^E of the B rows from `from` on. */
function jointNorm(job: FlowJob, rowsAt: usize, from: i32, E: f64): f64 {
  let sum: f64 = 0;
  for (let row = from; row < from + job.B; row++) {
    const part = squares<f64>(rowsAt + <usize>row * ROW, <usize>job.rows * ROW, panels<f64>(job.H), 1);
    const difference = 2 * (exponentAt(job, row) - E);
    if (part > 0 && difference > -1000) sum += part * powerOfTwo(<i32>difference);
  }
  return Math.sqrt(sum);
}

/** f'(h_t) with all its digits: where tanh has used them up (|h| > 0.97) it is taken from z, computed anew from hPrev and x. */
function slopesOf(job: FlowJob, previous: usize, hsPanel: usize, x: usize, xsPanel: usize): void {
  const B = job.B;
  const stepBytes = <usize>B * ROW;
  const weightsPanel = <usize>(job.H + job.I) * ROW;
  const limit = f64x2.splat(SATURATED);
  for (let n = 0; n < panels<f64>(job.H); n++) {
    const h = previous + stepBytes + <usize>n * hsPanel;
    const slopes = job.slopes + <usize>n * stepBytes;
    for (let row: usize = 0; row < stepBytes; row += 2 * ROW) {
      const end = min(row + 2 * ROW, stepBytes);
      let saturated = false;
      for (let at = row; at < end; at += 16) {
        const value = v128.load(h + at);
        if (job.cell == TANH) {
          v128.store(slopes + at, tanhSlope<f64>(value));
          if (v128.any_true(f64x2.gt(f64x2.abs(value), limit))) saturated = true;
        } else v128.store(slopes + at, job.cell == RELU ? reluSlope<f64>(value) : f64x2.splat(1));
      }
      if (!saturated) continue;
      const z = job.scratch;
      const weights = job.forwardWeights + <usize>n * weightsPanel;
      const bias = job.bias + <usize>n * ROW;
      if (end - row == 2 * ROW) product2<f64>(previous + row, hsPanel, job.H, x + row, xsPanel, job.I, weights, bias, 0, z);
      else product1<f64>(previous + row, hsPanel, job.H, x + row, xsPanel, job.I, weights, bias, z);
      for (let at = row; at < end; at += 16) {
        const mask = f64x2.gt(f64x2.abs(v128.load(h + at)), limit);
        v128.store(slopes + at, v128.bitselect(sechSquared(v128.load(z + at - row)), v128.load(slopes + at), mask));
      }
    }
  }
}

/** d = flowing ⊙ slopes, for both kinds of rows. */
function throughSlopes(job: FlowJob): void {
  const stepBytes = <usize>job.B * ROW;
  const rowsBytes = <usize>job.rows * ROW;
  for (let n = 0; n < panels<f64>(job.H); n++) {
    const slopes = job.slopes + <usize>n * stepBytes;
    const from = <usize>n * rowsBytes;
    for (let group: usize = 0; group < rowsBytes; group += stepBytes) {
      for (let at: usize = 0; at < stepBytes; at += 16) {
        v128.store(job.d + from + group + at, f64x2.mul(v128.load(job.flowing + from + group + at), v128.load(slopes + at)));
      }
    }
  }
  clearBeyond<f64>(job.H, job.d + <usize>(panels<f64>(job.H) - 1) * rowsBytes, job.rows);
}
