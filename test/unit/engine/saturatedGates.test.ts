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
