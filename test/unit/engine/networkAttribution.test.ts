// Which losses of a network make which gradient: against runs of the same network with one loss alone, and for one
// layer against the reference class that runs any cell.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asLayer,
  attribute,
  attributeNetwork,
  cellOf,
  finish,
  inPositions,
  Rnn,
  runNetwork,
  runResumably,
} from '../../../src/engine/index.js';
import type { CellName, Experiment, NetworkRun } from '../../../src/engine/index.js';
import { initialStates } from '../../../src/engine/network/layers.js';
import { filled, randomNumbers } from './build.js';
import { randomLoss, randomNetwork } from './networks.js';
import type { NetworkShape } from './networks.js';
import { ways } from '../wasm/support.js';

const near = (actual: number, expected: number, bound: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual} is not within ${bound} of ${expected}`);

const [B, T, I, H] = [2, 9, 3, 4];

for (const cell of ['lstm', 'gru', 'sigmoid'] as const)
  describe(`attribution in a layer of ${cell}`, () => {
    const next = randomNumbers(21);
    const dhs = filled(B * T * H, next);
    const whole: Experiment = {
      ...randomNetwork({ seed: 3, cell, B, T, I, widths: [H], directions: ['forward'] }),
      upstream: { kind: 'given', dhs },
    };
    const layer = asLayer(whole) ?? assert.fail();
    const width = cellOf(cell).states.length * H;

    /** ∂L/∂s_t [T][B·S·H] by the reference class when only these steps have a loss. */
    function alone(has: (s: number) => boolean): Float64Array[] {
      const rnn = new Rnn({ cell, I, H, weights: layer.layers[0].parameters }, { dtype: 'float64', stateful: true });
      rnn.setState(initialStates(layer));
      rnn.forward({ B, T, N: I, data: layer.chunks[0]!.xs });
      const g: Float64Array[] = [];
      rnn.backward(
        { B, T, N: H, data: dhs.map((value, i) => (has(Math.floor(i / H) % T) ? value : 0)) },
        { visit: ({ t, ds }) => void (g[t] = Float64Array.from(ds.data)) },
      );
      return g;
    }

    it('is the norm of what each loss alone sends to all states, and these vectors add up to ∂L/∂s_t', () => {
      const { attribution, steps } = attribute(layer, finish(runResumably(layer)));
      finish(steps);
      const { sources, t, log10 } = attribution;
      assert.deepEqual(
        sources,
        Array.from({ length: T }, (_, s) => ({ from: s, to: s })),
      );
      const byReference = sources.map(({ from }) => alone((s) => s === from));
      const together = alone(() => true);
      for (const step of t) {
        assert.equal(together[step]!.length, B * width);
        const sum = new Float64Array(B * width);
        for (const [s, own] of byReference.entries()) {
          own[step]!.forEach((value, i) => (sum[i] = sum[i]! + value));
          const found = log10[step * T + s]!;
          if (s < step) assert.equal(found, -Infinity);
          else near(10 ** found, Math.hypot(...own[step]!), 1e-13, `t ${step} s ${s}`);
        }
        sum.forEach((value, i) => near(value, together[step]![i]!, 1e-13, `t ${step} [${i}]`));
      }
    });
  });

/** The same network, with what enters its output kept at one position only. */
function withOnly(experiment: Experiment, dhs: Float64Array, position: number): Experiment {
  const N = dhs.length / (experiment.shapes.B * experiment.shapes.T);
  const only = dhs.map((value, i) => (Math.floor(i / N) % experiment.shapes.T === position ? value : 0));
  return { ...experiment, loss: null, upstream: { kind: 'given', dhs: only } };
}

/** log10 ‖∂L/∂s_t‖ of a layer by position. */
function log10ds(run: NetworkRun, l: number): Float64Array {
  const { experiment, result } = run.layers[l]!;
  const { log10Norms } = result.layers[0];
  return inPositions(experiment, log10Norms.ds ?? log10Norms.dh);
}

const shape = { seed: 8, B, T, I } as const;
const cases: Readonly<Record<string, NetworkShape>> = {
  'three LSTM layers': { ...shape, cell: 'lstm', widths: [3, 4, 2], directions: ['forward'] },
  'two GRU layers in two directions over ragged sequences': {
    ...shape,
    cell: 'gru',
    widths: [3, 2],
    directions: ['forward', 'reverse'],
    lengths: [T, 5],
  },
  'two truncated LSTM layers in two directions': {
    ...shape,
    cell: 'lstm',
    widths: [2, 3],
    directions: ['forward', 'reverse'],
    truncate: 4,
  },
  'two tanh layers over ragged sequences': {
    ...shape,
    cell: 'tanh',
    widths: [3, 3],
    directions: ['forward'],
    lengths: [4, T],
  },
  'three sigmoid layers in two directions': {
    ...shape,
    cell: 'sigmoid',
    widths: [2, 3, 2],
    directions: ['forward', 'reverse'],
  },
  'one LSTM layer in two directions over ragged sequences': {
    ...shape,
    cell: 'lstm',
    widths: [3],
    directions: ['forward', 'reverse'],
    lengths: [3, T],
  },
};

for (const [name, own] of Object.entries(cases))
  describe(`attribution through ${name}`, () => {
    const plain = randomNetwork(own);
    const N = plain.shapes.H * own.directions.length;
    const dhs = filled(B * T * N, randomNumbers(5)).map((value, i) =>
      Math.floor(i / N) % T < (own.lengths?.[Math.floor(i / (N * T))] ?? T) ? value : 0,
    );
    const experiment: Experiment = { ...plain, upstream: { kind: 'given', dhs } };
    const run = finish(runNetwork(experiment));
    const byReference = Array.from({ length: T }, (_, s) => finish(runNetwork(withOnly(experiment, dhs, s))));

    const everyLayer = [...run.layers.entries()].flatMap(([l, { experiment: layer }]) =>
      ways.map(([way, workspaces]) => [way, workspaces, l, layer] as const),
    );
    for (const [way, workspaces, l, layer] of everyLayer)
      it(`layer ${layer.layers[0].layer}, ${layer.layers[0].direction}: what each loss alone sends, ${way}`, () => {
        const { attribution, steps } = attributeNetwork(run, l, workspaces);
        finish(steps);
        assert.deepEqual(
          attribution.sources,
          Array.from({ length: T }, (_, s) => ({ from: s, to: s })),
        );
        const [{ layer: number, direction }] = layer.layers;
        const isTop = number === own.widths.length - 1;
        assert.equal(attribution.bothSides, own.directions.length > 1 && !isTop);
        // Steps and sources count as this direction computes.
        const placed = (t: number): number => (direction === 'reverse' ? T - 1 - t : t);
        let [before, arrivals] = [0, 0];
        for (const [s, alone] of byReference.entries()) {
          const wanted = log10ds(alone, l);
          let squares = 0;
          for (let t = 0; t < T; t++) {
            const found = attribution.log10[placed(t) * T + placed(s)]!;
            if (wanted[t] === -Infinity) assert.equal(found, -Infinity, `t ${t} s ${s}`);
            else near(found, wanted[t]!, 1e-11, `t ${t} s ${s}`);
            squares += 100 ** wanted[t]!;
            if (placed(s) < placed(t) && wanted[t] !== -Infinity) before++;
          }
          for (const [k, { experiment: other }] of run.layers.entries()) {
            const arrived = attribution.layers![k]!;
            assert.deepEqual([arrived.layer, arrived.direction], [other.layers[0].layer, other.layers[0].direction]);
            if (k !== l) continue;
            near(arrived.log10[placed(s)]!, 0.5 * Math.log10(squares), 1e-11, `all steps, s ${s}`);
            arrivals++;
          }
        }
        assert.equal(arrivals, T);
        assert.equal(before > 0, attribution.bothSides);
      });

    it('of each direction of the last layer by itself, in the order in which it computes', () => {
      for (const [l, { experiment: layer, result }] of run.layers.entries()) {
        if (layer.layers[0].layer !== own.widths.length - 1) continue;
        const { attribution, steps } = attribute(layer, result);
        finish(steps);
        const isReverse = layer.layers[0].direction === 'reverse';
        for (const [column, { from }] of attribution.sources.entries()) {
          const alone = byReference[isReverse ? T - 1 - from : from]!;
          const { log10Norms } = alone.layers[l]!.result.layers[0];
          (log10Norms.ds ?? log10Norms.dh).forEach((wanted, t) => {
            const found = attribution.log10[t * attribution.sources.length + column]!;
            if (wanted === -Infinity) assert.equal(found, -Infinity, `t ${t} s ${from}`);
            else near(found, wanted, 1e-11, `t ${t} s ${from}`);
          });
        }
      }
    });

    it('the gradients of all losses add up to that of the whole, in every layer and at the initial states', () => {
      for (const [l, { result }] of run.layers.entries()) {
        const { dhTotal, dInitial } = result.layers[0];
        const parts = byReference.map(({ layers }) => layers[l]!.result.layers[0]);
        dhTotal.forEach((value, i) =>
          near(
            parts.reduce((sum, alone) => sum + alone.dhTotal[i]!, 0),
            value,
            1e-12,
            `dh of layer ${l}`,
          ),
        );
        for (const [state, values] of Object.entries(dInitial))
          values.forEach((value, i) =>
            near(
              parts.reduce((sum, alone) => sum + alone.dInitial[state]![i]!, 0),
              value,
              1e-12,
              `d${state}0 of layer ${l}`,
            ),
          );
      }
    });
  });

describe('attribution through a network', () => {
  it('has a source for each step of a loss, and the two ends of a final one in two directions', () => {
    const stack = randomNetwork({ ...shape, cell: 'gru', widths: [2, 2], directions: ['forward', 'reverse'] });
    const sourcesOf = (experiment: Experiment) => {
      const { attribution, steps } = attributeNetwork(finish(runNetwork(experiment)), 0);
      finish(steps);
      return attribution.sources.map(({ from }) => from);
    };
    assert.deepEqual(sourcesOf({ ...stack, loss: randomLoss(stack, 'mse', [2, 6], 4) }), [2, 6]);
    assert.deepEqual(sourcesOf({ ...stack, loss: randomLoss(stack, 'crossEntropy', 'final', 4) }), [0, T - 1]);
  });

  it('is a power of ρ at each layer for identity layers, far beyond the range of a double', () => {
    const [long, rho] = [500, 0.1];
    const cell: CellName = 'identity';
    const eye = (factor: number) => Float64Array.of(factor, 0, 0, factor);
    const parameters = { Wx: eye(1), Wh: eye(rho), b: new Float64Array(2) };
    const layer = (index: number) =>
      ({ layer: index, direction: 'forward', H: 2, parameters, initial: { h: null } }) as const;
    const run = finish(
      runNetwork({
        ...randomNetwork({ ...shape, B: 1, T: long, I: 2, cell, widths: [2], directions: ['forward'] }),
        layers: [layer(0), layer(1)],
      }),
    );
    for (const [way, workspaces] of ways) {
      const { attribution, steps } = attributeNetwork(run, 0, workspaces);
      finish(steps);
      // Two poles of ρ: a loss reaches the lower layer k steps back on k + 1 ways of k factors ρ each.
      for (let k = 0; k < long; k += 13)
        near(
          attribution.log10[long - 1 - k]!,
          k * Math.log10(rho) + Math.log10(k + 1) + Math.log10(Math.SQRT2),
          1e-10,
          `${k} steps back, ${way}`,
        );
    }
  });

  it('gathers losses where there are many, and takes them in several passes where one would hold too much', () => {
    const many = { ...shape, B: 1, T: 700, I: 2, cell: 'gru', widths: [12, 12], directions: ['forward'] } as const;
    const run = finish(runNetwork({ ...randomNetwork(many), upstream: { kind: 'every' } }));
    const { attribution, steps } = attributeNetwork(run, 0);
    let pauses = 0;
    for (let step = steps.next(); step.done !== true; step = steps.next()) pauses++;
    assert.ok(attribution.sources.length > 100 && attribution.sources.length <= 512);
    assert.deepEqual([attribution.sources[0]?.from, attribution.sources.at(-1)?.to], [0, 699]);
    assert.ok(attribution.log10.every((value) => !Number.isNaN(value)));
    // A pause for every few rows of each step.
    assert.ok(pauses > 700 * 2 * 10, `${pauses} pauses`);
  });
});
