// The bytes of an HDF5 file and the fields of a protocol buffer: what they give, where they pause, and where they end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Hdf5Bytes } from '../../../src/config/formats/hdf5Bytes.js';
import { Protobuf } from '../../../src/config/formats/protobuf.js';
import { told } from './formatSupport.js';

const quiet = (): void => undefined;

const placeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return /at byte (\d+)/.exec(String(error))?.[1] ?? String(error);
  }
  return assert.fail('nothing was thrown');
};

describe('the bytes of an HDF5 file', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);

  it('give numbers of each size, lowest byte first', () => {
    const file = new Hdf5Bytes(bytes, quiet);
    assert.deepEqual(
      [file.u1(3), file.u2(3), file.u4(3), file.u8(1)],
      [3, 0x0403, 0x06050403, Number(0x0807060504030201n)],
    );
    assert.deepEqual(
      [1, 2, 4, 8].map((size) => file.sized(1, size)),
      [1, 0x0201, 0x04030201, Number(0x0807060504030201n)],
    );
    assert.equal(file.text(48, 3), '012');
    assert.deepEqual([...file.range(62, 2)], [62, 63]);
    file.expect(48, '01');
    assert.deepEqual(
      told(() => file.expect(48, '02')),
      ['02', '01'],
    );
  });

  it('are needed inside of the file', () => {
    const file = new Hdf5Bytes(bytes, quiet);
    file.need(60, 4);
    file.need(64, 0);
    for (const [work, expected, at] of [
      [() => file.need(61, 4), '4 bytes', '61'],
      [() => file.need(0, -1), '-1 bytes', '0'],
      [() => file.u1(64), '1 byte', '64'],
      [() => file.u2(63), '2 bytes', '63'],
      [() => file.u4(61), '4 bytes', '61'],
      [() => file.u8(57), '8 bytes', '57'],
      [() => file.address(57), '8 bytes', '57'],
      [() => file.need(1000, 1), '1 byte', '64'],
    ] as const) {
      assert.deepEqual(told(work), [expected, 'the end of the file']);
      assert.equal(placeOf(work), at);
    }
  });

  it('are read four times, as often as a sound file is, and no more', () => {
    const often = new Hdf5Bytes(bytes, quiet);
    for (let i = 0; i < 4; i++) often.need(0, 64);
    assert.deepEqual(
      told(() => often.need(5, 1)),
      ['parts beside each other', 'parts that stand inside of each other'],
    );
  });

  it('pause once for 16,384 of them', () => {
    let ticks = 0;
    const file = new Hdf5Bytes(new Uint8Array(100_000), () => ticks++);
    const after = (length: number): number => {
      file.need(0, length);
      return ticks;
    };
    assert.deepEqual([after(1), after(16_383), after(1), after(16_384), after(16_383), after(1)], [1, 1, 2, 3, 3, 4]);
  });

  it('name places in the file, or none, and names up to a zero', () => {
    const words = new Uint8Array(1_100);
    new DataView(words.buffer).setBigUint64(0, 0xffff_ffff_ffff_ffffn, true);
    new DataView(words.buffer).setBigUint64(8, 1_100n, true);
    new DataView(words.buffer).setBigUint64(16, 1_099n, true);
    const file = new Hdf5Bytes(words, quiet);
    assert.deepEqual([file.address(0), file.address(16)], [null, 1_099]);
    assert.deepEqual(
      told(() => file.address(8)),
      ['a place before byte 1100', '1100'],
    );
    const letters = new Uint8Array(1_100).fill(0x61);
    letters[1_025] = 0;
    const named = new Hdf5Bytes(letters, quiet);
    assert.equal(named.name(1, 1_100), 'a'.repeat(1_024));
    assert.equal(named.name(1_025, 1_100), '');
    for (const [at, end] of [
      [0, 1_100],
      [1_000, 1_020],
    ] as const)
      assert.deepEqual(
        told(() => named.name(at, end)),
        ['a name of at most 1024 bytes', 'a longer one'],
      );
  });
});

describe('the fields of a protocol buffer', () => {
  const fieldsOf = (bytes: readonly number[], message = { from: 0, to: bytes.length }) =>
    [...new Protobuf(Uint8Array.from(bytes), quiet).fields(message)].map(({ number, wire, value, from, to }) => [
      number,
      wire,
      value,
      from,
      to,
    ]);

  it('are varints, blocks of four and eight bytes, and bytes of a length', () => {
    assert.deepEqual(fieldsOf([0x08, 0x96, 0x01]), [[1, 'varint', 150n, 1, 3]]);
    assert.deepEqual(fieldsOf([0x12, 2, 7, 8]), [[2, 'bytes', 0n, 2, 4]]);
    assert.deepEqual(fieldsOf([0x1d, 1, 2, 3, 4]), [[3, 'four', 0n, 1, 5]]);
    assert.deepEqual(fieldsOf([0x21, 1, 2, 3, 4, 5, 6, 7, 8]), [[4, 'eight', 0n, 1, 9]]);
    assert.deepEqual(fieldsOf([0x12, 0, 0x08, 5]), [
      [2, 'bytes', 0n, 2, 2],
      [1, 'varint', 5n, 3, 4],
    ]);
    assert.deepEqual(fieldsOf([9, 9, 0x08, 5, 9], { from: 2, to: 4 }), [[1, 'varint', 5n, 3, 4]]);
  });

  it('end inside of their message', () => {
    const end = 'the end of the message';
    assert.deepEqual(
      told(() => fieldsOf([0x12, 3, 1, 2])),
      ['3 bytes', end],
    );
    assert.deepEqual(
      told(() => fieldsOf([0x1d, 1, 2, 3])),
      ['4 bytes', end],
    );
    assert.deepEqual(
      told(() => fieldsOf([0x21, 1, 2, 3, 4, 5, 6, 7])),
      ['8 bytes', end],
    );
    assert.deepEqual(
      told(() => fieldsOf([0x08, 0x96, 0x01], { from: 0, to: 2 })),
      ['a whole number', end],
    );
    assert.deepEqual(
      told(() => fieldsOf([0x08])),
      ['a whole number', end],
    );
    for (const tag of [0x0b, 0x0c, 0x0e, 0x0f, 0x00, 0x02])
      assert.deepEqual(
        told(() => fieldsOf([tag, 1, 1])),
        ['a field of the message', `the tag ${tag}`],
      );
  });

  it('have whole numbers of 64 bits at most', () => {
    const varint = (...bytes: readonly number[]) => new Protobuf(Uint8Array.from(bytes), quiet).varint(0, bytes.length);
    const nine = new Array<number>(9).fill(0xff);
    assert.deepEqual(varint(...nine, 1), { value: 2n ** 64n - 1n, end: 10 });
    const longer = ['a whole number of at most 64 bits', 'a longer one'];
    assert.deepEqual(
      told(() => varint(...nine, 2)),
      longer,
    );
    assert.deepEqual(
      told(() => varint(...nine, 0x81, 0)),
      longer,
    );
    const file = new Protobuf(Uint8Array.of(0, 1, 0x7f, 0x80, 0x01, ...nine, 1), quiet);
    const integers = (wire: 'varint' | 'bytes' | 'four', value = 0n): bigint[] => [
      ...file.integers({ number: 1, wire, value, from: 1, to: 15 }),
    ];
    assert.deepEqual(integers('bytes'), [1n, 127n, 128n, -1n]);
    assert.deepEqual(integers('varint', 2n ** 64n - 2n), [-2n]);
    assert.deepEqual(
      told(() => integers('four')),
      ['whole numbers', 'other ones'],
    );
    assert.equal(file.text({ from: 2, to: 2 }), '');
  });

  it('pause once for 1,024 of them', () => {
    let ticks = 0;
    const bytes = new Uint8Array(2 * 1_025);
    for (let i = 0; i < bytes.length; i += 2) bytes[i] = 0x08;
    const file = new Protobuf(bytes, () => ticks++);
    assert.equal([...file.fields({ from: 0, to: bytes.length })].length, 1_025);
    assert.equal(ticks, 2);
    const numbers = new Protobuf(new Uint8Array(1_025), () => ticks++);
    assert.equal([...numbers.integers({ number: 1, wire: 'bytes', value: 0n, from: 0, to: 1_025 })].length, 1_025);
    assert.equal(ticks, 4);
  });
});
