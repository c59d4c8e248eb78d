// Keras files: what a model says of its layers, and HDF5 files that are built to hurt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/config/formats/index.js';
import { Zip } from '../../../src/config/formats/zip.js';
import type { Problem } from '../../../src/config/index.js';
import { zipOf } from '../../support/zipWriter.js';
import { configName, readTexts } from './memory.js';

const quiet = (): void => undefined;
const fixture = (name: string): Buffer => readFileSync(`test/fixtures/files/${name}`);

type Json = Readonly<Record<string, unknown>>;
type Layer = { readonly class_name: string; readonly config: Json; readonly inbound_nodes?: unknown };

/** The weights of a fixture under a model of the test's own. */
function keras(name: string, change: (layers: Layer[]) => Layer[], kind = 'Sequential'): Uint8Array {
  const zip = new Zip(new Uint8Array(fixture(name)), quiet);
  const contents = [...zip.entries.values()].map((entry) => ({ name: entry.name, content: zip.read(entry, quiet) }));
  const [own] = contents.filter((entry) => entry.name === 'config.json');
  const model = JSON.parse(Buffer.from(own?.content ?? []).toString()) as { config: { layers: Layer[] } };
  const changed = { ...model, class_name: kind, config: { ...model.config, layers: change(model.config.layers) } };
  return zipOf(
    contents.map((entry) => (entry === own ? { ...entry, content: Buffer.from(JSON.stringify(changed)) } : entry)),
  );
}

const withConfig = (index: number, keys: Json) => (layers: Layer[]) =>
  layers.map((layer, i) => (i === index ? { ...layer, config: { ...layer.config, ...keys } } : layer));

const read = (bytes: Uint8Array, config: object = {}) =>
  readTexts({
    [configName]: JSON.stringify({ weights: 'model.keras', sequences: [[[1, 2, 3]]], ...config }),
    'model.keras': bytes,
  });
const refusal = async (bytes: Uint8Array): Promise<Problem> => {
  const { experiment, problems } = await read(bytes);
  assert.equal(experiment, null);
  const [problem] = problems.filter(({ severity }) => severity === 'error');
  assert.ok(problem);
  assert.equal(problem.file, 'model.keras');
  return problem;
};

describe('what a Keras model says of its layers', () => {
  it('the activation is the cell of a plain layer', async () => {
    for (const [activation, cell] of [
      ['relu', 'relu'],
      ['linear', 'identity'],
      ['sigmoid', 'sigmoid'],
      ['tanh', 'tanh'],
    ]) {
      const { experiment } = await read(keras('keras3_rnn.keras', withConfig(1, { activation })));
      assert.equal(experiment?.cell, cell);
    }
  });

  it('a config that names another cell than the file is refused', async () => {
    const bytes = keras('keras3_rnn.keras', withConfig(1, { activation: 'relu' }));
    const { experiment, problems } = await read(bytes, { cell: 'tanh' });
    assert.equal(experiment, null);
    assert.match(problems[0]?.message ?? '', /has the activation "relu", but "tanh" has "tanh"/);
  });

  it('dropout is told, that of the recurrent product too', async () => {
    const { experiment, problems } = await read(
      keras('keras3_lstm.keras', withConfig(2, { recurrent_dropout: 0.3, dropout: 0 })),
    );
    assert.ok(experiment);
    assert.deepEqual(
      problems.map(({ severity, path }) => [severity, path]),
      [
        ['info', '["encoder/dropout"]'],
        ['info', '["second/recurrent_dropout"]'],
        ['info', '["second/dropout_layers"]'],
      ],
    );
  });

  const drop = (class_name: string, name: string, rate = 0.3): Layer => ({ class_name, config: { name, rate } });
  const droppedOf = async (bytes: Uint8Array, config?: object): Promise<unknown> => {
    const { experiment, problems } = await read(bytes, config);
    assert.ok(experiment);
    return problems
      .filter(({ message }) => message.startsWith('Dropout acts only in training'))
      .map(({ severity, path, found }) => [severity, path, found]);
  };

  it('layers of dropout beside those that are run are told, each once, by their names', async () => {
    const between = keras('keras3_lstm.keras', (layers) => {
      const [input, encoder, second, , dense] = layers as [Layer, Layer, Layer, Layer, Layer];
      return [
        input,
        drop('SpatialDropout1D', 'first'),
        { ...encoder, config: { ...encoder.config, dropout: 0 } },
        drop('AlphaDropout', 'alpha'),
        drop('Dropout', 'none', 0),
        drop('GaussianDropout', 'gaussian'),
        second,
        drop('Dropout', 'last'),
        dense,
        // Of what stands above another layer nothing is run.
        drop('Dropout', 'above'),
      ];
    });
    const encoder = [
      'info',
      '["encoder/dropout_layers"]',
      '"SpatialDropout1D first", "AlphaDropout alpha", "GaussianDropout gaussian"',
    ];
    assert.deepEqual(await droppedOf(between), [encoder, ['info', '["second/dropout_layers"]', '"Dropout last"']]);
    // One of the layers by its name: what belongs to the other one is not told.
    const weights = { file: 'model.keras', name: 'encoder' };
    assert.deepEqual(await droppedOf(between, { weights }), [encoder]);
    const other = keras('keras3_lstm.keras', withConfig(2, { recurrent_dropout: 0.3 }));
    assert.deepEqual(await droppedOf(other, { weights }), [['info', '["encoder/dropout"]', 'the number 0.2']]);
  });

  it('of many layers of dropout the first ones are told', async () => {
    const many = keras('keras3_rnn.keras', ([input, ...layers]) => [
      input!,
      ...Array.from({ length: 20 }, (_, i) => drop('Dropout', `d${i}`)),
      ...layers,
    ]);
    const told = (await droppedOf(many)) as string[][];
    const [, , found] = told.find(([, path]) => path === '["encoder/dropout_layers"]') ?? [];
    assert.equal(found, Array.from({ length: 8 }, (_, i) => `"Dropout d${19 - i}"`).join(', '));
  });

  it('a layer of dropout beside one of two directions is told', async () => {
    assert.deepEqual(await droppedOf(new Uint8Array(fixture('keras3_gru.keras'))), [
      ['info', '["encoder/dropout_layers"]', '"Dropout dropout"'],
      // Of its own, each direction has one.
      ['info', '["encoder/forward_layer/dropout"]', 'the number 0.2'],
      ['info', '["encoder/backward_layer/dropout"]', 'the number 0.2'],
    ]);
  });

  it('layers go by the names of the model, in its order', async () => {
    const swapped = keras('keras3_lstm.keras', (layers) =>
      layers.map((layer, i) =>
        i === 1 || i === 2 ? { ...layer, config: { ...layer.config, name: i === 1 ? 'z' : 'a' } } : layer,
      ),
    );
    const { experiment, problems } = await read(swapped);
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error'),
      [],
    );
    assert.equal(experiment?.layers.length, 2);
    const single = await read(swapped, { weights: { file: 'model.keras', name: 'z' } });
    assert.equal(single.experiment?.layers.length, 1);
  });

  const dense = (name: string): Layer => ({ class_name: 'Dense', config: { name, units: 5, activation: 'relu' } });
  for (const [title, bytes, told] of [
    [
      'other gates',
      keras('keras3_lstm.keras', withConfig(1, { recurrent_activation: 'hard_sigmoid' })),
      /hard_sigmoid/,
    ],
    [
      'an activation of its own',
      keras('keras3_lstm.keras', withConfig(1, { activation: { class_name: 'function', registered_name: 'mine>f' } })),
      /has the activation "mine>f"/,
    ],
    ['backwards alone', keras('keras3_rnn.keras', withConfig(1, { go_backwards: true })), /go_backwards/],
    ['both directions added up', keras('keras3_gru.keras', withConfig(1, { merge_mode: 'sum' })), /merge_mode/],
    [
      'its last output alone',
      keras('keras3_lstm.keras', withConfig(1, { return_sequences: false })),
      /last output alone/,
    ],
    [
      'another layer between two',
      keras('keras3_lstm.keras', (layers) => layers.toSpliced(2, 0, dense('between'))),
      /takes its inputs from "Dense between"/,
    ],
    [
      'another layer between two, by the inputs that layers name',
      keras(
        'keras3_lstm.keras',
        (layers) => [
          ...layers.map((layer, i) => (i === 2 ? { ...layer, inbound_nodes: [[['between', 0, 0, {}]]] } : layer)),
          { ...dense('between'), inbound_nodes: [[['encoder', 0, 0, {}]]] },
        ],
        'Functional',
      ),
      /takes its inputs from "Dense between"/,
    ],
  ] as const) {
    it(`refused: ${title}`, async () => {
      assert.match((await refusal(bytes)).message, told);
    });
  }

  it('refused: two layers side by side whose sizes fit', async () => {
    const bytes = keras(
      'keras3_lstm.keras',
      (layers) =>
        layers.map((layer, i) => (i === 1 || i === 2 ? { ...layer, inbound_nodes: [[['input', 0, 0, {}]]] } : layer)),
      'Functional',
    );
    const { message, advice } = await refusal(bytes);
    assert.match(message, /takes its inputs from "InputLayer input"/);
    assert.match(advice, /"weights": \{"file":"model.keras","name":"second"\}/);
  });

  it('a model that is no JSON', async () => {
    const zip = new Zip(new Uint8Array(fixture('keras3_rnn.keras')), quiet);
    const entries = [...zip.entries.values()].map((entry) => ({ name: entry.name, content: zip.read(entry, quiet) }));
    const broken = entries.map((one) => (one.name === 'config.json' ? { ...one, content: Buffer.from('{"a":') } : one));
    const { expected, path } = await refusal(zipOf(broken));
    assert.match(expected, /the model as JSON/);
    assert.equal(path, '["config.json"]');
  });

  it('what one network says does not refuse another one of the file', async () => {
    const bytes = keras('keras3_lstm.keras', withConfig(1, { recurrent_activation: 'hard_sigmoid' }));
    const { experiment } = await read(bytes, {
      weights: { file: 'model.keras', name: 'second' },
      sequences: [[[1, 2, 3, 4, 5]]],
    });
    assert.ok(experiment);
  });
});

/** A copy with other bytes from a place on. */
function patched(name: string, at: number, bytes: readonly number[] | Uint8Array): Uint8Array {
  const copy = Buffer.from(fixture(name));
  assert.ok(at > 0 && at < copy.length);
  copy.set(bytes, at);
  return new Uint8Array(copy);
}
const address = (at: number): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(at));
  return new Uint8Array(bytes);
};
/** Where the n-th of these bytes stand. */
function find(name: string, wanted: string | readonly number[], n = 0): number {
  const bytes = fixture(name);
  const sign = typeof wanted === 'string' ? Buffer.from(wanted) : Buffer.from(wanted);
  let at = -1;
  for (let i = 0; i <= n; i++) at = bytes.indexOf(sign, at + 1);
  assert.ok(at >= 0);
  return at;
}

/** The problem of a file, and how often its reader paused. */
function problemOf(bytes: Uint8Array): { readonly told: string; readonly ticks: number } {
  let ticks = 0;
  const { root, problems } = readDocument('model.h5', bytes, () => ticks++);
  assert.equal(root, null);
  const [problem] = problems;
  assert.ok(problem && problems.length === 1);
  return { told: `${problem.message} ${problem.expected} ${problem.found}`, ticks };
}

/** Of a contiguous layout of version 3 in `keras2_lstm.h5`: where its address stands, by the bytes of the numbers. */
function layoutOf(length: number, n = 0): number {
  const bytes = fixture('keras2_lstm.h5');
  let seen = 0;
  for (let at = 0; at + 18 < bytes.length; at++)
    if (bytes[at] === 3 && bytes[at + 1] === 1 && bytes.readBigUInt64LE(at + 10) === BigInt(length) && seen++ === n)
      return at + 2;
  throw new Error(`No dataset of ${length} bytes.`);
}

describe('HDF5 files that are built to hurt', () => {
  const gzip = 'keras2_lstm_gzip.h5';
  const plain = 'keras2_lstm.h5';
  const tree = find(gzip, [...Buffer.from('TREE'), 1]);
  const filters = find(gzip, 'shuffle');
  for (const [title, bytes, told] of [
    [
      'two datasets over the same bytes',
      patched(plain, layoutOf(400, 0), fixture(plain).subarray(layoutOf(400, 1), layoutOf(400, 1) + 8)),
      /one that begins inside another one/,
    ],
    [
      'numbers behind the end',
      patched(plain, layoutOf(400), address(fixture(plain).length - 8)),
      /the end of the file/,
    ],
    ['a place far outside', patched(plain, layoutOf(400), address(2 ** 60)), /a place before byte/],
    ['a dataset that is nowhere', patched(plain, layoutOf(400), new Array<number>(8).fill(255)), /\[5, 20\].*none/],
    ['a filter that is not read', patched(gzip, filters - 8, [0x00, 0x7d]), /packed in a way.*lzf/],
    ['a tree of chunks that leads to itself', patched(gzip, tree + 5, [1]), /TREE/],
    ['a chunk outside of the whole', patched(gzip, tree + 24 + 8, address(2 ** 40)), /each chunk once/],
    ['a chunk that claims a gigabyte', patched(gzip, tree + 24, [0, 0, 0, 0x40]), /the end of the file/],
    ['no chunk at all', patched(gzip, tree + 6, [0, 0]), /1 chunks for the shape/],
    ['places of four bytes', patched(plain, 13, [4]), /places of 4 bytes/],
    ['a version of tomorrow', patched(plain, 8, [9]), /version 9/],
  ] as const) {
    it(title, () => {
      assert.match(problemOf(bytes).told, told);
    });
  }

  it('a checksum that is wrong', () => {
    const bytes = Buffer.from(fixture(gzip));
    const start = Number(bytes.readBigUInt64LE(tree + 24 + 8 + 24));
    const length = bytes.readUInt32LE(tree + 24);
    const end = start + length - 1;
    bytes[end] = (bytes[end] ?? 0) ^ 1;
    assert.match(problemOf(new Uint8Array(bytes)).told, /another checksum/);
  });

  it('many names of one large object are no more work than the file has bytes', () => {
    // A table of 4,000 names, each for a header of its own eight bytes further, all of which lead to one large part.
    const names = 4_000;
    const table = 96 + 40;
    const heap = table + 32 + 48;
    const leaf = heap + 64;
    const headers = leaf + 8 + 40 * names;
    const large = headers + 40 * names;
    const bytes = Buffer.alloc(large + 8 * 50_000);
    bytes.set([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0, 0, 0, 0, 8, 8]);
    const put = (at: number, value: number): number => bytes.writeBigUInt64LE(BigInt(value), at);
    put(40, bytes.length);
    put(64, 96);
    bytes.set([1, 0, 1], 96);
    bytes.writeUInt32LE(24, 96 + 8);
    bytes.set([0x11, 0, 16], 96 + 16);
    put(96 + 24, table);
    put(96 + 32, heap);
    bytes.write('TREE', table);
    bytes.set([0, 0, 1], table + 4);
    put(table + 32, leaf);
    bytes.write('HEAP', heap);
    put(heap + 8, 16);
    put(heap + 24, heap + 32);
    bytes.write('a', heap + 32);
    bytes.write('SNOD', leaf);
    bytes.writeUInt16LE(names, leaf + 6);
    for (let i = 0; i < names; i++) {
      const header = headers + 40 * i;
      put(leaf + 8 + 40 * i + 8, header);
      bytes.set([1, 0, 1], header);
      bytes.writeUInt32LE(24, header + 8);
      bytes.set([0x10, 0, 16], header + 16);
      put(header + 24, large);
      put(header + 32, bytes.length - large);
    }
    const { told, ticks } = problemOf(new Uint8Array(bytes));
    assert.match(told, /stand inside of each other/);
    assert.ok(ticks <= 4 * Math.ceil(bytes.length / 16_384) + 8, `${ticks} pauses`);
  });
});
