// The next thing to try follows the measured cause, and trying it goes the right way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asItIs,
  cellOf,
  changed,
  finish,
  initialise,
  measureRecurrent,
  nextStepOf,
  recurrentOf,
  runResumably,
} from '../../../src/engine/index.js';
import type { LayerExperiment, NextStep, Verdict, WhatIf } from '../../../src/engine/index.js';
import { readFixture } from '../../support/experiments.js';
import { experiment, filled, flatRun, orthogonal, randomNumbers, scaledIdentity, withLayer } from './build.js';
import { oneLayer } from '../../support/oneLayer.js';

/** The verdict of a run, and what it finds to try when it is asked. */
function verdictOf(subject: LayerExperiment): Verdict & { readonly next: NextStep | null } {
  const run = finish(runResumably(subject));
  return { ...flatRun(run).verdict, next: finish(nextStepOf(run)) };
}

function tried(subject: LayerExperiment, { whatIf }: NextStep): Verdict {
  const [cell, spec] = [cellOf(subject.cell), subject.layers[0]];
  const Wh = finish(recurrentOf(cell, spec, 0, whatIf.initialise));
  const gates = finish(measureRecurrent(cell, Wh, spec.H, whatIf));
  const other = finish(changed(subject, whatIf, new Map([[0, { Wh, gates }]])));
  if (typeof other === 'string') assert.fail(other);
  return verdictOf(oneLayer(other.experiment));
}

const H = 8;
const T = 60;
const inputs = (scale: number): LayerExperiment['chunks'] => [
  { steps: T, xs: filled(T, randomNumbers(5)).map((x) => x * scale) },
];
const Wx = Float64Array.from({ length: H }, (_, j) => 0.5 + j / H);

const weights = readFixture('weather/weights.json') as { Wx: number[][]; Wh: number[][]; b: number[][] };
const xs = readFixture('weather/sequences.json') as number[][][];
const weather: LayerExperiment = withLayer(
  experiment(32, 100, Float64Array.from(weights.Wh.flat()), {
    shapes: { B: 4, T: 100, I: 4, H: 32 },
    chunks: [{ steps: 100, xs: Float64Array.from(xs.flat(2)) }],
  }),
  {
    weights: {
      Wx: Float64Array.from(weights.Wx.flat()),
      Wh: Float64Array.from(weights.Wh.flat()),
      b: Float64Array.from(weights.b.flat()),
    },
  },
);

type Case = {
  readonly what: string;
  readonly subject: LayerExperiment;
  readonly says: RegExp;
  readonly changes: keyof WhatIf;
};
const cases: readonly Case[] = [
  {
    what: 'a Wh that shrinks',
    subject: experiment(H, T, scaledIdentity(H, 0.7)),
    says: /orthogonal Wh: it keeps/,
    changes: 'initialise',
  },
  {
    what: 'a Wh of zeros',
    subject: experiment(H, T, new Float64Array(H * H)),
    says: /orthogonal Wh/,
    changes: 'initialise',
  },
  {
    what: 'a linear cell that shrinks',
    subject: experiment(H, T, scaledIdentity(H, 0.8), { cell: 'identity' }),
    says: /orthogonal Wh/,
    changes: 'initialise',
  },
  {
    what: 'an explosion',
    subject: experiment(
      H,
      T,
      orthogonal(H, 3).map((x) => 1.3 * x),
      { cell: 'identity' },
    ),
    says: /largest singular value of 1/,
    changes: 'rescale',
  },
  {
    what: 'a forward pass that overflows',
    subject: experiment(
      H,
      3000,
      orthogonal(H, 3).map((x) => 2 * x),
      {
        cell: 'identity',
        chunks: [{ steps: 3000, xs: new Float64Array(3000).fill(1) }],
        weights: { Wx, Wh: orthogonal(H, 3).map((x) => 2 * x), b: new Float64Array(H) },
      },
    ),
    says: /largest singular value of 1/,
    changes: 'rescale',
  },
  {
    what: 'inputs that saturate',
    subject: experiment(
      H,
      T,
      orthogonal(H, 1).map((x) => 0.9 * x),
      { chunks: inputs(20), weights: { Wx, Wh: orthogonal(H, 1).map((x) => 0.9 * x), b: new Float64Array(H) } },
    ),
    says: /Wx times 0\.\d+/,
    changes: 'inputScale',
  },
  {
    what: 'recurrent weights that saturate',
    subject: experiment(H, T, scaledIdentity(H, 4), {
      weights: { Wx, Wh: scaledIdentity(H, 4), b: new Float64Array(H) },
      chunks: inputs(0.3),
    }),
    says: /pushes the units into saturation/,
    changes: 'initialise',
  },
  {
    what: 'relu units that are off',
    subject: experiment(H, T, orthogonal(H, 2), {
      cell: 'relu',
      chunks: inputs(1),
      weights: { Wx, Wh: orthogonal(H, 2), b: new Float64Array(H).fill(-0.4) },
    }),
    says: /every bias raised by \d/,
    changes: 'biasShift',
  },
  {
    what: 'a bias that makes slopes small',
    subject: experiment(
      H,
      T,
      orthogonal(H, 4).map((x) => 0.95 * x),
      {
        weights: {
          Wx: new Float64Array(H),
          Wh: orthogonal(H, 4).map((x) => 0.95 * x),
          b: new Float64Array(H).fill(0.9),
        },
      },
    ),
    says: /every bias shifted by -0\.9/,
    changes: 'biasShift',
  },
  {
    what: 'the training of the weather network',
    subject: weather,
    says: /largest singular value of 1\.6\d: it makes up for what each step loses/,
    changes: 'rescale',
  },
];

describe('the next thing to try', () => {
  for (const { what, subject, says, changes } of cases) {
    it(`after ${what} names its cause and brings the rate nearer to 1`, () => {
      const before = verdictOf(subject);
      assert.notEqual(before.kind, 'healthy');
      assert.ok(before.next?.whatIf);
      assert.match(before.next.sentence, says);
      assert.deepEqual(
        Object.entries(before.next.whatIf)
          .filter(([, value]) => value !== null)
          .map(([key]) => key),
        [changes],
      );
      assert.deepEqual(Object.keys(before.next.whatIf).sort(), Object.keys(asItIs).sort());
      const after = tried(subject, before.next);
      const distance = ({ log10Ratio, kind }: Verdict): number =>
        kind === 'nonfinite' ? Infinity : Math.abs(log10Ratio ?? 0);
      assert.ok(distance(after) < distance(before), `10^${before.log10Ratio} becomes 10^${after.log10Ratio}`);
    });
  }

  it('after one step that loses what all others keep makes Wh larger, by the mean loss', () => {
    // 1.02 a step but for one of 1.02/cosh²(8), over 79 steps.
    const xs = new Float64Array(80);
    [xs[4], xs[5]] = [8, -1.02 * Math.tanh(8)];
    const one = Float64Array.of(1.02);
    const { kind, next } = verdictOf(
      experiment(1, 80, one, {
        weights: { Wx: Float64Array.of(1), Wh: one, b: new Float64Array(1) },
        chunks: [{ steps: 80, xs }],
      }),
    );
    assert.equal(kind, 'vanishing');
    assert.deepEqual(next?.whatIf.rescale, {
      measure: 'sigmaMax',
      to: Number((Math.cosh(8) ** (2 / 79)).toPrecision(3)),
    });
  });

  it('after an overflow that no Wh has made is none', () => {
    const half = scaledIdentity(1, 0.5);
    const large = {
      cell: 'identity',
      dtype: 'float32',
      chunks: [{ steps: 10, xs: new Float64Array(10).fill(1e37) }],
      weights: { Wx: Float64Array.of(100), Wh: half, b: new Float64Array(1) },
    } as const;
    const state = verdictOf(experiment(1, 10, half, large));
    assert.match(state.reason, /from t = 0 on: .* from x·Wx: \|x\| is up to 1\.0e37 at this step, \|Wx\| up to 100,/);
    assert.equal(state.next, null);
    const gradient = verdictOf(
      experiment(1, 10, half, {
        cell: 'identity',
        dtype: 'float32',
        upstream: { kind: 'given', dhs: new Float64Array(10).fill(3e38) },
      }),
    );
    assert.match(gradient.reason, /gradient stops being finite/);
    assert.equal(gradient.next, null);
  });

  it('after an explosion cannot explode: the bound is proved', () => {
    for (let number = 1; number < 6; number++) {
      const subject = experiment(
        H,
        T,
        initialise('he', H, H, number)!.map((x) => 3 * x),
        { cell: 'identity' },
      );
      const { kind, next } = verdictOf(subject);
      assert.equal(kind, 'exploding');
      assert.ok((tried(subject, next!).log10Ratio ?? 0) <= 1e-9);
    }
  });

  it('is none where nothing is wrong, and where numbers are broken', () => {
    assert.equal(verdictOf(experiment(H, T, orthogonal(H, 1), { cell: 'identity' })).next, null);
    assert.equal(verdictOf(experiment(H, T, scaledIdentity(H, NaN))).next, null);
    assert.equal(
      verdictOf(
        experiment(H, T, scaledIdentity(H, 0.5), {
          chunks: [{ steps: T, xs: new Float64Array(T).fill(Infinity) }],
          weights: { Wx, Wh: scaledIdentity(H, 0.5), b: new Float64Array(H) },
        }),
      ).next,
      null,
    );
  });

  it('after a truncation that is shorter than the gradient reaches is a later one', () => {
    const healthy = verdictOf(experiment(H, T, orthogonal(H, 1), { cell: 'identity', truncate: 5 })).next;
    assert.equal(healthy?.whatIf.truncate, 'off');
    // 0.9 per step leaves 1 % after 43.7 steps, of 60.
    const fading = verdictOf(experiment(H, T, scaledIdentity(H, 0.9), { cell: 'identity', truncate: 5 }));
    assert.equal(fading.kind, 'fading');
    assert.equal(fading.next?.whatIf.truncate, 44);
    // Where the truncation takes little, what fades is mended as what vanishes.
    const little = verdictOf(experiment(H, T, scaledIdentity(H, 0.9), { cell: 'identity', truncate: 40 }));
    assert.equal(little.next?.whatIf.initialise?.way, 'orthogonal');
  });
});
