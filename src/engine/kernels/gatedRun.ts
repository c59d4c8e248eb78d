// AssemblyScript. A layer of LSTM or GRU forward and backward in its dtype. One step forward makes the pre-activations
// of a panel of units after the other and takes them through the gates while they are in the cache; what the way back
// multiplies with is kept. Rows (batch items) never mix on the way, so threads may share them out; every number has one
// order of summation.
import { IDENTITY } from './activation';
import { addBias, inputsOfPanel } from './backward';
import {
  BLOCKS,
  firstOfInput,
  gatesOf,
  gruClose,
  gruOpen,
  LSTM,
  lstmClose,
  lstmOpen,
  slopesOf,
  throughGates,
} from './gates';
import { formedNorm, gramNorms, normOf, normWh, normWx, rounded, stepNorms, wideNormOf } from './norms';
import { clearBeyond } from './panel';
import { productOne, productRows, transposedProduct } from './product';
import { productChain } from './singlePanel';
import { FUSED, lanesMax, panels, panelsOf, pitchOf, ROW, sizesOf, width, widthOf } from './simd';
import {
  addSettled,
  copyStand,
  magnitudes,
  MIXED,
  ORDINARY,
  reachOf,
  settledNorm,
  SMALL,
  smallKind,
  smallRows,
  ZERO,
} from './subnormal';

/** ../wasm/abi.ts has the same fields, and ../wasm writes them. Rows are in the order (t, b) everywhere. */
@unmanaged
export class GatedJob {
  B: i32;
  T: i32;
  I: i32;
  H: i32;
  cell: i32;
  /** The gradient is cut before every step t at which t + cutOffset is a multiple of this; 0: never. */
  truncate: i32;
  cutOffset: i32;
  /** Steps whose weight gradients are one product. */
  blockSteps: i32;
  /** Steps that fit into d. */
  places: i32;
  /** Bytes of one thread's share of `scratch`. */
  scratchBytes: usize;
  /** [H/w][gates][H+I][w]: Wh above Wx, the gates as the blocks that meet the state, and those that meet the input. */
  forwardWeights: usize;
  /** [H/w][gates·H filled up to panels][w], then [I/w][the same][w]: Whᵀ and Wxᵀ. */
  backwardWeights: usize;
  /** [H/w][BLOCKS][w] */
  bias: usize;
  /** [I/w][T·B][w] */
  xs: usize;
  /** [H/w][(1+T)·B][w]: the initial state first; of GRU no cs. */
  hs: usize;
  cs: usize;
  /** [T][slopes][H/w][B][w]: see ./gates.ts. What a step writes and reads lies together. */
  slopes: usize;
  /** [BLOCKS][B][w]: the pre-activations of one panel; of a single sequence [BLOCKS][H/w][AHEAD][w]. */
  z: usize;
  /** [H/w][T·B][w]: dhs at the start, the gradient of h once the step is done; that of c as the next step gives it. */
  g: usize;
  gc: usize;
  /** [BLOCKS][H/w][places·B][w], panels as far apart as `pitchOf` says. */
  d: usize;
  /** [I/w][T·B][w] */
  dx: usize;
  /** [H/w][B][w] */
  dh0: usize;
  dc0: usize;
  /** [gates·H/w][I, filled up to panels][w], the same with H. */
  dWx: usize;
  dWh: usize;
  /** One row for every panel of d. */
  db: usize;
  scratch: usize;
  /** float64 [9][T]: ‖h‖; norms of the gradients of h, of h and c, of c over all paths, dx, dWx, dWh, b, and b of h. */
  norms: usize;
  /** float64: as of `reachOf`, 0 before anybody asked; then a byte for each row (t, b): what its d is. */
  small: usize;
  /** i32 [B][2]: the steps from … to − 1 at which each sequence is there; 0: all are, all the time. */
  spans: usize;
}

/** Whether a sequence is there at step t, of `spans` that are no 0. */
@inline export function isThere(spans: usize, b: i32, t: i32): bool {
  return t >= load<i32>(spans + <usize>b * 8) && t < load<i32>(spans + <usize>b * 8, 4);
}

/** The first step at which a sequence is there. */
@inline export function beginning(spans: usize, b: i32): i32 {
  return load<i32>(spans + <usize>b * 8);
}

/** Where the slopes of a step begin; those of one panel are a step's rows apart. */
@inline function slopesAt(job: GatedJob, t: i32, hPanels: i32): usize {
  return job.slopes + <usize>(t * slopesOf(job.cell) * hPanels * job.B) * ROW;
}

/** Where a sequence is not there, its states wait before it begins and are 0 behind its end, and nothing flows. */
function restAt(job: GatedJob, t: i32, b: i32, hPanels: i32): void {
  const stepBytes = <usize>job.B * ROW;
  const at = <usize>t * stepBytes + <usize>b * ROW;
  const waits = t < beginning(job.spans, b);
  for (let s = 0; s < (job.cell == LSTM ? 2 : 1); s++) {
    let state = (s == 0 ? job.hs : job.cs) + at;
    for (let n = 0; n < hPanels; n++, state += <usize>(1 + job.T) * stepBytes) {
      if (waits) memory.copy(state + stepBytes, state, ROW);
      else memory.fill(state + stepBytes, 0, ROW);
    }
  }
  let slopes = slopesAt(job, t, hPanels) + <usize>b * ROW;
  for (let n = 0; n < slopesOf(job.cell) * hPanels; n++, slopes += stepBytes)
    memory.fill(slopes, 0, ROW);
}

/** All blocks of pre-activations of one panel of units, for `bytes` / 64 rows. */
export function preActivations<T>(
  cell: i32, h: usize, hPanel: usize, H: i32, x: usize, xPanel: usize, I: i32, weights: usize, weightsBlock: usize,
  bias: usize, z: usize, zBlock: usize, bytes: usize,
): void {
  if (cell == LSTM) {
    blocksOf<T>(BLOCKS, h, hPanel, H, x, xPanel, I, weights, weightsBlock, bias, z, zBlock, bytes);
    return;
  }
  blocksOf<T>(1, h, hPanel, H, 0, 0, 0, weights, weightsBlock, bias, z, zBlock, bytes);
  blocksOf<T>(
    2, h, hPanel, H, x, xPanel, I, weights + weightsBlock, weightsBlock, bias + ROW, z + zBlock, zBlock, bytes,
  );
  productRows<T>(x, xPanel, I, 0, 0, 0, weights + <usize>H * ROW, bias + 3 * ROW, 0, z + 3 * zBlock, bytes);
}

/** So many blocks of it. */
function blocksOf<T>(
  count: i32, h: usize, hPanel: usize, H: i32, x: usize, xPanel: usize, I: i32, weights: usize, weightsBlock: usize,
  bias: usize, z: usize, zBlock: usize, bytes: usize,
): void {
  for (let q: usize = 0; q < <usize>count; q++)
    productRows<T>(
      h, hPanel, H, x, xPanel, I, weights + q * weightsBlock, bias + q * ROW, 0, z + q * zBlock, bytes,
    );
}

// What only calls others stands once for both dtypes, `wide` for float64: it has no loop over numbers.

/** Rows b0 … b1 − 1 of the steps t0 … t1 − 1. */
export function gatedForward<T>(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32): void {
  if (job.B == 1) forwardOne(job, t0, t1, sizeof<T>() == 8);
  else forwardBatch(job, t0, t1, b0, b1, sizeof<T>() == 8);
}

/** Panel by panel, both products in one. */
function forwardBatch(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32, wide: bool): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panelsOf(H, wide);
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + job.T) * stepBytes;
  const xsPanel = <usize>job.T * stepBytes;
  const weightsBlock = <usize>(H + I) * ROW;
  const from = <usize>b0 * ROW;
  const bytes = <usize>(b1 - b0) * ROW;
  const z = job.z + from;
  for (let t = t0; t < t1; t++) {
    const x = job.xs + <usize>t * stepBytes + from;
    const h = job.hs + <usize>t * stepBytes + from;
    let weights = job.forwardWeights;
    let bias = job.bias;
    for (let n = 0; n < hPanels; n++) {
      if (wide) {
        preActivations<f64>(job.cell, h, hsPanel, H, x, xsPanel, I, weights, weightsBlock, bias, z, stepBytes, bytes);
        throughPanels<f64>(job, t, n, n + 1, b0, b1, z, stepBytes, 0);
      } else {
        preActivations<f32>(job.cell, h, hsPanel, H, x, xsPanel, I, weights, weightsBlock, bias, z, stepBytes, bytes);
        throughPanels<f32>(job, t, n, n + 1, b0, b1, z, stepBytes, 0);
      }
      weights += <usize>gatesOf(job.cell) * weightsBlock;
      bias += <usize>BLOCKS * ROW;
    }
    endStep(job, t, b0, b1, wide);
  }
}

/** Steps of a single sequence whose products with the input are made at once. */
const AHEAD: i32 = 6;

/**
 * One sequence: x·Wx + b of a few steps at once, so that only the product with the state is left to go from step to
 * step, over all panels; the next step begins where this one ends, with what the cache still has.
 */
function forwardOne(job: GatedJob, t0: i32, t1: i32, wide: bool): void {
  const H = job.H;
  const gates = <usize>gatesOf(job.cell);
  const hPanels = panelsOf(H, wide);
  const hsPanel = <usize>(1 + job.T) * ROW;
  const weightsBlock = <usize>(H + job.I) * ROW;
  const zPanel = <usize>AHEAD * ROW;
  const zBlock = <usize>hPanels * zPanel;
  // Whichever there are more of go together.
  const byGates = <usize>hPanels >= gates;
  const rounds = byGates ? gates : <usize>hPanels;
  const count = byGates ? hPanels : <i32>gates;
  const weights = byGates ? gates * weightsBlock : weightsBlock;
  const nextRound = byGates ? weightsBlock : gates * weightsBlock;
  for (let t = t0; t < t1; t++) {
    const step = (t - t0) % AHEAD;
    if (step == 0) inputsAhead(job, t, min(AHEAD, t1 - t), zBlock, wide);
    const z = job.z + <usize>step * ROW;
    const back = (t & 1) != 0;
    for (let i: usize = 0; i < rounds; i++) {
      const round = back ? rounds - 1 - i : i;
      const h = job.hs + <usize>t * ROW;
      const b = job.forwardWeights + round * nextRound;
      const c = z + round * (byGates ? zBlock : zPanel);
      const nextC = byGates ? zPanel : zBlock;
      if (wide) productOne<f64>(IDENTITY, h, hsPanel, H, b, weights, count, c, nextC, back);
      else productOne<f32>(IDENTITY, h, hsPanel, H, b, weights, count, c, nextC, back);
    }
    if (wide) throughPanels<f64>(job, t, 0, hPanels, 0, 1, z, zBlock, zPanel);
    else throughPanels<f32>(job, t, 0, hPanels, 0, 1, z, zBlock, zPanel);
    endStep(job, t, 0, 1, wide);
  }
}

/** x·Wx + b of so many steps from t on, and what of b meets the state alone. */
function inputsAhead(job: GatedJob, t: i32, steps: i32, zBlock: usize, wide: bool): void {
  const H = job.H;
  const lstm = job.cell == LSTM;
  const bytes = <usize>steps * ROW;
  const xsPanel = <usize>job.T * ROW;
  const x = job.xs + <usize>t * ROW;
  let weights = job.forwardWeights + <usize>H * ROW;
  let bias = job.bias;
  let z = job.z;
  for (let n = 0; n < panelsOf(H, wide); n++) {
    if (!lstm) for (let at: usize = 0; at < bytes; at += ROW) memory.copy(z + at, bias, ROW);
    for (let gate = 0; gate < gatesOf(job.cell); gate++) {
      const block = <usize>(lstm || gate > 0 ? gate : BLOCKS - 1);
      const from = bias + block * ROW;
      const to = z + block * zBlock;
      if (wide) productRows<f64>(x, xsPanel, job.I, 0, 0, 0, weights, from, 0, to, bytes);
      else productRows<f32>(x, xsPanel, job.I, 0, 0, 0, weights, from, 0, to, bytes);
      weights += <usize>(H + job.I) * ROW;
    }
    bias += <usize>BLOCKS * ROW;
    z += <usize>AHEAD * ROW;
  }
}

/**
 * States and slopes of the panels n0 … n1 − 1 of rows b0 … b1 − 1 at step t, from their pre-activations, panels
 * `zPanel` bytes apart.
 */
function throughPanels<T>(
  job: GatedJob, t: i32, n0: i32, n1: i32, b0: i32, b1: i32, z: usize, zBlock: usize, zPanel: usize,
): void {
  const rows = b1 - b0;
  const stepBytes = <usize>job.B * ROW;
  const hPanels = panels<T>(job.H);
  const slopesBlock = <usize>hPanels * stepBytes;
  const lstm = job.cell == LSTM;
  for (let pass = 0; pass < 2; pass++) {
    for (let n = n0; n < n1; n++) {
      const slopes = slopesAt(job, t, hPanels) + <usize>n * stepBytes + <usize>b0 * ROW;
      const before = <usize>(n * (1 + job.T) + t) * stepBytes + <usize>b0 * ROW;
      const own = z + <usize>(n - n0) * zPanel;
      const h = job.hs + before;
      const c = job.cs + before;
      if (lstm && pass == 0) lstmOpen<T>(own, zBlock, c, c + stepBytes, slopes, slopesBlock, rows, false);
      else if (lstm) lstmClose<T>(own, zBlock, h + stepBytes, c + stepBytes, slopes, slopesBlock, rows);
      else if (pass == 0) gruOpen<T>(own, zBlock, slopes, slopesBlock, rows);
      else gruClose<T>(own, zBlock, h, h + stepBytes, slopes, slopesBlock, rows);
    }
  }
}

/** Nothing beyond H, and sequences that are not there at rest. */
function endStep(job: GatedJob, t: i32, b0: i32, b1: i32, wide: bool): void {
  const hPanels = panelsOf(job.H, wide);
  const last = <usize>((hPanels - 1) * (1 + job.T) + t + 1) * <usize>job.B * ROW + <usize>b0 * ROW;
  for (let s = 0; s < (job.cell == LSTM ? 2 : 1); s++) {
    const state = (s == 0 ? job.hs : job.cs) + last;
    if (wide) clearBeyond<f64>(job.H, state, b1 - b0);
    else clearBeyond<f32>(job.H, state, b1 - b0);
  }
  for (let b = b0; b < b1 && job.spans != 0; b++) if (!isThere(job.spans, b, t)) restAt(job, t, b, hPanels);
}

@inline function kindAt(job: GatedJob, t: i32, b: i32): usize {
  return job.small + 8 + <usize>(t * job.B + b);
}

/** Rows b0 … b1 − 1 of the steps t1 − 1 … t0: gradients and d. The d of step t0 goes to step `place` of the buffer. */
export function gatedBackward<T>(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  backwardSteps(job, t0, t1, b0, b1, place, sizeof<T>() == 8);
}

export function backwardSteps(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32, place: i32, wide: bool): void {
  const stepBytes = <usize>job.B * ROW;
  const gPanel = <usize>job.T * stepBytes;
  const spans = job.spans;
  for (let t = t1 - 1; t >= t0; t--) {
    const before = <usize>t * stepBytes - stepBytes;
    const flowsOn = job.truncate == 0 || (t + job.cutOffset) % job.truncate != 0;
    const d = job.d + <usize>(place + t - t0) * stepBytes;
    for (let b = b0; b < b1;) {
      const first = b++;
      // Initial states are those before the first step of a sequence, which nothing cuts; a sequence that has begun
      // before the first step of all sends there what goes on.
      let begins = t == 0;
      let there = true;
      if (spans != 0) {
        begins = t == 0 || t == beginning(spans, first);
        there = isThere(spans, first, t);
        while (b < b1 && begins == (t == 0 || t == beginning(spans, b)) && there == isThere(spans, b, t)) b++;
      } else b = b1;
      if (!there) {
        absentRows(job, t, first, b, d, wide);
        continue;
      }
      const target = begins ? job.dh0 : flowsOn ? job.g + before : 0;
      const targetC = begins ? job.dc0 : flowsOn ? job.gc + before : 0;
      const targetPanel = begins ? stepBytes : gPanel;
      if (wide) backwardRows<f64>(job, t, first, b, d, target, targetC, targetPanel);
      else backwardRows<f32>(job, t, first, b, d, target, targetC, targetPanel);
    }
  }
}

/** Rows of a step at which their sequences are not there. */
function absentRows(job: GatedJob, t: i32, b0: i32, b1: i32, d: usize, wide: bool): void {
  d += <usize>b0 * ROW;
  for (let n = 0; n < BLOCKS * panelsOf(job.H, wide); n++, d += pitchOf(job.places * job.B))
    memory.fill(d, 0, <usize>(b1 - b0) * ROW);
  memory.fill(kindAt(job, t, b0), ZERO, b1 - b0);
}

/**
 * Rows of step t. Their d go to `d`, what flows on is added to the gradient of h at `target`, and takes the place of
 * that of c at `targetC`; 0: nothing flows on. All three are addresses of row 0.
 */
function backwardRows<T>(
  job: GatedJob, t: i32, b0: i32, b1: i32, d: usize, target: usize, targetC: usize, targetPanel: usize,
): void {
  const H = job.H;
  const hPanels = panels<T>(H);
  const stepBytes = <usize>job.B * ROW;
  const gPanel = <usize>job.T * stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const from = <usize>b0 * ROW;
  const rows = b1 - b0;
  const K = gatesOf(job.cell) * hPanels * width<T>();
  const ofInput = <usize>(firstOfInput(job.cell) * hPanels) * dPanel;
  const at = <usize>t * stepBytes + from;
  d += from;
  if (target != 0) {
    target += from;
    targetC += from;
  }
  throughGates<T>(
    job.cell, H, rows, job.g + at, gPanel, job.gc + at, gPanel, slopesAt(job, t, hPanels) + from, stepBytes,
    d, dPanel, target, targetPanel, targetC, targetPanel,
  );
  for (let q = 1; q <= BLOCKS; q++) clearBeyond<T>(H, d + <usize>(q * hPanels - 1) * dPanel, rows);
  for (let b = b0; b < b1;) {
    const kind = kindOfRow<T>(job, d + <usize>(b - b0) * ROW, dPanel, hPanels);
    const first = b;
    do store<u8>(kindAt(job, t, b++), kind);
    while (b < b1 && kindOfRow<T>(job, d + <usize>(b - b0) * ROW, dPanel, hPanels) == kind);
    const row = <usize>(first - b0) * ROW;
    const bytes = <usize>(b - first) * ROW;
    if (kind == SMALL || kind == MIXED)
      smallRows<T>(
        kind, b - first, d + row, dPanel, BLOCKS * hPanels, K, job.backwardWeights, target == 0 ? 0 : target + row,
        targetPanel, hPanels, job.dx + at + row, gPanel, panels<T>(job.I), ofInput,
      );
    if (target == 0 || kind != ORDINARY) continue;
    let weights = job.backwardWeights;
    if (FUSED && sizeof<T>() == 4 && job.B == 1 && hPanels == 1) {
      productChain(d, dPanel, gatesOf(job.cell), weights, target);
      continue;
    }
    if (bytes == ROW) {
      const back = (t & 1) != 0;
      productOne<T>(
        IDENTITY, d + row, dPanel, K, weights, <usize>K * ROW, hPanels, target + row, targetPanel, back,
      );
      continue;
    }
    for (let n = 0; n < hPanels; n++) {
      const to = target + <usize>n * targetPanel + row;
      productRows<T>(d + row, dPanel, K, 0, 0, 0, weights, to, ROW, to, bytes);
      weights += <usize>K * ROW;
    }
  }
  if (target != 0) clearBeyond<T>(H, target + <usize>(hPanels - 1) * targetPanel, rows);
}

/** Below this a row of d is taken apart from the others: some of its numbers may soon be below the normal range. */
@inline function low<T>(): T {
  return <T>(sizeof<T>() == 4 ? 7.888609052210118e-31 : 9.332636185032189e-302);
}

/** What a row of d is; see ./subnormal.ts. */
function kindOfRow<T>(job: GatedJob, d: usize, dPanel: usize, hPanels: i32): u8 {
  const all = BLOCKS * hPanels;
  let largest: f64 = 0;
  // One number of usual size is enough, and nearly always in the first panel.
  for (let n: usize = 0; n < <usize>all; n++) {
    const sizes = sizesOf<T>(d + n * dPanel);
    if (!i8x16.all_true(v128.lt<T>(sizes, v128.splat<T>(low<T>())))) return ORDINARY;
    largest = Math.max(largest, <f64>lanesMax<T>(sizes));
  }
  if (largest == 0) return ZERO;
  let reach = load<f64>(job.small);
  if (reach == 0) {
    const K = gatesOf(job.cell) * hPanels * width<T>();
    reach = reachOf<T>(job.backwardWeights, hPanels + panels<T>(job.I), K);
    store<f64>(job.small, reach);
  }
  return smallKind<T>(magnitudes<T>(d, dPanel, all), reach);
}

/** dx = d·Wxᵀ of the rows r0 … r1 − 1, counted from those of step t, whose d begin at step `place` of the buffer. */
export function gatedInputs<T>(job: GatedJob, t: i32, place: i32, r0: i32, r1: i32): void {
  inputsOfRows(job, t, place, r0, r1, sizeof<T>() == 8);
}

function inputsOfRows(job: GatedJob, t: i32, place: i32, r0: i32, r1: i32, wide: bool): void {
  if (r0 >= r1) return;
  const hPanels = panelsOf(job.H, wide);
  const dPanel = pitchOf(job.places * job.B);
  const K = gatesOf(job.cell) * hPanels * widthOf(wide);
  let weights = job.backwardWeights + <usize>(hPanels * K) * ROW;
  const d = job.d + <usize>(firstOfInput(job.cell) * hPanels) * dPanel + <usize>(place * job.B) * ROW;
  const panelBytes = <usize>(job.T * job.B) * ROW;
  let target = job.dx + <usize>(t * job.B) * ROW;
  for (let n = 0; n < panelsOf(job.I, wide); n++) {
    for (let r = r0; r < r1;) {
      const kind = load<u8>(kindAt(job, t, r));
      const first = <usize>r * ROW;
      while (r < r1 && load<u8>(kindAt(job, t, r)) == kind) r++;
      const bytes = <usize>r * ROW - first;
      if (kind == ZERO) memory.fill(target + first, 0, bytes);
      // The others have theirs already.
      if (kind != ORDINARY) continue;
      const narrow = job.I - n * widthOf(wide) <= widthOf(wide) / 2;
      if (wide) inputsOfPanel<f64>(narrow, d + first, dPanel, K, weights, target + first, bytes);
      else inputsOfPanel<f32>(narrow, d + first, dPanel, K, weights, target + first, bytes);
    }
    weights += <usize>K * ROW;
    target += panelBytes;
  }
  const last = target - panelBytes + <usize>r0 * ROW;
  if (wide) clearBeyond<f64>(job.I, last, r1 - r0);
  else clearBeyond<f32>(job.I, last, r1 - r0);
}

/** What the rows of d of `steps` steps from t on are together: ORDINARY, ZERO, MIXED where none is ORDINARY, or 4. */
function kindOfSteps(job: GatedJob, t: i32, steps: i32): u8 {
  let some: u8 = 0;
  const from = kindAt(job, t, 0);
  for (let at = from; at < from + <usize>(steps * job.B); at++) some |= <u8>(1 << load<u8>(at));
  const small: u8 = (1 << SMALL) | (1 << MIXED);
  if (!(some & small)) return some == 1 << ZERO ? ZERO : ORDINARY;
  return some & (1 << ORDINARY) ? 4 : MIXED;
}

/**
 * Part `part` of `parts` of what comes of d for the steps t0 … t1 − 1: dx and all norms of a share of the steps, and
 * for all of them a share of the rows of dWx and dWh, block by block from the last. t1 is the end of a block. Done by
 * thread `thread`, in its share of the scratch. `own`: 1 for dx, where `gatedInputs` has not been there before, 2 for
 * the norms of dWx and dWh, 4 where those may be formed: else −1 says that they have to be.
 */
export function gatedSums<T>(
  job: GatedJob, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32,
): void {
  sumsOfGates(job, t0, t1, place, part, parts, thread, own, sizeof<T>() == 8);
}

export function sumsOfGates(
  job: GatedJob, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32, wide: bool,
): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panelsOf(H, wide);
  const iPanels = panelsOf(I, wide);
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + job.T) * stepBytes;
  const xsPanel = <usize>job.T * stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  const from = t0 + (t1 - t0) * part / parts;
  const to = t0 + (t1 - t0) * (part + 1) / parts;
  if (own & 1) inputsOfRows(job, t0, place, (from - t0) * B, (to - t0) * B, wide);
  const first = job.d + <usize>(place + from - t0) * stepBytes;
  measures(job, from, to - from, first, own, scratch, wide);
  const count = gatesOf(job.cell) * hPanels;
  const ofInput = <usize>(firstOfInput(job.cell) * hPanels) * dPanel;
  const firstPanel = (iPanels + hPanels) * part / parts;
  const endPanel = (iPanels + hPanels) * (part + 1) / parts;
  for (let end = t1; end > t0; end -= job.blockSteps) {
    const start = max(t0, end - job.blockSteps);
    const d = job.d + <usize>(place + start - t0) * stepBytes;
    const rows = (end - start) * B;
    const offset = <usize>start * stepBytes;
    const kind = kindOfSteps(job, start, end - start);
    if (kind == ZERO) continue;
    const kinds: usize = kind == ORDINARY ? 0 : kindAt(job, start, 0);
    for (let recurrent = 0; recurrent < 2; recurrent++) {
      const N = recurrent ? H : I;
      const a = offset + (recurrent ? job.hs : job.xs);
      const aPanel = recurrent ? hsPanel : xsPanel;
      const own = recurrent ? d : d + ofInput;
      const c = recurrent ? job.dWh : job.dWx;
      const first = recurrent ? max(0, firstPanel - iPanels) : firstPanel;
      const end = recurrent ? endPanel - iPanels : min(endPanel, iPanels);
      if (wide) productOfPanels<f64>(a, aPanel, N, own, dPanel, count, rows, c, first, end, kinds, scratch);
      else productOfPanels<f32>(a, aPanel, N, own, dPanel, count, rows, c, first, end, kinds, scratch);
    }
    if (part != 0) continue;
    if (wide) addBias<f64>(d, dPanel, BLOCKS * hPanels, B, end - start, job.db);
    else addBias<f32>(d, dPanel, BLOCKS * hPanels, B, end - start, job.db);
  }
}

/**
 * The rows of C += Aᵀ·D that belong to panels first … end − 1 of A [rows,M]. `kinds`: where it says what each row of D
 * is; 0: all are ORDINARY. The others are lifted, and summed apart.
 */
function productOfPanels<T>(
  a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, count: i32, rows: i32, c: usize, first: i32, end: i32,
  kinds: usize, scratch: usize,
): void {
  if (first >= end) return;
  const columns = min(M, end * width<T>()) - first * width<T>();
  const cPanel = <usize>(panels<T>(M) * width<T>()) * ROW;
  a += <usize>first * aPanel;
  c += <usize>(first * width<T>()) * ROW;
  if (kinds == 0) {
    transposedProduct<T>(a, aPanel, columns, d, dPanel, count, rows, c, cPanel);
    return;
  }
  const productRows = (columns + 1) & ~1;
  const room = scratch + <usize>productRows * ROW;
  for (let n = 0; n < count; n++, d += dPanel, c += cPanel) {
    let ordinary = false;
    for (let r = 0; r < rows; r++) {
      const row = <usize>r * ROW;
      if (load<u8>(kinds + <usize>r) == ORDINARY) {
        ordinary = true;
        memory.copy(room + row, d + row, ROW);
      } else memory.fill(room + row, 0, ROW);
    }
    if (ordinary) transposedProduct<T>(a, aPanel, columns, room, 0, 1, rows, c, 0);
    for (let r = 0; r < rows; r++) {
      const row = <usize>r * ROW;
      if (load<u8>(kinds + <usize>r) == ORDINARY) memory.fill(room + row, 0, ROW);
      else copyStand<T>(MIXED, d + row, 1, room + row);
    }
    memory.fill(scratch, 0, <usize>productRows * ROW);
    transposedProduct<T>(a, aPanel, columns, room, 0, 1, rows, scratch, 0);
    addSettled<T>(MIXED, scratch, columns, c);
  }
}

/** The norms of `steps` steps from t on, whose d begin at `d`. */
function measures(job: GatedJob, t: i32, steps: i32, d: usize, own: i32, scratch: usize, wide: bool): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panelsOf(H, wide);
  const stepBytes = <usize>B * ROW;
  const xsPanel = <usize>job.T * stepBytes;
  const hsPanel = xsPanel + stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const series = <usize>job.T * 8;
  const offset = <usize>t * stepBytes;
  const g = job.g + offset;
  const gc = job.gc + offset;
  const h = job.hs + offset;
  const x = job.xs + offset;
  const lstm = job.cell == LSTM;
  const at = job.norms + <usize>t * 8;
  stepNormsOf(h + stepBytes, hsPanel, H, B, steps, true, at, wide);
  stepNormsOf(g, xsPanel, H, B, steps, lstm, at + series, wide);
  if (lstm) {
    stepNormsOf(gc, xsPanel, H, B, steps, true, at + 2 * series, wide);
    const slopesC = <usize>(4 * hPanels) * stepBytes;
    for (let s = 0; s < steps; s++) {
      const step = at + <usize>s * 8;
      const row = <usize>s * stepBytes;
      const slopes = slopesAt(job, t + s, hPanels) + slopesC;
      if (wide) normsOfC<f64>(g + row, gc + row, xsPanel, slopes, H, B, scratch, step + series, series);
      else normsOfC<f32>(g + row, gc + row, xsPanel, slopes, H, B, scratch, step + series, series);
    }
  }
  stepNormsOf(job.dx + offset, xsPanel, I, B, steps, false, at + 4 * series, wide);
  const N = gatesOf(job.cell) * hPanels * widthOf(wide);
  const ofInput = <usize>(firstOfInput(job.cell) * hPanels) * dPanel;
  const single = B == 1;
  // Where the norm of the d that meet the input stands: of LSTM all d meet both.
  const towardsX = (lstm ? 8 : 7) * series;
  if (single) {
    stepNormsOf(x, xsPanel, I, 1, steps, true, at + 5 * series, wide);
    stepNormsOf(d, dPanel, N, 1, steps, true, at + 8 * series, wide);
    if (!lstm) stepNormsOf(d + ofInput, dPanel, N, 1, steps, true, at + towardsX, wide);
  }
  let before = single ? (wide ? wideNormOf<f64>(h, hsPanel, H, 1) : wideNormOf<f32>(h, hsPanel, H, 1)) : 0;
  for (let s = 0; s < steps; s++) {
    const step = at + <usize>s * 8;
    const row = <usize>s * stepBytes;
    const kind = kindOfSteps(job, t + s, 1);
    if (single && kind == ORDINARY && (own & 2) != 0) {
      // One term: ‖aᵀd‖ = ‖a‖·‖d‖.
      normWx = load<f64>(step + 5 * series) * load<f64>(step + towardsX);
      normWh = before * load<f64>(step + 8 * series);
    } else
      weightNormsOf(
        kind, x + row, xsPanel, I, h + row, hsPanel, H, d + row, ofInput, dPanel, N, B, own, scratch, wide,
      );
    before = load<f64>(step);
    if (!single) {
      const toB = scratch + <usize>(firstOfInput(job.cell) * hPanels) * ROW;
      if (wide) sumsOfRows<f64>(d + row, dPanel, BLOCKS * hPanels, B, scratch);
      else sumsOfRows<f32>(d + row, dPanel, BLOCKS * hPanels, B, scratch);
      stepNormsOf(scratch, ROW, N, 1, 1, true, step + 8 * series, wide);
      if (!lstm) stepNormsOf(toB, ROW, N, 1, 1, true, step + towardsX, wide);
    }
    store<f64>(step + 7 * series, roundedTo(wide, load<f64>(step + towardsX)));
    store<f64>(step + 8 * series, roundedTo(wide, load<f64>(step + 8 * series)));
    store<f64>(step + 5 * series, roundedTo(wide, normWx));
    store<f64>(step + 6 * series, roundedTo(wide, normWh));
  }
}

/** `stepNorms` of either dtype. */
function stepNormsOf(
  from: usize, panelBytes: usize, N: i32, rows: i32, steps: i32, unrounded: bool, to: usize, wide: bool,
): void {
  if (wide) stepNorms<f64>(from, panelBytes, N, rows, steps, unrounded, to);
  else stepNorms<f32>(from, panelBytes, N, rows, steps, unrounded, to);
}

@inline function roundedTo(wide: bool, value: f64): f64 {
  return wide ? value : <f64><f32>value;
}

/**
 * From ‖g‖ at `at` and ‖gc‖, not rounded, `series` bytes behind it: ‖g‖, the norm of both, and that of the gradient of
 * c over all paths.
 */
function normsOfC<T>(
  g: usize, gc: usize, gPanel: usize, slopes: usize, H: i32, B: i32, scratch: usize, at: usize, series: usize,
): void {
  const stepBytes = <usize>B * ROW;
  const ofH = load<f64>(at);
  store<f64>(at, rounded<T>(ofH));
  at += series;
  store<f64>(at, normOfTwo<T>(ofH, load<f64>(at)));
  for (let n: usize = 0; n < <usize>panels<T>(H); n++) {
    for (let i: usize = 0; i < stepBytes; i += 16) {
      const all = n * gPanel + i;
      const own = n * stepBytes + i;
      const through = v128.mul<T>(v128.load(g + all), v128.load(slopes + own));
      v128.store(scratch + own, v128.add<T>(through, v128.load(gc + all)));
    }
  }
  store<f64>(at + series, normOf<T>(scratch, stepBytes, H, B));
}

/**
 * ‖dWx‖ and ‖dWh‖ of a step whose d [B,N], `ofInput` bytes before those that meet the input, are of this kind. `own`:
 * see `gatedSums`.
 */
export function weightNormsOf(
  kind: u8, x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, d: usize, ofInput: usize, dPanel: usize,
  N: i32, B: i32, own: i32, scratch: usize, wide: bool,
): void {
  if (kind == ZERO) {
    normWx = normWh = 0;
    return;
  }
  const mixed = kind == MIXED;
  if (!(own & 2)) normWx = normWh = -1;
  else {
    let from = d;
    let panel = dPanel;
    let toInput = d + ofInput;
    if (mixed) {
      // Lifted, in a copy behind the dot products of a few rows.
      from = scratch + 5 * ROW;
      panel = <usize>B * ROW;
      toInput = from + ofInput / dPanel * panel;
      const end = toInput + <usize>(N / widthOf(wide)) * panel;
      for (let to = from, source = d; to < end; to += panel, source += dPanel) {
        if (wide) copyStand<f64>(MIXED, source, B, to);
        else copyStand<f32>(MIXED, source, B, to);
      }
    }
    if (wide) gramNorms<f64>(x, xPanel, I, h, hPanel, H, toInput, from, panel, N, B, scratch);
    else gramNorms<f32>(x, xPanel, I, h, hPanel, H, toInput, from, panel, N, B, scratch);
    if (mixed) {
      normWx = settled(normWx, wide);
      normWh = settled(normWh, wide);
    }
  }
  if (!(own & 4)) return;
  const formed: u8 = mixed ? MIXED : ORDINARY;
  if (normWx < 0) normWx = formedOf(formed, x, xPanel, I, d + ofInput, dPanel, N, B, scratch, wide);
  if (normWh < 0) normWh = formedOf(formed, h, hPanel, H, d, dPanel, N, B, scratch, wide);
}

@inline function settled(norm: f64, wide: bool): f64 {
  if (norm < 0) return norm;
  return wide ? settledNorm<f64>(MIXED, norm) : settledNorm<f32>(MIXED, norm);
}

function formedOf(
  kind: u8, a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, N: i32, B: i32, scratch: usize, wide: bool,
): f64 {
  return wide
    ? formedNorm<f64>(kind, a, aPanel, M, d, dPanel, N, B, scratch)
    : formedNorm<f32>(kind, a, aPanel, M, d, dPanel, N, B, scratch);
}

/** √(a² + b²), as the dtype holds it. */
@inline function normOfTwo<T>(a: f64, b: f64): f64 {
  if (sizeof<T>() == 4) return rounded<T>(Math.sqrt(a * a + b * b));
  const most = Math.max(a, b);
  if (most == 0 || !isFinite(most)) return most;
  return rounded<T>(most * Math.sqrt((a / most) * (a / most) + (b / most) * (b / most)));
}

/** The sum of the rows of each panel. */
export function sumsOfRows<T>(d: usize, dPanel: usize, count: i32, B: i32, to: usize): void {
  const bytes = <usize>B * ROW;
  for (let n = 0; n < count; n++, d += dPanel, to += ROW) {
    for (let column: usize = 0; column < ROW; column += 16) {
      let total = v128.load(d + column);
      for (let row = ROW; row < bytes; row += ROW) total = v128.add<T>(total, v128.load(d + column + row));
      v128.store(to + column, total);
    }
  }
}
