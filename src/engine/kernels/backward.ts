// AssemblyScript. Backward over one block of steps t1 − 1 … t0: d_t = g_t ⊙ f'(h_t), dh = d_t·Whᵀ, dx_t = d_t·Wxᵀ, the norms of the
// step, and then the block's share of the weight gradients as one product with (t1 − t0)·B rows.
import { TANH, throughSlope } from './activation';
import { Job } from './job';
import { normOf, normWh, normWx, weightNorms, wideNormOf } from './norms';
import { clearBeyond } from './panel';
import { product1, product1x2, product2, transposedProduct } from './product';
import { constant, panels, ROW, width } from './simd';

export function backward<T>(job: Job, t0: i32, t1: i32): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<T>(H);
  const iPanels = panels<T>(I);
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + job.T) * stepBytes;
  const xsPanel = <usize>job.T * stepBytes;
  const blockPanel = <usize>job.blockSteps * stepBytes;
  const norms = job.norms;
  const series = <usize>job.T * 8;
  const biasBytes = <usize>hPanels * ROW;
  memory.fill(job.db + biasBytes, 0, biasBytes);
  for (let t = t1 - 1; t >= t0; t--) {
    const g = job.g + <usize>t * stepBytes;
    const d = job.d + <usize>(t - t0) * stepBytes;
    const at = norms + <usize>t * 8;
    const h = job.hs + <usize>(t + 1) * stepBytes;
    store<f64>(at, normOf<T>(g, xsPanel, H, B));
    store<f64>(at + 5 * series, wideNormOf<T>(h, hsPanel, H, B));
    store<f64>(at + 6 * series, closedShare<T>(job.cell, h, hsPanel, H, B));
    throughActivation<T>(job.cell, g, xsPanel, h, hsPanel, d, blockPanel, hPanels, B);
    store<f64>(at + 4 * series, biasNorm<T>(d, blockPanel, H, B, job.db + biasBytes, job.scratch));
    if (t == 0) carry<T>(d, blockPanel, B, H, job.backwardWeights, job.dh0, stepBytes);
    else if (job.truncate == 0 || t % job.truncate != 0) carry<T>(d, blockPanel, B, H, job.backwardWeights, g - stepBytes, xsPanel);
    const previous = job.hs + <usize>t * stepBytes;
    weightNorms<T>(job.xs + <usize>t * stepBytes, xsPanel, I, previous, hsPanel, H, d, blockPanel, B, normOf<T>(d, blockPanel, H, B), job.scratch);
    store<f64>(at + 2 * series, normWx);
    store<f64>(at + 3 * series, normWh);
  }
  addBias<T>(job.db, biasBytes);
  const rows = (t1 - t0) * B;
  inputGradient<T>(job, rows, blockPanel);
  for (let t = t0; t < t1; t++) store<f64>(norms + series + <usize>t * 8, normOf<T>(job.dx + <usize>(t - t0) * stepBytes, blockPanel, I, B));
  transposedProduct<T>(job.xs + <usize>t0 * stepBytes, xsPanel, I, job.d, blockPanel, hPanels, rows, job.dWx, <usize>(iPanels * width<T>()) * ROW);
  transposedProduct<T>(job.hs + <usize>t0 * stepBytes, hsPanel, H, job.d, blockPanel, hPanels, rows, job.dWh, <usize>(hPanels * width<T>()) * ROW);
}

/** d = g ⊙ f'(h) over `rows` rows. */
function throughActivation<T>(cell: i32, g: usize, gPanel: usize, h: usize, hPanel: usize, d: usize, dPanel: usize, panelCount: i32, rows: i32): void {
  const bytes = <usize>rows * ROW;
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(d + at, throughSlope<T>(cell, v128.load(g + at), v128.load(h + at)));
    g += gPanel;
    h += hPanel;
    d += dPanel;
  }
}

const SATURATED32 = memory.data<f32>([0.97, 0.97, 0.97, 0.97], 16);
const SATURATED64 = memory.data<f64>([0.97, 0.97], 16);

/** Share of units that let (nearly) nothing through: |h| > 0.97 for tanh, h ≤ 0 for the others. */
function closedShare<T>(cell: i32, h: usize, hPanel: usize, H: i32, B: i32): f64 {
  const bytes = <usize>B * ROW;
  const zero = v128.splat<T>(0);
  let count = 0;
  for (let n = 0; n < panels<T>(H); n++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = v128.load(h + at);
      let closed: v128;
      if (cell != TANH) closed = v128.le<T>(value, zero);
      // 0.97 in float32 is a little above 0.97.
      else if (sizeof<T>() == 4) closed = f32x4.ge(f32x4.abs(value), constant(SATURATED32));
      else closed = f64x2.gt(f64x2.abs(value), constant(SATURATED64));
      count += popcnt<i32>(sizeof<T>() == 4 ? i32x4.bitmask(closed) : i64x2.bitmask(closed));
    }
    h += hPanel;
  }
  // The zeros beyond H have been counted with the others.
  if (cell != TANH) count -= B * (panels<T>(H) * width<T>() - H);
  return <f64>count / <f64>(B * H);
}

/** target += d·Wᵀ for B adjacent rows of d [B,H], with N columns of Wᵀ packed. */
export function carry<T>(d: usize, dPanel: usize, B: i32, H: i32, weights: usize, target: usize, targetPanel: usize, N: i32 = H): void {
  const panelCount = panels<T>(N);
  const weightsPanel = <usize>H * ROW;
  const bytes = <usize>B * ROW;
  if (B == 1) {
    let n = 0;
    for (; n + 1 < panelCount; n += 2) {
      product1x2<T>(d, dPanel, H, weights, weightsPanel, target, targetPanel);
      weights += 2 * weightsPanel;
      target += 2 * targetPanel;
    }
    if (n < panelCount) {
      product1<T>(d, dPanel, H, 0, 0, 0, weights, target, target);
      target += targetPanel;
    }
  } else {
    for (let n = 0; n < panelCount; n++) {
      let row: usize = 0;
      for (; row + ROW < bytes; row += 2 * ROW) product2<T>(d + row, dPanel, H, 0, 0, 0, weights, target + row, ROW, target + row);
      if (row < bytes) product1<T>(d + row, dPanel, H, 0, 0, 0, weights, target + row, target + row);
      weights += weightsPanel;
      target += targetPanel;
    }
  }
  clearBeyond<T>(N, target - targetPanel, B);
}

const ZEROS = memory.data(64, 16);

/** dx = d·Wxᵀ of the whole block. */
function inputGradient<T>(job: Job, rows: i32, blockPanel: usize): void {
  const H = job.H;
  const weightsPanel = <usize>H * ROW;
  let weights = job.backwardWeights + <usize>panels<T>(H) * weightsPanel;
  let target = job.dx;
  const bytes = <usize>rows * ROW;
  for (let n = 0; n < panels<T>(job.I); n++) {
    let row: usize = 0;
    for (; row + ROW < bytes; row += 2 * ROW) product2<T>(job.d + row, blockPanel, H, 0, 0, 0, weights, ZEROS, 0, target + row);
    if (row < bytes) product1<T>(job.d + row, blockPanel, H, 0, 0, 0, weights, ZEROS, target + row);
    weights += weightsPanel;
    target += blockPanel;
  }
  clearBeyond<T>(job.I, target - blockPanel, rows);
}

/** Adds Σ_batch d of one step to the block's sum and gives its norm. */
function biasNorm<T>(d: usize, dPanel: usize, H: i32, B: i32, blockSum: usize, scratch: usize): f64 {
  const bytes = <usize>B * ROW;
  for (let n = 0; n < panels<T>(H); n++) {
    const at = <usize>n * ROW;
    for (let column: usize = 0; column < ROW; column += 16) {
      let total = v128.load(d + column);
      for (let row = ROW; row < bytes; row += ROW) total = v128.add<T>(total, v128.load(d + column + row));
      v128.store(scratch + at + column, total);
      v128.store(blockSum + at + column, v128.add<T>(v128.load(blockSum + at + column), total));
    }
    d += dPanel;
  }
  return normOf<T>(scratch, ROW, H, 1);
}

/** db += the block's sum. */
function addBias<T>(db: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(db + at, v128.add<T>(v128.load(db + at), v128.load(db + bytes + at)));
}
