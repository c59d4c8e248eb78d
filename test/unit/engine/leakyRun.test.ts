// A whole run and every analysis of a made-up cell that the kernels do not know, whose D is not zero and which has a
// parameter of its own: against J_t = diag(A)·Whᵀ + diag(D) written down here, and the library's decompositions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LuDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import {
  attribute,
  finish,
  nextStepOf,
  jacobianSeries,
  openStep,
  preActivations,
  reachOf,
  runWithin,
  spectrumResumably,
} from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { summarise } from '../../../src/worker/answers/summary.js';
import { weights } from '../../../src/worker/answers/weightSlices.js';
import { kernelsOf, variants, ways } from '../wasm/support.js';
import { experiment, filled, randomNumbers, withLayer } from './build.js';
import { relativeError } from './fixtures.js';
import { leakyInTheTable } from './leaky.js';

const cell = leakyInTheTable();
const [B, T, I, H] = [2, 12, 3, 5];

function leakyExperiment(more: Partial<LayerExperiment> = {}): LayerExperiment {
  const next = randomNumbers(31);
  const weights = {
    Wx: filled(I * H, next),
    Wh: filled(H * H, next),
    b: filled(H, next),
    alpha: filled(H, next).map((value) => 0.5 + 0.4 * value),
  };
  const e = experiment(H, T, weights.Wh, {
    cell,
    shapes: { B, T, I, H },
    chunks: [{ steps: T, xs: filled(B * T * I, next) }],
  });
  return { ...withLayer(e, { weights, h0: filled(B * H, next) }), ...more };
}

const e = leakyExperiment();
const kernels = kernelsOf(variants[0]);
// Given kernels, the run takes the plain path all the same: limits and workspaces too.
const result = finish(runWithin(0, e, undefined, kernels));
const [layer] = result.layers;
const { Wx, Wh, b, alpha } = e.layers[0].parameters;
const hs = Float64Array.from(layer.states.h.subarray(0, B * T * H));

/** J_t of batch item `item`. */
function jacobianAt(item: number, t: number): Matrix {
  const J = Matrix.zeros(H, H);
  for (let j = 0; j < H; j++) {
    let z = b[j]!;
    for (let i = 0; i < I; i++) z += e.chunks[0]!.xs[(item * T + t) * I + i]! * Wx[i * H + j]!;
    for (let k = 0; k < H; k++)
      z += (t > 0 ? hs[(item * T + t - 1) * H + k]! : e.layers[0].initial.h![item * H + k]!) * Wh[k * H + j]!;
    const A = alpha![j]! / Math.cosh(z) ** 2;
    for (let k = 0; k < H; k++) J.set(j, k, A * Wh[k * H + j]! + (j === k ? 1 - alpha![j]! : 0));
  }
  return J;
}
const sigmas = (J: Matrix): number[] => new SingularValueDecomposition(J).diagonal.toSorted((x, y) => y - x);
const near = (actual: number, expected: number, within = 1e-10): void => {
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);
};
/** ∂h_{T−1}/∂h_t of batch item 0. */
function productFrom(t: number): Matrix {
  let product = Matrix.eye(H);
  for (let step = T - 1; step > t; step--) product = product.mmul(jacobianAt(0, step));
  return product;
}

describe('a cell with a D and a parameter of its own', () => {
  it('runs, and has the gradients that its Jacobians give', () => {
    for (let item = 0; item < B; item++) {
      let g = Matrix.ones(1, H);
      for (let t = T - 1; t >= 0; t--) {
        const own = layer.dhTotal.subarray((item * T + t) * H, (item * T + t + 1) * H);
        assert.ok(relativeError(own, Float64Array.from(g.to1DArray())) < 1e-12, `t ${t}`);
        g = g.mmul(jacobianAt(item, t));
      }
    }
    assert.equal(layer.gradients['alpha']?.length, H);
  });

  it('has norms of every parameter, and their logarithms', () => {
    assert.deepEqual(Object.keys(layer.norms.parameters), ['Wx', 'Wh', 'b', 'alpha']);
    for (const [name, norms] of Object.entries(layer.norms.parameters))
      norms.forEach((value, t) => near(layer.log10Norms.parameters[name]![t]!, Math.log10(value), 1e-9));
    layer.norms.dh.forEach((value, t) => near(layer.log10Norms.dh[t]!, Math.log10(value), 1e-9));
  });

  for (const [way, workspaces] of ways) {
    it(`has singular values and exponents (${way} given)`, () => {
      const spectrum = finish(spectrumResumably(e, result, workspaces));
      let logDeterminants = 0;
      for (let t = 0; t < T; t++) {
        const J = jacobianAt(0, t);
        near(spectrum.jacobianSigmaMax[t]!, sigmas(J)[0]!);
        logDeterminants += Math.log(Math.abs(new LuDecomposition(J).determinant));
      }
      const lyapunov = spectrum.lyapunov ?? assert.fail();
      near(
        lyapunov.reduce((sum, value) => sum + value, 0),
        logDeterminants / T,
      );
      assert.ok(spectrum.lyapunovSumError !== null && spectrum.lyapunovSumError < 1e-12);
      near(spectrum.logProductSigmaMax, Math.log(sigmas(productFrom(-1))[0]!));
      near(spectrum.sigmaMaxWh, sigmas(Matrix.from1DArray(H, H, Wh))[0]!);
      const { series, steps } = jacobianSeries(e, result, 0, workspaces);
      finish(steps);
      for (let t = 0; t < T; t++) {
        const [own, all] = [sigmas(jacobianAt(0, t)), sigmas(productFrom(t))];
        near(series.sigmaMax[t]!, own[0]!);
        near(series.sigmaMin[t]!, own[H - 1]!);
        near(10 ** series.log10Largest[t]!, all[0]!);
        near(10 ** series.log10Smallest[t]!, all[H - 1]!);
      }
    });

    it(`splits its gradient by loss and by distance (${way} given)`, () => {
      const every = leakyExperiment({ upstream: { kind: 'every' } });
      const ran = finish(runWithin(0, every, undefined, kernels));
      const { attribution, steps } = attribute(every, ran, workspaces);
      finish(steps);
      assert.equal(attribution.sources.length, T);
      // What enters at the last step, at t = 3: ones through the Jacobians of both sequences.
      let squares = 0;
      for (let item = 0; item < B; item++) {
        let g = Matrix.ones(1, H);
        for (let t = T - 1; t > 3; t--) g = g.mmul(jacobianAt(item, t));
        squares += g.norm() ** 2;
      }
      near(attribution.log10[3 * T + T - 1]!, Math.log10(Math.sqrt(squares)));
      const { reach, steps: more } = reachOf(every, ran, workspaces);
      finish(more);
      assert.ok(reach.missing.at(-1)! < 1e-10 && reach.missing[0]! > 0.1, reach.missing.join());
    });
  }

  it('is opened step by step', () => {
    for (const t of [0, 5, T - 1]) {
      const unit = openStep(e, result, t, 1);
      const back = Matrix.rowVector(Array.from(unit.g)).mmul(jacobianAt(1, t)).to1DArray();
      unit.dhPrev.forEach((value, k) => near(value, back[k]!));
      unit.dz.forEach((value, j) => near(value, unit.g[j]! * unit.slope[j]!));
      unit.carry.forEach((value, j) => near(value, 1 - alpha![j]!));
      const { alpha: own } = unit.own;
      own!.forEach((value, j) => near(value, unit.g[j]! * (Math.tanh(unit.z[j]!) - unit.hPrev[j]!)));
      if (t < T - 1)
        unit.fromNext.forEach((value, k) => near(value * 2 ** unit.exponent, layer.dhTotal.at((T + t) * H + k)!));
    }
  });

  it('answers the page: summary, pictures of its parameter, pre-activations', () => {
    const summary = summarise(1, e, result, 0);
    assert.deepEqual(Object.keys(summary.layers[0].log10.parameters), ['Wx', 'Wh', 'b', 'alpha']);
    assert.deepEqual([summary.cell.name, summary.cell.gamma, summary.cell.closing], ['leaky', null, 'saturated']);
    const picture = weights(
      { runId: 1, experiment: e, result },
      { runId: 1, tensor: 'alpha', maxRows: 9, maxColumns: 9 },
    );
    assert.deepEqual(picture?.shape, [1, H]);
    near(picture.norm, Math.hypot(...alpha!));
    const { z, steps } = preActivations(e, result, 0);
    finish(steps);
    assert.equal(z.values?.length, T * H);
    assert.ok(result.verdict.reason.length > 0);
  });

  it('has a verdict that blames neither slopes nor weights for what goes on beside them', () => {
    const scaled = (factor: number): LayerExperiment =>
      withLayer(leakyExperiment(), {
        weights: { ...e.layers[0].parameters, Wh: Wh.map((value) => value * factor), alpha: alpha!.map(() => 0.9) },
      });
    // Near z = 0 no unit holds back what the weights enlarge.
    const quiet = (loud: LayerExperiment): LayerExperiment => ({
      ...withLayer(loud, {
        weights: { ...loud.layers[0].parameters, b: new Float64Array(H) },
        h0: new Float64Array(B * H),
      }),
      chunks: [{ steps: T, xs: new Float64Array(B * T * I) }],
    });
    const small = finish(runWithin(0, scaled(0.1), undefined, kernels));
    const vanishing = small.verdict;
    assert.equal(vanishing.kind, 'vanishing');
    assert.doesNotMatch(vanishing.reason, /slope|Wh|weights|activation/);
    assert.match(
      finish(nextStepOf(small))?.sentence ?? '',
      /^Try an orthogonal Wh: it keeps the length of every gradient that/,
    );
    const large = finish(runWithin(0, quiet(scaled(8)), undefined, kernels));
    const exploding = large.verdict;
    assert.equal(exploding.kind, 'exploding', exploding.reason);
    assert.match(
      finish(nextStepOf(large))?.sentence ?? '',
      /: then the weights enlarge no gradient that passes them\.$/,
    );
  });
});
