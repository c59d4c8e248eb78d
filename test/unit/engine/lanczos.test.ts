import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { topOfTridiagonal } from '../../../src/engine/linalg/lanczos.js';
import { randomNumbers } from './build.js';

/** Within so many times the rounding of the largest of them. */
const near = (actual: number, expected: number, roundings: number, what: string): void =>
  assert.ok(
    Math.abs(actual - expected) <= roundings * 2.3e-16 * Math.abs(expected),
    `${what}: ${actual} instead of ${expected}`,
  );

/** From nothing known, from just below, and from guesses that are too far below or expect too much. */
function check(a: readonly number[], b: readonly number[], expected: number, roundings: number, what: string): void {
  near(topOfTridiagonal(a, b).value, expected, roundings, what);
  for (const below of [1e-15, 1e-9, 1e-3, 0.5]) {
    for (const away of [0, 1e-12, 1e-3, 10])
      near(
        topOfTridiagonal(a, b, expected * (1 - below), expected * away).value,
        expected,
        roundings,
        `${what}, from ${below} below, ${away} expected`,
      );
  }
}

describe('the largest eigenvalue of a symmetric tridiagonal matrix', () => {
  // a = 2, b = 1: λ_j = 2 + 2·cos(jπ/(n + 1)), whose vectors are sines.
  for (const n of [1, 2, 5, 50, 600]) {
    it(`is that of the second difference of ${n}`, () => {
      const [a, b] = [new Array<number>(n).fill(2), new Array<number>(n).fill(1)];
      const expected = 2 + 2 * Math.cos(Math.PI / (n + 1));
      check(a, b, expected, 8, `n = ${n}`);
      const { lastComponent } = topOfTridiagonal(a, b);
      assert.ok(
        Math.abs(lastComponent / (Math.sqrt(2 / (n + 1)) * Math.sin((n * Math.PI) / (n + 1))) - 1) < 1e-9,
        `${lastComponent}`,
      );
    });
  }

  it(
    'is told where the two largest agree in fourteen digits: W21+ of Wilkinson, The Algebraic Eigenvalue ' +
      'Problem, ch. 5 § 45',
    () => {
      check(
        Array.from({ length: 21 }, (_, i) => Math.abs(10 - i)),
        new Array<number>(20).fill(1),
        10.746194182903393,
        8,
        'W21+',
      );
    },
  );

  it('is that of an independent decomposition where many stand close together', () => {
    const next = randomNumbers(7);
    for (const [n, spread, coupling] of [
      [40, 1e-3, 1e-4],
      [90, 1e-6, 1e-6],
      [90, 1e-9, 1e-3],
      [30, 1e-14, 1e-9],
    ] as const) {
      const a = Array.from({ length: n }, () => 1 + spread * next());
      const b = Array.from({ length: n - 1 }, () => coupling * (0.01 + Math.abs(next())));
      const full = new Matrix(n, n);
      a.forEach((value, i) => full.set(i, i, value));
      b.forEach((value, i) => {
        full.set(i, i + 1, value);
        full.set(i + 1, i, value);
      });
      check(
        a,
        b,
        Math.max(...new EigenvalueDecomposition(full, { assumeSymmetric: true }).realEigenvalues),
        40,
        `${n}, ${spread}, ${coupling}`,
      );
    }
  });
});
