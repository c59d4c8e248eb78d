// The check of gradients that a user asks for: what it finds right, what it finds wrong, and what it leaves out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tanh } from '../../../src/engine/cells/tanh.js';
import { cellNames, cells, checkGradients, errorBounds, finish } from '../../../src/engine/index.js';
import type { Cell, CellName, CheckedTensor, Experiment, GradientCheck } from '../../../src/engine/index.js';
import { leakyInTheTable } from './leaky.js';
import { randomLoss, randomNetwork } from './networks.js';
import type { NetworkShape } from './networks.js';

const shape: NetworkShape = {
  seed: 1,
  cell: 'tanh',
  B: 2,
  T: 7,
  I: 3,
  widths: [4],
  directions: ['forward'],
};

function check(experiment: Experiment): GradientCheck {
  const found = finish(checkGradients(Infinity, experiment));
  assert.ok(found !== null);
  return found;
}

const largest = ({ tensors }: GradientCheck): number =>
  tensors.reduce((most, { worst }) => Math.max(most, worst?.error ?? 0), 0);

const named = ({ tensors }: GradientCheck, name: string): CheckedTensor => {
  const tensor = tensors.find((one) => one.name === name);
  assert.ok(tensor !== undefined, name);
  return tensor;
};

/** A made-up cell in the table of this process: tanh whose slope is `slope`. */
function madeUp(name: string, slope: (h: number) => number): CellName {
  const cell: Cell = {
    ...tanh,
    name,
    kernel: null,
    activation: { ...tanh.activation!, slope },
    slopes({ H }, next, _, { A }) {
      for (let j = 0; j < H; j++) A[j] = slope(next[j]!);
    },
  };
  Object.assign(cells, { [name]: cell });
  return name as CellName;
}

describe('checkGradients', () => {
  for (const cell of [...cellNames, leakyInTheTable()])
    for (const [seed, kind] of ([null, 'mse', 'crossEntropy'] as const).entries())
      it(`finds every gradient of ${cell} right, with ${kind ?? 'ones at the last step'}`, () => {
        // Two layers in one case, two directions in another, and a single small layer in the last.
        const widths = seed === 0 ? [3, 2] : [3];
        const directions = seed === 1 ? (['forward', 'reverse'] as const) : (['forward'] as const);
        const network = randomNetwork({ ...shape, seed, cell, T: 4, widths, directions, lengths: [4, 3] });
        const loss = kind === null ? null : randomLoss(network, kind, kind === 'mse' ? 'every' : [1, 2], seed);
        const found = check({ ...network, loss });
        assert.ok(found.isAsRun);
        const told = JSON.stringify(found.tensors);
        assert.ok(largest(found) <= errorBounds.good, told);
        // Of each tensor nearly everything can be compared, and the inputs and the readout are among them.
        assert.ok(
          found.tensors.every(({ compared, unclear }) => compared > 0 && unclear <= 2),
          told,
        );
        const parts = found.tensors.filter(({ layer }) => layer === null).map(({ name }) => name);
        assert.deepEqual(parts, loss === null ? ['x'] : ['x', 'Why', 'by']);
      });

  it('finds slopes wrong that are another function’s, by 1 % or by a sign, and says where', () => {
    const off = madeUp('offByOnePercent', (h) => 1.01 * (1 - h * h));
    const found = check(randomNetwork({ ...shape, cell: off }));
    for (const { name, worst } of found.tensors) assert.ok(worst !== null && worst.error > 1e-3, name);
    const turned = madeUp('turned', (h) => h * h - 1);
    const { worst } = named(check(randomNetwork({ ...shape, cell: turned, T: 1 })), 'b');
    assert.ok(worst !== null && Math.abs(worst.error - 2) < 1e-6, JSON.stringify(worst));
  });

  it('tells the derivative itself: of h = tanh(w·h + u·x + b), one step', () => {
    const numbers = (value: number): Float64Array => Float64Array.of(value);
    const network: Experiment = {
      ...randomNetwork({ ...shape, B: 1, T: 1, I: 1, widths: [1] }),
      layers: [
        {
          layer: 0,
          direction: 'forward',
          H: 1,
          parameters: { Wx: numbers(0.5), Wh: numbers(0.25), b: numbers(0.1) },
          initial: { h: numbers(0.8) },
        },
      ],
      chunks: [{ steps: 1, xs: numbers(0.4) }],
    };
    const z = 0.25 * 0.8 + 0.5 * 0.4 + 0.1;
    const slope = 1 / Math.cosh(z) ** 2;
    const found = check(network);
    assert.ok(Math.abs(found.value - Math.tanh(z)) < 1e-15);
    for (const [name, expected] of Object.entries({ Wx: 0.4 * slope, Wh: 0.8 * slope, b: slope, h: 0.25 * slope })) {
      const { worst, size } = named(found, name);
      assert.equal(size, 1);
      assert.ok(worst !== null);
      if (worst.at === null) continue;
      assert.ok(Math.abs(worst.difference / expected - 1) < 1e-9, `${name} ${worst.difference} ${expected}`);
      assert.ok(Math.abs(worst.gradient / expected - 1) < 1e-12, name);
    }
  });

  it('leaves out relu at its kink instead of calling it wrong', () => {
    const network = randomNetwork({ ...shape, cell: 'relu' });
    const [layer] = network.layers;
    // Nothing enters, so every z is exactly 0: there is a slope on one side only.
    const still: Experiment = {
      ...network,
      layers: [{ ...layer, parameters: { ...layer.parameters, b: new Float64Array(4) }, initial: { h: null } }],
      chunks: [{ steps: 7, xs: new Float64Array(2 * 7 * 3) }],
    };
    const found = check(still);
    assert.ok(named(found, 'b').kinks > 0 && named(found, 'x').kinks > 0);
    assert.equal(largest(found), 0);
  });

  it('does not call a gradient wrong that float64 rounds away from the loss', () => {
    const network = randomNetwork({ ...shape, T: 40, cell: 'tanh' });
    const [layer] = network.layers;
    const Wh = layer.parameters.Wh.map((w) => w * 0.01);
    const found = check({ ...network, layers: [{ ...layer, parameters: { ...layer.parameters, Wh } }] });
    // The initial state reaches the loss by a factor of 0.01^40.
    const { compared, unclear } = named(found, 'h');
    assert.equal(compared, 0);
    assert.equal(unclear, 9);
    assert.ok(largest(found) <= errorBounds.good);
  });

  it('checks without the cut where the gradient is cut, and says so', () => {
    const network = randomNetwork({ ...shape, truncate: 2 });
    const cut = check({ ...network, clipNorm: 1e-3, dtype: 'float32' });
    assert.ok(!cut.isAsRun && largest(cut) <= errorBounds.good);
    const xs = network.chunks[0]!.xs.subarray(0, 2 * 3 * 3);
    const chunks = [
      { steps: 3, xs },
      { steps: 3, xs: xs.map((x) => -x) },
    ];
    const stateful = { ...network, truncate: null, stateful: true, shapes: { ...network.shapes, T: 6 }, chunks };
    const found = check(stateful);
    assert.ok(!found.isAsRun && largest(found) <= errorBounds.good);
    assert.ok(check({ ...stateful, stateful: false }).isAsRun);
  });

  it('has nothing to say of a loss that is not finite', () => {
    const network = randomNetwork({ ...shape, cell: 'identity' });
    network.layers[0].parameters.b.fill(Infinity);
    assert.equal(finish(checkGradients(Infinity, network)), null);
  });
});
