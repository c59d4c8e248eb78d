// ONNX models of the tests' own: where weights may stand, what a node says of itself, and graphs built to hurt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { changedMeanwhile, readDocument } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import { readExperiment } from '../../../src/config/index.js';
import type { Problem, ReadResult } from '../../../src/config/index.js';
import { besideFiles } from '../../../src/config/read/index.js';
import { bytes, float, floats, initializer, model, node, tensor, whole } from '../../support/onnxWriter.js';
import { configName, memoryFiles, readTexts } from './memory.js';
import type { Texts } from './memory.js';

const W = [0.5, -0.25, 1.5, 2];
const R = [0.125, 1, -1, 0.75];
const weights = [initializer('W', [1, 2, 2], W), initializer('R', [1, 2, 2], R)];
const rnn = (attributes: Parameters<typeof node>[3] = {}, x = 'x', name = 'rnn') =>
  node('RNN', [x, 'W', 'R'], [`${name}_y`], { hidden_size: 2, ...attributes }, name);

const read = (content: Uint8Array, config: object = {}, files: Texts = {}): Promise<ReadResult> =>
  readTexts({
    [configName]: JSON.stringify({ dtype: 'float64', weights: 'model.onnx', sequences: [[[1, 2]]], ...config }),
    'model.onnx': content,
    ...files,
  });
const good = async (...given: Parameters<typeof read>) => {
  const { experiment, problems } = await read(...given);
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.ok(experiment);
  return experiment;
};
const refusal = async (...given: Parameters<typeof read>): Promise<Problem> => {
  const { experiment, problems } = await read(...given);
  assert.equal(experiment, null);
  const [problem] = problems.filter(({ severity }) => severity === 'error');
  assert.ok(problem);
  return problem;
};
/** [rows][columns] turned around, as rows of vectors take it. */
const turned = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number[] => [a, c, b, d];

const sameWeights = async (...given: Parameters<typeof read>): Promise<void> => {
  const { layers } = await good(...given);
  assert.deepEqual([...layers[0].parameters.Wx], turned(W));
  assert.deepEqual([...layers[0].parameters.Wh], turned(R));
};

describe('initial states in a graph', () => {
  const graph = (...h: readonly number[]): Uint8Array =>
    model([
      ...weights,
      initializer('h0', [1, 1, 2], h),
      node('RNN', ['x', 'W', 'R', '', '', 'h0'], ['y'], { hidden_size: 2 }, 'rnn'),
    ]);
  const notes = async (...given: Parameters<typeof read>): Promise<string[]> =>
    (await read(...given)).problems.map(({ message }) => message).filter((message) => !message.includes('no bias'));

  it('are told where the config has none, unless they are zeros', async () => {
    assert.deepEqual(await notes(graph(0.5, 0)), ['The file holds initial states, and the run begins with zeros.']);
    assert.deepEqual(await notes(graph(0.5, 0), { initialState: [[0.5, 0]] }), []);
    assert.deepEqual(await notes(graph(0, 0)), []);
  });
});

describe('nodes of Dropout beside a recurrent one', () => {
  const dropped = async (graph: readonly Buffer[], config: object = {}): Promise<unknown> => {
    const { experiment, problems } = await read(model([...weights, ...graph]), config);
    assert.ok(experiment);
    return problems
      .filter(({ message }) => message.startsWith('Dropout acts only in training'))
      .map(({ severity, path, found }) => [severity, path, found]);
  };
  const drop = (from: string, to: string, ...more: readonly string[]) =>
    node('Dropout', [from, ...more], [to], {}, `drop_${to}`);
  const told = (names: string, of = 'rnn'): unknown => [['info', `["${of}/dropout_layers"]`, names]];

  it('are told, whether it takes its inputs through them or they take its outputs', async () => {
    assert.deepEqual(await dropped([rnn()]), []);
    assert.deepEqual(await dropped([drop('t', 'x'), rnn()]), told('"Dropout drop_x"'));
    assert.deepEqual(await dropped([rnn(), drop('rnn_y', 'z')]), told('"Dropout drop_z"'));
    // Of the last step, as a readout takes it.
    const last = node('Gather', ['rnn_y', 'i'], ['l']);
    assert.deepEqual(await dropped([rnn(), last, drop('l', 'z')]), told('"Dropout drop_z"'));
    // By its output where it has no name.
    assert.deepEqual(await dropped([node('Dropout', ['t'], ['x']), rnn()]), told('"Dropout x"'));
  });

  it('are told once between two layers, and not where they belong to another network', async () => {
    const stack = [rnn({}, 'x', 'a'), drop('a_y', 'd'), rnn({}, 'd', 'b')];
    assert.deepEqual(await dropped(stack), told('"Dropout drop_d"', 'a'));
    const apart = [rnn({}, 'x', 'a'), rnn({}, 'x', 'b'), drop('b_y', 'd')];
    assert.deepEqual(await dropped(apart, { weights: { file: 'model.onnx', name: 'a' } }), []);
    const many = Array.from({ length: 20 }, (_, i) => drop(`t${i}`, i === 19 ? 'x' : `t${i + 1}`));
    const [[, , found] = []] = (await dropped([...many, rnn()])) as string[][];
    assert.equal(found?.split(', ').length, 8);
    const computed = [rnn(), node('Relu', ['rnn_y'], ['r']), drop('r', 'z')];
    assert.deepEqual(await dropped(computed), []);
    assert.deepEqual(await dropped([rnn(), drop('circle', 'circle')]), []);
  });

  it('are not told where they drop nothing', async () => {
    assert.deepEqual(await dropped([node('Dropout', ['t'], ['x'], { ratio: { float: 0 } }, 'd'), rnn()]), []);
    assert.deepEqual(await dropped([initializer('p', [], [0]), drop('t', 'x', 'p'), rnn()]), []);
    for (const p of [initializer('p', [1], [0.5]), initializer('p', [2], [0, 0])])
      assert.deepEqual(await dropped([p, drop('t', 'x', 'p'), rnn()]), told('"Dropout drop_x"'));
    assert.deepEqual(await dropped([drop('t', 'x', 'computed'), rnn()]), told('"Dropout drop_x"'));
  });
});

describe('where the weights of a node may stand', () => {
  it('in the graph', () => sameWeights(model([...weights, rnn()])));

  it('number by number', () =>
    sameWeights(
      model([
        initializer(
          'W',
          [1, 2, 2],
          W.map((x) => float(4, x)),
        ),
        initializer('R', [1, 2, 2], [bytes(4, floats(R))]),
        rnn(),
      ]),
    ));

  it('as float64, and as the bits of float16', () => {
    const doubles = new Uint8Array(Float64Array.from(W).buffer);
    // 0.125, 1, −1, 0.75
    const bits = [0x3000, 0x3c00, 0xbc00, 0x3a00];
    return sameWeights(
      model([
        initializer('W', [1, 2, 2], [bytes(10, doubles)], 11),
        initializer(
          'R',
          [1, 2, 2],
          bits.map((x) => whole(5, x)),
          10,
        ),
        rnn(),
      ]),
    );
  });

  it('around the body of a loop, and in it', () =>
    sameWeights(
      model([
        initializer('W', [1, 2, 2], W),
        node('Loop', ['n', 'yes'], ['out'], { body: { graph: [initializer('R', [1, 2, 2], R), rnn()] } }),
      ]),
    ));

  it('in a file beside it, from a place on', async () => {
    const external = (name: string, location: string, offset: number): ReturnType<typeof initializer> =>
      initializer(
        name,
        [1, 2, 2],
        [
          ...[
            ['location', location],
            ['offset', String(offset)],
            ['length', '16'],
          ].map(([key = '', value = '']) => bytes(13, [bytes(1, key), bytes(2, value)])),
          whole(14, 1),
        ],
      );
    const content = model([external('W', 'a.data', 0), external('R', 'b.data', 8), rnn()]);
    const files = { 'a.data': floats(W), 'b.data': floats([9, 9, ...R]) };
    await sameWeights(content, {}, files);
    // Both are watched.
    assert.ok((await read(content, {}, files)).files.includes('b.data'));
    const { message, found } = await refusal(content, {}, { 'a.data': floats(W) });
    assert.match(message, /another file, which cannot be read/);
    assert.equal(found, 'b.data');
    const { expected } = await refusal(content, {}, { ...files, 'b.data': floats(R) });
    assert.match(expected, /a range inside of 16 bytes/);
    for (const location of ['../b.data', '/etc/passwd', 'sub/b.data', 'C:b.data', '..', 'a\\b'])
      assert.match(
        (await refusal(model([external('W', location, 0), rnn()]), {}, { [location]: floats(W) })).message,
        /outside of the folder/,
      );
    // Numbers may begin as a file that is read in ranges does.
    const asked = async (source: Source): Promise<readonly (Uint8Array | null)[]> => {
      const beside = await besideFiles(
        { ok: true, id: 'm.onnx', bytes: model([external('W', 'a.data', 0), rnn()]) },
        (id) => Promise.resolve({ ok: true, id, bytes: source }),
        () => undefined,
      );
      return [...beside.values()].map((file) => file.bytes);
    };
    assert.deepEqual(await asked({ size: 16, read: (at, length) => floats(W).slice(at, at + length) }), [floats(W)]);
    const gone = (): never => {
      throw changedMeanwhile();
    };
    assert.deepEqual(await asked({ size: 16, read: gone }), [null]);
    assert.deepEqual(await asked({ size: 1e9, read: () => assert.fail('too large to be read whole') }), [null]);
  });

  it('nowhere: a graph that computes them is refused with the node that does', async () => {
    const content = model([initializer('W', [1, 2, 2], W), node('Mul', ['a', 'b'], ['R'], {}, 'scale'), rnn()]);
    const { message, found, path } = await refusal(content);
    assert.match(message, /node rnn are computed/);
    assert.equal(found, 'the node Mul');
    assert.equal(path, '["rnn/R"]');
  });
});

describe('weights that a graph only moves, as exporters leave them', () => {
  type Weights = Readonly<Record<string, readonly (number | readonly number[])[]>>;
  /** What PyTorch says of its own network: two layers, I 3, H 5. */
  const { weights: torch } = JSON.parse(readFileSync('test/fixtures/files/expected/lstm.json', 'utf8')) as {
    readonly weights: Weights;
  };
  const gates = ['i', 'f', 'g', 'o'];
  const list = (name: string, ...values: readonly number[]) =>
    initializer(
      name,
      [values.length],
      values.map((value) => whole(7, value)),
      7,
    );
  const stored = (name: string): ReturnType<typeof initializer> => {
    const rows = torch[name] ?? [];
    const first = rows[0];
    const shape = typeof first === 'object' ? [rows.length, first.length] : [rows.length];
    return initializer(name, shape, rows.flat());
  };
  const layers = async (nodes: readonly ReturnType<typeof node>[]): Promise<void> => {
    const sequences = [[[1, 2, 3]]];
    const { layers: found } = await good(model(nodes), { sequences });
    const { experiment: wanted } = await readTexts({
      [configName]: JSON.stringify({ dtype: 'float64', weights: torch, sequences }),
    });
    assert.equal(found.length, 2);
    assert.deepEqual(
      found.map(({ parameters }) => Object.entries(parameters).map(([name, data]) => [name, [...data]])),
      wanted?.layers.map(({ parameters }) => Object.entries(parameters).map(([name, data]) => [name, [...data]])),
    );
  };
  const lstm = (layer: number, x: string) =>
    node('LSTM', [x, `W${layer}`, `R${layer}`, `B${layer}`], [`y${layer}`], { hidden_size: 5 }, `lstm_${layer}`);
  const head = [list('zero', 0), list('one', 1)];
  const bothLayers = (own: (layer: number) => readonly ReturnType<typeof node>[]) => [
    ...head,
    ...[0, 1].flatMap((layer) =>
      ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => stored(`${name}_l${layer}`)),
    ),
    ...[0, 1].flatMap(own),
    lstm(0, 'x'),
    node('Squeeze', ['y0', 'one'], ['x1']),
    lstm(1, 'x1'),
  ];

  it("Slice, Concat and Unsqueeze of PyTorch's own blocks", () => {
    const blocks = (name: string) => [
      ...gates.flatMap((gate, k) => [
        list(`${name}_${gate}_from`, 5 * k),
        list(`${name}_${gate}_to`, 5 * k + 5),
        node('Slice', [name, `${name}_${gate}_from`, `${name}_${gate}_to`, 'zero'], [`${name}_${gate}`]),
      ]),
      node(
        'Concat',
        ['i', 'o', 'f', 'g'].map((gate) => `${name}_${gate}`),
        [`${name}_iofc`],
        { axis: 0 },
      ),
    ];
    return layers(
      bothLayers((layer) => [
        ...['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].flatMap((name) => blocks(`${name}_l${layer}`)),
        node('Unsqueeze', [`weight_ih_l${layer}_iofc`, 'zero'], [`W${layer}`]),
        node('Unsqueeze', [`weight_hh_l${layer}_iofc`, 'zero'], [`R${layer}`]),
        node('Concat', [`bias_ih_l${layer}_iofc`, `bias_hh_l${layer}_iofc`], [`b${layer}`], { axis: 0 }),
        node('Unsqueeze', [`b${layer}`, 'zero'], [`B${layer}`]),
      ]),
    );
  });

  it("Split, Transpose, Reshape and Cast, from Keras' kernels", () => {
    const cut = (name: string, axis: number, from: string) => [
      node(
        'Split',
        [from],
        gates.map((gate) => `${name}_${gate}`),
        { axis },
      ),
      node(
        'Concat',
        ['i', 'o', 'f', 'g'].map((gate) => `${name}_${gate}`),
        [`${name}_iofc`],
        { axis },
      ),
    ];
    const matrix = (name: string, target: string, I: number) => [
      // A kernel [I,4·H] is PyTorch's matrix turned around.
      node('Transpose', [name], [`${name}_kernel`]),
      ...cut(name, 1, `${name}_kernel`),
      node('Transpose', [`${name}_iofc`], [`${name}_turned`]),
      node('Cast', [`${name}_turned`], [`${name}_cast`], { to: 1 }),
      list(`${name}_shape`, 1, -1, I),
      node('Reshape', [`${name}_cast`, `${name}_shape`], [`${name}_shaped`]),
      node('Identity', [`${name}_shaped`], [target]),
    ];
    return layers(
      bothLayers((layer) => [
        ...matrix(`weight_ih_l${layer}`, `W${layer}`, layer === 0 ? 3 : 5),
        ...matrix(`weight_hh_l${layer}`, `R${layer}`, 5),
        ...['bias_ih', 'bias_hh'].flatMap((name) => cut(`${name}_l${layer}`, 0, `${name}_l${layer}`)),
        node('Concat', [`bias_ih_l${layer}_iofc`, `bias_hh_l${layer}_iofc`], [`b${layer}`], { axis: 0 }),
        list(`b${layer}_shape`, 1, 40),
        node('Reshape', [`b${layer}`, `b${layer}_shape`], [`B${layer}`]),
      ]),
    );
  });
});

describe('what a node says of itself', () => {
  it('its activation is the cell', async () => {
    for (const [activation, cell] of [
      ['Relu', 'relu'],
      ['Tanh', 'tanh'],
      ['Sigmoid', 'sigmoid'],
    ])
      assert.equal((await good(model([...weights, rnn({ activations: [activation ?? ''] })]))).cell, cell);
    const { message } = await refusal(model([...weights, rnn()]), { cell: 'relu' });
    assert.match(message, /other activations than relu/);
  });

  for (const [title, attributes, told] of [
    ['a direction that is none here', { direction: 'reverse' }, /from their end only/],
    ['a bound of pre-activations', { clip: { float: 3 } }, /\(clip\)/],
    ['another activation', { activations: ['Affine'] }, /other activations than tanh/],
  ] as const) {
    it(`refused: ${title}`, async () => {
      assert.match((await refusal(model([...weights, rnn(attributes)]))).message, told);
    });
  }

  it('refused: one gate for input and forgetting', async () => {
    const lstm = [
      initializer('W', [1, 8, 2], new Array<number>(16).fill(0)),
      initializer('R', [1, 8, 2], new Array<number>(16).fill(0)),
    ];
    const own = (forget: number): Uint8Array =>
      model([...lstm, node('LSTM', ['x', 'W', 'R'], ['y'], { hidden_size: 2, input_forget: forget }, 'cell')]);
    assert.match((await refusal(own(1))).message, /input_forget/);
    assert.equal((await good(own(0))).cell, 'lstm');
  });

  describe('against its tensors', () => {
    const twice = [initializer('W', [2, 2, 2], [...W, ...W]), initializer('R', [2, 2, 2], [...R, ...R])];
    const both = { direction: 'bidirectional', activations: ['Tanh', 'Tanh'] };
    const own = (attributes: Parameters<typeof node>[3], stored = weights): Uint8Array =>
      model([...stored, node('RNN', ['x', 'W', 'R'], ['y'], attributes, 'rnn')]);

    it('agrees', async () => {
      assert.equal((await good(own(both, twice))).layers.length, 2);
      assert.equal((await good(own({ direction: 'bidirectional' }, twice))).layers.length, 2);
      // How inputs and outputs are laid out is nothing to the weights; beyond float32 nothing is bounded.
      await sameWeights(own({ hidden_size: 2, direction: 'forward', layout: 1, clip: { float: 3.4028235e38 } }));
    });

    const cases: readonly (readonly [string, Uint8Array, string, string, string])[] = [
      ['hidden_size', own({ hidden_size: 3 }), '3 hidden units (hidden_size)', '[1, 3, 3]', '[1, 2, 2]'],
      ['one matrix for two directions', own(both), 'direction "bidirectional"', '[2, 2, 2]', '[1, 2, 2]'],
      ['two for one', own({ direction: 'forward' }, twice), 'direction "forward"', '[1, 2, 2]', '[2, 2, 2]'],
      ['two without a word', own({}, twice), 'direction "forward"', '[1, 2, 2]', '[2, 2, 2]'],
      [
        'a direction that is none',
        own({ direction: 'sideways' }),
        'direction "sideways"',
        '"forward", "reverse", "bidirectional"',
        '"sideways"',
      ],
      [
        'one activation for two directions',
        own({ ...both, activations: ['Tanh'] }, twice),
        'activations of each direction',
        '2 names, 1 for each direction',
        'a list of 1 text',
      ],
    ];
    for (const [title, content, message, expected, found] of cases)
      it(`refused: ${title}`, async () => {
        const problem = await refusal(content);
        assert.ok(problem.message.includes(message), problem.message);
        assert.deepEqual([problem.expected, problem.found], [expected, found]);
        assert.match(problem.path, /^\["rnn\/(?:hidden_size|direction|activations)"\]$/);
        assert.match(problem.advice, /Export the model again/);
      });

    it('refused: activations of an LSTM or GRU for one of two directions', async () => {
      for (const [op, gates, activations] of [
        ['LSTM', 4, ['Sigmoid', 'Tanh', 'Tanh']],
        ['GRU', 3, ['Sigmoid', 'Tanh']],
      ] as const) {
        const zeros = new Array<number>(2 * gates).fill(0);
        const content = (names: readonly string[]): Uint8Array =>
          model([
            initializer('W', [2, gates, 1], zeros),
            initializer('R', [2, gates, 1], zeros),
            node(
              op,
              ['x', 'W', 'R'],
              ['y'],
              { hidden_size: 1, linear_before_reset: 1, direction: 'bidirectional', activations: names },
              'cell',
            ),
          ]);
        const sequences = [[[1]]];
        assert.equal((await good(content([...activations, ...activations]), { sequences })).layers.length, 2);
        const { expected } = await refusal(content(activations), { sequences });
        assert.equal(expected, `${2 * activations.length} names, ${activations.length} for each direction`);
      }
    });

    it('refused: several contradictions at once, each told', async () => {
      const { problems } = await read(own({ hidden_size: 3, direction: 'bidirectional', clip: { float: 1 } }));
      assert.equal(problems.filter(({ severity }) => severity === 'error').length, 3);
    });

    it('of one network of several only that one is refused', async () => {
      const two = model([...weights, rnn(), node('RNN', ['z', 'W', 'R'], ['other_y'], { hidden_size: 7 }, 'other')]);
      assert.equal((await good(two, { weights: { file: 'model.onnx', name: 'rnn' } })).layers.length, 1);
      const { message } = await refusal(two, { weights: { file: 'model.onnx', name: 'other' } });
      assert.match(message, /7 hidden units/);
    });
  });

  it('peepholes that are zeros are none; others, and those that are computed, are refused', async () => {
    const cell = (P: readonly ReturnType<typeof node>[]): Uint8Array =>
      model([
        initializer('W', [1, 8, 2], new Array<number>(16).fill(0.5)),
        initializer('R', [1, 8, 2], new Array<number>(16).fill(0.25)),
        ...P,
        node('LSTM', ['x', 'W', 'R', '', '', '', '', 'P'], ['y'], { hidden_size: 2 }, 'cell'),
      ]);
    assert.equal((await good(cell([initializer('P', [1, 6], [0, 0, 0, 0, 0, 0])]))).cell, 'lstm');
    const turned = [initializer('p', [6], [0, 0, 0, 0, -0, 0]), node('Unsqueeze', ['p', 'axes'], ['P'])];
    const axes = initializer('axes', [1], [whole(7, 0)], 7);
    assert.equal((await good(cell([axes, ...turned]))).cell, 'lstm');
    for (const P of [
      [initializer('P', [1, 6], [0, 0, 0, 0, 0, 1e-30])],
      [node('Mul', ['a', 'b'], ['P'])],
      [initializer('P', [1, 6], [whole(14, 1)], 8)],
    ])
      assert.match((await refusal(cell(P))).message, /peepholes from c to its gates/);
  });

  it('two nodes above each other are two layers, through what hands numbers on', async () => {
    const { layers } = await good(
      model([...weights, rnn(), node('Squeeze', ['rnn_y', 'axes'], ['s']), rnn({}, 's', 'top')]),
    );
    assert.equal(layers.length, 2);
  });

  it('what stands between two layers, or two side by side, is refused; one is chosen by its name', async () => {
    const between = model([...weights, rnn(), node('Relu', ['rnn_y'], ['r'], {}, 'act'), rnn({}, 'r', 'top')]);
    const { message, advice } = await refusal(between);
    assert.match(message, /takes its inputs from "Relu act"/);
    assert.match(advice, /\{"file":"model.onnx","name":"top"\}/);
    assert.equal((await good(between, { weights: { file: 'model.onnx', name: 'top' } })).layers.length, 1);
    const files = memoryFiles({ 'model.onnx': between, 'xs.json': '[[1, 1], [2, 2]]' });
    const pair = { kind: 'pair', weights: 'model.onnx', sequences: 'xs.json' } as const;
    const { problems } = await readExperiment(pair, files, { byOption: true });
    assert.equal(problems[0]?.advice, 'Name the one that is meant: --name top.');
    assert.match((await refusal(model([...weights, rnn(), rnn({}, 'other', 'top')]))).message, /inputs from "other"/);
  });

  it('nodes without names, or with the same one, are told apart', async () => {
    const same = model([
      ...weights,
      rnn({}, 'x', 'a'),
      node('RNN', ['a_y', 'W', 'R'], ['z'], {}, '/a'),
      rnn({}, 'z', ''),
    ]);
    const { layers } = await good(same);
    assert.equal(layers.length, 3);
    assert.equal((await good(same, { weights: { file: 'model.onnx', name: 'a_1' } })).layers.length, 1);
  });

  it('a linear layer is found as MatMul and Add too', async () => {
    const content = model([
      ...weights,
      initializer('onnx::MatMul_7', [2, 1], [3, 4]),
      initializer('onnx::Add_8', [1], [5]),
      rnn(),
      node('MatMul', ['rnn_y', 'onnx::MatMul_7'], ['m'], {}, '/head/MatMul'),
      node('Add', ['onnx::Add_8', 'm'], ['out']),
    ]);
    const { loss } = await good(content, { loss: { kind: 'mse', readout: 'model.onnx', targets: [[1]] } });
    assert.deepEqual([...(loss?.Why ?? [])], [3, 4]);
    assert.deepEqual([...(loss?.by ?? [])], [5]);
  });
});

describe('ONNX models that are built to hurt', () => {
  it('a graph without a recurrent node is refused with what it has', async () => {
    const { message, found } = await refusal(model([node('Conv', ['x'], ['y']), node('Relu', ['y'], ['z'])]));
    assert.match(message, /no recurrent node/);
    assert.equal(found, 'Conv, Relu');
  });

  it('a quantised model is told as such, and a node that computes by its own name', async () => {
    const dynamic = await refusal(model([node('DynamicQuantizeLSTM', ['x'], ['y'])]));
    assert.match(dynamic.advice, /before it was quantised/);
    const R = initializer('R', [1, 2, 2], [1, 0, 0, 1]);
    const computed = (op: string) =>
      refusal(model([R, node(op, ['q'], ['w']), node('Unsqueeze', ['w', 'axes'], ['W']), rnn()]));
    const quantised = await computed('DequantizeLinear');
    assert.match(quantised.advice, /before it was quantised/);
    // Not the node that only moves what this one computes.
    assert.equal(quantised.found, 'the node DequantizeLinear');
    const scaled = await computed('Mul');
    assert.equal(scaled.found, 'the node Mul');
    assert.match(scaled.advice, /onnxsim/);
    assert.equal((await computed('Transpose')).found, 'the input q');
  });

  it('a tensor that is put together again and again has no more bytes than the file', async () => {
    const doubled = Array.from({ length: 14 }, (_, i) =>
      node('Concat', [`c${i}`, `c${i}`], [`c${i + 1}`], { axis: 0 }),
    );
    const content = model([
      initializer('c0', [64, 2], new Array<number>(128).fill(1)),
      initializer('R', [1, 2, 2], R),
      ...doubled,
      node('Unsqueeze', ['c14'], ['W'], { axes: 0 }),
      rnn(),
    ]);
    assert.match((await refusal(content)).found, /put together again and again/);
  });

  it('names of slashes alone, and tensors without a number', async () => {
    const slashes = model([...weights, rnn({}, 'x', '/'.repeat(300_000))]);
    assert.equal((await good(slashes)).layers.length, 1);
    const empty = model([
      initializer('e', [2 ** 31, 0], []),
      initializer('R', [1, 2, 2], R),
      node('Concat', ['e', 'e'], ['W'], { axis: 1 }),
      rnn(),
    ]);
    assert.match((await refusal(empty)).message, /are computed by the graph/);
  });

  it('chains of nodes that lead to each other end', async () => {
    const content = model([
      initializer('R', [1, 2, 2], R),
      node('Identity', ['a'], ['W']),
      node('Identity', ['W'], ['a']),
      rnn(),
    ]);
    assert.match((await refusal(content)).message, /are computed by the graph/);
  });

  it('a name that stands twice, a type that is none, a size that does not fit', async () => {
    assert.match((await refusal(model([...weights, ...weights, rnn()]))).found, /same name twice/);
    const strange = initializer('W', [1, 2, 2], [bytes(9, floats(W))], 77);
    assert.match((await refusal(model([strange, ...weights.slice(1), rnn()]))).found, /the type 77/);
    const small = initializer('W', [1, 2, 3], W);
    assert.match((await refusal(model([small, ...weights.slice(1), rnn()]))).found, /16 bytes/);
  });

  it('thousands of nodes of one name take no more pauses than the file has kilobytes', () => {
    const nodes = Array.from({ length: 5_000 }, () => rnn());
    const content = model([...weights, ...nodes]);
    let ticks = 0;
    const { root } = readDocument('model.onnx', content, () => ticks++);
    assert.equal(root?.kind, 'object');
    assert.equal(root.properties.filter(({ key }) => key.endsWith('/W')).length, 5_000);
    assert.ok(ticks <= content.length / 100, `${ticks} pauses for ${content.length} bytes`);
  });

  it('a tensor in an attribute is a constant', async () => {
    const constant = (name: string, numbers: readonly number[]): ReturnType<typeof node> =>
      bytes(1, [
        bytes(2, name),
        bytes(4, 'Constant'),
        bytes(5, [bytes(1, 'value'), bytes(5, tensor('', [1, 2, 2], numbers))]),
      ]);
    await sameWeights(model([constant('W', W), constant('R', R), rnn()]));
  });
});
