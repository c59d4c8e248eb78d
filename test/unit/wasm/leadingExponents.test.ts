// The leading exponents of a wide network come first, for a fraction of the work; the rest comes when somebody asks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  finish,
  growingSpectrum,
  leadingSpectrum,
  runResumably,
  spectrumResumably,
  tellsLargest,
  Workspaces,
} from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { Analyses } from '../../../src/worker/answers/analyses.js';
import { experiment, filled, randomNumbers } from '../engine/build.js';
import { Counted } from './counting.js';
import { kernelsOf, variants, ways } from './support.js';

function wide(H: number, T: number, gain: number): LayerExperiment {
  const next = randomNumbers(H);
  const weights = {
    Wx: filled(H, next),
    Wh: filled(H * H, next).map((value) => value * gain * Math.sqrt(3 / H)),
    b: filled(H, next),
  };
  return experiment(H, T, weights.Wh, { weights, chunks: [{ steps: T, xs: filled(T, next) }] });
}

/** Every number is one of the others. */
function assertAmong(some: Float64Array, all: Float64Array, bound: number): void {
  for (const value of some)
    assert.ok(
      all.some((other) => Math.abs(value - other) <= bound),
      `${value} is none of them`,
    );
}

for (const [way, workspaces] of ways)
  describe(`the leading exponents, ${way}`, () => {
    // The second has slopes that go through elimination.
    for (const [H, gain] of [
      [130, 1],
      [75, 6],
    ] as const)
      it(`of ${H} are the first that the spectrum has, and all follow`, () => {
        const e = wide(H, 12, gain);
        const result = finish(runResumably(e));
        const whole = finish(spectrumResumably(e, result, workspaces));
        assert.equal(whole.lyapunovKnown, H);
        const { spectrum, steps, rest } = growingSpectrum(e, result, workspaces, undefined, 0);
        finish(steps);
        assert.deepEqual([spectrum.lyapunovKnown, spectrum.lyapunov?.length], [32, 32]);
        assert.equal(spectrum.lyapunovSumError, null, 'the sum needs all of them');
        assert.ok(Number.isNaN(spectrum.logProductSigmaMax), 'so does the product');
        assert.ok(whole.lyapunov !== null && spectrum.lyapunov !== null);
        assertAmong(
          spectrum.lyapunov,
          whole.lyapunov,
          (spectrum.lyapunovError ?? NaN) + (whole.lyapunovError ?? NaN) + 1e-13,
        );
        assert.deepEqual(spectrum.jacobianSigmaMax, whole.jacobianSigmaMax);
        assert.deepEqual(spectrum.eigenvaluesWh, whole.eigenvaluesWh);
        finish(rest());
        assert.deepEqual(spectrum, whole);
      });

    it('grow from 32 over 128 to all of them', () => {
      const e = wide(258, 2, 1);
      const { spectrum, steps, rest } = growingSpectrum(e, finish(runResumably(e)), workspaces, 1, 0);
      const known: number[] = [];
      const look = (): void => {
        if (known.at(-1) !== spectrum.lyapunovKnown) known.push(spectrum.lyapunovKnown);
      };
      for (const part of [steps, rest()]) while (part.next().done !== true) look();
      look();
      assert.deepEqual(known, [0, 32, 128, 258]);
    });

    it('are enough where they tell the largest, and all are needed where every Jacobian is zero', () => {
      const lost = wide(70, 3, 0);
      for (const [e, known] of [
        [wide(70, 3, 1), 32],
        [lost, 70],
      ] as const) {
        const spectrum = finish(leadingSpectrum(e, finish(runResumably(e)), workspaces, 0));
        assert.deepEqual([spectrum.lyapunovKnown, tellsLargest(spectrum)], [known, e !== lost]);
      }
    });

    it('of a short or narrow run are all of them at once', () => {
      const e = wide(40, 9, 1);
      const { spectrum, steps, rest } = growingSpectrum(e, finish(runResumably(e)), workspaces);
      finish(steps);
      assert.deepEqual([spectrum.lyapunovKnown, rest().next().done], [40, true]);
    });
  });

for (const variant of variants)
  it(`they take a small part of the work, ${variant}`, (t) => {
    const [H, T] = [320, 30];
    const e = wide(H, T, 1);
    const counted = new Counted(kernelsOf(variant), e);
    const { spectrum, steps, rest } = growingSpectrum(
      e,
      finish(runResumably(e)),
      new Workspaces(counted.kernels),
      1,
      0,
    );
    const before = counted.drive(
      (function* () {
        while (spectrum.lyapunovKnown === 0 && steps.next().done !== true) yield 0;
      })(),
    ).total;
    const after = counted.drive(steps).total + counted.drive(rest()).total;
    // 32 rows through T Jacobians, each product counting twice, the slopes, and Gram–Schmidt now and then.
    t.diagnostic(`${before.toExponential(1)} before, ${after.toExponential(1)} after`);
    assert.ok(before > 0 && before < 2 * 2 * 32 * H * H * T, `${before}`);
    assert.ok(after > 10 * before, `${after}`);
  });

describe('exponents that take long', () => {
  it('are computed while somebody asks, and rest in between', async () => {
    const e = wide(8, 3, 1);
    const run = { runId: 1, experiment: e, result: finish(runResumably(e)) };
    const { spectrum } = growingSpectrum(e, run.result);
    const seen = { pulled: 0, returned: false };
    const pulled = (): number => seen.pulled;
    const endless = (function* () {
      try {
        for (;;) {
          seen.pulled++;
          yield Math.min(0.9, seen.pulled * 1e-9);
        }
      } finally {
        seen.returned = true;
      }
    })();
    const analyses = new Analyses(run, e.shapes, () => undefined);
    assert.equal(await analyses.exponents(), null, 'there is no spectrum yet');
    analyses.keepSpectrum(spectrum, endless);
    assert.equal(pulled(), 0, 'nobody has asked');
    const answer = await analyses.exponents();
    assert.ok(answer !== null && answer.fraction > 0 && answer.fraction < 1);
    const after = pulled();
    assert.ok(after > 0);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(pulled(), after, 'nobody asks any more');
    await Promise.all([analyses.exponents(), analyses.exponents()]);
    assert.ok(pulled() > after);
    analyses.end();
    assert.ok(seen.returned, 'what was borrowed is given back');
  });

  it('are complete in what is asked for as a whole', async () => {
    const e = wide(70, 4, 1);
    const run = { runId: 1, experiment: e, result: finish(runResumably(e)) };
    const { spectrum, steps, rest } = growingSpectrum(e, run.result, null, undefined, 0);
    finish(steps);
    const analyses = new Analyses(run, e.shapes, () => undefined);
    analyses.keepSpectrum(spectrum, rest());
    await analyses.allExponents();
    const answer = await analyses.exponents();
    assert.deepEqual([spectrum.lyapunovKnown, answer?.lyapunovKnown, answer?.fraction], [70, 70, 1]);
    assert.ok(Number.isFinite(spectrum.logProductSigmaMax));
  });
});
