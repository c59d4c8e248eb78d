// Sequences of different lengths: nothing that is told of a step comes from a sequence that is not there, and what is
// told of the way back is counted from each one's own source.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  finish,
  jacobianSeries,
  onStepsOfRun,
  openGates,
  openStep,
  preActivations,
  runNetwork,
  spectrumResumably,
  stateGradients,
  Workspaces,
} from '../../../src/engine/index.js';
import type { AnyRun, Experiment, Kernels } from '../../../src/engine/index.js';
import { mapParameters, mapStates } from '../../../src/engine/cells/cell.js';
import { band, spread } from '../../../src/worker/answers/unitSlices.js';
import { kernelsOf, oncePer, variants } from '../wasm/support.js';
import { randomLoss, randomNetwork } from './networks.js';

const cells = ['tanh', 'lstm', 'gru'] as const;
const ways: readonly (readonly [string, () => Kernels | null])[] = [
  ['in plain arithmetic', () => null],
  ...variants.map((variant) => [`through the kernels, ${variant}`, () => kernelsOf(variant)] as const),
];

/** With other numbers in its parameters. */
const changed = (e: Experiment, change: (value: number, name: string) => number): Experiment => ({
  ...e,
  layers: e.layers.map((layer) => ({
    ...layer,
    parameters: mapParameters(layer.parameters, (values, name) => values.map((value) => change(value, name))),
  })) as unknown as Experiment['layers'],
});

/** Nothing enters: the states stay 0, and every step takes the gradient back alike. */
function atRest(cell: (typeof cells)[number], lengths: readonly number[]): Experiment {
  const shape = { seed: 8, cell, T: 100, I: 2, widths: [3, 4], directions: ['forward'] } as const;
  const e = randomNetwork({ ...shape, B: lengths.length, lengths });
  // However many sequences there are, the same weights.
  const { layers } = changed(randomNetwork({ ...shape, B: 1 }), (value, name) => (name.startsWith('b') ? 0 : value));
  return {
    ...e,
    loss: null,
    upstream: { kind: 'last' },
    chunks: e.chunks.map((chunk) => ({ ...chunk, xs: chunk.xs.map(() => 0) })),
    layers: layers.map((layer) => ({ ...layer, initial: { h: null } })) as unknown as Experiment['layers'],
  };
}

/** One of its sequences, as if there were no other. */
function alone(e: Experiment, item: number, length: number): Experiment {
  const { T, I } = e.shapes;
  return {
    ...e,
    shapes: { ...e.shapes, B: 1, T: length },
    loss: null,
    upstream: { kind: 'last' },
    chunks: [{ steps: length, xs: e.chunks[0]!.xs.slice(item * T * I, (item * T + length) * I) }],
    layers: e.layers.map((layer) => ({
      ...layer,
      initial: mapStates(layer.initial, (values) => values?.slice(item * layer.H, (item + 1) * layer.H) ?? null),
    })) as unknown as Experiment['layers'],
  };
}

/** A network in which one sequence receives nothing, beside others whose gradients vanish, in plain arithmetic. */
const vanishing = oncePer(([cell, which]: readonly ['lstm' | 'gru', 'lengths' | 'targets']) => {
  const shape = { seed: 3, cell, B: 3, T: 1500, I: 2, widths: [3], directions: ['forward'] } as const;
  const whole = randomNetwork(shape);
  const e = changed(
    which === 'lengths'
      ? randomNetwork({ ...shape, lengths: [1500, 750, 2] })
      : { ...whole, loss: randomLoss(whole, 'mse', 'last', 5) },
    (value) => 0.3 * value,
  );
  return { e, known: finish(runNetwork(e)).layers[0].result.layers[0] };
});

for (const [way, kernels] of ways)
  describe(`sequences of different lengths, ${way}`, () => {
    for (const cell of cells)
      it(`give a stack the verdict of one by the distance from each one's source, ${cell}`, () => {
        const told = (lengths: readonly number[]): unknown => {
          const { verdict } = finish(runNetwork(atRest(cell, lengths), undefined, kernels()));
          // What a layer says by itself tells of its gates too.
          const [through] = verdict.reason.split(' By itself');
          return [verdict.kind, verdict.perStepFactor?.toFixed(9), verdict.log10Ratio?.toFixed(6), through];
        };
        const alone = told([100]);
        assert.deepEqual(told([100, 10]), alone);
        assert.deepEqual(told([7, 100, 100, 60]), alone);
      });

    for (const cell of ['lstm', 'gru'] as const)
      it(`leave no norm unknown where one of them receives nothing beside gradients below 1e-154, ${cell}`, () => {
        for (const which of ['lengths', 'targets'] as const) {
          const { e, known } = vanishing([cell, which]);
          assert.ok(known.log10Norms.dh.some((value) => value < -154 && value > -Infinity));
          const given = kernels();
          const found = given === null ? known : finish(runNetwork(e, undefined, given)).layers[0].result.layers[0];
          for (const name of cell === 'lstm' ? (['dh', 'ds'] as const) : (['dh'] as const)) {
            const [own, plain] = [found.log10Norms[name]!, known.log10Norms[name]!];
            for (const [t, value] of plain.entries())
              assert.ok(
                Object.is(value, own[t]) || Math.abs(value - own[t]!) < 1e-6,
                `${name} ${t}: ${own[t]}, not ${value}`,
              );
          }
          assert.ok(found.log10SingleSource.every((value) => !Number.isNaN(value)));
        }
      });

    for (const cell of cells)
      it(`have singular values at their own steps alone, ${cell}`, () => {
        const shape = { seed: 5, cell, I: 2, widths: [4], T: 9 } as const;
        const lengths = [6, 9, 2];
        const spaces = kernels();
        const workspaces = spaces === null ? null : new Workspaces(spaces);
        for (const direction of ['forward', 'reverse'] as const) {
          const e = randomNetwork({ ...shape, B: 3, lengths, directions: [direction] });
          const [{ experiment, result }] = finish(runNetwork(e, undefined, spaces)).layers;
          for (const [item, length] of lengths.entries()) {
            // The same sequence by itself.
            const own = alone(e, item, length);
            const [one] = finish(runNetwork(own, undefined, spaces)).layers;
            const [found, known] = [
              jacobianSeries(experiment, result, item, workspaces),
              jacobianSeries(one.experiment, one.result, 0, workspaces),
            ];
            finish(found.steps);
            finish(known.steps);
            // A reverse direction reaches a shorter sequence later.
            const from = direction === 'forward' ? 0 : 9 - length;
            for (const name of ['sigmaMax', 'sigmaMin', 'log10Largest', 'log10Median', 'log10Smallest'] as const) {
              assert.equal(found.series[name].length, 9);
              for (const [t, value] of found.series[name].entries()) {
                const expected = t < from || t >= from + length ? NaN : known.series[name][t - from]!;
                assert.ok(
                  Object.is(value, expected) || Math.abs(value - expected) < 1e-9,
                  `${direction} ${item} ${name} ${t}`,
                );
              }
            }
          }
          const { jacobianSigmaMax } = finish(spectrumResumably(experiment, result, workspaces));
          const onRun = onStepsOfRun(experiment, 0, jacobianSigmaMax);
          assert.deepEqual(
            [...onRun.keys()].filter((t) => !Number.isNaN(onRun[t]!)),
            direction === 'forward' ? [0, 1, 2, 3, 4, 5] : [3, 4, 5, 6, 7, 8],
          );
          assert.deepEqual(
            onRun.filter((value) => !Number.isNaN(value)),
            jacobianSigmaMax,
          );
        }
      });

    for (const cell of ['tanh', 'sigmoid', 'relu'] as const)
      it(`count the units of those that are there as closed, and have no z elsewhere, ${cell}`, () => {
        const shape = { seed: 3, cell, T: 40, I: 2, widths: [4], directions: ['forward'] } as const;
        const e = randomNetwork({ ...shape, B: 2, lengths: [40, 4] });
        const [{ experiment, result }] = finish(runNetwork(e, undefined, kernels())).layers;
        const [long] = finish(runNetwork(alone(e, 0, 40), undefined, kernels())).layers;
        assert.deepEqual(result.layers[0].saturation?.subarray(4), long.result.layers[0].saturation?.subarray(4));
        const told = ({ verdict }: AnyRun): string | undefined =>
          /\(([^)]*(?:all h|units|\|h\|)[^)]*)\)/.exec(verdict.reason)?.[1];
        // The first steps of the short one move a share of relu's units by a percent.
        if (cell !== 'relu') assert.equal(told(result), told(long.result));
        const spaces = kernels();
        const { z, steps } = preActivations(experiment, result, 1, spaces === null ? null : new Workspaces(spaces));
        finish(steps);
        assert.ok(z.values !== null);
        assert.ok(z.values.subarray(0, 16).every((value) => value !== 0));
        assert.ok(z.values.subarray(16, 160).every((value) => value === 0));
        const opened = openStep(experiment, result, 10, 1);
        assert.deepEqual(
          [[...opened.z], [...opened.h]],
          [
            [0, 0, 0, 0],
            [0, 0, 0, 0],
          ],
        );
      });
  });

describe('where a sequence is not there', () => {
  for (const cell of ['lstm', 'gru'] as const)
    it(`no gate has a value, ${cell}`, () => {
      const e = randomNetwork({
        seed: 3,
        cell,
        B: 2,
        T: 6,
        I: 2,
        widths: [4],
        directions: ['forward'],
        lengths: [6, 2],
      });
      const [{ experiment, result }] = finish(runNetwork(e)).layers;
      const { gradients, steps } = stateGradients(experiment, result, 1);
      finish(steps);
      const sizes = (t: number): number[] =>
        openGates(experiment, result, gradients, t, 1).nodes.map(({ value }) => Math.max(...value.map(Math.abs)));
      assert.ok(sizes(1).every((size) => size > 0));
      assert.ok(sizes(4).every((size) => size === 0));
    });
});

describe('how far a loss teaches sequences of different lengths', () => {
  for (const cell of cells)
    it(`is counted from each one's source, ${cell}`, () => {
      const at = (lengths: readonly number[]): number | null => {
        const { layers } = finish(runNetwork(atRest(cell, lengths)));
        return layers[0].result.onePercentAt;
      };
      const alone = at([100]);
      assert.ok(alone !== null && alone > 50, String(alone));
      assert.equal(at([100, 10, 10, 12]), alone);
    });
});

describe('what is told of a batch', () => {
  const [B, T] = [3, 6];
  const lengths = [6, 2, 3];
  const e = randomNetwork({ seed: 3, cell: 'tanh', B, T, I: 2, widths: [4], directions: ['forward'], lengths });
  const [run] = finish(runNetwork(e)).layers;
  const keptRun = { runId: 1, ...run };
  const there = (t: number): number[] => [...lengths.keys()].filter((b) => t < lengths[b]!);

  it('has the norms of the sequences that are there between its ends', () => {
    const { low, median, high } = band(keptRun, { runId: 1, window: { t0: 0, t1: T }, maxPoints: 100 });
    for (let t = 0; t < T; t++) {
      const norms = there(t).map((b) => run.result.layers[0].log10dhPerSequence[b * T + t]!);
      assert.deepEqual([low[t], high[t]], [Math.min(...norms), Math.max(...norms)]);
      assert.ok(Number.isFinite(median[t]));
    }
  });

  it('counts the units of the sequences that are there', () => {
    const request = { runId: 1, sequence: null, window: { t0: 0, t1: T }, maxColumns: T, bins: 400 };
    const { columns, bins, shares } = spread(keptRun, request);
    assert.equal(columns, T);
    for (let t = 0; t < T; t++) {
      const units = there(t).length * 4;
      let [sum, most] = [0, 0];
      for (let bin = 0; bin < bins; bin++) {
        sum += shares[bin * columns + t]!;
        most = Math.max(most, shares[bin * columns + t]!);
      }
      assert.ok(Math.abs(sum - 1) < 1e-6);
      // Hardly two of them are so much alike.
      assert.ok(most <= 2.01 / units, `${most} at ${t}`);
    }
  });
});
