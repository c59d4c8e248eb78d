// LU of matrices whose rows and columns differ by any number of decades: determinant and inverse by their closed forms.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish } from '../../../src/engine/index.js';
import { factorise, inverse, logDeterminant } from '../../../src/engine/linalg/luCholesky.js';
import type { Factors } from '../../../src/engine/linalg/luCholesky.js';
import { orthogonal, rows } from './build.js';

const factors = (a: Float64Array, n: number): Factors => finish(factorise(a, n));

describe('a matrix of graded rows and columns', () => {
  const n = 12;
  const Q = orthogonal(n, 4);
  for (const [left, right] of [
    [0, 0],
    [-9, 4],
    [20, 0],
    [0, -13],
    [11, 12],
    [-12, 11],
  ] as const) {
    // A_ij = 10^(left·i)·Q_ij·10^(right·j), whose determinant is ± the product of these powers, and A⁻¹_ij =
    // 10^(−right·i)·Q_ji·10^(−left·j).
    const A = Q.map((value, i) => value * 10 ** (left * Math.floor(i / n)) * 10 ** (right * (i % n)));
    it(`by 10^${left} and 10^${right} is regular, with its determinant and its inverse`, () => {
      const found = factors(A, n);
      assert.equal(found.singular, false);
      const expected = (((left + right) * n * (n - 1)) / 2) * Math.LN10;
      assert.ok(
        Math.abs(logDeterminant(found) - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
        `${logDeterminant(found)} is not ${expected}`,
      );
      const X = finish(inverse(found));
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          const unscaled = X[i * n + j]! * 10 ** (right * i) * 10 ** (left * j);
          assert.ok(Math.abs(unscaled - Q[j * n + i]!) < 1e-11, `${i},${j}: ${unscaled} is not ${Q[j * n + i]}`);
        }
    });
  }

  it('is singular where a row repeats another on any scale, or is zero', () => {
    const twice = Q.map((value, i) => (Math.floor(i / n) === 5 ? Q[i - n]! * 1e-30 : value));
    assert.equal(factors(twice, n).singular, true);
    assert.equal(logDeterminant(factors(twice, n)), -Infinity);
    for (const [a, size] of [
      [new Float64Array(4), 2],
      [rows([1, 0], [1e-20, 0]), 2],
      [rows([1, 2], [1e-200, 2e-200]), 2],
      [Float64Array.of(0), 1],
    ] as const)
      assert.equal(factors(a, size).singular, true);
    assert.equal(factors(Float64Array.of(5e-324), 1).singular, false);
  });
});
