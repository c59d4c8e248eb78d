import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { surveyFile } from '../../../src/config/read/index.js';
import type { Experiment } from '../../../src/engine/network/experiment.js';
import { configName, readConfigText, readTexts, withoutAssumedCell, withoutBiases } from './memory.js';
import type { Texts } from './memory.js';

const fixture = (name: string): string => readFileSync(`test/fixtures/config/${name}`, 'utf8');
type Matrix = number[][];
const turned = (matrix: Matrix): Matrix => (matrix[0] ?? []).map((_, c) => matrix.map((row) => row[c] ?? Number.NaN));

async function good(texts: Texts | string): Promise<Experiment> {
  const { experiment, problems } = await (typeof texts === 'string' ? readConfigText(texts) : readTexts(texts));
  assert.deepEqual(withoutAssumedCell(problems), []);
  assert.ok(experiment !== null);
  return experiment;
}

describe('weights of every framework give the same experiment', () => {
  const tutorial = fixture('weights.json');
  const { Wx, Wh, b } = JSON.parse(tutorial) as { Wx: Matrix; Wh: Matrix; b: Matrix };
  const torch = JSON.parse(fixture('state_dict.json')) as Record<string, Matrix>;
  const bias = b[0] ?? [];
  const zeros = bias.map(() => 0);
  const keras = { kernel: Wx, recurrent_kernel: Wh, bias };
  const prefixed = (prefix: string, tensors: object, suffix = ''): object =>
    Object.fromEntries(Object.entries(tensors).map(([key, value]) => [prefix + key + suffix, value as unknown]));
  const cell = { weight_ih: turned(Wx), weight_hh: turned(Wh), bias_ih: bias, bias_hh: zeros };
  const forms: Record<string, unknown> = {
    'tutorial, b as a plain list': { Wx, Wh, b: bias },
    'PyTorch state_dict': torch,
    'PyTorch, prefixed, with other layers': { ...prefixed('rnn.', torch), 'fc.weight': [[1, 2]], 'fc.bias': [0] },
    'PyTorch, one bias only': { weight_ih_l0: turned(Wx), weight_hh_l0: turned(Wh), bias_ih_l0: bias },
    'PyTorch RNNCell': cell,
    'PyTorch checkpoint': { epoch: 3, state_dict: torch, note: 'x' },
    Keras: keras,
    'Keras 2, prefixed': { ...prefixed('simple_rnn/', keras, ':0'), 'dense/kernel:0': [[1]], 'dense/bias:0': [0] },
    'Keras 3, prefixed': prefixed('sequential/simple_rnn/simple_rnn_cell/', keras),
    'Keras, nested': { simple_rnn: keras },
  };
  const config = '{"weights":"w.json","sequences":[[1,2,3,4],[5,6,7,8]]}';
  for (const [title, weights] of Object.entries(forms)) {
    it(title, async () => {
      const found = await good({ [configName]: config, 'w.json': tutorial });
      const expected = withoutBiases(found);
      assert.deepEqual(found.shapes, { B: 1, T: 2, I: 4, H: 32 });
      const text = JSON.stringify(weights);
      assert.deepEqual(withoutBiases(await good({ [configName]: config, 'w.json': text })), expected);
      const inline = await good(`{"weights":${text},"sequences":[[[1,2,3,4],[5,6,7,8]]]}`);
      assert.deepEqual(withoutBiases(inline), expected);
      assert.equal(surveyFile(new TextEncoder().encode(text), () => undefined).kind, 'weights');
    });
  }

  it('of PyTorch without a cell: that tanh is assumed is noted, and how relu is written', async () => {
    const stored = (hh: number, rest: object = {}) =>
      JSON.stringify({
        weights: {
          weight_ih_l0: Array.from({ length: hh }, () => [1]),
          weight_hh_l0: Array.from({ length: hh }, () => [0]),
        },
        sequences: [[[1]]],
        ...rest,
      });
    const { experiment, problems } = await readConfigText(stored(1));
    assert.equal(experiment?.cell, 'tanh');
    const [note] = problems.filter(({ code }) => code === 'unsupported-cell');
    assert.deepEqual([note?.severity, note?.path], ['info', 'weights']);
    assert.match(note?.message ?? '', /tanh is assumed/);
    assert.match(note?.advice ?? '', /"cell": "relu"/);
    const weights = JSON.stringify((JSON.parse(stored(1)) as { weights: object }).weights);
    const pair = await readTexts({ w: weights, s: '[[[1]]]' }, { kind: 'pair', weights: 'w', sequences: 's' });
    const told = pair.problems.filter(({ code }) => code === 'unsupported-cell');
    assert.deepEqual(
      told.map(({ severity }) => severity),
      ['info'],
    );
    // No config is there to write it into.
    assert.match(told[0]?.advice ?? '', /save the two files as a config/);
    for (const text of [stored(1, { cell: 'tanh' }), stored(1, { cell: 'relu' }), stored(4), stored(3)])
      assert.deepEqual(
        (await readConfigText(text)).problems.filter(({ code }) => code === 'unsupported-cell'),
        [],
        text,
      );
  });

  it('of Keras and of ONNX too, where nothing is said beside the weights; our own names are tanh', async () => {
    const one = [[1]];
    const notesOf = async (weights: object): Promise<readonly string[]> =>
      (await readConfigText(JSON.stringify({ weights, sequences: [[[1]]] }))).problems
        .filter(({ code }) => code === 'unsupported-cell')
        .map(({ severity }) => severity);
    const keras = { kernel: one, recurrent_kernel: one, bias: [0] };
    assert.deepEqual(await notesOf(keras), ['info']);
    assert.deepEqual(await notesOf({ ...keras, activation: 'tanh' }), []);
    assert.deepEqual(await notesOf({ W: [one], R: [one], B: [[0, 0]] }), ['info']);
    assert.deepEqual(await notesOf({ W: [one], R: [one], B: [[0, 0]], activations: ['Relu'] }), []);
    assert.deepEqual(await notesOf({ Wx: one, Wh: one, b: [0] }), []);
  });

  it('numbers arrive bit for bit in the row-vector convention', async () => {
    const {
      layers: [{ parameters: weights }],
    } = await good({ [configName]: config, 'w.json': fixture('state_dict.json') });
    assert.deepEqual([...weights.Wx], Wx.flat());
    assert.deepEqual([...weights.Wh], Wh.flat());
    assert.deepEqual([...weights.b], bias);
  });
});

describe('what a config can say', () => {
  const inputAlone = { input: true, state: false };
  const oneBias = { stored: inputAlone, whole: inputAlone };
  const W = '"weights":{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';

  it('fills in the defaults', async () => {
    const experiment = await good(`{${W},"sequences":[[1],[2],[3]]}`);
    const { layers, chunks, ...rest } = experiment;
    const [{ parameters: weights, ...layer }] = layers;
    assert.equal(layers.length, 1);
    assert.deepEqual(layer, { layer: 0, direction: 'forward', H: 2, initial: { h: null }, biases: oneBias });
    assert.deepEqual(rest, {
      name: 'test',
      cell: 'tanh',
      dtype: 'float32',
      shapes: { B: 1, T: 3, I: 1, H: 2 },
      stateful: false,
      upstream: { kind: 'last' },
      loss: null,
      clipNorm: null,
      truncate: null,
    });
    assert.deepEqual(weights, {
      Wx: Float64Array.of(1, 2),
      Wh: Float64Array.of(0.5, 0, 0, 0.5),
      b: new Float64Array(2),
    });
    assert.deepEqual(chunks, [{ steps: 3, xs: Float64Array.of(1, 2, 3) }]);
  });

  it('takes every key', async () => {
    const experiment = await good(`{"$schema":"x","name":"all","cell":"relu","dtype":"float64",${W},
      "sequences":[[[1],[2]],[[3],[4]]],"initialState":[[1,2],[3,4]],"stateful":true,
      "upstreamGradient":[[[1,2],[3,4]],[[5,6],[7,8]]],"loss":null,"clip":{"norm":0.5},"truncate":2}`);
    const { layers, chunks, ...rest } = experiment;
    const [{ parameters: weights, ...layer }] = layers;
    assert.equal(layers.length, 1);
    assert.deepEqual(layer, {
      layer: 0,
      direction: 'forward',
      H: 2,
      initial: { h: Float64Array.of(1, 2, 3, 4) },
      biases: oneBias,
    });
    assert.equal(weights.Wx.length, 2);
    assert.deepEqual(chunks, [{ steps: 2, xs: Float64Array.of(1, 2, 3, 4) }]);
    assert.deepEqual(rest, {
      name: 'all',
      cell: 'relu',
      dtype: 'float64',
      shapes: { B: 2, T: 2, I: 1, H: 2 },
      stateful: true,
      upstream: { kind: 'given', dhs: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
      loss: null,
      clipNorm: 0.5,
      truncate: 2,
    });
  });

  it('null leaves optional keys at their default', async () => {
    const experiment = await good(
      `{${W},"sequences":[[1]],"initialState":null,"upstreamGradient":null,"loss":null,"clip":null,"truncate":null}`,
    );
    assert.deepEqual(
      [experiment.layers[0].initial.h, experiment.upstream, experiment.loss, experiment.clipNorm, experiment.truncate],
      [null, { kind: 'last' }, null, null, null],
    );
  });

  it(
    'every reference may be a file, in JSON with comments, trailing commas, a byte order mark and Windows line ' +
      'ends',
    async () => {
      const marked = (text: string): Uint8Array => Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode(text));
      const files = {
        [configName]: marked(
          `// a config\r\n{${W}, /* two */ ` +
            `"sequences":["./x.json","y.json",],\r\n"initialState":"h.json","upstreamGradient":"g.json",}`,
        ),
        'x.json': marked('[[1,],\n// more\n[2]\n,]'),
        'y.json': '[[[3]]]',
        'h.json': '[1,2]',
        'g.json': '[[1,2],[3,4],[5,6]]',
      };
      const { experiment, problems, files: ids } = await readTexts(files);
      assert.deepEqual(problems, []);
      assert.deepEqual(ids, [configName, 'x.json', 'y.json', 'h.json', 'g.json']);
      assert.deepEqual(experiment?.chunks, [
        { steps: 2, xs: Float64Array.of(1, 2) },
        { steps: 1, xs: Float64Array.of(3) },
      ]);
      assert.deepEqual(experiment.layers[0].initial, { h: Float64Array.of(1, 2) });
      assert.deepEqual(experiment.upstream, { kind: 'given', dhs: Float64Array.of(1, 2, 3, 4, 5, 6) });
    },
  );

  it('a loss with the readout of the tutorial, and with that of PyTorch from a file with other keys', async () => {
    const loss = {
      kind: 'mse',
      at: 'last',
      Why: Float64Array.of(1, 2, 3, 4, 5, 6),
      by: Float64Array.of(7, 8, 9),
      targets: Float64Array.of(1, 2, 3),
    };
    const config = (readout: string): string =>
      `{${W},"sequences":[[1],[2]],"loss":{"kind":"mse","readout":${readout},"targets":[[1,2,3]]}}`;
    assert.deepEqual((await good(config('{"Why":[[1,2,3],[4,5,6]],"by":[[7,8,9]]}'))).loss, loss);
    assert.deepEqual(
      (
        await good({
          [configName]: config('"r.json"'),
          'r.json': '{"fc.weight":[[1,4],[2,5],[3,6]],"fc.bias":[7,8,9],"target":[[0]],"loss":"mse-last"}',
        })
      ).loss,
      loss,
    );
  });

  it('the readout of the weather network', async () => {
    const readout = fixture('readout.json');
    const { target } = JSON.parse(readout) as { target: Matrix };
    const config = {
      weights: 'weights.json',
      sequences: target.map(() => [[1, 2, 3, 4]]),
      sequenceOrder: 'BTI',
      loss: { kind: 'mse', readout: 'readout.json', targets: target },
    };
    const { loss } = await good({
      [configName]: JSON.stringify(config),
      'weights.json': fixture('weights.json'),
      'readout.json': readout,
    });
    assert.equal(loss?.Why.length, 32);
    assert.deepEqual([...loss.targets], target.flat());
  });

  it('targets of every kind and place', async () => {
    const readout = '{"Why":[[1,2],[3,4]],"by":[0,0]}';
    const config = (kind: string, at: string, targets: string): string =>
      `{${W},"sequences":[[[1],[2]],[[3],[4]]],` +
      `"loss":{"kind":"${kind}","at":"${at}","readout":${readout},"targets":${targets}}}`;
    assert.deepEqual([...((await good(config('mse', 'last', '[[1,2],[3,4]]'))).loss?.targets ?? [])], [1, 2, 3, 4]);
    assert.deepEqual(
      [...((await good(config('mse', 'every', '[[[1,2],[3,4]],[[5,6],[7,8]]]'))).loss?.targets ?? [])],
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert.deepEqual([...((await good(config('crossEntropy', 'last', '[0,1]'))).loss?.targets ?? [])], [0, 1]);
    assert.deepEqual(
      [...((await good(config('crossEntropy', 'every', '[[0,1],[1,0]]'))).loss?.targets ?? [])],
      [0, 1, 1, 0],
    );
  });

  it('a pair of files needs no config', async () => {
    const texts = { 'data/my%20weights.json': '{"Wx":[[1]],"Wh":[[1]],"b":[0]}', 'data/x.json': '[[1],[2]]' };
    const { experiment, problems, files } = await readTexts(texts, {
      kind: 'pair',
      weights: 'data/my%20weights.json',
      sequences: 'data/x.json',
    });
    assert.deepEqual(problems, []);
    assert.equal(experiment?.name, 'my%20weights + x');
    assert.deepEqual(files, Object.keys(texts));
  });

  it('the name of a file that is given as a URI is told in plain letters', async () => {
    const texts = { 'file:///a/%EB%82%A0%EC%94%A8.rnn.json': `{${W},"sequences":[[1]]}` };
    const { experiment } = await readTexts(texts, { kind: 'config', config: 'file:///a/%EB%82%A0%EC%94%A8.rnn.json' });
    assert.equal(experiment?.name, '날씨');
  });
});

describe('what a file is', () => {
  const kinds: Record<string, string> = {
    '{"weights":"w.json"}': 'config',
    '{"sequences":[]}': 'config',
    '{"cell":"tanh","name":"x"}': 'config',
    '[[[1]]]': 'sequences',
    '[[1],[2,3]]': 'sequences',
    '{"Wx":[[1]],"Wh":[[1]]}': 'weights',
    '{"name":"package","version":"1.0.0"}': 'unknown',
    '["a","b"]': 'unknown',
    '"text"': 'unknown',
    '{"kernel":[[1]],"bias":[1]}': 'unknown',
    '': 'unknown',
    '{"weights":': 'unknown',
    '\u0000\u0001': 'unknown',
  };
  for (const [text, kind] of Object.entries(kinds))
    it(`${JSON.stringify(text)} is ${kind}`, () =>
      assert.equal(surveyFile(new TextEncoder().encode(text), () => undefined).kind, kind));
});
