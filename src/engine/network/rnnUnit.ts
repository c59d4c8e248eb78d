import { cellOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import { byParameter, sizeOf } from '../cells/cell.js';
import { throughSlopes } from '../cells/slopes.js';
import type { ByParameter, Cell, CellStep } from '../cells/cell.js';
import {
  accumulate,
  addColumns,
  columnsOf,
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
import type { DType, FloatArray } from '../core/dtypes.js';

/** What a layer is made of. The cell may also be one that the table does not list. */
export type Parameters = {
  readonly cell: CellName | Cell;
  readonly I: number;
  readonly H: number;
  readonly weights: ByParameter<FloatArray>;
};

/** Gradients of a set of weights, by the names of the parameters and in their shapes. */
export type Gradients = ByParameter<FloatArray>;

const cellIn = ({ cell }: Parameters): Cell => (typeof cell === 'string' ? cellOf(cell) : cell);

/** Zeros in the shapes of the weights. */
export const emptyGradients = (parameters: Parameters, dtype: DType = dtypeOf(parameters.weights.Wh)): Gradients =>
  byParameter(cellIn(parameters), (spec) => zeros(dtype, sizeOf(spec, parameters.I, parameters.H)));

/** Numbers that a step hands to the next: S states of H units. */
export const stateWidth = (parameters: Parameters): number => cellIn(parameters).states.length * parameters.H;

/**
 * One timestep of a recurrent layer with rows for batch items: the cell over z = hPrev·Wh + x·Wx + b.
 * The dtype is that of the weights; every stored tensor is rounded to it.
 */
export class RnnUnit {
  /** What the last `backward` left: Wx: xᵀ·dz, Wh: hPrevᵀ·dz, b: Σ_batch dz, and what the cell says of others. */
  readonly gradients: Gradients;
  readonly #parameters: Parameters;
  readonly #cell: Cell;
  #cache: { readonly x: Matrix; readonly previous: Matrix; readonly next: Matrix } | null = null;

  /** `gradients`: where to leave the gradients; units that run one after the other may share one place. */
  constructor(parameters: Parameters, gradients: Gradients = emptyGradients(parameters)) {
    this.#parameters = parameters;
    this.#cell = cellIn(parameters);
    this.gradients = gradients;
  }

  /** x [B,I], the states before [B,S·H] (h first) → those after it. Keeps all three for `backward`. */
  forward(x: Matrix, previous: Matrix): Matrix {
    const { rows: B } = x;
    const z = this.#preActivations(x, previous);
    const next = matrix(dtypeOf(this.#parameters.weights.Wh), B, previous.cols);
    for (let b = 0; b < B; b++)
      this.#cell.forward(
        this.#row(b, previous, () => rowOf(z, b).data),
        rowOf(next, b).data,
      );
    this.#cache = { x, previous, next };
    return next;
  }

  /**
   * The total gradient of the states [B,S·H] (from the loss and from the next timestep) → dx [B,I] and what goes on to
   * the states before. dz = ds·A, dx = dz·Wxᵀ, dhPrev = dz·Whᵀ, and ds·D beside the weights; the gradients of the
   * parameters are left in `gradients`.
   * @throws when `forward` has not been called
   */
  backward(ds: Matrix): { readonly dx: Matrix; readonly dhPrev: Matrix } {
    if (this.#cache === null)
      throw new Error('RnnUnit.backward needs the values that forward keeps: call forward first.');
    const { I, H, weights } = this.#parameters;
    const { states, gates, hasD, addGradients } = this.#cell;
    const { x, previous, next } = this.#cache;
    const [B, S, G] = [x.rows, states.length, gates.length];
    const dtype = dtypeOf(weights.Wh);
    const dz = matrix(dtype, B, G * H);
    const beside = hasD ? matrix(dtype, B, S * H) : null;
    const slopes = { A: new Float64Array(S * G * H), D: new Float64Array(hasD ? S * S * H : 0) };
    for (const { name, role } of this.#cell.parameters) if (role === 'other') this.gradients[name]?.fill(0);
    for (let b = 0; b < B; b++) {
      const row = this.#row(b, previous, () => this.#preActivations(rowOf(x, b), rowOf(previous, b)).data);
      const [own, gradient] = [rowOf(next, b).data, rowOf(ds, b).data];
      this.#cell.slopes(row, own, false, slopes);
      throughSlopes(gradient, slopes.A, S, G, H, rowOf(dz, b).data);
      if (beside !== null) throughSlopes(gradient, slopes.D, S, S, H, rowOf(beside, b).data);
      addGradients?.(row, own, gradient, this.gradients);
    }
    transposedMultiply(x, dz, this.gradients.Wx);
    transposedMultiply(columnsOf(previous, 0, H), dz, this.gradients.Wh);
    sumRows(dz, this.gradients.b);
    const throughWeights = multiplyTransposed(dz, weights.Wh, matrix(dtype, B, H));
    return {
      dx: multiplyTransposed(dz, weights.Wx, matrix(dtype, B, I)),
      dhPrev: beside === null ? throughWeights : addColumns(beside, throughWeights),
    };
  }

  /** z = hPrev·Wh + (x·Wx + b), [B,G·H] */
  #preActivations(x: Matrix, previous: Matrix): Matrix {
    const { H, weights } = this.#parameters;
    const dtype = dtypeOf(weights.Wh);
    const width = this.#cell.gates.length * H;
    const fromInput = multiply(x, weights.Wx, weights.b, matrix(dtype, x.rows, width));
    const z = multiply(columnsOf(previous, 0, H), weights.Wh, null, matrix(dtype, x.rows, width));
    accumulate(z.data, fromInput.data);
    return z;
  }

  #row(b: number, previous: Matrix, z: CellStep['z']): CellStep {
    const { H, weights } = this.#parameters;
    return { H, parameters: weights, previous: rowOf(previous, b).data, z };
  }
}
