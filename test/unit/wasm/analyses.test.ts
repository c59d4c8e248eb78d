// Attribution, reach and singular values through the kernels against plain arithmetic, at random.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rememberChunks } from '../../../src/engine/network/chunks.js';
import {
  attribute,
  finish,
  jacobianSeries,
  preActivations,
  reachOf,
  runResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment, Kernels, Resumable, RunResult, Trace } from '../../../src/engine/index.js';
import { maxAbs } from '../../../src/engine/core/norm.js';
import { experiment, filled, flatRun, orthogonal, randomNumbers, scaledIdentity } from '../engine/build.js';
import type { FlatRun } from '../engine/build.js';
import { difference, drawnFrom, kernelsOf, oncePer, plainLayer, randomExperiment, variants, ways } from './support.js';
import type { RandomShape } from './support.js';

const shapes = fc.record<RandomShape>({
  seed: fc.nat(),
  B: fc.integer({ min: 1, max: 5 }),
  T: fc.integer({ min: 1, max: 24 }),
  I: fc.integer({ min: 1, max: 9 }),
  H: fc.integer({ min: 1, max: 35 }),
  cell: fc.constantFrom('tanh', 'relu', 'identity'),
  dtype: fc.constantFrom('float32', 'float64'),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.constantFrom(null, 3, 5),
  chunks: fc.constantFrom(1, 2),
  stateful: fc.boolean(),
  initial: fc.boolean(),
});

type Steps<Made> = Made & { readonly steps: Resumable<unknown> };
const done = <Made>(made: Steps<Made>): Steps<Made> => {
  finish(made.steps);
  return made;
};
/** Runs, and an analysis of each in plain arithmetic, which every way is held against. */
const withPlain = <Made>(analyse: (e: LayerExperiment, result: FlatRun<RunResult>, item: number) => Steps<Made>) =>
  oncePer(({ which, ...shape }: RandomShape & { readonly which: number }) => {
    const e = randomExperiment(shape);
    const result = flatRun(finish(runResumably(e)));
    const item = which % shape.B;
    return { e, result, item, plain: done(analyse(e, result, item)) };
  });
const attributedOf = withPlain((e, result) => attribute(e, result));
const reachedOf = withPlain((e, result) => reachOf(e, result));
const seriesOf = withPlain((e, result, item) => jacobianSeries(e, result, item));
const preActivatedOf = withPlain((e, result, item) => preActivations(e, result, item));

for (const [way, workspaces] of ways.slice(1)) {
  describe(`analyses through ${way} kernels`, () => {
    it('attribute like plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, (shape) => {
          const { e, result, plain } = attributedOf({ ...shape, which: 0 });
          const own = done(attribute(e, result, workspaces));
          assert.deepEqual(own.attribution.sources, plain.attribution.sources);
          worst = Math.max(worst, difference(own.attribution.log10, plain.attribution.log10));
        }),
        { numRuns: 60, seed: drawnFrom },
      );
      t.diagnostic(`largest difference of log10 ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-11);
    });

    it('split dWh by distance like plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, (shape) => {
          const { e, result, plain } = reachedOf({ ...shape, which: 0 });
          const own = done(reachOf(e, result, workspaces));
          worst = Math.max(
            worst,
            difference(own.reach.share, plain.reach.share),
            difference(own.reach.missing, plain.reach.missing),
          );
        }),
        { numRuns: 60, seed: drawnFrom },
      );
      t.diagnostic(`largest difference ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-11);
    });

    it('have the singular values of plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, fc.nat(), (shape, which) => {
          const { e, result, item, plain } = seriesOf({ ...shape, which });
          const own = done(jacobianSeries(e, result, item, workspaces));
          const scale = Math.max(1, ...plain.series.sigmaMax);
          worst = Math.max(
            worst,
            difference(own.series.sigmaMax, plain.series.sigmaMax) / scale,
            difference(own.series.sigmaMin, plain.series.sigmaMin) / scale,
          );
          // Below 1e-13 of the largest, what makes a value is rounding.
          for (const name of ['log10Largest', 'log10Median', 'log10Smallest'] as const) {
            own.series[name].forEach((value, i) => {
              const expected = plain.series[name][i]!;
              if (shape.cell === 'tanh' && !Object.is(value, expected))
                worst = Math.max(worst, 1e-3 * Math.abs(10 ** (value - expected) - 1));
            });
          }
        }),
        { numRuns: 60, seed: drawnFrom },
      );
      t.diagnostic(`largest difference ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-10);
    });

    it('find the pre-activations of plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, fc.nat(), (shape, which) => {
          const { e, result, item, plain } = preActivatedOf({ ...shape, which });
          const own = done(preActivations(e, result, item, workspaces));
          const expected = plain.z.values as Float64Array;
          worst = Math.max(worst, difference(own.z.values as Float64Array, expected) / Math.max(1, maxAbs(expected)));
        }),
        { numRuns: 60, seed: drawnFrom },
      );
      t.diagnostic(`largest difference ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-13);
    });

    it('follow a single loss of a long run over more blocks than one, and past the range of a double', () => {
      const [H, T, rho] = [6, 900, 0.3];
      const e = experiment(
        H,
        T,
        orthogonal(H, 8).map((value) => rho * value),
        {
          upstream: { kind: 'last' },
          cell: 'identity',
          weights: {
            Wx: filled(H, randomNumbers(2)),
            Wh: orthogonal(H, 8).map((value) => rho * value),
            b: new Float64Array(H),
          },
          chunks: [{ steps: T, xs: filled(T, randomNumbers(3)) }],
        },
      );
      const result = flatRun(finish(runResumably(e)));
      const { attribution, steps } = attribute(e, result, workspaces);
      finish(steps);
      for (let t = 0; t < T; t += 50)
        assert.ok(Math.abs(attribution.log10[t]! - (Math.log10(Math.sqrt(H)) + (T - 1 - t) * Math.log10(rho))) < 1e-9);
      const { reach, steps: reachSteps } = reachOf(e, result, workspaces);
      finish(reachSteps);
      // One term each: ‖D_k‖ = ‖h_{T−2−k}‖·√H·ρ^k.
      const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
      const D = Array.from(
        { length: T - 1 },
        (_, k) => length(result.hs.subarray((T - 2 - k) * H, (T - 1 - k) * H)) * Math.sqrt(H) * rho ** k,
      );
      for (const k of [0, 1, 5, 127, 128, 129, 300])
        assert.ok(Math.abs(reach.share[k]! / reach.share[0]! / (D[k]! / D[0]!) - 1) < 1e-9, `k = ${k}`);
    });
  });
}

describe('where plain arithmetic ends, through the kernels', () => {
  const range = (e: LayerExperiment, kernels: Kernels | null): [number | null, number | null] => {
    const { zeroAt, infiniteAt } = flatRun(finish(runResumably(e, undefined, kernels))).verdict;
    return [zeroAt, infiniteAt];
  };
  for (const variant of variants) {
    it(`is the step that powers of two tell, ${variant}`, () => {
      const kernels = kernelsOf(variant);
      for (const [dtype, smallest, largest] of [
        ['float32', 149, 128],
        ['float64', 1074, 1024],
      ] as const) {
        for (const [B, H] of [
          [1, 1],
          [2, 3],
          [5, 17],
        ] as const) {
          const T = 1500;
          const shapes = { B, T, I: 1, H };
          // From 1 the smallest number is reached after `smallest` halvings, and infinity after `largest` doublings;
          // `every` is not the single source.
          for (const upstream of [{ kind: 'last' }, { kind: 'every' }] as const) {
            assert.deepEqual(range(experiment(H, T, scaledIdentity(H, 0.5), { dtype, shapes, upstream }), kernels), [
              T - 1 - (smallest + 1),
              null,
            ]);
            assert.deepEqual(range(experiment(H, T, scaledIdentity(H, 2), { dtype, shapes, upstream }), kernels), [
              null,
              T - 1 - largest,
            ]);
            assert.deepEqual(range(experiment(H, T, scaledIdentity(H, 1), { dtype, shapes, upstream }), kernels), [
              null,
              null,
            ]);
          }
        }
      }
    });

    it(`is known where the single source is all that the pass took back, ${variant}`, () => {
      const shapes = { B: 2, T: 300, I: 1, H: 5 };
      for (const [upstream, asked] of [
        [{ kind: 'last' }, 0],
        [{ kind: 'every' }, 1],
      ] as const) {
        const kernels = kernelsOf(variant);
        let calls = 0;
        const own = kernels.exports;
        Object.defineProperty(kernels, 'exports', {
          value: {
            ...own,
            plainBack32: (...args: Parameters<typeof own.plainBack32>) => {
              calls++;
              return own.plainBack32(...args);
            },
          },
        });
        const e = experiment(5, 300, scaledIdentity(5, 0.5), { dtype: 'float32', shapes, upstream });
        assert.deepEqual(range(e, kernels), [149, null]);
        assert.equal(Math.min(calls, 1), asked, `${calls} calls for ${upstream.kind}`);
      }
    });

    it(`is that of plain arithmetic to a step, ${variant}`, () => {
      const kernels = kernelsOf(variant);
      for (const [cell, gain, T] of [
        ['tanh', 0.5, 400],
        ['relu', 0.7, 400],
        ['identity', 0.3, 400],
        ['identity', 0.85, 900],
        ['identity', 2, 400],
      ] as const) {
        // Where a step takes away little, another order of sums, or sums with more digits, shifts the end by what half
        // a decade takes.
        const slack = gain < 0.8 || gain > 1 ? 1 : Math.log(Math.sqrt(10)) / -Math.log(gain);
        const [B, I, H, next] = [3, 2, 21, randomNumbers(12)];
        // States that grow would overflow themselves.
        const weights = {
          Wx: filled(I * H, next).map((value) => (gain > 1 ? 0 : value)),
          Wh: orthogonal(H, 5).map((value) => gain * value),
          b: filled(H, next).map((value) => (gain > 1 ? 0 : value)),
        };
        const e = experiment(H, T, weights.Wh, {
          cell,
          dtype: 'float32',
          shapes: { B, T, I, H },
          weights,
          chunks: [{ steps: T, xs: filled(B * T * I, next) }],
        });
        const [own, plain] = [range(e, kernels), range(e, null)];
        assert.ok(plain[0] !== null || plain[1] !== null);
        own.forEach((value, i) =>
          assert.ok(
            value === plain[i] || Math.abs((value ?? NaN) - (plain[i] ?? NaN)) <= slack,
            `${cell}: ${String(value)} for ${String(plain[i])}`,
          ),
        );
      }
    });
  }
});

describe('an analysis that is too much', () => {
  const [variant] = variants;
  const sized = (B: number, T: number, H: number): LayerExperiment =>
    experiment(H, T, new Float64Array(0), {
      shapes: { B, T, I: 1, H },
      chunks: [{ steps: T, xs: new Float64Array(0) }],
      upstream: { kind: 'every' },
    });
  /** As many numbers as a run would have, none of which may be read. */
  const unread = (length: number): Trace => ({
    length,
    at: () => assert.fail('nothing is read'),
    subarray: () => assert.fail('nothing is read'),
  });
  const planned = (e: LayerExperiment, workspaces: Workspaces | null): ReturnType<typeof attribute>['attribution'] => {
    const { B, T, I, H } = e.shapes;
    const [states, none] = [{ B, T, N: H, data: unread(B * T * H) }, new Float64Array(0)];
    const result = { shapes: e.shapes, layers: [{ states: { h: states.data } }] } as unknown as AnyRun;
    rememberChunks(result, [
      {
        start: 0,
        steps: T,
        xs: { B, T, N: I, data: none },
        hs: states,
        dhs: states,
        initial: { rows: B, cols: H, data: none },
      },
    ]);
    const { attribution, steps } = attribute(e, result, workspaces);
    try {
      finish(steps);
    } catch (error) {
      // It begins to compute, with weights that are not there.
      assert.ok(error instanceof Error && !(error instanceof assert.AssertionError && attribution.leftOut !== null));
    }
    return attribution;
  };

  it('takes fewer sources, and says so when even those are too many', () => {
    const workspaces = new Workspaces(kernelsOf(variant));
    for (const [B, T, H, most] of [
      [1, 20_000, 32, 1e11],
      [8, 20_000, 256, 1e11],
      [64, 20_000, 128, 1e11],
      [16, 20_000, 512, 1e11],
    ] as const) {
      const { sources, leftOut } = planned(sized(B, T, H), workspaces);
      assert.equal(leftOut, null);
      // A source travels half of the steps on average.
      assert.ok(
        sources.length > 1 && sources.length * (T / 2) * B * H * H <= most,
        `${sources.length} sources for B ${B}, H ${H}`,
      );
      assert.deepEqual([sources[0]?.from, sources.at(-1)?.to], [0, T - 1]);
    }
    for (const e of [sized(64, 20_000, 512), sized(64, 20_000, 1024)]) {
      const { sources, leftOut, log10 } = planned(e, workspaces);
      assert.deepEqual([sources.length, leftOut, log10.length], [0, 'work', 0]);
    }
    assert.equal(planned(sized(16, 20_000, 512), null).leftOut, 'work');
  });

  it('is left out where there is not so much memory, which plain arithmetic would need too', () => {
    const kernels = kernelsOf(variant);
    const apart = kernels.apart.bind(kernels);
    kernels.apart = () => Object.assign(apart()!, { layOut: () => null });
    const e = randomExperiment({ ...plainLayer, seed: 2, B: 2, T: 30, I: 3, H: 9, upstream: 'every' });
    const result = flatRun(finish(runResumably(e)));
    const [{ attribution, steps }, { reach, steps: reachSteps }] = [
      attribute(e, result, new Workspaces(kernels)),
      reachOf(e, result, new Workspaces(kernels)),
    ];
    finish(steps);
    finish(reachSteps);
    assert.deepEqual([attribution.sources.length, attribution.leftOut], [0, 'memory']);
    assert.equal(reach.share.length, 0);
  });

  it('has the budget of plain arithmetic where the kernels cannot go', () => {
    const workspaces = new Workspaces(kernelsOf(variant));
    const [B, T, H] = [4, 300, 160];
    // One weight that could leave the range of float64 within a few steps, and no gradient that passes it.
    const e = experiment(H, T, new Float64Array(H * H).with(1, 1e80), {
      shapes: { B, T, I: 1, H },
      chunks: [{ steps: T, xs: new Float64Array(B * T) }],
      upstream: { kind: 'every' },
    });
    const result = flatRun(finish(runResumably(e)));
    const [{ attribution, steps }, plain] = [attribute(e, result, workspaces), attribute(e, result)];
    steps.next();
    for (const each of [steps, plain.steps])
      while (attribution.sources.length !== plain.attribution.sources.length) if (each.next().done === true) break;
    const { reach, steps: reachSteps } = reachOf(e, result, workspaces);
    const before = reach.share.length;
    while (reach.share.length === before) if (reachSteps.next().done === true) break;
    assert.equal(reach.share.length, reachOf(e, result).reach.share.length);
    assert.ok(reach.share.length < before);
  });
});

for (const [way, workspaces] of ways.slice(1)) {
  describe(`attribution of 20,000 steps through ${way} kernels`, () => {
    it('adds up to the whole gradient, group by group', () => {
      const [H, T, rho] = [4, 20_000, 0.999];
      const e = experiment(H, T, scaledIdentity(H, rho), { cell: 'identity', upstream: { kind: 'every' } });
      const { attribution, steps } = attribute(
        e,
        flatRun(finish(runResumably(e, undefined, kernelsOf(variants[0])))),
        workspaces,
      );
      finish(steps);
      const { sources, t, log10 } = attribution;
      assert.ok(sources.length > 100 && t.length === 2000);
      // All vectors point the same way, so their lengths add up: √H·ρ^k for a loss k steps later.
      const sum = (from: number, to: number): number => (Math.sqrt(H) * (rho ** from - rho ** (to + 1))) / (1 - rho);
      for (const row of [0, 1, 700, 1500, 1990, 1999]) {
        const at = t[row]!;
        const lengths = sources.map((_, s) => 10 ** log10[row * sources.length + s]!);
        const whole = lengths.reduce((total, length) => total + length, 0);
        assert.ok(Math.abs(whole / sum(0, T - 1 - at) - 1) < 1e-9, `t = ${at}: ${whole}`);
        sources.forEach(({ from, to }, s) => {
          const expected = to < at ? 0 : sum(Math.max(0, from - at), to - at);
          assert.ok(Math.abs(lengths[s]! - expected) <= 1e-9 * expected, `t = ${at}, losses ${from} to ${to}`);
        });
      }
    });
  });
}
