// Σ over steps of what each adds to the gradient of a parameter, for the reach of every matrix and gate.
import { cellOf } from '../cells/index.js';
import type { FlowingRows } from '../core/gradientRows.js';
import { exponentOf, maxAbs, norm } from '../core/norm.js';
import { takeStep } from '../core/tensor.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { RunChunk } from '../network/runChunk.js';

/** A parameter whose gradient is Σ factorᵀ·dz over steps. */
export type ReachParameter = {
  readonly name: string;
  /** Rows of the matrix, and what stands before dz in each step's part [B·T,rows]. */
  readonly rows: number;
  readonly factors: Float64Array;
  /** Which dz: that on the way to the states before, or to x and b. */
  readonly way: 'state' | 'input';
};

/** x_t of every step of the run [B·T,I]. */
function inputs({ shapes: { B, T, I } }: LayerExperiment, chunks: readonly RunChunk[]): Float64Array {
  const xs = new Float64Array(B * T * I);
  for (const { start, steps, xs: own } of chunks)
    for (let step = 0; step < steps; step++) {
      const { data } = takeStep(own, step);
      for (let b = 0; b < B; b++) xs.set(data.subarray(b * I, (b + 1) * I), (b * T + start + step) * I);
    }
  return xs;
}

/** `before` is h_{t−1} of every step [B·T,H]. Of a cell of one gate its Wh alone. */
export function reachParameters(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  before: Float64Array,
): readonly [ReachParameter, ...ReachParameter[]] {
  const { B, T, I, H } = experiment.shapes;
  const { gates, parameters } = cellOf(experiment.cell);
  const recurrent = { name: 'Wh', rows: H, factors: before, way: 'state' } as const;
  if (gates.length === 1) return [recurrent];
  const ones = new Float64Array(B * T).fill(1);
  const others = parameters.flatMap(({ name, role }): ReachParameter[] => {
    if (role === 'input') return [{ name, rows: I, factors: inputs(experiment, chunks), way: 'input' }];
    if (role === 'bias') return [{ name, rows: 1, factors: ones, way: 'input' }];
    // The one parameter of a gated cell that it knows alone is the bias of the state.
    return role === 'other' ? [{ name, rows: 1, factors: ones, way: 'state' }] : [];
  });
  return [recurrent, ...others];
}

/** The sum under one power of two: that of the first sum, which is the largest there is to compare with. */
export class OuterSum {
  readonly sum: Float64Array;
  exponent: number;
  readonly #fixed: boolean;
  readonly #parameter: ReachParameter;
  readonly #N: number;

  constructor(parameter: ReachParameter, N: number, exponent: number | null = null) {
    this.#parameter = parameter;
    this.#N = N;
    this.#fixed = exponent !== null;
    this.exponent = exponent ?? -Infinity;
    this.sum = new Float64Array(parameter.rows * N);
  }

  /** Adds the part of a row b·T + t, whose dz stands in the same row of `flow`. */
  add(flow: FlowingRows, row: number): void {
    const { rows, factors } = this.#parameter;
    const N = this.#N;
    if (flow.isZero(row)) return;
    const magnitude = flow.exponents[row]! + exponentOf(maxAbs(flow.row(row)));
    if (!this.#fixed && magnitude > this.exponent) {
      const factor = 2 ** (this.exponent - magnitude);
      for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! * factor;
      this.exponent = magnitude;
    }
    const factor = 2 ** (flow.exponents[row]! - this.exponent);
    if (factor === 0) return;
    for (let k = 0; k < rows; k++) {
      const value = factors[row * rows + k]! * factor;
      if (value === 0) continue;
      for (let j = 0; j < N; j++) this.sum[k * N + j] = this.sum[k * N + j]! + value * flow.data[row * N + j]!;
    }
  }

  /** The norm of the columns from … to − 1. */
  norm(from: number, to: number): number {
    return columnsNorm(this.sum, this.#N, from, to);
  }
}

/** The norm of some columns of a matrix of N. */
export function columnsNorm(matrix: Float64Array, N: number, from: number, to: number): number {
  if (from === 0 && to === N) return norm(matrix);
  const rows = matrix.length / N;
  return norm(Float64Array.from({ length: rows }, (_, k) => norm(matrix, k * N + from, k * N + to)));
}
