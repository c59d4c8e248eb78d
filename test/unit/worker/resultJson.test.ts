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
const kernels = variants[0] === undefined ? null : kernelsOf(variants[0]);
const workspaces = kernels === null ? null : new Workspaces(kernels);

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
    assert.deepEqual(Object.keys(norms), ['dh', 'dWx', 'dWh', 'db', 'log10dh', 'dx', 'log10dx']);
    for (const values of [...Object.values(norms), spectrum.jacobianSigmaMax]) assert.equal(values.length, T);
    // The gradient halves at each of h = 0.
    for (const back of [0, 1, 65_535, 65_536, T - 1])
      assert.ok(Math.abs(norms['log10dh']![T - 1 - back]! - back * Math.log10(0.5)) < 1e-9 * Math.max(1, back));
    assert.deepEqual([norms['dh']![T - 1], norms['dh']![T - 11]], [1, 2 ** -10]);
    assert.ok(Math.abs(spectrum.jacobianSigmaMax[T - 2]! - 0.5) < 1e-12);
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
