// Initialisations against the properties that define them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { finish, initialise, measureMatrix } from '../../../src/engine/index.js';
import { glorot, he, identity, orthogonal } from '../../../src/engine/network/initialise.js';
import { Random } from '../../../src/engine/core/random.js';

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: ArrayLike<number>): number => {
  const centre = mean(values);
  return mean(Array.from(values, (value) => (value - centre) ** 2));
};

describe('the seeded generator', () => {
  it('gives the same numbers for the same seed and others for another one, beyond 32 bits too', () => {
    const take = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.uniform());
    };
    assert.deepEqual(take(7), take(7));
    const firsts = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, 2 ** 40].map((seed) => take(seed)[0]);
    assert.equal(new Set(firsts).size, firsts.length);
  });

  it('is uniform in [0, 1) and normal with variance 1', () => {
    const random = new Random(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const x = random.uniform();
      assert.ok(x >= 0 && x < 1);
      counts[Math.floor(10 * x)]!++;
    }
    // χ² with 9 degrees of freedom is above 27.9 once in a thousand seeds; this seed is fixed.
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquared < 27.9, `χ² = ${chiSquared}`);
    const normals = Array.from({ length: 100_000 }, () => random.normal());
    assert.ok(Math.abs(mean(normals)) < 0.015);
    assert.ok(Math.abs(variance(normals) - 1) < 0.02);
    assert.ok(Math.abs(mean(normals.map((x) => x ** 4)) - 3) < 0.15);
  });
});

describe('initialisations', () => {
  it(
    'orthogonal keeps every length: all singular values are 1, in either direction of a matrix that is ' + 'not square',
    (t) => {
      let worst = 0;
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 1, max: 20 }),
          fc.nat(),
          (rows, columns, seed) => {
            const Q = finish(orthogonal(rows, columns, seed));
            const row = (i: number): Float64Array => Q.slice(i * columns, (i + 1) * columns);
            const column = (j: number): Float64Array =>
              Float64Array.from({ length: rows }, (_, i) => Q[i * columns + j]!);
            const vectors =
              rows <= columns
                ? Array.from({ length: rows }, (_, i) => row(i))
                : Array.from({ length: columns }, (_, j) => column(j));
            for (const [i, u] of vectors.entries()) {
              for (const [j, v] of vectors.entries())
                worst = Math.max(worst, Math.abs(u.reduce((sum, x, k) => sum + x * v[k]!, 0) - (i === j ? 1 : 0)));
            }
          },
        ),
        { numRuns: 60 },
      );
      t.diagnostic(`largest distance from orthonormal ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-13);
    },
  );

  it('orthogonal prefers no direction: an entry has mean 0 and variance 1/n, and both determinants occur', () => {
    const [n, runs] = [2, 4000];
    const entries: number[] = [];
    let rotations = 0;
    for (let seed = 0; seed < runs; seed++) {
      const [a, b, c, d] = finish(orthogonal(n, n, seed)) as unknown as [number, number, number, number];
      entries.push(a);
      if (a * d - b * c > 0) rotations++;
    }
    assert.ok(Math.abs(mean(entries)) < 0.04, `mean ${mean(entries)}`);
    assert.ok(Math.abs(variance(entries) - 1 / n) < 0.03, `variance ${variance(entries)}`);
    assert.ok(Math.abs(rotations / runs - 0.5) < 0.04, `${rotations} rotations`);
  });

  it('glorot stays inside its bound with variance 2 / (fan in + fan out)', () => {
    const values = finish(glorot(60, 140, 5));
    const limit = Math.sqrt(6 / 200);
    assert.ok(values.every((value) => Math.abs(value) <= limit));
    assert.ok(Math.abs(variance(values) / (2 / 200) - 1) < 0.05);
  });

  it('he has variance 2 / fan in', () => {
    assert.ok(Math.abs(variance(finish(he(80, 120, 5))) / (2 / 80) - 1) < 0.05);
  });

  it('identity is the identity, and there is none that is not square', () => {
    assert.deepEqual([...identity(3)], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    assert.equal(initialise('identity', 2, 3, 0), null);
  });

  it('come out the same for the same seed', () => {
    for (const way of ['orthogonal', 'glorot', 'he'] as const) {
      assert.deepEqual(initialise(way, 4, 4, 11), initialise(way, 4, 4, 11));
      assert.notDeepEqual(initialise(way, 4, 4, 11), initialise(way, 4, 4, 12));
    }
  });

  it('orthogonal has spectral radius 1, σ_max 1 and no orthogonality error', () => {
    const { sigmaMax, spectralRadius, orthogonalityError } = finish(
      measureMatrix(finish(orthogonal(24, 24, 9)), 24, 24),
    );
    for (const [value, expected] of [
      [sigmaMax, 1],
      [spectralRadius, 1],
      [orthogonalityError, 0],
    ] as const)
      assert.ok(Math.abs(value! - expected) < 1e-12, `${value}`);
  });
});
