// Rows of gradients of all states of LSTM or GRU, h first, through a step: to its gates, through the weights, and
// beside them. ../kernels/gates.ts (`throughGates`) says what the slopes are.
import type { LayerExperiment } from '../network/experiment.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { flowShapeOf } from './gatedFlowLayout.js';
import { gatedShapeOf } from './gatedLayout.js';
import { panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { multiply, throughSlopes } from './gradientRows.js';
import type { PackedRows, SlopeRows } from './gradientRows.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { numbersAt, packedBytes, stagingBytes } from './packedMatrix.js';
import { packTwice } from './packWeights.js';

/** Slopes of rows, of which there are several kinds, `kind` bytes apart. */
export type KindsOfSlopes = SlopeRows & { readonly kind: number };
export const ofKind = (slopes: KindsOfSlopes, kind: number): SlopeRows => ({
  ...slopes,
  at: slopes.at + kind * slopes.kind,
});

type Addresses = Readonly<Record<keyof ReturnType<typeof GatedBack.sizes>, number>>;

const numberBytes = Float64Array.BYTES_PER_ELEMENT;

export class GatedBack {
  readonly #kernels: Kernels;
  readonly #shape: GatedShape;
  readonly #at: Addresses;
  readonly #inputs: boolean;
  /** Bytes from one panel of d, and of what goes beside the weights, to the next. */
  readonly panel: number;

  /**
   * Buffers that belong into the layout of whoever uses this, for `rows` rows at once. `inputs`: the way to x is asked
   * for too.
   */
  static sizes(experiment: LayerExperiment, rows: number, inputs = false) {
    const shape = flowShapeOf(gatedShapeOf(experiment));
    const { hPanels, width, gatePanels } = panelsOf(shape);
    const columns = gatePanels * width;
    return {
      backStaging: stagingBytes(Math.max(shape.H, inputs ? shape.I : 0), columns),
      backWeights: packedBytes(columns, shape.H),
      inputWeights: inputs ? packedBytes(columns, shape.I) : 0,
      d: packedBytes(rows, columns + (inputs ? shape.gated.firstOfInput * hPanels * width : 0)),
      beside: packedBytes(rows, hPanels * width),
    };
  }

  static *create(
    kernels: Kernels,
    experiment: LayerExperiment,
    at: Addresses,
    rows: number,
    inputs = false,
  ): Resumable<GatedBack> {
    const shape = flowShapeOf(gatedShapeOf(experiment));
    const { I, H, cell, gated } = shape;
    const { Wx, Wh } = experiment.layers[0].parameters;
    // The gates in the order of the blocks of d that meet the state; the input meets them in that of the cell.
    const ofInput = cell.gates.map((_, gate) => gate);
    yield* packGates(kernels, shape, Wh, H, gated.ofState, at.backStaging, at.backWeights);
    if (inputs) yield* packGates(kernels, shape, Wx, I, ofInput, at.backStaging, at.inputWeights);
    return new GatedBack(kernels, shape, at, rows, inputs);
  }

  private constructor(kernels: Kernels, shape: GatedShape, at: Addresses, rows: number, inputs: boolean) {
    this.#inputs = inputs;
    this.#kernels = kernels;
    this.#shape = shape;
    this.#at = at;
    this.panel = rows * rowBytes;
  }

  /** d of `rows` rows, and what goes on beside the weights; of LSTM c's part becomes the gradient over all paths. */
  toGates(g: PackedRows, rows: number, slopes: KindsOfSlopes): void {
    const { H, cell, gated } = this.#shape;
    const { hPanels } = panelsOf(this.#shape);
    const through = (from: PackedRows, kind: number, to: number): void =>
      throughSlopes(this.#kernels, from, [rows, H], ofKind(slopes, kind), { at: to, panel: this.panel });
    const hasC = cell.states.length === 2;
    const ofC = { at: g.at + hPanels * g.panel, panel: g.panel };
    // The last kind is what keeps a state; of LSTM the one before takes dh to dc.
    const keeping = gated.slopes - 1;
    if (hasC) throughSlopes(this.#kernels, g, [rows, H], ofKind(slopes, keeping - 1), ofC, true);
    const blocks = cell.gates.length + (this.#inputs ? gated.firstOfInput : 0);
    const ofGate = hPanels * this.panel;
    for (let q = 0; q < blocks; q++)
      // The output gate knows nothing of c, and no other gate of LSTM anything else.
      through(hasC && q < blocks - 1 ? ofC : g, q, this.#at.d + q * ofGate);
    through(hasC ? ofC : g, keeping, this.#at.beside);
  }

  /** What `rows` rows of d from row `from` on send to the states before, into `to`. */
  onward(from: number, to: PackedRows, rows: number): void {
    const { H, cell } = this.#shape;
    const { hPanels, width, gatePanels } = panelsOf(this.#shape);
    const d = { at: this.#at.d + from * rowBytes, panel: this.panel };
    multiply(this.#kernels, d, [rows, gatePanels * width, H], this.#at.backWeights, to);
    const hasC = cell.states.length === 2;
    const all = this.#numbers();
    for (let n = 0; n < hPanels; n++) {
      const beside = (this.#at.beside + n * this.panel + from * rowBytes) / numberBytes;
      const target = (to.at + (hasC ? hPanels + n : n) * to.panel) / numberBytes;
      const count = rows * width;
      if (hasC) all.copyWithin(target, beside, beside + count);
      else for (let i = 0; i < count; i++) all[target + i] = all[target + i]! + all[beside + i]!;
    }
  }

  /** What the rows last given to `toGates` send to x. */
  toInput(to: PackedRows, rows: number): void {
    const { I, gated } = this.#shape;
    const { hPanels, width, gatePanels } = panelsOf(this.#shape);
    const d = { at: this.#at.d + gated.firstOfInput * hPanels * this.panel, panel: this.panel };
    multiply(this.#kernels, d, [rows, gatePanels * width, I], this.#at.inputWeights, to);
  }

  #numbers(): Float64Array {
    const { memory } = this.#kernels;
    return numbersAt(this.#kernels, 0, memory.buffer.byteLength / numberBytes);
  }
}

/** A matrix [rows,G·H] with these gates after each other, each in whole panels. */
export function paddedGates(
  shape: GatedShape,
  matrix: FloatArray,
  rows: number,
  gates: readonly number[],
): Float64Array {
  const { H, cell } = shape;
  const { hPanels, width, gatePanels } = panelsOf(shape);
  const columns = gatePanels * width;
  const padded = new Float64Array(rows * columns);
  for (let k = 0; k < rows; k++)
    for (const [place, gate] of gates.entries()) {
      const from = (k * cell.gates.length + gate) * H;
      padded.set(matrix.subarray(from, from + H), k * columns + place * hPanels * width);
    }
  return padded;
}

/** The same transposed. */
function* packGates(
  kernels: Kernels,
  shape: GatedShape,
  matrix: FloatArray,
  rows: number,
  gates: readonly number[],
  staging: number,
  to: number,
): Resumable<void> {
  const { width, gatePanels } = panelsOf(shape);
  const padded = paddedGates(shape, matrix, rows, gates);
  yield 0;
  yield* packTwice(kernels, 'float64', padded, rows, gatePanels * width, staging, null, to);
}
