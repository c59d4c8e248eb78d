// AssemblyScript. The flowing gradient of LSTM and GRU in float64 with its exponent carried, over one block of steps
// going back, as ./scaledFlow.ts has that of the others. A row is the gradient of all states of a batch item, h first,
// under one exponent. Threads share a block out: its rows before the way back (`gatedFlowSlopes`) and after it
// (`gatedFlowInputs`), its rows for the way itself (`gatedFlowRows`), its steps for the norms (`gatedFlowNorms`).
import { IDENTITY } from './activation';
import { BLOCKS, firstOfInput, gatesOf, gruClose, gruOpen, LSTM, lstmClose, lstmOpen, throughGates } from './gates';
import { beginning, isThere, preActivations, sumsOfRows, weightNormsOf } from './gatedRun';
import { normOf, normWh, normWx } from './norms';
import { clearBeyond, fill, maskOf } from './panel';
import { productOne, productRows } from './product';
import { align, common, enter, isSmall, LEASTSQUARES, normalise } from './scaledFlow';
import { lanesSum64, largestOf, panels, pitchOf, ROW, squares, width, ZEROS } from './simd';
import { ORDINARY } from './subnormal';

/** Everything in float64, w = 8. ../wasm/abi.ts has the same fields, and ../wasm/gatedFlow.ts writes them. */
@unmanaged
export class GatedFlowJob {
  B: i32;
  I: i32;
  H: i32;
  cell: i32;
  blockSteps: i32;
  /** Rows that flow: B of the total gradient, and B more of the single source unless that is the same. */
  rows: i32;
  /** Of each thread. */
  scratchBytes: usize;
  /** As in GatedJob, from unrounded weights. */
  forwardWeights: usize;
  backwardWeights: usize;
  bias: usize;
  /** Of the block: [H/8][(1+blockSteps)·B][8] (the states before it first), of GRU no cs; [I/8][blockSteps·B][8]. */
  hs: usize;
  cs: usize;
  xs: usize;
  /** [BLOCKS][blockSteps·B][8] */
  z: usize;
  /** [slopes][H/8][blockSteps·B][8] */
  slopes: usize;
  /** The gates' values [gates][H/8][blockSteps·B][8]. */
  values: usize;
  /** [H/8][blockSteps·B][8]: dhs before, the gradient of h under its step's exponent after. */
  g: usize;
  /** float64 [blockSteps]: the exponents of what enters. */
  entering: usize;
  /** [states·H/8][rows][8] with the rows' exponents; what goes on of h, and a part of it. */
  flowing: usize;
  next: usize;
  part: usize;
  /** [BLOCKS][H/8][blockSteps·rows][8], panels as far apart as `pitchOf` says: d with the rows' exponents. */
  d: usize;
  /** [BLOCKS][H/8][blockSteps·B][8], the same: d of the total gradient under its step's exponent. */
  aligned: usize;
  /** [I/8][blockSteps·B][8] */
  dx: usize;
  scratch: usize;
  /** float64 [rows] */
  exponents: usize;
  /** float64 [blockSteps][rows][FLOWSTATS]: see `gatedFlowRows`. */
  rowStats: usize;
  /** float64 [blockSteps][6]: the step's exponent, and relative to it ‖dx‖, ‖dWx‖, ‖dWh‖, and norms of both biases. */
  stats: usize;
  /** float64 [blockSteps][gates][3]: Σ of values, and how many are below 0.1 and above 0.9. */
  gateStats: usize;
  /** i32: not 0 once something was not finite or left the range even so; then nothing here counts. */
  failed: usize;
  /** As in GatedJob, counted from the block's first step. */
  spans: usize;
}

/** Numbers of a row at a step in `rowStats`. */
const FLOWSTATS = 11;
const STATSBYTES: usize = <usize>FLOWSTATS * 8;
const STEPSTATS = 6;
/** From here on slopes are below the range of what e^−|z| is computed for. */
const FAR: f64 = 350;

function fail(job: GatedFlowJob): void {
  store<i32>(job.failed, 1);
}

/** Slopes and the gates' values of the block's rows r0 … r1 − 1, in the order (t, b). */
export function gatedFlowSlopes(job: GatedFlowJob, r0: i32, r1: i32): void {
  if (r0 >= r1) return;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<f64>(H);
  const stepBytes = <usize>job.B * ROW;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const hsPanel = blockPanel + stepBytes;
  const weightsBlock = <usize>(H + I) * ROW;
  const block = <usize>hPanels * blockPanel;
  const from = <usize>r0 * ROW;
  const bytes = <usize>(r1 - r0) * ROW;
  const z = job.z + from;
  const h = job.hs + from;
  const x = job.xs + from;
  let weights = job.forwardWeights;
  let bias = job.bias;
  for (let n: usize = 0; n < <usize>hPanels; n++) {
    const slopes = job.slopes + n * blockPanel + from;
    const values = job.values + n * blockPanel + from;
    const state = n * hsPanel + from;
    preActivations<f64>(
      job.cell, h, hsPanel, H, x, blockPanel, I, weights, weightsBlock, bias, z, blockPanel, bytes,
    );
    if (!(largestOf<f64>(z, blockPanel, BLOCKS, r1 - r0) < FAR)) return fail(job);
    if (job.cell == LSTM) {
      const c = job.cs + state;
      lstmOpen<f64>(z, blockPanel, c, c + stepBytes, slopes, block, r1 - r0, true);
      for (let k: usize = 0; k < 4; k++) memory.copy(values + k * block, z + k * blockPanel, bytes);
      lstmClose<f64>(z, blockPanel, 0, c + stepBytes, slopes, block, r1 - r0);
    } else {
      gruOpen<f64>(z, blockPanel, slopes, block, r1 - r0);
      gruClose<f64>(z, blockPanel, job.hs + state, 0, slopes, block, r1 - r0);
      for (let k: usize = 0; k < 3; k++) memory.copy(values + k * block, z + (k + 1) * blockPanel, bytes);
    }
    weights += <usize>gatesOf(job.cell) * weightsBlock;
    bias += <usize>BLOCKS * ROW;
  }
}

/**
 * Rows r0 … r1 − 1 of the block's steps `steps − 1` … 0. `enters`: dhs has values; `cut`: nothing of the total gradient
 * flows on from the block's first step. Leaves of the total gradient h's part, d, and of each row the exponent, and
 * relative to it the squares of the norms of: the row, its part of h, ∂L/∂c over all paths, d; of the single source
 * what goes on, and what of it goes beside the weights, and through each gate.
 */
export function gatedFlowRows(job: GatedFlowJob, steps: i32, enters: i32, cut: i32, r0: i32, r1: i32): void {
  if (r0 >= r1) return;
  const B = job.B;
  const H = job.H;
  const rows = job.rows;
  const hPanels = panels<f64>(H);
  const lstm = job.cell == LSTM;
  const all = lstm ? 2 * hPanels : hPanels;
  const rowsBytes = <usize>rows * ROW;
  const blockPanel = <usize>(job.blockSteps * B) * ROW;
  const dPanel = pitchOf(job.blockSteps * rows);
  const ofC = job.flowing + <usize>hPanels * rowsBytes;
  const gates = gatesOf(job.cell);
  for (let t = steps - 1; t >= 0; t--) {
    const g = job.g + <usize>(t * B) * ROW;
    const d = job.d + <usize>(t * rows) * ROW;
    for (let row = r0; row < r1; row++) {
      const at = <usize>row * ROW;
      const own = job.exponents + <usize>row * 8;
      const flowing = job.flowing + at;
      const stats = job.rowStats + <usize>(t * rows + row) * STATSBYTES;
      // The single source of a sequence stands at its last step.
      if (job.spans != 0 && row >= B && t + 1 == load<i32>(job.spans + <usize>(row - B) * 8, 4)) {
        fill<f64>(1, H, flowing, rowsBytes, 1);
        store<f64>(own, 0);
      }
      if (enters && row < B) {
        const exponent = load<f64>(job.entering + <usize>t * 8);
        if (!enter(H, flowing, rowsBytes, all, own, g + at, blockPanel, exponent)) return fail(job);
      }
      const sum = normalise(flowing, rowsBytes, all, own);
      if (!isFinite(sum)) return fail(job);
      store<f64>(stats, load<f64>(own));
      store<f64>(stats, sum, 8);
      store<f64>(stats, lstm ? squares<f64>(flowing, rowsBytes, hPanels, 1) : sum, 16);
      const slopes = job.slopes + <usize>(t * B + row % B) * ROW;
      if (row < B) {
        align(H, flowing, rowsBytes, 0, g + at, blockPanel);
        if (lstm) store<f64>(stats, overAllPaths(flowing, rowsBytes, hPanels, slopes, blockPanel), 24);
      }
      for (let n: usize = 0; n < <usize>hPanels; n++) memory.fill(job.next + n * rowsBytes + at, 0, ROW);
      throughGates<f64>(
        job.cell, H, 1, flowing, rowsBytes, ofC + at, rowsBytes, slopes, blockPanel, d + at, dPanel, job.next + at,
        rowsBytes, ofC + at, rowsBytes,
      );
      // d of GRU has n twice; the last block meets the input alone.
      const through = squares<f64>(d + at, dPanel, gates * hPanels, 1);
      const whole = lstm ? through : squares<f64>(d + at, dPanel, BLOCKS * hPanels, 1);
      if (
        !isFinite(whole) ||
        (whole < LEASTSQUARES && isSmall(d + at, dPanel, BLOCKS * hPanels)) ||
        (through < LEASTSQUARES && isSmall(d + at, dPanel, gates * hPanels))
      ) return fail(job);
      store<f64>(stats, through, 32);
      store<f64>(stats, squares<f64>((lstm ? ofC : job.next) + at, rowsBytes, hPanels, 1), 48);
    }
    for (let q = 1; q <= BLOCKS; q++)
      clearBeyond<f64>(H, d + <usize>(q * hPanels - 1) * dPanel + <usize>r0 * ROW, r1 - r0);
    carryRows(job, d, dPanel, t, r0, r1);
    const first = <usize>r0 * ROW;
    clearBeyond<f64>(H, job.next + <usize>(hPanels - 1) * rowsBytes + first, r1 - r0);
    for (let n: usize = 0; n < <usize>hPanels; n++)
      memory.copy(job.flowing + n * rowsBytes + first, job.next + n * rowsBytes + first, <usize>(r1 - r0) * ROW);
    for (let row = r0; row < r1; row++) {
      const flowing = job.flowing + <usize>row * ROW;
      const after = squares<f64>(flowing, rowsBytes, all, 1);
      if (after < LEASTSQUARES && isSmall(flowing, rowsBytes, all)) return fail(job);
      store<f64>(job.rowStats + <usize>(t * rows + row) * STATSBYTES, after, 40);
    }
    if (cut && t == 0) {
      for (let b = r0; b < min(r1, B); b++) clearRow(job, b, all);
    }
    // What has reached the initial states of a sequence goes no further.
    for (let row = r0; row < r1 && job.spans != 0; row++)
      if (t == beginning(job.spans, row % B)) clearRow(job, row, all);
  }
}

function clearRow(job: GatedFlowJob, row: i32, count: i32): void {
  for (let n = 0; n < count; n++) memory.fill(job.flowing + <usize>(n * job.rows + row) * ROW, 0, ROW);
  store<f64>(job.exponents + <usize>row * 8, 0);
}

/** ‖dc + dh ⊙ ∂h/∂c‖² of a row of LSTM. */
function overAllPaths(flowing: usize, rowsBytes: usize, hPanels: i32, slopes: usize, blockPanel: usize): f64 {
  const ofC = <usize>hPanels * rowsBytes;
  slopes += <usize>(4 * hPanels) * blockPanel;
  let sum = f64x2.splat(0);
  for (let n = 0; n < hPanels; n++, flowing += rowsBytes, slopes += blockPanel) {
    for (let at: usize = 0; at < ROW; at += 16) {
      const through = f64x2.mul(v128.load(flowing + at), v128.load(slopes + at));
      const dc = f64x2.add(v128.load(flowing + ofC + at), through);
      sum = f64x2.add(sum, f64x2.mul(dc, dc));
    }
  }
  return lanesSum64(sum);
}

/**
 * next += d·Whᵀ for the rows r0 … r1 − 1 of step t, gate by gate, because of the single source the squares of what goes
 * through each are kept. All rows go together: the weights are read once for all of them.
 */
function carryRows(job: GatedFlowJob, d: usize, dPanel: usize, t: i32, r0: i32, r1: i32): void {
  const hPanels = panels<f64>(job.H);
  const rows = job.rows;
  const rowsBytes = <usize>rows * ROW;
  const gates = gatesOf(job.cell);
  const ofGate = hPanels * width<f64>();
  const weightsPanel = <usize>(gates * ofGate) * ROW;
  const from = <usize>r0 * ROW;
  const bytes = <usize>(r1 - r0) * ROW;
  for (let k: usize = 0; k < <usize>gates; k++) {
    for (let n: usize = 0; n < <usize>hPanels; n++) memory.fill(job.part + n * rowsBytes + from, 0, bytes);
    carry(
      d + k * <usize>hPanels * dPanel + from, dPanel, ofGate, job.backwardWeights + k * <usize>ofGate * ROW,
      weightsPanel, hPanels, job.part + from, rowsBytes, bytes,
    );
    for (let n: usize = 0; n < <usize>hPanels; n++) {
      const part = job.part + n * rowsBytes + from;
      const target = job.next + n * rowsBytes + from;
      for (let at: usize = 0; at < bytes; at += 16)
        v128.store(target + at, f64x2.add(v128.load(target + at), v128.load(part + at)));
    }
    for (let row = max(r0, rows - job.B); row < r1; row++)
      store<f64>(
        job.rowStats + <usize>(t * rows + row) * STATSBYTES + 56 + k * 8,
        squares<f64>(job.part + <usize>row * ROW, rowsBytes, hPanels, 1),
      );
  }
}

/** target += d·B for `bytes` / 64 rows and all panels of B, of K rows each, so far apart. */
function carry(
  d: usize, dPanel: usize, K: i32, weights: usize, weightsPanel: usize, hPanels: i32, target: usize,
  targetPanel: usize, bytes: usize,
): void {
  if (bytes == ROW) {
    productOne<f64>(IDENTITY, d, dPanel, K, weights, weightsPanel, hPanels, target, targetPanel, false);
    return;
  }
  for (let n = 0; n < hPanels; n++, weights += weightsPanel, target += targetPanel)
    productRows<f64>(d, dPanel, K, 0, 0, 0, weights, target, ROW, target, bytes);
}

/**
 * d of the total gradient under its step's exponent and dx, for the block's rows r0 … r1 − 1 in the order (t, b); g
 * under that exponent too.
 */
export function gatedFlowInputs(job: GatedFlowJob, r0: i32, r1: i32): void {
  if (r0 >= r1) return;
  const B = job.B;
  const H = job.H;
  const rows = job.rows;
  const hPanels = panels<f64>(H);
  const blockPanel = <usize>(job.blockSteps * B) * ROW;
  const dPanel = pitchOf(job.blockSteps * rows);
  const alignedPanel = pitchOf(job.blockSteps * B);
  const blocks = BLOCKS * hPanels * width<f64>();
  let E: f64 = 0;
  for (let row = r0; row < r1; row++) {
    const t = row / B;
    const b = row - t * B;
    const ofRows = job.rowStats + <usize>(t * rows) * STATSBYTES;
    if (row == r0 || b == 0) E = common(ofRows, B, STATSBYTES);
    const difference = load<f64>(ofRows + <usize>b * STATSBYTES) - E;
    const at = <usize>row * ROW;
    if (difference != 0) align(H, job.g + at, blockPanel, difference, job.g + at, blockPanel);
    align(blocks, job.d + <usize>(t * rows + b) * ROW, dPanel, difference, job.aligned + at, alignedPanel);
  }
  const K = gatesOf(job.cell) * hPanels * width<f64>();
  const d = job.aligned + <usize>(firstOfInput(job.cell) * hPanels) * alignedPanel + <usize>r0 * ROW;
  let weights = job.backwardWeights + <usize>(hPanels * K) * ROW;
  let target = job.dx + <usize>r0 * ROW;
  for (let n = 0; n < panels<f64>(job.I); n++) {
    productRows<f64>(d, alignedPanel, K, 0, 0, 0, weights, ZEROS, 0, target, <usize>(r1 - r0) * ROW);
    weights += <usize>K * ROW;
    target += blockPanel;
  }
  clearBeyond<f64>(job.I, target - blockPanel, r1 - r0);
}

/**
 * What comes of it at the steps t0 … t1 − 1, for thread `thread`, in `stats` and `gateStats`. `own`: 2 for the norms of
 * dWx and dWh, 4 where those may be formed; else −1 says that they have to be.
 */
export function gatedFlowNorms(job: GatedFlowJob, t0: i32, t1: i32, thread: i32, own: i32): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<f64>(H);
  const stepBytes = <usize>B * ROW;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const hsPanel = blockPanel + stepBytes;
  const dPanel = pitchOf(job.blockSteps * B);
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  const N = gatesOf(job.cell) * hPanels * width<f64>();
  const ofInput = <usize>(firstOfInput(job.cell) * hPanels) * dPanel;
  const single = B == 1;
  for (let t = t0; t < t1; t++) {
    const offset = <usize>t * stepBytes;
    const stats = job.stats + <usize>(t * STEPSTATS) * 8;
    const d = job.aligned + offset;
    const x = job.xs + offset;
    const h = job.hs + offset;
    store<f64>(stats, common(job.rowStats + <usize>(t * job.rows) * STATSBYTES, B, STATSBYTES));
    store<f64>(stats, normOf<f64>(job.dx + offset, blockPanel, I, B), 8);
    if (!single) sumsOfRows<f64>(d, dPanel, BLOCKS * hPanels, B, scratch);
    const sums = single ? d : scratch;
    const panel = single ? dPanel : ROW;
    const toState = normOf<f64>(sums, panel, N, 1);
    const toInput = ofInput == 0 ? toState : normOf<f64>(sums + ofInput / dPanel * panel, panel, N, 1);
    if (single && (own & 2) != 0) {
      // One term: ‖aᵀd‖ = ‖a‖·‖d‖.
      normWx = normOf<f64>(x, blockPanel, I, 1) * toInput;
      normWh = normOf<f64>(h, hsPanel, H, 1) * toState;
    } else weightNormsOf(ORDINARY, x, blockPanel, I, h, hsPanel, H, d, ofInput, dPanel, N, B, own, scratch, true);
    store<f64>(stats, normWx, 16);
    store<f64>(stats, normWh, 24);
    store<f64>(stats, toInput, 32);
    store<f64>(stats, toState, 40);
    measureGates(job, t);
  }
}

const CLOSED: f64 = 0.1;
const OPEN: f64 = 0.9;

/**
 * Of each gate at step t, over the sequences that are there: Σ of values, and how many |values| are below CLOSED and
 * above OPEN.
 */
function measureGates(job: GatedFlowJob, t: i32): void {
  const hPanels = panels<f64>(job.H);
  const stepBytes = <usize>job.B * ROW;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const gates = gatesOf(job.cell);
  const mask = maskOf<f64>(job.H);
  const closedBelow = f64x2.splat(CLOSED);
  const openAbove = f64x2.splat(OPEN);
  for (let k = 0; k < gates; k++) {
    const to = job.gateStats + <usize>((t * gates + k) * 3) * 8;
    let sum = f64x2.splat(0);
    let closed = 0;
    let open = 0;
    for (let n = 0; n < hPanels; n++) {
      const from = job.values + <usize>(k * hPanels + n) * blockPanel + <usize>t * stepBytes;
      const last = n == hPanels - 1;
      for (let at: usize = 0; at < stepBytes; at += 16) {
        if (job.spans != 0 && !isThere(job.spans, <i32>(at / ROW), t)) continue;
        const there = last ? v128.load(mask + (at & 48)) : i64x2.splat(-1);
        const value = v128.and(v128.load(from + at), there);
        const size = f64x2.abs(value);
        sum = f64x2.add(sum, value);
        closed += popcnt<i32>(i64x2.bitmask(v128.and(f64x2.lt(size, closedBelow), there)));
        open += popcnt<i32>(i64x2.bitmask(f64x2.gt(size, openAbove)));
      }
    }
    store<f64>(to, lanesSum64(sum));
    store<f64>(to, <f64>closed, 8);
    store<f64>(to, <f64>open, 16);
  }
}
