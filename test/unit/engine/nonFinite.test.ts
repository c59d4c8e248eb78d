// What makes a run infinite or no number: small layers whose steps can be counted by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import type { NonFinite } from '../../../src/engine/verdict/evidence.js';
import { experiment, rows } from './build.js';

const foundIn = (own: LayerExperiment): NonFinite | null => finish(runResumably(own)).verdict.nonFinite;

/** One unit h_t = Wh·h_{t−1} + x_t + b in float32, which ends at 3.4e38. */
const line = (Wh: number, xs: readonly number[], b = 0): LayerExperiment =>
  experiment(1, xs.length, Float64Array.of(Wh), {
    cell: 'identity',
    dtype: 'float32',
    weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(Wh), b: Float64Array.of(b) },
    chunks: [{ steps: xs.length, xs: Float64Array.from(xs) }],
  });
const asFloat32 = (value: number): number => Math.fround(value);

describe('a state that is not finite', () => {
  it('is the doing of the bias where that adds most', () => {
    assert.deepEqual(foundIn(line(0.5, [0, 0, 0], 3e38)), {
      what: 'state',
      t: 1,
      sequence: 0,
      unit: 0,
      value: Infinity,
      overflow: { part: 'bias', weight: 3e38 },
    });
  });

  it('is the doing of the state before, told from where that began to grow', () => {
    const place = { what: 'state', sequence: 0, unit: 0, value: Infinity } as const;
    const size = asFloat32(1e38);
    // 0, 1e38, 2e38, 4e38: the first step has nothing yet.
    assert.deepEqual(foundIn(line(2, [0, 1e38, 0, 0])), {
      ...place,
      t: 3,
      overflow: { part: 'state', before: { t: 2, size: 2 * size }, from: { t: 1, size }, weight: 2 },
    });
    // 1e38, 2e38 − 1e38, 2e38 + 1.9e38: it did not grow before.
    assert.deepEqual(foundIn(line(2, [1e38, -1e38, 1.9e38])), {
      ...place,
      t: 2,
      overflow: { part: 'state', before: { t: 1, size }, from: null, weight: 2 },
    });
  });

  it('of several gates is the doing of the largest: n is 0·∞ where r is shut', () => {
    const h0 = Float64Array.of(1e308);
    const gru = experiment(1, 2, rows([0, 0, 10]), {
      cell: 'gru',
      weights: { Wx: rows([0, 0, 0]), Wh: rows([0, 0, 10]), b: rows([-1e4, 0, 0]), bh: rows([0, 0, 0]) },
      h0,
    });
    assert.deepEqual(foundIn(gru), {
      what: 'state',
      t: 0,
      sequence: 0,
      unit: 0,
      value: NaN,
      overflow: { part: 'state', before: { t: -1, size: 1e308 }, from: null, weight: 10 },
    });
  });

  it('is none where only its norm is beyond the range', () => {
    const H = 4;
    const wide = experiment(H, 2, new Float64Array(H * H), {
      cell: 'identity',
      weights: { Wx: new Float64Array(H), Wh: new Float64Array(H * H), b: new Float64Array(H).fill(1e308) },
    });
    const { layers, verdict } = finish(runResumably(wide));
    assert.deepEqual([...layers[0].hNorm], [Infinity, Infinity]);
    assert.equal(verdict.nonFinite, null);
  });
});
