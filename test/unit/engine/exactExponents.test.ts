// In saturation nothing is lost: exponents against exact arithmetic, slopes against their closed form, and a chaotic
// network that has some unit with tanh z = ±1 at most of its steps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, jacobianSeries, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Spectrum, Workspaces } from '../../../src/engine/index.js';
import { kernelsOf, ways } from '../wasm/support.js';
import {
  experiment,
  filled,
  flatRun,
  orthogonal,
  randomNumbers,
  scaledIdentity,
  sumOfExponents,
  withLayer,
} from './build.js';
import { exactExponents, lnSlopesOf } from './exactExponents.js';
import { experimentOf, reference } from './fixtures.js';
import type { FlatExperiment } from './build.js';

const ranOf = (e: LayerExperiment) => finish(runResumably(e));
const spectrumOf = (e: LayerExperiment, workspaces: Workspaces | null): Spectrum =>
  finish(spectrumResumably(e, ranOf(e), workspaces));

function near(actual: number, expected: number, bound: number, what: string): void {
  assert.ok(
    actual === expected || Math.abs(actual - expected) <= bound,
    `${what}: ${actual} is not within ${bound} of ${expected}`,
  );
}

/** Units that z pushes to about these, with a random Wh. */
function driven(
  zs: readonly number[],
  T: number,
  seed: number,
  change: Partial<LayerExperiment> = {},
): LayerExperiment {
  const H = zs.length;
  const next = randomNumbers(seed);
  const weights = {
    Wx: filled(H, next),
    Wh: filled(H * H, next).map((value) => 1.5 * value),
    b: Float64Array.from(zs),
  };
  return experiment(H, T, weights.Wh, { weights, chunks: [{ steps: T, xs: filled(T, next) }], ...change });
}

const rankOne = (H: number): Float64Array =>
  Float64Array.from({ length: H * H }, (_, i) => ((1 + (i % H)) * (5 - Math.floor(i / H))) / 16);

const cases: readonly (readonly [name: string, e: LayerExperiment, lost: number])[] = [
  ['units between open and |z| = 22', driven([0.3, -21, 1, 22, -9, 19.06], 8, 1), 0],
  ['units up to |z| = 120', driven([0.3, 25, -60, 120, 8], 8, 2), 0],
  ['all units beyond |z| = 20', driven([24, -30, 41, 90], 8, 3), 0],
  ['all units beyond |z| = 90, whose squared slopes underflow', driven([94, -130, 141, 190], 6, 4), 0],
  ['slopes that no float64 holds', driven([0.5, 300, -380, 900, 3], 4, 5), 0],
  ['nothing but slopes that no float64 holds', driven([400, 500, -600], 4, 6), 0],
  ['float32', driven([0.3, -21, 1, 22, -9, 12], 8, 7, { dtype: 'float32' }), 0],
  ['a singular Wh and saturated units', withLayer(driven([0.3, -21, 1, 22], 6, 8), weightsWith(rankOne(4), 8)), 3],
  ['relus, some of them off', driven([0.4, 0.1, -0.2, 0.3, 0.2, 0.1], 10, 11, { cell: 'relu' }), NaN],
  ['an identity whose Wh has rank 1', experiment(4, 9, rankOne(4), { cell: 'identity' }), 3],
  ['saturated_exact', oneItem('saturated_exact'), 0],
  ['saturated_all', oneItem('saturated_all'), 0],
  ['the relu of the reference', oneItem('relu'), NaN],
];

function weightsWith(Wh: Float64Array, seed: number): Pick<FlatExperiment, 'weights'> {
  const H = Math.sqrt(Wh.length);
  return { weights: { Wx: filled(H, randomNumbers(seed)), Wh, b: Float64Array.of(0.3, -21, 1, 22) } };
}

function oneItem(name: string): LayerExperiment {
  return experimentOf(reference(name), 'float64');
}

for (const [way, workspaces] of ways)
  describe(`Lyapunov exponents of ${way} arithmetic against integers of any length`, () => {
    for (const [name, e, lost] of cases)
      it(name, (t) => {
        const expected = exactExponents(e, ranOf(e));
        const { lyapunov, lyapunovError, lyapunovSumError, logProductSigmaMax } = spectrumOf(e, workspaces);
        assert.ok(lyapunov !== null && lyapunovError !== null && lyapunovError < 1e-8, `${lyapunovError}`);
        // z itself is rounded, and a slope by twice as much. Rounded states say open slopes as exactly as they are
        // rounded.
        const bound = e.dtype === 'float32' ? 1e-6 : Math.max(lyapunovError, 1e-12) * 3;
        lyapunov.forEach((lambda, i) => near(lambda, expected[i]!, bound, `λ${i + 1}`));
        const gone = expected.filter((lambda) => lambda === -Infinity).length;
        if (Number.isNaN(lost)) assert.ok(gone > 0 && gone < expected.length);
        else assert.equal(gone, lost);
        if (gone > 0) assert.equal(lyapunovSumError, null);
        else {
          assert.ok(lyapunovSumError !== null && lyapunovSumError < 1e-9, `${lyapunovSumError}`);
          near(
            lyapunov.reduce((sum, value) => sum + value, 0),
            sumOfExponents(e, ranOf(e)),
            bound * e.shapes.H,
            'their sum',
          );
        }
        assert.ok(Number.isFinite(logProductSigmaMax));
        t.diagnostic(`stated error ${lyapunovError.toExponential(1)}`);
      });

    it('of a chaotic network (mean field: λ1 = 0.53 for many units and a long run) exist, and add up', () => {
      const [H, T, next] = [60, 150, randomNumbers(1)];
      const normal = (): number => Math.sqrt(-2 * Math.log((next() + 1) / 2 + 1e-300)) * Math.cos(Math.PI * next());
      const Wh = Float64Array.from({ length: H * H }, () => (5 / Math.sqrt(H)) * normal());
      const e = experiment(H, T, Wh, { h0: Float64Array.from({ length: H }, normal) });
      const result = ranOf(e);
      const smallest = Math.min(...lnSlopesOf(e, result).flat());
      assert.ok(smallest < Math.log(1e-14), `slopes down to e^${smallest} only`);
      const { lyapunov, lyapunovSumError, lyapunovError } = spectrumOf(e, workspaces);
      if (lyapunov === null) assert.fail('no exponents');
      assert.ok(lyapunov.every(Number.isFinite));
      assert.ok(lyapunov[0]! > 0.35 && lyapunov[0]! < 0.65, `λ1 = ${lyapunov[0]}`);
      assert.ok(lyapunovSumError !== null && lyapunovSumError < 1e-9, `${lyapunovSumError}`);
      assert.ok(lyapunovError !== null && lyapunovError < 1e-7, `${lyapunovError}`);
    });

    it('singular values of the product keep the smallest of them in saturation', () => {
      // Orthogonal Wh between diagonals: ln|det| of the product is Σ ln slope, and so is the sum of all ln σ.
      const [H, T] = [3, 5];
      const zs = [0.2, 26, -48];
      const Wh = orthogonal(H, 4);
      const e = experiment(H, T, Wh, { weights: { Wx: new Float64Array(H), Wh, b: Float64Array.from(zs) } });
      const result = ranOf(e);
      const { series, steps } = jacobianSeries(e, result, 0, workspaces);
      finish(steps);
      const all = lnSlopesOf(e, result);
      for (let t = 0; t < T - 1; t++) {
        const sum = all
          .slice(t + 1)
          .flat()
          .reduce((a, b) => a + b, 0);
        near(
          (series.log10Largest[t]! + series.log10Median[t]! + series.log10Smallest[t]!) * Math.LN10,
          sum,
          1e-9 * Math.abs(sum),
          `Σ ln σ of the product from ${t}`,
        );
        near(Math.log(series.sigmaMin[t]!), Math.min(...all[t]!), 1e-9, 'ln σ_min of J_t');
      }
    });
  });

describe('the slope of a saturated unit', () => {
  for (const way of ['plain', ...ways.slice(1).map(([name]) => name)])
    it(`keeps its digits at any z that float64 can say, ${way}`, () => {
      for (const z of [0.5, 2.2, 9, 18.9, 19.0615, 19.07, 21.9, 22.1, 40, 90, 150, 300, 353, 354.5, 360, 371]) {
        // Both units at z: of the single source ln(‖d‖/‖g‖) is ln of the slope.
        const e = experiment(2, 2, scaledIdentity(2, 0), {
          weights: { Wx: new Float64Array(2), Wh: scaledIdentity(2, 1e-30), b: Float64Array.of(z, -z) },
        });
        const kernels = way === 'plain' ? null : kernelsOf(way as 'simd');
        const result = flatRun(finish(runResumably(e, undefined, kernels)));
        const told = (result.log10SingleSource[0]! + 30) * Math.LN10 - result.log10SingleSource[1]! * Math.LN10;
        const expected = 2 * (Math.LN2 - z - Math.log1p(Math.exp(-2 * z)));
        // Subnormal slopes have fewer digits.
        near(told, expected, expected < -708.4 ? 2 ** -1074 / Math.exp(expected) : 1e-12, `ln slope at ${z}`);
        const h = result.hs[2]!;
        if (z > 20) assert.equal(Math.abs(h), 1);
        assert.equal(result.dh0[0] === 0, 1 - h * h === 0, 'tensors are what the dtype gives');
      }
    });
});
