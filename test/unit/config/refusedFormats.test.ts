// Files of each format that are cut, changed or made by hand: what is read of them, and what is said of the rest.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { readDocument } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import { kerasLayers } from '../../../src/config/formats/kerasConfig.js';
import { kerasContainer } from '../../../src/config/formats/kerasNames.js';
import { readNpy } from '../../../src/config/formats/npy.js';
import { readWhole } from '../../../src/config/formats/source.js';
import { numbersInPieces, numbersOf } from '../../../src/config/formats/storedNumbers.js';
import type { NumberType, Stored } from '../../../src/config/formats/storedNumbers.js';
import { torchTensors } from '../../../src/config/formats/torchTensors.js';
import { unpickle } from '../../../src/config/formats/pickle.js';
import type { PickleValue } from '../../../src/config/formats/pickleValues.js';
import { Zip } from '../../../src/config/formats/zip.js';
import { UnreadableNumbers } from '../../../src/config/json/index.js';
import type { JsonNode } from '../../../src/config/json/node.js';
import { zipOf } from '../../support/zipWriter.js';
import type { Packed } from '../../support/zipWriter.js';
import { tensor } from './formatSupport.js';

const quiet = (): void => undefined;
const latin = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part, 'latin1') : typeof part === 'number' ? Buffer.from([part]) : part,
      ),
    ),
  );
const sentence = ({ message, expected, found }: { message: string; expected: string; found: string }): string =>
  `${message} ${expected} ${found}`;
function told(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return sentence(error.finding);
  }
  return assert.fail('It was read.');
}
const opened = (content: Uint8Array | Source, id = 'file') => readDocument(id, content, quiet);
const problemOf = (content: Uint8Array | Source): string => {
  const { root, problems } = opened(content);
  assert.equal(root, null);
  assert.equal(problems.length, 1);
  return sentence(problems[0]!);
};
/** Each tensor of a file: its numbers, or why it has none. */
function tensorsOf(content: Uint8Array | Source): Record<string, readonly number[] | string> {
  const { root, problems } = opened(content);
  assert.deepEqual(problems, []);
  const shown = (node: JsonNode): readonly number[] | string =>
    node.kind === 'tensor' ? [...node.data] : node.kind === 'unreadable' ? node.finding.found : node.kind;
  assert.ok(root !== null);
  return root.kind === 'object'
    ? Object.fromEntries(root.properties.map(({ key, value }) => [key, shown(value)]))
    : { '': shown(root) };
}
const float32 = (...numbers: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);

describe('the header of an .npy', () => {
  const npy = (header: string, data: Uint8Array = float32(1, 2), version = 1): Uint8Array => {
    const text = Buffer.from(header, 'latin1');
    const length = Buffer.alloc(version === 1 ? 2 : 4);
    if (version === 1) length.writeUInt16LE(text.length);
    else length.writeUInt32LE(text.length);
    return latin(0x93, 'NUMPY', version, 0, length, text, data);
  };
  const numbers = (header: string, data?: Uint8Array, version?: number): readonly number[] | string | undefined =>
    tensorsOf(npy(header, data, version))[''];
  const good = "'descr': '<f4', 'fortran_order': False, 'shape': (2,)";

  it('has its keys in any order, spaces wherever Python has them, and longs of Python 2', () => {
    for (const header of [
      `{${good}}`,
      ` { 'shape' : (2L,) ,'fortran_order':False,  'descr': "<f4" , } \n`,
      "{'shape':( 2 ),'descr':'f4','fortran_order':False}",
      "{'descr': '=f4', 'fortran_order': True, 'shape': (1, 2), }",
    ])
      for (const version of [1, 2, 3]) assert.deepEqual(numbers(header, undefined, version), [1, 2], header);
    assert.deepEqual(numbers("{'descr': '>f4', 'fortran_order': False, 'shape': ()}", latin(0x3f, 0x80, 0, 0)), [1]);
  });

  it('turns what stands column by column', () => {
    const four = float32(1, 2, 3, 4);
    assert.deepEqual(numbers("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", four), [1, 3, 2, 4]);
    assert.deepEqual(numbers("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", four), [1, 2, 3, 4]);
  });

  it('has each type of numbers', () => {
    const byType: readonly (readonly [string, Uint8Array, number])[] = [
      ['<f2', latin(0, 0x3e), 1.5],
      ['<f8', new Uint8Array(Float64Array.of(1.5).buffer), 1.5],
      ['|i1', latin(0xfe), -2],
      ['|u1', latin(0xfe), 254],
      ['|b1', latin(1), 1],
      ['<i2', latin(0xfe, 0xff), -2],
      ['>i2', latin(0xff, 0xfe), -2],
      ['<u2', latin(0xfe, 0xff), 65_534],
      ['<i4', latin(0xfe, 0xff, 0xff, 0xff), -2],
      ['<u4', latin(0xfe, 0xff, 0xff, 0xff), 4_294_967_294],
      ['<i8', latin(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), -2],
      ['<u8', latin(2, 0, 0, 0, 0, 0, 0, 0), 2],
    ];
    for (const [descr, data, number] of byType)
      assert.deepEqual(numbers(`{'descr': '${descr}', 'fortran_order': False, 'shape': (1,)}`, data), [number], descr);
  });

  it('of another type is refused with it', () => {
    const of = (descr: string): string => problemOf(npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': (2,)}`));
    assert.match(of("'|O'"), /holds Python objects, which are never loaded.* the type \|O/);
    assert.match(of("'<O8'"), /Python objects.* the type <O8/);
    for (const descr of ["'<c8'", "'|f4'", "'<U4'", "'x<f4'", "'<f4x'", "'<f3'", "'f4O'", "'toString'"])
      assert.match(of(descr), /does not hold plain numbers/, descr);
    assert.match(of("[('a', '<f4'), ('b', '<f4')]"), /does not hold plain numbers.* the type \[\('a'/);
  });

  it('that is no such dict is damaged at its place', () => {
    for (const header of [
      '',
      '{}',
      'x{}',
      `{${good}`,
      `{${good}} x`,
      `{${good}, 'more': 1}`,
      `{${good}, ${good}}`,
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (2,)}",
      "{'fortran_order': False, 'shape': (2,)}",
      "{'descr': <f4, 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': false, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': xFalse, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, x)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2 1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (,2)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (L2,)}",
      "{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}",
      "{x'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
      `{'descr': '${'f'.repeat(41)}', 'fortran_order': False, 'shape': (2,)}`,
    ])
      assert.match(problemOf(npy(header)), /a header such as \{'descr'/, header);
    // Where it goes wrong, counted from the file's first byte.
    assert.match(problemOf(npy(`{${good}, 'more': 1}`)), new RegExp(`at byte ${10 + good.length + 2}\\. .* 'more': 1`));
  });

  it('that says more than the file has is damaged', () => {
    assert.match(problemOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}")), /shape \[3\] 8 bytes/);
    const many = `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1, '.repeat(33)})}`;
    assert.match(problemOf(npy(many)), /numbers of shape \[1(?:, 1){7}\]/);
    assert.match(problemOf(npy(`{${good}}`, undefined, 4)), /version 1 to 3 version 4/);
    assert.match(problemOf(latin(0x93, 'NUMPY', 1, 0, 9)), /a header the end of the file/);
    assert.match(problemOf(latin(0x93, 'NUMPY', 1, 0, 0xff, 0xff, 'x')), /a header of at most 1 bytes 65535 bytes/);
    assert.match(problemOf(latin(0x93, 'NUMPY', 2, 0, 0, 0, 1)), /a header the end of the file/);
    assert.match(problemOf(latin(0x93, 'NUMPY')), /version 1 to 3 version 0/);
  });

  it('says numbers that no float64 holds exactly', () => {
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}";
    const data = Buffer.alloc(8);
    data.writeBigInt64LE(-(2n ** 53n) - 1n);
    assert.equal(tensorsOf(npy(header, data))[''], '-9007199254740993');
    data.writeBigInt64LE(-(2n ** 53n));
    assert.deepEqual(tensorsOf(npy(header, data))[''], [-(2 ** 53)]);
  });

  it('is that of an array in an archive, which is told with its name', () => {
    assert.match(
      told(() => readNpy(npy('{}'), 'h0', quiet)),
      /damaged at byte 12: h0/,
    );
  });
});

describe('the header of a safetensors file', () => {
  const file = (header: unknown, data: Uint8Array = float32(1, 2)): Uint8Array => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return latin(length, text, data);
  };
  const w = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

  it('has a tensor at least, and is an object', () => {
    assert.deepEqual(tensorsOf(file({ w })), { w: [1, 2] });
    assert.match(problemOf(file({}, new Uint8Array())), /at least one tensor none/);
    assert.match(problemOf(file({ __metadata__: { a: '1' } }, new Uint8Array())), /at least one tensor none/);
    assert.match(problemOf(file('{"w": {}')), /damaged at byte 8/);
    assert.match(
      problemOf(file(`{"w": ${JSON.stringify(w)}, "w": 1}`)),
      /damaged at byte 8: w\. .*every key once "w" again/,
    );
  });

  it('has notes that are numbers, whatever else stands there', () => {
    const notes = (metadata: unknown): unknown[] => [...(opened(file({ __metadata__: metadata, w })).notes ?? [])];
    assert.deepEqual(notes({ epoch: '3', loss: '0.5', format: 'pt', empty: ' ', list: [1], big: 'Infinity' }), [
      ['epoch', 3],
      ['loss', 0.5],
    ]);
    assert.deepEqual(notes('text'), []);
  });

  it('has entries with a type, a shape and a range', () => {
    for (const entry of [
      1,
      {},
      { ...w, dtype: 4 },
      { ...w, shape: 'x' },
      { ...w, shape: [-2] },
      { ...w, shape: [0.5] },
      { ...w, data_offsets: [0] },
      { ...w, data_offsets: [0, 4, 8] },
      { ...w, data_offsets: [[0, 8]] },
    ])
      assert.match(problemOf(file({ w: entry })), /dtype, shape and data_offsets an entry without them/);
  });
});

describe('archives', () => {
  const entry = (name: string, content: Uint8Array, deflated = false): Packed => ({ name, content, deflated });
  const rowOf = (zip: Uint8Array): number => Buffer.from(zip).readUInt32LE(zip.length - 6);
  const claims = (zip: Uint8Array, size: number): Uint8Array => {
    const own = Buffer.from(zip);
    own.writeUInt32LE(size, rowOf(zip) + 24);
    return new Uint8Array(own);
  };
  const inRanges = (bytes: Uint8Array): Source => ({
    size: bytes.length,
    read: (at, length) => bytes.slice(at, at + length),
  });
  const first = (zip: Zip) => [...zip.entries.values()][0]!;

  it('have folders, which are no entries', () => {
    assert.deepEqual(
      [...new Zip(zipOf([entry('a/', new Uint8Array()), entry('a/b', float32(1))]), quiet).entries.keys()],
      ['a/b'],
    );
  });

  it('hold what is packed in the size that they say', () => {
    const zip = zipOf([entry('a', new Uint8Array(1_000), true)]);
    const read = (claimed: number): (() => Uint8Array) => {
      const own = new Zip(claims(zip, claimed), quiet);
      return () => own.read(first(own), quiet);
    };
    assert.equal(read(1_000)().length, 1_000);
    assert.match(told(read(999)), /999 bytes/);
    assert.match(told(read(1_001)), /1001 bytes/);
  });

  it('in ranges hold what is packed in the size that they say, as far as it is asked for', () => {
    // So large that it is not held.
    const size = 17_000_000;
    const bytes = new Uint8Array(size);
    randomFillSync(bytes, 0, 700_000);
    const zip = zipOf([entry('a', bytes, true)]);
    const content = (claimed: number) => {
      const own = new Zip(inRanges(claims(zip, claimed)), quiet);
      const held = own.content(first(own), quiet);
      assert.ok(!(held instanceof Uint8Array));
      return held;
    };
    const whole = content(size);
    assert.deepEqual(whole.read(3, 3), bytes.slice(3, 6));
    whole.settle?.();
    const short = content(size + 1);
    short.read(0, 1);
    assert.match(
      told(() => short.settle?.()),
      /17000001 bytes/,
    );
    // All of it was taken, and there is more.
    const behind = content(size - 16);
    behind.read(0, 1);
    assert.match(
      told(() => behind.settle?.()),
      /more than 16999984 bytes/,
    );
    const long = content(size - 1);
    long.read(0, 1);
    assert.match(
      told(() => long.settle?.()),
      /more than 16999999 bytes/,
    );
  });

  it('in ranges unpack a large entry from its beginning as often as it is looked at', () => {
    const noise = randomFillSync(new Uint8Array(700_000));
    const zip = new Zip(inRanges(claims(zipOf([entry('a', noise, true)]), 600e6)), quiet);
    const content = zip.content(first(zip), quiet);
    assert.ok(!(content instanceof Uint8Array));
    // More bytes than are ever held at once: each look goes the whole way.
    for (let i = 0; i < 12; i++) assert.deepEqual([...content.read(i, 4)], [...noise.subarray(i, i + 4)]);
  });

  it('in ranges refuse a packed entry that would have to be held', () => {
    const name = 'model.weights.h5';
    const zip = claims(zipOf([entry(name, randomFillSync(new Uint8Array(700_000)), true)]), 600e6);
    assert.match(
      problemOf(inRanges(zip)),
      /packed entry of the archive is too large.*at most 512000000 bytes in one entry/,
    );
  });

  it('have a directory that can be held', () => {
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(600e6, 12);
    const head = latin('PK', 3, 4);
    const source: Source = {
      size: 600e6 + 22,
      read: (at, length) => {
        const bytes = new Uint8Array(length);
        if (at === 0) bytes.set(head.subarray(0, length));
        else bytes.set(end, length - 22);
        return bytes;
      },
    };
    assert.match(problemOf(source), /512000000 bytes 600000000 bytes/);
  });

  const withField = (field: Buffer, wide = true): Uint8Array => {
    const plain = Buffer.from(zipOf([entry('a', latin('hello'))]));
    const at = rowOf(plain);
    const row = Buffer.from(plain.subarray(at, plain.length - 22));
    if (wide) row.fill(0xff, 20, 24);
    row.writeUInt16LE(field.length, 30);
    const end = Buffer.from(plain.subarray(-22));
    end.writeUInt32LE(row.length + field.length, 12);
    return new Uint8Array(Buffer.concat([plain.subarray(0, at), row, field, end]));
  };
  const extra = (id: number, ...values: readonly bigint[]): Buffer => {
    const field = Buffer.alloc(4 + 8 * values.length);
    field.writeUInt16LE(id, 0);
    field.writeUInt16LE(8 * values.length, 2);
    values.forEach((value, i) => field.writeBigUInt64LE(value, 4 + 8 * i));
    return field;
  };

  it('have a directory of the entries that it counts, before its end', () => {
    const zip = zipOf([entry('a', latin('hello'))]);
    const changed = (change: (bytes: Buffer, row: number) => void): string => {
      const bytes = Buffer.from(zip);
      change(bytes, rowOf(zip));
      return told(() => new Zip(new Uint8Array(bytes), quiet));
    };
    const end = zip.length - 22;
    assert.match(
      changed((bytes) => bytes.writeUInt16LE(2, end + 10)),
      /a directory of 2 entries before byte/,
    );
    assert.match(
      changed((bytes) => bytes.writeUInt32LE(end, end + 16)),
      /a directory of 1 entries before byte/,
    );
    assert.match(
      changed((bytes, row) => bytes.fill(0, row, row + 4)),
      /entry 1 of the directory something else/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt16LE(9, row + 32)),
      /entry 1 of the directory the end of the directory/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt16LE(9, row + 10)),
      /packed in a way that is not read.* method 9/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt16LE(1, row + 8)),
      /encrypted.* an encrypted one/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt32LE(5_001, row + 24)),
      /at most 1000 times/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt32LE(4, row + 24)),
      /4 bytes from 5/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt32LE(1, row + 42)),
      /the entry that the directory names something else/,
    );
    assert.match(
      changed((bytes, row) => bytes.writeUInt32LE(2 ** 31, row + 42)),
      /the entry that the directory names/,
    );
    assert.match(
      changed((bytes) => bytes.writeUInt16LE(2, 26)),
      /the name that the directory gives another one/,
    );
    assert.match(
      changed((bytes) => bytes.write('b', 30)),
      /the name that the directory gives another one/,
    );
    assert.match(
      changed((bytes, row) => {
        bytes.writeUInt32LE(500, row + 20);
        bytes.writeUInt32LE(500, row + 24);
      }),
      /500 bytes the end of the file/,
    );
    assert.match(
      changed((bytes) => bytes.writeUInt32LE(0, end)),
      /the directory of the archive none at its end/,
    );
    assert.match(
      told(() => new Zip(latin('PK'), quiet)),
      /the directory of the archive none at its end/,
    );
    assert.match(problemOf(latin('PK', 5, 6, new Uint8Array(18))), /neither NumPy arrays.* no entry/);
    const double = zipOf([entry('a', latin('hello')), entry('a', latin('hello'))]);
    assert.match(
      told(() => new Zip(double, quiet)),
      /each name once the same name twice/,
    );
    const inside = Buffer.from(zipOf([entry('a', latin('hello')), entry('a', latin('hello'))]));
    inside.write('b', rowOf(inside) + 47 + 46);
    inside.writeUInt32LE(0, rowOf(inside) + 47 + 42);
    assert.match(
      told(() => new Zip(new Uint8Array(inside), quiet)),
      /the name that the directory gives/,
    );
    const wrong = Buffer.from(zip);
    wrong.write('j', 31);
    const damagedZip = new Zip(new Uint8Array(wrong), quiet);
    assert.match(
      told(() => damagedZip.read(first(damagedZip), quiet)),
      /checksum/i,
    );
  });

  it('whose large directory is not where the locator says are damaged', () => {
    const plain = Buffer.from(zipOf([entry('a', latin('hello'))]));
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    const of = (record: number): string => {
      locator.writeBigUInt64LE(BigInt(record), 8);
      const bytes = Buffer.concat([plain.subarray(0, -22), Buffer.alloc(56), locator, plain.subarray(-22)]);
      return told(() => new Zip(new Uint8Array(bytes), quiet));
    };
    assert.match(of(0), /the large directory of the archive something else/);
    assert.match(of(2 ** 40), /the large directory of the archive something else/);
  });

  it('have wide sizes for those fields alone that are full', () => {
    for (const field of [extra(1, 5n), Buffer.concat([extra(7, 1n), extra(1, 5n)])]) {
      const zip = new Zip(withField(field), quiet);
      assert.equal(Buffer.from(zip.read(first(zip), quiet)).toString(), 'hello');
    }
    const zip = new Zip(withField(extra(1), false), quiet);
    assert.equal(first(zip).size, 5);
    assert.match(
      told(() => new Zip(withField(extra(1)), quiet)),
      /sizes of 64 bits the end of the field/,
    );
  });
});

describe('a Keras file', () => {
  const names = (...tensors: readonly ReturnType<typeof tensor>[]): string[] =>
    kerasContainer(tensors, null, 'names', quiet).tensors.map(({ name }) => name);

  it('of version 3 numbers what a layer has, which goes by its shapes', () => {
    assert.deepEqual(names(tensor('layers/dense/vars/0', 3, 2)), ['dense/kernel']);
    assert.deepEqual(names(tensor('layers/embedding/vars/0', 9, 2)), ['embedding/embeddings']);
    assert.deepEqual(names(tensor('layers/dense/vars/0', 3, 2), tensor('layers/dense/vars/1', 2)), [
      'dense/kernel',
      'dense/bias',
    ]);
    assert.deepEqual(names(tensor('l/cell/vars/0', 3, 8), tensor('l/cell/vars/1', 2, 8), tensor('l/cell/vars/2', 8)), [
      'l/kernel',
      'l/recurrent_kernel',
      'l/bias',
    ]);
    // Shapes of nothing that is known keep their numbers.
    for (const second of [[3], [2, 3], [2, 1, 1]])
      assert.deepEqual(names(tensor('layers/x/vars/0', 3, 2), tensor('layers/x/vars/1', ...second)), [
        'x/vars/0',
        'x/vars/1',
      ]);
    assert.deepEqual(names(tensor('layers/x/vars/0', 3)), ['x/vars/0']);
  });

  it('keeps names whole where a short one would stand for two', () => {
    assert.deepEqual(names(tensor('a/a/kernel:0', 1, 1), tensor('a/kernel:0', 1, 1)), ['a/a/kernel:0', 'a/kernel:0']);
    assert.deepEqual(names(tensor('model_weights/lstm/lstm/lstm_cell_3/kernel:0', 1, 1)), ['lstm/kernel']);
    assert.deepEqual(names(tensor('kernel', 1, 1)), ['kernel']);
  });

  it('without numbers is refused', () => {
    assert.match(
      told(() => names()),
      /holds no numbers/,
    );
  });

  it('without a model in it has its weights all the same', () => {
    const model = new Zip(new Uint8Array(readFileSync('test/fixtures/files/keras3_rnn.keras')), quiet);
    const weights = model.read(model.entries.get('model.weights.h5')!, quiet);
    const found = Object.keys(tensorsOf(zipOf([{ name: 'model.weights.h5', content: weights }])));
    assert.ok(
      found.some((name) => name.endsWith('/recurrent_kernel')),
      found.join(' '),
    );
  });

  const layersOf = (...layers: readonly unknown[]) => kerasLayers(JSON.stringify({ config: { layers } }), quiet);
  const lstm = (name: string, more: object = {}) => ({ class_name: 'LSTM', config: { name }, ...more });
  const belowOf = (...layers: readonly unknown[]): unknown =>
    layersOf(...layers)
      .at(-1)
      ?.facts.find(({ key }) => key === 'layer_below')?.value;

  it('tells of each layer what it takes, through those that pass it on', () => {
    assert.equal(belowOf({ class_name: 'Dense', config: { name: 'd' } }, lstm('a')), 'Dense d');
    assert.equal(belowOf(lstm('b'), { class_name: 'Dropout', config: { name: 'd' } }, lstm('a')), 'b');
    assert.equal(belowOf(lstm('a')), undefined);
    assert.equal(belowOf(lstm('b'), lstm('c'), lstm('a', { inbound_nodes: [[['b', 0, 0, {}]]] })), 'b');
    // What it names is not there, is itself, or leads round in a circle.
    assert.equal(belowOf(lstm('b'), lstm('a', { inbound_nodes: [] })), undefined);
    assert.equal(belowOf(lstm('b'), lstm('a', { inbound_nodes: ['a'] })), undefined);
    const drop = (name: string, from: string) => ({ class_name: 'Dropout', config: { name }, inbound_nodes: [from] });
    assert.equal(belowOf(drop('x', 'y'), drop('y', 'x'), lstm('a', { inbound_nodes: ['x'] })), undefined);
  });

  it('tells of a bidirectional layer how its directions are put together, where it says so', () => {
    const both = (config: object): unknown =>
      layersOf({ class_name: 'Bidirectional', config: { name: 'b', ...config } })[0];
    assert.deepEqual(both({ merge_mode: 'sum', layer: { config: { activation: 'relu' } } }), {
      name: 'b',
      counted: 'bidirectional',
      facts: [{ key: 'merge_mode', value: 'sum' }],
      forward: [{ key: 'activation', value: 'relu' }],
      backward: [],
    });
    assert.deepEqual((both({ merge_mode: null }) as { facts: unknown }).facts, []);
  });

  it('may have a model that says nothing, or is none', () => {
    assert.deepEqual(layersOf({}), [{ name: '', counted: '', facts: [], forward: [], backward: [] }]);
    assert.deepEqual(
      kerasLayers('{"layers": [{"name": "a"}]}', quiet).map(({ name }) => name),
      ['a'],
    );
    assert.deepEqual(kerasLayers('3', quiet), []);
    assert.match(
      told(() => kerasLayers('{', quiet)),
      /the model as JSON/,
    );
  });
});

describe('numbers that stand in a file', () => {
  const stored = (type: NumberType, bytes: Uint8Array, more: Partial<Stored> = {}): Stored => ({
    type,
    bytes,
    little: true,
    shape: [2],
    offset: 0,
    strides: [1],
    ...more,
  });
  const inPieces = (of: Stored): { readonly pieces: number[][]; readonly wrong: string[] } => {
    const wrong: string[] = [];
    const pieces = [...numbersInPieces(of, quiet, (found) => void wrong.push(found))].map((piece) => [...piece]);
    return { pieces, wrong };
  };
  const large = Buffer.alloc(16);
  large.writeBigUInt64LE(2n ** 63n + 1n, 8);

  it('are given in pieces, whichever way they stand, and none are none', () => {
    assert.deepEqual(inPieces(stored('f4', float32(1, 2))).pieces, [[1, 2]]);
    assert.deepEqual(inPieces(stored('f4', float32(), { shape: [0] })).pieces, []);
    const turned = stored('f4', float32(1, 2, 3, 4), { shape: [2, 2], strides: [1, 2] });
    assert.deepEqual(inPieces(turned).pieces, [[1, 3, 2, 4]]);
    const many = float32(...Array.from({ length: 65_537 }, (_, i) => i));
    assert.deepEqual(
      inPieces(stored('f4', many, { shape: [65_537] })).pieces.map(({ length }) => length),
      [65_536, 1],
    );
  });

  it('are told before they are given where no float64 holds one of them', () => {
    assert.deepEqual(inPieces(stored('u8', large)).wrong, ['9223372036854775809']);
    const four = Buffer.concat([Buffer.alloc(16), large]);
    const turned = stored('u8', four, { shape: [2, 2], strides: [1, 2] });
    assert.deepEqual(inPieces(turned).wrong, ['9223372036854775809']);
    assert.deepEqual(inPieces(stored('i8', large)).wrong, ['-9223372036854775807']);
    const exact = inPieces(stored('u8', large.subarray(0, 8), { shape: [1, 1], strides: [9, 9] }));
    assert.deepEqual(exact, { pieces: [[0]], wrong: [] });
  });

  it('that are cut or turned are those of their steps', () => {
    const six = float32(1, 2, 3, 4, 5, 6);
    const of = (more: Partial<Stored>): number[] => [...numbersOf(stored('f4', six, more), quiet)];
    assert.deepEqual(of({ shape: [2, 2], strides: [3, 1], offset: 1 }), [2, 3, 5, 6]);
    assert.deepEqual(of({ shape: [3, 2], strides: [1, 3] }), [1, 4, 2, 5, 3, 6]);
    assert.deepEqual(of({ shape: [2, 2], strides: [0, 1] }), [1, 2, 1, 2]);
    assert.deepEqual(of({ shape: [], strides: [], offset: 4 }), [5]);
  });

  it('are not there where the disk says so; another fault stays what it is', () => {
    const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const bytes = latin(length, header, float32(1, 2));
    const failing = (error: Error): Source => ({
      size: bytes.length,
      read: (at, count) => {
        if (at >= 8 + header.length) throw error;
        return bytes.slice(at, at + count);
      },
    });
    const numbers = (error: Error) => {
      const { root } = opened(failing(error));
      assert.ok(root?.kind === 'object' && root.properties[0]?.value.kind === 'tensor');
      return root.properties[0].value.data;
    };
    const finding = { code: 'unreadable-file', message: 'gone', expected: 'x', found: 'y', advice: 'z' } as const;
    assert.throws(() => numbers(new FormatError(finding)), UnreadableNumbers);
    assert.throws(() => numbers(new RangeError('enough')), /^RangeError: enough$/);
    assert.throws(
      () =>
        readDocument('file', failing(new RangeError('enough')), () => {
          throw new RangeError('stopped');
        }),
      /stopped/,
    );
  });

  it('are read whole where they can be', () => {
    const failing = (error: Error): Source => ({
      size: 4,
      read: () => {
        throw error;
      },
    });
    const finding = { code: 'unreadable-file', message: 'm', expected: 'e', found: 'f', advice: 'a' } as const;
    assert.deepEqual(readWhole(float32(1), 4), float32(1));
    assert.equal(readWhole(float32(1), 3), null);
    assert.equal(readWhole(failing(new FormatError(finding)), 4), null);
    assert.throws(() => readWhole(failing(new RangeError('enough')), 4), /enough/);
  });
});

describe('pickles of PyTorch', () => {
  const load = (...parts: readonly (string | number)[]): PickleValue => unpickle(latin(...parts), 0, quiet).value;
  const refusal = (...parts: readonly (string | number)[]): string => told(() => load(...parts));
  const storage = (type = 'FloatStorage', key = 'k', count = 2, view = ''): string =>
    `(Vstorage\nctorch\n${type}\nV${key}\nVcpu\nI${count}\n${view}tQ`;
  const tensor = (inner: string, { offset = 0, shape = 'I2\n', strides = 'I1\n' } = {}): string =>
    `ctorch._utils\n_rebuild_tensor_v2\n(${inner}I${offset}\n(${shape}t(${strides}tI00\n)tR`;

  it('call what they know with what it takes, and nothing else', () => {
    const calls: readonly (readonly [string, RegExp])[] = [
      ['ctorch._utils\n_rebuild_parameter\n)R.', /a tensor None/],
      ['ctorch._utils\n_rebuild_parameter\n(K\x01tR.', /a tensor number/],
      ['ctorch._utils\n_rebuild_tensor_v2\n)R.', /a storage None/],
      ['ccollections\nOrderedDict\n(](K\x01etR.', /pairs of keys and values number/],
      ['ccollections\nOrderedDict\n(]]atR.', /pairs of keys and values list/],
      ['c_codecs\nencode\n(K\x01Vlatin1\ntR.', /text as latin1 number/],
      ['c_codecs\nencode\n(Vx\nVutf-8\ntR.', /text as latin1 string/],
      ['cnumpy\ndtype\n(K\x01tR.', /the name of a type number/],
      ['cnumpy.core.multiarray\nscalar\n)R.', /the name of a type None/],
      ['cnumpy.core.multiarray\nscalar\n(K\x01tR.', /the name of a type number/],
      ['(o.', /a call that gives a tensor or a dict None/],
      ['(K\x01o.', /a call that gives a tensor or a dict number/],
    ];
    for (const [pickle, why] of calls) assert.match(refusal(pickle), why, pickle);
    assert.deepEqual(load('ctorch\nSize\n((K\x02K\x03ttR.'), { kind: 'tuple', items: [2, 3] });
    assert.deepEqual(load('ctorch\nSize\n)R.'), { kind: 'tuple', items: [] });
    assert.deepEqual(load('ctorch\ndevice\n(Vcpu\ntR.'), { kind: 'opaque' });
    assert.deepEqual(load('ccollections\nOrderedDict\n)R.'), { kind: 'dict', entries: new Map() });
    assert.deepEqual(load('(ccollections\nOrderedDict\no.'), { kind: 'dict', entries: new Map() });
  });

  it('finish the types and arrays of NumPy with what they take', () => {
    const dtype = 'cnumpy\ndtype\n(V<f4\ntR';
    assert.match(refusal(`${dtype}K\x01b.`), /an order of bytes None/);
    assert.match(refusal(`${dtype}(K\x03Vx\ntb.`), /an order of bytes string/);
    const array = 'cnumpy.core.multiarray\n_reconstruct\n)R';
    assert.match(refusal(`${array}K\x01b.`), /a shape and a type None/);
    assert.match(refusal(`${array}(K\x01(K\x01ttb.`), /a shape and a type None/);
    assert.match(refusal(`${array}(K\x01(K\xfft${dtype}tb.`), /bytes None/);
    assert.match(refusal(`${array}(K\x01(Vx\nt${dtype}I00\nC\x00tb.`), /a shape and a type dtype/);
    assert.match(refusal(`${array}(K\x01(K\x01t${dtype}I00\nK\x01tb.`), /bytes number/);
    assert.match(refusal(`${array}(K\x01K\x05${dtype}I00\nC\x08abcdefghtb.`), /numbers of shape \[\] 8 bytes/);
  });

  it('keep no more values than a file of weights has', () => {
    const limited = (...parts: readonly (string | number)[]): string =>
      told(() => unpickle(latin(...parts), 0, quiet, { values: 3, kept: 2 }));
    assert.match(limited('NNNN.'), /at most 3 values more of them/);
    assert.match(limited('Nq', 0, 'q', 1, 'q', 2, '.'), /at most 2 values more of them/);
    assert.equal(unpickle(latin('NNNq', 0, 'q', 1, '.'), 0, quiet, { values: 3, kept: 2 }).value, null);
  });

  it('have whole numbers of any length as text', () => {
    assert.equal(load('L9007199254740993L\n.'), 9_007_199_254_740_993n);
    assert.equal(load('I-5\n.'), -5);
  });

  it('take from the stack what is there', () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['a.', /a value none/],
      ['K\x01a.', /a value none/],
      ['(.', /a value none/],
      ['K\x01t.', /a mark none/],
      ['K\x01K\x02a.', /a list number/],
      ['NK\x02a.', /a list None/],
      ['K\x01(K\x02K\x03u.', /a dict number/],
      ['N(K\x02K\x03u.', /a dict None/],
      ['}(K\x02u.', /a value for each key none/],
      ['0.', /a value none/],
      ['g3\n.', /a value that was kept before number 3/],
      ['gx\n.', /a whole number x/],
      ['Ix\n.', /a whole number x/],
      [`I${'1'.repeat(65)}\n.`, /a whole number 1{40}/],
      ['I1', /the end of a line the end of the file/],
      ['\x8a\x41.', /at most 64 bytes 65 bytes/],
      ['\x80\x06.', /a pickle of protocol 5 at most protocol 6/],
      ['\x8c\x01xK\x01\x93.', /a name number/],
      ['\xff.', /an opcode of a state dict 0xff/],
      ['(K\x01tQ.', /the place of a storage tuple/],
      ['NQ.', /the place of a storage None/],
      ['K\x01]b.', /a dict or an array number/],
      ['N]b.', /a dict or an array None/],
      [`ctorch._utils\n_rebuild_tensor_v2\n(${storage()}K\x00K\x01K\x02tR.`, /an offset, a shape and strides.* 0$/],
    ];
    for (const [pickle, why] of refusals) assert.match(refusal(pickle), why, JSON.stringify(pickle));
    assert.equal(load('S"a\'b"\n.'), "a'b");
    assert.equal(load('Sx\n.'), '');
    assert.deepEqual(load('ccollections\nOrderedDict\nNR.'), { kind: 'dict', entries: new Map() });
  });

  const bytesOf = () => ({ bytes: float32(1, 2), little: true });
  const found = (pickle: string) => torchTensors(load(`${pickle}.`), bytesOf, quiet);

  it('hold tensors in dicts, lists and tuples, under the names of their keys', () => {
    const inside = `}(V a\n${tensor(storage())}K\x03]${tensor(storage())}aN)V b\n${tensor(storage())}u`;
    assert.deepEqual(
      found(inside).tensors.map(({ name }) => name),
      [' a', '3.0', ' b'],
    );
    assert.equal(found(tensor(storage())).isOne, true);
    assert.equal(found(`]${tensor(storage())}a`).isOne, false);
  });

  it('may hold arrays of NumPy too; one that was never filled is none', () => {
    const empty = 'cnumpy.core.multiarray\n_reconstruct\n)R';
    const numbers = 'C\x04\x00\x00\x80\x3f';
    const full = `${empty}(K\x01(K\x01tcnumpy\ndtype\n(V<f4\ntRI00\n${numbers}tb`;
    const { tensors } = found(`}(Va\n${empty}Vb\n${full}u`);
    assert.deepEqual(
      tensors.map(({ name, stored }) => [name, stored && [...numbersOf(stored, quiet)]]),
      [['b', [1]]],
    );
  });

  it('tell plain numbers of a checkpoint, a hundred at most', () => {
    const notes = Array.from({ length: 101 }, (_, i) => `Vn${i}\nI${i}\n`).join('');
    assert.equal(found(`}(${notes}Vw\n${tensor(storage())}u`).notes?.size, 100);
    assert.equal(found(tensor(storage())).notes?.size, 0);
  });

  it('hold no more tensors than any network', () => {
    const none = tensor(storage('FloatStorage', 'k', 2), { shape: 'I0\n' });
    const many = latin(`](${none}q\x00`, Buffer.from('h\0'.repeat(200_000), 'latin1'), 'e.');
    assert.match(
      told(() => torchTensors(unpickle(many, 0, quiet).value, bytesOf, quiet)),
      /at most 200000 tensors/,
    );
  });

  it('hold tensors inside of their storage', () => {
    const of = (options: Parameters<typeof tensor>[1]): string => told(() => found(tensor(storage(), options)));
    assert.match(of({ offset: 1 }), /a tensor inside of its storage of 2 numbers .*\[2\] from number 1 on/);
    assert.match(of({ strides: 'I2\n' }), /inside of its storage/);
    assert.match(of({ shape: 'I3\n', strides: 'I0\n' }), /inside of its storage/);
    assert.match(
      told(() => found(tensor(storage('FloatStorage', 'k', 3)))),
      /a storage of 3 numbers 8 bytes/,
    );
    assert.match(of({ offset: -1 }), /an offset, a shape and strides, none below zero/);
    assert.match(of({ shape: 'I2\nI1\n' }), /an offset, a shape and strides/);
    assert.match(of({ shape: 'Vx\n' }), /an offset, a shape and strides/);
  });

  it('name a storage of one type and one size', () => {
    const two = (other: string): string => refusal(`(${storage()}${other}t.`);
    assert.match(two(storage('DoubleStorage')), /one type and size for the storage k/);
    assert.match(two(storage('FloatStorage', 'k', 3)), /one type and size for the storage k/);
    assert.match(refusal(`${storage('FloatStorage', 'k', 2, 'K\x01')}.`), /a part of another storage/);
    assert.equal((load(`${storage('FloatStorage', 'k', 2, 'N')}.`) as { kind: string }).kind, 'storage');
  });

  describe('of the older form', () => {
    const magic = latin(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.');
    const count = (n: number): Uint8Array => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(n));
      return new Uint8Array(bytes);
    };
    const file = (main: string, keys: string, ...storages: readonly Uint8Array[]): Uint8Array =>
      latin(magic, 0x80, 2, 'M', 0xe9, 3, '.', 0x80, 2, '}.', 0x80, 2, main, '.', 0x80, 2, keys, '.', ...storages);

    it('have their storages behind the pickles, in the order that they say', () => {
      const main = `}(Va\n${tensor(storage())}Vb\n${tensor(storage('DoubleStorage', 'd', 1), { shape: 'I1\n' })}u`;
      const double = new Uint8Array(Float64Array.of(2.5).buffer);
      assert.deepEqual(tensorsOf(file(main, '](Vd\nVk\ne', count(1), double, count(2), float32(1, 2))), {
        a: [1, 2],
        b: [2.5],
      });
    });

    it('with complex or quantised numbers beside others have the others', () => {
      for (const [type, size] of [
        ['ComplexFloatStorage', 8],
        ['ComplexDoubleStorage', 16],
        ['QInt8Storage', 1],
        ['QInt32Storage', 4],
      ] as const) {
        const main = `}(Va\n${tensor(storage(type, 'c'))}Vb\n${tensor(storage())}u`;
        const bytes = file(main, '](Vc\nVk\ne', count(2), new Uint8Array(2 * size), count(2), float32(1, 2));
        assert.deepEqual(tensorsOf(bytes), { a: `torch.${type}`, b: [1, 2] });
      }
    });

    it('whose storages do not follow are damaged', () => {
      const one = `}Va\n${tensor(storage())}s`;
      assert.match(problemOf(file(one, 'N', count(2), float32(1, 2))), /the storage k none/);
      assert.match(problemOf(file(one, ']', count(2), float32(1, 2))), /the storage k none/);
      for (const keys of [']K\x01a', ']Vx\na', '](Vk\nVk\ne'])
        assert.match(problemOf(file(one, keys, count(2), float32(1, 2))), /storages that the tensors name, each once/);
      assert.match(problemOf(file(one, ']Vk\na')), /a storage the end of the file/);
      assert.match(
        problemOf(file(one, ']Vk\na', count(3), float32(1, 2))),
        /a storage of 3 numbers the end of the file/,
      );
    });
  });
});
