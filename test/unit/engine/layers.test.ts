// A network's layers as experiments of their own: what is moved between them, with pauses.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resumable } from '../../../src/engine/index.js';
import { movedAtOnce } from '../../../src/engine/core/resumableCopy.js';
import { layerExperiment, reversed, sideBySide } from '../../../src/engine/network/layers.js';
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
});
