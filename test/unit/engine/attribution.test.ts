// Which loss makes which gradient: held against runs of the reference classes in which only one loss is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attribute, finish, openStep, reachOf, Rnn, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, RunResult, Workspaces } from '../../../src/engine/index.js';
import { ways } from '../wasm/support.js';
import { experiment, filled, flatRun, orthogonal, randomNumbers, weightsOf } from './build.js';

const near = (actual: number, expected: number, bound: number): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${actual} is not within ${bound} of ${expected}`);
const [B, T, I, H] = [2, 14, 2, 4];
const next = randomNumbers(11);
const dhs = filled(B * T * H, next);
const run: LayerExperiment = experiment(H, T, new Float64Array(H * H), {
  shapes: { B, T, I, H },
  weights: { Wx: filled(I * H, next), Wh: filled(H * H, next), b: filled(H, next) },
  chunks: [{ steps: T, xs: filled(B * T * I, next) }],
  upstream: { kind: 'given', dhs },
});
const result = flatRun(finish(runResumably(run)));

function attributedBy(workspaces: Workspaces | null, of: LayerExperiment, from: RunResult) {
  const { attribution, steps } = attribute(of, from, workspaces);
  finish(steps);
  return attribution;
}

/** g_t [B,T,H] by the reference classes when only step s has a loss. */
function alone(s: number): Float64Array {
  const rnn = new Rnn({ cell: 'tanh', I, H, weights: weightsOf(run) }, { dtype: 'float64' });
  rnn.forward({ B, T, N: I, data: run.chunks[0]?.xs ?? assert.fail() });
  const g = new Float64Array(B * T * H);
  rnn.backward(
    { B, T, N: H, data: dhs.map((value, i) => (Math.floor(i / H) % T === s ? value : 0)) },
    {
      visit: ({ t, ds }) => {
        for (let b = 0; b < B; b++) g.set(ds.data.subarray(b * H, (b + 1) * H), (b * T + t) * H);
      },
    },
  );
  return g;
}
const byReference = Array.from({ length: T }, (_, s) => alone(s));
const at = (g: Float64Array, t: number): number[] =>
  Array.from({ length: B * H }, (_, i) => g[(Math.floor(i / H) * T + t) * H + (i % H)] ?? NaN);

for (const [way, workspaces] of ways)
  describe(`attribution of the gradient to losses, ${way}`, () => {
    const attributed = (of: LayerExperiment, from: RunResult) => attributedBy(workspaces, of, from);

    it(
      'is the norm of what the reference classes send back from each loss alone, and these vectors add up ' + 'to g_t',
      () => {
        const { sources, t, log10 } = attributed(run, result);
        assert.deepEqual(
          sources,
          Array.from({ length: T }, (_, s) => ({ from: s, to: s })),
        );
        for (const step of t) {
          const sum = new Float64Array(B * H);
          for (let s = 0; s < T; s++) {
            const vector = at(byReference[s] ?? assert.fail(), step);
            vector.forEach((value, i) => {
              sum[i] = (sum[i] ?? 0) + value;
            });
            const length = Math.hypot(...vector);
            const found = log10[step * T + s] ?? NaN;
            if (s < step) assert.equal(found, -Infinity);
            else near(10 ** found, length, 1e-13 * Math.max(1, length));
          }
          at(Float64Array.from(result.dhTotal), step).forEach((value, i) => near(sum[i] ?? NaN, value, 1e-13));
        }
      },
    );

    it('of a loss at the last step alone is the single source', () => {
      const last = { ...run, upstream: { kind: 'last' as const } };
      const from = flatRun(finish(runResumably(last)));
      const { sources, log10 } = attributed(last, from);
      assert.deepEqual(sources, [{ from: T - 1, to: T - 1 }]);
      for (let t = 0; t < T; t++) near(log10[t] ?? NaN, from.log10SingleSource[t] ?? NaN, 1e-12);
    });

    it('of Wh = ρ·Q at rest is a power of ρ, far beyond the range of a double', () => {
      for (const rho of [0.05, 1, 30]) {
        const long = experiment(
          5,
          400,
          orthogonal(5, 4).map((value) => rho * value),
          { upstream: { kind: 'every' } },
        );
        const { sources, t, log10 } = attributed(long, flatRun(finish(runResumably(long))));
        assert.equal(sources.length, 400);
        for (const step of t)
          for (let s = step; s < 400; s += 7)
            near(log10[step * 400 + s] ?? NaN, Math.log10(Math.sqrt(5)) + (s - step) * Math.log10(rho), 1e-10);
      }
    });

    it('gathers neighbours when there are many losses: what a group sends is the sum of its vectors', () => {
      const long = experiment(
        3,
        3000,
        orthogonal(3, 9).map((value) => 0.99 * value),
        { upstream: { kind: 'every' } },
      );
      const { sources, t, log10 } = attributed(long, flatRun(finish(runResumably(long))));
      assert.ok(sources.length > 100 && sources.length <= 512 && t.length <= 2000);
      assert.deepEqual([sources[0]?.from, sources.at(-1)?.to], [0, 2999]);
      sources.forEach(({ from }, i) => assert.equal(from, i === 0 ? 0 : (sources[i - 1]?.to ?? NaN) + 1));
      const group = sources.at(-1) ?? assert.fail();
      // Σ over the group of ρ^(s−t)·Qᵀ… applied to ones: the sum of vectors, formed here one by one.
      const { Wh } = weightsOf(long);
      let vector = [0, 0, 0];
      for (let s = group.to; s >= 0; s--) {
        if (s >= group.from) vector = vector.map((value) => value + 1);
        const row = t.indexOf(s);
        if (row >= 0)
          near(log10[row * sources.length + sources.length - 1] ?? NaN, Math.log10(Math.hypot(...vector)), 1e-10);
        vector = [0, 1, 2].map((k) => vector.reduce((sum, value, j) => sum + value * (Wh[k * 3 + j] ?? NaN), 0));
      }
    });

    it('stops at cuts of truncation and at chunks', () => {
      const cut = { ...run, truncate: 4 };
      const { log10 } = attributed(cut, flatRun(finish(runResumably(cut))));
      for (let t = 0; t < T; t++)
        for (let s = t; s < T; s++)
          assert.equal(log10[t * T + s] === -Infinity, Math.floor(s / 4) !== Math.floor(t / 4), `t ${t} s ${s}`);
    });
  });

for (const [way, workspaces] of ways)
  describe(`dWh by distance, ${way}`, () => {
    it(
      "is the sum of the reference classes' contributions at each distance, and all distances together " + 'are dWh',
      () => {
        const { reach, steps } = reachOf(run, result, workspaces);
        finish(steps);
        assert.equal(reach.share.length, T);
        const norm = (values: Float64Array): number => Math.hypot(...values);
        const rest = Float64Array.from(result.dWh);
        const total = norm(rest);
        for (let k = 0; k < T; k++) {
          const D = new Float64Array(H * H);
          for (let t = 1; t + k < T; t++) {
            for (let b = 0; b < B; b++)
              for (let i = 0; i < H; i++)
                for (let j = 0; j < H; j++) {
                  const h = result.hs[(b * T + t) * H + j] ?? NaN;
                  D[i * H + j] =
                    (D[i * H + j] ?? NaN) +
                    (result.hs[(b * T + t - 1) * H + i] ?? NaN) *
                      (byReference[t + k]?.[(b * T + t) * H + j] ?? NaN) *
                      (1 - h * h);
                }
          }
          D.forEach((value, i) => {
            rest[i] = (rest[i] ?? NaN) - value;
          });
          near(reach.share[k] ?? NaN, norm(D) / total, 1e-12);
          near(reach.missing[k] ?? NaN, norm(rest) / total, 1e-12);
        }
        near(reach.missing[T - 1] ?? NaN, 0, 1e-12);
      },
    );

    it('decays with ρ for Wh = ρ·I and inputs of one kind', () => {
      // A linear scalar cell on ones: h is nearly constant, so each step further back counts ρ times as much.
      const [rho, long] = [0.5, 200];
      const scalar = experiment(1, long, Float64Array.of(rho), {
        cell: 'identity',
        weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(rho), b: Float64Array.of(0) },
        chunks: [{ steps: long, xs: new Float64Array(long).fill(1) }],
      });
      const { reach, steps } = reachOf(scalar, flatRun(finish(runResumably(scalar))), workspaces);
      finish(steps);
      // D_k = h_{T−2−k}·ρ^k with h_t = (1 − ρ^(t+1))/(1 − ρ); dWh is their sum.
      const D = Array.from({ length: long }, (_, k) =>
        k > long - 2 ? 0 : ((1 - rho ** (long - 1 - k)) / (1 - rho)) * rho ** k,
      );
      const total = D.reduce((sum, value) => sum + value, 0);
      D.forEach((value, k) => near(reach.share[k] ?? NaN, value / total, 1e-13));
    });

    it('has no part and misses none where dWh is exactly 0, and is not known where it is not finite', () => {
      const [long, none] = [6, Float64Array.of(0)];
      const silent = experiment(1, long, Float64Array.of(0.5), {
        cell: 'identity',
        weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(0.5), b: none },
        chunks: [{ steps: long, xs: new Float64Array(long).fill(1) }],
        upstream: { kind: 'given', dhs: new Float64Array(long) },
      });
      const { reach, steps } = reachOf(silent, flatRun(finish(runResumably(silent))), workspaces);
      finish(steps);
      assert.deepEqual(reach, { share: new Float64Array(long), missing: new Float64Array(long) });
      // The state is NaN, its slope 0: 0·NaN is not 0.
      const lost = experiment(1, long, Float64Array.of(1), {
        cell: 'relu',
        weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(1), b: none },
        chunks: [{ steps: long, xs: Float64Array.of(1, Infinity, -Infinity, 1, 1, 1) }],
      });
      const { reach: unknown, steps: tried } = reachOf(lost, flatRun(finish(runResumably(lost))), workspaces);
      finish(tried);
      assert.ok(unknown.share.length > 0 && [...unknown.share, ...unknown.missing].every(Number.isNaN));
    });

    it('ends, as attribution does, where states overflow and the loss with them', () => {
      const long = 200;
      const ones = (length: number): Float64Array => new Float64Array(length).fill(1);
      const overflowing = experiment(1, long, Float64Array.of(2), {
        cell: 'relu',
        dtype: 'float32',
        weights: { Wx: ones(1), Wh: Float64Array.of(2), b: ones(1) },
        chunks: [{ steps: long, xs: ones(long) }],
        loss: { kind: 'mse', at: 'last', Why: ones(1), by: ones(1), targets: ones(1) },
      });
      const from = flatRun(finish(runResumably(overflowing)));
      assert.equal(from.verdict.kind, 'nonfinite');
      const { reach, steps } = reachOf(overflowing, from, workspaces);
      finish(steps);
      assert.deepEqual(reach, { share: new Float64Array(long).fill(NaN), missing: new Float64Array(long).fill(NaN) });
      const { attribution, steps: attributing } = attribute(overflowing, from, workspaces);
      finish(attributing);
      assert.ok(
        attribution.log10.length > 0 &&
          attribution.log10.every((value) => !Number.isFinite(value) && value !== -Infinity),
      );
    });
  });

describe('an opened unit', () => {
  it('holds the numbers of the reference classes at every node', () => {
    for (const t of [0, 5, T - 1]) {
      const unit = openStep(run, result, t, 1);
      const hPrev = (j: number): number => (t === 0 ? 0 : (result.hs[(T + t - 1) * H + j] ?? NaN));
      for (let j = 0; j < H; j++) {
        const h = result.hs[(T + t) * H + j] ?? NaN;
        near(Math.tanh(unit.z[j] ?? NaN), h, 1e-14);
        near(
          (unit.fromInput[j] ?? NaN) + (unit.fromState[j] ?? NaN) + (weightsOf(run).b[j] ?? NaN),
          unit.z[j] ?? NaN,
          1e-14,
        );
        const g = (unit.g[j] ?? NaN) * 2 ** unit.exponent;
        near(g, result.dhTotal[(T + t) * H + j] ?? NaN, 1e-13);
        near((unit.dhs[j] ?? NaN) + (unit.fromNext[j] ?? NaN), unit.g[j] ?? NaN, 1e-13);
        near((unit.dhs[j] ?? NaN) * 2 ** unit.exponent, dhs[(T + t) * H + j] ?? NaN, 1e-14);
        near(unit.dz[j] ?? NaN, (unit.g[j] ?? NaN) * (1 - h * h), 1e-13);
        assert.equal(unit.hPrev[j], hPrev(j));
        if (t > 0)
          near(
            (unit.dhPrev[j] ?? NaN) * 2 ** unit.exponent + (dhs[(T + t - 1) * H + j] ?? NaN),
            result.dhTotal[(T + t - 1) * H + j] ?? NaN,
            1e-13,
          );
      }
      for (let i = 0; i < I; i++)
        near((unit.dx[i] ?? NaN) * 2 ** unit.exponent, result.dxs[(T + t) * I + i] ?? NaN, 1e-13);
    }
  });
});
