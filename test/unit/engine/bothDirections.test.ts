// Which losses of a network in two directions make which gradient: against a closed form, stored reference cases, and
// finite differences of a network that is written down once more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attributeNetwork, finish, runNetwork } from '../../../src/engine/index.js';
import { experimentOfCase, networkCase } from './networkFixtures.js';
import { randomNetwork } from './networks.js';

const near = (actual: number, expected: number, bound: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual} is not within ${bound} of ${expected}`);

const shape = { seed: 8, B: 2, T: 9, I: 3 } as const;
const { T } = shape;

type Moved = {
  readonly l: number;
  readonly t: number;
  readonly state: 'h' | 'c';
  readonly unit: number;
  readonly by: number;
};

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The output of one sequence through a stack of LSTM in two directions, written down once more for this test: h is
 * moved for the output and the next step, c for the next step alone.
 */
function lstmOutput(
  { weights, initialState }: ReturnType<typeof networkCase>,
  xs: readonly (readonly number[])[],
  b: number,
  moved: Moved | null,
): number[][] {
  let below = xs.map((x) => [...x]);
  for (let layer = 0; weights[`weight_ih_l${layer}`] !== undefined; layer++) {
    const above: number[][] = below.map(() => []);
    for (const [d, suffix] of [`l${layer}`, `l${layer}_reverse`].entries()) {
      const matrixOf = (name: string) => weights[`${name}_${suffix}`] as readonly (readonly number[])[];
      const biasOf = (name: string) => weights[`${name}_${suffix}`] as readonly number[];
      const [wx, wh, bi, bh] = [matrixOf('weight_ih'), matrixOf('weight_hh'), biasOf('bias_ih'), biasOf('bias_hh')];
      const H = wh[0]!.length;
      let h = [...(initialState?.h[2 * layer + d]?.[b] ?? new Array<number>(H).fill(0))];
      let c = [...(initialState?.c?.[2 * layer + d]?.[b] ?? new Array<number>(H).fill(0))];
      for (let step = 0; step < xs.length; step++) {
        const t = d === 0 ? step : xs.length - 1 - step;
        const dot = (row: readonly number[], values: readonly number[]): number =>
          row.reduce((sum, weight, i) => sum + weight * values[i]!, 0);
        const z = wx.map((row, k) => dot(row, below[t]!) + dot(wh[k]!, h) + bi[k]! + bh[k]!);
        c = c.map((old, j) => logistic(z[H + j]!) * old + logistic(z[j]!) * Math.tanh(z[2 * H + j]!));
        h = c.map((value, j) => logistic(z[3 * H + j]!) * Math.tanh(value));
        if (moved?.l === 2 * layer + d && moved.t === t) (moved.state === 'h' ? h : c)[moved.unit]! += moved.by;
        above[t]!.push(...h);
      }
    }
    below = above;
  }
  return below;
}

describe('attribution in two directions', () => {
  it('of two directions is a sum of powers of ρ on both sides of the loss, each sequence with its own length', () => {
    const [rho, lengths] = [0.8, [T, 5, 1]];
    const parameters = (I: number) => ({
      Wx: new Float64Array(I).fill(1),
      Wh: Float64Array.of(rho),
      b: new Float64Array(1),
    });
    const both = (layer: number, I: number) =>
      (['forward', 'reverse'] as const).map(
        (direction) => ({ layer, direction, H: 1, parameters: parameters(I), initial: { h: null } }) as const,
      );
    const plain = randomNetwork({
      ...shape,
      B: lengths.length,
      I: 1,
      cell: 'identity',
      widths: [1],
      directions: ['forward'],
      lengths,
    });
    const [first, ...others] = [...both(0, 1), ...both(1, 2)];
    const run = finish(runNetwork({ ...plain, layers: [first!, ...others], upstream: { kind: 'every' } }));
    for (const [l, direction] of (['forward', 'reverse'] as const).entries()) {
      const { attribution, steps } = attributeNetwork(run, l);
      finish(steps);
      const [{ log10 }, isReverse] = [attribution, direction === 'reverse'];
      for (let s = 0; s < T; s++) {
        for (let t = 0; t < T; t++) {
          let squares = 0;
          for (const length of lengths) {
            let g = 0;
            // The last layer's directions send ρ^|s − u| to each input u: one to those before s, one to those behind,
            // both to s itself. From there this direction brings it to t.
            for (let u = 0; u < length; u++) {
              const [sent, steps] = [(u === s ? 2 : 1) * rho ** Math.abs(s - u), isReverse ? t - u : u - t];
              if (s < length && t < length && steps >= 0) g += sent * rho ** steps;
            }
            squares += g * g;
          }
          const found = isReverse ? log10[(T - 1 - t) * T + T - 1 - s]! : log10[t * T + s]!;
          near(found, 0.5 * Math.log10(squares), 1e-12, `${direction} t ${t} s ${s}`);
        }
      }
    }
  });

  it('of the reference cases in two directions with a loss for each direction is their norms', () => {
    for (const [name, count] of [
      ['tanh_bi_last', 1],
      ['gru_bi_final', 2],
    ] as const) {
      const run = finish(runNetwork(experimentOfCase(networkCase(name), 'float64')));
      const { layers } = networkCase(name).expected as {
        readonly layers: readonly { readonly norms: { readonly ds: readonly number[] } }[];
      };
      assert.equal(layers.length, run.layers.length);
      for (const [l, { norms }] of layers.entries()) {
        const { attribution, steps } = attributeNetwork(run, l);
        finish(steps);
        const { log10, sources } = attribution;
        assert.equal(sources.length, count, name);
        const isReverse = run.layers[l]!.experiment.layers[0].direction === 'reverse';
        for (const [t, wanted] of norms.ds.entries()) {
          const row = (isReverse ? norms.ds.length - 1 - t : t) * count;
          // Of two losses one alone enters each direction.
          near(Math.hypot(...log10.slice(row, row + count).map((v) => 10 ** v)), wanted, 1e-12, `${name} ${l} t ${t}`);
        }
        const { log10: arrived } = attribution.layers![l]!;
        near(Math.hypot(...arrived.map((value) => 10 ** value)), Math.hypot(...norms.ds), 1e-12, `${name} ${l}`);
      }
    }
  });

  it('of the ragged reference stack of LSTM in two directions is what finite differences of each loss say', () => {
    const ref = networkCase('lstm_bi_2layer_ragged');
    const run = finish(runNetwork(experimentOfCase(ref, 'float64')));
    const losses = ref.upstreamGradient as readonly (readonly (readonly number[])[])[];
    const lengths = ref.sequences.map(({ length }) => length);
    const [steps, B, width, small] = [Math.max(...lengths), lengths.length, 4, 1e-5];
    /** L_s of each sequence [B][steps], of a network whose states of one direction are moved at one position. */
    const lossesWith = (moved: Moved | null): number[][] =>
      ref.sequences.map((xs, b) =>
        lstmOutput(ref, xs, b, moved).map((h, s) => h.reduce((sum, value, j) => sum + value * losses[b]![s]![j]!, 0)),
      );
    for (const [l, { experiment }] of run.layers.entries()) {
      const { attribution, steps: fill } = attributeNetwork(run, l);
      finish(fill);
      assert.equal(attribution.sources.length, steps);
      const isReverse = experiment.layers[0].direction === 'reverse';
      const placed = (t: number): number => (isReverse ? steps - 1 - t : t);
      let largest = 0;
      for (let t = 0; t < steps; t++) {
        const squares = new Float64Array(steps);
        for (const state of ['h', 'c'] as const)
          for (let unit = 0; unit < width; unit++) {
            const [up, down] = [small, -small].map((by) => lossesWith({ l, t, state, unit, by }));
            for (let b = 0; b < B; b++)
              up![b]!.forEach((value, s) => (squares[s]! += ((value - down![b]![s]!) / (2 * small)) ** 2));
          }
        for (const [s, sum] of squares.entries()) {
          const found = 10 ** attribution.log10[placed(t) * steps + placed(s)]!;
          near(found, Math.sqrt(sum), 1e-8, `layer ${l} t ${t} s ${s}`);
          largest = Math.max(largest, found);
        }
      }
      assert.ok(largest > 0.1);
    }
  });

  it('counts the way of a loss through all of a layer that it reaches from both sides', () => {
    // 600 losses of 38 million products each, if every layer were gone through by halves: more than 90 are too many.
    const wide = { ...shape, B: 4, T: 600, I: 8, cell: 'tanh', widths: [32, 32] } as const;
    const counted = (directions: readonly ['forward'] | readonly ['forward', 'reverse']): number => {
      const network = { ...randomNetwork({ ...wide, directions }), upstream: { kind: 'every' } } as const;
      const { attribution, steps } = attributeNetwork(finish(runNetwork(network)), 0);
      // As many passes as it takes to know the sources.
      for (let step = steps.next(); step.done !== true && attribution.sources.length === 0;) step = steps.next();
      return attribution.sources.length;
    };
    const each = (I: number, H: number): number => 4 * H * (I + H);
    const most = (products: number): number => Math.floor(4e9 / products);
    const groups = (count: number): number => Math.ceil(600 / Math.ceil(600 / count));
    assert.equal(counted(['forward']), groups(Math.min(512, most(300 * (each(8, 32) + each(32, 32))))));
    assert.equal(
      counted(['forward', 'reverse']),
      groups(Math.min(512, most(600 * 2 * each(8, 32) + 300 * 2 * each(64, 32)))),
    );
  });
});
