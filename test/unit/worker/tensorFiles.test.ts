// What the viewer is told of a file of tensors: names, facts of all numbers, pictures; numbers held against plain sums.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { finish } from '../../../src/engine/index.js';
import type { TensorNode } from '../../../src/config/json/index.js';
import type { FileContent } from '../../../src/config/read/index.js';
import { tensorFacts, tensorPicture } from '../../../src/worker/answers/tensorFacts.js';
import { TensorFiles } from '../../../src/worker/answers/tensorFiles.js';
import { floats, safetensorsParts, torchParts } from '../../support/largeFiles.js';
import type { Part } from '../../support/largeFiles.js';
import { zipOf } from '../../support/zipWriter.js';

const joined = (parts: readonly Part[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : part))));
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
const filesOf = (bytes: FileContent): TensorFiles => new TensorFiles(() => Promise.resolve(bytes));
const fileOf = (id: string, bytes: Uint8Array): TensorFiles => filesOf({ ok: true, id, bytes });

/** A tensor whose numbers come in pieces, as those of a file do. */
const tensor = (shape: readonly number[], ...pieces: readonly (readonly number[])[]): TensorNode => ({
  kind: 'tensor',
  offset: 0,
  length: 0,
  shape,
  data: Float64Array.from(pieces.flat()),
  pieces: () => pieces.map((piece) => Float64Array.from(piece)),
});

describe('facts of a tensor', () => {
  it('count every number of every piece', () => {
    const facts = finish(tensorFacts(tensor([2, 4], [3, -4, 0], [NaN, Infinity, 0, 12, -Infinity])));
    assert.deepEqual(
      [facts.count, facts.notANumber, facts.infinite, facts.zeros, facts.min, facts.max],
      [8, 1, 2, 2, -4, 12],
    );
    assert.equal(facts.norm, 13);
    assert.ok(Math.abs(facts.mean - 11 / 5) < 1e-15);
    assert.deepEqual([facts.low, facts.high], [-4, 12]);
    // −4 in the first bin, 0 at a quarter, 3 at seven sixteenths, 12 in the last.
    const { counts } = facts;
    assert.deepEqual([counts[0], counts[8], counts[14], counts[31]], [1, 2, 1, 1]);
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      5,
    );
  });

  it('neither overflow nor vanish where the squares of the numbers would', () => {
    const { norm, counts } = finish(tensorFacts(tensor([3], [1e300, -1e300, 1e308])));
    assert.ok(Math.abs(norm / Math.hypot(1e300, 1e300, 1e308) - 1) < 1e-15);
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      3,
    );
    assert.ok(Math.abs(finish(tensorFacts(tensor([2], [3e-200, 4e-200]))).norm / 5e-200 - 1) < 1e-15);
  });

  it('one number for all stands in the middle; nothing finite has no range; nothing at all has no numbers', () => {
    const same = finish(tensorFacts(tensor([3], [2, 2, 2])));
    assert.deepEqual([same.low, same.high, same.counts[16]], [1, 3, 3]);
    const none = finish(tensorFacts(tensor([2], [NaN, NaN])));
    assert.deepEqual([none.notANumber, none.min, none.norm], [2, NaN, NaN]);
    assert.equal(finish(tensorFacts(tensor([0, 3]))).count, 0);
  });
});

describe('the picture of a tensor', () => {
  it('has the last axis from left to right, over the largest magnitude', () => {
    const picture = finish(tensorPicture(tensor([2, 1, 3], [1, -2, 4], [0, -8, Infinity]), 10, 10));
    assert.deepEqual([picture.shape, picture.rows, picture.columns, picture.limit], [[2, 3], 2, 3, 8]);
    assert.deepEqual([...picture.values], [0.125, -0.25, 0.5, 0, -1, Infinity]);
  });

  it('of a large one each cell is the largest that it covers, and what is no number is seen', () => {
    const numbers = Array.from({ length: 400 }, (_, i) => (i === 137 ? -5 : i === 399 ? NaN : 1));
    const picture = finish(tensorPicture(tensor([20, 20], numbers), 4, 2));
    // 137 is row 6, column 17: the second of four rows, the second of two columns.
    assert.deepEqual([...picture.values], [0.2, 0.2, 0.2, -1, 0.2, 0.2, 0.2, NaN].map(Math.fround));
  });

  it('of one number, of a list, of nothing', () => {
    assert.deepEqual(finish(tensorPicture(tensor([], [7]), 4, 4)).shape, [1, 1]);
    assert.deepEqual(finish(tensorPicture(tensor([3], [1, 2, 3]), 4, 4)).shape, [1, 3]);
    assert.equal(finish(tensorPicture(tensor([0, 3]), 4, 4)).values.length, 0);
  });
});

describe('a file of tensors', () => {
  it('lists every tensor with type and shape, and the networks by their names', async () => {
    const gru = { shape: [6, 2], data: floats(12, (i) => i) };
    const lstm = { shape: [8, 2], data: floats(16, (i) => i) };
    const { parts } = safetensorsParts([
      { name: 'a.weight_ih_l0', ...gru },
      { name: 'a.weight_hh_l0', ...gru },
      { name: 'b.weight_ih_l0', ...lstm },
      { name: 'b.weight_hh_l0', ...lstm },
      { name: 'head.scale', shape: [], data: floats(1, () => 1) },
    ]);
    const list = await fileOf('m.safetensors', joined(parts)).open({ file: 'm.safetensors', reading: 1 });
    assert.deepEqual(list?.problems, []);
    assert.deepEqual(list.file?.networks, [
      { name: 'a', prefix: 'a', told: 'GRU, I 2, H 2' },
      { name: 'b', prefix: 'b', told: 'LSTM, I 2, H 2' },
    ]);
    assert.deepEqual(list.file.tensors.at(-1), { name: 'head.scale', dtype: 'float32', shape: [], told: null });
    assert.equal(list.file.tensors.length, 5);
  });

  it('the only network is called by the beginning of its names, and meant without a name', async () => {
    const list = await fileOf('m', fixture('rnn_prefixed.safetensors')).open({ file: 'm', reading: 1 });
    const [network] = list?.file?.networks ?? [];
    assert.equal(network?.name, null);
    assert.notEqual(network.prefix, '');
  });

  for (const name of [
    'seq_f4.npy',
    'lstm_names.npz',
    'keras3_lstm.keras',
    'keras2_lstm.h5',
    'lstm.onnx',
    'rnn.onnx',
    'lstm_f16.pt',
  ])
    it(`every tensor of ${name} has facts that its numbers give`, async () => {
      const files = fileOf(name, fixture(name));
      const list = await files.open({ file: name, reading: 1 });
      const tensors = list?.file?.tensors ?? [];
      assert.ok(tensors.length > 0);
      for (const [index, { shape }] of tensors.entries()) {
        assert.ok(shape !== null);
        const count = shape.reduce((product, size) => product * size, 1);
        const facts = await files.facts({ reading: 1, index });
        assert.equal(facts?.count, count);
        const picture = await files.picture({ reading: 1, index, maxRows: 4096, maxColumns: 4096 });
        assert.ok(picture !== null);
        // The picture of a small tensor is the tensor.
        const squares = picture.values.reduce((sum, share) => sum + (share * picture.limit) ** 2, 0);
        assert.ok(Math.abs(Math.sqrt(squares) - facts.norm) <= 1e-6 * facts.norm);
      }
    });

  it('of a file that cannot be read the problem, as everywhere, and the lines that mend it', async () => {
    const list = await fileOf('os.pt', fixture('hostile/os_system.pt')).open({ file: 'os.pt', reading: 1 });
    assert.equal(list?.file, null);
    const [problem] = list.problems;
    assert.match(problem?.text ?? '', /^The file wants to load os\.system, .* Expected .*, found .*\. /s);
    assert.match(problem?.python ?? '', /save_file/);
    const missing = filesOf({ ok: false, id: 'm', reason: 'large', bytes: 9e8, bound: 512e6, detail: '' });
    const large = await missing.open({ file: 'm', reading: 1 });
    assert.match(large?.problems[0]?.text ?? '', /too large .* at most 512 MB, found 900 MB/s);
  });

  it('a later reading ends what is asked of the one before, also in the middle', async () => {
    const bytes = joined(torchParts([{ name: 'w', shape: [3_000_000], data: 12_000_000 }]));
    const files = fileOf('m.pt', bytes);
    await files.open({ file: 'm.pt', reading: 1 });
    const facts = files.facts({ reading: 1, index: 0 });
    await files.open({ file: 'm.pt', reading: 2 });
    assert.equal(await facts, null);
    assert.equal(await files.facts({ reading: 1, index: 0 }), null);
    assert.equal((await files.facts({ reading: 2, index: 0 }))?.zeros, 3_000_000);
    assert.equal(await files.facts({ reading: 2, index: 1 }), null);
  });

  it('numbers that cannot be read reject with the sentence of their problem', async () => {
    const bytes = joined(torchParts([{ name: 'w', shape: [4], data: floats(4, (i) => i) }]));
    const at = Buffer.from(bytes).indexOf(Buffer.from(floats(4, (i) => i)));
    bytes[at + 5] = 1;
    const source = { size: bytes.length, read: (from: number, length: number) => bytes.slice(from, from + length) };
    const files = filesOf({ ok: true, id: 'm.pt', bytes: source });
    assert.equal((await files.open({ file: 'm.pt', reading: 1 }))?.file?.tensors.length, 1);
    await assert.rejects(files.facts({ reading: 1, index: 0 }), /damaged .* checksum/s);
  });

  it('tensors of an archive are read one after the other, so that each entry is read once', async () => {
    // Numbers of many pieces each, so that two at once would take turns.
    const npy = (first: number): Uint8Array => {
      const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (300000,)}".padEnd(117) + '\n';
      const numbers = new Uint8Array(Float64Array.from({ length: 300_000 }, (_, i) => first + i).buffer);
      return joined([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Uint8Array.of(118, 0), Buffer.from(header), numbers]);
    };
    const bytes = zipOf([
      { name: 'a.npy', content: npy(0) },
      { name: 'b.npy', content: npy(1) },
    ]);
    let reads = 0;
    const source = {
      size: bytes.length,
      read(from: number, length: number) {
        if (length > 100_000) reads++;
        return bytes.slice(from, from + length);
      },
    };
    const files = filesOf({ ok: true, id: 'm.npz', bytes: source });
    await files.open({ file: 'm.npz', reading: 1 });
    reads = 0;
    const place = { reading: 1, maxRows: 10, maxColumns: 10 };
    const [facts, picture] = await Promise.all([
      files.facts({ reading: 1, index: 0 }),
      files.picture({ ...place, index: 1 }),
    ]);
    assert.deepEqual([facts?.max, picture?.limit], [299_999, 300_000]);
    assert.ok(reads <= 2, `${reads} entries read`);
  });

  it('a later picture ends the one before, which nobody sees any more', async () => {
    const bytes = joined(torchParts([{ name: 'w', shape: [3_000_000], data: 12_000_000 }]));
    const files = fileOf('m.pt', bytes);
    await files.open({ file: 'm.pt', reading: 1 });
    const place = { reading: 1, index: 0, maxRows: 10, maxColumns: 10 };
    const [first, second, third] = await Promise.all([
      files.picture(place),
      files.picture(place),
      files.picture(place),
    ]);
    assert.deepEqual([first, second, third?.columns], [null, null, 10]);
    const running = files.picture(place);
    await new Promise((resolve) => setImmediate(resolve));
    const later = files.picture(place);
    assert.equal(await running, null);
    assert.equal((await later)?.columns, 10);
  });
});
