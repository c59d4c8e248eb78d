// What a file of numbers holds, for whoever lists it, converts it, looks into it or previews its sequences.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { contentsOf, convertFile } from '../../../src/config/read/contents.js';
import { jsonPieces } from '../../../src/config/read/convertedText.js';
import { OpenFiles } from '../../../src/config/read/openFiles.js';
import type { Source } from '../../../src/config/formats/source.js';
import { outlineOf } from '../../../src/config/index.js';
import { previewSequences } from '../../../src/config/read/sequencePreview.js';
import type { PreviewChoice } from '../../../src/config/read/sequencePreview.js';
import { describeNetwork, openTensorFile } from '../../../src/config/read/tensorFile.js';
import { surveyFile } from '../../../src/config/read/index.js';
import { configName, memoryFiles, npyOf, npzOf } from './memory.js';

const quiet = (): void => undefined;
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
const objects = npyOf([2], [0, 0], '|O');
/** A layer of Keras with one hidden unit. */
const lstm = (name: string, inputs: number): object => ({
  [`${name}/kernel`]: Array.from({ length: inputs }, () => [1, 2, 3, 4]),
  [`${name}/recurrent_kernel`]: [[5, 6, 7, 8]],
  [`${name}/bias`]: [0, 0, 0, 0],
});
const stackOf = (...layers: readonly object[]): string => JSON.stringify(Object.assign({}, ...layers));
const files = {
  'lstm.pt': fixture('lstm.pt'),
  'two.pt': fixture('two_networks.pt'),
  'x.npy': npyOf([1, 2, 1], [1, 2]),
  'mixed.npz': npzOf({ good: npyOf([2], [1, 2]), bad: objects }),
  'objects.npy': objects,
  'deep.npz': npzOf({ 'net/layer/a': npyOf([2], [1, 2]), 'net/layer/b': npyOf([2], [3, 4]) }),
  'scalar.npy': npyOf([], [5]),
  'even.npz': npzOf({ a: npyOf([2, 1], [1, 2]), b: npyOf([2, 1], [3, 4]) }),
  'many.npz': npzOf(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`a${i}`, npyOf([2], [1, 2])]))),
  'block.json': '[[[1,-0],[2,3]],[[4,5],[6,7]]]',
  'two.json': '[[1],[2]]',
  'bare.json': '{"weight_ih_l0":[[1],[2]],"weight_hh_l0":[[1,0],[0,1]]}',
  'keras.json': '{"kernel":[[1,2]],"recurrent_kernel":[[1,0],[0,1]],"bias":[0,0]}',
  'skew.json': '{"weight_ih_l0":[[1],[2]],"weight_hh_l0":[[1,0,0,0,0],[0,1,0,0,0]]}',
  'stack.json': stackOf(lstm('lstm', 1), lstm('lstm_1', 1)),
  'both.json': stackOf(
    lstm('bidirectional/forward_lstm', 1),
    lstm('bidirectional/backward_lstm', 1),
    lstm('bidirectional_1/forward_lstm', 2),
    lstm('bidirectional_1/backward_lstm', 2),
  ),
  'apart.json': stackOf(
    lstm('bidirectional/forward_lstm', 1),
    lstm('bidirectional/backward_lstm', 1),
    lstm('lstm_1', 2),
  ),
  'row.json': '[1,2]',
  'ragged.json': '[[[1],[2]],[[3]]]',
  'mixed.json': '[[[1],[2]],{}]',
  'notes.txt': 'To be or not to be',
  't.csv': 'day,a,b\nd0,1,10\nd1,2,20\n',
  'broken.csv': 'a,b\n1,2\n3\n',
};
const memory = memoryFiles(files);
const list = (id: string) => contentsOf(id, memory);
const convert = (id: string, name: string | null = null) => convertFile(id, name, memory);

describe('the list of what a file holds', () => {
  it('has tensors by their shapes, and says why one is not read', async () => {
    const { contents } = await list('mixed.npz');
    assert.deepEqual(
      contents?.values.map(({ name, told }) => [name, told.replace(/:.*/, ': …')]),
      [
        ['good', '[2]'],
        ['bad', 'not read: …'],
      ],
    );
    assert.match(contents.values[1]?.told ?? '', /Python objects|object/);
  });

  it('has a block without a name, and what a list of another kind is', async () => {
    assert.deepEqual((await list('x.npy')).contents?.values, [{ name: '', told: '[1, 2, 1]' }]);
    assert.deepEqual((await list('mixed.json')).contents?.values, [
      { name: '', told: 'a list that is not a regular block of numbers' },
    ]);
  });

  it('has layers of Keras as one network, and one by one where a run takes no such stack', async () => {
    const networks = async (id: string) => (await list(id)).contents?.networks;
    assert.deepEqual(await networks('stack.json'), ['lstm, lstm_1: LSTM [1, 4], 2 layers']);
    assert.deepEqual(await networks('both.json'), [
      'bidirectional, bidirectional_1: LSTM [1, 4], 2 layers, two directions',
    ]);
    const apart = (await list('apart.json')).contents;
    assert.deepEqual(apart?.networks, ['bidirectional: LSTM [1, 4], two directions', 'lstm_1: LSTM [1, 4]']);
    assert.equal(apart.refused.length, 1);
  });

  it('has the columns of a table, and of a text how long it is', async () => {
    const table = await list('t.csv');
    assert.equal(table.contents?.format, 'a table');
    assert.deepEqual(table.contents.values, [
      { name: 'day', told: 'no numbers' },
      { name: 'a', told: '2 numbers' },
      { name: 'b', told: '2 numbers' },
    ]);
    const text = await list('notes.txt');
    assert.deepEqual([text.contents?.format, text.contents?.values], ['a text of 18 characters', []]);
  });

  it('is none where the file cannot be read, which is told', async () => {
    const { contents, problems } = await list('none.npy');
    assert.deepEqual([contents, problems.map(({ code }) => code)], [null, ['missing-file']]);
  });
});

describe('a file that becomes another', () => {
  it('has a name that there is', async () => {
    const { content, problems } = await convert('two.pt', 'nobody');
    assert.equal(content, null);
    assert.match(problems[0]?.message ?? '', /nothing of the name "nobody"/);
    assert.match(problems[0]?.found ?? '', /encoder: LSTM/);
  });

  it('lists no more than a few of many tensors that are not meant', async () => {
    const { problems } = await convert('many.npz', 'nobody');
    assert.equal(problems[0]?.found, 'a0 [2]; a1 [2]; a2 [2]; a3 [2]; a4 [2]; a5 [2]; …');
    const { content } = await convert('many.npz', 'a3');
    assert.ok(content?.kind === 'sequences');
    const { content: inner } = await convert('deep.npz', 'layer.b');
    assert.ok(inner?.kind === 'sequences');
    const few = await convert('mixed.npz', 'nobody');
    assert.equal(few.problems[0]?.found, 'good [2]; bad ');
  });

  it("is weights under PyTorch's names, of a network alone or of one of several", async () => {
    for (const [id, name, count] of [
      ['lstm.pt', null, 8],
      ['two.pt', 'encoder', 8],
    ] as const) {
      const { content } = await convert(id, name);
      assert.ok(content?.kind === 'weights');
      assert.equal(content.tensors.size, count, id);
      assert.deepEqual(content.tensors.get('weight_hh_l0')?.shape, [20, 5]);
    }
    const { content: bare } = await convert('bare.json');
    assert.ok(bare?.kind === 'weights');
    assert.deepEqual([...bare.tensors.keys()], ['weight_ih_l0', 'weight_hh_l0']);
    const { content: keras } = await convert('keras.json');
    assert.ok(keras?.kind === 'weights');
    assert.deepEqual([...(keras.tensors.get('weight_ih_l0')?.data ?? [])], [1, 2]);
    assert.equal((await convert('skew.json')).content, null);
  });

  it('is sequences as a block, or as one for each, with the sign of every zero', async () => {
    const { content } = await convert('block.json');
    assert.ok(content?.kind === 'sequences');
    assert.equal([...jsonPieces(content)].join('').replace(/\s/g, ''), '[[[1,-0],[2,3]],[[4,5],[6,7]]]');
    const { content: single } = await convert('two.json');
    assert.ok(single?.kind === 'sequences');
    assert.equal([...jsonPieces(single)].join('').replace(/\s/g, ''), '[[[1],[2]]]');
    const { content: one } = await convert('scalar.npy');
    assert.ok(one?.kind === 'sequences');
    assert.equal([...jsonPieces(one)].join('').trim(), '5');
    const { content: ragged } = await convert('ragged.json');
    assert.ok(ragged?.kind === 'sequences');
    assert.equal([...jsonPieces(ragged)].join('').replace(/\s/g, ''), '[[[1],[2]],[[3]]]');
  });

  it('is not written where a number of it is none that JSON has', () => {
    const infinite = { shape: [1], data: Float64Array.of(Infinity) };
    assert.throws(
      () => [...jsonPieces({ kind: 'weights', tensors: new Map([['b', infinite]]) })],
      /b holds a number that is not finite \(Infinity\)/,
    );
  });

  it('says why its numbers are not read, and that other lists are no weights', async () => {
    for (const [file, name] of [['objects.npy'], ['mixed.npz', 'bad']] as const) {
      const unreadable = await convert(file, name ?? null);
      assert.deepEqual([unreadable.content, unreadable.problems.length], [null, 1], file);
    }
    const mixed = await convert('mixed.json');
    assert.deepEqual([mixed.content, mixed.problems.length], [null, 1]);
    assert.match(mixed.problems[0]?.message ?? '', /weights/i);
    assert.equal((await convert('none.npy')).content, null);
    assert.equal((await convert('broken.csv')).content, null);
  });
});

describe('a file of tensors that is looked into', () => {
  const look = async (id: string) => (await openTensorFile(id, memory, quiet)).file;

  it('tells a network as far as it is known', async () => {
    const bytes = new TextEncoder().encode('{"weight_hh_l0":[[1,2],[3,4]]}');
    const { file } = await openTensorFile('w.json', memoryFiles({ 'w.json': bytes }), quiet);
    const [only] = file?.networks ?? [];
    assert.equal(only && describeNetwork(only.network), 'RNN, H 2');
  });

  it('tells what stands in the place of a tensor', async () => {
    const tensors = (await look('mixed.npz'))?.tensors ?? [];
    assert.deepEqual(
      tensors.map(({ name, node }) => [name, node?.shape ?? null]),
      [
        ['good', [2]],
        ['bad', null],
      ],
    );
    assert.match(tensors[1]?.told ?? '', /object/i);
    const one = await look('mixed.json');
    assert.deepEqual(
      [one?.format, one?.tensors],
      ['JSON', [{ name: '', node: null, told: 'a list that is not a regular block of numbers' }]],
    );
  });
});

describe('the outline of a file', () => {
  const outline = async (id: string, more: Readonly<Record<string, string | Uint8Array>> = {}) => {
    const { root } = await new OpenFiles(memoryFiles({ ...files, ...more }), {}).root(id, null);
    assert.ok(root !== null);
    return outlineOf(root).map(({ name, detail, kind }) => [name, detail, kind]);
  };

  it('has an entry for each key, whatever stands there', async () => {
    const text = '{"":1,"a":[1,[2]],"b":["x","y"],"c":null,"d":{},"e":true,"f":"x","g":[[1,2]],"h":["x",[1]]}';
    assert.deepEqual(await outline('a.json', { 'a.json': text }), [
      ['""', '1', 'number'],
      ['a', 'ragged', 'list'],
      ['b', 'x, y', 'list'],
      ['c', 'null', 'null'],
      ['d', '', 'object'],
      ['e', 'true', 'boolean'],
      ['f', 'x', 'text'],
      ['g', '[1, 2]', 'matrix'],
      ['h', 'ragged', 'list'],
    ]);
  });

  it('has one entry for a file without keys', async () => {
    assert.deepEqual(await outline('row.json'), [['numbers', '[2]', 'matrix']]);
    assert.deepEqual(await outline('notes.txt'), [['numbers', '', 'text']]);
    assert.deepEqual(
      (await outline('mixed.npz')).map(([name, , kind]) => [name, kind]),
      [
        ['good', 'matrix'],
        ['bad', 'text'],
      ],
    );
  });
});

describe('the survey of a file', () => {
  const survey = (content: string | Uint8Array, name?: string) =>
    surveyFile(typeof content === 'string' ? new TextEncoder().encode(content) : content, quiet, name);

  it('knows what is neither weights nor sequences nor a config', () => {
    assert.equal(survey('[[[1]],{}]').kind, 'unknown');
    assert.equal(survey(files['many.npz']).kind, 'unknown');
    assert.equal(survey('{"a":[[[1,2]],7]}').blocks.length, 0);
  });

  it('says what is wrong where nothing can be read', () => {
    assert.match(survey('NaN').problem?.message ?? '', /NaN/);
  });

  it('has no network where the matrices are none of any cell', () => {
    assert.deepEqual(survey('{"Wx":[[1,2,3,4]],"Wh":[[1],[2],[3],[4]]}').networks, []);
    assert.deepEqual(survey('{"weight_ih_l0":[[1,2]]}').networks, []);
    // A recurrent matrix alone does not say how many inputs there are.
    assert.deepEqual(
      survey('{"weight_hh_l0":[[1,2],[3,4]]}').networks.map(({ I, widths }) => [I, widths]),
      [[null, [2]]],
    );
    const turned = survey('{"weight_ih_l0":[[1],[2],[3]],"weight_hh_l0":[[1,2],[3,4]]}');
    assert.equal(turned.networks[0]?.I, null);
  });

  it('has tables by their columns, texts as nothing, and sequences of one length in an archive', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    assert.deepEqual(survey(bytes(files['t.csv']), 't.csv').blocks[0]?.shape, [2, 2]);
    assert.deepEqual(survey(bytes(files['notes.txt']), 'notes.txt').blocks, []);
    assert.deepEqual(survey(bytes('a,b\n'), 'a.csv').blocks, []);
    const [even] = survey(files['even.npz'], 'even.npz').blocks;
    assert.deepEqual([even?.shape, even?.lengths], [[2, 2, 1], null]);
  });
});

describe('the preview of sequences', () => {
  const none: PreviewChoice = { options: {}, array: null };
  const preview = (id: string, more: Readonly<Record<string, string | Uint8Array>> = {}, choice = none) =>
    previewSequences(id, choice, memoryFiles({ ...files, ...more }), quiet);
  const config = (sequences: string): Readonly<Record<string, string>> => ({
    [configName]: `{"weights":{"Wx":[[1],[1]],"Wh":[[0]],"b":[0]}${sequences}}`,
  });

  it('is none without a file, without sequences in a config, and of sequences that cannot be read', async () => {
    assert.equal((await preview('none.csv')).sequences, null);
    assert.equal((await preview('objects.npy')).sequences, null);
    assert.equal((await preview(configName, config(''))).sequences, null);
    assert.equal((await preview(configName, config(',"sequences":"none.csv"'))).sequences, null);
  });

  it('of a config has what that says of a table or a text', async () => {
    const said = '{"file":"t.csv","columns":["b","a"],"normalise":"minMax","normaliseOver":0.5,"window":1,"stride":1}';
    const { sequences } = await preview(configName, config(`,"sequences":${said}`));
    assert.deepEqual(sequences?.options, {
      columns: ['b', 'a'],
      window: 1,
      stride: 1,
      normalise: 'minMax',
      normaliseOver: 0.5,
    });
    const plain = await preview(configName, config(',"sequences":"t.csv"'));
    assert.deepEqual([plain.sequences?.format, plain.sequences?.options], ['a table', {}]);
    const text = await preview(configName, config(',"sequences":{"file":"notes.txt","tokens":"words"}'));
    assert.deepEqual([text.sequences?.format, text.sequences?.options], ['a text file', { tokens: 'words' }]);
  });

  it('takes sequences of one length out of an archive', async () => {
    const { sequences } = await preview('even.npz');
    assert.deepEqual([sequences?.read.B, sequences?.read.T, sequences?.read.ragged], [2, 2, null]);
  });

  it('says where numbers of a file cannot be read', async () => {
    const whole = npyOf([1, 2, 1], [1, 2], '<i8');
    // A whole number that no float64 holds is looked for where the numbers are read.
    whole.set(new Uint8Array(BigInt64Array.of(2n ** 53n + 1n).buffer), whole.length - 8);
    const { sequences, problems } = await preview('x.npy', { 'x.npy': whole });
    assert.deepEqual([sequences, problems[0]?.found], [null, '9007199254740993']);
    // The same where the file is read in ranges, which find it later.
    const ranges: Source = { size: whole.length, read: (offset, length) => whole.slice(offset, offset + length) };
    const onDisk = await previewSequences(
      'x.npy',
      none,
      { read: (id) => Promise.resolve({ ok: true, id, bytes: ranges }) },
      quiet,
    );
    assert.deepEqual([onDisk.sequences, onDisk.problems[0]?.found], [null, '9007199254740993']);
    // Of two arrays of one name behind different prefixes none is meant by it.
    const block = npyOf([1, 2, 1], [1, 2]);
    const twice = npzOf({ 'x/a:0': block, 'y/x/a:0': block });
    const both = await preview('two.npz', { 'two.npz': twice });
    assert.equal(both.sequences, null);
    assert.match(both.problems[0]?.message ?? '', /Nothing in the file is called .*, or more than one/);
  });

  it('passes on what is no fault of the file', async () => {
    const stop = new Error('stop');
    let ticks = 0;
    const stopped = previewSequences('t.csv', none, memory, () => {
      if (++ticks > 1) throw stop;
    });
    await assert.rejects(stopped, stop);
  });
});
