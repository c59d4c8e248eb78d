// The plain path runs any cell: more parameters than the usual three, slopes beside the weights, more states and gates.
// Every gradient against centred differences of forward.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { affineParameters, mapParameters, sizeOf } from '../../../src/engine/cells/cell.js';
import type { ByParameter } from '../../../src/engine/cells/cell.js';
import { tanh } from '../../../src/engine/cells/tanh.js';
import { Rnn } from '../../../src/engine/index.js';
import type { Cell } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';
import { relativeError } from './fixtures.js';
import { leaky } from './leaky.js';

/**
 * Two states and two gates: m = f⊙m' + tanh(z_a), h = tanh(m + z_f)·½ with f = ¼ + ¼·tanh(z_f). Nobody's cell, but its
 * A and D are full.
 */
const twofold: Cell = {
  ...tanh,
  name: 'twofold',
  states: ['h', 'm'],
  gates: ['a', 'f'],
  parameters: affineParameters(2),
  kernel: null,
  hasD: true,
  activation: null,
  forward({ H, previous, z }, next) {
    const own = z();
    for (let j = 0; j < H; j++) {
      const forget = 0.25 + 0.25 * Math.tanh(own[H + j]!);
      const m = forget * previous[H + j]! + Math.tanh(own[j]!);
      next[H + j] = m;
      next[j] = Math.tanh(m + own[H + j]!) / 2;
    }
  },
  slopes({ H, previous, z }, next, _, { A, D }) {
    const own = z();
    for (let j = 0; j < H; j++) {
      const [a, f] = [1 / Math.cosh(own[j]!) ** 2, 0.25 / Math.cosh(own[H + j]!) ** 2];
      const forget = 0.25 + 0.25 * Math.tanh(own[H + j]!);
      const outer = (1 - (2 * next[j]!) ** 2) / 2;
      // h through a and f, m through a and f; the states before: m alone.
      A[j] = outer * a;
      A[H + j] = outer * (f * previous[H + j]! + 1);
      A[2 * H + j] = a;
      A[3 * H + j] = f * previous[H + j]!;
      D[j] = 0;
      D[H + j] = outer * forget;
      D[2 * H + j] = 0;
      D[3 * H + j] = forget;
    }
  },
};

const step = 1e-5;

for (const cell of [tanh, leaky, twofold]) {
  describe(`a layer of ${cell.name}`, () => {
    const [B, T, I, H] = [2, 5, 3, 4];
    const S = cell.states.length;
    const next = randomNumbers(11);
    const weights = Object.fromEntries(
      cell.parameters.map((spec) => [spec.name, filled(sizeOf(spec, I, H), next)]),
    ) as ByParameter<Float64Array>;
    const [xs, initial, dhs] = [filled(B * T * I, next), filled(B * S * H, next), filled(B * T * H, next)];
    const numbers: Record<string, Float64Array> = { ...weights, xs, initial };
    const layer = (given: Record<string, Float64Array>): Rnn => {
      const own = mapParameters(weights, (_, name) => given[name] ?? new Float64Array(0));
      const rnn = new Rnn({ cell, I, H, weights: own }, { stateful: true, dtype: 'float64' });
      rnn.setState({ rows: B, cols: S * H, data: given['initial'] ?? new Float64Array(0) });
      return rnn;
    };
    /** Σ h·dhs: what has dhs for its gradient. */
    const loss = (given: Record<string, Float64Array>): number => {
      const states = layer(given).forward({ B, T, N: I, data: given['xs'] ?? new Float64Array(0) }).data;
      let sum = 0;
      for (let row = 0; row < B * T; row++)
        for (let j = 0; j < H; j++) sum += states[row * S * H + j]! * dhs[row * H + j]!;
      return sum;
    };
    const rnn = layer(numbers);
    rnn.forward({ B, T, N: I, data: xs });
    const dxs = rnn.backward({ B, T, N: H, data: dhs }).data;
    const gradients: Record<string, ArrayLike<number>> = { ...rnn.gradients, xs: dxs, initial: rnn.dh!.data };
    for (const [name, values] of Object.entries(numbers)) {
      it(`has the gradient of ${name}`, () => {
        const expected = values.map((value, i) => {
          const moved = (by: number): number => loss({ ...numbers, [name]: values.with(i, value + by) });
          return (moved(step) - moved(-step)) / (2 * step);
        });
        const error = relativeError(Float64Array.from(gradients[name]!), expected);
        assert.ok(error < 1e-8, `${error}`);
        assert.ok(expected.some((value) => Math.abs(value) > 1e-3));
      });
    }
  });
}
