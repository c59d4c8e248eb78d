// Gates whose slopes lie tens of decades apart: exponents and singular values of running products against mpmath with
// 400 digits, from the Jacobians at the run's own states, by their formulas.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asLayer,
  finish,
  jacobianSeries,
  mapParameters,
  runResumably,
  spectrumResumably,
} from '../../../src/engine/index.js';
import type { CellName, LayerExperiment } from '../../../src/engine/index.js';
import { ways } from '../wasm/support.js';
import { experiment, rows } from './build.js';
import { randomNetwork } from './networks.js';

/** Ordinary random weights and biases, `scale` times as large. */
function saturated(cell: CellName, scale: number, seed: number): LayerExperiment {
  const plain = randomNetwork({ seed, cell, B: 1, T: 12, I: 2, widths: [3], directions: ['forward'] });
  const [own] = plain.layers;
  const parameters = mapParameters(own.parameters, (values) => values.map((value) => scale * value));
  return asLayer({ ...plain, layers: [{ ...own, parameters }] }) ?? assert.fail();
}

/** By mpmath: the exponents, and log10 of the smallest singular value of J_{11}···J_{t+1} for some t. */
const references: readonly {
  readonly cell: CellName;
  readonly scale: number;
  readonly seed: number;
  readonly exponents: readonly number[];
  readonly smallest: Readonly<Record<number, number>>;
}[] = [
  {
    cell: 'gru',
    scale: 60,
    seed: 1,
    exponents: [2.25907845247e-5, -0.113899753713, -19.5123396041],
    smallest: { 0: -101.6895339, 4: -99.29496915, 7: -48.03561483, 9: -16.78014091, 10: -0.4658053033 },
  },
  { cell: 'gru', scale: 60, seed: 8, exponents: [-4.30296823768, -27.8795631984, -48.170048812], smallest: {} },
  {
    cell: 'lstm',
    scale: 20,
    seed: 4,
    exponents: [-0.297582699637, -1.09165309572, -6.35177426756, -9.20358349434, -16.6179751048, -27.6881426991],
    smallest: { 0: -124.5840602, 4: -86.42183303, 7: -47.81372831, 9: -28.9942188, 10: -16.36300547 },
  },
  {
    cell: 'lstm',
    scale: 20,
    seed: 8,
    exponents: [-1.11511450167, -2.54458435133, -7.10898254925, -9.61199360762, -14.7532006911, -25.7429592032],
    smallest: { 9: -18.55869107, 10: -13.25207515 },
  },
  {
    cell: 'lstm',
    scale: 60,
    seed: 2,
    exponents: [0.296764166511, -0.621425388088, -10.5697469858, -30.004518325, -45.1591174166, -66.2613611639],
    smallest: { 8: -87.77961717, 9: -52.38835322, 10: -24.92747614 },
  },
];

for (const [way, workspaces] of ways)
  describe(`gates in saturation, ${way}`, () => {
    for (const { cell, scale, seed, exponents, smallest } of references) {
      const experiment = saturated(cell, scale, seed);
      const result = finish(runResumably(experiment));
      const name = `${cell}, weights × ${scale}`;

      it(`leave each exponent the error that is told: ${name}, seed ${seed}`, () => {
        const { lyapunov, lyapunovError } = finish(spectrumResumably(experiment, result, workspaces));
        assert.ok(lyapunov !== null && lyapunovError !== null);
        const worst = Math.max(...exponents.map((exponent, i) => Math.abs(exponent - lyapunov[i]!)));
        assert.ok(worst <= 2 * lyapunovError + 1e-9, `off by ${worst}, told ${lyapunovError}`);
        if (cell === 'gru') assert.ok(worst < 1e-9, `${worst}`);
      });

      it(`leave the smallest singular value of the product its digits, or none: ${name}, seed ${seed}`, () => {
        const { series, steps } = jacobianSeries(experiment, result, 0, workspaces);
        finish(steps);
        for (const [t, log10] of Object.entries(smallest)) {
          const own = series.log10Smallest[Number(t)]!;
          assert.ok(Math.abs(own - log10) < 1e-6, `t = ${t}: ${own}, not ${log10}`);
        }
        // No Jacobian is singular, so no product is.
        assert.ok(!series.log10Smallest.includes(-Infinity), series.log10Smallest.join());
      });
    }
  });

/**
 * By mpmath with 1000 digits: log10 of the median and of the smallest singular value of J_{11}···J_{t+1} of networks of
 * weights × 60. `isWhole`: of which rounding loses none.
 */
const products: readonly {
  readonly cell: CellName;
  readonly seed: number;
  readonly isWhole: boolean;
  readonly values: Readonly<Record<number, readonly [median: number, smallest: number]>>;
}[] = [
  {
    cell: 'gru',
    seed: 7,
    isWhole: false,
    values: {
      0: [-71.020136, -179.82926],
      2: [-71.07726, -133.23602],
      4: [-71.07726, -79.877728],
      6: [-25.659098, -71.6943],
      7: [-9.1450492, -71.519463],
      8: [-9.1450492, -39.978801],
      9: [-8.3524891, -10.935085],
      10: [-1.2745516e-40, -10.928153],
    },
  },
  {
    cell: 'gru',
    seed: 8,
    isWhole: true,
    values: {
      0: [-145.28877, -230.23884],
      2: [-119.50803, -179.87324],
      4: [-83.801637, -145.31281],
      6: [-34.588145, -83.7026],
      7: [-34.588145, -76.714859],
      8: [-24.615268, -49.493428],
      9: [3.6543927e-35, -11.184257],
      10: [7.9746003e-36, -4.1856696],
    },
  },
  {
    cell: 'gru',
    seed: 11,
    isWhole: true,
    values: {
      0: [-70.021133, -431.23209],
      2: [-63.394184, -404.97046],
      4: [-58.718901, -319.04737],
      6: [-58.718996, -235.25651],
      7: [-58.631472, -195.88686],
      8: [-50.592794, -148.70585],
      9: [-42.685126, -112.66201],
      10: [-9.0521448, -41.731016],
    },
  },
  {
    cell: 'lstm',
    seed: 2,
    isWhole: true,
    values: {
      0: [-102.56774, -348.5237],
      2: [-81.289936, -282.29019],
      4: [-63.755046, -218.4482],
      6: [-54.496545, -155.26216],
      7: [-44.247919, -127.21695],
      8: [-34.839903, -87.779617],
      9: [-19.754874, -52.388353],
      10: [-8.3731023, -24.927476],
    },
  },
  {
    cell: 'lstm',
    seed: 5,
    isWhole: true,
    values: {
      0: [-40.976402, -221.03397],
      2: [-30.881975, -209.19409],
      4: [-24.343517, -119.76487],
      6: [-21.235484, -79.774936],
      7: [-18.208632, -64.192861],
      8: [-11.483872, -48.230389],
      9: [-6.532711, -32.260579],
      10: [-4.9604583, -17.137548],
    },
  },
  {
    cell: 'lstm',
    seed: 11,
    isWhole: true,
    values: {
      0: [-72.11531, -333.08055],
      2: [-56.64913, -279.24476],
      4: [-40.30781, -197.91409],
      6: [-34.942485, -150.36444],
      7: [-28.922433, -131.27922],
      8: [-15.150646, -90.975963],
      9: [-13.091244, -78.803654],
      10: [-7.2295251, -35.573478],
    },
  },
];

for (const [way, workspaces] of ways)
  describe(`products of Jacobians of weights × 60, ${way}`, () => {
    for (const { cell, seed, isWhole, values } of products)
      it(`have the singular values that are told of them: ${cell}, seed ${seed}`, () => {
        const experiment = saturated(cell, 60, seed);
        const { series, steps } = jacobianSeries(experiment, finish(runResumably(experiment)), 0, workspaces);
        finish(steps);
        let told = 0;
        for (const [t, expected] of Object.entries(values)) {
          const own = [series.log10Median[Number(t)]!, series.log10Smallest[Number(t)]!];
          for (const [i, value] of own.entries()) {
            if (Number.isNaN(value)) continue;
            told++;
            assert.ok(Math.abs(value - expected[i]!) < 0.01, `t = ${t}: ${value}, not ${expected[i]}`);
          }
        }
        const all = 2 * Object.keys(values).length;
        assert.ok(isWhole ? told === all : told > 0 && told < all, `${told} of ${all}`);
      });
  });

for (const [way, workspaces] of ways)
  describe(`an LSTM that is told nothing of h, ${way}`, () => {
    // Wh = 0 and no inputs: each J_t has only the column of c, f_t and o_t·f_t·(1 − tanh²c_t), so products are the f
    // of their steps times √(1 + (o·(1 − tanh²c))²) at their last one.
    const [f, o, T] = [0.25, 0.5, 6];
    const b = rows([0, Math.log(f / (1 - f)), 0, Math.log(o / (1 - o))]);
    const c0 = 2;
    const own = experiment(1, T, new Float64Array(4), {
      cell: 'lstm',
      weights: { Wx: new Float64Array(4), Wh: new Float64Array(4), b },
    });
    const forgetful: LayerExperiment = {
      ...own,
      layers: [{ ...own.layers[0], initial: { h: null, c: Float64Array.of(c0) } }],
    };
    const result = finish(runResumably(forgetful));
    const last = o * (1 - Math.tanh(c0 * f ** T) ** 2);

    it('has products of one direction, and zero in the other', () => {
      const { series, steps } = jacobianSeries(forgetful, result, 0, workspaces);
      finish(steps);
      for (let t = 0; t < T - 1; t++) {
        const expected = (T - 1 - t) * Math.log10(f) + 0.5 * Math.log10(1 + last ** 2);
        assert.ok(Math.abs(series.log10Largest[t]! - expected) < 1e-12, `t = ${t}: ${series.log10Largest[t]}`);
        assert.equal(series.log10Smallest[t], -Infinity);
      }
    });

    it('has one exponent: the growth of that direction over the steps', () => {
      const { lyapunov } = finish(spectrumResumably(forgetful, result, workspaces));
      const [largest = NaN, other] = lyapunov ?? [];
      const expected = Math.log(f) + (0.5 * Math.log(1 + last ** 2)) / T;
      assert.ok(Math.abs(largest - expected) < 1e-12, `${largest}, not ${expected}`);
      assert.equal(other, -Infinity);
    });
  });
