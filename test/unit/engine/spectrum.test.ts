// Eigenvalues and singular values against ml-matrix, the other implementation, and against what is known exactly.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { eigenvaluesOf } from '../../../src/engine/linalg/eigenvalues.js';
import { bestFactorPerStep, finish, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { Spectrum } from '../../../src/engine/index.js';
import { JacobianNorm, nearSigmaMax, sigmaMaxOf } from '../../../src/engine/linalg/lanczos.js';
import { ways } from '../wasm/support.js';
import {
  experiment,
  filled,
  lnShear,
  orthogonal,
  randomNumbers,
  rows,
  scaledIdentity,
  sheared,
  sumOfExponents,
} from './build.js';

const sigmaMax = (a: Float64Array, H: number): number =>
  Math.max(...new SingularValueDecomposition(Matrix.from1DArray(H, H, a)).diagonal);
const scaledColumns = (Wh: Float64Array, slopes: Float64Array): Float64Array =>
  Wh.map((value, i) => value * slopes[i % slopes.length]!);

describe('eigenvalues', () => {
  it('of random matrices are those of the library', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.nat(), (n, seed) => {
        const a = filled(n * n, randomNumbers(seed));
        const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, a));
        for (const [re, im] of finish(eigenvaluesOf(a, n))) {
          worst = Math.max(
            worst,
            Math.min(...realEigenvalues.map((r, i) => Math.hypot(r - re, imaginaryEigenvalues[i]! - im))),
          );
        }
      }),
      { numRuns: 100 },
    );
    t.diagnostic(`largest distance ${worst.toExponential(1)}`);
    assert.ok(worst < 1e-9);
  });

  it('that stand many times over are found, each as often as it stands', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.nat(),
        fc.array(fc.constantFrom(0.9, -0.9, 0.4, -0.4, 1, 0), { minLength: 1, maxLength: 5 }),
        (n, seed, values) => {
          const Q = Matrix.from1DArray(n, n, orthogonal(n, seed));
          const own = Array.from({ length: n }, (_, i) => values[i] ?? 0.4);
          const A = Float64Array.from(Q.mmul(Matrix.diag(own)).mmul(Q.transpose()).to1DArray());
          const found = finish(eigenvaluesOf(A, n))
            .map(([re]) => re)
            .sort((a, b) => a - b);
          own
            .sort((a, b) => a - b)
            .forEach((value, i) => {
              worst = Math.max(worst, Number.isNaN(found[i]) ? Infinity : Math.abs(found[i]! - value));
            });
        },
      ),
      { numRuns: 300, seed: 3 },
    );
    t.diagnostic(`largest distance ${worst.toExponential(1)}`);
    assert.ok(worst < 1e-12);
  });

  it('of triangular and nilpotent matrices are their diagonal, exactly, in whatever order the units come', () => {
    const lower = rows([3, 0, 0], [5, -2, 0], [7, 11, 0]);
    assert.deepEqual(finish(eigenvaluesOf(lower, 3)), [
      [3, 0],
      [-2, 0],
      [0, 0],
    ]);
    assert.deepEqual(
      finish(eigenvaluesOf(rows([0, 0, 9], [0, 0, 0], [0, 9, 0]), 3)).map(([re, im]) => Math.hypot(re, im)),
      [0, 0, 0],
    );
    assert.deepEqual(finish(eigenvaluesOf(new Float64Array(4), 2)), [
      [0, 0],
      [0, 0],
    ]);
  });

  it('come to an end on the matrix on which the plain iteration never does, and on cyclic permutations', () => {
    const stubborn = rows([0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [1, 1, 0, 0, 1], [1, 0, 1, 0, 1]);
    const moduli = finish(eigenvaluesOf(stubborn, 5)).map((value) => Math.hypot(...value));
    const golden = (1 + Math.sqrt(5)) / 2;
    for (const [i, expected] of [golden, 1, 1, golden - 1, 0].entries())
      assert.ok(Math.abs(moduli[i]! - expected) < 1e-14);
    for (let n = 2; n < 30; n++) {
      const cycle = Float64Array.from({ length: n * n }, (_, i) => (i % n === (Math.floor(i / n) + 1) % n ? 1 : 0));
      for (const value of finish(eigenvaluesOf(cycle, n))) assert.ok(Math.abs(Math.hypot(...value) - 1) < 1e-13);
    }
  });
});

const jacobianSigmaMax = (Wh: Float64Array, H: number, slopes: Float64Array): number =>
  finish(finish(JacobianNorm.create(Wh, H)).sigmaMax(slopes));

describe('σ_max of a Jacobian', () => {
  it('is that of the full decomposition, for slopes of every size', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        fc.constantFrom('random', 'orthogonal', 'diagonal'),
        (H, seed, kind) => {
          const next = randomNumbers(seed);
          const Wh =
            kind === 'orthogonal'
              ? orthogonal(H, seed)
              : kind === 'diagonal'
                ? scaledIdentity(H, 1).map((value) => value * next())
                : filled(H * H, next);
          const slopes = filled(H, () => 10 ** (4 * next() - 4));
          const expected = sigmaMax(scaledColumns(Wh, slopes), H);
          worst = Math.max(worst, Math.abs(jacobianSigmaMax(Wh, H, slopes) / expected - 1));
        },
      ),
      { numRuns: 150 },
    );
    t.diagnostic(`largest relative difference ${worst.toExponential(1)}`);
    assert.ok(worst < 1e-11);
  });

  it('is told to six digits without the product WᵀW, or to twelve', (t) => {
    let [worst, worstOf] = [0, 0];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.constantFrom(1, 1e-200, 1e200), (H, seed, scale) => {
        const W = filled(H * H, randomNumbers(seed));
        worst = Math.max(
          worst,
          Math.abs(
            finish(
              nearSigmaMax(
                W.map((value) => value * scale),
                H,
              ),
            ) /
              (scale * sigmaMax(W, H)) -
              1,
          ),
        );
        worstOf = Math.max(
          worstOf,
          Math.abs(
            finish(
              sigmaMaxOf(
                W.map((value) => value * scale),
                H,
              ),
            ) /
              (scale * sigmaMax(W, H)) -
              1,
          ),
        );
      }),
      { numRuns: 150 },
    );
    t.diagnostic(`largest relative differences ${worst.toExponential(1)}, ${worstOf.toExponential(1)}`);
    assert.ok(worst < 1e-6 && worstOf < 1e-11);
    assert.ok(
      Number.isNaN(finish(sigmaMaxOf(Float64Array.of(1, 2, Infinity, 3), 2))) &&
        Number.isNaN(finish(sigmaMaxOf(Float64Array.of(1, 2, NaN, 3), 2))),
    );
    assert.equal(finish(nearSigmaMax(new Float64Array(9), 3)), 0);
  });

  it('keeps its digits where squares leave the range of float64', () => {
    const [H, next] = [6, randomNumbers(9)];
    const Wh = filled(H * H, next);
    const ones = new Float64Array(H).fill(1);
    const plain = jacobianSigmaMax(Wh, H, ones);
    for (const scale of [1e-200, 1e200])
      assert.ok(
        Math.abs(
          jacobianSigmaMax(
            Wh.map((value) => value * scale),
            H,
            ones,
          ) /
            (scale * plain) -
            1,
        ) < 1e-12,
      );
    assert.equal(jacobianSigmaMax(Wh, H, new Float64Array(H)), 0);
  });
});

describe('Lyapunov exponents', () => {
  it('are told for a regular Wh whose units are many decades apart; one that is singular loses directions', () => {
    for (const [, workspaces] of ways) {
      const of = (Wh: Float64Array): Spectrum => {
        const e = experiment(Math.sqrt(Wh.length), 40, Wh, { cell: 'identity' });
        return finish(spectrumResumably(e, finish(runResumably(e)), workspaces));
      };
      for (const sizes of [
        [1, 1e-20],
        [1e-30, 3, 1e25],
        [1e-100, 1e-130],
      ]) {
        const H = sizes.length;
        const { lyapunov, lyapunovSumError } = of(scaledIdentity(H, 1).map((one, i) => one * sizes[i % H]!));
        const expected = sizes.map(Math.log).sort((a, b) => b - a);
        assert.ok(lyapunov !== null && lyapunovSumError !== null && lyapunovSumError < 1e-9);
        lyapunov.forEach((lambda, i) =>
          assert.ok(Math.abs(lambda - expected[i]!) < 1e-9, `${lambda} is not ${expected[i]}`),
        );
      }
      // Rank 1, rank 1 again, and rank 2: λ_1 is that of the eigenvalue 1, or 1 + 2e-20; the rest is lost.
      for (const Wh of [rows([1, 0], [1e-20, 0]), rows([1, 2], [1e-20, 2e-20])]) {
        const { lyapunov, lyapunovSumError, lyapunovError } = of(Wh);
        assert.ok(lyapunov !== null && lyapunovError !== null && lyapunovError < 1e-12);
        assert.ok(Math.abs(lyapunov[0]!) < 0.05, `${lyapunov[0]}`);
        assert.deepEqual([lyapunov[1], lyapunovSumError], [-Infinity, null]);
      }
      const two = of(rows([1, 2, 3], [1e-9, 5e-9, 7e-9], [2, 7, 10])).lyapunov ?? assert.fail('no exponents');
      assert.deepEqual([...two].map(Number.isFinite), [true, true, false]);
    }
  });

  it('add up to ln|det Wh| and the mean of the log slopes', (t) => {
    let [worst, worstTold] = [0, 0];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 }), fc.nat(), (H, T, seed) => {
        const next = randomNumbers(seed);
        const weights = {
          Wx: filled(H, next),
          Wh: orthogonal(H, seed).map((value) => 1.4 * value),
          b: filled(H, next),
        };
        const e = experiment(H, T, weights.Wh, { weights, chunks: [{ steps: T, xs: filled(T, next) }] });
        const result = finish(runResumably(e));
        const spectrum = finish(spectrumResumably(e, result));
        assert.ok(spectrum.lyapunov !== null && spectrum.lyapunovSumError !== null);
        assert.ok(
          spectrum.lyapunov.every((value, i) => i === 0 || value <= spectrum.lyapunov![i - 1]!),
          'descending',
        );
        // By a determinant and slopes of the test's own; what the engine tells of itself has to agree with that.
        const difference = Math.abs(
          spectrum.lyapunov.reduce((sum, value) => sum + value, 0) - sumOfExponents(e, result),
        );
        worst = Math.max(worst, difference);
        worstTold = Math.max(worstTold, Math.abs(difference - spectrum.lyapunovSumError));
      }),
      { numRuns: 60 },
    );
    t.diagnostic(`largest difference ${worst.toExponential(1)}, the told one is ${worstTold.toExponential(1)} away`);
    assert.ok(worst < 1e-9 && worstTold < 1e-9);
  });

  it('start anew in a chunk that does not carry the state', () => {
    const [H, T, next] = [3, 20, randomNumbers(21)];
    const weights = { Wx: filled(H, next), Wh: filled(H * H, next), b: filled(H, next) };
    const xs = filled(T, next);
    const once = experiment(H, T, weights.Wh, { weights, chunks: [{ steps: T, xs }] });
    const twice = experiment(H, 2 * T, weights.Wh, {
      weights,
      chunks: [
        { steps: T, xs },
        { steps: T, xs },
      ],
    });
    const [a, b] = [once, twice].map((e) => finish(spectrumResumably(e, finish(runResumably(e)))));
    assert.ok(a !== undefined && b !== undefined && a.lyapunov !== null && b.lyapunov !== null);
    for (const [i, lambda] of a.lyapunov.entries()) assert.ok(Math.abs(lambda - b.lyapunov[i]!) < 1e-12);
    assert.ok(Math.abs(a.logProductSigmaMax - b.logProductSigmaMax) < 1e-12);
  });
});

describe('the direction that survives best', () => {
  it('has the rate of the product over its own steps, which no exponent from Q = I tells over few of them', () => {
    for (const [, workspaces] of ways) {
      const of = (chunks: readonly number[], stateful: boolean, factor = 1): Spectrum => {
        const T = chunks.reduce((sum, steps) => sum + steps, 0);
        const e = experiment(2, T, sheared(factor), {
          cell: 'identity',
          chunks: chunks.map((steps) => ({ steps, xs: new Float64Array(steps) })),
          stateful,
        });
        return finish(spectrumResumably(e, finish(runResumably(e)), workspaces));
      };
      for (const [chunks, stateful, steps] of [
        [[10], false, 10],
        [[6, 4], true, 10],
        [[6, 4], false, 4],
      ] as const) {
        const spectrum = of(chunks, stateful, 0.9);
        assert.ok(Math.abs(Math.log(bestFactorPerStep(spectrum) / 0.9) - lnShear(steps) / steps) < 1e-12);
        assert.ok(spectrum.lyapunov?.every((lambda) => Math.abs(lambda - Math.log(0.9)) < 1e-12));
      }
    }
  });
});
