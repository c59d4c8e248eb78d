// Facts about matrices and sequences against ml-matrix and against what is known exactly.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { finish, measureInputs, measureMatrix, measureNumbers, zeroLines } from '../../../src/engine/index.js';
import { filled, randomNumbers, rows } from './build.js';

describe('measureMatrix', () => {
  it('gives σ_max of any shape as the library does', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 16 }),
        fc.nat(),
        fc.integer({ min: -160, max: 150 }),
        (m, n, seed, exponent) => {
          const a = filled(m * n, randomNumbers(seed)).map((value) => value * 10 ** exponent);
          const expected =
            Math.max(
              ...new SingularValueDecomposition(
                Matrix.from1DArray(
                  m,
                  n,
                  a.map((value) => value / 10 ** exponent),
                ),
                { autoTranspose: true },
              ).diagonal,
            ) *
            10 ** exponent;
          worst = Math.max(worst, Math.abs(finish(measureMatrix(a, m, n)).sigmaMax / expected - 1));
        },
      ),
      { numRuns: 100 },
    );
    t.diagnostic(`largest relative difference ${worst.toExponential(1)}`);
    assert.ok(worst < 1e-10);
  });

  it('tells a nilpotent matrix from an orthogonal one', () => {
    const nilpotent = finish(measureMatrix(rows([0, 2], [0, 0]), 2, 2));
    assert.equal(nilpotent.spectralRadius, 0);
    assert.ok(Math.abs(nilpotent.sigmaMax - 2) < 1e-12);
    // WᵀW = diag(0, 4), so the distance to the identity is ‖diag(−1, 3)‖.
    assert.ok(Math.abs(nilpotent.orthogonalityError! - Math.sqrt(10)) < 1e-12);
    const turned = finish(measureMatrix(rows([0, -1], [1, 0]), 2, 2));
    assert.equal(turned.orthogonalityError, 0);
    assert.equal(turned.spectralRadius, 1);
  });

  it('has an answer for zeros, for numbers that are not finite and for shapes that are not square', () => {
    assert.deepEqual(finish(measureMatrix(new Float64Array(4), 2, 2)), {
      sigmaMax: 0,
      spectralRadius: 0,
      orthogonalityError: Math.SQRT2,
    });
    assert.deepEqual(finish(measureMatrix(rows([1, NaN], [0, 1]), 2, 2)), {
      sigmaMax: NaN,
      spectralRadius: NaN,
      orthogonalityError: NaN,
    });
    assert.equal(finish(measureMatrix(rows([3, 4]), 1, 2)).spectralRadius, null);
  });
});

describe('measureNumbers', () => {
  it('gives smallest, mean, largest and Frobenius norm, and counts what is not finite', () => {
    assert.deepEqual(measureNumbers(Float64Array.of(3, -4, 0, 1)), {
      count: 4,
      min: -4,
      mean: 0,
      max: 3,
      frobenius: Math.sqrt(26),
      notFinite: 0,
    });
    const damaged = measureNumbers(Float64Array.of(1, NaN, 3));
    assert.deepEqual([damaged.min, damaged.mean, damaged.max, damaged.notFinite], [1, 2, 3, 1]);
    assert.equal(measureNumbers(Float64Array.of(1.5e308, 1.5e308)).mean, 1.5e308);
    assert.equal(measureNumbers(Float64Array.of(0, 2.5, -3, 0.5)).mean, 0);
    assert.equal(measureNumbers(Float64Array.of(1e16, 1, -1e16, 2)).mean, 0.75);
    assert.ok(Number.isNaN(measureNumbers(new Float64Array()).mean));
  });
});

describe('measuring', () => {
  it('lets others in while a block is large', () => {
    const block = new Float64Array(1 << 20).fill(1);
    const ticksOf = (measure: (tick: () => void) => unknown): number => {
      let ticks = 0;
      measure(() => ticks++);
      return ticks;
    };
    assert.equal(
      ticksOf((tick) => measureNumbers(block, tick)),
      32,
    );
    assert.ok(ticksOf((tick) => measureInputs(block, 4, tick)) >= 15);
    assert.equal(
      ticksOf((tick) => zeroLines(block, 1024, 1024, tick)),
      16,
    );
  });
});

describe('measureInputs', () => {
  it('finds inputs that never change, those of zero apart', () => {
    // [B,T,I] = [1,3,4]
    assert.deepEqual(measureInputs(rows([0, 2, 1, 5], [0, 2, 1, 6], [0, 2, 3, 5]), 4), { dead: [0], constant: [1] });
  });

  it('says nothing of a single timestep', () => {
    assert.deepEqual(measureInputs(rows([0, 2]), 2), { dead: [], constant: [] });
  });
});

describe('zeroLines', () => {
  it('finds rows and columns of zeros', () => {
    assert.deepEqual(zeroLines(rows([0, 0, 0], [1, 0, 2]), 2, 3), { rows: [0], columns: [1] });
  });
});
