// AssemblyScript. Forward over the steps t0 … t1 − 1: h_t = f(h_{t−1}·Wh + x_t·Wx + b).
import { activate } from './activation';
import { Job } from './job';
import { clearBeyond } from './panel';
import { product1, product1x2, product2 } from './product';
import { panels, ROW } from './simd';

export function forward<T>(job: Job, t0: i32, t1: i32): void {
  if (job.B == 1) forwardOne<T>(job, t0, t1);
  else forwardBatch<T>(job, t0, t1);
}

/** Both products in one, K = H + I. */
function forwardBatch<T>(job: Job, t0: i32, t1: i32): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<T>(H);
  const hsPanel = <usize>((1 + job.T) * B) * ROW;
  const xsPanel = <usize>(job.T * B) * ROW;
  const stepBytes = <usize>B * ROW;
  const weightsPanel = <usize>(H + I) * ROW;
  for (let t = t0; t < t1; t++) {
    const x = job.xs + <usize>t * stepBytes;
    const previous = job.hs + <usize>t * stepBytes;
    let weights = job.forwardWeights;
    let bias = job.bias;
    let target = previous + stepBytes;
    for (let n = 0; n < hPanels; n++) {
      let row: usize = 0;
      for (; row + ROW < stepBytes; row += 2 * ROW) product2<T>(previous + row, hsPanel, H, x + row, xsPanel, I, weights, bias, 0, target + row);
      if (row < stepBytes) product1<T>(previous + row, hsPanel, H, x + row, xsPanel, I, weights, bias, target + row);
      activate<T>(job.cell, target, stepBytes);
      weights += weightsPanel;
      bias += ROW;
      target += hsPanel;
    }
    clearBeyond<T>(H, target - hsPanel, B);
  }
}

/** One sequence: x·Wx + b of all steps first, then only the product with the state from step to step. */
function forwardOne<T>(job: Job, t0: i32, t1: i32): void {
  const I = job.I;
  const H = job.H;
  const hPanels = panels<T>(H);
  const hsPanel = <usize>(1 + job.T) * ROW;
  const xsPanel = <usize>job.T * ROW;
  const weightsPanel = <usize>(H + I) * ROW;
  const x = job.xs;
  for (let n = 0; n < hPanels; n++) {
    const weights = job.forwardWeights + <usize>n * weightsPanel + <usize>H * ROW;
    const bias = job.bias + <usize>n * ROW;
    const target = job.hs + <usize>n * hsPanel + ROW;
    let t = t0;
    for (; t + 1 < t1; t += 2) product2<T>(x + <usize>t * ROW, xsPanel, I, 0, 0, 0, weights, bias, 0, target + <usize>t * ROW);
    if (t < t1) product1<T>(x + <usize>t * ROW, xsPanel, I, 0, 0, 0, weights, bias, target + <usize>t * ROW);
  }
  for (let t = t0; t < t1; t++) {
    const previous = job.hs + <usize>t * ROW;
    let target = previous + ROW;
    let weights = job.forwardWeights;
    let n = 0;
    for (; n + 1 < hPanels; n += 2) {
      product1x2<T>(previous, hsPanel, H, weights, weightsPanel, target, hsPanel);
      activate<T>(job.cell, target, ROW);
      activate<T>(job.cell, target + hsPanel, ROW);
      weights += 2 * weightsPanel;
      target += 2 * hsPanel;
    }
    if (n < hPanels) {
      product1<T>(previous, hsPanel, H, 0, 0, 0, weights, target, target);
      activate<T>(job.cell, target, ROW);
      target += hsPanel;
    }
    clearBeyond<T>(H, target - hsPanel, 1);
  }
}
