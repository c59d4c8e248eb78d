// AssemblyScript. Forward: h_t = f(h_{t−1}·Wh + x_t·Wx + b). Rows (batch items) never mix, so threads may share them
// out.
import { activate } from './activation';
import { forwardChain } from './singlePanel';
import { Job } from './job';
import { clearBeyond } from './panel';
import { productOne, productRows } from './product';
import { FUSED, panels, ROW } from './simd';

/** Rows b0 … b1 − 1 of the steps t0 … t1 − 1. With one sequence `forwardInput` has been there before. */
export function forward<T>(job: Job, t0: i32, t1: i32, b0: i32, b1: i32): void {
  if (job.B == 1) forwardOne<T>(job, t0, t1);
  else forwardBatch<T>(job, t0, t1, b0, b1);
}

/** Both products in one, K = H + I. */
function forwardBatch<T>(job: Job, t0: i32, t1: i32, b0: i32, b1: i32): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<T>(H);
  const hsPanel = <usize>((1 + job.T) * B) * ROW;
  const xsPanel = <usize>(job.T * B) * ROW;
  const stepBytes = <usize>B * ROW;
  const weightsPanel = <usize>(H + I) * ROW;
  const from = <usize>b0 * ROW;
  const to = <usize>b1 * ROW;
  for (let t = t0; t < t1; t++) {
    const x = job.xs + <usize>t * stepBytes;
    const previous = job.hs + <usize>t * stepBytes;
    let weights = job.forwardWeights;
    let bias = job.bias;
    let target = previous + stepBytes;
    for (let n = 0; n < hPanels; n++) {
      productRows<T>(previous + from, hsPanel, H, x + from, xsPanel, I, weights, bias, 0, target + from, to - from);
      activate<T>(job.cell, target + from, to - from);
      weights += weightsPanel;
      bias += ROW;
      target += hsPanel;
    }
    clearBeyond<T>(H, target - hsPanel + from, b1 - b0);
  }
}

/**
 * One sequence: x·Wx + b of all steps t0 … t1 − 1, so that only the product with the state is left to go from step to
 * step.
 */
export function forwardInput<T>(job: Job, t0: i32, t1: i32): void {
  if (job.B != 1) return;
  const I = job.I;
  const H = job.H;
  const xsPanel = <usize>job.T * ROW;
  const x = job.xs;
  for (let n = 0; n < panels<T>(H); n++) {
    const weights = job.forwardWeights + <usize>n * <usize>(H + I) * ROW + <usize>H * ROW;
    const bias = job.bias + <usize>n * ROW;
    const target = job.hs + <usize>n * <usize>(1 + job.T) * ROW + ROW;
    productRows<T>(
      x + <usize>t0 * ROW, xsPanel, I, 0, 0, 0, weights, bias, 0, target + <usize>t0 * ROW, <usize>(t1 - t0) * ROW,
    );
  }
}

function forwardOne<T>(job: Job, t0: i32, t1: i32): void {
  const H = job.H;
  const hPanels = panels<T>(H);
  const hsPanel = <usize>(1 + job.T) * ROW;
  if (FUSED && sizeof<T>() == 4 && hPanels == 1) {
    forwardChain(job.cell, job.hs + <usize>t0 * ROW, t1 - t0, H, job.forwardWeights);
    return;
  }
  for (let t = t0; t < t1; t++) {
    const previous = job.hs + <usize>t * ROW;
    productOne<T>(
      job.cell, previous, hsPanel, H, job.forwardWeights, <usize>(H + job.I) * ROW, hPanels, previous + ROW, hsPanel,
      (t & 1) != 0,
    );
    clearBeyond<T>(H, previous + ROW + <usize>(hPanels - 1) * hsPanel, 1);
  }
}
