// Sequences of different lengths: nothing that is told of a step comes from a sequence that is not there, and what is
// told of the way back is counted from each one's own source.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  finish,
  jacobianSeries,
  onStepsOfRun,
  runNetwork,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { Experiment, Kernels } from '../../../src/engine/index.js';
import { mapParameters, mapStates } from '../../../src/engine/cells/cell.js';
import { kernelsOf, variants } from '../wasm/support.js';
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
        const shape = { seed: 3, cell, B: 3, T: 1500, I: 2, widths: [3], directions: ['forward'] } as const;
        const small = (e: Experiment): Experiment => changed(e, (value) => 0.3 * value);
        const whole = randomNetwork(shape);
        const withoutTarget = { ...whole, loss: randomLoss(whole, 'mse', 'last', 5) };
        for (const e of [small(randomNetwork({ ...shape, lengths: [1500, 750, 2] })), small(withoutTarget)]) {
          const [found, known] = [kernels(), null].map(
            (given) => finish(runNetwork(e, undefined, given)).layers[0].result.layers[0],
          );
          for (const name of cell === 'lstm' ? (['dh', 'ds'] as const) : (['dh'] as const)) {
            const [own, plain] = [found!.log10Norms[name]!, known!.log10Norms[name]!];
            for (const [t, value] of plain.entries())
              assert.ok(
                Object.is(value, own[t]) || Math.abs(value - own[t]!) < 1e-6,
                `${name} ${t}: ${own[t]}, not ${value}`,
              );
          }
          assert.ok(found!.log10SingleSource.every((value) => !Number.isNaN(value)));
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
  });
