// Networks of several layers, directions and lengths: what is read of a config, held against the text of the
// reference cases.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cellOf } from '../../../src/engine/index.js';
import type { CellName, Experiment, LayerSpec } from '../../../src/engine/index.js';
import { configName, readConfigText, readTexts, withoutAssumedCell } from './memory.js';

type Case = {
  readonly cell: CellName;
  readonly weights: Readonly<Record<string, number[][] | number[]>>;
  readonly sequences: number[][][];
  readonly initialState: { readonly h: number[][][]; readonly c?: number[][][] } | null;
  readonly upstreamGradient?: unknown;
  readonly loss?: {
    readonly kind: string;
    readonly at: unknown;
    readonly readout: { readonly Why: number[][]; readonly by: number[] };
    readonly targets: readonly (number | number[] | null)[][];
  };
  readonly truncate: number | null;
  readonly clip: { readonly norm: number } | null;
};

const stored = (name: string): Case =>
  JSON.parse(readFileSync(`test/fixtures/reference/networks/${name}.json`, 'utf8')) as Case;

const keys = ['cell', 'dtype', 'weights', 'sequences', 'initialState', 'upstreamGradient', 'loss', 'truncate', 'clip'];
/** What a user would write for it. */
const configOf = (one: object): object => Object.fromEntries(Object.entries(one).filter(([key]) => keys.includes(key)));

/** `notes`: the codes of what is told of it all the same. */
async function good(config: object, notes: readonly string[] = []): Promise<Experiment> {
  const { experiment, problems } = await readConfigText(JSON.stringify(config));
  const told = withoutAssumedCell(problems);
  assert.deepEqual(
    told.map(({ code }) => code),
    notes,
    JSON.stringify(told),
  );
  assert.ok(experiment !== null);
  return experiment;
}

const matrixOf = ({ weights }: Case, name: string): number[][] => weights[name] as number[][];
const vectorOf = ({ weights }: Case, name: string): number[] => weights[name] as number[];

/** Every number of a layer at its place: rows of the file are columns here, biases are added up. */
function checkLayer(one: Case, { layer, direction, H, parameters }: LayerSpec): void {
  const suffix = `_l${layer}${direction === 'reverse' ? '_reverse' : ''}`;
  const [Wx, Wh] = [matrixOf(one, `weight_ih${suffix}`), matrixOf(one, `weight_hh${suffix}`)];
  const [ih, hh] = [vectorOf(one, `bias_ih${suffix}`), vectorOf(one, `bias_hh${suffix}`)];
  const { gates, parameters: specs } = cellOf(one.cell);
  const width = gates.length * H;
  assert.equal(Wh[0]?.length, H);
  const turned = (matrix: number[][]): number[] =>
    (matrix[0] ?? []).flatMap((_, column) => matrix.map((row) => row[column] ?? Number.NaN));
  assert.deepEqual([...parameters.Wx], turned(Wx));
  assert.deepEqual([...parameters.Wh], turned(Wh));
  assert.equal(parameters.Wh.length, H * width);
  const apart = specs.some(({ name }) => name === 'bh');
  assert.deepEqual(
    [...parameters.b],
    ih.map((x, i) => (apart ? x : x + (hh[i] ?? Number.NaN))),
  );
  if (apart) assert.deepEqual([...(parameters['bh'] ?? [])], hh);
  assert.deepEqual(Object.keys(parameters).sort(), specs.map(({ name }) => name).sort());
}

function checkCase(one: Case, experiment: Experiment): void {
  const { cell, sequences, initialState, truncate, clip } = one;
  const lengths = sequences.map((sequence) => sequence.length);
  const steps = Math.max(...lengths);
  const I = sequences[0]?.[0]?.length ?? 0;
  const { layers, chunks, shapes } = experiment;
  const H = layers.at(-1)?.H;
  assert.deepEqual(shapes, { B: sequences.length, T: steps, I, H });
  assert.equal(experiment.cell, cell);
  assert.equal(experiment.truncate, truncate);
  assert.equal(experiment.clipNorm, clip?.norm ?? null);
  const names = Object.keys(one.weights).filter((name) => name.startsWith('weight_hh'));
  assert.deepEqual(
    layers.map(({ layer, direction }) => `weight_hh_l${layer}${direction === 'reverse' ? '_reverse' : ''}`),
    names,
  );
  for (const layer of layers) checkLayer(one, layer);
  assert.equal(chunks.length, 1);
  assert.deepEqual(chunks[0]?.lengths, lengths.every((length) => length === steps) ? undefined : lengths);
  const padded = sequences.flatMap((sequence) =>
    Array.from({ length: steps }, (_, t) => sequence[t] ?? new Array<number>(I).fill(0)),
  );
  assert.deepEqual([...(chunks[0]?.xs ?? [])], padded.flat());
  for (const [i, { initial }] of layers.entries()) {
    assert.deepEqual(Object.keys(initial).sort(), [...cellOf(cell).states].sort());
    for (const name of ['h', 'c'] as const) {
      const expected = initialState?.[name]?.[i]?.flat();
      if (name in initial) assert.deepEqual(initial[name] && [...initial[name]], expected ?? null);
    }
  }
}

/** Padded to the longest sequence, zeros where a step or a target is missing. */
function checkAbove({ upstreamGradient: given, sequences, loss }: Case, experiment: Experiment): void {
  const { shapes, layers, upstream } = experiment;
  if (typeof given === 'number') assert.deepEqual(upstream, { kind: 'step', t: given });
  if (typeof given === 'string') assert.deepEqual(upstream, { kind: given });
  if (Array.isArray(given)) {
    const D = layers.some(({ direction }) => direction === 'reverse') ? 2 : 1;
    const zeros = new Array<number>(D * shapes.H).fill(0);
    const rows = (given as number[][][]).flatMap((steps) =>
      Array.from({ length: shapes.T }, (_, t) => steps[t] ?? zeros),
    );
    assert.deepEqual(upstream, { kind: 'given', dhs: Float64Array.from(rows.flat()) });
  }
  if (loss === undefined) {
    assert.equal(experiment.loss, null);
    return;
  }
  const { kind, at, targets, readout } = loss;
  const S = at === 'every' ? shapes.T : Array.isArray(at) ? at.length : 1;
  const width = kind === 'crossEntropy' ? 1 : readout.by.length;
  const places = targets.flatMap((of) => Array.from({ length: S }, (_, s) => of[s] ?? null));
  const read = experiment.loss;
  assert.deepEqual([read?.kind, read?.at], [kind, at]);
  assert.deepEqual([...(read?.Why ?? [])], readout.Why.flat());
  assert.deepEqual([...(read?.by ?? [])], readout.by);
  assert.deepEqual(
    [...(read?.targets ?? [])],
    places.flatMap((place) => place ?? new Array<number>(width).fill(0)),
  );
  const real = sequences.flatMap(({ length }) => Array.from({ length: S }, (_, s) => at !== 'every' || s < length));
  const missing = places.some((place, i) => place === null && real[i]);
  assert.deepEqual(
    read?.present === undefined ? null : [...read.present],
    missing ? places.map((place) => (place === null ? 0 : 1)) : null,
  );
}

const cases = [
  'gru_2layer_ragged_last',
  'gru_bce_steps',
  'gru_bi_final',
  'gru_clip',
  'gru_last',
  'lstm_2layer_every',
  'lstm_bi_2layer_ragged',
  'lstm_ce_every_ragged_null',
  'lstm_last',
  'lstm_mse_last',
  'relu_2layer_ragged_every',
  'sigmoid_every',
  'tanh_2layer_step7',
  'tanh_bi_last',
];

describe('a reference case is read as it stands there', () => {
  for (const name of cases) {
    it(name, async () => {
      const one = stored(name);
      const experiment = await good(configOf(one), name === 'tanh_bi_last' ? ['reverse-one-step'] : []);
      checkCase(one, experiment);
      checkAbove(one, experiment);
    });
  }

  it('layers may have widths of their own, and their states too', async () => {
    const weights = {
      weight_ih_l0: [[1, 2]],
      weight_hh_l0: [[3]],
      bias_ih_l0: [4],
      bias_hh_l0: [5],
      weight_ih_l1: [[6], [7]],
      weight_hh_l1: [
        [8, 9],
        [10, 11],
      ],
      bias_ih_l1: [12, 13],
      bias_hh_l1: [14, 15],
    };
    const sequences = [[[1, 2]], [[3, 4]]];
    const { layers, shapes } = await good({
      weights,
      sequences,
      sequenceOrder: 'BTI',
      initialState: [
        [[1], [2]],
        [
          [3, 4],
          [5, 6],
        ],
      ],
    });
    assert.deepEqual(shapes, { B: 2, T: 1, I: 2, H: 2 });
    assert.deepEqual(
      layers.map(({ H, initial }) => [H, [...(initial.h ?? [])]]),
      [
        [1, [1, 2]],
        [2, [3, 4, 5, 6]],
      ],
    );
    assert.deepEqual([...layers[0].parameters.b, ...(layers[1]?.parameters.b ?? [])], [9, 26, 28]);
    assert.deepEqual([...(layers[1]?.parameters.Wh ?? [])], [8, 10, 9, 11]);
  });
});

const stack = {
  weight_ih_l0: [[1]],
  weight_hh_l0: [[0.5]],
  bias_ih_l0: [0],
  bias_hh_l0: [0],
  weight_ih_l1: [[1]],
  weight_hh_l1: [[0.5]],
  bias_ih_l1: [0],
  bias_hh_l1: [0],
};
const bi = {
  weight_ih_l0: [[1]],
  weight_hh_l0: [[0.5]],
  bias_ih_l0: [0],
  bias_hh_l0: [0],
  weight_ih_l0_reverse: [[1]],
  weight_hh_l0_reverse: [[0.5]],
  bias_ih_l0_reverse: [0],
  bias_hh_l0_reverse: [0],
};
const ragged = [[[1], [2], [3]], [[4]]];

describe('what flows in from above', () => {
  it('"final" is a kind of its own with two directions, and "last" with one', async () => {
    const of = async (weights: object): Promise<unknown> =>
      (await good({ weights, sequences: [[[1], [2]]], upstreamGradient: 'final' })).upstream;
    assert.deepEqual(await of(bi), { kind: 'final' });
    assert.deepEqual(await of(stack), { kind: 'last' });
  });

  it('given numbers are as ragged as the sequences, and padded with zeros', async () => {
    const upstreamGradient = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[7, 8]],
    ];
    const { upstream } = await good({ weights: bi, sequences: ragged, upstreamGradient });
    assert.deepEqual(upstream, { kind: 'given', dhs: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0) });
    const padded = [
      upstreamGradient[0],
      [
        [7, 8],
        [0, 0],
        [0, 0],
      ],
    ];
    assert.deepEqual((await good({ weights: bi, sequences: ragged, upstreamGradient: padded })).upstream, upstream);
  });

  it('of several chunks each sequence lists its real steps, chunk after chunk', async () => {
    const config = {
      weights: stack,
      sequences: ['a', 'b'],
      upstreamGradient: [
        [[1], [2], [3]],
        [[4], [5]],
      ],
    };
    const { experiment, problems } = await readTexts({
      [configName]: JSON.stringify(config),
      a: '[[[1],[2]],[[3]]]',
      b: '[[[4]],[[5]]]',
    });
    assert.deepEqual(withoutAssumedCell(problems), []);
    assert.deepEqual(experiment?.chunks, [
      { steps: 2, xs: Float64Array.of(1, 2, 3, 0), lengths: [2, 1] },
      { steps: 1, xs: Float64Array.of(4, 5) },
    ]);
    assert.equal(experiment.shapes.T, 3);
    assert.deepEqual(experiment.upstream, { kind: 'given', dhs: Float64Array.of(1, 2, 3, 4, 0, 5) });
  });
});

describe('the places of a loss', () => {
  const loss = async (sequences: unknown, rest: object, weights: object = stack): Promise<Experiment['loss']> =>
    (await good({ weights, sequences, loss: { readout: { Why: [[1, 2]], by: [0, 0] }, ...rest } })).loss;
  const even = [
    [[1], [2], [3]],
    [[4], [5], [6]],
  ];

  it('a list of steps has a target at each', async () => {
    const targets = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ];
    const read = await loss(even, { kind: 'mse', targets, at: [0, 2] });
    assert.deepEqual(read?.at, [0, 2]);
    assert.deepEqual([...read.targets], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.equal(read.present, undefined);
  });

  it('one place may have brackets of its own, or none', async () => {
    for (const targets of [
      [
        [1, 2],
        [3, 4],
      ],
      [[[1, 2]], [[3, 4]]],
    ])
      for (const at of ['last', [1]])
        assert.deepEqual([...((await loss(even, { kind: 'mse', targets, at }))?.targets ?? [])], [1, 2, 3, 4]);
    for (const targets of [
      [1, 0],
      [[1], [0]],
    ])
      assert.deepEqual([...((await loss(even, { kind: 'crossEntropy', targets }))?.targets ?? [])], [1, 0]);
  });

  it('a null has no target, nor has a vector with a null in it', async () => {
    const classes = await loss(even, {
      kind: 'crossEntropy',
      targets: [
        [1, null, 0],
        [null, 1, 1],
      ],
      at: 'every',
    });
    assert.deepEqual([...(classes?.targets ?? [])], [1, 0, 0, 0, 1, 1]);
    assert.deepEqual([...(classes?.present ?? [])], [1, 0, 1, 0, 1, 1]);
    const values = await loss(even, {
      kind: 'mse',
      targets: [
        [[1, 2], null, [3, null]],
        [null, [4, 5], [6, 7]],
      ],
      at: 'every',
    });
    assert.deepEqual([...(values?.targets ?? [])], [1, 2, 0, 0, 0, 0, 0, 0, 4, 5, 6, 7]);
    assert.deepEqual([...(values?.present ?? [])], [1, 0, 0, 0, 1, 1]);
    const single = await loss(even, { kind: 'binaryCrossEntropy', targets: [null, [0.5, 1]] });
    assert.deepEqual([...(single?.targets ?? [])], [0, 0, 0.5, 1]);
    assert.deepEqual([...(single?.present ?? [])], [0, 1]);
  });

  it('shorter sequences have fewer places', async () => {
    const every = await loss(ragged, { kind: 'crossEntropy', targets: [[1, 0, 1], [1]], at: 'every' });
    assert.deepEqual([...(every?.targets ?? [])], [1, 0, 1, 1, 0, 0]);
    assert.equal(every?.present, undefined);
    const listed = await loss(ragged, {
      kind: 'mse',
      targets: [
        [
          [1, 2],
          [3, 4],
        ],
        [[5, 6], null],
      ],
      at: [0, 2],
    });
    assert.deepEqual([...(listed?.targets ?? [])], [1, 2, 3, 4, 5, 6, 0, 0]);
    assert.equal(listed?.present, undefined);
    const missing = await loss(ragged, {
      kind: 'crossEntropy',
      targets: [
        [1, null, 1],
        [1, null],
      ],
      at: 'every',
    });
    assert.deepEqual([...(missing?.present ?? [])], [1, 0, 1, 1, 0, 0]);
  });

  it('two directions have a readout of 2·H rows, also under the names of Keras, and "final" is their own', async () => {
    const kernel = {
      'dense/kernel:0': [
        [1, 2],
        [3, 4],
      ],
      'dense/bias:0': [5, 6],
    };
    const read = await loss(
      even,
      {
        kind: 'mse',
        targets: [
          [1, 2],
          [3, 4],
        ],
        at: 'final',
        readout: kernel,
      },
      bi,
    );
    assert.deepEqual([read?.at, [...(read?.Why ?? [])], [...(read?.by ?? [])]], ['final', [1, 2, 3, 4], [5, 6]]);
    assert.equal(
      (
        await loss(even, {
          kind: 'mse',
          targets: [
            [1, 2],
            [3, 4],
          ],
          at: 'final',
        })
      )?.at,
      'last',
    );
  });
});

describe('layers that have prefixes of their own', () => {
  const keras = (prefix: string, kernel: number[][], recurrent: number[][]): object => ({
    [`${prefix}/kernel`]: kernel,
    [`${prefix}/recurrent_kernel`]: recurrent,
    [`${prefix}/bias`]: recurrent.map(() => 0),
  });
  const sequences = [[[1]]];

  it('Keras: a stack in the order of the file, where each layer fits the one before', async () => {
    const { layers } = await good({
      weights: {
        ...keras(
          'rnn/cell',
          [[1, 2]],
          [
            [3, 4],
            [5, 6],
          ],
        ),
        ...keras('rnn_1/cell', [[7], [8]], [[9]]),
      },
      sequences,
    });
    assert.deepEqual(
      layers.map(({ layer, direction, H, parameters: { Wx } }) => [layer, direction, H, [...Wx]]),
      [
        [0, 'forward', 2, [1, 2]],
        [1, 'forward', 1, [7, 8]],
      ],
    );
    const { problems } = await readConfigText(
      JSON.stringify({
        weights: {
          ...keras('encoder', [[1]], [[1]]),
          ...keras(
            'decoder',
            [
              [1, 1],
              [1, 1],
            ],
            [
              [1, 0],
              [0, 1],
            ],
          ),
        },
        sequences,
      }),
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unsupported-feature'],
    );
  });

  it('Keras: of a file that has sorted its names, layers are in the order of their numbers', async () => {
    const names = ['lstm', ...Array.from({ length: 11 }, (_, i) => `lstm_${i + 1}`)];
    // Of one gate: only the order is looked at.
    const layer = (name: string): object => keras(`${name}/lstm_cell`, [[names.indexOf(name)]], [[1]]);
    const orderOf = async (order: readonly string[]): Promise<number[]> =>
      (await good({ weights: Object.assign({}, ...order.map(layer)) as object, sequences })).layers.map(
        ({ parameters: { Wx } }) => Wx[0]!,
      );
    const counted = names.map((_, i) => i);
    assert.deepEqual(await orderOf(names.toSorted()), counted);
    assert.deepEqual(await orderOf(names), counted);
    // A file in another order has one of its own.
    const own = ['lstm_10', 'lstm_2', 'lstm_1'];
    assert.deepEqual(await orderOf(own), [10, 2, 1]);
    // What stands below a layer comes behind it.
    const { layers } = await good({
      weights: {
        ...keras('rnn', [[1]], [[1]]),
        ...keras('rnn/inner', [[2]], [[1]]),
        ...keras('rnn_10', [[4]], [[1]]),
        ...keras('rnn_2', [[3]], [[1]]),
      },
      sequences,
    });
    assert.deepEqual(
      layers.map(({ parameters: { Wx } }) => Wx[0]),
      [1, 2, 3, 4],
    );
  });

  it('Keras: what a layer says of itself passes where its cell has it, and other layers may say anything', async () => {
    const [one] = [[[1]]];
    const gates = [[1, 1, 1, 1]];
    const lstm = { kernel: gates, recurrent_kernel: gates, bias: [0, 0, 0, 0] };
    const { cell } = await good({
      weights: {
        lstm: {
          lstm_cell: lstm,
          config: { activation: 'tanh', recurrent_activation: 'sigmoid', go_backwards: false, return_sequences: true },
        },
        dense: { kernel: one, bias: [0], activation: 'softmax' },
      },
      sequences,
    });
    assert.equal(cell, 'lstm');
    const linear = await good({
      cell: 'identity',
      weights: { ...keras('rnn', one, one), 'rnn/activation': 'linear' },
      sequences,
    });
    assert.equal(linear.cell, 'identity');
    const { layers } = await good({
      weights: {
        ...keras('bidirectional/forward_rnn/cell', one, one),
        'bidirectional/forward_rnn/config': { activation: 'tanh', go_backwards: false },
        ...keras('bidirectional/backward_rnn/cell', one, one),
        'bidirectional/backward_rnn/config': { activation: 'tanh', go_backwards: true },
      },
      sequences,
    });
    assert.deepEqual(
      layers.map(({ direction }) => direction),
      ['forward', 'reverse'],
    );
  });

  it('Keras: forward_ and backward_ are the two directions of a layer', async () => {
    const { layers, shapes } = await good({
      weights: {
        ...keras('bidirectional/backward_rnn/cell', [[2]], [[3]]),
        ...keras('bidirectional/forward_rnn/cell', [[4]], [[5]]),
      },
      sequences,
    });
    assert.deepEqual(
      layers.map(({ layer, direction, parameters: { Wx } }) => [layer, direction, [...Wx]]),
      [
        [0, 'forward', [4]],
        [0, 'reverse', [2]],
      ],
    );
    assert.equal(shapes.H, 1);
  });

  it('ONNX: W, R and B hold both directions, and several nodes are a stack', async () => {
    const { layers } = await good({
      weights: {
        'a.W': [[[1, 2]], [[3, 4]]],
        'a.R': [[[5]], [[6]]],
        'a.B': [
          [7, 8],
          [9, 10],
        ],
        'b.W': [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        'b.R': [
          [
            [5, 6],
            [7, 8],
          ],
        ],
        'b.B': [[1, 2, 3, 4]],
      },
      sequences: [[[1, 2]]],
    });
    assert.deepEqual(
      layers.map(({ layer, direction, parameters: { Wx, Wh, b } }) => [layer, direction, [...Wx], [...Wh], [...b]]),
      [
        [0, 'forward', [1, 2], [5], [15]],
        [0, 'reverse', [3, 4], [6], [19]],
      ].concat([[1, 'forward', [1, 3, 2, 4], [5, 7, 6, 8], [4, 6]]]),
    );
  });
});
