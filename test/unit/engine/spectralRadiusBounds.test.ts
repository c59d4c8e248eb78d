// Proven bounds of the spectral radius: matrices whose radius is known, those among them on which power iteration
// fails.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainSquare, spectralRadiusBounds } from '../../../src/engine/linalg/spectralRadiusBounds.js';
import { finish } from '../../../src/engine/index.js';
import { filled, orthogonal, randomNumbers, rows, scaledIdentity } from './build.js';

const bounds = (A: Float64Array, n: number): readonly [number, number] =>
  finish(spectralRadiusBounds(A, n, plainSquare(n)));

describe('bounds of the spectral radius', () => {
  it('hold the radius between them, and are close where the eigenvectors are good', () => {
    for (const scale of [1e-200, 0.9, 1, 40, 1e200]) {
      const [low, high] = bounds(
        orthogonal(24, 6).map((value) => scale * value),
        24,
      );
      assert.ok(low <= scale && scale <= high * (1 + 1e-14) && high / scale < 1.001, `${low} ${high}`);
    }
    const [low, high] = bounds(
      scaledIdentity(40, 1).map((one, i) => one * (0.5 + 0.01 * (i % 40))),
      40,
    );
    assert.ok(low <= 0.89 && high >= 0.89 && high - low < 1e-3);
  });

  it(
    'hold where only rounding could lose it: a diagonal whose sums and logarithms round, at both ends of ' + 'float64',
    () => {
      for (const scale of [5e-320, 1e-300, 1 / 3, 1e290]) {
        const A = scaledIdentity(60, 1).map((one) => one * scale);
        const [low, high] = bounds(A, 60);
        assert.ok(low <= scale && scale <= high && high <= scale * (1 + 1e-2), `${low} ${high}`);
      }
      // tr = n·ρ in every power: the lower bound is as near as rounding lets it be, and not beyond.
      const [low] = bounds(scaledIdentity(1000, 0.1), 1000);
      assert.ok(low <= 0.1 && low > 0.1 * (1 - 1e-8), `${low}`);
    },
  );

  it('of a complex pair that dominates, and of two real ones of opposite sign', () => {
    const turn = rows([0.3, -0.8, 0], [0.8, 0.3, 0], [0, 0, 0.5]);
    for (const [A, radius] of [
      [turn, Math.hypot(0.3, 0.8)],
      [rows([2, 1, 0], [0, -2, 5], [0, 0, 1]), 2],
    ] as const) {
      const [low, high] = bounds(A, 3);
      assert.ok(low <= radius && radius <= high && high - low < 2e-3, `${low} ${high} ${radius}`);
    }
  });

  it('of a defective matrix, as wide as changes of the size of rounding could move it, and of a nilpotent one', () => {
    const n = 12;
    const jordan = Float64Array.from({ length: n * n }, (_, i) =>
      i % (n + 1) === 0 ? 0.7 : i % n === Math.floor(i / n) + 1 ? 1 : 0,
    );
    const [low, high] = bounds(jordan, n);
    assert.ok(low <= 0.7 && 0.7 <= high && high < 1.1, `${low} ${high}`);
    assert.equal(
      bounds(
        jordan.map((value, i) => (i % (n + 1) === 0 ? 0 : value)),
        n,
      )[0],
      0,
    );
    assert.ok(
      bounds(
        jordan.map((value, i) => (i % (n + 1) === 0 ? 0 : value)),
        n,
      )[1] < 0.2,
    );
    assert.deepEqual(bounds(new Float64Array(9), 3), [0, 0]);
  });

  it('of random matrices hold what another iteration finds', () => {
    for (let seed = 0; seed < 20; seed++) {
      const n = 2 + (seed % 9);
      // A triangular matrix with a known diagonal, hidden by an orthogonal change of basis.
      const diagonal = filled(n, randomNumbers(seed));
      const Q = orthogonal(n, seed);
      const upper = filled(n * n, randomNumbers(seed + 50)).map((value, i) =>
        i % n > Math.floor(i / n) ? value : i % (n + 1) === 0 ? diagonal[i % n]! : 0,
      );
      const times = (A: Float64Array, B: Float64Array): Float64Array =>
        Float64Array.from({ length: n * n }, (_, i) =>
          Array.from({ length: n }, (__, k) => A[Math.floor(i / n) * n + k]! * B[k * n + (i % n)]!).reduce(
            (a, b) => a + b,
            0,
          ),
        );
      const transposed = Float64Array.from({ length: n * n }, (_, i) => Q[(i % n) * n + Math.floor(i / n)]!);
      const radius = Math.max(...diagonal.map(Math.abs));
      const [low, high] = bounds(times(times(Q, upper), transposed), n);
      assert.ok(low <= radius * (1 + 1e-12) && high >= radius * (1 - 1e-12), `${low} ${high} ${radius}`);
    }
  });
});
