// A network's layers as experiments of their own: what is moved between them, with pauses.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resumable } from '../../../src/engine/index.js';
import { movedAtOnce } from '../../../src/engine/core/resumableCopy.js';
import { layerExperiment, reversed, sideBySide } from '../../../src/engine/network/layers.js';
import { earlierEntry, lossSteps } from '../../../src/engine/network/lossSteps.js';
import { measure } from '../../../src/engine/verdict/verdict.js';
import { defaultBounds } from '../../../src/engine/verdict/evidence.js';
import { experiment } from './build.js';
import { randomNetwork } from './networks.js';

/** The result, and how often the way to it paused. */
function driven<R>(steps: Resumable<R>): { readonly result: R; readonly pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = steps.next();
    if (step.done === true) return { result: step.value, pauses };
  }
}

describe('what moves between the layers of a network', () => {
  const [B, T, N] = [3, 1000, 400] as const;
  const data = Float32Array.from({ length: B * T * N }, (_, i) => i % 1000);
  const input = { B, T, N, data };
  // A few times as much as is moved at once.
  const least = Math.floor((B * T * N) / movedAtOnce);

  it('is turned round chunk by chunk, with pauses', () => {
    assert.ok(least >= 4);
    const { result, pauses } = driven(reversed(data, { B, N }, [{ steps: 400 }, { steps: 600 }]));
    assert.ok(pauses >= least, `${pauses} pauses`);
    for (const [b, t, from] of [
      [0, 0, 399],
      [1, 399, 0],
      [2, 400, 999],
      [0, 999, 400],
    ] as const)
      assert.deepEqual(
        result.subarray((b * T + t) * N, (b * T + t + 1) * N),
        data.subarray((b * T + from) * N, (b * T + from + 1) * N),
      );
  });

  it('is laid side by side, with pauses', () => {
    const { result, pauses } = driven(sideBySide('float32', [input, { ...input, data: data.map((value) => -value) }]));
    assert.ok(pauses >= 2 * least, `${pauses} pauses`);
    const at = (1 * T + 7) * 2 * N;
    const row = data.subarray((1 * T + 7) * N, (1 * T + 8) * N);
    assert.deepEqual([...result.data.subarray(at, at + 2 * N)], [...row, ...row.map((value) => -value)]);
  });

  it('becomes the inputs and the upstream gradient of a layer, with pauses', () => {
    const network = randomNetwork({ seed: 1, cell: 'gru', B, T, I: N, widths: [N], directions: ['reverse'] });
    const scaled = { data: Float64Array.from(data), exponents: Float64Array.from({ length: T }, (_, t) => t) };
    const { result, pauses } = driven(
      layerExperiment(network, network.layers[0], input, { dhs: { ...input, data: scaled.data }, scaled }),
    );
    // Inputs turned and cut, the gradient turned and copied, and turned once more with its exponents; between a
    // copy and the next may be less than one pause.
    assert.ok(pauses >= 5 * least - 1, `${pauses} pauses`);
    const first = data.subarray((T - 1) * N, T * N);
    assert.ok(result.upstream.kind === 'given');
    for (const own of [result.chunks[0]!.xs, result.upstream.dhs, result.scaledUpstream!.data])
      assert.deepEqual([...own.subarray(0, N)], [...first]);
    assert.equal(result.scaledUpstream!.exponents[0], T - 1);
  });

  it('is looked through for the steps at which something enters, with pauses', () => {
    const dhs = new Float64Array(B * T * N);
    const shapes = { B, T, I: 1, H: N };
    const at = (...steps: readonly number[]): ReturnType<typeof driven<readonly (readonly number[])[]>> => {
      dhs.fill(0);
      for (const t of steps) dhs[(2 * T + t) * N + N - 1] = 1;
      return driven(lossSteps(experiment(N, T, new Float64Array(N * N), { shapes, upstream: { kind: 'given', dhs } })));
    };
    const { result, pauses } = at(T - 1);
    assert.deepEqual(result, [[T - 1, T - 1]]);
    assert.ok(pauses >= least, `${pauses} pauses`);
    assert.deepEqual(at(3, 7, 8, 9).result, [
      [3, 3],
      [7, 9],
    ]);
  });
});

describe('steps at which something enters', () => {
  const chunks = [
    { steps: 6, xs: new Float64Array() },
    { steps: 4, xs: new Float64Array() },
  ];
  const layer = { chunks, shapes: { B: 1, T: 10, I: 1, H: 1 } };

  it('are earlier where the last chunk has one before its end; below another layer they are what that sends', () => {
    assert.equal(earlierEntry(layer, [[9, 9]]), null);
    assert.equal(earlierEntry(layer, [[6, 6]]), 'losses');
    assert.equal(earlierEntry(layer, []), null);
    assert.equal(
      earlierEntry(layer, [
        [2, 6],
        [9, 9],
      ]),
      'losses',
    );
    assert.equal(
      earlierEntry(layer, [
        [2, 5],
        [9, 9],
      ]),
      null,
    );
    const scaledUpstream = { data: new Float64Array(10), exponents: new Float64Array(10) };
    assert.equal(earlierEntry({ ...layer, scaledUpstream }, [[0, 9]]), 'above');
    assert.equal(earlierEntry({ ...layer, scaledUpstream }, [[9, 9]]), null);
  });
});

describe('the measurements of a verdict', () => {
  it('pause before each fit of a rate', () => {
    // Three rates over a thousand steps each: one fit of all, and one of every stretch.
    const T = 3000;
    const slopes = [0.1, -0.05, 0.02];
    const log10 = new Float64Array(T);
    for (let t = T - 2; t >= 0; t--) log10[t] = log10[t + 1]! - slopes[Math.floor(t / 1000)]!;
    const unknown = new Float64Array(T).fill(NaN);
    const single = { log10, lnSlope: unknown, lnWh: unknown, bySource: null, lnPaths: null };
    const { result, pauses } = driven(
      measure({
        single,
        bounds: defaultBounds,
        first: 0,
        source: T - 1,
        nonFinite: null,
        zeroAt: null,
        infiniteAt: null,
      }),
    );
    assert.equal(result.segments.length, 3);
    assert.ok(pauses >= 4, `${pauses} pauses`);
  });
});
