import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asNetworkRun, finish, runSteps, spectrumSteps } from '../../../src/engine/index.js';
import { resultJson, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { experiment, scaledIdentity } from '../engine/build.js';

describe('the result as JSON', () => {
  it('comes in pieces whose length does not grow with T, so that none outgrows what a string may hold', () => {
    const T = 70_000;
    const subject = experiment(1, T, scaledIdentity(1, 0.5));
    const result = finish(runSteps(subject));
    const pieces = [
      ...resultJson(finish(asNetworkRun(subject, result)), () =>
        finish(withGateBlocks(subject, finish(spectrumSteps(subject, result)))),
      ),
    ];
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
});
