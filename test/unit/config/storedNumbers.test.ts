// Numbers of every type and order against closed forms and against what the platform itself stores.
import assert from 'node:assert/strict';
import { crc32 as ofNode } from 'node:zlib';
import { describe, it } from 'node:test';
import { crc32 } from '../../../src/config/formats/crc32.js';
import { readDocument } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import {
  bytesOf,
  countOf,
  heldBytes,
  inexactInteger,
  isRowMajor,
  numbersInPieces,
  numbersOf,
  stridesOf,
  typeName,
} from '../../../src/config/formats/storedNumbers.js';
import type { NumberType, Stored } from '../../../src/config/formats/storedNumbers.js';
import type { JsonNode } from '../../../src/config/json/node.js';

const quiet = (): void => undefined;
const none = (inexact: string): never => assert.fail(`${inexact} is exact`);
const read = (type: NumberType, bytes: Uint8Array, count: number, little = true): Float64Array =>
  numbersOf({ type, bytes, little, shape: [count], offset: 0, strides: [1] }, quiet);

describe('numbers of two bytes', () => {
  const all = new Uint8Array(new Uint16Array(65_536).map((_, i) => i).buffer);

  it('each binary16 is (−1)^s · 2^(e−15) · (1 + m/1024), below 2^−14 m · 2^−24', () => {
    for (const [bits, x] of read('f2', all, 65_536).entries()) {
      const [sign, e, m] = [bits >> 15 === 1 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
      const wanted =
        e === 31
          ? m === 0
            ? sign * Infinity
            : Number.NaN
          : sign * (e === 0 ? m * 2 ** -24 : 2 ** (e - 15) * (1 + m / 1024));
      assert.ok(Object.is(x, wanted), `${bits}: ${x} instead of ${wanted}`);
    }
  });

  it('each bfloat16 is the float32 with these upper bits', () => {
    const floats = new Float32Array(new Uint32Array(65_536).map((_, i) => i << 16).buffer);
    for (const [bits, x] of read('bf16', all, 65_536).entries())
      assert.ok(Object.is(x, floats[bits]), `${bits}: ${x} instead of ${floats[bits]}`);
  });
});

describe('other numbers', () => {
  const typed: readonly (readonly [NumberType, ArrayBufferView & ArrayLike<number | bigint>])[] = [
    ['f4', Float32Array.of(0.1, -0, 3e38, 1e-45)],
    ['f8', Float64Array.of(0.1, -0, 1e308, 5e-324)],
    ['i1', Int8Array.of(-128, 127, 0, 1)],
    ['i2', Int16Array.of(-32768, 32767, 0, 1)],
    ['i4', Int32Array.of(-2147483648, 2147483647, 0, 1)],
    ['i8', BigInt64Array.of(-(2n ** 53n), 2n ** 53n, 0n, -1n)],
    ['u1', Uint8Array.of(255, 128, 0, 1)],
    ['u2', Uint16Array.of(65535, 32768, 0, 1)],
    ['u4', Uint32Array.of(4294967295, 2147483648, 0, 1)],
    ['u8', BigUint64Array.of(2n ** 53n, 1n, 0n, 3n)],
  ];
  for (const [type, array] of typed) {
    it(`${type} in both orders of bytes`, () => {
      const bytes = new Uint8Array(array.buffer.slice(0));
      const wanted = Array.from(array, Number);
      assert.deepEqual([...read(type, bytes, 4)], wanted);
      const size = bytes.length / 4;
      const turned = new Uint8Array(
        [0, 1, 2, 3].flatMap((i) => [...bytes.subarray(i * size, (i + 1) * size)].reverse()),
      );
      assert.deepEqual([...read(type, turned, 4, false)], wanted);
    });
  }

  it('a column-major block, and a matrix that a view turns', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const take = (shape: readonly number[], strides: readonly number[]): number[] => [
      ...numbersOf({ type: 'u1', bytes, little: true, shape, offset: 0, strides }, quiet),
    ];
    assert.deepEqual(take([2, 3], stridesOf([2, 3], true)), [1, 3, 5, 2, 4, 6]);
    assert.deepEqual(take([3, 2], [1, 3]), [1, 4, 2, 5, 3, 6]);
  });
});

describe('a block of numbers', () => {
  const types = ['f2', 'bf16', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'bool'] as const;
  /** A file on the disk that counts how often it is known to be sound. */
  const onDisk = (bytes: Uint8Array): Source & { readonly ranges: [number, number][]; settled: number } => {
    const source = {
      size: bytes.length,
      ranges: [] as [number, number][],
      settled: 0,
      read: (at: number, length: number) => {
        source.ranges.push([at, length]);
        return bytes.slice(at, at + length);
      },
      settle: () => {
        source.settled++;
      },
    };
    return source;
  };
  const stored = (more: Partial<Stored>): Stored => ({
    type: 'u1',
    bytes: Uint8Array.of(1, 2, 3, 4, 5, 6),
    little: true,
    shape: [2, 3],
    offset: 0,
    strides: [3, 1],
    ...more,
  });

  it('has a type that people know, of so many bytes', () => {
    assert.deepEqual(
      types.map((type) => `${typeName(type)} ${bytesOf(type)}`),
      [
        'float16 2',
        'bfloat16 2',
        'float32 4',
        'float64 8',
        'int8 1',
        'int16 2',
        'int32 4',
        'int64 8',
        'uint8 1',
        'uint16 2',
        'uint32 4',
        'uint64 8',
        'bool 1',
      ],
    );
  });

  it('has a count where its shape is one', () => {
    const counts: readonly (readonly [readonly number[], number | null])[] = [
      [[], 1],
      [[2, 3], 6],
      [[0, 2 ** 40], 0],
      [new Array<number>(32).fill(1), 1],
      [new Array<number>(33).fill(1), null],
      [[2 ** 32], 2 ** 32],
      [[2 ** 32 + 1], null],
      [[2 ** 31, 3], null],
      [[-1], null],
      [[-2, -2], null],
      [[0.5], null],
      [[2 ** 53], null],
      [[0, -1], null],
    ];
    for (const [shape, count] of counts) assert.equal(countOf(shape), count, shape.join(' '));
  });

  it('stands row by row where its strides say so, whatever they are for an axis of one', () => {
    assert.equal(isRowMajor(stored({})), true);
    assert.equal(isRowMajor(stored({ strides: [1, 2] })), false);
    assert.equal(isRowMajor(stored({ shape: [1, 6], strides: [99, 1] })), true);
    assert.equal(isRowMajor(stored({ shape: [1, 3], strides: [3, 2] })), false);
    assert.equal(isRowMajor(stored({ shape: [], strides: [] })), true);
    assert.deepEqual(
      [stridesOf([2, 3, 4]), stridesOf([2, 3, 4], true)],
      [
        [12, 4, 1],
        [1, 2, 6],
      ],
    );
  });

  it('takes eight bytes a number, and what is read of a turned one on a disk', () => {
    const bytes = onDisk(new Uint8Array(48));
    assert.equal(heldBytes(stored({})), 48);
    assert.equal(heldBytes(stored({ strides: [1, 2] })), 48);
    assert.equal(heldBytes(stored({ bytes })), 48);
    // From number 3 to the last one, 3 + 1·1 + 2·2 = 8: six of four bytes each.
    assert.equal(heldBytes(stored({ bytes, type: 'f4', strides: [1, 2], offset: 3 })), 48 + 6 * 4);
    assert.equal(heldBytes(stored({ bytes, shape: [0, 3], strides: [1, 2] })), 0);
  });

  it('pauses for every 65,536 numbers, reads no more than that at once, and is known to be sound at its end', () => {
    const count = 65_537;
    const file = onDisk(Uint8Array.from({ length: 2 * count + 2 }, (_, i) => i & 0xff));
    let ticks = 0;
    const tick = (): void => {
      ticks++;
    };
    const rows = stored({ type: 'u2', bytes: file, shape: [count], strides: [1], offset: 1 });
    const wanted = (i: number): number => ((2 * i + 2) & 0xff) + 256 * ((2 * i + 3) & 0xff);
    const numbers = numbersOf(rows, tick);
    assert.deepEqual([numbers.length, numbers[0], numbers[65_536]], [count, wanted(0), wanted(65_536)]);
    assert.deepEqual([ticks, file.settled], [2, 1]);
    assert.deepEqual(file.ranges, [
      [2, 131_072],
      [131_074, 2],
    ]);
    file.ranges.length = 0;
    const pieces = [...numbersInPieces(rows, tick, none)].map(({ length }) => length);
    assert.deepEqual([pieces, ticks, file.settled], [[65_536, 1], 4, 2]);
    // Turned: all of it at once.
    const turned = stored({ type: 'u2', bytes: file, shape: [2, 32_769], strides: [1, 2], offset: 0 });
    file.ranges.length = 0;
    assert.equal(numbersOf(turned, tick)[1], 4 + 256 * 5);
    assert.deepEqual([file.ranges, ticks, file.settled], [[[0, 131_076]], 6, 3]);
    assert.equal([...numbersInPieces(turned, tick, none)].length, 1);
    assert.equal(file.settled, 4);
    assert.equal(numbersOf(stored({ bytes: file, shape: [0], strides: [1] }), tick).length, 0);
    assert.deepEqual([...numbersInPieces(stored({ bytes: file, shape: [0], strides: [1] }), tick, none)], []);
    assert.deepEqual([ticks, file.settled], [8, 4]);
  });

  it('says the first whole number that no float64 holds, of those that are its own', () => {
    const bytes = new Uint8Array(BigInt64Array.of(2n ** 53n + 1n, 1n, -(2n ** 53n) - 1n, 7n).buffer);
    const inexact = (more: Partial<Stored>): string | null =>
      inexactInteger(stored({ type: 'i8', bytes, shape: [4], strides: [1], ...more }), quiet);
    assert.equal(inexact({}), '9007199254740993');
    assert.equal(inexact({ offset: 1, shape: [2] }), '-9007199254740993');
    assert.equal(inexact({ offset: 1, shape: [1] }), null);
    assert.equal(inexact({ offset: 3, shape: [1] }), null);
    assert.equal(inexact({ shape: [0] }), null);
    assert.equal(inexact({ type: 'f8' }), null);
    assert.equal(inexact({ type: 'u8', offset: 2, shape: [1] }), String(2n ** 64n - 2n ** 53n - 1n));
    const told: string[] = [];
    const pieces = [...numbersInPieces(stored({ type: 'f8', bytes, shape: [4], strides: [1] }), quiet, none)];
    assert.equal(pieces[0]?.length, 4);
    const all = stored({ type: 'i8', bytes, shape: [4], strides: [1] });
    assert.equal([...numbersInPieces(all, quiet, (found) => void told.push(found))].length, 1);
    assert.equal(
      [...numbersInPieces({ ...all, shape: [2, 2], strides: [1, 2] }, quiet, (found) => void told.push(found))].length,
      1,
    );
    assert.deepEqual(told, ['9007199254740993', '9007199254740993']);
  });
});

it('the checksum is that of zlib, for lengths around a step of eight bytes', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31) & 0xff);
  for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 999, 1000])
    assert.equal(crc32(bytes.subarray(0, length), quiet), ofNode(bytes.subarray(0, length)));
});

/** A safetensors file of tensors that hold nothing but zeros. */
const safetensors = (tensors: Readonly<Record<string, readonly [dtype: string, bytes: number]>>): Uint8Array => {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, bytes]]) => {
      at += bytes;
      return [name, { dtype, shape: [1], data_offsets: [at - bytes, at] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, Buffer.alloc(at)]));
};

describe('tensors that are no numbers of a network', () => {
  const nodesOf = (bytes: Uint8Array): readonly JsonNode[] => {
    const { root } = readDocument('file', bytes, quiet);
    return root?.kind === 'object' ? root.properties.map(({ value }) => value) : [];
  };

  it('whole numbers in safetensors are refused by their type, beside tensors that are read', () => {
    const [whole, real] = nodesOf(safetensors({ position_ids: ['I64', 8], weight: ['F32', 4] }));
    assert.equal(whole?.kind, 'unreadable');
    assert.match(whole.finding.message, /I64/);
    assert.match(whole.finding.expected, /F16, BF16, F32, F64/);
    assert.equal(real?.kind, 'tensor');
  });

  it('a whole number that float64 cannot hold is refused with that number', () => {
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n";
    const bytes = Buffer.concat([
      Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]),
      Buffer.from(header),
      Buffer.from(BigInt64Array.of(1n, 2n ** 53n + 1n).buffer),
    ]);
    const { root } = readDocument('file', new Uint8Array(bytes), quiet);
    assert.equal(root?.kind, 'unreadable');
    assert.equal(root.finding.found, '9007199254740993');
  });
});

it('numbers are made when they are asked for, once', () => {
  const bytes = safetensors({ weight: ['F32', 4] });
  const { root } = readDocument('file', bytes, quiet);
  const node = root?.kind === 'object' ? root.properties[0]?.value : undefined;
  assert.equal(node?.kind, 'tensor');
  // The last four bytes of the file are the number.
  bytes.set(new Uint8Array(Float32Array.of(0.5).buffer), bytes.length - 4);
  assert.deepEqual([...node.data], [0.5]);
  bytes.fill(0, bytes.length - 4);
  assert.deepEqual([...node.data], [0.5]);
});
