// The spectrum through the kernels: closed forms, the plain classes, the library's decompositions, and matrices that
// are hard.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { finish, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Spectrum, Workspaces } from '../../../src/engine/index.js';
import {
  experiment,
  filled,
  flatRun,
  orthogonal,
  randomNumbers,
  scaledIdentity,
  sumOfExponents,
} from '../engine/build.js';
import { drawnFrom, oncePer, plainLayer, randomExperiment, ways } from './support.js';
import type { RandomShape } from './support.js';

const fast = ways.slice(1);
const near = (actual: number, expected: number, bound: number, what = ''): void =>
  assert.ok(
    Object.is(actual, expected) || Math.abs(actual - expected) <= bound,
    `${what} ${actual} is not within ${bound} of ${expected}`,
  );
const spectrumOf = (e: LayerExperiment, workspaces: Workspaces | null = null): Spectrum =>
  finish(spectrumResumably(e, flatRun(finish(runResumably(e))), workspaces));

/** A run and its spectrum in plain arithmetic, which every way is held against. */
const plainOf = oncePer((shape: RandomShape) => {
  const e = randomExperiment(shape);
  const run = flatRun(finish(runResumably(e)));
  return { e, run, plain: finish(spectrumResumably(e, run, null)) };
});

/** The last two rows turn towards each other: what one loses by rounding the other one gains. */
const turning: RandomShape = {
  ...plainLayer,
  ...{ seed: 1511248283, B: 2, T: 33, I: 6, H: 33, initial: true },
};

for (const [way, workspaces] of fast) {
  describe(`spectrum through ${way} kernels`, () => {
    it('is that of the plain classes, whatever the shape, the cell and the chunks', (t) => {
      let [worst, checked] = [0, 0];
      fc.assert(
        fc.property(
          fc.record<RandomShape>({
            seed: fc.nat(),
            B: fc.integer({ min: 1, max: 3 }),
            T: fc.integer({ min: 1, max: 40 }),
            I: fc.integer({ min: 1, max: 9 }),
            H: fc.integer({ min: 1, max: 40 }),
            cell: fc.constantFrom('tanh', 'relu', 'identity'),
            dtype: fc.constantFrom('float32', 'float64'),
            upstream: fc.constant('last'),
            truncate: fc.constant(null),
            chunks: fc.constantFrom(1, 2),
            stateful: fc.boolean(),
            initial: fc.boolean(),
          }),
          (shape) => {
            const { e, run, plain } = plainOf(shape);
            const own = finish(spectrumResumably(e, run, workspaces));
            own.jacobianSigmaMax.forEach((sigma, i) =>
              near(sigma, plain.jacobianSigmaMax[i]!, 1e-11 * plain.sigmaMaxWh, 'σ_max(J_t)'),
            );
            near(own.sigmaMaxWh, plain.sigmaMaxWh, 1e-11 * plain.sigmaMaxWh);
            assert.deepEqual(own.eigenvaluesWh, plain.eigenvaluesWh);
            near(
              own.logProductSigmaMax,
              plain.logProductSigmaMax,
              1e-9 * Math.max(1, Math.abs(plain.logProductSigmaMax)),
              'ln σ_max of the product',
            );
            assert.equal(own.lyapunov === null, plain.lyapunov === null);
            own.lyapunov?.forEach((lambda, i) =>
              near(
                lambda,
                plain.lyapunov?.[i] ?? NaN,
                (own.lyapunovError ?? 0) + (plain.lyapunovError ?? 0) + 1e-12,
                `λ${i + 1}`,
              ),
            );
            if (own.lyapunov?.every(Number.isFinite) !== true) return;
            // By a determinant and slopes of the test's own. Rounded states say their slopes as exactly as they are
            // rounded.
            const difference = Math.abs(own.lyapunov.reduce((sum, value) => sum + value, 0) - sumOfExponents(e, run));
            assert.ok(difference <= (e.dtype === 'float64' ? 1e-9 : 1e-6 * e.shapes.H), `${e.dtype}: ${difference}`);
            worst = Math.max(worst, own.lyapunovSumError ?? Infinity);
            if (e.dtype === 'float64') checked++;
          },
        ),
        { numRuns: 60, seed: drawnFrom, examples: [[turning]] },
      );
      t.diagnostic(`largest error of the sum of the exponents ${worst.toExponential(1)}`);
      // Of 60 that are drawn some 18.
      assert.ok(worst <= 1e-9 && checked > 4, `${worst} ${checked}`);
    });

    it(
      'of a diagonal Wh in an identity cell is that diagonal, at any distance, inside the error that is ' + 'stated',
      () => {
        for (const [H, T, spread] of [
          [5, 700, 0.3],
          [24, 300, 0.02],
          [70, 90, 0.01],
        ] as const) {
          // ln 2^±… apart, so that a thousand steps leave the range of a double many times over.
          const lambdas = Float64Array.from({ length: H }, (_, i) => 0.7 - spread * i * 3);
          const Wh = scaledIdentity(H, 1).map((one, i) => one * Math.exp(lambdas[i % H]!));
          const { lyapunov, lyapunovError, lyapunovBlock, lyapunovSumError, logProductSigmaMax } = spectrumOf(
            experiment(H, T, Wh, { cell: 'identity' }),
            workspaces,
          );
          assert.ok(lyapunov !== null && lyapunovError !== null && lyapunovSumError !== null && lyapunovBlock !== null);
          lambdas.forEach((lambda, i) => near(lyapunov[i]!, lambda, lyapunovError + 1e-14, `λ${i + 1} of ${H}`));
          assert.ok(
            lyapunovError < 1e-8 && lyapunovSumError < 1e-9 && lyapunovBlock > 1,
            `${lyapunovError} ${lyapunovBlock}`,
          );
          near(logProductSigmaMax, T * 0.7, 1e-9 * T);
        }
      },
    );

    it('of a triangular Wh, whose rows all turn towards one direction, keeps the stated error', () => {
      const [H, T, next] = [16, 400, randomNumbers(31)];
      const Wh = filled(H * H, next).map((value, i) =>
        i % H > Math.floor(i / H) ? value : i % (H + 1) === 0 ? Math.exp(0.2 - 0.15 * (i % H)) : 0,
      );
      const { lyapunov, lyapunovError } = spectrumOf(experiment(H, T, Wh, { cell: 'identity' }), workspaces);
      assert.ok(lyapunov !== null && lyapunovError !== null && lyapunovError < 1e-8);
      // Finite-time exponents tend to ln|λ_i| as 1/T; the sum is exact.
      lyapunov.forEach((lambda, i) => near(lambda, 0.2 - 0.15 * i, 30 / T));
      near(
        lyapunov.reduce((a, b) => a + b, 0),
        Array.from({ length: H }, (_, i) => 0.2 - 0.15 * i).reduce((a, b) => a + b, 0),
        1e-10,
      );
    });

    it('stands what is singular, defective, nilpotent, tiny or huge', () => {
      const H = 12;
      const shift = (factor: number): Float64Array =>
        Float64Array.from({ length: H * H }, (_, i) => (i % H === Math.floor(i / H) + 1 ? factor : 0));
      const nilpotent = spectrumOf(experiment(H, 30, shift(2), { cell: 'identity' }), workspaces);
      assert.deepEqual(
        [nilpotent.spectralRadiusWh, nilpotent.lyapunov, nilpotent.logProductSigmaMax],
        [0, null, -Infinity],
      );
      near(
        spectrumOf(experiment(H, H - 1, shift(2), { cell: 'identity' }), workspaces).logProductSigmaMax,
        (H - 1) * Math.LN2,
        1e-12,
      );
      // A Jordan block: ‖J^T‖ grows like T^(H−1), its eigenvalue is 1.
      const jordan = shift(1).map((value, i) => (i % (H + 1) === 0 ? 1 : value));
      const defective = spectrumOf(experiment(H, 300, jordan, { cell: 'identity' }), workspaces);
      near(defective.spectralRadiusWh, 1, 0);
      near(
        (defective.lyapunov ?? assert.fail()).reduce((a, b) => a + b, 0),
        0,
        1e-9,
      );
      const binomial = (n: number, k: number): number =>
        Array.from({ length: k }, (_, i) => Math.log((n - i) / (i + 1))).reduce((a, b) => a + b, 0);
      assert.ok(
        defective.logProductSigmaMax >= binomial(300, H - 1) &&
          defective.logProductSigmaMax <= binomial(300, H - 1) + 0.5,
      );
      for (const scale of [1e-50, 1e50, 1e-200, 1e200]) {
        const { logProductSigmaMax, sigmaMaxWh, sigmaMaxWhUpper, lyapunov } = spectrumOf(
          experiment(
            H,
            50,
            orthogonal(H, 3).map((value) => scale * value),
            { cell: 'identity' },
          ),
          workspaces,
        );
        near(logProductSigmaMax, 50 * Math.log(scale), 1e-9);
        near(sigmaMaxWh / scale, 1, 1e-12);
        assert.ok(sigmaMaxWhUpper >= scale && sigmaMaxWhUpper <= scale * (1 + 1e-8));
        near(lyapunov?.[H - 1] ?? NaN, Math.log(scale), 1e-9);
      }
      const low = spectrumOf(
        experiment(
          H,
          20,
          filled(
            H * H,
            (
              (i) => () =>
                ((i++ % H) + 1) * 0.01
            )(0),
          ),
          { cell: 'identity' },
        ),
        workspaces,
      );
      // Every row is the same: rank 1, the eigenvalue is the sum of the row.
      const [largest = NaN, ...lost] = low.lyapunov ?? assert.fail('no exponents');
      near(largest, Math.log(0.78), 0.2);
      assert.ok(lost.every((lambda) => lambda === -Infinity));
      near(low.logProductSigmaMax - Math.log(low.sigmaMaxWh), 19 * Math.log(0.78), 1e-9);
      assert.deepEqual(
        spectrumOf(experiment(H, 4, new Float64Array(H * H)), workspaces).lyapunov,
        new Float64Array(H).fill(-Infinity),
      );
    });

    it('has σ_max of every Jacobian within 1e-11 of the full decomposition, H beyond the size of a panel', () => {
      const [H, T, next] = [67, 12, randomNumbers(77)];
      const weights = { Wx: filled(H, next), Wh: filled(H * H, next).map((value) => value * 0.2), b: filled(H, next) };
      const e = experiment(H, T, weights.Wh, { weights, chunks: [{ steps: T, xs: filled(T, next) }] });
      const { hs } = flatRun(finish(runResumably(e)));
      const { jacobianSigmaMax } = spectrumOf(e, workspaces);
      for (let step = 0; step < T; step++) {
        const J = weights.Wh.map((value, i) => value * (1 - (hs[step * H + (i % H)] ?? NaN) ** 2));
        near(jacobianSigmaMax[step]!, new SingularValueDecomposition(Matrix.from1DArray(H, H, J)).diagonal[0]!, 1e-11);
      }
    });
  });
}

describe('the spectral radius where eigenvalues are too many to be computed', () => {
  const H = 15;
  /** Blocks on the diagonal, hidden by an orthogonal change of basis unless that would spread what is exactly zero. */
  const withBlock = (block: readonly (readonly number[])[], rest: number): Float64Array =>
    Float64Array.from({ length: H * H }, (_, i) => block[Math.floor(i / H)]?.[i % H] ?? (i % (H + 1) === 0 ? rest : 0));
  const turned = (A: Float64Array): Float64Array => {
    const Q = Matrix.from1DArray(H, H, orthogonal(H, 8));
    return Float64Array.from(
      Q.mmul(Matrix.from1DArray(H, H, A))
        .mmul(Q.transpose())
        .to1DArray(),
    );
  };
  const jordan = (value: number): Float64Array =>
    Float64Array.from({ length: H * H }, (_, i) =>
      i % (H + 1) === 0 ? value : i % H === Math.floor(i / H) + 1 ? 1 : 0,
    );
  const cases: readonly (readonly [name: string, Wh: Float64Array, radius: number, width: number])[] = [
    [
      'a complex pair that dominates',
      turned(
        withBlock(
          [
            [0.3, -0.8],
            [0.8, 0.3],
          ],
          0.5,
        ),
      ),
      Math.hypot(0.3, 0.8),
      1e-3,
    ],
    [
      'two of opposite sign',
      turned(
        withBlock(
          [
            [0.9, 0],
            [0, -0.9],
          ],
          0.4,
        ),
      ),
      0.9,
      1e-3,
    ],
    ['an orthogonal matrix', orthogonal(H, 5), 1, 1e-3],
    // As far as changes of the size of rounding move the eigenvalues: (n³·ε)^(1/15) is 0.16, and what the bound loses
    // of the powers in between.
    ['a Jordan block', jordan(0.7), 0.7, 0.5],
    ['a nilpotent matrix', jordan(0), 0, 0.25],
    ['nothing', new Float64Array(H * H), 0, 0],
  ];
  for (const [way, workspaces] of ways)
    for (const [name, Wh, radius, most] of cases) {
      it(`lies between the bounds of ${name}, ${way}`, () => {
        const e = experiment(H, 5, Wh, { cell: 'identity' });
        const result = flatRun(finish(runResumably(e)));
        const { spectralRadiusBounds, spectralRadiusWh, eigenvaluesWh, ...rest } = finish(
          spectrumResumably(e, result, workspaces, H - 1),
        );
        const [low, high] = spectralRadiusBounds ?? assert.fail('no bounds');
        assert.ok(
          low <= radius * (1 + 1e-13) &&
            radius * (1 - 1e-13) <= high &&
            high - low <= most + low * 1e-12 + (low === 0 ? high : 0),
          `${low} ${high}`,
        );
        assert.ok(high <= radius + most, `${high}`);
        assert.deepEqual([spectralRadiusWh, eigenvaluesWh], [high, []]);
        // All else is what it is where they are computed.
        const {
          spectralRadiusBounds: none,
          spectralRadiusWh: exact,
          eigenvaluesWh: all,
          ...same
        } = finish(spectrumResumably(e, result, workspaces, H));
        assert.deepEqual([rest, none, all.length], [same, null, H]);
        assert.ok(low <= exact + 0.2 && exact <= high + 1e-9, `${low} ${exact} ${high}`);
      });
    }
});

describe('the proven bound of σ_max(Wh)', () => {
  it('is never below the largest singular value, and close to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (H, seed) => {
        const Wh = seed % 3 === 0 ? orthogonal(H, seed) : filled(H * H, randomNumbers(seed));
        const { sigmaMaxWhUpper } = spectrumOf(experiment(H, 1, Wh), fast[0]?.[1] ?? null);
        const expected = new SingularValueDecomposition(Matrix.from1DArray(H, H, Wh)).diagonal[0]!;
        assert.ok(
          sigmaMaxWhUpper >= expected * (1 - 1e-14) && sigmaMaxWhUpper <= expected * (1 + 2e-9),
          `${sigmaMaxWhUpper} ${expected}`,
        );
      }),
      { numRuns: 60 },
    );
  });
});
