// What is said of runs at the edge: of a single step, of rates that change often, of units that are off by nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, nextStepOf, runExperiment, runResumably } from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment } from '../../../src/engine/index.js';
import { measure } from '../../../src/engine/verdict/verdict.js';
import { quickSigmaMax } from '../../../src/engine/verdict/advice.js';
import { answered, experiment, rows, scaledIdentity } from './build.js';
import { randomNetwork } from './networks.js';

const run = (one: LayerExperiment): AnyRun => finish(runResumably(one));

describe('a verdict at the edge', () => {
  it('of a network of a single step has no rate, and says why', () => {
    const shape = { seed: 3, cell: 'tanh', B: 1, T: 1, I: 2, widths: [2, 2], directions: ['forward'] } as const;
    const { verdict } = finish(runExperiment(Infinity, randomNetwork(shape)));
    assert.deepEqual([verdict.kind, verdict.perStepFactor], ['healthy', null]);
    assert.match(verdict.reason, /^There is a single step, so the gradient makes no trip back through time/);
  });

  it('of one step that is too much for any exponent has no rate, and explodes', () => {
    const unknown = new Float64Array(3).fill(NaN);
    const log10 = Float64Array.of(0, Infinity, 0);
    const single = { log10, lnSlope: unknown, lnWh: unknown, bySource: null, lnPaths: null };
    const bounds = { vanishing: 1e-3, fading: 0.1, exploding: 100 };
    const found = { bounds, first: 1, source: 2, nonFinite: null, zeroAt: null, infiniteAt: 1 };
    const whole = finish(measure({ ...found, single, first: 0 }));
    assert.equal(whole.perStepFactor, null);
    const gone = { ...single, log10: Float64Array.of(0, NaN, 0) };
    const { kind, perStepFactor } = finish(measure({ ...found, single: gone }));
    assert.deepEqual([kind, perStepFactor], ['exploding', null]);
  });

  it('of a rate that changes often names the stretch with most of it', () => {
    // One unit that keeps 0.95 per step, and much less where inputs push it: four stretches of fifty steps.
    const T = 200;
    const xs = Float64Array.from({ length: T }, (_, t) => (Math.floor(t / 50) % 2 === 0 ? 0 : 0.6));
    const { verdict } = run(
      experiment(1, T, Float64Array.of(0.95), {
        weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(0.95), b: Float64Array.of(0) },
        chunks: [{ steps: T, xs }],
      }),
    );
    assert.ok(verdict.segments.length > 3, `${verdict.segments.length} stretches`);
    assert.match(verdict.reason, /The rate changes \d times on the way; most happens × 0\.\d+ per step from t = \d+/);
  });

  it('of a gradient that stays as it is may pass a bound all the same', () => {
    const one = experiment(2, 30, scaledIdentity(2, 1 - 1e-9));
    const { verdict } = finish(runResumably(one, { vanishing: 1e-9, fading: 1, exploding: 100 }));
    assert.equal(verdict.kind, 'fading');
    assert.match(verdict.reason, /all of it arrives at t = 0, 29 steps from its source, and the bound is passed/);
  });

  it('of a gradient that only sums to infinity says at no step where', () => {
    // ∂L/∂Wx = Σ x·dz is beyond float32, while every x and every dz is not.
    const { verdict } = run(
      experiment(1, 3, Float64Array.of(1), {
        dtype: 'float32',
        chunks: [{ steps: 3, xs: Float64Array.of(1e30, 1e30, 1e30) }],
        upstream: { kind: 'given', dhs: Float64Array.of(0, 0, 1e20) },
      }),
    );
    assert.equal(verdict.kind, 'nonfinite');
    assert.match(verdict.reason, /^The gradient stops being finite, going back\./);
  });
});

describe('what to try at the edge', () => {
  it('is another Wh where units are off by nothing at all', () => {
    // Of ReLU at exactly 0 the slope is 0, and no bias is known that would bring it on.
    const { verdict, nextStep } = answered(run(experiment(2, 5, scaledIdentity(2, 1), { cell: 'relu' })));
    assert.equal(verdict.kind, 'vanishing');
    assert.match(nextStep?.sentence ?? '', /orthogonal Wh/);
  });

  it('is nothing of gates that are not finite, of a healthy run, and of a result that no run has made', () => {
    const network = randomNetwork({ seed: 1, cell: 'lstm', B: 1, T: 4, I: 1, widths: [2], directions: ['forward'] });
    const [layer] = network.layers;
    const broken = {
      ...network,
      layers: [{ ...layer, parameters: { ...layer.parameters, b: layer.parameters.b.map(() => NaN) } }],
    } as const;
    const result = finish(runExperiment(Infinity, broken)).layers[0].result;
    assert.equal(result.verdict.kind, 'nonfinite');
    assert.equal(finish(nextStepOf(result)), null);
    assert.equal(answered(run(experiment(2, 5, scaledIdentity(2, 1)))).nextStep, null);
    assert.equal(finish(nextStepOf({ ...result })), null);
  });

  it('asks for the size of a Wh only where that is quickly told', () => {
    assert.equal(finish(quickSigmaMax(rows([Infinity, 0], [0, 1]), 2)), null);
    assert.ok(Math.abs((finish(quickSigmaMax(scaledIdentity(2, 0.5), 2)) ?? NaN) - 0.5) < 1e-6);
  });
});
