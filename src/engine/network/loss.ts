import { castResumably } from '../core/resumableCopy.js';
import { multiply, multiplyTransposed, takeStep, matrix } from '../core/tensor.js';
import type { Matrix, SequenceTrace } from '../core/tensor.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { LayerLoss } from './experiment.js';
import type { Resumable } from '../core/resumable.js';

/** Multiplications between two pauses, two or three milliseconds in plain arithmetic. */
const pauseWork = 2e6;

/** Why and by, rounded to the run's dtype. */
export type Readout = { readonly Why: FloatArray; readonly by: FloatArray };

export function* readoutOf({ Why, by }: LayerLoss, dtype: DType): Resumable<Readout> {
  return { Why: yield* castResumably(dtype, Why), by: yield* castResumably(dtype, by) };
}

/** What a loss says at one step: its share of the loss value, and ∂L/∂h_t [B,H] through the readout alone. */
export type LossStep = { readonly value: number; readonly dh: Matrix };

/**
 * The loss of a linear readout y = h·Why + by at one step, and the gradient that it sends into h.
 *
 * `mse`: L = Σ (y − target)² / (B·S·O), so ∂L/∂y = 2 (y − target) / (B·S·O).
 * `crossEntropy`: L = −Σ log softmax(y)[class] / (B·S), so ∂L/∂y = (softmax(y) − onehot(class)) / (B·S); the largest y
 * is taken off before exp, which changes nothing but the range.
 * In both ∂L/∂h = ∂L/∂y · Whyᵀ. S is the number of steps that carry a loss.
 *
 * @param hs hidden states [B,steps,H] of a chunk @param t step inside the chunk
 * @param target index of the step among those that carry a loss @param S how many those are
 */
export function* lossAtStep(
  loss: LayerLoss,
  { Why, by }: Readout,
  hs: SequenceTrace,
  t: number,
  target: number,
  S: number,
): Resumable<LossStep> {
  const h = takeStep(hs, t);
  const { B, N: H } = hs;
  const O = by.length;
  const y = matrix('float64', B, O);
  const dy = matrix('float64', B, O);
  const dh = matrix('float64', B, H);
  const atOnce = Math.max(1, Math.floor(pauseWork / (H * O)));
  /** Rows from … from + rows − 1 of a matrix, in its own memory. */
  const part = ({ cols, data }: Matrix, from: number, rows: number): Matrix => ({
    rows,
    cols,
    data: data.subarray(from * cols, (from + rows) * cols),
  });
  for (let from = 0; from < B; from += atOnce) {
    const rows = Math.min(atOnce, B - from);
    multiply(part(h, from, rows), Why, by, part(y, from, rows));
    if (from + rows < B) yield 0;
  }
  let value = 0;
  for (let b = 0; b < B; b++) {
    const row = b * O;
    if (loss.kind === 'mse') {
      for (let o = 0; o < O; o++) {
        const error = y.data[row + o]! - loss.targets[(b * S + target) * O + o]!;
        value += (error * error) / (B * S * O);
        dy.data[row + o] = (2 * error) / (B * S * O);
      }
    } else {
      const label = loss.targets[b * S + target]!;
      let max = -Infinity;
      for (let o = 0; o < O; o++) max = Math.max(max, y.data[row + o]!);
      let total = 0;
      for (let o = 0; o < O; o++) total += Math.exp(y.data[row + o]! - max);
      for (let o = 0; o < O; o++)
        dy.data[row + o] = (Math.exp(y.data[row + o]! - max) / total - (o === label ? 1 : 0)) / (B * S);
      value += (Math.log(total) + max - y.data[row + label]!) / (B * S);
    }
  }
  for (let from = 0; from < B; from += atOnce) {
    const rows = Math.min(atOnce, B - from);
    if (from > 0 || rows < B) yield 0;
    multiplyTransposed(part(dy, from, rows), Why, part(dh, from, rows));
  }
  return { value, dh };
}
