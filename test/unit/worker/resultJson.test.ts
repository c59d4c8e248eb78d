import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asNetworkRun,
  finish,
  runExperiment,
  runResumably,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import { resultJson, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { experiment, scaledIdentity, withLayer } from '../engine/build.js';
import { leakyInTheTable } from '../engine/leaky.js';
import { kernelsOf, variants } from '../wasm/support.js';

/** What is written takes longer to compute in plain arithmetic than to write. */
const kernels = kernelsOf(variants[0]);
const workspaces = new Workspaces(kernels);

describe('the result as JSON', () => {
  it('comes in pieces whose length does not grow with T, so that none outgrows what a string may hold', () => {
    const T = 70_000;
    const subject = experiment(1, T, scaledIdentity(1, 0.5));
    const result = finish(runResumably(subject, undefined, kernels));
    const spectrumOf = () => finish(spectrumResumably(subject, result, workspaces));
    const pieces = [...resultJson(asNetworkRun(subject, result), () => finish(withGateBlocks(subject, spectrumOf())))];
    const longest = pieces.reduce((most, { length }) => Math.max(most, length), 0);
    // A double has 17 digits, a sign, a point and four characters of exponent.
    assert.ok(longest <= 2 ** 16 * 26, `${longest} characters`);
    const { norms, spectrum } = JSON.parse(pieces.join('')) as {
      norms: Record<string, number[]>;
      spectrum: { jacobianSigmaMax: number[] };
    };
    assert.deepEqual(Object.keys(norms), [
      'dh',
      'dWx',
      'dWh',
      'db',
      'log10dh',
      'log10dWx',
      'log10dWh',
      'log10db',
      'dx',
      'log10dx',
    ]);
    for (const values of [...Object.values(norms), spectrum.jacobianSigmaMax]) assert.equal(values.length, T);
    // The gradient halves at each of h = 0.
    for (const back of [0, 1, 65_535, 65_536, T - 1])
      assert.ok(Math.abs(norms['log10dh']![T - 1 - back]! - back * Math.log10(0.5)) < 1e-9 * Math.max(1, back));
    assert.deepEqual([norms['dh']![T - 1], norms['dh']![T - 11]], [1, 2 ** -10]);
    assert.ok(Math.abs(spectrum.jacobianSigmaMax[T - 2]! - 0.5) < 1e-12);
  });

  it('has log10 of what each step adds to the gradients, also where no double holds it', () => {
    // h_t = h_{t−1}/2 + x_t with x = 3 and h_0 before: dz_t = 2^{t+1−T}, and so h_t = 6·(1 − 2^{−t−1}).
    const T = 1500;
    const weights = { Wx: Float64Array.of(1), Wh: Float64Array.of(0.5), b: Float64Array.of(0) };
    const chunks = [{ steps: T, xs: new Float64Array(T).fill(3) }];
    const subject = experiment(1, T, weights.Wh, { cell: 'identity', weights, chunks });
    const result = finish(runResumably(subject, undefined, kernels));
    const analysed = finish(withGateBlocks(subject, finish(spectrumResumably(subject, result, workspaces))));
    type Norms = Readonly<Record<string, readonly (number | string)[]>>;
    const json = JSON.parse([...resultJson(asNetworkRun(subject, result), () => analysed)].join('')) as {
      readonly norms: Norms;
      readonly layers: readonly { readonly norms: { readonly log10parameters: Norms; readonly parameters: Norms } }[];
    };
    const { log10parameters, parameters } = json.layers[0]!.norms;
    assert.equal(parameters['bias_ih']![0], 0, 'which float64 does not hold');
    for (const t of [0, 1, 2, 700, T - 2, T - 1]) {
      const dz = (t + 1 - T) * Math.log10(2);
      const before = t === 0 ? -Infinity : Math.log10(6 * (1 - 2 ** -t));
      for (const [own, layers, expected] of [
        ['log10db', 'bias_ih', dz],
        ['log10db', 'bias_hh', dz],
        ['log10dWx', 'weight_ih', dz + Math.log10(3)],
        ['log10dWh', 'weight_hh', dz + before],
      ] as const)
        for (const value of [json.norms[own]![t], log10parameters[layers]![t]])
          assert.ok(Number(value) === expected || Math.abs(Number(value) - expected) < 1e-9, `${own} ${t}: ${value}`);
    }
  });

  it('has σ_max of every step, null behind the first sequence, in the fields of one layer too', () => {
    const plain = experiment(1, 3, scaledIdentity(1, 0.5), { shapes: { B: 2, T: 3, I: 1, H: 1 } });
    const subject = { ...plain, chunks: [{ steps: 3, xs: new Float64Array(6), lengths: [2, 3] }] };
    const run = finish(runExperiment(Infinity, subject));
    const text = [
      ...resultJson(run, ({ experiment: layer, result }) =>
        finish(withGateBlocks(layer, finish(spectrumResumably(layer, result as never)))),
      ),
    ].join('');
    type Spectrum = { readonly jacobianSigmaMax: readonly (number | null)[] };
    const json = JSON.parse(text) as {
      readonly spectrum: Spectrum;
      readonly layers: { readonly spectrum: Spectrum }[];
    };
    for (const { jacobianSigmaMax } of [json.spectrum, json.layers[0]!.spectrum])
      assert.deepEqual(
        jacobianSigmaMax.map((sigma) => (sigma === null ? null : Number(sigma.toFixed(9)))),
        [0.5, 0.5, null],
      );
  });

  it('has the gradient of every parameter of the cell, in its shape', () => {
    const [H, T] = [3, 4];
    const plain = experiment(H, T, scaledIdentity(H, 0.5));
    const subject = {
      ...withLayer(plain, { weights: { ...plain.layers[0].parameters, alpha: new Float64Array(H).fill(0.5) } }),
      cell: leakyInTheTable(),
    };
    const result = finish(runResumably(subject));
    const blocks = finish(withGateBlocks(subject, finish(spectrumResumably(subject, result))));
    const text = [...resultJson(asNetworkRun(subject, result), () => blocks)].join('');
    const json = JSON.parse(text) as {
      readonly dalpha: number[][];
      readonly norms: Record<string, number[]>;
      readonly parameters: Record<string, number[][]>;
    };
    const alpha = [[...result.layers[0].gradients['alpha']!]];
    assert.deepEqual(json.dalpha, alpha);
    assert.deepEqual(json.parameters['alpha_l0'], alpha);
    assert.equal(json.norms['dalpha']?.length, T);
  });
});
