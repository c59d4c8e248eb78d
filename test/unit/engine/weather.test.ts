// A trained network on real data (test/fixtures/reference/weather), with the norms that NumPy gives for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { flat, readJson, worstOfEach } from './fixtures.js';
import { flatRun, nested } from './build.js';

type Case = {
  readonly weights: { readonly Wx: number[][]; readonly Wh: number[][]; readonly b: number[][] };
  readonly xs: number[][][];
  /** ∂L/∂h at the last step [B][H]; it is zero before. */
  readonly dhs: number[][];
  readonly readout: { readonly weight: number[][]; readonly bias: number[]; readonly target: number[][] };
  readonly expected: {
    readonly meanTaskLoss: number;
    readonly norms: Readonly<Record<'dh' | 'dx' | 'dWx' | 'dWh' | 'db' | 'log10dh', number[]>>;
    readonly spectrum: {
      readonly jacobianSigmaMax: number[];
      readonly lyapunov: number[];
      readonly logProductSigmaMax: number;
    };
  };
};

const { weights, xs, dhs, readout, expected } = readJson('reference', 'weather', 'case.json') as Case;
const [B, T, I, H] = [4, 100, 4, 32];
const given = new Float64Array(B * T * H);
dhs.forEach((row, b) => given.set(row, (b * T + T - 1) * H));
const experiment: LayerExperiment = nested({
  name: 'weather',
  cell: 'tanh',
  dtype: 'float64',
  shapes: { B, T, I, H },
  weights: { Wx: flat(weights.Wx), Wh: flat(weights.Wh), b: flat(weights.b) },
  chunks: [{ steps: T, xs: flat(xs) }],
  h0: null,
  stateful: false,
  upstream: { kind: 'given', dhs: given },
  loss: null,
  clipNorm: null,
  truncate: null,
});

describe('the weather network', () => {
  it('has the norms of every step', (t) => {
    const { norms } = flatRun(finish(runResumably(experiment)));
    for (const name of ['dh', 'dx', 'dWx', 'dWh', 'db'] as const) {
      const worst = worstOfEach(norms[name], expected.norms[name]);
      t.diagnostic(`${name}: ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-9);
    }
  });

  it('has the same gradient from its task loss as from the stored upstream gradient', () => {
    const loss = {
      kind: 'mse',
      at: 'last',
      Why: flat(readout.weight),
      by: flat(readout.bias),
      targets: flat(readout.target),
    } as const;
    const { lossValue, norms } = flatRun(finish(runResumably({ ...experiment, loss })));
    assert.ok(Math.abs((lossValue ?? NaN) / expected.meanTaskLoss - 1) < 1e-6);
    // The stored gradient is rounded to float32.
    assert.ok(worstOfEach(norms.dh, expected.norms.dh) < 1e-5);
  });

  it('has the spectrum', () => {
    const { jacobianSigmaMax, lyapunov, logProductSigmaMax } = finish(
      spectrumResumably(experiment, flatRun(finish(runResumably(experiment)))),
    );
    assert.ok(worstOfEach(jacobianSigmaMax, expected.spectrum.jacobianSigmaMax) < 1e-9);
    assert.ok(lyapunov?.every((value, i) => Math.abs(value - expected.spectrum.lyapunov[i]!) < 1e-8));
    assert.ok(Math.abs(logProductSigmaMax - expected.spectrum.logProductSigmaMax) < 1e-8);
  });

  for (const dtype of ['float32', 'float64'] as const) {
    it(`vanishes in ${dtype}, at one rate all the way`, () => {
      const { verdict } = flatRun(finish(runResumably({ ...experiment, dtype })));
      assert.equal(verdict.kind, 'vanishing');
      assert.ok(verdict.perStepFactor !== null && verdict.perStepFactor > 0.86 && verdict.perStepFactor < 0.9);
      assert.equal(verdict.segments.length, 1);
    });
  }
});
