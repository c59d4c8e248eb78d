// Clipping, truncation, chunks and dtype, each against a formula of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, Rnn, RnnUnit, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { experiment, filled, flatRun, randomNumbers, weightsOf } from './build.js';
import { relativeError } from './fixtures.js';
import type { FlatExperiment } from './build.js';

function random(seed: number, rest: Partial<FlatExperiment> = {}, T = 9): LayerExperiment {
  const [B, I, H] = [2, 3, 4];
  const next = randomNumbers(seed);
  const weights = { Wx: filled(I * H, next), Wh: filled(H * H, next), b: filled(H, next) };
  return experiment(H, T, weights.Wh, {
    shapes: { B, T, I, H },
    weights,
    chunks: [{ steps: T, xs: filled(B * T * I, next) }],
    upstream: { kind: 'every' },
    ...rest,
  });
}

describe('clipping', () => {
  it('scales all parameter gradients as one vector to the bound, and leaves the norms of the steps alone', () => {
    const free = flatRun(finish(runResumably(random(1))));
    const total = Math.hypot(...free.dWx, ...free.dWh, ...free.db);
    assert.equal(free.clipFactor, null);
    const clipped = flatRun(finish(runResumably(random(1, { clipNorm: total / 4 }))));
    assert.ok(Math.abs((clipped.clipFactor ?? NaN) - 0.25) < 1e-14);
    for (const name of ['dWx', 'dWh', 'db'] as const)
      assert.ok(
        relativeError(
          clipped[name],
          free[name].map((value) => value / 4),
        ) < 1e-14,
      );
    assert.deepEqual(clipped.norms, free.norms);
    assert.equal(flatRun(finish(runResumably(random(1, { clipNorm: total * 2 })))).clipFactor, 1);
  });
});

describe('truncation', () => {
  it('is the same as chunks of k steps that carry the state and no gradient', () => {
    const [B, T, I] = [2, 9, 3];
    const whole = random(2);
    const xs = whole.chunks[0]!.xs;
    const cut = (start: number, steps: number): Float64Array =>
      Float64Array.from(
        { length: B * steps * I },
        (_, i) => xs[(Math.floor(i / (steps * I)) * T + start) * I + (i % (steps * I))]!,
      );
    const chunked = flatRun(
      finish(
        runResumably({
          ...whole,
          stateful: true,
          chunks: [0, 4, 8].map((start) => ({ steps: Math.min(4, T - start), xs: cut(start, Math.min(4, T - start)) })),
        }),
      ),
    );
    const truncated = flatRun(finish(runResumably({ ...whole, truncate: 4 })));
    for (const name of ['hs', 'dhTotal', 'dxs', 'dWx', 'dWh', 'db', 'dh0'] as const)
      assert.ok(relativeError(truncated[name], chunked[name]) < 1e-14, name);
    for (const name of ['dh', 'dx', 'dWx', 'dWh', 'db'] as const) {
      // dWh of the first step is 0, its logarithm -Infinity: taken back to plain numbers they can be compared.
      const [one, other] = [truncated, chunked].map(({ log10Norms }) => log10Norms[name].map((value) => 10 ** value));
      assert.ok(relativeError(one!, other!) < 1e-12, name);
      assert.ok(
        relativeError(one!, truncated.norms[name]) < 1e-12,
        `${name}: the pass with exponents is cut at the same steps`,
      );
    }
    const free = flatRun(finish(runResumably(whole)));
    assert.ok(relativeError(truncated.dWh, free.dWh) > 1e-3, 'it does cut something');
    assert.deepEqual(truncated.log10SingleSource, free.log10SingleSource, 'the single source is never cut');
  });
});

describe('chunks', () => {
  const [B, T, I, H] = [2, 9, 3, 4];
  const h0 = filled(B * H, randomNumbers(77));
  const one = random(3, { h0 });
  const xs = one.chunks[0]!.xs;

  it('without state each starts at h0, and dh0 is the sum over them', () => {
    const twice = flatRun(
      finish(
        runResumably({
          ...one,
          shapes: { B, T: 2 * T, I, H },
          chunks: [
            { steps: T, xs },
            { steps: T, xs },
          ],
        }),
      ),
    );
    const once = flatRun(finish(runResumably(one)));
    assert.ok(
      relativeError(
        twice.dWh,
        once.dWh.map((value) => 2 * value),
      ) < 1e-14,
    );
    assert.ok(
      relativeError(
        twice.dh0,
        once.dh0.map((value) => 2 * value),
      ) < 1e-14,
    );
    assert.deepEqual(twice.norms.dh.subarray(0, T), once.norms.dh);
    assert.deepEqual(twice.norms.dh.subarray(T), once.norms.dh);
    assert.deepEqual([twice.verdict.first, twice.verdict.source], [T, 2 * T - 1]);
    assert.ok(twice.log10SingleSource.subarray(0, T).every(Number.isNaN));
  });

  it('the loss at the last step sits at the end of the last chunk', () => {
    const loss = {
      kind: 'mse',
      at: 'last',
      Why: new Float64Array(H).fill(1),
      by: new Float64Array(1),
      targets: new Float64Array(B),
    } as const;
    const { dhTotal } = flatRun(
      finish(
        runResumably({
          ...one,
          shapes: { B, T: 2 * T, I, H },
          chunks: [
            { steps: T, xs },
            { steps: T, xs },
          ],
          loss,
        }),
      ),
    );
    assert.ok(dhTotal.subarray(0, T * H).every((value) => value === 0));
    assert.ok(dhTotal.subarray(T * H, 2 * T * H).some((value) => value !== 0));
  });
});

describe('reference classes', () => {
  const e = random(4);
  const parameters = { cell: e.cell, I: 3, H: 4, weights: weightsOf(e) };

  it('a stateless layer starts every call from zeros, a stateful one from its last state', () => {
    const xs = { B: 2, T: 9, N: 3, data: e.chunks[0]!.xs };
    const stateless = new Rnn(parameters);
    const first = stateless.forward(xs).data;
    assert.ok(first instanceof Float32Array, 'float32 unless asked otherwise');
    assert.deepEqual(stateless.forward(xs).data, first);
    const stateful = new Rnn(parameters, { stateful: true });
    assert.deepEqual(stateful.forward(xs).data, first);
    assert.notDeepEqual(stateful.forward(xs).data, first);
    stateful.resetState();
    assert.deepEqual(stateful.forward(xs).data, first);
  });

  it('a unit by hand: h = tanh([0.6, −0.45]) forward, the outer product of x and dz backward', () => {
    const weights = {
      Wx: Float64Array.of(0.6, -0.45),
      Wh: Float64Array.of(0.1, 0.2, 0.3, 0.4),
      b: new Float64Array(2),
    };
    const unit = new RnnUnit({ cell: 'tanh', I: 1, H: 2, weights });
    const h = unit.forward(
      { rows: 1, cols: 1, data: Float64Array.of(1) },
      { rows: 1, cols: 2, data: new Float64Array(2) },
    );
    assert.deepEqual([...h.data], [Math.tanh(0.6), Math.tanh(-0.45)]);
    const { dx, dhPrev } = unit.backward({ rows: 1, cols: 2, data: Float64Array.of(1, 2) });
    const dz = [1 - Math.tanh(0.6) ** 2, 2 * (1 - Math.tanh(-0.45) ** 2)] as const;
    assert.deepEqual([...unit.gradients.Wx], [...dz]);
    assert.deepEqual([...unit.gradients.Wh], [0, 0, 0, 0]);
    assert.deepEqual([...unit.gradients.b], [...dz]);
    assert.ok(Math.abs(dx.data[0]! - (0.6 * dz[0] - 0.45 * dz[1])) < 1e-15);
    assert.ok(Math.abs(dhPrev.data[0]! - (0.1 * dz[0] + 0.2 * dz[1])) < 1e-15);
    assert.ok(Math.abs(dhPrev.data[1]! - (0.3 * dz[0] + 0.4 * dz[1])) < 1e-15);
  });

  it('backward before forward is refused', () => {
    assert.throws(
      () => new Rnn(parameters).backward({ B: 2, T: 9, N: 4, data: new Float64Array(72) }),
      /last forward ran 0/,
    );
    assert.throws(
      () => new RnnUnit(parameters).backward({ rows: 1, cols: 4, data: new Float64Array(4) }),
      /call forward first/,
    );
  });
});
