// Rows of gradients of all states on their way back through the steps of a layer, many of each batch item at once.
import { cellOf } from '../cells/index.js';
import { allFinite } from '../core/scan.js';
import { exponentOf, log10Of2, maxAbs } from '../core/norm.js';
import type { FloatArray } from '../core/dtypes.js';
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { RunChunk } from '../network/runChunk.js';
import { GatedBack } from './gatedBack.js';
import { GatedSlopes } from './gatedSlopes.js';
import { multiply, throughSlopes } from './gradientRows.js';
import type { PackedRows } from './gradientRows.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { columnAt, numbersAt, packedBytes, packInto, panelsOf, width } from './packedMatrix.js';
import { SlopeBlocks } from './slopes.js';
import { packTwice } from './packWeights.js';

/** Multiplications between two pauses, two or three milliseconds. */
const pauseWork = 2e7;

export type RowsBack = {
  /** Steps of a block. */
  readonly steps: number;
  /** Slopes of the steps t0 ≤ t < t1 of a chunk (at most `steps`); false where plain arithmetic has to make them. */
  block(chunk: RunChunk, t0: number, t1: number): Resumable<boolean>;
  /** Before rows go through step t0 + i. */
  ready(i: number): Resumable<void>;
  /**
   * `rows` rows, the first of them of batch item `item`, through step t0 + i, in their place unless they are `cut`;
   * what they send to x goes to `toInput`, where that is asked for.
   */
  through(i: number, g: PackedRows, rows: number, item: number, down?: Down): void;
};

/** `toInput` takes as many rows; `cut`: nothing goes on to the states before. */
export type Down = { readonly toInput: PackedRows | null; readonly cut: boolean };
const on: Down = { toInput: null, cut: false };

/** The same before there is memory for it: buffers that belong into the layout of whoever uses it. */
export type RowsPlan<Name extends string> = {
  readonly sizes: Readonly<Record<Name, number>>;
  create(kernels: Kernels, at: Readonly<Record<Name, number>>): Resumable<RowsBack>;
};

/** Numbers of a row: those of each state in whole panels, h first. */
export const rowColumns = ({ cell, shapes: { H } }: LayerExperiment): number =>
  cellOf(cell).states.length * panelsOf(H) * width;

type Elementwise = keyof ReturnType<typeof elementwiseSizes>;
function elementwiseSizes(experiment: LayerExperiment, rows: number, inputs: boolean) {
  const { B, I, H } = experiment.shapes;
  return {
    ...SlopeBlocks.sizes(experiment, B),
    transposed: packedBytes(H, H),
    d: packedBytes(rows, H),
    stepSlopes: packedBytes(B, H),
    toInput: inputs ? packedBytes(H, I) : 0,
  };
}

/** Of cells that are h = f(z), `rows` rows at most at once. `inputs`: the way to x is asked for. */
export const elementwiseRows = (experiment: LayerExperiment, rows: number, inputs = false): RowsPlan<Elementwise> => ({
  sizes: elementwiseSizes(experiment, rows, inputs),
  *create(kernels, at) {
    const { B, I, H } = experiment.shapes;
    const { Wx, Wh } = experiment.layers[0].parameters;
    yield* packTwice(kernels, 'float64', Wh, H, H, at.slopeStaging, null, at.transposed);
    if (inputs) yield* packTwice(kernels, 'float64', Wx, I, H, at.slopeStaging, null, at.toInput);
    const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: 0, count: B }, at);
    let slopes: Float64Array = new Float64Array(0);
    return {
      steps: blocks.steps,
      *block(chunk, t0, t1) {
        for (const t of [t0 - 1, t0, t1 - 1]) if (t >= 0) yield* ready(t, chunk.hs, chunk.xs);
        slopes = yield* blocks.block(chunk, t0, t1);
        return yield* allFinite([slopes]);
      },
      ready: (i) =>
        packInto(kernels, at.slopeStaging, slopes.subarray(i * B * H, (i + 1) * B * H), B, H, at.stepSlopes),
      through(_, g, count, item, { toInput, cut } = on) {
        const d = { at: at.d, panel: rows * rowBytes };
        const slopesOfStep = { at: at.stepSlopes, panel: B * rowBytes, first: item, period: B };
        throughSlopes(kernels, g, [count, H], slopesOfStep, d);
        if (toInput !== null) multiply(kernels, d, [count, H, I], at.toInput, toInput);
        if (!cut) multiply(kernels, d, [count, H, H], at.transposed, g);
      },
    };
  },
});

type Gated = keyof ReturnType<typeof gatedSizes>;
const gatedSizes = (experiment: LayerExperiment, rows: number, inputs: boolean) => ({
  ...GatedSlopes.sizes(experiment),
  ...GatedBack.sizes(experiment, rows, inputs),
});

/** Of LSTM and GRU. */
export const gatedRows = (experiment: LayerExperiment, rows: number, inputs = false): RowsPlan<Gated> => ({
  sizes: gatedSizes(experiment, rows, inputs),
  *create(kernels, at) {
    const { B } = experiment.shapes;
    const slopes = yield* GatedSlopes.create(kernels, experiment, at);
    const back = yield* GatedBack.create(kernels, experiment, at, rows, inputs);
    return {
      steps: slopes.steps,
      block: (chunk, t0, t1) => slopes.block(chunk, t0, t1),
      *ready() {
        yield 0;
      },
      through(i, g, count, item, { toInput, cut } = on) {
        const { at: from, ...strides } = slopes.at;
        back.toGates(g, count, { at: from + i * B * rowBytes, ...strides, first: item, period: B });
        if (toInput !== null) back.toInput(toInput, count);
        if (!cut) back.onward(0, g, count);
      },
    };
  },
});

/** Rows of so many columns in packed layout at `at`, each with an exponent of its own. */
export class FlowingRows {
  readonly panelBytes: number;
  readonly exponents: Float64Array;
  readonly #numbers: Float64Array;
  readonly #columns: Int32Array;
  readonly #H: number;

  /** What enters one has H numbers. */
  constructor(kernels: Kernels, at: number, exponents: number, count: number, columns: number, H: number) {
    this.panelBytes = count * rowBytes;
    this.exponents = numbersAt(kernels, exponents, count);
    this.#numbers = numbersAt(kernels, at, columns * count);
    this.#columns = Int32Array.from({ length: columns }, (_, j) => columnAt(j, this.panelBytes));
    this.#H = H;
  }

  /** The first numbers of a row += values·2^exponent */
  add(row: number, values: FloatArray, exponent: number): void {
    const largest = maxAbs(values);
    if (largest === 0) return;
    const old = this.exponents[row]!;
    const together = Math.max(exponent + exponentOf(largest), old);
    // What lies 2^−1070 below cannot change a double.
    const [own, entering] = [
      old - together < -1070 ? 0 : 2 ** (old - together),
      // Two factors: of subnormal numbers a single one could be a power of two that no double holds.
      exponent - together < -1070 ? 0 : 2 ** Math.min(1000, exponent - together),
    ];
    const more = 2 ** Math.max(0, exponent - together - 1000);
    this.#columns.forEach((column, j) => {
      const place = row * width + column;
      const before = own === 0 ? 0 : this.#numbers[place]! * own;
      this.#numbers[place] = j < this.#H ? before + values[j]! * entering * more : before;
    });
    this.exponents[row] = together;
  }

  /** log10 of the norm of `count` rows as one vector, from the sums of their squares. */
  log10Norm(squares: Float64Array, from: number, count: number): number {
    let most = -Infinity;
    for (let i = from; i < from + count; i++) most = Math.max(most, this.exponents[i]!);
    if (most === -Infinity) return -Infinity;
    let sum = 0;
    for (let i = from; i < from + count; i++)
      if (this.exponents[i] !== -Infinity) sum += squares[i]! * 2 ** (2 * (this.exponents[i]! - most));
    return Math.log10(sum) / 2 + most * log10Of2;
  }
}

/** Multiplications of a row at a step. */
export const workOfRow = ({ cell, shapes: { H } }: LayerExperiment): number => cellOf(cell).gates.length * H * H;

/** Rows of `count` that are taken back at once, and down to x where `inputs` asks for it, in a few milliseconds. */
export function rowsAtOnce(experiment: LayerExperiment, count: number, inputs = false): number {
  const { I, H } = experiment.shapes;
  const work = workOfRow(experiment) * (inputs ? 1 + I / H : 1);
  return Math.min(count + (count % 2), Math.max(2, 2 * Math.floor(pauseWork / (2 * work))));
}

export const isGated = ({ cell }: LayerExperiment): boolean => cellOf(cell).gated !== undefined;
