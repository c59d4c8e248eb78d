// What the mutations begin with: the examples, the fixtures, and small experiments that together use every key and
// every layout.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../src/config/index.js';
import { newConfigText } from '../../src/config/edit/newConfig.js';
import { fromText, fromValue } from './tree.js';
import type { Tree } from './tree.js';

/** `text` is the file as it lies on the disk, comments and all. */
export type Seed = { readonly name: string; readonly tree: Tree; readonly text: string | null };
export type Specimen = {
  readonly name: string;
  readonly weight?: number;
  readonly entry: Entry;
  readonly files: readonly Seed[];
};

export const configName = 'test.rnn.json';
const asConfig: Entry = { kind: 'config', config: configName };

const onDisk = (file: string, name = path.basename(file)): Seed => {
  const text = readFileSync(file, 'utf8');
  return { name, tree: fromText(text), text };
};
const made = (name: string, value: unknown): Seed => ({ name, tree: fromValue(value), text: null });
const specimen = (name: string, config: unknown, files: Readonly<Record<string, unknown>> = {}): Specimen => ({
  name,
  entry: asConfig,
  files: [made(configName, config), ...Object.entries(files).map(([file, value]) => made(file, value))],
});

/** Numbers of any shape, the same every time. */
function numbers(shape: readonly number[], scale = 1): unknown {
  let at = 0;
  const visit = ([length, ...inner]: readonly number[]): unknown =>
    length === undefined
      ? Number((scale * Math.sin(1 + 0.7 * at++)).toPrecision(5))
      : Array.from({ length }, () => visit(inner));
  return visit(shape);
}

const [B, T, I, H, O] = [2, 5, 2, 3, 2];
const tutorial = { Wx: numbers([I, H]), Wh: numbers([H, H], 0.6), b: numbers([H], 0.1) };
const pytorch = {
  'rnn.weight_ih_l0': numbers([H, I]),
  'rnn.weight_hh_l0': numbers([H, H], 0.6),
  'rnn.bias_ih_l0': numbers([H], 0.1),
  'rnn.bias_hh_l0': numbers([H], 0.1),
  'fc.weight': numbers([O, H]),
  'fc.bias': numbers([O]),
};
const cell = {
  weight_ih: numbers([H, I]),
  weight_hh: numbers([H, H], 0.6),
  bias_ih: numbers([H], 0.1),
  bias_hh: numbers([H], 0.1),
};
const keras = {
  simple_rnn: {
    simple_rnn_cell: {
      'kernel:0': numbers([I, H]),
      'recurrent_kernel:0': numbers([H, H], 0.6),
      'bias:0': numbers([H], 0.1),
    },
  },
  dense: { 'kernel:0': numbers([H, O]), 'bias:0': numbers([O]) },
};
const kerasFlat = {
  'simple_rnn/kernel': numbers([I, H]),
  'simple_rnn/recurrent_kernel': numbers([H, H], 0.6),
  'simple_rnn/bias': numbers([H], 0.1),
};
const sequences = numbers([B, T, I]);
const ragged = [numbers([T, I]), numbers([2, I])];
/** Two layers of a cell with G gates, in one direction or two. */
const pytorchLayers = (G: number, directions: 1 | 2): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    (directions === 1 ? ['l0', 'l1'] : ['l0', 'l0_reverse', 'l1', 'l1_reverse']).flatMap((suffix) => [
      [`weight_ih_${suffix}`, numbers([G * H, suffix.startsWith('l0') ? I : directions * H])],
      [`weight_hh_${suffix}`, numbers([G * H, H], 0.6)],
      [`bias_ih_${suffix}`, numbers([G * H], 0.1)],
      [`bias_hh_${suffix}`, numbers([G * H], 0.1)],
    ]),
  );

type Reference = {
  readonly name: string;
  readonly cell: string;
  readonly dtype: string;
  readonly weights: unknown;
  readonly xs: unknown;
  readonly h0: unknown;
  readonly dhs: unknown;
};
/** Of `test/fixtures/reference`, what a user would write. */
function reference(name: string): Specimen {
  const {
    cell: activation,
    dtype,
    weights,
    xs,
    h0,
    dhs,
  } = JSON.parse(readFileSync(`test/fixtures/reference/${name}.json`, 'utf8')) as Reference;
  return specimen(
    `reference ${name}`,
    { name, cell: activation, dtype, weights: 'w.json', sequences: xs, initialState: h0, upstreamGradient: 'dhs.json' },
    { 'w.json': weights, 'dhs.json': dhs },
  );
}

const weather = (name: string, weights: Seed, weight: number): Specimen => ({
  name,
  weight,
  entry: asConfig,
  files: [
    onDisk('examples/weather/weather.rnn.json', configName),
    weights,
    onDisk('examples/weather/sequences.json'),
    onDisk('examples/weather/dhs.json'),
  ],
});

/** The whole corpus. Called from the project's folder. */
export function corpus(): Specimen[] {
  const example = (name: string): Specimen => ({
    name: `examples/${name}`,
    entry: asConfig,
    files: [onDisk(`examples/${name}/${name}.rnn.json`, configName)],
  });
  const createdText = newConfigText({
    name: 'made',
    source: {
      cell: 'relu',
      kind: 'random',
      layers: 1,
      directions: 1,
      shapes: { B: 2, T: 4, I: 1, H: 3 },
      initialisation: 'orthogonal',
      seed: 3,
    },
  });
  return [
    ...['exploding', 'orthogonal', 'vanishing'].map(example),
    // Larger than the others, so they come less often.
    weather('examples/weather', onDisk('examples/weather/weights.json'), 0.02),
    weather('the weather as PyTorch has it', onDisk('test/fixtures/config/state_dict.json', 'weights.json'), 0.02),
    {
      name: 'a new config',
      entry: asConfig,
      files: [{ name: configName, tree: fromText(createdText), text: createdText }],
    },
    ...['tiny', 'scalar', 't1', 'saturated_all'].map(reference),
    {
      name: 'a pair',
      entry: { kind: 'pair', weights: 'w.json', sequences: 'x.json' },
      files: [made('w.json', pytorch), made('x.json', sequences)],
    },
    specimen(
      'PyTorch in a file',
      { cell: 'tanh', weights: 'w.json', sequences: 'x.json' },
      { 'w.json': pytorch, 'x.json': sequences },
    ),
    specimen('a PyTorch cell', { cell: 'relu', dtype: 'float64', weights: cell, sequences, upstreamGradient: 2 }),
    specimen(
      'Keras',
      { weights: 'w.json', sequences, upstreamGradient: 'every', clip: { norm: 0.5 } },
      { 'w.json': keras },
    ),
    specimen('Keras, flat', { weights: kerasFlat, sequences: numbers([T, I]), truncate: 2 }),
    specimen(
      'chunks',
      {
        cell: 'identity',
        weights: 'w.json',
        sequences: ['x1.json', 'x2.json', 'x1.json'],
        stateful: true,
        initialState: 'h.json',
        upstreamGradient: 'g.json',
      },
      {
        'w.json': tutorial,
        'x1.json': numbers([B, 3, I]),
        'x2.json': numbers([B, 2, I]),
        'h.json': numbers([B, H]),
        'g.json': numbers([B, 8, H]),
      },
    ),
    specimen(
      'mean squared error',
      { weights: tutorial, sequences, loss: { kind: 'mse', readout: 'r.json', targets: 't.json', at: 'every' } },
      {
        'r.json': { weight: numbers([O, H]), bias: numbers([O]) },
        't.json': numbers([B, T, O]),
      },
    ),
    specimen('every key', {
      $schema: './schema.json',
      name: 'every key',
      cell: 'tanh',
      dtype: 'float64',
      weights: tutorial,
      sequences,
      initialState: numbers([B, H]),
      stateful: true,
      loss: { kind: 'crossEntropy', readout: { Why: numbers([H, O]), by: numbers([O]) }, targets: [0, 1], at: 'last' },
      clip: { norm: 1.5 },
      truncate: 3,
    }),
    specimen('a network', {
      weights: pytorchLayers(1, 2),
      sequences: ragged,
      initialState: { h: numbers([4, B, H]) },
      upstreamGradient: [numbers([T, 2 * H]), numbers([2, 2 * H])],
    }),
    specimen('ONNX', {
      weights: { W: numbers([2, H, I]), R: numbers([2, H, H], 0.6), B: numbers([2, 2 * H], 0.1) },
      sequences,
      upstreamGradient: 'final',
    }),
    specimen('an LSTM', {
      weights: { weight_ih: numbers([4 * H, I]), weight_hh: numbers([4 * H, H], 0.6), bias_ih: numbers([4 * H], 0.1) },
      sequences,
      initialState: { h: numbers([B, H]), c: numbers([B, H]) },
    }),
    specimen(
      'LSTM layers in two directions',
      {
        weights: 'w.json',
        sequences: ragged,
        loss: { kind: 'crossEntropy', readout: 'r.json', targets: [1, 0], at: 'final' },
        clip: { norm: 0.1 },
      },
      {
        'w.json': pytorchLayers(4, 2),
        'r.json': { weight: numbers([O, 2 * H]), bias: numbers([O]) },
      },
    ),
    specimen(
      'an LSTM of Keras',
      {
        weights: {
          kernel: numbers([I, 4 * H]),
          recurrent_kernel: numbers([H, 4 * H], 0.6),
          bias: numbers([4 * H], 0.1),
        },
        sequences: ['x.json', 'x.json'],
        stateful: true,
        truncate: 2,
      },
      { 'x.json': sequences },
    ),
    specimen('an LSTM of ONNX', {
      cell: 'lstm',
      weights: { W: numbers([1, 4 * H, I]), R: numbers([1, 4 * H, H], 0.6), B: numbers([1, 8 * H], 0.1) },
      sequences,
    }),
    specimen('GRU layers', { weights: pytorchLayers(3, 1), sequences, initialState: numbers([2, B, H]) }),
    specimen('sigmoid', { cell: 'sigmoid', weights: tutorial, sequences, upstreamGradient: 'every' }),
    specimen('a GRU of Keras', {
      weights: {
        kernel: numbers([I, 3 * H]),
        recurrent_kernel: numbers([H, 3 * H], 0.6),
        bias: numbers([2, 3 * H], 0.1),
      },
      sequences,
      upstreamGradient: 'every',
    }),
    specimen('targets here and there', {
      weights: tutorial,
      sequences: ragged,
      loss: {
        kind: 'binaryCrossEntropy',
        readout: { kernel: numbers([H, O]), bias: numbers([O]) },
        targets: [
          [[0, 1], null, [0.5, 1]],
          [[1, 0], [1, null], null],
        ],
        at: [0, 1, 4],
      },
    }),
    specimen('older names', {
      activation: 'tanh',
      weights: tutorial,
      xs: sequences,
      h0: numbers([B, H]),
      dhs: numbers([B, T, H]),
      tbptt: 2,
    }),
  ];
}
