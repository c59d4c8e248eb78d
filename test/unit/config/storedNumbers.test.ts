// Numbers of every type and order against closed forms and against what the platform itself stores.
import assert from 'node:assert/strict';
import { crc32 as ofNode } from 'node:zlib';
import { describe, it } from 'node:test';
import { crc32 } from '../../../src/config/formats/crc32.js';
import { readDocument } from '../../../src/config/formats/index.js';
import { numbersOf, stridesOf } from '../../../src/config/formats/storedNumbers.js';
import type { NumberType } from '../../../src/config/formats/storedNumbers.js';
import type { JsonNode } from '../../../src/config/json/node.js';

const quiet = (): void => undefined;
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
