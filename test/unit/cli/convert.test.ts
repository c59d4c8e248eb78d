// `inspect` and `convert`: what a file holds, and its numbers exactly, held against the reference set of files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { convertedPieces } from '../../../src/cli/index.js';
import { contentsOf, convertFile } from '../../../src/config/read/index.js';
import { floats, torchParts } from '../../support/largeFiles.js';
import type { Tensor } from '../../support/largeFiles.js';
import { memoryFiles } from '../config/memory.js';

const folder = path.join('test', 'fixtures', 'files');

type Nested = number | readonly Nested[];
type Weights = Readonly<Record<string, Nested>>;
type Listed = {
  readonly file: string;
  readonly expected: string;
  readonly mayRefuse?: boolean;
  readonly unknownGlobal?: string;
  readonly name?: string;
  readonly holds?: string;
};
type Expected = {
  readonly weights?: Weights;
  readonly sequences?: Nested;
  readonly networks?: Readonly<Record<string, { readonly weights: Weights }>>;
};

const { files } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
  readonly files: readonly Listed[];
};
const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(path.join(folder, file)));
const expectedOf = ({ expected }: Listed): Expected =>
  JSON.parse(readFileSync(path.join(folder, expected), 'utf8')) as Expected;

async function converted(file: string, name: string | null): Promise<unknown> {
  const { content, problems } = await convertFile(file, name, memoryFiles({ [file]: bytesOf(file) }));
  assert.ok(content !== null, problems.map(({ message }) => message).join(' '));
  return JSON.parse([...convertedPieces(content, 'out.json')].join(''));
}

/** deepStrictEqual tells −0 from 0. */
const same = (found: unknown, wanted: unknown): void => assert.deepStrictEqual(found, wanted);

describe('a file is converted to its numbers, exactly', () => {
  for (const listed of files.filter(({ expected, holds }) => expected !== 'refused' && holds === undefined)) {
    it(listed.file, async () => {
      const { weights, networks = {} } = expectedOf(listed);
      if (weights === undefined) {
        for (const [name, network] of Object.entries(networks))
          same(await converted(listed.file, name), network.weights);
        const { content, problems } = await convertFile(
          listed.file,
          null,
          memoryFiles({ [listed.file]: bytesOf(listed.file) }),
        );
        assert.equal(content, null);
        for (const name of Object.keys(networks))
          assert.ok(
            problems.some(({ found }) => found.includes(name)),
            name,
          );
        return;
      }
      same(await converted(listed.file, null), weights);
      if (listed.name !== undefined) same(await converted(listed.file, listed.name), weights);
    });
  }
  for (const listed of files.filter(({ holds }) => holds === 'sequences'))
    it(listed.file, async () => same(await converted(listed.file, null), expectedOf(listed).sequences));

  for (const { file, unknownGlobal } of files.filter(({ expected, mayRefuse }) => expected === 'refused' && !mayRefuse))
    it(`${file} is refused`, async () => {
      const { content, problems } = await convertFile(file, null, memoryFiles({ [file]: bytesOf(file) }));
      assert.equal(content, null);
      assert.ok(problems.some(({ severity }) => severity === 'error'));
      if (unknownGlobal !== undefined)
        assert.ok(
          problems.some(({ message, found }) => `${message} ${found}`.includes(unknownGlobal)),
          unknownGlobal,
        );
    });

  it('weights of other frameworks are turned around and get PyTorch’s names', async () => {
    const keras = {
      kernel: [[1, 2, 3]],
      recurrent_kernel: [[4, 5, 6]],
      bias: [
        [7, 8, 9],
        [10, 11, 12],
      ],
    };
    const { content } = await convertFile('k.json', null, memoryFiles({ 'k.json': JSON.stringify(keras) }));
    assert.ok(content !== null);
    // Keras' gates are z, r, h; PyTorch's r, z, n.
    same(JSON.parse([...convertedPieces(content, 'o.json')].join('')), {
      weight_ih_l0: [[2], [1], [3]],
      weight_hh_l0: [[5], [4], [6]],
      bias_ih_l0: [8, 7, 9],
      bias_hh_l0: [11, 10, 12],
    });
  });

  it('what JSON cannot write is refused, not written as something else', async () => {
    const safetensors = await convertFile('a.json', null, memoryFiles({ 'a.json': '[[1, 2], [3, -0]]' }));
    assert.ok(safetensors.content !== null);
    assert.equal([...convertedPieces(safetensors.content, 'o.json')].join(''), '[[[1,2],[3,-0]]]\n');
    const block = { shape: [1, 2], data: Float64Array.of(1, NaN) };
    assert.throws(() => [...convertedPieces({ kind: 'sequences', sequences: block }, 'o.json')], /not finite \(NaN\)/);
  });
});

describe('rnn-gradients inspect and convert', () => {
  let scratch = '';
  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'rnn-convert-'));
  });
  after(() => rm(scratch, { recursive: true }));
  const cli = (...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['dist/cli.js', ...args], (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
      );
    });

  it('numbers that cannot be read are told of the file that holds them, not of the one that is written', async () => {
    const weights: Tensor[] = [
      { name: 'weight_ih_l0', shape: [4, 3], data: floats(12, (i) => i) },
      { name: 'weight_hh_l0', shape: [4, 4], data: floats(16, (i) => i) },
    ];
    // Large enough to be read in ranges; a number of a stored entry is another one than its checksum says.
    const bytes = Buffer.concat(
      torchParts([...weights, { name: 'head.weight', shape: [2_500_000], data: 10_000_000 }]).map((part) =>
        typeof part === 'number' ? Buffer.alloc(part) : part,
      ),
    );
    const at = bytes.indexOf(floats(16, (i) => i));
    bytes[at] = 1;
    const [file = '', target = ''] = ['damaged.pt', 'damaged.json'].map((name) => path.join(scratch, name));
    await writeFile(file, bytes);
    const told = await cli('convert', file, target);
    assert.equal(told.code, 2);
    assert.equal(told.out, '');
    assert.ok(told.err.startsWith(`${file}:1:1: weight_hh_l0: The file is damaged`), told.err);
    assert.match(told.err, /Expected .*checksum.*, found .*checksum/);
  });

  it('tell which networks of a file no run takes, and why', async () => {
    for (const [name, network, reason] of [
      ['lstm_projection.pt', /\n {2}recurrent layer \[24, 2\]/, 'This LSTM projects its hidden state (proj_size)'],
      ['lstm_peephole.onnx', /layer_0: LSTM/, 'This LSTM has peepholes from c to its gates'],
      ['lstm_clip.onnx', /layer_0: LSTM/, 'This layer bounds its pre-activations (clip)'],
      ['lstm_hard_sigmoid.onnx', /layer_0: LSTM/, 'This cell has other activations than sigmoid, tanh'],
      ['gru_reset_before.onnx', /layer_0: GRU/, 'This GRU resets h before the recurrent product'],
      ['keras3_gru_reset_before.keras', /: GRU/, 'This GRU resets h before the recurrent product'],
    ] as const) {
      const { code, out } = await cli('inspect', path.join(folder, name));
      assert.equal(code, 0, name);
      assert.match(out, network);
      // Once, however many layers it is true of.
      assert.equal(out.split(`"run" does not take this: ${reason}`).length, 2, out);
    }
    for (const name of ['lstm.pt', 'gru.onnx', 'rnn_relu.onnx', 'keras3_lstm.keras', 'keras3_gru.weights.h5'])
      assert.match((await cli('inspect', path.join(folder, name))).out, /Recurrent layers:\n(?: {2}.*\n)+$/, name);
    for (const [name, networks] of [
      ['keras3_lstm.keras', ['encoder, second: LSTM [5, 20], 2 layers']],
      ['keras2_lstm_model.h5', ['lstm, lstm_1: LSTM [5, 20], 2 layers']],
      ['lstm.onnx', ['rnn/LSTM, rnn/LSTM_1: LSTM [1, 20, 5], 2 layers']],
      ['keras3_gru.keras', ['encoder: GRU [4, 12], two directions']],
      // No run takes them together.
      ['lstm_clip.onnx', ['layer_0: LSTM [1, 20, 5]', 'layer_1: LSTM [1, 20, 5]']],
      ['two_networks.pt', ['encoder: LSTM [20, 5], 2 layers', 'decoder: GRU [12, 4], two directions']],
    ] as const) {
      const { out } = await cli('inspect', path.join(folder, name));
      const lines = out.slice(out.indexOf('Recurrent layers:\n')).split('\n');
      assert.deepEqual(
        lines.filter((line) => line.startsWith('  ')),
        networks.map((line) => `  ${line}`),
      );
    }
    // From the input up, however the names are sorted; units may differ.
    const numbers = (rows: number, columns: number): number[][] =>
      Array.from({ length: rows }, () => new Array<number>(columns).fill(0.1));
    const layer = (I: number, H: number): object => ({
      kernel: numbers(I, 4 * H),
      recurrent_kernel: numbers(H, 4 * H),
    });
    const toldOf = async (layers: object): Promise<string> => {
      const file = path.join(scratch, 'stack.json');
      await writeFile(file, JSON.stringify(layers));
      const { out } = await cli('inspect', file, '--language', 'ko');
      assert.ok(out.startsWith(`${file}: JSON\n`), out);
      return (await cli('inspect', file)).out.split('\n').at(-2)!;
    };
    assert.equal(
      await toldOf({ lstm: layer(2, 3), lstm_1: layer(3, 2), lstm_10: layer(1, 1), lstm_2: layer(2, 1) }),
      '  lstm, lstm_1, lstm_2, lstm_10: LSTM [3, 12], [2, 8], [1, 4], 4 layers',
    );
    const both = (I: number): object => ({ forward_lstm: layer(I, 3), backward_lstm: layer(I, 3) });
    assert.equal(await toldOf({ bi: both(2), top: both(6) }), '  bi, top: LSTM [3, 12], 2 layers, two directions');
    const peepholes = JSON.stringify({ weight_ih_l0: [[1]], weight_hh_l0: [[1]], peepholes: true });
    const two = path.join(scratch, 'two.json');
    await writeFile(two, `{"a":${peepholes},"b":{"weight_ih_l0":[[1]],"weight_hh_l0":[[1]]}}`);
    assert.match((await cli('inspect', two)).out, /"run" does not take this: a: This LSTM has peepholes[^\n]*\n$/);
    // The shape of a bias tells it too, where nothing is said of the layer; a CuDNN layer has another one.
    const three = path.join(scratch, 'reset.json');
    const ones = (rows: number, columns: number): number[][] =>
      Array.from({ length: rows }, () => new Array<number>(columns).fill(1));
    for (const [bias, isTold] of [
      [ones(1, 6)[0], true],
      [ones(1, 6), true],
      [ones(2, 6), false],
      [ones(1, 12)[0], false],
    ] as const) {
      await writeFile(three, JSON.stringify({ kernel: ones(1, 6), recurrent_kernel: ones(2, 6), bias }));
      assert.equal((await cli('inspect', three)).out.includes('take this: This GRU resets h'), isTold);
    }
  });

  it('tell what is in a file, and write it as JSON and as safetensors', async () => {
    const file = path.join(folder, 'lstm.pt');
    const told = await cli('inspect', file);
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /weight_ih_l0 +\[20, 3\]/);
    assert.match(told.out, /LSTM .*2 layers/);
    const [json, tensors, again] = ['a.json', 'a.safetensors', 'b.json'].map((name) => path.join(scratch, name));
    assert.deepEqual(await cli('convert', file, json ?? ''), { code: 0, out: '', err: '' });
    assert.deepEqual(await cli('convert', file, tensors ?? ''), { code: 0, out: '', err: '' });
    assert.deepEqual(await cli('convert', tensors ?? '', again ?? ''), { code: 0, out: '', err: '' });
    const wanted = expectedOf({ file, expected: 'expected/lstm.json' }).weights;
    same(JSON.parse(await readFile(json ?? '', 'utf8')), wanted);
    same(JSON.parse(await readFile(again ?? '', 'utf8')), wanted);
  });

  it('refuse with the reason, and leave nothing behind', async () => {
    const before = (await readdir(scratch)).length;
    const evil = files.find(({ unknownGlobal }) => unknownGlobal !== undefined);
    assert.ok(evil !== undefined);
    const refused = await cli('convert', path.join(folder, evil.file), path.join(scratch, 'evil.json'));
    assert.equal(refused.code, 2);
    assert.ok(refused.err.includes(evil.unknownGlobal ?? '?'), refused.err);
    const own = path.join(scratch, 'own.json');
    await writeFile(own, '[[1]]');
    const same = await cli('convert', own, own);
    assert.equal(same.code, 2);
    assert.equal(await readFile(own, 'utf8'), '[[1]]');
    assert.equal((await cli('convert', own, 'out.txt')).code, 2);
    assert.equal((await cli('inspect', path.join(scratch, 'none.pt'))).code, 2);
    assert.equal((await readdir(scratch)).length, before + 1);
  });

  it('tell of a text what it is', async () => {
    const { contents } = await contentsOf('a.json', memoryFiles({ 'a.json': '{"Wx":[[1]],"Wh":[[1]],"b":[0]}' }));
    assert.equal(contents?.format, null);
    assert.deepEqual(
      contents.values.map(({ name, told }) => `${name} ${told}`),
      ['Wx [1, 1]', 'Wh [1, 1]', 'b [1]'],
    );
    assert.equal(contents.networks.length, 1);
  });
});
