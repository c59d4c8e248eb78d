import { cellOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import { byParameter, emptySlopes, sizeOf } from '../cells/cell.js';
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

/** What goes into a step's cell [B,G·H]: h_{t−1}·Wh + (x·Wx + b), and both parts. */
type PreActivations = { readonly z: Matrix; readonly fromInput: Matrix; readonly fromState: Matrix };
type PreActivationRow = { readonly [Name in keyof PreActivations]: FloatArray };

const rowOfAll = ({ z, fromInput, fromState }: PreActivations, b: number): PreActivationRow => ({
  z: rowOf(z, b).data,
  fromInput: rowOf(fromInput, b).data,
  fromState: rowOf(fromState, b).data,
});

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
  #cache: {
    readonly x: Matrix;
    readonly previous: Matrix;
    readonly next: Matrix;
    /** Kept where the cell's slopes need it; else backward computes it again where it needs it. */
    readonly z: PreActivations | null;
  } | null = null;

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
        this.#row(b, previous, () => rowOfAll(z, b)),
        rowOf(next, b).data,
      );
    this.#cache = { x, previous, next, z: this.#cell.activation === null ? z : null };
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
    const { states, gates, hasD, hasAx = false, addGradients } = this.#cell;
    const { x, previous, next, z } = this.#cache;
    const [B, S, G] = [x.rows, states.length, gates.length];
    const dtype = dtypeOf(weights.Wh);
    const dz = matrix(dtype, B, G * H);
    const beside = hasD ? matrix(dtype, B, S * H) : null;
    // On the way to x and b.
    const dzInput = hasAx ? matrix(dtype, B, G * H) : dz;
    const slopes = emptySlopes(this.#cell, H);
    for (const { name, role } of this.#cell.parameters) if (role === 'other') this.gradients[name]?.fill(0);
    for (let b = 0; b < B; b++) {
      const row = this.#row(b, previous, () =>
        z === null ? rowOfAll(this.#preActivations(rowOf(x, b), rowOf(previous, b)), 0) : rowOfAll(z, b),
      );
      const [own, gradient] = [rowOf(next, b).data, rowOf(ds, b).data];
      this.#cell.slopes(row, own, false, slopes);
      throughSlopes(gradient, slopes.A, S, G, H, rowOf(dz, b).data);
      if (hasAx) throughSlopes(gradient, slopes.Ax, S, G, H, rowOf(dzInput, b).data);
      if (beside !== null) throughSlopes(gradient, slopes.D, S, S, H, rowOf(beside, b).data);
      addGradients?.(row, own, gradient, this.gradients);
    }
    transposedMultiply(x, dzInput, this.gradients.Wx);
    transposedMultiply(columnsOf(previous, 0, H), dz, this.gradients.Wh);
    sumRows(dzInput, this.gradients.b);
    const throughWeights = multiplyTransposed(dz, weights.Wh, matrix(dtype, B, H));
    return {
      dx: multiplyTransposed(dzInput, weights.Wx, matrix(dtype, B, I)),
      dhPrev: beside === null ? throughWeights : addColumns(beside, throughWeights),
    };
  }

  /**
   * ∂L/∂c over all paths [B,H], the one through h included, from ds [B,2·H]: of a cell with a second state.
   * @throws when `forward` has not been called
   */
  overAllPaths(ds: Matrix): Matrix {
    if (this.#cache === null)
      throw new Error('RnnUnit.overAllPaths needs the values that forward keeps: call forward first.');
    const { H } = this.#parameters;
    const { previous, next, z } = this.#cache;
    const total = matrix('float64', ds.rows, H);
    const within = new Float64Array(H);
    for (let b = 0; b < ds.rows; b++) {
      // Such a cell keeps its pre-activations.
      this.#cell.within?.(
        this.#row(b, previous, () => rowOfAll(z!, b)),
        rowOf(next, b).data,
        within,
      );
      const [own, out] = [rowOf(ds, b).data, rowOf(total, b).data];
      for (let j = 0; j < H; j++) out[j] = own[H + j]! + own[j]! * within[j]!;
    }
    return total;
  }

  /** z = hPrev·Wh + (x·Wx + b), and its two parts, [B,G·H] each. */
  #preActivations(x: Matrix, previous: Matrix): PreActivations {
    const { H, weights } = this.#parameters;
    const dtype = dtypeOf(weights.Wh);
    const width = this.#cell.gates.length * H;
    const fromInput = multiply(x, weights.Wx, weights.b, matrix(dtype, x.rows, width));
    const fromState = multiply(columnsOf(previous, 0, H), weights.Wh, null, matrix(dtype, x.rows, width));
    const z = { ...fromState, data: fromState.data.slice() };
    accumulate(z.data, fromInput.data);
    return { z, fromInput, fromState };
  }

  #row(b: number, previous: Matrix, of: () => PreActivationRow): CellStep {
    const { H, weights } = this.#parameters;
    let known: PreActivationRow | null = null;
    const row = (): PreActivationRow => (known ??= of());
    return {
      H,
      parameters: weights,
      previous: rowOf(previous, b).data,
      z: () => row().z,
      fromInput: () => row().fromInput,
      fromState: () => row().fromState,
    };
  }
}
