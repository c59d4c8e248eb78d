// What-ifs of networks and gated cells: closed forms, eigenvalues by another library, and the same network written down
// otherwise.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import {
  asItIs,
  cellOf,
  changed,
  changesWeights,
  chosenLayers,
  finish,
  measureRecurrent,
  recurrentOf,
  runExperiment,
} from '../../../src/engine/index.js';
import type { AnyNetworkRun, CellName, Experiment, LayerSpec, WhatIf } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';

const [B, T, I, H] = [2, 12, 3, 4];
const gatesOf = (cell: CellName): number => cellOf(cell).gates.length;

function layer(cell: CellName, at: number, inputs: number, direction: LayerSpec['direction'] = 'forward'): LayerSpec {
  const width = gatesOf(cell) * H;
  const next = randomNumbers(11 + 2 * at + (direction === 'reverse' ? 1 : 0));
  const states = Object.fromEntries(cellOf(cell).states.map((name) => [name, null]));
  return {
    layer: at,
    direction,
    H,
    parameters: {
      Wx: filled(inputs * width, next),
      Wh: filled(H * width, next),
      b: filled(width, next),
      ...(cell === 'gru' ? { bh: filled(width, next) } : {}),
    },
    initial: { ...states, h: null },
  };
}

const network = (cell: CellName, first: LayerSpec, ...others: readonly LayerSpec[]): Experiment => ({
  name: 'network',
  cell,
  dtype: 'float64',
  shapes: { B, T, I, H },
  layers: [first, ...others],
  chunks: [{ steps: T, xs: filled(B * T * I, randomNumbers(3)) }],
  stateful: false,
  upstream: { kind: 'last' },
  loss: null,
  clipNorm: null,
  truncate: null,
});
const stack = (cell: CellName): Experiment => network(cell, layer(cell, 0, I), layer(cell, 1, H));

/** The experiment with the what-if, or the sentence of its refusal. */
function tried(experiment: Experiment, part: Partial<WhatIf>): Experiment | string {
  const whatIf = { ...asItIs, ...part };
  const cell = cellOf(experiment.cell);
  const recurrents = new Map(
    chosenLayers(whatIf, experiment.layers.length).map((index) => {
      const spec = experiment.layers[index]!;
      const Wh = finish(recurrentOf(cell, spec, index, whatIf.initialise));
      return [index, { Wh, gates: finish(measureRecurrent(cell, Wh, spec.H, whatIf)) }] as const;
    }),
  );
  const other = finish(changed(experiment, whatIf, recurrents));
  return typeof other === 'string' ? other : other.experiment;
}
function made(experiment: Experiment, part: Partial<WhatIf>): Experiment {
  const other = tried(experiment, part);
  if (typeof other === 'string') assert.fail(other);
  return other;
}
const refusal = (other: Experiment | string): string =>
  typeof other === 'string' ? other : assert.fail('It was not refused.');
const run = (experiment: Experiment): AnyNetworkRun => finish(runExperiment(Infinity, experiment));

function assertSameRun(actual: Experiment, expected: Experiment): void {
  const [one, other] = [run(actual), run(expected)];
  assert.deepEqual(one.log10Norms, other.log10Norms);
  assert.deepEqual(one.verdict, other.verdict);
  assert.equal(one.layers.length, other.layers.length);
  for (const [i, { result }] of one.layers.entries()) {
    assert.deepEqual(result.layers[0].log10Norms, other.layers[i]!.result.layers[0].log10Norms);
    assert.deepEqual(result.layers[0].log10SingleSource, other.layers[i]!.result.layers[0].log10SingleSource);
  }
}

const block = (Wh: Float64Array, G: number, g: number): Matrix =>
  new Matrix(Array.from({ length: H }, (_, k) => [...Wh.subarray((k * G + g) * H, (k * G + g + 1) * H)]));
const radius = (matrix: Matrix): number => {
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix);
  return Math.max(...realEigenvalues.map((re, i) => Math.hypot(re, imaginaryEigenvalues[i]!)));
};
const largestSingular = (matrix: Matrix): number => Math.max(...new SingularValueDecomposition(matrix).diagonal);
const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

describe('a what-if of an LSTM', () => {
  it('carries c exactly once the forget gate is shifted open, where the input gate is shut', () => {
    const width = 4 * H;
    const shut: LayerSpec = {
      ...layer('lstm', 0, I),
      parameters: {
        Wx: new Float64Array(I * width),
        Wh: new Float64Array(H * width),
        // i shut, f = σ(−3), o half open: in the order i, f, g, o.
        b: Float64Array.from({ length: width }, (_, j) => [-1000, -3, 0.5, 0][Math.floor(j / H)]!),
      },
      initial: { h: null, c: new Float64Array(B * H).fill(0.5) },
    };
    const experiment = network('lstm', shut);
    const sourceOf = (of: Experiment): Float64Array => run(of).layers[0].result.layers[0].log10SingleSource;
    const before = sourceOf(experiment);
    const perStep = Math.log10(1 / (1 + Math.exp(3)));
    for (let t = 0; t < T - 2; t++) near(before[t + 1]! - before[t]!, -perStep, 1e-9);
    const open = made(experiment, { biasShift: 1003, biasGate: 'f' });
    const after = sourceOf(open);
    for (let t = 0; t < T - 2; t++) assert.equal(after[t], after[T - 2]);
    assert.equal(run(open).verdict.perStepFactor, 1);
    assert.notEqual(run(experiment).verdict.perStepFactor, 1);
  });

  it('shifts the bias of the gate that it names and of no other', () => {
    const experiment = stack('lstm');
    const [first, second] = made(experiment, { layers: 1, biasShift: 2, biasGate: 'f' }).layers;
    assert.equal(first, experiment.layers[0]);
    const before = experiment.layers[1]!.parameters.b;
    assert.deepEqual(
      [...second!.parameters.b],
      [...before].map((value, j) => (Math.floor(j / H) === 1 ? value + 2 : value)),
    );
    assert.deepEqual(made(experiment, { layers: 0, biasShift: 2 }).layers[0].parameters.b, before0(experiment, 2));
  });
});

const before0 = ({ layers: [{ parameters }] }: Experiment, by: number): Float64Array =>
  parameters.b.map((value) => value + by);

describe('Wh of a gated cell', () => {
  for (const cell of ['lstm', 'gru'] as const)
    for (const [measure, measured] of [
      ['spectralRadius', radius],
      ['sigmaMax', largestSingular],
    ] as const) {
      it(`of ${cell}: the ${measure} that is asked for is that of each gate's own block`, () => {
        const G = gatesOf(cell);
        for (const spec of made(stack(cell), { layers: 'all', rescale: { measure, to: 0.7 } }).layers)
          for (let g = 0; g < G; g++) near(measured(block(spec.parameters.Wh, G, g)), 0.7);
      });

      it(`of ${cell}: one gate's block alone gets its ${measure}, the others keep their bits`, () => {
        const G = gatesOf(cell);
        const experiment = stack(cell);
        const [whGate] = cellOf(cell).gates.slice(1);
        const { parameters } = made(experiment, { rescale: { measure, to: 1.3 }, whGate: whGate! }).layers[0];
        for (let g = 0; g < G; g++) {
          const now = block(parameters.Wh, G, g);
          if (g === 1) near(measured(now), 1.3);
          else assert.deepEqual(now, block(experiment.layers[0].parameters.Wh, G, g));
        }
      });
    }

  it('is orthogonal in each gate, another matrix in each gate and each layer', () => {
    const { layers } = made(stack('lstm'), { layers: 'all', initialise: { way: 'orthogonal', seed: 4 } });
    const blocks = layers.flatMap(({ parameters }) => [0, 1, 2, 3].map((g) => block(parameters.Wh, 4, g)));
    for (const one of blocks) {
      const product = one.mmul(one.transpose());
      for (let i = 0; i < H; i++) for (let j = 0; j < H; j++) near(product.get(i, j), i === j ? 1 : 0);
    }
    assert.equal(new Set(blocks.map((one) => JSON.stringify(one.to2DArray()))).size, blocks.length);
  });
});

describe('a start as frameworks make it', () => {
  it('of Keras: Wx within the bound of Glorot over all gates, rows of Wh orthonormal, bias 0 and 1 of f', () => {
    const { Wx, Wh, b } = made(stack('lstm'), { initialise: { way: 'keras', seed: 2 } }).layers[0].parameters;
    const width = 4 * H;
    const bound = Math.sqrt(6 / (I + width));
    assert.ok(Wx.every((x) => Math.abs(x) <= bound) && Wx.some((x) => Math.abs(x) > 0.8 * bound));
    const rows = new Matrix(Array.from({ length: H }, (_, k) => [...Wh.subarray(k * width, (k + 1) * width)]));
    const product = rows.mmul(rows.transpose());
    for (let i = 0; i < H; i++) for (let j = 0; j < H; j++) near(product.get(i, j), i === j ? 1 : 0);
    assert.deepEqual(
      [...b],
      Array.from({ length: width }, (_, j) => (j >= H && j < 2 * H ? 1 : 0)),
    );
    const gru = made(stack('gru'), { initialise: { way: 'keras', seed: 2 } }).layers[0].parameters;
    assert.ok([...gru.b, ...gru['bh']!].every((x) => x === 0));
  });

  it('of PyTorch: everything uniform in ±1/√H, the biases two', () => {
    const [lstm, gru] = (['lstm', 'gru'] as const).map(
      (cell) => made(stack(cell), { initialise: { way: 'pytorch', seed: 2 } }).layers[0].parameters,
    );
    const bound = 1 / Math.sqrt(H);
    for (const [numbers, most] of [
      [lstm!.Wx, bound],
      [lstm!.Wh, bound],
      // The sum of two.
      [lstm!.b, 2 * bound],
      [gru!.b, bound],
      [gru!['bh']!, bound],
    ] as const) {
      assert.ok(numbers.every((x) => Math.abs(x) <= most));
      assert.ok(numbers.some((x) => Math.abs(x) > 0.6 * most));
      assert.ok(Math.min(...numbers) < 0 && Math.max(...numbers) > 0);
    }
    assert.notDeepEqual(gru!.b, gru!['bh']);
  });
});

describe('a network without its last layer', () => {
  for (const cell of ['lstm', 'gru', 'tanh'] as const)
    it(`of ${cell} is the network that was never given it`, () => {
      assertSameRun(made(stack(cell), { drop: 'last' }), network(cell, layer(cell, 0, I)));
    });

  it('in two directions loses both of them', () => {
    const first = [layer('gru', 0, I), layer('gru', 0, I, 'reverse')] as const;
    const both = network('gru', ...first, layer('gru', 1, 2 * H), layer('gru', 1, 2 * H, 'reverse'));
    assertSameRun(made({ ...both, upstream: { kind: 'final' } }, { drop: 'last' }), {
      ...network('gru', ...first),
      upstream: { kind: 'final' },
    });
  });

  it('has the width of the layer below', () => {
    const narrow: LayerSpec = { ...layer('tanh', 0, I), H: 2 };
    const parameters = { Wx: filled(2 * I, randomNumbers(1)), Wh: filled(4, randomNumbers(2)), b: new Float64Array(2) };
    const experiment = network('tanh', { ...narrow, parameters }, layer('tanh', 1, 2));
    assert.equal(made(experiment, { drop: 'last', lossAt: 3 }).shapes.H, 2);
    assertSameRun(made(experiment, { drop: 'last', lossAt: 3 }), {
      ...network('tanh', { ...narrow, parameters }),
      shapes: { B, T, I, H: 2 },
      upstream: {
        kind: 'given',
        dhs: Float64Array.from({ length: B * T * 2 }, (_, i) => (Math.floor(i / 2) % T === 3 ? 1 : 0)),
      },
    });
  });

  it('is refused where something was made for its output, or nothing would be left', () => {
    const experiment = stack('lstm');
    const drop = { drop: 'last' } as const;
    assert.match(refusal(tried(network('lstm', layer('lstm', 0, I)), drop)), /only one layer/);
    const given = { ...experiment, upstream: { kind: 'given' as const, dhs: new Float64Array(B * T * H) } };
    assert.match(refusal(tried(given, drop)), /upstream gradient is given for the output of the last layer/);
    assert.equal(made(given, { ...drop, lossAt: 'every' }).upstream.kind, 'every');
    const loss: Experiment['loss'] = {
      kind: 'mse',
      at: 'last',
      Why: new Float64Array(H),
      by: new Float64Array(1),
      targets: new Float64Array(B),
    };
    assert.match(refusal(tried({ ...experiment, loss }, drop)), /readout belongs to the output of the last layer/);
    assert.match(refusal(tried({ ...experiment, loss }, { lossAt: 'last' })), /cannot be moved/);
  });
});

describe('a what-if', () => {
  it('of a layer or a gate that is not there is refused, but only where it changes something', () => {
    const experiment = stack('gru');
    assert.match(refusal(tried(experiment, { layers: 5, inputScale: 2 })), /not there any more/);
    assert.equal(made(experiment, { layers: 5, truncate: 3 }).truncate, 3);
    assert.match(refusal(tried(experiment, { biasShift: 1, biasGate: 'f' })), /no gate "f": its gates are r, z, n/);
    assert.equal(made(experiment, { biasGate: 'f', truncate: 3 }).truncate, 3);
    assert.match(
      refusal(tried(experiment, { rescale: { measure: 'sigmaMax', to: 1 }, whGate: 'o' })),
      /no gate "o": its gates are r, z, n/,
    );
    assert.match(refusal(tried(experiment, { cell: 'tanh' })), /those of gru; "tanh" takes others/);
    assert.equal(changesWeights({ ...asItIs, layers: 'all', biasGate: 'z', whGate: 'n' }), false);
  });

  it('of the loss at one step asks for that step of every sequence that has it', () => {
    const ragged: Experiment = {
      ...stack('gru'),
      chunks: [{ ...stack('gru').chunks[0]!, lengths: [T, 5] }],
    };
    assert.deepEqual(made(ragged, { lossAt: 7 }).upstream, { kind: 'step', t: 7 });
    assertSameRun(made(ragged, { lossAt: 7 }), { ...ragged, upstream: { kind: 'step', t: 7 } });
  });
});
