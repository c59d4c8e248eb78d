// Cases whose answer is a formula.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf, dtypes, finish, runNetwork, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { kernelsOf, variants } from '../wasm/support.js';
import { experiment, flatRun, orthogonal, scaledIdentity } from './build.js';
import { randomNetwork } from './networks.js';

const near = (actual: number, expected: number, bound: number): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${actual} is not within ${bound} of ${expected}`);

describe('closed forms', () => {
  for (const rho of [0.9, 1, 1.1]) {
    it(`Wh = ${rho}·Q with the tanh cell at rest: every step multiplies by ${rho}`, (t) => {
      const [H, T] = [12, 200];
      const run = experiment(
        H,
        T,
        orthogonal(H, 7).map((value) => rho * value),
      );
      const result = flatRun(finish(runResumably(run)));
      let worst = 0;
      for (let step = 0; step < T; step++)
        worst = Math.max(
          worst,
          Math.abs(result.log10Norms.dh[step]! - (Math.log10(Math.sqrt(H)) + (T - 1 - step) * Math.log10(rho))),
        );
      t.diagnostic(`log10 ‖g_t‖: ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-12);
      near(result.verdict.perStepFactor ?? NaN, rho, 1e-12);
      assert.equal(result.verdict.kind, { 0.9: 'vanishing', 1: 'healthy', 1.1: 'exploding' }[String(rho)]);
      const spectrum = finish(spectrumResumably(run, result));
      for (const lambda of spectrum.lyapunov ?? assert.fail('no exponents')) near(lambda, Math.log(rho), 1e-12);
      near(spectrum.logProductSigmaMax, T * Math.log(rho), 1e-10);
      near(spectrum.spectralRadiusWh, rho, 1e-12);
    });
  }

  it('a scalar cell with w = 1.5 at its fixed point vanishes by saturation, spectral radius or not', () => {
    const T = 60;
    let fixed = 1;
    for (let i = 0; i < 200; i++) fixed = Math.tanh(1.5 * fixed);
    near(fixed, 0.8585596, 1e-7);
    const run = experiment(1, T, Float64Array.of(1.5), { h0: Float64Array.of(fixed) });
    const result = flatRun(finish(runResumably(run)));
    const spectrum = finish(spectrumResumably(run, result));
    near(spectrum.lyapunov?.[0] ?? NaN, -0.9306102, 1e-7);
    near(Math.log(result.verdict.perStepFactor ?? NaN), -0.9306102, 1e-7);
    assert.equal(result.verdict.kind, 'vanishing');
    assert.match(result.verdict.reason, /activation takes the most/);
  });

  for (const dtype of ['float32', 'float64'] as const) {
    it(`0.5·I over 3,000 steps in ${dtype} loses 903.09 decades`, () => {
      const T = 3001;
      const { log10SingleSource, log10Norms, dhExponent, dhScaled, norms, verdict } = flatRun(
        finish(runResumably(experiment(3, T, scaledIdentity(3, 0.5), { dtype }))),
      );
      near(log10SingleSource[0]! - log10SingleSource[T - 1]!, -3000 * Math.log10(2), 1e-9);
      near(verdict.log10Ratio ?? NaN, -903.0899869919435, 1e-9);
      near(log10Norms.dh[0]!, log10SingleSource[0]!, 1e-9);
      assert.equal(dhExponent[0]! + Math.log2(dhScaled[0]!), -3000);
      near(verdict.halfLifeSteps ?? NaN, 1, 1e-12);
      // Halving from 1, the last subnormals are 2^-149 and 2^-1074.
      const lastZero = T - 1 - (dtype === 'float32' ? 150 : 1075);
      assert.equal(
        norms.dh.findLastIndex((value) => value === 0),
        lastZero,
      );
      assert.equal(verdict.zeroAt, lastZero);
      assert.equal(verdict.infiniteAt, null);
    });
  }
});

describe('shares of closed and open gates', () => {
  /** The biases alone decide: in the units of each gate its values come in turns. */
  function ofBiases(cell: 'lstm' | 'gru', H: number, values: Readonly<Record<string, readonly number[]>>): Experiment {
    const e = randomNetwork({ seed: 1, cell, B: 2, T: 6, I: 1, widths: [H], directions: ['forward'] });
    const zeros = Object.entries(e.layers[0].parameters).map(([name, own]) => [name, own.map(() => 0)] as const);
    const parameters = Object.fromEntries(zeros) as Experiment['layers'][0]['parameters'];
    for (const [g, gate] of cellOf(cell).gates.entries())
      for (let j = 0; j < H; j++) {
        const value = values[gate]![j % values[gate]!.length]!;
        const isCandidate = gate === 'g' || gate === 'n';
        parameters.b[g * H + j] = isCandidate ? Math.atanh(value) : Math.log(value / (1 - value));
      }
    return { ...e, layers: [{ ...e.layers[0], parameters }] };
  }

  // Of a candidate the size counts: −0.95 is open, and −0.05 closed. Of a σ the value.
  const candidate = [-0.95, -0.05, 0.95, -0.5, -0.95];
  const cases = {
    lstm: { i: [0.05, 0.5, 0.5, 0.5, 0.5], f: [0.95, 0.95, 0.05, 0.5, 0.95], g: candidate, o: [0.5] },
    gru: { r: [0.5, 0.05, 0.05, 0.95, 0.5], z: [0.95], n: candidate },
  };
  const wanted: Readonly<Record<string, readonly [mean: number, closed: number, open: number]>> = {
    i: [0.41, 0.2, 0],
    f: [0.68, 0.2, 0.6],
    g: [-0.3, 0.2, 0.6],
    o: [0.5, 0, 0],
    r: [0.41, 0.4, 0.2],
    z: [0.95, 0, 1],
    n: [-0.3, 0.2, 0.6],
  };
  for (const [way, kernels] of [
    ['in plain arithmetic', null],
    ...variants.map((variant) => [`with ${variant} instructions`, kernelsOf(variant)] as const),
  ] as const)
    for (const cell of ['lstm', 'gru'] as const)
      it(`are those of its biases where nothing else enters, ${cell} ${way}`, () => {
        // A few units in one call of the kernels, and many in several.
        for (const H of [5, 130])
          for (const dtype of dtypes) {
            const run = finish(runNetwork({ ...ofBiases(cell, H, cases[cell]), dtype }, undefined, kernels));
            const { gates } = run.layers[0].result.layers[0];
            for (const gate of Object.keys(cases[cell])) {
              const { mean, closed, open } = gates?.[gate] ?? assert.fail(gate);
              for (const [i, series] of [mean, closed, open].entries())
                for (const value of series) near(value, wanted[gate]![i]!, dtype === 'float32' ? 1e-6 : 1e-12);
            }
          }
      });
});
