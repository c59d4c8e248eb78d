import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, RunResult } from '../../../src/engine/index.js';
import { experiment, filled, flatRun, orthogonal, randomNumbers, rows, scaledIdentity } from './build.js';
import type { FlatRun } from './build.js';

const run = (e: LayerExperiment): FlatRun<RunResult> => flatRun(finish(runResumably(e)));

describe('verdict', () => {
  it('a nilpotent Wh that doubles the gradient at each step is exploding, its spectral radius 0', () => {
    const H = 12;
    for (const lower of [false, true]) {
      // Every unit feeds the next with weight 2: eight steps are 2^8 > 70 times the source, and only after twelve all
      // is lost.
      const shift = Float64Array.from({ length: H * H }, (_, i) =>
        (i % H) - Math.floor(i / H) === (lower ? -1 : 1) ? 2 : 0,
      );
      const e = experiment(H, 9, shift);
      const result = run(e);
      assert.equal(result.verdict.kind, 'exploding');
      assert.ok(result.verdict.log10Ratio !== null && result.verdict.log10Ratio > Math.log10(70));
      assert.equal(finish(spectrumResumably(e, result)).spectralRadiusWh, 0);
    }
  });

  it('looks through a loss at every step, which hides what does not arrive from far away', () => {
    const result = run(experiment(4, 80, scaledIdentity(4, 0.8), { upstream: { kind: 'every' } }));
    assert.ok(result.log10Norms.dh[0]! > result.log10Norms.dh[79]!, 'the total gradient even grows going back');
    assert.equal(result.verdict.kind, 'vanishing');
    assert.ok(Math.abs((result.verdict.perStepFactor ?? NaN) - 0.8) < 1e-12);
    // Early steps have losses of their own near by, so that nothing is said of their being learned.
    assert.match(
      result.verdict.reason,
      /^Each loss teaches the 21 steps before it: the gradient keeps 80 % per step back, half is gone after 3\.1/,
    );
    const told = (upstream: ReturnType<typeof experiment>['upstream']): string =>
      run(experiment(4, 80, scaledIdentity(4, 0.8), { upstream })).verdict.reason;
    assert.match(told({ kind: 'last' }), /before t = 58 is hardly learned/);
    // A single loss elsewhere teaches what is before it, wherever that lies from the last step.
    const dhs = new Float64Array(80 * 4);
    assert.match(told({ kind: 'given', dhs: dhs.fill(1, 0, 4) }), /^Each loss teaches the 21 steps before it: /);
    assert.match(told({ kind: 'given', dhs: dhs.fill(0).fill(1, 79 * 4) }), /before t = 58 is hardly learned/);
    assert.match(result.verdict.reason, /recurrent weights take the most/);
  });

  it('names the step at which a bound is passed, and takes the bounds that it is given', () => {
    const e = experiment(2, 41, scaledIdentity(2, 0.5));
    assert.equal(run(e).verdict.crossedAt, 30, '0.5^10 is the first power below 1e-3');
    assert.equal(
      flatRun(finish(runResumably(e, { vanishing: 1e-20, fading: 1e-19, exploding: 70 }))).verdict.kind,
      'healthy',
    );
    assert.equal(run(experiment(2, 41, scaledIdentity(2, 2))).verdict.crossedAt, 33, '2^7 is the first power above 70');
  });

  it('is nonfinite when a weight, an input, a state or the gradient is, and says which', () => {
    const one = scaledIdentity(2, 1);
    const cases: readonly (readonly [LayerExperiment, RegExp])[] = [
      [experiment(2, 5, rows([NaN, 0], [0, 1])), /^The forward pass is not finite: Wh holds NaN\./],
      [
        experiment(2, 5, rows([1e39, 0], [0, 1]), { dtype: 'float32' }),
        /^The forward pass is not finite: Wh holds ∞\./,
      ],
      [
        experiment(2, 5, one, { chunks: [{ steps: 5, xs: Float64Array.of(0, 0, Infinity, 0, 0) }] }),
        /not finite from t = 2 on: input 0 is ∞ there/,
      ],
      [
        experiment(2, 5, scaledIdentity(2, 1e200), { cell: 'identity', h0: Float64Array.of(1, 1) }),
        /from t = 1 on: h of unit 0 is ∞ .* h·Wh: \|h\| is up to 1\.0e200 before this step, \|Wh\| up to 1\.0e200/,
      ],
      [
        experiment(2, 5, one, { upstream: { kind: 'given', dhs: new Float64Array(10).fill(NaN) } }),
        /enters from above stops being finite at t = 4, going back/,
      ],
      [
        experiment(2, 60, scaledIdentity(2, 10), { dtype: 'float32' }),
        /stops being finite at t = 20, going back.*multiplied by 10 per step/,
      ],
    ];
    for (const [e, reason] of cases) {
      const { verdict } = run(e);
      assert.equal(verdict.kind, 'nonfinite');
      assert.match(verdict.reason, reason);
      const isForward = verdict.reason.startsWith('The forward');
      assert.equal(verdict.perStepFactor === null && verdict.segments.length === 0, isForward, verdict.reason);
    }
  });

  it('tells how a state has grown beyond its dtype, in the sequence in which it does, and no rate', () => {
    // h_t = 4·h_{t−1} + 1 = (4^{t+1} − 1)/3 in the second of two sequences; the last that float32 holds is h_63.
    const e = experiment(1, 80, Float64Array.of(4), {
      cell: 'relu',
      dtype: 'float32',
      shapes: { B: 2, T: 80, I: 1, H: 1 },
      weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(4), b: new Float64Array(1) },
      chunks: [{ steps: 80, xs: Float64Array.from({ length: 160 }, (_, i) => (i < 80 ? 0 : 1)) }],
    });
    const { verdict, onePercentAt } = run(e);
    const perStep = ((4 ** 64 - 1) / 3) ** (1 / 63);
    assert.equal(perStep.toPrecision(3), '4.02');
    assert.equal(
      verdict.reason,
      'The forward pass is not finite from t = 64 on: h of unit 0 in sequence 2 is ∞ there. ' +
        'So no rate of the gradient can be told. Most of it comes from h·Wh: the largest |h| has grown from 1 at ' +
        't = 0 to 1.1e38 at t = 63, 4.02 times per step, and float32 ends at 3.4e38.',
    );
    assert.deepEqual(
      [verdict.perStepFactor, verdict.halfLifeSteps, verdict.log10Ratio, verdict.segments, onePercentAt],
      [null, null, null, [], null],
    );
  });

  it('passes non-finite numbers on as plain arithmetic does, the spectrum included', () => {
    const e = experiment(3, 4, Float64Array.of(1, 2, 3, 4, NaN, 6, 7, 8, 9));
    const result = run(e);
    assert.ok(Number.isNaN(result.hs[4 * 3 - 1]));
    const spectrum = finish(spectrumResumably(e, result));
    assert.ok(Number.isNaN(spectrum.spectralRadiusWh) && Number.isNaN(spectrum.logProductSigmaMax));
    assert.equal(spectrum.lyapunov, null);
  });

  it('tells an overflow of the dtype apart from the run that stays finite', () => {
    const tiny = new Float64Array(2 * 60);
    tiny.fill(1e-40, 2 * 59);
    const { verdict } = run(
      experiment(2, 60, scaledIdentity(2, 10), { dtype: 'float32', upstream: { kind: 'given', dhs: tiny } }),
    );
    assert.equal(verdict.kind, 'exploding');
    assert.equal(verdict.infiniteAt, 20, '10^39 is the first power beyond float32');
    assert.match(verdict.reason, /float32 overflows to infinity at t = 20/);
  });

  it('says that dead relus stop the gradient, and where', () => {
    const always = run(
      experiment(3, 10, scaledIdentity(3, 1), {
        cell: 'relu',
        weights: { Wx: new Float64Array(3), Wh: scaledIdentity(3, 1), b: new Float64Array(3).fill(-1) },
      }),
    );
    assert.equal(always.verdict.kind, 'vanishing');
    assert.deepEqual(
      [always.verdict.perStepFactor, always.verdict.log10Ratio, always.verdict.zeroAt],
      [0, -Infinity, 8],
    );
    assert.match(always.verdict.reason, /every relu that the gradient could pass at t = 9 is off/);

    const xs = new Float64Array(10).fill(1);
    xs[4] = -100;
    const once = run(
      experiment(2, 10, scaledIdentity(2, 1), {
        cell: 'relu',
        weights: { Wx: Float64Array.of(1, 1), Wh: scaledIdentity(2, 1), b: new Float64Array(2) },
        chunks: [{ steps: 10, xs }],
      }),
    );
    assert.equal(once.verdict.kind, 'vanishing');
    assert.equal(once.verdict.perStepFactor, 1);
    assert.match(
      once.verdict.reason,
      /From t = 3 back it is exactly zero: every relu that the gradient could pass at t = 4 is off/,
    );
    assert.deepEqual(
      once.verdict.segments.map(({ from, to }) => [from, to]),
      [
        [0, 3],
        [4, 9],
      ],
    );
  });

  it('finds saturation where saturation is the cause', () => {
    const H = 4;
    const { verdict, saturation } = run(
      experiment(H, 30, orthogonal(H, 3), {
        weights: { Wx: new Float64Array(H), Wh: orthogonal(H, 3), b: new Float64Array(H).fill(4) },
      }),
    );
    assert.equal(verdict.kind, 'vanishing');
    assert.ok(saturation !== null && saturation[20]! > 0.9);
    assert.match(verdict.reason, /Saturation takes the most/);
  });

  it('tells a gradient that only the dtype takes for zero from one that no float64 could hold', () => {
    const held = (z: number) =>
      run(
        experiment(2, 12, scaledIdentity(2, 0.5), {
          weights: { Wx: new Float64Array(2), Wh: scaledIdentity(2, 0.5), b: Float64Array.of(z, -z) },
        }),
      );
    // The state adds half of ±1 to z.
    const deep = held(40);
    const perStep = Math.LN2 + 2 * (40.5 - Math.LN2);
    assert.ok(Math.abs(Math.log(deep.verdict.perStepFactor ?? NaN) + perStep) < 1e-9);
    assert.equal(deep.verdict.zeroAt, 10, 'plain float64 has 1 − h² = 0');
    assert.match(
      deep.verdict.reason,
      new RegExp(
        String.raw`Plain float64 has nothing but zeros from t = 10 back\. ` +
          String.raw`Saturation takes the most: the slope of tanh keeps 10\^-33 %`,
      ),
    );
    const none = held(400);
    assert.deepEqual([none.verdict.perStepFactor, none.verdict.zeroAt], [0, 10]);
    assert.match(none.verdict.reason, /could pass at t = 11 is so saturated that its slope is below 10\^-323/);
  });

  it('keeps the slope of a unit that only float32 saturates', () => {
    // tanh(9.5) is 1 in float32 and 1 − 1.1e-8 in float64.
    const weights = { Wx: new Float64Array(1), Wh: Float64Array.of(1e-3), b: Float64Array.of(9.5) };
    const { log10SingleSource, verdict } = run(experiment(1, 3, weights.Wh, { dtype: 'float32', weights }));
    const slope = 1 / Math.cosh(9.501) ** 2;
    assert.ok(Math.abs(log10SingleSource[0]! - 2 * Math.log10(1e-3 * slope)) < 1e-9);
    assert.equal(verdict.zeroAt, 1, 'plain float32 has 1 − h² = 0');
  });

  it('tells one step that loses more than all others, and what lost it', () => {
    // h stays at 0 but for one input of 8 and the next, which takes it back: each step multiplies by 1.02, that one by
    // 1.02/cosh²(8) = 4.6e-7.
    for (const at of [4, 40, 74]) {
      const xs = new Float64Array(80);
      [xs[at], xs[at + 1]] = [8, -1.02 * Math.tanh(8)];
      const { verdict } = run(
        experiment(1, 80, Float64Array.of(1.02), {
          weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(1.02), b: new Float64Array(1) },
          chunks: [{ steps: 80, xs }],
        }),
      );
      assert.equal(verdict.kind, 'vanishing');
      assert.ok(Math.abs((verdict.log10Ratio ?? NaN) - (79 * Math.log10(1.02) - 2 * Math.log10(Math.cosh(8)))) < 1e-9);
      assert.match(verdict.reason, /^Over most of the trip the gradient is multiplied by 1\.02 per step back;/);
      assert.ok(verdict.reason.includes(`less than 1 % of it arrives before t = ${at},`), verdict.reason);
      assert.ok(
        verdict.reason.includes(`from t = ${at} back to t = ${at - 1}, 10^-4 % of it is left.`),
        verdict.reason,
      );
      assert.match(verdict.reason, /The activation takes the most: .*, Wh multiplies it by 1\.02 per step\.$/);
    }
  });

  it('tells one step that enlarges the gradient more than all others change it', () => {
    // The source stands on both units. What leaves the second reaches the first times 10^4, in one step; then the first
    // alone keeps 0.9.
    const Wh = rows([0.9, 1e4], [0, 0]);
    const { verdict } = run(
      experiment(2, 40, Wh, {
        cell: 'relu',
        weights: { Wx: new Float64Array(2), Wh, b: Float64Array.of(1, 0) },
        h0: Float64Array.of(1, 0),
      }),
    );
    assert.equal(verdict.kind, 'exploding');
    assert.ok(
      Math.abs((verdict.log10Ratio ?? NaN) - (Math.log10(10_000.9 / Math.SQRT2) + 38 * Math.log10(0.9))) < 1e-9,
    );
    assert.match(
      verdict.reason,
      /from t = 39 back to t = 38 it becomes 7,100 times as large\. The recurrent weights drive it/,
    );
  });

  it('with a bound above 1 % tells how much arrives, where the rate changes on a trip that nowhere leaves less', () => {
    // Ten steps of 0.8 after fifty of 1: 0.8^10 = 10.7 %.
    const xs = Float64Array.from({ length: 61 }, (_, t) => (t > 50 ? Math.atanh(Math.sqrt(0.2)) : 0));
    const one = Float64Array.of(1);
    const held = Float64Array.from(xs, (z, t) => z - (t > 0 ? Math.tanh(xs[t - 1]!) : 0));
    const { verdict } = flatRun(
      finish(
        runResumably(
          experiment(1, 61, one, {
            weights: { Wx: one, Wh: one, b: new Float64Array(1) },
            chunks: [{ steps: 61, xs: held }],
          }),
          { vanishing: 0.5, fading: 0.5, exploding: 70 },
        ),
      ),
    );
    assert.equal(verdict.kind, 'vanishing');
    assert.ok(Math.abs((verdict.log10Ratio ?? NaN) - 10 * Math.log10(0.8)) < 1e-9);
    assert.match(
      verdict.reason,
      /^11 % of the gradient arrives at t = 0, 60 steps from its source, and the bound is passed at t = 56\./,
    );
    assert.doesNotMatch(verdict.reason, /before t = 0/);
  });

  it('tells shares far below the range of float64', () => {
    const { verdict } = flatRun(
      finish(runResumably(experiment(1, 3, Float64Array.of(1e-9)), { vanishing: 1e-20, fading: 1e-20, exploding: 70 })),
    );
    assert.equal(verdict.kind, 'healthy');
    assert.match(
      verdict.reason,
      /keeps 10\^-7 % per step back: 10\^-16 % of it arrives .* less than 10\^-18 % is left after 3 steps\./,
    );
  });

  it('a single step is healthy: there is no trip to measure', () => {
    const { verdict } = run(experiment(3, 1, scaledIdentity(3, 0.1)));
    assert.deepEqual(
      [verdict.kind, verdict.perStepFactor, verdict.log10Ratio, verdict.segments],
      ['healthy', null, null, []],
    );
    assert.match(verdict.reason, /single step/);
  });

  it('tells the horizon of a short sequence with a rate that would kill a long one', () => {
    const { verdict } = run(experiment(3, 11, scaledIdentity(3, 0.8)));
    assert.equal(verdict.kind, 'healthy');
    assert.match(verdict.reason, /Healthy over 10 steps, but at this rate less than 0\.1 % is left after 31 steps\./);
  });

  it('measures each sequence far below the others', () => {
    // Two sequences, one held near h = 0 and one saturated: rates of 0.9 and about 1e-3 a step.
    const [T, H] = [300, 2];
    const xs = new Float64Array(2 * T).fill(4, T);
    const result = run(
      experiment(H, T, scaledIdentity(H, 0.9), {
        shapes: { B: 2, T, I: 1, H },
        weights: { Wx: Float64Array.of(1, 1), Wh: scaledIdentity(H, 0.9), b: new Float64Array(H) },
        chunks: [{ steps: T, xs }],
      }),
    );
    const [free, held] = [result.log10dhPerSequence[0]!, result.log10dhPerSequence[T]!];
    assert.ok(Math.abs(free - (Math.log10(Math.SQRT2) + (T - 1) * Math.log10(0.9))) < 1e-9);
    let expected = Math.log10(Math.SQRT2);
    let h = 0;
    for (let t = 0; t < T; t++) {
      const z = 0.9 * h + 4;
      h = Math.tanh(z);
      if (t > 0) expected += Math.log10(0.9 / Math.cosh(z) ** 2);
    }
    assert.ok(held < -900 && Math.abs(held - expected) < 1e-6, `${held} against ${expected}`);
  });

  it('yields at least once a timestep, with progress that never falls', () => {
    const next = randomNumbers(5);
    const steps = runResumably(experiment(3, 50, filled(9, next)));
    let [count, last] = [0, 0];
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      assert.ok(step.value >= last && step.value <= 1);
      [count, last] = [count + 1, step.value];
    }
    assert.ok(count >= 50);
  });
});
