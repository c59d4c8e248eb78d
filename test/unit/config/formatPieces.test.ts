// Pieces of the readers, each by itself: what they give, where they pause, and what they refuse.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { damaged, FormatError } from '../../../src/config/formats/formatError.js';
import { Hdf5Bytes } from '../../../src/config/formats/hdf5Bytes.js';
import { kerasContainer } from '../../../src/config/formats/kerasNames.js';
import { PickleCalls } from '../../../src/config/formats/pickleCalls.js';
import type { PickleValue, Tensor } from '../../../src/config/formats/pickleValues.js';
import { Protobuf } from '../../../src/config/formats/protobuf.js';
import { numbersOf, stridesOf } from '../../../src/config/formats/storedNumbers.js';
import { torchTensors } from '../../../src/config/formats/torchTensors.js';

const quiet = (): void => undefined;

/** What was expected and what was found. */
function told(work: () => unknown): readonly [string, string] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return [error.finding.expected, error.finding.found];
  }
  return assert.fail('nothing was thrown');
}

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

describe('the calls of a pickle', () => {
  const calls = (room = 100): PickleCalls => new PickleCalls(room, (expected, found) => damaged(expected, found));
  const global = (name: string): PickleValue => ({ kind: 'global', name });
  const tuple = (...items: readonly PickleValue[]): PickleValue => ({ kind: 'tuple', items: [...items] });
  const list = (...items: readonly PickleValue[]): PickleValue => ({ kind: 'list', items: [...items] });
  const float = global('torch.FloatStorage');
  const place = (...rest: readonly PickleValue[]): PickleValue => tuple('storage', float, 'k', 'cpu', 4, ...rest);
  const storage = (): PickleValue => calls().persistent(place());
  const tensor = (args: readonly PickleValue[]) => calls().call(global('torch._utils._rebuild_tensor_v2'), args);

  it('name a storage by its type, key and count, once', () => {
    const own = calls();
    const first = own.persistent(place());
    assert.deepEqual(first, { kind: 'storage', type: 'torch.FloatStorage', key: 'k', count: 4 });
    assert.equal(own.persistent(place(null)), first);
    assert.deepEqual(
      told(() => own.persistent(place(tuple()))),
      ['a storage of its own', 'a part of another storage'],
    );
    const two = ['one type and size for the storage k', 'two of them'];
    assert.deepEqual(
      told(() => own.persistent(tuple('storage', float, 'k', 'cpu', 5))),
      two,
    );
    assert.deepEqual(
      told(() => own.persistent(tuple('storage', global('torch.DoubleStorage'), 'k', 'cpu', 4))),
      two,
    );
    for (const [id, found] of [
      [tuple('module', float, 'x', 'cpu', 4), 'module'],
      [tuple('storage', global('torch.Size'), 'x', 'cpu', 4), 'storage'],
      [tuple('storage', list(), 'x', 'cpu', 4), 'storage'],
      [tuple('storage', null, 'x', 'cpu', 4), 'storage'],
      [tuple('storage', 'torch.FloatStorage', 'x', 'cpu', 4), 'storage'],
      [tuple('storage', float, 7, 'cpu', 4), 'storage'],
      [tuple('storage', float, 'x', 'cpu', -1), 'storage'],
      [tuple('storage', float, 'x', 'cpu', 0.5), 'storage'],
      [tuple('storage', float, 'x', 'cpu', '4'), 'storage'],
      [tuple('x'.repeat(50)), 'x'.repeat(40)],
      [tuple(7), 'tuple'],
      ['storage', 'string'],
    ] as const)
      assert.deepEqual(
        told(() => calls().persistent(id)),
        ['the place of a storage', found],
      );
  });

  it('make a tensor of a storage, an offset, a shape and strides', () => {
    const own = storage();
    assert.deepEqual(tensor([own, 1, tuple(2, 1), tuple(1, 0)]), {
      kind: 'tensor',
      storage: own,
      offset: 1,
      shape: [2, 1],
      strides: [1, 0],
    });
    const axes = (count: number): PickleValue => tuple(...new Array<number>(count).fill(1));
    assert.equal((tensor([own, 0, axes(32), axes(32)]) as Tensor).shape.length, 32);
    for (const [args, found] of [
      [
        [own, 0, axes(33), axes(33)],
        new Array(12)
          .fill(0)
          .map((_, i) => (i === 0 ? 0 : 1))
          .join(', '),
      ],
      [[own, -1, tuple(2), tuple(1)], '-1, 2, 1'],
      [[own, 0, tuple(-2), tuple(1)], '0, -2, 1'],
      [[own, 0, tuple(2), tuple(-1)], '0, 2, -1'],
      [[own, 0, tuple(2), tuple(1, 1)], '0, 2, 1, 1'],
      [[own, 0, tuple(2 ** 53), tuple(1)], '0, 9007199254740992, 1'],
      [[own, 0, null, tuple(1)], '0, 1'],
      [[own, 0, tuple(2), null], '0, 2'],
      [[own, '0', tuple(2), tuple(1)], '0, 2, 1'],
    ] as const)
      assert.deepEqual(
        told(() => tensor(args)),
        ['an offset, a shape and strides, none below zero', found],
      );
    for (const [first, found] of [
      [null, 'None'],
      ['x', 'string'],
      [list(), 'list'],
    ] as const)
      assert.deepEqual(
        told(() => tensor([first, 0, tuple(2), tuple(1)])),
        ['a storage', found],
      );
    const made = tensor([own, 0, tuple(2), tuple(1)]);
    const parameter = global('torch._utils._rebuild_parameter');
    assert.equal(calls().call(parameter, [made]), made);
    for (const data of [null, 'x', list()] as const)
      assert.equal(told(() => calls().call(parameter, [data]))[0], 'a tensor');
  });

  it('copy no more than the file holds', () => {
    const more = ['calls that copy no more than the file holds', 'more of them'];
    const encode = global('_codecs.encode');
    const own = calls(4);
    assert.deepEqual(own.call(encode, ['a\xffb\u0141', 'latin1']), {
      kind: 'bytes',
      bytes: Uint8Array.of(0x61, 0xff, 0x62, 0x41),
    });
    assert.deepEqual(
      told(() => own.call(encode, ['a', 'latin1'])),
      more,
    );
    const dict = global('collections.OrderedDict');
    const pairs = list(tuple('a', 1), tuple('b', null));
    assert.deepEqual(calls(2).call(dict, [pairs]), {
      kind: 'dict',
      entries: new Map<PickleValue, PickleValue>([
        ['a', 1],
        ['b', null],
      ]),
    });
    assert.deepEqual(
      told(() => calls(1).call(dict, [pairs])),
      more,
    );
    assert.deepEqual(calls(0).call(dict, []), { kind: 'dict', entries: new Map() });
    for (const pair of [tuple('a'), tuple(), 'ab', list('a')] as const)
      assert.equal(told(() => calls().call(dict, [list(pair)]))[0], 'pairs of keys and values');
  });

  it('make types and arrays of NumPy', () => {
    const dtype = (code: string): PickleValue => calls().call(global('numpy.dtype'), [code]);
    assert.deepEqual(
      ['f4', '<f4', '>f4', '|u1', '=f8', 'f<4'].map((code) => {
        const { order, code: plain } = dtype(code) as { order: string; code: string };
        return [order, plain];
      }),
      [
        ['', 'f4'],
        ['<', 'f4'],
        ['>', 'f4'],
        ['|', 'u1'],
        ['=', 'f8'],
        ['', 'f<4'],
      ],
    );
    const type = dtype('f4');
    calls().build(type, tuple(3, '>'));
    assert.deepEqual(type, { kind: 'dtype', code: 'f4', order: '>' });
    for (const order of ['', '<<', 'x<', '<x', null, 3])
      assert.equal(told(() => calls().build(dtype('f4'), tuple(3, order)))[0], 'an order of bytes');
    const bytes = (...values: readonly number[]): PickleValue => ({
      kind: 'bytes',
      bytes: new Uint8Array(Float32Array.from(values).buffer),
    });
    const filled = (...state: readonly PickleValue[]) => {
      const array = { kind: 'array', stored: null } as Extract<PickleValue, { kind: 'array' }>;
      calls().build(array, tuple(1, ...state));
      return [...numbersOf(array.stored!, quiet)];
    };
    const four = bytes(1, 2, 3, 4);
    assert.deepEqual(filled(tuple(2, 2), dtype('<f4'), false, four), [1, 2, 3, 4]);
    assert.deepEqual(filled(tuple(2, 2), dtype('<f4'), true, four), [1, 3, 2, 4]);
    assert.deepEqual(filled(tuple(2, 2), dtype('<f4'), 1, four), [1, 2, 3, 4]);
    assert.deepEqual(filled(null, dtype('<f4'), false, bytes(5)), [5]);
    for (const [state, expected, found] of [
      [[tuple(2), dtype('<f4'), false, four], 'numbers of shape [2]', '16 bytes'],
      [
        [tuple(...new Array<number>(9).fill(2)), dtype('<f4'), false, four],
        'numbers of shape [2, 2, 2, 2, 2, 2, 2, 2]',
        '16 bytes',
      ],
      [[tuple(2 ** 40), dtype('<f4'), false, four], 'numbers of shape [1099511627776]', '16 bytes'],
      [[tuple(...new Array<number>(33).fill(1)), dtype('<f4'), false, bytes(1)], 'a shape and a type', 'dtype'],
      [[tuple(-2), dtype('<f4'), false, four], 'a shape and a type', 'dtype'],
      [[tuple(2, 2), 'f4', false, four], 'a shape and a type', 'string'],
      [[tuple(2, 2), null, false, four], 'a shape and a type', 'None'],
      [[tuple(2, 2), list(), false, four], 'a shape and a type', 'list'],
      [[tuple(2, 2), dtype('<f4'), false, 'abcd'], 'bytes', 'string'],
      [[tuple(2, 2), dtype('<f4'), false, null], 'bytes', 'None'],
      [[tuple(2, 2), dtype('<f4'), false, list()], 'bytes', 'list'],
    ] as const)
      assert.deepEqual(
        told(() => filled(...state)),
        [expected, found],
      );
  });

  it('finish dicts and what is ignored, and nothing else', () => {
    calls().build({ kind: 'dict', entries: new Map() }, 3);
    calls().build({ kind: 'opaque' }, 3);
    for (const [value, found] of [
      [null, 'None'],
      [3, 'number'],
      ['x', 'string'],
      [list(), 'list'],
    ] as const)
      assert.deepEqual(
        told(() => calls().build(value, null)),
        ['a dict or an array', found],
      );
    const scalar = global('numpy.core.multiarray.scalar');
    assert.deepEqual(calls().call(scalar, [calls().call(global('numpy.dtype'), ['f4'])]), { kind: 'opaque' });
    for (const type of [null, 'f4', list()] as const)
      assert.equal(told(() => calls().call(scalar, [type]))[0], 'the name of a type');
    for (const [callee, found] of [
      [float, 'torch.FloatStorage'],
      [null, 'None'],
      ['x', 'string'],
      [list(), 'list'],
      [global('os.system'), 'os.system'],
    ] as const)
      assert.deepEqual(
        told(() => calls().call(callee, [])),
        ['a call that gives a tensor or a dict', found],
      );
  });
});

describe('the tensors of a pickle', () => {
  const storage = { kind: 'storage', type: 'torch.FloatStorage', key: 'k', count: 4 } as const;
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  const tensor = (more: Partial<Tensor> = {}): Tensor => ({
    kind: 'tensor',
    storage,
    offset: 0,
    shape: [4],
    strides: [1],
    ...more,
  });
  const dict = (...entries: readonly (readonly [PickleValue, PickleValue])[]): PickleValue => ({
    kind: 'dict',
    entries: new Map(entries),
  });
  const open = (value: PickleValue, tick = quiet) => torchTensors(value, () => ({ bytes: data, little: true }), tick);
  const names = (value: PickleValue): string[] => open(value).tensors.map(({ name }) => name);

  it('are found in dicts, lists and tuples, by names and numbers', () => {
    const tuple: PickleValue = { kind: 'tuple', items: [null, tensor()] };
    const list: PickleValue = { kind: 'list', items: [tuple, 3, 'x'] };
    assert.deepEqual(names(dict(['a', tensor()], ['b', list], [null, tensor()], [true, tensor()], [7, tensor()])), [
      'a',
      'b.0.1',
      '7',
    ]);
    const one = open(tensor());
    assert.deepEqual([one.isOne, one.tensors[0]?.name], [true, '']);
    assert.equal(open(dict(['a', tensor()])).isOne, false);
    assert.equal(open({ kind: 'list', items: [tensor(), tensor()] }).isOne, false);
    assert.deepEqual(names(dict(['x'.repeat(201), tensor()], ['y'.repeat(200), tensor()])), ['y'.repeat(200)]);
    // Two ways to one dict are one way.
    const inner = dict(['w', tensor()]);
    assert.deepEqual(names(dict(['a', inner], ['b', inner])), ['a.w']);
    assert.deepEqual(
      told(() => open(dict(['a', { kind: 'opaque' }], ['b', storage], ['c', null]))),
      ['tensors in dicts, as torch.save(model.state_dict(), file) writes them', 'no tensor'],
    );
    let deep: PickleValue = tensor();
    for (let i = 0; i < 60; i++) deep = dict(['a', deep]);
    assert.equal(names(deep).length, 1);
    assert.deepEqual(
      told(() => open(dict(['a', deep]))),
      ['at most 60 levels', 'more of them'],
    );
  });

  it('stand beside plain numbers, which are notes', () => {
    const notes = (value: PickleValue): unknown[] => [...(open(value).notes ?? [])];
    assert.deepEqual(notes(dict(['w', tensor()], ['epoch', 3], ['name', 'x'], [5, 6], ['done', true])), [['epoch', 3]]);
    assert.deepEqual(notes({ kind: 'list', items: [tensor(), 3] }), []);
    assert.deepEqual(notes(tensor()), []);
  });

  it('lie inside of their storage, and share it no more than eight times', () => {
    const inside = (more: Partial<Tensor>): number[] => {
      const { stored } = open(tensor(more)).tensors[0]!;
      return [...numbersOf(stored!, quiet)];
    };
    assert.deepEqual(inside({ shape: [2, 2], strides: [1, 2] }), [1, 3, 2, 4]);
    assert.deepEqual(inside({ offset: 3, shape: [1] }), [4]);
    assert.deepEqual(inside({ offset: 9, shape: [0] }), []);
    const outside = (more: Partial<Tensor>, found: string): void =>
      assert.deepEqual(
        told(() => open(tensor(more))),
        ['a tensor inside of its storage of 4 numbers', found],
      );
    outside({ offset: 1 }, 'the shape [4] from number 1 on');
    outside({ shape: [2], strides: [4] }, 'the shape [2] from number 0 on');
    outside({ shape: [5], strides: [0] }, 'the shape [5] from number 0 on');
    outside(
      { shape: new Array<number>(9).fill(2), strides: new Array<number>(9).fill(0) },
      'the shape [2, 2, 2, 2, 2, 2, 2, 2] from number 0 on',
    );
    const shared = (count: number): PickleValue => ({
      kind: 'list',
      items: Array.from({ length: count }, () => tensor()),
    });
    assert.equal(names(shared(8)).length, 8);
    assert.equal(told(() => open(shared(9)))[0], 'a tensor inside of its storage of 4 numbers');
    assert.deepEqual(
      told(() => open(tensor({ storage: { ...storage, count: 5 } }))),
      ['a storage of 5 numbers', '16 bytes'],
    );
  });

  it('of whole numbers that no float64 holds, and of types that are not read, are refused by themselves', () => {
    const whole = new Uint8Array(BigInt64Array.of(1n, 2n ** 53n + 1n).buffer);
    const long = { ...storage, type: 'torch.LongStorage', count: 2 };
    const [refusedOne] = torchTensors(
      tensor({ storage: long, shape: [1] }),
      () => ({ bytes: whole, little: true }),
      quiet,
    ).tensors;
    assert.deepEqual(
      [refusedOne?.stored, refusedOne?.refused?.code, refusedOne?.refused?.found],
      [null, 'unsupported-feature', '9007199254740993'],
    );
  });

  it('pause once for 1,024 values', () => {
    let ticks = 0;
    open({ kind: 'list', items: [tensor(), ...new Array<null>(1_023).fill(null)] }, () => ticks++);
    assert.equal(ticks, 2);
  });
});

describe('the names of a Keras file', () => {
  const tensor = (name: string, ...shape: readonly number[]) => ({
    name,
    stored: {
      type: 'f4' as const,
      bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
      little: true,
      shape,
      offset: 0,
      strides: stridesOf(shape),
    },
  });
  const names = (...paths: readonly string[]): string[] =>
    kerasContainer(
      paths.map((path) => tensor(path, 1, 1)),
      null,
      'names',
      quiet,
    ).tensors.map(({ name }) => name);

  it('are without groups that say nothing', () => {
    assert.deepEqual(names('model_weights/lstm/lstm/lstm_cell_12/kernel:0'), ['lstm/kernel']);
    assert.deepEqual(names('layers/lstm/cell/kernel'), ['lstm/kernel']);
    assert.deepEqual(names('a/cells/kernel:01'), ['a/cells/kernel:01']);
    assert.deepEqual(names('_layer_checkpoint_dependencies/a/cell_x/kernel'), ['a/cell_x/kernel']);
    assert.deepEqual(names('both/forward_lstm/lstm_cell/kernel:0', 'both/backward_lstm/lstm_cell_1/kernel:0'), [
      'both/forward_layer/kernel',
      'both/backward_layer/kernel',
    ]);
    assert.deepEqual(names('forward_lstm/kernel'), ['forward_lstm/kernel']);
    assert.deepEqual(names('a/my_forward_lstm/kernel'), ['a/my_forward_lstm/kernel']);
  });

  it('of numbered parts go by their shapes, ten and more too', () => {
    const parts = (...shapes: readonly (readonly number[])[]): string[] =>
      kerasContainer(
        shapes.map((shape, i) => tensor(`layers/x/vars/${i}`, ...shape)),
        null,
        'names',
        quiet,
      ).tensors.map(({ name }) => name);
    assert.deepEqual(parts([3, 8], [2, 8]), ['x/kernel', 'x/recurrent_kernel']);
    assert.deepEqual(parts([3, 8], [2, 8], [8], [8]), ['x/vars/0', 'x/vars/1', 'x/vars/2', 'x/vars/3']);
    assert.deepEqual(parts([3, 8], [8], [8]), ['x/vars/0', 'x/vars/1', 'x/vars/2']);
    assert.deepEqual(names('a/vars/10'), ['a/vars/10']);
    assert.deepEqual(names('a/vars/0/more'), ['a/vars/0/more']);
    const one = (path: string): string | undefined => names(`${path}/vars/0`)[0];
    assert.deepEqual(['embedding', 'embedding_7', 'my_embedding', 'embedding/x'].map(one), [
      'embedding/embeddings',
      'embedding_7/embeddings',
      'my_embedding/embeddings',
      'embedding/x/kernel',
    ]);
  });

  const model = (...layers: readonly (readonly [string, string])[]): string =>
    JSON.stringify({
      config: { layers: layers.map(([type, name]) => ({ class_name: type, config: { name, activation: 'relu' } })) },
    });
  const told = (config: string, by: 'names' | 'counted', ...paths: readonly string[]) => {
    const { tensors, facts = [] } = kerasContainer(
      paths.map((path) => tensor(path, 1, 1)),
      config,
      by,
      quiet,
    );
    return [tensors.map(({ name }) => name), facts.map(({ name, value }) => `${name} ${String(value)}`)];
  };

  it('stand in the order of the model, with what it says of those that have weights', () => {
    const config = model(['SimpleRNN', 'second'], ['SimpleRNN', 'first'], ['SimpleRNN', 'without']);
    const [found, facts] = told(
      config,
      'names',
      'other/kernel',
      'first/kernel',
      'second/kernel',
      'second/bias',
      'third/x',
    );
    assert.deepEqual(found, ['second/kernel', 'second/bias', 'first/kernel', 'other/kernel', 'third/x']);
    assert.ok(facts!.includes('second/activation relu') && facts!.includes('first/activation relu'), facts!.join());
    assert.ok(
      facts!.every((fact) => /^(?:first|second)\//.test(fact)),
      facts!.join(),
    );
    const [counted, of] = told(config, 'counted', 'simple_rnn_1/kernel', 'simple_rnn/kernel');
    assert.deepEqual(counted, ['second/kernel', 'first/kernel']);
    assert.ok(of!.includes('first/activation relu'));
  });
});
