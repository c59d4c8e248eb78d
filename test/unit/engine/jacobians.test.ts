// Singular values over time: closed forms, determinants, another implementation's decomposition.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { finish, jacobianSeries, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Workspaces } from '../../../src/engine/index.js';
import { graded, log2SingularValues } from '../../../src/engine/linalg/gradedSvd.js';
import { ways } from '../wasm/support.js';
import { experiment, filled, flatRun, orthogonal, randomNumbers, rows, scaledIdentity, weightsOf } from './build.js';

const near = (actual: number, expected: number, bound: number): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${actual} is not within ${bound} of ${expected}`);

function seriesBy(workspaces: Workspaces | null, run: LayerExperiment, item = 0) {
  const result = flatRun(finish(runResumably(run)));
  const { series: out, steps } = jacobianSeries(run, result, item, workspaces);
  finish(steps);
  return { result, ...out };
}

/** J_t = diag(1 − h²)·Whᵀ as a matrix. */
const jacobian = (
  {
    layers: [
      {
        parameters: { Wh },
      },
    ],
    shapes: { T, H },
  }: LayerExperiment,
  hs: ArrayLike<number>,
  item: number,
  t: number,
): Matrix =>
  Matrix.from1DArray(
    H,
    H,
    Array.from(
      { length: H * H },
      (_, i) =>
        (1 - (hs[(item * T + t) * H + Math.floor(i / H)] ?? NaN) ** 2) * (Wh[(i % H) * H + Math.floor(i / H)] ?? NaN),
    ),
  );

const nonlinear = (H: number, T: number, B = 2): LayerExperiment => {
  const next = randomNumbers(5);
  return experiment(
    H,
    T,
    filled(H * H, next).map((value) => value * 1.3),
    {
      shapes: { B, T, I: 2, H },
      weights: { Wx: filled(2 * H, next), Wh: filled(H * H, next).map((value) => value * 1.3), b: filled(H, next) },
      chunks: [{ steps: T, xs: filled(B * T * 2, next) }],
    },
  );
};

describe('singular values of rows of any size', () => {
  it('are those of another decomposition', () => {
    const [H, next] = [9, randomNumbers(3)];
    const matrix = Array.from({ length: H }, () => filled(H, next));
    const expected = new SingularValueDecomposition(new Matrix(matrix.map((row) => [...row]))).diagonal;
    const actual = finish(log2SingularValues(graded(matrix)));
    actual.forEach((value, i) => near(2 ** value, expected[i] ?? NaN, 1e-13 * (expected[0] ?? NaN)));
  });

  it('keep their own digits 2,000 binary orders apart', () => {
    // [[1, 1], [0, 2^-2000]]: σ₁σ₂ = 2^-2000 and σ₁² = 2 to that accuracy.
    const [large, small] = finish(
      log2SingularValues(graded([Float64Array.of(1, 1), Float64Array.of(0, 1)], [0, -2000])),
    );
    near(large ?? NaN, 0.5, 1e-15);
    near(small ?? NaN, -2000.5, 1e-12);
  });

  it('tell an exact zero', () => {
    assert.deepEqual(
      [...finish(log2SingularValues(graded([Float64Array.of(3, 4), Float64Array.of(0, 0)])))],
      [Math.log2(5), -Infinity],
    );
  });
});

for (const [way, workspaces] of ways)
  describe(`Jacobians over time, ${way}`, () => {
    const series = (run: LayerExperiment, item = 0) => seriesBy(workspaces, run, item);

    for (const rho of [0.5, 0.9, 1.1]) {
      it(`Wh = ${rho}·Q at rest: every singular value of every product is a power of ${rho}`, () => {
        const T = 300;
        const { t, sigmaMax, sigmaMin, log10Largest, log10Median, log10Smallest } = series(
          experiment(
            8,
            T,
            orthogonal(8, 2).map((value) => rho * value),
          ),
        );
        assert.equal(t.length, T);
        for (const [i, step] of t.entries()) {
          near(sigmaMax[i] ?? NaN, rho, 1e-13);
          near(sigmaMin[i] ?? NaN, rho, 1e-13);
          for (const values of [log10Largest, log10Median, log10Smallest])
            near(values[i] ?? NaN, (T - 1 - step) * Math.log10(rho), 1e-10);
        }
      });
    }

    it('agree with products formed and decomposed by another implementation', () => {
      const run = nonlinear(6, 12);
      const { result, t, sigmaMax, sigmaMin, log10Largest, log10Median, log10Smallest } = series(run, 1);
      for (const [i, step] of t.entries()) {
        const own = new SingularValueDecomposition(jacobian(run, result.hs, 1, step)).diagonal;
        near(sigmaMax[i] ?? NaN, own[0] ?? NaN, 1e-12);
        near(sigmaMin[i] ?? NaN, own[5] ?? NaN, 1e-12);
        let product = Matrix.eye(6);
        for (let later = step + 1; later < 12; later++) product = jacobian(run, result.hs, 1, later).mmul(product);
        const all = new SingularValueDecomposition(product).diagonal;
        const bound = 1e-11 * (all[0] ?? NaN);
        near(10 ** (log10Largest[i] ?? NaN), all[0] ?? NaN, bound);
        near(10 ** (log10Smallest[i] ?? NaN), all[5] ?? NaN, bound);
        near(
          10 ** (log10Median[i] ?? NaN),
          Math.sqrt((all[2] ?? NaN) * (all[3] ?? NaN)),
          1e-8 * (all[2] ?? NaN) + bound,
        );
      }
    });

    it('multiply to the exact determinant, the smallest hundreds of decades below the largest', () => {
      const [H, T] = [3, 400];
      const run = nonlinear(H, T, 1);
      const { result, t, log10Largest, log10Median, log10Smallest } = series(run);
      const W = weightsOf(run).Wh;
      const w = (i: number): number => W[i] ?? NaN;
      const det =
        w(0) * (w(4) * w(8) - w(5) * w(7)) - w(1) * (w(3) * w(8) - w(5) * w(6)) + w(2) * (w(3) * w(7) - w(4) * w(6));
      let expected = 0;
      for (let i = t.length - 1; i >= 0; i--) {
        const sum = (log10Largest[i] ?? NaN) + (log10Median[i] ?? NaN) + (log10Smallest[i] ?? NaN);
        near(sum, expected, 1e-9 * Math.max(1, Math.abs(expected)));
        expected += Math.log10(Math.abs(det));
        for (let j = 0; j < H; j++) expected += Math.log10(1 - (result.hs[i * H + j] ?? NaN) ** 2);
      }
      assert.ok((log10Largest[0] ?? 0) - (log10Smallest[0] ?? 0) > 40);
    });

    it('of rows that are the same', () => {
      const H = 5;
      // The cosine of two rows that are the same is rounded to 1, above it, or below.
      for (const same of [
        [3, 4],
        [3, 5],
        [1, 2],
      ]) {
        // Two columns that are the same, e₃ / 2, e₄ / 4 and e₅; the rows of J = Whᵀ.
        const Wh = Float64Array.from({ length: H * H }, (_, i) => {
          const [row, column] = [Math.floor(i / H), i % H];
          if (column < 2) return same[row] ?? 0;
          return row === column ? ([0.5, 0.25, 1][column - 2] ?? NaN) : 0;
        });
        const { sigmaMax, sigmaMin, log10Largest } = seriesBy(workspaces, experiment(H, 3, Wh, { cell: 'identity' }));
        const largest = Math.SQRT2 * Math.hypot(...same);
        for (const t of sigmaMax.keys()) {
          near(sigmaMax[t] ?? NaN, largest, 1e-14 * largest);
          near(sigmaMin[t] ?? NaN, 0, 1e-15);
        }
        near(log10Largest[1] ?? NaN, Math.log10(largest), 1e-14);
      }
    });

    it('bound the single source from above', () => {
      const run = nonlinear(5, 80, 1);
      const { result, t, log10Largest } = series(run);
      for (const [i, step] of t.entries())
        assert.ok(
          (result.log10SingleSource[step] ?? NaN) <= (log10Largest[i] ?? NaN) + Math.log10(Math.sqrt(5)) + 1e-9,
        );
    });

    it('of a nilpotent Wh: spectral radius 0, and a product that doubles on every step until nothing is left', () => {
      const H = 6;
      const Wh = new Float64Array(H * H);
      for (let i = 0; i + 1 < H; i++) Wh[i * H + i + 1] = 2;
      const { t, sigmaMin, log10Largest } = series(experiment(H, 20, Wh, { cell: 'identity' }));
      for (const [i, step] of t.entries()) {
        const back = 19 - step;
        near(sigmaMin[i] ?? NaN, 0, 0);
        if (back < H) near(log10Largest[i] ?? NaN, back * Math.log10(2), 1e-12);
        else assert.equal(log10Largest[i], -Infinity);
      }
    });

    it('start anew at the end of every chunk, and sample long runs with both ends', () => {
      const run = {
        ...experiment(2, 60, scaledIdentity(2, 0.5)),
        chunks: [
          { steps: 20, xs: new Float64Array(20) },
          { steps: 40, xs: new Float64Array(40) },
        ],
      };
      const { log10Largest } = series(run);
      near(log10Largest[19] ?? NaN, 0, 1e-15);
      near(log10Largest[0] ?? NaN, 19 * Math.log10(0.5), 1e-12);
      near(log10Largest[20] ?? NaN, 39 * Math.log10(0.5), 1e-12);
      const long = series(experiment(2, 3001, rows([0.5, 0], [0, 0.25]), { cell: 'identity' }));
      assert.ok(long.t.length < 1000);
      assert.deepEqual([long.t[0], long.t.at(-1)], [0, 3000]);
      near(long.log10Largest[0] ?? NaN, 3000 * Math.log10(0.5), 1e-8);
      near(long.log10Smallest[0] ?? NaN, 3000 * Math.log10(0.25), 1e-8);
    });
  });
