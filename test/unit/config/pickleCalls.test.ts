// What the calls of a pickle give, and the tensors in what it holds: each refusal by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { damaged } from '../../../src/config/formats/formatError.js';
import type { FormatError } from '../../../src/config/formats/formatError.js';
import { PickleCalls } from '../../../src/config/formats/pickleCalls.js';
import type { PickleValue, Tensor } from '../../../src/config/formats/pickleValues.js';
import { numbersOf } from '../../../src/config/formats/storedNumbers.js';
import { torchTensors } from '../../../src/config/formats/torchTensors.js';
import { told } from './formatSupport.js';

const quiet = (): void => undefined;

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
    // Lines that export tensors would write a file without one.
    assert.throws(
      () => open({ kind: 'list', items: [1, 2] }),
      ({ finding }: FormatError) => finding.fix === undefined && finding.advice.includes('torch.as_tensor'),
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
