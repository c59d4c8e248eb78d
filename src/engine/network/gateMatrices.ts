// Matrices of numbers as textbooks write them, for the reference cells: row vectors, row-major.
import { logistic } from '../cells/logistic.js';
import { matrix, multiply, multiplyTransposed, transposedMultiply } from '../core/tensor.js';
import type { Matrix } from '../core/tensor.js';

const like = ({ rows, cols }: Matrix, value: (i: number) => number): Matrix => {
  const out = matrix('float64', rows, cols);
  for (let i = 0; i < out.data.length; i++) out.data[i] = value(i);
  return out;
};

/** One element-wise operation over matrices of one shape. */
export const each = (of: (...values: number[]) => number, first: Matrix, ...others: readonly Matrix[]): Matrix =>
  like(first, (i) => of(first.data[i]!, ...others.map(({ data }) => data[i]!)));

export const add = (first: Matrix, ...others: readonly Matrix[]): Matrix =>
  each((...values) => values.reduce((sum, value) => sum + value, 0), first, ...others);
/** ⊙ */
export const times = (first: Matrix, ...others: readonly Matrix[]): Matrix =>
  each((...values) => values.reduce((product, value) => product * value, 1), first, ...others);
export const sigmoidOf = (z: Matrix): Matrix => each(logistic, z);
export const tanhOf = (z: Matrix): Matrix => each(Math.tanh, z);
/** σ'(z) of y = σ(z). */
export const sigmoidSlope = (y: Matrix): Matrix => each((value) => value * (1 - value), y);
/** tanh'(z) of y = tanh(z). */
export const tanhSlopeOf = (y: Matrix): Matrix => each((value) => 1 - value * value, y);

/** a·W + bias */
export const affine = (a: Matrix, W: Matrix, bias: Matrix): Matrix =>
  multiply(a, W.data, bias.data, matrix('float64', a.rows, W.cols));
/** d·Wᵀ */
export const through = (d: Matrix, W: Matrix): Matrix =>
  multiplyTransposed(d, W.data, matrix('float64', d.rows, W.rows));
/** aᵀ·d */
export function outer(a: Matrix, d: Matrix): Matrix {
  const out = matrix('float64', a.cols, d.cols);
  transposedMultiply(a, d, out.data);
  return out;
}
/** Σ over rows, [1,columns] */
export function overRows(d: Matrix): Matrix {
  const out = matrix('float64', 1, d.cols);
  for (let i = 0; i < d.rows; i++)
    for (let j = 0; j < d.cols; j++) out.data[j] = out.data[j]! + d.data[i * d.cols + j]!;
  return out;
}
/** a·W */
export const product = (a: Matrix, W: Matrix): Matrix => multiply(a, W.data, null, matrix('float64', a.rows, W.cols));
