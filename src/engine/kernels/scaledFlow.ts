// AssemblyScript. The flowing gradient in float64 with its exponent carried, over one block of steps going back: what
// ../core/blockFloat.ts and
// ../network/scaledBackward.ts do, at the speed of the other kernels. Batch items never mix on the way back, so each
// row has an exponent of its own, and threads share a block out: its rows before the way back (`flowSlopes`) and after
// it (`flowNorms`), its rows for the way itself (`flowRows`).
import { IDENTITY, reluSlope, RELU, SATURATED, sechSquared, TANH, tanhSlope } from './activation';
import { biasNorm } from './backward';
import { normOf, normWh, normWx, weightNorms } from './norms';
import { clearBeyond } from './panel';
import { product1, product2, productOne, productRows } from './product';
import { panels, pitchOf, ROW, squares, width, ZEROS } from './simd';

/** Everything in float64, w = 8. ../wasm/abi.ts has the same fields, and ../wasm/scaledBackward.ts writes them. */
@unmanaged
export class FlowJob {
  B: i32;
  I: i32;
  H: i32;
  cell: i32;
  blockSteps: i32;
  /** Rows that flow: B of the total gradient, and B more of the single source unless that is the same. */
  rows: i32;
  /** Of each thread. */
  scratchBytes: usize;
  /** As in Job, from unrounded weights. */
  forwardWeights: usize;
  backwardWeights: usize;
  bias: usize;
  /** Of the block: [H/8][(1+blockSteps)·B][8] (the state before it first), [I/8][blockSteps·B][8]. */
  hs: usize;
  xs: usize;
  /** [H/8][blockSteps·B][8]: dhs before, g under its step's exponent after. */
  g: usize;
  /** float64 [blockSteps]: the exponents of what enters. */
  entering: usize;
  /** [H/8][blockSteps·B][8] */
  slopes: usize;
  /** [H/8][rows][8]: dh with the rows' exponents. */
  flowing: usize;
  /** [H/8][blockSteps·rows][8]: d with the rows' exponents. */
  d: usize;
  /** [H/8][blockSteps·B][8]: d of the total gradient under its step's exponent. */
  aligned: usize;
  /** [I/8][blockSteps·B][8] */
  dx: usize;
  scratch: usize;
  /** float64 [rows] */
  exponents: usize;
  /**
   * float64 [blockSteps][rows][4]: the exponent, and relative to it ‖g‖², ‖d‖², ‖d·Whᵀ‖² (the last two of the single
   * source only).
   */
  rowStats: usize;
  /** float64 [blockSteps][STATS + 2·B]: see `flowNorms`. */
  stats: usize;
  /** i32: not 0 once something was not finite or left the range even so; then nothing here counts. */
  failed: usize;
}

/** Numbers of a step before those of the sequences. */
const STATS = 10;
const ROWSTATS: usize = 32;
/**
 * A row of d has about this sum of squares at least, or is zero: what slopes below 1e-110 alone let through is left to
 * plain arithmetic.
 */
export const LEASTSQUARES: f64 = 1e-240;

/** f' of the block's rows r0 … r1 − 1, in the order (t, b), for thread `thread`. */
export function flowSlopes(job: FlowJob, r0: i32, r1: i32, thread: i32): void {
  slopesOf(job, <usize>r0 * ROW, <usize>r1 * ROW, job.scratch + <usize>thread * job.scratchBytes);
}

/**
 * Rows r0 … r1 − 1 of the block's steps `steps − 1` … 0. `enters`: dhs has values; `cut`: nothing of the total gradient
 * flows on from the block's first step. Leaves each row's g of the total gradient, d, and statistics under the exponent
 * that the row has there.
 */
export function flowRows(job: FlowJob, steps: i32, enters: i32, cut: i32, r0: i32, r1: i32): void {
  if (r0 >= r1) return;
  const B = job.B;
  const rows = job.rows;
  const hPanels = panels<f64>(job.H);
  const rowsBytes = <usize>rows * ROW;
  const blockPanel = <usize>(job.blockSteps * B) * ROW;
  const dPanel = pitchOf(job.blockSteps * rows);
  const singleFrom = rows - B;
  for (let t = steps - 1; t >= 0; t--) {
    const g = job.g + <usize>(t * B) * ROW;
    const d = job.d + <usize>(t * rows) * ROW;
    const slopes = job.slopes + <usize>(t * B) * ROW;
    const stats = job.rowStats + <usize>(t * rows) * ROWSTATS;
    for (let row = r0; row < r1; row++) {
      const at = <usize>row * ROW;
      const own = job.exponents + <usize>row * 8;
      if (enters && row < B) {
        const exponent = load<f64>(job.entering + <usize>t * 8);
        if (!enter(job.H, job.flowing + at, rowsBytes, hPanels, own, g + at, blockPanel, exponent)) return fail(job);
      }
      const sum = normalise(job.flowing + at, rowsBytes, hPanels, own);
      if (!isFinite(sum)) return fail(job);
      store<f64>(stats + <usize>row * ROWSTATS, exponentAt(job, row));
      store<f64>(stats + <usize>row * ROWSTATS, sum, 8);
      if (row < B) align(job.H, job.flowing + at, rowsBytes, 0, g + at, blockPanel);
      throughSlopes(job.flowing + at, rowsBytes, slopes + <usize>(row % B) * ROW, blockPanel, d + at, dPanel, hPanels);
      const through = squares<f64>(d + at, dPanel, hPanels, 1);
      if (through < LEASTSQUARES && isSmall(d + at, dPanel, hPanels)) return fail(job);
      if (row >= singleFrom) store<f64>(stats + <usize>row * ROWSTATS, through, 16);
    }
    clearBeyond<f64>(job.H, d + <usize>(hPanels - 1) * dPanel + <usize>r0 * ROW, r1 - r0);
    carryRows(job, d, dPanel, r0, r1);
    for (let row = max(r0, singleFrom); row < r1; row++) {
      store<f64>(
        stats + <usize>row * ROWSTATS,
        squares<f64>(job.flowing + <usize>row * ROW, rowsBytes, hPanels, 1),
        24,
      );
    }
    if (cut && t == 0) {
      for (let b = r0; b < min(r1, B); b++) {
        for (let n = 0; n < hPanels; n++) memory.fill(job.flowing + <usize>n * rowsBytes + <usize>b * ROW, 0, ROW);
        store<f64>(job.exponents + <usize>b * 8, 0);
      }
    }
  }
}

/**
 * d of the total gradient under its step's exponent and dx, for the block's rows r0 … r1 − 1 in the order (t, b); g
 * under that exponent too.
 */
export function flowInputs(job: FlowJob, r0: i32, r1: i32): void {
  const B = job.B;
  const H = job.H;
  const rows = job.rows;
  const blockPanel = <usize>(job.blockSteps * B) * ROW;
  const dPanel = pitchOf(job.blockSteps * rows);
  let E: f64 = 0;
  for (let row = r0; row < r1; row++) {
    const t = row / B;
    const b = row - t * B;
    const ofRows = job.rowStats + <usize>(t * rows) * ROWSTATS;
    if (row == r0 || b == 0) E = common(ofRows, B, ROWSTATS);
    const difference = load<f64>(ofRows + <usize>b * ROWSTATS) - E;
    const at = <usize>row * ROW;
    if (difference != 0) align(H, job.g + at, blockPanel, difference, job.g + at, blockPanel);
    align(H, job.d + <usize>(t * rows + b) * ROW, dPanel, difference, job.aligned + at, pitchOf(job.blockSteps * B));
  }
  if (r0 < r1) inputGradient(job, r0, r1 - r0);
}

/**
 * What comes of it at the steps t0 … t1 − 1, for thread `thread`: g under one exponent E for the step, and relative to
 * 2^E ‖g‖, ‖dx‖, ‖dWx‖, ‖dWh‖, ‖db‖; of the single source the exponent and ‖g‖, ‖d‖, ‖d·Whᵀ‖; then of every sequence
 * ‖g‖ and its exponent. `own`: 1 where `flowInputs` has not been there before, 2 for ‖dWx‖ and ‖dWh‖, where
 * ../wasm/stepNorms.ts does not find them.
 */
export function flowNorms(job: FlowJob, t0: i32, t1: i32, thread: i32, own: i32): void {
  if (own & 1) flowInputs(job, t0 * job.B, t1 * job.B);
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const rows = job.rows;
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + job.blockSteps) * stepBytes;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const dPanel = pitchOf(job.blockSteps * B);
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  for (let t = t0; t < t1; t++) {
    const ofRows = job.rowStats + <usize>(t * rows) * ROWSTATS;
    const ofSource = ofRows + <usize>(rows - B) * ROWSTATS;
    const stats = job.stats + <usize>(t * (STATS + 2 * B)) * 8;
    const offset = <usize>t * stepBytes;
    const d = job.aligned + offset;
    store<f64>(stats, common(ofRows, B, ROWSTATS));
    store<f64>(stats, normOf<f64>(job.g + offset, blockPanel, H, B), 8);
    store<f64>(stats, normOf<f64>(job.dx + offset, blockPanel, I, B), 16);
    if (own & 2) {
      weightNorms<f64>(
        job.xs + offset, blockPanel, I, job.hs + offset, hsPanel, H, d, dPanel, B, normOf<f64>(d, dPanel, H, B),
        scratch,
      );
      store<f64>(stats, normWx, 24);
      store<f64>(stats, normWh, 32);
    }
    store<f64>(stats, biasNorm<f64>(d, dPanel, H, B, scratch), 40);
    const sourceE = common(ofSource, B, ROWSTATS);
    store<f64>(stats, sourceE, 48);
    for (let i: usize = 8; i < ROWSTATS; i += 8) store<f64>(stats + 48 + i, jointNorm(ofSource, i, B, sourceE));
    for (let b = 0; b < B; b++) {
      store<f64>(stats + <usize>(STATS + 2 * b) * 8, Math.sqrt(load<f64>(ofRows + <usize>b * ROWSTATS, 8)));
      store<f64>(stats + <usize>(STATS + 2 * b) * 8, load<f64>(ofRows + <usize>b * ROWSTATS), 8);
    }
  }
}

function fail(job: FlowJob): void {
  store<i32>(job.failed, 1);
}

/** Whether a row of such small squares holds anything but zeros. */
export function isSmall(at: usize, panelBytes: usize, panelCount: i32): bool {
  for (let n = 0; n < panelCount; n++) {
    for (let i: usize = 0; i < ROW; i += 8) if (load<f64>(at + i) != 0) return true;
    at += panelBytes;
  }
  return false;
}

/** flowing = d·Whᵀ for the rows r0 … r1 − 1, with the same order of additions wherever the threads divide them. */
function carryRows(job: FlowJob, d: usize, dPanel: usize, r0: i32, r1: i32): void {
  const H = job.H;
  const hPanels = panels<f64>(H);
  const rowsBytes = <usize>job.rows * ROW;
  const weightsPanel = <usize>H * ROW;
  const first = <usize>r0 * ROW;
  const to = <usize>r1 * ROW;
  const last = <usize>(r1 - ((r1 - r0) & 1)) * ROW;
  let weights = job.backwardWeights;
  for (let n = 0; n < hPanels; n++) {
    const target = job.flowing + <usize>n * rowsBytes;
    productRows<f64>(d + first, dPanel, H, 0, 0, 0, weights, ZEROS, 0, target + first, last - first);
    weights += weightsPanel;
  }
  if (last < to) carryRow(d + last, dPanel, H, job.backwardWeights, weightsPanel, job.flowing + last, rowsBytes);
  clearBeyond<f64>(H, job.flowing + <usize>(hPanels - 1) * rowsBytes + <usize>r0 * ROW, r1 - r0);
}

function carryRow(
  d: usize, dPanel: usize, H: i32, weights: usize, weightsPanel: usize, target: usize, targetPanel: usize,
): void {
  const hPanels = panels<f64>(H);
  for (let n = 0; n < hPanels; n++) memory.fill(target + <usize>n * targetPanel, 0, ROW);
  productOne<f64>(IDENTITY, d, dPanel, H, weights, weightsPanel, hPanels, target, targetPanel, false);
}

/** dx = d·Wxᵀ of `count` rows from row `first` of the block on. */
function inputGradient(job: FlowJob, first: i32, count: i32): void {
  const H = job.H;
  const weightsPanel = <usize>H * ROW;
  const blockPanel = <usize>(job.blockSteps * job.B) * ROW;
  const from = <usize>first * ROW;
  let weights = job.backwardWeights + <usize>panels<f64>(H) * weightsPanel;
  let target = job.dx;
  for (let n = 0; n < panels<f64>(job.I); n++) {
    productRows<f64>(
      job.aligned + from, pitchOf(job.blockSteps * job.B), H, 0, 0, 0, weights, ZEROS, 0, target + from,
      <usize>count * ROW,
    );
    weights += weightsPanel;
    target += blockPanel;
  }
  clearBeyond<f64>(job.I, target - blockPanel + from, count);
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
export function align(
  H: i32, source: usize, sourcePanel: usize, exponent: f64, target: usize, targetPanel: usize,
): void {
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
  for (let n = 0; n < panels<f64>(H); n++) {
    for (let at: usize = 0; at < ROW; at += 16)
      v128.store(target + at, f64x2.mul(f64x2.mul(v128.load(source + at), one), two));
    source += sourcePanel;
    target += targetPanel;
  }
}

/**
 * Adds a row of H numbers times 2^exponent to a flowing row of `count` panels, under whichever exponent is the larger:
 * its own is at `own`. False when the row is not finite.
 */
export function enter(
  H: i32, flowing: usize, panelBytes: usize, count: i32, own: usize, row: usize, rowPanel: usize, exponent: f64,
): bool {
  let even = f64x2.splat(0);
  let odd = even;
  for (let n = 0; n < panels<f64>(H); n++) {
    const from = row + <usize>n * rowPanel;
    even = f64x2.max(even, f64x2.abs(v128.load(from)));
    odd = f64x2.max(odd, f64x2.abs(v128.load(from, 16)));
    even = f64x2.max(even, f64x2.abs(v128.load(from, 32)));
    odd = f64x2.max(odd, f64x2.abs(v128.load(from, 48)));
  }
  const most = f64x2.max(even, odd);
  const largest = Math.max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  if (!isFinite(largest)) return false;
  if (largest == 0) return true;
  const here = squares<f64>(flowing, panelBytes, count, 1) == 0 ? -Infinity : load<f64>(own);
  const E = Math.max(exponentOf(largest) + exponent, here);
  if (here == -Infinity) align(H, row, rowPanel, exponent - E, flowing, panelBytes);
  else {
    align(count * width<f64>(), flowing, panelBytes, here - E, flowing, panelBytes);
    align(H, row, rowPanel, exponent - E, row, rowPanel);
    for (let n = 0; n < panels<f64>(H); n++) {
      const target = flowing + <usize>n * panelBytes;
      for (let at: usize = 0; at < ROW; at += 16)
        v128.store(target + at, f64x2.add(v128.load(target + at), v128.load(row + <usize>n * rowPanel + at)));
    }
  }
  store<f64>(own, E);
  return true;
}

/**
 * Keeps the norm of a row of `count` panels between 2^-40 and 2^40 by moving powers of two into its exponent, which is
 * at `own`. Gives Σ of its squares; NaN when they underflowed.
 */
export function normalise(at: usize, panelBytes: usize, count: i32, own: usize): f64 {
  const sum = squares<f64>(at, panelBytes, count, 1);
  if (sum == 0) {
    for (let n = 0; n < count; n++) {
      for (let i: usize = 0; i < ROW; i += 8) if (load<f64>(at + <usize>n * panelBytes + i) != 0) return NaN;
    }
    store<f64>(own, 0);
    return 0;
  }
  if (!isFinite(sum) || (sum > 8.271806125530277e-25 && sum < 1.2089258196146292e24)) return sum;
  const half = Math.floor(exponentOf(sum) / 2);
  align(count * width<f64>(), at, panelBytes, -half, at, panelBytes);
  store<f64>(own, load<f64>(own) + half);
  return squares<f64>(at, panelBytes, count, 1);
}

/**
 * The largest exponent of the B rows whose statistics begin at `ofRows`, so many bytes each, that are not zero; 0 when
 * all are.
 */
export function common(ofRows: usize, B: i32, bytes: usize): f64 {
  let E = -Infinity;
  for (let b = 0; b < B; b++, ofRows += bytes) {
    if (load<f64>(ofRows, 8) > 0) E = Math.max(E, load<f64>(ofRows));
  }
  return E == -Infinity ? 0 : E;
}

/** Norm relative to 2^E of the B rows whose statistics begin at `ofRows`, with the squares at `place` of each. */
function jointNorm(ofRows: usize, place: usize, B: i32, E: f64): f64 {
  let sum: f64 = 0;
  for (let b = 0; b < B; b++) {
    const at = ofRows + <usize>b * ROWSTATS;
    const part = load<f64>(at + place);
    const difference = 2 * (load<f64>(at) - E);
    if (part > 0 && difference > -1000) sum += part * powerOfTwo(<i32>difference);
  }
  return Math.sqrt(sum);
}

/**
 * f'(h_t) with all its digits for the rows at `from` … `to` of the block (in bytes): where tanh has used them up (|h| >
 * SATURATED) it is taken from z, computed anew from hPrev and x.
 */
function slopesOf(job: FlowJob, from: usize, to: usize, z: usize): void {
  const stepBytes = <usize>job.B * ROW;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const hsPanel = blockPanel + stepBytes;
  const weightsPanel = <usize>(job.H + job.I) * ROW;
  const limit = f64x2.splat(SATURATED);
  for (let n = 0; n < panels<f64>(job.H); n++) {
    const h = job.hs + stepBytes + <usize>n * hsPanel;
    const slopes = job.slopes + <usize>n * blockPanel;
    for (let row = from; row < to; row += 2 * ROW) {
      const end = min(row + 2 * ROW, to);
      let saturated = false;
      for (let at = row; at < end; at += 16) {
        const value = v128.load(h + at);
        if (job.cell == TANH) {
          v128.store(slopes + at, tanhSlope<f64>(value));
          if (v128.any_true(f64x2.gt(f64x2.abs(value), limit))) saturated = true;
        } else v128.store(slopes + at, job.cell == RELU ? reluSlope<f64>(value) : f64x2.splat(1));
      }
      if (!saturated) continue;
      const weights = job.forwardWeights + <usize>n * weightsPanel;
      const bias = job.bias + <usize>n * ROW;
      if (end - row == 2 * ROW)
        product2<f64>(job.hs + row, hsPanel, job.H, job.xs + row, blockPanel, job.I, weights, bias, 0, z);
      else product1<f64>(job.hs + row, hsPanel, job.H, job.xs + row, blockPanel, job.I, weights, bias, z);
      for (let at = row; at < end; at += 16) {
        const mask = f64x2.gt(f64x2.abs(v128.load(h + at)), limit);
        v128.store(slopes + at, v128.bitselect(sechSquared(v128.load(z + at - row)), v128.load(slopes + at), mask));
      }
    }
  }
}

/** d = g ⊙ slopes over one row. */
function throughSlopes(
  g: usize, gPanel: usize, slopes: usize, slopesPanel: usize, d: usize, dPanel: usize, panelCount: i32,
): void {
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16)
      v128.store(d + at, f64x2.mul(v128.load(g + at), v128.load(slopes + at)));
    g += gPanel;
    slopes += slopesPanel;
    d += dPanel;
  }
}
