// Which network or tensor of a file is meant.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { wordOf } from '../../../src/config/problems/problemReport.js';
import { surveyFile } from '../../../src/config/read/index.js';
import { readExperiment } from '../../../src/config/index.js';
import type { ReadResult } from '../../../src/config/index.js';
import { configName, memoryFiles, npyOf as npy, npzOf as npz, readTexts, withoutAssumedCell } from './memory.js';
import type { Texts } from './memory.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
const read = (config: object, files: Texts = {}): Promise<ReadResult> =>
  readTexts({
    [configName]: JSON.stringify({ dtype: 'float64', ...config }),
    'two.pt': fixture('two_networks.pt'),
    'seq.npy': fixture('seq_f8.npy'),
    ...files,
  });
const good = async (config: object, files: Texts = {}) => {
  const { experiment, problems } = await read(config, files);
  assert.deepEqual(withoutAssumedCell(problems), []);
  assert.ok(experiment);
  return experiment;
};

describe('a name on a command line', () => {
  it('stands in quotes where a shell would take it apart, in single ones where it would do what it says', () => {
    for (const [name, word] of [
      ['rnn.0/a-b', 'rnn.0/a-b'],
      ['my rnn', '"my rnn"'],
      ['$HOME', "'$HOME'"],
      ['`it\'s "it"`', "'`it'\\''s \"it\"`'"],
    ] as const)
      assert.equal(wordOf(name), word);
  });
});

describe('a network by its name', () => {
  for (const [name, cell, layers] of [
    ['encoder', 'lstm', 2],
    ['decoder', 'gru', 2],
  ] as const) {
    it(name, async () => {
      const experiment = await good({
        weights: { file: 'two.pt', name },
        sequences: 'seq.npy',
        upstreamGradient: 'final',
      });
      assert.equal(experiment.cell, cell);
      assert.equal(experiment.layers.length, layers);
    });
  }

  it('is told where no config names the experiment', async () => {
    const texts = {
      'two.pt': fixture('two_networks.pt'),
      'rnn.pt': fixture('rnn.pt'),
      'seq.npy': fixture('seq_f8.npy'),
    };
    const nameOf = async (pair: { readonly weights: string; readonly network?: string }) =>
      (await readTexts(texts, { kind: 'pair', sequences: 'seq.npy', ...pair })).experiment?.name;
    assert.equal(await nameOf({ weights: 'two.pt', network: 'encoder' }), 'two · encoder + seq');
    assert.equal(await nameOf({ weights: 'two.pt', network: 'decoder' }), 'two · decoder + seq');
    assert.equal(await nameOf({ weights: 'rnn.pt' }), 'rnn + seq');
  });

  it('without one all are listed with cell, shape and layers, and what to write', async () => {
    const { problems } = await read({ weights: 'two.pt', sequences: 'seq.npy' });
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.found, 'encoder: LSTM [20, 5], 2 layers; decoder: GRU [12, 4], two directions');
    assert.ok(problems[0].advice.includes('"weights": {"file":"two.pt","name":"encoder"}'), problems[0].advice);
  });

  it('a name that nothing has is told at the path, with the names that there are', async () => {
    const { problems } = await read({ weights: { file: 'two.pt', name: 'head' }, sequences: 'seq.npy' });
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.path, 'weights.file');
    assert.match(problems[0].found, /^encoder: LSTM.*decoder: GRU/);
  });

  it('both directions of a Bidirectional layer of Keras are one network, by the name of the layer', async () => {
    const alone = { weights: { file: 'm.keras', name: 'encoder' }, sequences: 'seq.npy' };
    const { experiment: named } = await read(alone, { 'm.keras': fixture('keras3_gru.keras') });
    const wanted = JSON.parse(readFileSync('test/fixtures/files/expected/gru.json', 'utf8')) as { weights: object };
    const { experiment: torch } = await read({ weights: wanted.weights, sequences: 'seq.npy' });
    const numbers = (result: ReadResult['experiment']) =>
      result?.layers.map(({ direction, parameters }) => [
        direction,
        ...Object.entries(parameters).map(([name, data]) => [name, [...data]]),
      ]);
    assert.equal(named?.layers.length, 2);
    assert.deepEqual(numbers(named), numbers(torch));
    // Beside a network of another kind.
    const matrix = (name: string, columns: number) => ({
      [`${name}/kernel`]: npy([3, columns], new Array<number>(3 * columns).fill(0.5)),
      [`${name}/recurrent_kernel`]: npy([2, columns], new Array<number>(2 * columns).fill(0.25)),
    });
    const model = npz({
      ...matrix('net/both/backward_lstm/cell', 8),
      ...matrix('net/both/forward_lstm/cell', 8),
      ...matrix('net/other/cell', 2),
    });
    const files = { 'k.npz': model };
    const { problems } = await read({ weights: 'k.npz', sequences: 'seq.npy' }, files);
    assert.equal(problems[0]?.found, 'net/both: LSTM [2, 8], two directions; net/other/cell: RNN [2, 2]');
    assert.ok(problems[0].advice.includes('"weights": {"file":"k.npz","name":"net/both"}'), problems[0].advice);
    assert.deepEqual(
      surveyFile(model, () => undefined).networks.map(({ name, cell, directions }) => [name, cell, directions]),
      [
        ['net/both', 'lstm', 2],
        ['net/other/cell', null, 1],
      ],
    );
    for (const [name, layers] of [
      ['both', 2],
      ['net/both/forward_lstm/cell', 1],
      ['other.cell', 1],
    ] as const) {
      const { experiment } = await read({ weights: { file: 'k.npz', name }, sequences: 'seq.npy' }, files);
      assert.equal(experiment?.layers.length, layers, name);
    }
    // Names that only begin so are those of layers of their own.
    const apart = npz({ ...matrix('net/forward_a/cell', 8), ...matrix('net/forward_b/cell', 2) });
    assert.deepEqual(
      surveyFile(apart, () => undefined).networks.map(({ name }) => name),
      ['net/forward_a/cell', 'net/forward_b/cell'],
    );
  });

  it('a JSON file has networks by their names too', async () => {
    const network = (H: number): object => ({
      weight_ih_l0: Array.from({ length: H }, () => [1, 2, 3]),
      weight_hh_l0: Array.from({ length: H }, () => new Array<number>(H).fill(0)),
      bias_ih_l0: new Array<number>(H).fill(0),
      bias_hh_l0: new Array<number>(H).fill(0),
    });
    const files = { 'w.json': JSON.stringify({ small: network(2), large: network(4) }) };
    const experiment = await good({ weights: { file: 'w.json', name: 'large' }, sequences: 'seq.npy' }, files);
    assert.equal(experiment.shapes.H, 4);
  });

  it('a readout beside the network is found by its own name', async () => {
    const files = { 'model.pt': fixture('lstm_checkpoint.pth') };
    const { loss } = await good(
      {
        weights: { file: 'model.pt', name: 'encoder.rnn' },
        sequences: 'seq.npy',
        loss: { kind: 'mse', readout: { file: 'model.pt', name: 'head' }, targets: 'y.npy' },
      },
      { ...files, 'y.npy': npy([2, 2], [1, 2, 3, 4]) },
    );
    const { readout } = JSON.parse(readFileSync('test/fixtures/files/expected/lstm_checkpoint.json', 'utf8')) as {
      readout: { weight: readonly (readonly number[])[]; bias: readonly number[] };
    };
    const [first = [], second = []] = readout.weight;
    assert.deepEqual(
      [...(loss?.Why ?? [])],
      first.flatMap((x, i) => [x, second[i]]),
    );
    assert.deepEqual([...(loss?.by ?? [])], readout.bias);
    assert.deepEqual([...(loss?.targets ?? [])], [1, 2, 3, 4]);
  });
});

describe('a problem of a file without a text', () => {
  it('knows where the config names the file, and the lines that export it', async () => {
    const { problems } = await read(
      { weights: { file: 'm.pt', name: 'rnn' }, sequences: 'seq.npy' },
      { 'm.pt': fixture('lstm_module.pt') },
    );
    const [problem] = problems;
    assert.equal(problem?.file, 'm.pt');
    assert.equal(problem.namedBy?.file, configName);
    assert.equal(problem.namedBy.path, 'weights.file');
    assert.equal(problem.fix?.kind, 'copyPython');
    assert.equal(problem.fix.lines.trimEnd().split('\n').length, 3);
    // The advice says the same in one line.
    assert.ok(problem.advice.endsWith(problem.fix.lines.trimEnd().replaceAll('\n', '; ')));
  });

  it('also of one tensor in it; a file of JSON can be looked at itself', async () => {
    const nan = npy([1, 2, 3], [1, 2, 3, 4, Number.NaN, 6]);
    const { problems } = await read(
      { weights: { file: 'two.pt', name: 'decoder' }, sequences: 'x.npy' },
      { 'x.npy': nan },
    );
    assert.equal(problems[0]?.namedBy?.path, 'sequences');
    const text = await read(
      { weights: 'w.json', sequences: 'seq.npy' },
      { 'w.json': '{"Wx":[[1]],"Wh":[["a"]],"b":[0]}' },
    );
    const [own] = text.problems.filter(({ file }) => file === 'w.json');
    assert.ok(own !== undefined && own.namedBy === undefined);
  });
});

it('a problem of a file that is named twice is told where its own part is named', async () => {
  const model = (rows: number, width: number): Uint8Array =>
    npz({
      'rnn.weight_ih_l0': npy([rows, 3], new Array<number>(rows * 3).fill(0.1)),
      'rnn.weight_hh_l0': npy([2, 2], [1, 0, 0, 1]),
      'rnn.bias_ih_l0': npy([2], [0, 0]),
      'rnn.bias_hh_l0': npy([2], [0, 0]),
      'head.weight': npy([1, width], new Array<number>(width).fill(1)),
      'head.bias': npy([1], [0]),
    });
  const named = (name: string): object => ({ file: 'model.npz', name });
  const config = {
    cell: 'tanh',
    weights: named('rnn'),
    sequences: 'seq.npy',
    loss: { kind: 'mse', readout: named('head'), targets: [[1], [2]] },
  };
  const placesOf = async (rows: number, width: number): Promise<unknown> =>
    (await read(config, { 'model.npz': model(rows, width) })).problems.map(({ file, path: own, namedBy }) => [
      file,
      own.includes('head'),
      namedBy?.path,
    ]);
  assert.deepEqual(await placesOf(2, 2), []);
  assert.deepEqual(await placesOf(2, 3), [['model.npz', true, 'loss.readout.file']]);
  assert.deepEqual(await placesOf(3, 2), [['model.npz', false, 'weights.file']]);
});

describe('a readout in a file with other layers', () => {
  const filled = (rows: number, columns: number, value: number): number[][] =>
    Array.from({ length: rows }, () => new Array<number>(columns).fill(value));
  const network = { 'rnn.weight_ih_l0': filled(3, 2, 0), 'rnn.weight_hh_l0': filled(3, 3, 0) };
  const config = { cell: 'tanh', weights: 'm.json', sequences: [[[1, 2]]] };
  const loss = { kind: 'mse', targets: [[0, 0]], at: 'last' };
  const withReadout = (others: object, readout: unknown = 'm.json'): Promise<ReadResult> =>
    read({ ...config, loss: { ...loss, readout } }, { 'm.json': JSON.stringify({ ...network, ...others }) });
  const fc = { 'fc.weight': filled(2, 3, 1), 'fc.bias': [5, 6] };

  it('is the linear layer that the hidden units fit, with its own bias', async () => {
    for (const others of [
      fc,
      { ...fc, 'norm.weight': [1, 1, 1], 'norm.bias': [0, 0, 0] },
      { ...fc, 'inputs.weight': filled(4, 7, 0), 'inputs.bias': [1, 1, 1, 1] },
      { 'embedding.weight': filled(9, 4, 0), ...fc, 'z.bias': [7, 7] },
    ]) {
      const read = (await withReadout(others)).experiment?.loss;
      assert.deepEqual([[...(read?.Why ?? [])], [...(read?.by ?? [])]], [new Array(6).fill(1), [5, 6]]);
      const { readout } = surveyFile(
        new TextEncoder().encode(JSON.stringify({ ...network, ...others })),
        () => undefined,
      );
      assert.deepEqual(readout, { width: 3, O: 2 });
    }
  });

  it('is asked for where several fit, or follow each other', async () => {
    for (const [others, told] of [
      [{ ...fc, 'out.weight': filled(2, 3, 0) }, 'fc.weight [2, 3]; out.weight [2, 3]'],
      [{ 'fc1.weight': filled(8, 3, 0), 'out.weight': filled(2, 8, 0) }, 'fc1.weight [8, 3]; out.weight [2, 8]'],
    ] as const) {
      const { experiment, problems } = await withReadout(others);
      const [problem] = problems.filter(({ severity }) => severity === 'error');
      assert.equal(experiment, null);
      assert.match(problem?.message ?? '', /^Several linear layers stand here/);
      assert.equal(problem?.found, told);
      assert.ok(problem.advice.includes('"readout": {"file":"m.json","name":"out"}'), problem.advice);
    }
    const named = await withReadout({ ...fc, 'out.weight': filled(2, 3, 9) }, { file: 'm.json', name: 'fc' });
    assert.deepEqual([...(named.experiment?.loss?.by ?? [])], [5, 6]);
    // A module by its name, as nn.Sequential numbers what it holds.
    const head = {
      'net.head.1.weight': filled(2, 3, 5),
      'net.head.1.bias': [5, 6],
      'net.pick.weight': filled(2, 3, 9),
    };
    const module = await withReadout(head, { file: 'm.json', name: 'net.head' });
    assert.deepEqual([...(module.experiment?.loss?.by ?? [])], [5, 6]);
    const inline = await withReadout({}, { ...fc, 'out.weight': filled(2, 3, 9) });
    assert.match(inline.problems.find(({ severity }) => severity === 'error')?.advice ?? '', /^Leave that one alone/);
  });

  it('is named by its layer: under another name all are told, and of its matrix alone what to write', async () => {
    const wrong = await withReadout(fc, { file: 'm.json', name: 'hed' });
    const [unknown] = wrong.problems.filter(({ path }) => path === 'loss.readout.file');
    assert.equal(unknown?.found, 'rnn: RNN [3, 3]; fc.weight [2, 3]; fc.bias [2]');
    assert.match(unknown.advice, /without the name of the tensor where a network or a layer is meant/);
    const matrixAlone = 'Give the numbers the name "Why" or "weight"; in a file name the layer, and not its matrix.';
    for (const readout of [{ file: 'm.json', name: 'fc.weight' }, 'seq.npy']) {
      const { problems } = await withReadout(fc, readout);
      assert.deepEqual(
        problems.flatMap(({ severity, advice }) => (severity === 'error' ? [advice] : [])),
        [matrixAlone],
      );
    }
  });

  it('that a file of tensors does not hold cannot be added there', async () => {
    const readout = { file: 'two.pt', name: 'encoder' };
    const { problems } = await read({ weights: readout, sequences: 'seq.npy', loss: { ...loss, readout } });
    const [missing] = problems.filter(({ message }) => message === 'The readout has no matrix.');
    assert.equal(
      missing?.advice,
      'Name a file that holds the linear layer, or write { "Why": …, "by": … } in its place.',
    );
  });
});

it('a network behind an embedding takes what that makes of tokens, and tokens are told so', async () => {
  const rows = (count: number, width: number): number[][] =>
    Array.from({ length: count }, () => new Array<number>(width).fill(3));
  const rnn = { 'rnn.weight_ih_l0': rows(3, 2), 'rnn.weight_hh_l0': rows(3, 3), 'rnn.bias_ih_l0': [0, 0, 0] };
  const adviceFor = async (others: object): Promise<string | undefined> => {
    const texts = { 'm.json': JSON.stringify({ ...others, ...rnn }), 'x.json': JSON.stringify(rows(4, 6)) };
    const { problems } = await readTexts(texts, { kind: 'pair', weights: 'm.json', sequences: 'x.json' });
    return problems.find(({ message }) => message.startsWith('The timesteps have 6 inputs'))?.advice;
  };
  const told = 'If these are tokens, save what "emb.tokens" makes of them, with 2 numbers for each token.';
  assert.equal(await adviceFor({ 'out.weight': rows(9, 2), 'emb.tokens.weight': rows(9, 2) }), told);
  assert.match((await adviceFor({ embedding: rows(9, 2) })) ?? '', /save what "embedding" makes/);
  const usual = 'Give every timestep 2 numbers, or use weights with I = 6.';
  for (const others of [{}, { 'out.weight': rows(9, 2) }, { 'emb.weight': rows(9, 4) }])
    assert.equal(await adviceFor(others), usual);
});

it('a pair whose files are each in the place of the other is told so, once', async () => {
  const texts = { 'w.json': '{"Wx":[[1,2]],"Wh":[[1,0],[0,1]],"b":[0,0]}', 'x.json': '[[[1],[2]]]' };
  for (const byOption of [false, true]) {
    const pair = { kind: 'pair', weights: 'x.json', sequences: 'w.json' } as const;
    const { experiment, problems } = await readExperiment(pair, memoryFiles(texts), { byOption });
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.map(({ file, message }) => [file, message]),
      [['x.json', 'The weights and the sequences are each in the place of the other.']],
    );
    assert.equal(problems[0]?.advice.includes('rnn-gradients run WEIGHTS SEQUENCES'), byOption);
  }
  assert.deepEqual((await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 'x.json' })).problems, []);
});

describe('numbers in archives', () => {
  const weights = { file: 'two.pt', name: 'encoder' };

  it('the only array of an archive needs no name, of several one is named', async () => {
    const x = npy([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const single = await good({ weights, sequences: 'x.npz' }, { 'x.npz': npz({ anything: x }) });
    assert.deepEqual([...(single.chunks[0]?.xs ?? [])], [1, 2, 3, 4, 5, 6]);
    const y = npy([1], [0]);
    const named = await good({ weights, sequences: { file: 'x.npz', name: 'x' } }, { 'x.npz': npz({ y, x }) });
    assert.deepEqual(named.chunks, single.chunks);
    const { experiment, problems } = await read({ weights, sequences: 'x.npz' }, { 'x.npz': npz({ y, x }) });
    assert.equal(experiment, null);
    assert.equal(problems[0]?.found, 'y [1]; x [1, 2, 3]');
    // The one that could be sequences.
    assert.match(problems[0].advice, /several arrays: .*\{ "file": "x\.npz", "name": "x" \}/);
  });

  it('of several beside a network none of its own is named; a network alone is told as weights', async () => {
    const lstm = {
      'rnn.weight_ih_l0': npy([4, 3], Array(12).fill(0)),
      'rnn.weight_hh_l0': npy([4, 1], Array(4).fill(0)),
    };
    const found = async (arrays: Readonly<Record<string, Uint8Array>>) => {
      const { problems } = await read({ weights, sequences: 'x.npz' }, { 'x.npz': npz(arrays) });
      return [problems[0]?.found, problems[0]?.advice];
    };
    const x = npy([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await found({ ...lstm, y: npy([1], [0]), x }), [
      'y [1]; x [1, 2, 3]',
      'The file holds several arrays: name the one that is meant in the place of its path, as ' +
        '{ "file": "x.npz", "name": "x" }.',
    ]);
    assert.equal((await found(lstm))[1], 'These are weights: name them under "weights".');
    // What other modules have beside it is no data.
    const modules = { 'emb.weight': npy([4, 2], Array(8).fill(0)), 'fc.weight': npy([3, 1], [0, 0, 0]) };
    assert.deepEqual(await found({ ...lstm, ...modules }), [
      'emb.weight [4, 2]; fc.weight [3, 1]',
      'None of these arrays can be sequences: name a file that holds [B][T][I] or [T][I].',
    ]);
    assert.match((await found({ ...lstm, ...modules, x }))[1]!, /"name": "x"/);
    assert.match((await found({ ...lstm, y: npy([1], [0]) }))[1]!, /^None of these arrays can be sequences/);
  });

  it('of several arrays one is named by an option, in quotes where it has to be', async () => {
    const x = npy([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const files = memoryFiles({
      'two.pt': fixture('two_networks.pt'),
      'x.npz': npz({ labels: npy([1], [0], '|O'), y: npy([1], [0]), 'x train': x }),
      'z.npz': npz({ y: npy([1], [0]), x }),
    });
    const pair = { kind: 'pair', weights: 'two.pt', network: 'encoder' } as const;
    for (const [sequences, option] of [
      ['x.npz', '--array "x train"'],
      ['z.npz', '--array x'],
    ] as const) {
      const { problems } = await readExperiment({ ...pair, sequences }, files, { byOption: true });
      assert.equal(problems.length, 1);
      assert.ok(problems[0]?.advice.endsWith(`name the one that is meant: ${option}.`), problems[0]?.advice);
    }
  });

  it('a name for a file that holds one array is told to be left away', async () => {
    const { problems } = await read({ weights, sequences: { file: 'seq.npy', name: 'x' } });
    assert.deepEqual(
      problems.map(({ path, message, expected, found, advice }) => [path, message, expected, found, advice]),
      [
        [
          'sequences.file',
          'Nothing in the file is called "x", or more than one.',
          'a file whose parts have names',
          'numbers of shape [2, 6, 3]',
          'Nothing in it has a name of its own: name the file alone.',
        ],
      ],
    );
  });

  it('is not told of a config where there is none: options name what is meant', async () => {
    const files = memoryFiles({
      'large.json': '{"Wx":[[1]],"Wh":[[1e39]],"b":[0]}',
      'w.json': '{"Wx":[[1]],"Wh":[[1]],"b":[0]}',
      'x.json': '[[1],[2]]',
      'x.csv': 'x\n1\n2\n',
    });
    const adviceOf = async (more: object): Promise<string | undefined> => {
      const pair = { kind: 'pair', weights: 'w.json', sequences: 'x.json', ...more } as const;
      return (await readExperiment(pair, files, { byOption: true })).problems[0]?.advice;
    };
    assert.match(
      (await adviceOf({ weights: 'large.json' })) ?? '',
      /^Write a smaller number, or save the two files as a config, and write/,
    );
    assert.equal(
      await adviceOf({ sequences: 'x.csv', array: 'x' }),
      'Nothing in it has a name of its own: name the file alone.',
    );
  });

  it('an archive of nothing but Python objects says so where weights are wanted', async () => {
    const { problems } = await read(
      { weights: 'x.npz', sequences: 'seq.npy' },
      { 'x.npz': npz({ weights: npy([1], [0], '|O') }) },
    );
    assert.match(problems[0]?.message ?? '', /Python objects, which are never loaded/);
    assert.equal(problems.length, 1);
  });

  it('advice names the file as the config does, with its folder', async () => {
    const x = npy([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const several = await read(
      { weights, sequences: '../data/x.npz' },
      { '../data/x.npz': npz({ y: npy([1], [0]), x }) },
    );
    assert.match(several.problems[0]?.advice ?? '', /\{ "file": "\.\.\/data\/x\.npz", "name": "x" \}/);
    const two = fixture('two_networks.pt');
    const networks = await read({ weights: 'data/two.pt', sequences: 'seq.npy' }, { 'data/two.pt': two });
    assert.ok(networks.problems[0]?.advice.includes('"weights": {"file":"data/two.pt","name":"encoder"}'));
  });

  it('initial states by their names, an upstream gradient from an .npy', async () => {
    const experiment = await good(
      {
        weights: { file: 'two.pt', name: 'encoder' },
        sequences: 'seq.npy',
        initialState: 's.npz',
        upstreamGradient: 'g.npy',
      },
      {
        's.npz': npz({
          c: npy(
            [2, 2, 5],
            Array.from({ length: 20 }, (_, i) => i),
          ),
        }),
        'g.npy': npy(
          [2, 6, 5],
          Array.from({ length: 60 }, (_, i) => -i),
        ),
      },
    );
    assert.deepEqual([...(experiment.layers[1]?.initial['c'] ?? [])], [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    assert.equal(experiment.layers[1]?.initial.h, null);
    assert.equal(experiment.upstream.kind, 'given');
  });

  it("initial states by PyTorch's names and by their places in a pair", async () => {
    const state = (first: number): Uint8Array =>
      npy(
        [2, 2, 5],
        Array.from({ length: 20 }, (_, i) => first + i),
      );
    const states = { weights: { file: 'two.pt', name: 'encoder' }, sequences: 'seq.npy', initialState: 's.npz' };
    for (const [h, c] of [
      ['h0', 'c0'],
      ['h_n', 'c_n'],
      ['hx', 'cx'],
      ['arr_0', 'arr_1'],
      ['0', '1'],
    ] as const) {
      const { layers } = await good(states, { 's.npz': npz({ [h]: state(0), [c]: state(50) }) });
      assert.deepEqual([layers[1]?.initial.h?.[0], layers[1]?.initial['c']?.[0]], [10, 60], h);
    }
    // What else lies there is meant for something else, unless a state is missing.
    const beside = await good(states, {
      's.npz': npz({ xs: state(7), h0: state(0), y: npy([1], [0]), c0: state(50) }),
    });
    assert.equal(beside.layers[1]?.initial['c']?.[0], 60);
    const without = await read(states, { 's.npz': npz({ h0: state(0), cell: state(50) }) });
    assert.deepEqual(
      without.problems.map(({ code, path }) => [code, path]),
      [['unknown-key', 'cell']],
    );
    const { problems, experiment } = await read(states, { 's.npz': npz({ first: state(0), second: state(50) }) });
    assert.equal(experiment, null);
    const [problem, ...others] = problems;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [problem?.severity, problem?.message, problem?.expected, problem?.found],
      ['error', 'The file names no initial state.', '"h", "c"', 'first [2, 2, 5]; second [2, 2, 5]'],
    );
  });

  it('a NaN is told with its indices', async () => {
    const { experiment, problems } = await read(
      { weights, sequences: 'x.npy' },
      { 'x.npy': npy([1, 2, 3], [1, 2, 3, 4, Number.NaN, 6]) },
    );
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.map(({ code, file, path, found }) => [code, file, path, found]),
      [['not-a-number', 'x.npy', '[0][1][1]', 'NaN']],
    );
  });
});

describe('what a file seems to be', () => {
  for (const [name, kind] of [
    ['lstm.pt', 'weights'],
    ['two_networks.pt', 'weights'],
    ['tutorial.npz', 'weights'],
    ['seq_f4.npy', 'sequences'],
    ['seq_ragged.npz', 'sequences'],
    ['hostile/os_system.pt', 'unknown'],
  ] as const)
    it(`${name}: ${kind}`, () => {
      assert.equal(surveyFile(fixture(name), () => undefined).kind, kind);
    });
});
