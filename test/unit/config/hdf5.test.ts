// HDF5 files of the tests' own, part by part: what is read of each form, and what is said of what is not.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { describe, it } from 'node:test';
import { readHdf5 } from '../../../src/config/formats/hdf5.js';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { numbersOf } from '../../../src/config/formats/storedNumbers.js';
import {
  attribute,
  contiguous,
  float32,
  group,
  Hdf5Writer,
  joined,
  layout,
  link,
  little,
  longText,
  nowhere,
  space,
  text,
  whole,
} from '../../support/hdf5Writer.js';
import type { Message, Parts } from '../../support/hdf5Writer.js';

const quiet = (): void => undefined;
const floatBytes = (...numbers: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);

type Read = { readonly name: string; readonly shape: readonly number[]; readonly numbers: readonly number[] };
const tensorsOf = (bytes: Uint8Array): Read[] =>
  readHdf5(bytes, quiet).tensors.map(({ name, stored }) => {
    assert.ok(stored, `${name} holds no numbers that are read.`);
    return { name, shape: stored.shape, numbers: [...numbersOf(stored, quiet)] };
  });
const refusedBecause = (bytes: Uint8Array): string => {
  const [first] = readHdf5(bytes, quiet).tensors;
  assert.ok(first?.stored === null);
  return `${first.refused.message} ${first.refused.found}`;
};
function told(bytes: Uint8Array): string {
  try {
    readHdf5(bytes, quiet);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { message, expected, found } = error.finding;
    return `${message} ${expected} ${found}`;
  }
  return assert.fail('It was read.');
}

/** A file whose root leads to what `make` writes, under the name `a`. */
function fileOf(make: (file: Hdf5Writer) => number): Uint8Array {
  const file = new Hdf5Writer();
  return file.file(file.object(group, link('a', make(file))));
}
/** A file of one dataset. */
const dataset = (make: (file: Hdf5Writer) => readonly Message[]): Uint8Array =>
  fileOf((file) => file.object(...make(file)));

describe('the frame of an HDF5 file', () => {
  const one = (file: Hdf5Writer): number => file.object(group, link('a', file.floats([2], [1, 2])));

  for (const version of [1, 2] as const)
    it(`of version ${version} leads to its numbers`, () => {
      const file = new Hdf5Writer();
      assert.deepEqual(tensorsOf(file.file(one(file), { version })), [{ name: 'a', shape: [2], numbers: [1, 2] }]);
    });

  it('behind a block of another program is refused', () => {
    const file = new Hdf5Writer();
    assert.match(told(file.file(one(file), { base: 512 })), /numbers behind a block of another program/);
  });

  it('that promises more bytes than there are is damaged', () => {
    const file = new Hdf5Writer();
    const bytes = file.file(one(file));
    assert.match(told(bytes.slice(0, -1)), /damaged|bytes/);
  });

  it('without a root is damaged', () => {
    assert.match(told(new Hdf5Writer().file(nowhere)), /a place in the file none/);
  });
});

describe('groups of an HDF5 file', () => {
  it('may lie in each other, and no deeper than 32', () => {
    const nested = (depth: number): Uint8Array => {
      const file = new Hdf5Writer();
      let at = file.floats([1], [7]);
      for (let i = 0; i < depth; i++) at = file.object(group, link('g', at));
      return file.file(at);
    };
    assert.deepEqual(tensorsOf(nested(32)), [{ name: Array(32).fill('g').join('/'), shape: [1], numbers: [7] }]);
    assert.match(told(nested(33)), /at most 32 levels more of them/);
  });

  it('with a path of more than 400 characters are damaged', () => {
    const file = new Hdf5Writer();
    const long = 'x'.repeat(200);
    const inner = (name: string): number =>
      file.object(group, link(long, file.object(group, link(name, file.floats([1], [1])))));
    assert.equal(tensorsOf(file.file(inner('y'.repeat(199)))).length, 1);
    assert.match(told(file.file(inner('y'.repeat(200)))), /at most 32 levels/);
  });

  it('count as Keras does where nothing says in which order they are, the second one before the tenth', () => {
    const file = new Hdf5Writer();
    const names = ['lstm_10', 'dense', 'lstm_2', 'lstm', 'gru_1', 'gru'];
    const root = file.object(group, ...names.map((name, i) => link(name, file.floats([1], [i]))));
    assert.deepEqual(
      tensorsOf(file.file(root)).map(({ name }) => name),
      ['dense', 'gru', 'gru_1', 'lstm', 'lstm_2', 'lstm_10'],
    );
  });

  it('go by the list of the file, also one in several attributes, and those that it does not name come last', () => {
    for (const attributes of [
      [attribute('layer_names', text(2), space(3), Buffer.from('b\0a\0c '))],
      [
        attribute('layer_names0', text(1), space(2), Buffer.from('ba')),
        attribute('layer_names1', text(1), space(1), Buffer.from('c')),
      ],
    ]) {
      const file = new Hdf5Writer();
      const places = ['a', 'b', 'c', 'z', 'd'].map((name, i) => link(name, file.floats([1], [i])));
      assert.deepEqual(
        tensorsOf(file.file(file.object(group, ...attributes, ...places))).map(({ name }) => name),
        ['b', 'a', 'c', 'd', 'z'],
      );
    }
  });

  it('are looked at once, whatever leads to them, and what an optimizer keeps not at all', () => {
    const file = new Hdf5Writer();
    const [own, other] = [file.floats([1], [1]), file.floats([1], [2])];
    const root = file.object(
      group,
      link('a', own),
      link('b', own),
      link('optimizer_weights', other),
      link('seed_generator_12', other),
      link('optimizers', other),
    );
    assert.deepEqual(
      tensorsOf(file.file(root)).map(({ name }) => name),
      ['a', 'optimizers'],
    );
  });

  it('name what they hold in links of each form', () => {
    const file = new Hdf5Writer();
    const at = [1, 2, 3, 4].map((x) => file.floats([1], [x]));
    const root = file.object(
      group,
      // The length of the name in two, four and eight bytes; a kind, an order and a set of characters before it.
      link('two', at[0]!, 1),
      link('four', at[1]!, 2 | 4, Buffer.alloc(8)),
      link('eight', at[2]!, 3 | 0x10, [1]),
      link('hard', at[3]!, 8, [0]),
      // A second name of what has one.
      link('soft', 0, 8, [1]),
      link('gone', nowhere),
    );
    assert.deepEqual(
      tensorsOf(file.file(root)).map(({ name, numbers }) => `${name} ${numbers.join(' ')}`),
      ['eight 3', 'four 2', 'hard 4', 'two 1'],
    );
  });

  it('that lead to another file are refused', () => {
    assert.match(
      told(fileOf((file) => file.object(group, link('x', 0, 8, [64])))),
      /leads to another file.*the link x/,
    );
  });

  it('whose names or attributes stand in a heap are refused', () => {
    const heap: Message = { kind: 0x02, body: joined([0, 1], little(8, 0, 64, 0, 0)) };
    assert.match(told(fileOf((file) => file.object(heap))), /names in a heap/);
    const attributes: Message = { kind: 0x15, body: joined([0, 1], little(2, 0), little(8, 64, 0)) };
    const file = new Hdf5Writer();
    assert.match(told(file.file(file.object(attributes, group))), /attributes in a heap/);
    const none: Message = { kind: 0x15, body: joined([0, 0], little(8, nowhere, nowhere)) };
    assert.deepEqual(tensorsOf(file.file(file.object(none, group))), []);
  });

  it('that are neither a group nor numbers hold nothing', () => {
    assert.deepEqual(tensorsOf(fileOf((file) => file.object(space(1)))), []);
  });
});

describe('texts of an HDF5 file', () => {
  const config = (...messages: readonly Message[]): string | null => {
    const file = new Hdf5Writer();
    return readHdf5(file.file(file.object(group, ...messages)), quiet).modelConfig;
  };

  it('stand in attributes of version 1 to 3', () => {
    for (const version of [1, 2, 3])
      assert.equal(config(attribute('model_config', text(5), space(), Buffer.from('{}  \0'), { version })), '{}');
  });

  it('of other types, of no length, or in another object are none', () => {
    const of = (type: Message, data: Uint8Array, more = {}): string | null =>
      config(attribute('model_config', type, space(), data, more));
    assert.equal(of(float32, floatBytes(1)), null);
    assert.equal(of(text(0), new Uint8Array()), null);
    assert.equal(of(text(2), Buffer.from('{}'), { flags: 1 }), null);
    assert.equal(of(text(2), Buffer.from('{}'), { shared: true }), null);
    assert.equal(config(attribute('other', text(2), space(), Buffer.from('{}'))), null);
  });

  const inHeap = (wanted: number, length = 2, at: bigint | null = null): (() => string | null) => {
    const file = new Hdf5Writer();
    // Two texts, the second one behind eight bytes for the first; then nothing more.
    const heap = file.add('GCOL', [1, 0, 0, 0], little(8, 16 + 24 + 24 + 16), [
      ...joined(little(2, 1, 1), little(4, 0), little(8, 2), 'ab', Buffer.alloc(6)),
      ...joined(little(2, 2, 1), little(4, 0), little(8, 2), '{}', Buffer.alloc(6)),
      ...Buffer.alloc(16),
    ]);
    const data = joined(little(4, length), little(8, at ?? heap), little(4, wanted));
    const names = attribute('layer_names', longText, space(2), joined(data, data));
    const bytes = file.file(file.object(group, names, attribute('model_config', longText, space(), data)));
    return () => readHdf5(bytes, quiet).modelConfig;
  };

  it('of any length stand in a collection, which is read once', () => {
    assert.equal(inHeap(2)(), '{}');
    assert.equal(inHeap(1)(), 'ab');
    // No longer than the collection says.
    assert.equal(inHeap(2, 100)(), '{}');
  });

  it('that are empty or nowhere are empty', () => {
    assert.equal(inHeap(2, 0)(), '');
    assert.equal(inHeap(2, 2, nowhere)(), '');
  });

  it('that the collection does not have are damaged', () => {
    assert.throws(inHeap(3), (error: unknown) => {
      assert.ok(error instanceof FormatError);
      return error.finding.expected.includes('the text 3');
    });
  });
});

describe('numbers of an HDF5 file', () => {
  it('stand in the header of the dataset, too', () => {
    const bytes = dataset(() => [space(2), float32, layout([3, 0], little(2, 8), floatBytes(1.5, -2))]);
    assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [2], numbers: [1.5, -2] }]);
  });

  it('of an empty shape are none, whatever their place says', () => {
    for (const empty of [space(0), { kind: 0x01, body: Buffer.from([2, 0, 0, 2]) }])
      assert.deepEqual(tensorsOf(dataset(() => [empty, float32, contiguous(nowhere, 0)])), [
        { name: 'a', shape: [0], numbers: [] },
      ]);
  });

  it('have a shape of version 1 or 2', () => {
    const old: Message = { kind: 0x01, body: joined([1, 1, 0, 0], little(4, 0), little(8, 1)) };
    const read = tensorsOf(dataset((file) => [old, float32, contiguous(file.add(floatBytes(3)), 4)]));
    assert.deepEqual(read, [{ name: 'a', shape: [1], numbers: [3] }]);
    const wrong: Message = { kind: 0x01, body: joined([3, 0, 0, 0]) };
    assert.match(told(dataset(() => [wrong, float32, contiguous(0, 4)])), /version 1 or 2 version 3/);
    assert.match(told(dataset(() => [space(2 ** 33, 2 ** 33), float32, contiguous(0, 4)])), /a shape that fits/);
  });

  it('are whole ones of each size, signed or not', () => {
    for (const [type, stored, number] of [
      [whole(1), [0xfe], -2],
      [whole(1, { signed: false }), [0xfe], 254],
      [whole(2), [0xfe, 0xff], -2],
      [whole(8), [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2],
    ] as const) {
      const read = tensorsOf(dataset((file) => [space(1), type, contiguous(file.add(stored), stored.length)]));
      assert.deepEqual(read[0]?.numbers, [number]);
    }
  });

  it('that no float64 holds exactly are refused', () => {
    const bytes = dataset((file) => [space(1), whole(8), contiguous(file.add(little(8, 2n ** 53n + 1n)), 8)]);
    assert.match(refusedBecause(bytes), /too large to be kept exactly\. 9007199254740993/);
  });

  it('of another type, or with a type that stands elsewhere, are refused, and the rest of the file is read', () => {
    const of = (type: Message): string =>
      refusedBecause(dataset((file) => [space(1), type, contiguous(file.add(Buffer.alloc(16)), 16)]));
    assert.match(of(whole(3)), /no plain numbers\. 3 bytes each/);
    assert.match(of(whole(4, { precision: 24 })), /4 bytes each/);
    assert.match(of(whole(4, { offset: 8 })), /4 bytes each/);
    assert.match(of({ kind: 0x03, body: joined([0x11, 0x20, 30], float32.body.subarray(3)) }), /4 bytes each/);
    assert.match(of({ kind: 0x03, body: joined([0x11, 0x60], float32.body.subarray(2)) }), /4 bytes each/);
    assert.match(of(text(4)), /no plain numbers\. texts/);
    assert.match(of({ kind: 0x03, body: joined([0x16, 0, 0, 0], little(4, 8)) }), /the type 6/);
    assert.match(of({ ...float32, shared: true }), /a type with a name/);
  });

  it('without a shape, a type or a place are damaged', () => {
    assert.match(told(dataset(() => [float32, contiguous(0, 4)])), /a shape, a type and a place none/);
    assert.match(told(dataset(() => [space(1), contiguous(0, 4)])), /a shape, a type and a place none/);
  });

  it('of which less is stored than the shape says, or that are nowhere, are damaged', () => {
    assert.match(told(dataset((file) => [space(2), float32, contiguous(file.add(floatBytes(1)), 4)])), /\[2\] 4 bytes/);
    assert.match(told(dataset(() => [space(2), float32, contiguous(nowhere, 8)])), /\[2\] none/);
    assert.match(
      told(dataset(() => [space(2), float32, layout([3, 0], little(2, 4), floatBytes(1))])),
      /\[2\] 4 bytes/,
    );
  });

  it('in another file, or in a form of tomorrow, are refused', () => {
    const elsewhere: Message = { kind: 0x07, body: Buffer.alloc(16) };
    assert.match(told(dataset(() => [space(1), float32, contiguous(0, 4), elsewhere])), /numbers in another file/);
    for (const start of [
      [2, 1],
      [5, 1],
      [4, 3],
    ])
      assert.match(told(dataset(() => [space(1), float32, layout(start)])), /numbers in the form \d of version \d/);
  });
});

describe('chunks of an HDF5 file', () => {
  type Index = (file: Hdf5Writer, chunks: readonly Buffer[]) => Message;
  /** Layout 4 with sizes of one byte each. */
  const four = (flags: number, sizes: readonly number[], ...rest: Parts): Message =>
    layout([4, 2, flags, sizes.length, 1, ...sizes], ...rest);
  const filters = (...ids: readonly number[]): Message => ({
    kind: 0x0b,
    body: joined([2, ids.length], ...ids.map((id) => little(2, id, 0, 0))),
  });

  const single: Index = (file, [chunk = Buffer.alloc(0)]) => four(0, [2, 3, 4], [1], little(8, file.add(chunk)));
  const numbers = [1, 2, 3, 4, 5, 6];
  const packed = deflateSync(floatBytes(...numbers));

  it('are one alone, plain or packed', () => {
    const plain = dataset((file) => [space(2, 3), float32, single(file, [Buffer.from(floatBytes(...numbers))])]);
    assert.deepEqual(tensorsOf(plain), [{ name: 'a', shape: [2, 3], numbers }]);
    const deflated = dataset((file) => [
      space(2, 3),
      float32,
      filters(1),
      four(2, [2, 3, 4], [1], little(8, packed.length), little(4, 0), little(8, file.add(packed))),
    ]);
    assert.deepEqual(tensorsOf(deflated), [{ name: 'a', shape: [2, 3], numbers }]);
    assert.match(
      told(dataset(() => [space(2, 3), float32, four(0, [2, 3, 4], [1], little(8, nowhere))])),
      /1 chunks for the shape \[2, 3\] 0/,
    );
  });

  it('of a single number are one', () => {
    const bytes = dataset((file) => [
      space(),
      float32,
      layout([4, 2, 0, 1, 1, 4, 1], little(8, file.add(floatBytes(2.5)))),
    ]);
    assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [], numbers: [2.5] }]);
  });

  /** Three columns in chunks of two: those of the second one reach beyond the whole. */
  const rows = [
    [1, 2, 4, 5],
    [3, 0, 6, 0],
  ];
  type Listed = {
    readonly packed?: boolean;
    /** Of a packed chunk's length: as many as HDF5 needs for it. */
    readonly lengthBytes?: number;
    readonly entry?: number;
    readonly count?: number;
    readonly pageBits?: number;
  };
  const listed =
    ({ packed: isPacked = false, lengthBytes = 2, count, pageBits = 10, ...given }: Listed = {}): Index =>
    (file, chunks) => {
      const entry = given.entry ?? (isPacked ? 8 + lengthBytes + 4 : 8);
      // No chunk has as many bytes as two bytes can count.
      const lengthOf = ({ length }: Uint8Array): Uint8Array =>
        joined(little(2, length), new Uint8Array(8)).subarray(0, lengthBytes);
      const entries = chunks.map((chunk) =>
        joined(little(8, file.add(chunk)), isPacked ? joined(lengthOf(chunk), little(4, 0)) : []),
      );
      const block = file.add('FADB', Buffer.alloc(10), ...entries);
      const own = little(8, count ?? chunks.length, block);
      const header = file.add('FAHD', [0, isPacked ? 1 : 0, entry, pageBits], own);
      return four(0, [2, 2, 4], [3, pageBits], little(8, header));
    };
  const plainRows = rows.map((row) => Buffer.from(floatBytes(...row)));

  it('stand in a list, row by row, and reach beyond the end of the whole', () => {
    const bytes = dataset((file) => [space(2, 3), float32, listed()(file, plainRows)]);
    assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [2, 3], numbers: [1, 2, 3, 4, 5, 6] }]);
  });

  it('in a list are packed each by itself, shuffled before', () => {
    const shuffled = plainRows.map((row) =>
      deflateSync(Buffer.from(Array.from({ length: 16 }, (_, i) => row[(i % 4) * 4 + Math.floor(i / 4)]!))),
    );
    for (const lengthBytes of [1, 2, 3, 4, 5, 8]) {
      const all = listed({ packed: true, lengthBytes });
      const bytes = dataset((file) => [space(2, 3), float32, filters(2, 1), all(file, shuffled)]);
      assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [2, 3], numbers: [1, 2, 3, 4, 5, 6] }]);
    }
  });

  it('in a list that does not fit are damaged or refused', () => {
    const of = (options: Listed): string =>
      told(dataset((file) => [space(2, 3), float32, listed(options)(file, plainRows)]));
    assert.match(of({ pageBits: 0 }), /2 chunks in pages/);
    assert.match(of({ entry: 9 }), /entries of a place and a length 9/);
    for (const entry of [12, 21])
      assert.match(of({ packed: true, entry }), new RegExp(`entries of a place and a length ${entry}`));
    assert.match(of({ count: 1 }), /2 chunks for the shape \[2, 3\] 1/);
    const more = dataset((file) => [space(2, 3), float32, listed()(file, [...plainRows, plainRows[0]!])]);
    assert.match(told(more), /2 chunks for the shape \[2, 3\] 3/);
    const hole = dataset((file) => {
      const block = file.add('FADB', Buffer.alloc(10), little(8, file.add(plainRows[0]!), nowhere));
      const header = file.add('FAHD', [0, 0, 8, 10], little(8, 2, block));
      return [space(2, 3), float32, four(0, [2, 2, 4], [3, 10], little(8, header))];
    });
    assert.match(told(hole), /2 chunks for the shape \[2, 3\] 1/);
    for (const nothing of [
      (): Message => four(0, [2, 2, 4], [3, 10], little(8, nowhere)),
      (file: Hdf5Writer): Message =>
        four(0, [2, 2, 4], [3, 10], little(8, file.add('FAHD', [0, 0, 8, 10], little(8, 2, nowhere)))),
    ])
      assert.match(told(dataset((file) => [space(2, 3), float32, nothing(file)])), /2 chunks for the shape \[2, 3\] 0/);
  });

  it('of an index that is not read, or with sizes that are none, are refused', () => {
    assert.match(told(dataset(() => [space(1), float32, four(0, [1, 4], [2])])), /chunks in the index 2/);
    assert.match(told(dataset(() => [space(1), float32, layout([4, 2, 0, 2, 9])])), /sizes of 1 to 8 bytes 9/);
    assert.match(
      told(dataset(() => [space(1), float32, four(0, [1, 1, 4], [1], little(8, 0))])),
      /as many axes as \[1\]/,
    );
    assert.match(told(dataset(() => [space(1), float32, four(0, [0, 4], [1], little(8, 0))])), /as many axes as \[1\]/);
  });

  it('have sizes of one, two, four and eight bytes', () => {
    for (const width of [1, 2, 4, 8] as const) {
      const bytes = dataset((file) => [
        space(2),
        float32,
        layout([4, 2, 0, 2, width], little(width, 2, 4), [1], little(8, file.add(floatBytes(1, 2)))),
      ]);
      assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [2], numbers: [1, 2] }]);
    }
  });

  it('that are longer or shorter than the whole says are damaged', () => {
    const short = deflateSync(floatBytes(1, 2, 3));
    const of = (leftOut: number): string =>
      told(
        dataset((file) => [
          space(2, 3),
          float32,
          filters(1),
          four(2, [2, 3, 4], [1], little(8, short.length), little(4, leftOut), little(8, file.add(short))),
        ]),
      );
    assert.match(of(0), /24 bytes/);
    // The filter was left out: these bytes are as they are.
    assert.match(of(1), /24 bytes \d+ bytes/);
  });

  it('that unpack to more than a thousand times their bytes are damaged', () => {
    const bytes = dataset((file) => [
      space(255, 255),
      float32,
      filters(1),
      four(2, [255, 255, 4], [1], little(8, 20), little(4, 0), little(8, file.add(Buffer.alloc(20)))),
    ]);
    assert.match(told(bytes), /times as many bytes as are stored/);
  });

  it('with filters that are not read are refused by the name of the filter', () => {
    const of = (pipeline: Message): string =>
      told(dataset((file) => [space(2, 3), float32, pipeline, single(file, [Buffer.from(floatBytes(...numbers))])]));
    assert.match(of(filters(3)), /packed in a way that is not read.*fletcher32/);
    assert.match(of(filters(77)), /the filter 77/);
    assert.match(of(filters(1, 2, 3)), /at most 2 filters 3/);
    // Version 1 names each filter, and ends an odd number of values with four bytes.
    const old = joined(
      [1, 2],
      Buffer.alloc(6),
      little(2, 2, 8, 0, 1),
      'shuffle\0',
      little(4, 4, 0),
      little(2, 9, 0, 0, 0),
    );
    assert.match(of({ kind: 0x0b, body: old }), /the filter 9/);
    // Version 2 names those above 255.
    const named = joined([2, 1], little(2, 32_000, 4, 0, 0), 'lzf\0');
    assert.match(of({ kind: 0x0b, body: named }), /lzf/);
  });
});

describe('objects of an HDF5 file that are built to hurt', () => {
  it('have a version of tomorrow, or a part that is longer than they are', () => {
    assert.match(told(fileOf((file) => file.add('OHDR', [3, 0]))), /an object of version 1 or 2 version 3/);
    assert.match(
      told(fileOf((file) => file.add('OHDR', [2, 0, 5], [1], little(2, 100), [0, 0]))),
      /a part of 1 bytes 100/,
    );
  });

  it('go on elsewhere, after dates and counts, and not in themselves', () => {
    const goesOn = (at: number | bigint, length: number): Buffer =>
      joined([0x10], little(2, 16), [0], little(8, at, length));
    const messages = (file: Hdf5Writer): Buffer =>
      joined(
        ...[space(1), float32, contiguous(file.add(floatBytes(4)), 4)].map(({ kind, body }) =>
          joined([kind], little(2, body.length), [0, 0, 0], body),
        ),
      );
    const bytes = fileOf((file) => {
      const more = messages(file);
      const part = file.add('OCHK', more, little(4, 0));
      const own = joined([0x10], little(2, 16), [0, 0, 0], little(8, part, more.length + 8));
      // Dates, what an object counts of its attributes, and an order in each message.
      return file.add('OHDR', [2, 0x34], Buffer.alloc(16), Buffer.alloc(4), little(1, own.length), own);
    });
    assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [1], numbers: [4] }]);
    assert.match(told(fileOf((file) => file.add('OHDR', [2, 0, 20], goesOn(nowhere, 24)))), /a place in the file none/);
    const itself = fileOf((file) => {
      const at = file.add('OCHK', Buffer.alloc(28));
      return file.add('OHDR', [2, 0, 40], goesOn(at, 28), goesOn(at, 28));
    });
    assert.match(told(itself), /one that leads to itself/);
  });
});

describe('groups of the older form', () => {
  type Entry = { readonly name: number; readonly at: number | bigint; readonly cache?: number };
  /** A group with a table of names; `tree` makes what leads to the leaf. */
  const groupOf = (
    file: Hdf5Writer,
    entries: readonly Entry[],
    tree: (leaf: number) => number | bigint = (leaf) => treeTo(file, leaf),
    names = 'a\0b\0c\0',
    heapAt: bigint | null = null,
  ): Message => {
    const text = file.add(names);
    const heap = file.add('HEAP', [0, 0, 0, 0], little(8, names.length, 0, heapAt ?? text));
    const leaf = file.add(
      'SNOD',
      [1, 0],
      little(2, entries.length),
      ...entries.map(({ name, at, cache = 0 }) => joined(little(8, name, at), little(4, cache, 0), Buffer.alloc(16))),
    );
    return { kind: 0x11, body: little(8, tree(leaf), heap) };
  };
  const treeTo = (file: Hdf5Writer, child: number | bigint, kind = 0, level = 0): number =>
    file.add('TREE', [kind, level], little(2, 1), little(8, nowhere, nowhere, 0, child, 0));
  const read = (make: (file: Hdf5Writer, at: readonly number[]) => Message): Uint8Array => {
    const file = new Hdf5Writer();
    const at = [1, 2, 3].map((x) => file.floats([1], [x]));
    return file.file(file.object(make(file, at)));
  };
  const both = (at: readonly number[]): Entry[] => [
    { name: 0, at: at[0]! },
    { name: 2, at: at[1]! },
  ];

  it('list names that stand in a heap, without soft links and without those that are nowhere', () => {
    const bytes = read((file, at) =>
      groupOf(file, [...both(at), { name: 4, at: at[2]!, cache: 2 }, { name: 4, at: nowhere }]),
    );
    assert.deepEqual(
      tensorsOf(bytes).map(({ name, numbers }) => [name, ...numbers]),
      [
        ['a', 1],
        ['b', 2],
      ],
    );
  });

  it('are trees of trees, whatever level they say that they have', () => {
    for (const level of [1, 2]) {
      const bytes = read((file, at) => groupOf(file, both(at), (leaf) => treeTo(file, treeTo(file, leaf), 0, level)));
      assert.equal(tensorsOf(bytes).length, 2);
    }
    const straight = read((file, at) => groupOf(file, both(at), (leaf) => treeTo(file, leaf, 0, 1)));
    assert.equal(tensorsOf(straight).length, 2);
  });

  it('hold nothing where their tree, their heap or its names are nowhere', () => {
    assert.deepEqual(tensorsOf(read((file, at) => groupOf(file, both(at), () => nowhere))), []);
    assert.deepEqual(tensorsOf(read((file, at) => groupOf(file, both(at), () => treeTo(file, nowhere)))), []);
    assert.deepEqual(tensorsOf(read((file, at) => groupOf(file, both(at), undefined, 'a\0b\0', nowhere))), []);
    assert.deepEqual(tensorsOf(read(() => ({ kind: 0x11, body: little(8, nowhere, 64) }))), []);
    assert.deepEqual(tensorsOf(read(() => ({ kind: 0x11, body: little(8, 64, nowhere) }))), []);
  });

  it('that are no trees, or trees of something else, are damaged', () => {
    assert.match(
      told(read((file, at) => groupOf(file, both(at), (leaf) => treeTo(file, leaf, 1)))),
      /a tree of kind 0 1/,
    );
    assert.match(
      told(read((file, at) => groupOf(file, both(at), () => treeTo(file, file.add('XXXX'), 0, 1)))),
      /TREE XXXX/,
    );
    assert.match(told(read((file, at) => groupOf(file, both(at), () => treeTo(file, file.add('XXXX'))))), /SNOD XXXX/);
    const circle = read((file, at) =>
      groupOf(file, both(at), (leaf) => {
        const first = treeTo(file, leaf);
        return file.add('TREE', [0, 1], little(2, 2), little(8, nowhere, nowhere, 0, first, 0, first, 0));
      }),
    );
    assert.match(told(circle), /one that leads to itself/);
  });

  it('with a name that does not end are damaged', () => {
    assert.match(
      told(read((file, at) => groupOf(file, [{ name: 0, at: at[0]! }], undefined, 'abc'))),
      /a name of at most 1024 bytes/,
    );
  });

  it('have chunks in trees, too; a tree that is nowhere has none', () => {
    const packedInTree = (tree: (file: Hdf5Writer) => number | bigint): Uint8Array =>
      dataset((file) => [space(2), float32, layout([3, 2, 2], little(8, tree(file)), little(4, 2, 4))]);
    const bytes = packedInTree((file) => {
      const chunk = file.add(floatBytes(1, 2));
      const key = joined(little(4, 8, 0), little(8, 0, 0));
      return file.add('TREE', [1, 0], little(2, 1), little(8, nowhere, nowhere), key, little(8, chunk));
    });
    assert.deepEqual(tensorsOf(bytes), [{ name: 'a', shape: [2], numbers: [1, 2] }]);
    assert.match(told(packedInTree(() => nowhere)), /1 chunks for the shape \[2\] 0/);
  });
});
