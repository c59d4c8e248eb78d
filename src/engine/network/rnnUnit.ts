import { cellOf } from '../cells/index.js';
import type { CellStep } from '../cells/cell.js';
import {
  accumulate,
  dtypeOf,
  matrix,
  multiply,
  multiplyTransposed,
  rowOf,
  sumRows,
  transposedMultiply,
  zeros,
} from '../core/tensor.js';
import type { Matrix } from '../core/tensor.js';
import type { CellName } from '../cells/index.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Weights } from './experiment.js';

export type Parameters = {
  readonly cell: CellName;
  readonly I: number;
  readonly H: number;
  readonly weights: Weights<FloatArray>;
};
/** Gradients of a set of weights, in the shapes of the weights. */
export type Gradients = { readonly dWx: FloatArray; readonly dWh: FloatArray; readonly db: FloatArray };

export const emptyGradients = ({ I, H, weights }: Parameters, dtype: DType = dtypeOf(weights.Wh)): Gradients => ({
  dWx: zeros(dtype, I * H),
  dWh: zeros(dtype, H * H),
  db: zeros(dtype, H),
});

/**
 * One timestep of a recurrent layer: h = f(hPrev·Wh + x·Wx + b), with rows for batch items.
 * The dtype is that of the weights; every stored tensor is rounded to it.
 */
export class RnnUnit {
  /** What the last `backward` left: dWx = xᵀ·dt, dWh = hPrevᵀ·dt, db = Σ_batch dt. */
  readonly gradients: Gradients;
  readonly #parameters: Parameters;
  #cache: { readonly x: Matrix; readonly hPrev: Matrix; readonly hNext: Matrix } | null = null;

  /** `gradients`: where to leave the gradients; units that run one after the other may share one place. */
  constructor(parameters: Parameters, gradients: Gradients = emptyGradients(parameters)) {
    this.#parameters = parameters;
    this.gradients = gradients;
  }

  /** x [B,I], hPrev [B,H] → hNext [B,H]. Keeps all three for `backward`. */
  forward(x: Matrix, hPrev: Matrix): Matrix {
    const { cell, H, weights } = this.#parameters;
    const dtype = dtypeOf(weights.Wh);
    const z = this.#preActivations(x, hPrev);
    const hNext = matrix(dtype, x.rows, H);
    for (let b = 0; b < x.rows; b++) {
      const row = z.data.subarray(b * H, (b + 1) * H);
      cellOf(cell).forward(
        this.#row(b, hPrev, () => row),
        hNext.data.subarray(b * H, (b + 1) * H),
      );
    }
    this.#cache = { x, hPrev, hNext };
    return hNext;
  }

  /**
   * dhNext [B,H], the total gradient at h (from the loss and from the next timestep) → dx [B,I], dhPrev [B,H].
   * dt = dhNext ⊙ f'(h), dx = dt·Wxᵀ, dhPrev = dt·Whᵀ; the parameter gradients are left in `gradients`.
   * @throws when `forward` has not been called
   */
  backward(dhNext: Matrix): { readonly dx: Matrix; readonly dhPrev: Matrix } {
    if (this.#cache === null)
      throw new Error('RnnUnit.backward needs the values that forward keeps: call forward first.');
    const { cell, I, H, weights } = this.#parameters;
    const { x, hPrev, hNext } = this.#cache;
    const dtype = dtypeOf(weights.Wh);
    const dt = matrix(dtype, x.rows, H);
    const slopes = { A: new Float64Array(H), D: new Float64Array(0) };
    for (let b = 0; b < x.rows; b++) {
      const row = this.#row(b, hPrev, () => this.#preActivations(rowOf(x, b), rowOf(hPrev, b)).data);
      cellOf(cell).slopes(row, hNext.data.subarray(b * H, (b + 1) * H), false, slopes);
      for (let i = b * H; i < (b + 1) * H; i++) dt.data[i] = dhNext.data[i]! * slopes.A[i - b * H]!;
    }
    transposedMultiply(x, dt, this.gradients.dWx);
    transposedMultiply(hPrev, dt, this.gradients.dWh);
    sumRows(dt, this.gradients.db);
    return {
      dx: multiplyTransposed(dt, weights.Wx, matrix(dtype, x.rows, I)),
      dhPrev: multiplyTransposed(dt, weights.Wh, matrix(dtype, x.rows, H)),
    };
  }

  /** z = hPrev·Wh + (x·Wx + b) */
  #preActivations(x: Matrix, hPrev: Matrix): Matrix {
    const { H, weights } = this.#parameters;
    const dtype = dtypeOf(weights.Wh);
    const fromInput = multiply(x, weights.Wx, weights.b, matrix(dtype, x.rows, H));
    const z = multiply(hPrev, weights.Wh, null, matrix(dtype, x.rows, H));
    accumulate(z.data, fromInput.data);
    return z;
  }

  #row(b: number, hPrev: Matrix, z: CellStep['z']): CellStep {
    const { H, weights } = this.#parameters;
    return { H, parameters: weights, previous: hPrev.data.subarray(b * H, (b + 1) * H), z };
  }
}
