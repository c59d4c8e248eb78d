// What the calls of a pickle give: records. Each known name has one form of arguments, which is checked here.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import { bytesText, FormatError } from './formatError.js';
import { typeOrRefusal } from './npy.js';
import { dtypeNumbers, useOf } from './pickleGlobals.js';
import type { ArrayType, Bytes, Dict, List, Numbers, PickleValue, Storage, Tensor, Unread } from './pickleValues.js';
import { itemsOf, kindOf, opaque } from './pickleValues.js';
import { bytesOf, countOf, stridesOf } from './storedNumbers.js';
import { nested, otherType, sparse, withoutNumbers } from './unreadTensors.js';

type Args = readonly PickleValue[];

const mostAxes = 32;

export class PickleCalls {
  readonly #wrong: (expected: string, found: string) => FormatError;
  readonly storages = new Map<string, Storage>();
  /** What calls may copy: one that is made again and again of one long text must not fill the memory. */
  #room: number;

  constructor(room: number, wrong: (expected: string, found: string) => FormatError) {
    this.#room = room;
    this.#wrong = wrong;
  }

  #copies(count: number): void {
    this.#room -= count;
    if (this.#room < 0) throw this.#wrong(t('calls that copy no more than the file holds'), t('more of them'));
  }

  /** What REDUCE, NEWOBJ, OBJ and INST give. */
  call(callee: PickleValue, args: Args): PickleValue {
    const name = typeof callee === 'object' && callee?.kind === 'global' ? callee.name : '';
    switch (useOf(name)) {
      case 'dict':
        return this.#dict(args);
      case 'list':
        return this.#list(args);
      case 'tensor':
      case 'olderTensor':
        return this.#tensor(args);
      case 'typedTensor':
        return this.#typedTensor(args);
      case 'sparseTensor':
        return { kind: 'unread', refused: sparse() };
      case 'nestedTensor':
        return { kind: 'unread', refused: nested() };
      case 'emptyTensor':
        return { kind: 'unread', refused: withoutNumbers() };
      case 'taggedTensor':
        return this.#taggedTensor(args);
      case 'parameter':
        return this.#tensorIn(args[0]);
      case 'size':
        return { kind: 'tuple', items: itemsOf(args[0]) ?? [] };
      case 'encode':
        return this.#encoded(args);
      case 'arrayType':
        return this.#arrayType(args);
      case 'emptyArray':
        return { kind: 'array', stored: null };
      case 'scalar':
        return this.#scalar(args);
      case 'ignored':
        return opaque;
      case 'storage':
      case null:
        throw this.#wrong(t('a call that gives a tensor or a dict'), name === '' ? kindOf(callee) : name);
    }
  }

  /** Numbers that stand outside of the pickle. */
  persistent(id: PickleValue): Storage {
    const [tag, type, key, , count, view = null] = itemsOf(id) ?? [];
    const isKnown = typeof type === 'object' && type?.kind === 'global' && useOf(type.name) === 'storage';
    if (tag !== 'storage' || !isKnown || typeof key !== 'string' || !isCount(count))
      throw this.#wrong(t('the place of a storage'), typeof tag === 'string' ? tag.slice(0, 40) : kindOf(id));
    if (view !== null) throw this.#wrong(t('a storage of its own'), t('a part of another storage'));
    const before = this.storages.get(key);
    if (before !== undefined && (before.type !== type.name || before.count !== count))
      throw this.#wrong(t('one type and size for the storage {0}', cut(key, 40)), t('two of them'));
    const storage = before ?? { kind: 'storage', type: type.name, key, count };
    this.storages.set(key, storage);
    return storage;
  }

  /** What BUILD does: attributes of a dict are of no interest, NumPy's types and arrays get their contents. */
  build(value: PickleValue, state: PickleValue): void {
    if (typeof value === 'object' && value !== null) {
      if (value.kind === 'dict' || value.kind === 'opaque') return;
      if (value.kind === 'dtype') {
        this.#finishType(value, state);
        return;
      }
      if (value.kind === 'array') {
        this.#finishArray(value, state);
        return;
      }
    }
    throw this.#wrong(t('a dict or an array'), kindOf(value));
  }

  #dict([pairs = null]: Args): Dict {
    const entries = new Map<PickleValue, PickleValue>();
    const list = itemsOf(pairs) ?? [];
    this.#copies(list.length);
    for (const pair of list) {
      const [key, value] = itemsOf(pair) ?? [];
      if (key === undefined || value === undefined) throw this.#wrong(t('pairs of keys and values'), kindOf(pair));
      entries.set(key, value);
    }
    return { kind: 'dict', entries };
  }

  #list([given = null]: Args): List {
    const items = itemsOf(given) ?? [];
    this.#copies(items.length);
    return { kind: 'list', items: [...items] };
  }

  #tensor([storage = null, offset, size, stride]: Args): Tensor {
    if (typeof storage !== 'object' || storage?.kind !== 'storage') throw this.#wrong(t('a storage'), kindOf(storage));
    const [shape, strides] = [itemsOf(size), itemsOf(stride)];
    const isShape = (sizes: readonly PickleValue[] | null): sizes is readonly number[] =>
      sizes !== null && sizes.length <= mostAxes && sizes.every(isCount);
    if (!isCount(offset) || !isShape(shape) || !isShape(strides) || shape.length !== strides.length)
      throw this.#wrong(
        t('an offset, a shape and strides, none below zero'),
        [offset, ...(shape ?? []), ...(strides ?? [])].slice(0, 12).map(String).join(', '),
      );
    return { kind: 'tensor', storage, offset, shape, strides };
  }

  /** The seventh says of which type its numbers are. */
  #typedTensor(args: Args): Tensor | Unread {
    const dtype = args[6];
    const name = typeof dtype === 'object' && dtype?.kind === 'global' ? dtype.name : '';
    const type = dtypeNumbers(name);
    if (type === undefined) throw this.#wrong(t('the name of a type'), name === '' ? kindOf(dtype) : name);
    return type === null ? { kind: 'unread', refused: otherType(name) } : { ...this.#tensor(args), type };
  }

  /** Made as one without attributes is, by one call. */
  #taggedTensor([make = null, , args = null]: Args): PickleValue {
    const name = typeof make === 'object' && make?.kind === 'global' ? make.name : '';
    if (useOf(name) === 'taggedTensor') throw this.#wrong(t('a call that gives a tensor or a dict'), name);
    return this.#tensorIn(this.call(make, itemsOf(args) ?? []));
  }

  #tensorIn(data: PickleValue = null): Tensor | Unread {
    if (typeof data === 'object' && (data?.kind === 'tensor' || data?.kind === 'unread')) return data;
    throw this.#wrong(t('a tensor'), kindOf(data));
  }

  /** Protocol 2 writes bytes as text. */
  #encoded([text, encoding]: Args): Bytes {
    if (typeof text !== 'string' || encoding !== 'latin1') throw this.#wrong(t('text as latin1'), kindOf(text));
    this.#copies(text.length);
    return { kind: 'bytes', bytes: Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff) };
  }

  #arrayType([code]: Args): ArrayType {
    if (typeof code !== 'string') throw this.#wrong(t('the name of a type'), kindOf(code));
    return { kind: 'dtype', code: code.replace(/^[<>|=]/, ''), order: /^[<>|=]/.exec(code)?.[0] ?? '' };
  }

  #finishType(type: ArrayType, state: PickleValue): void {
    const [, order] = itemsOf(state) ?? [];
    if (typeof order !== 'string' || !/^[<>|=]$/.test(order)) throw this.#wrong(t('an order of bytes'), kindOf(order));
    type.order = order;
  }

  /** (version, shape, type, isFortran, bytes) */
  #finishArray(array: Numbers, state: PickleValue): void {
    const [, size, type = null, isColumnMajor, content = null] = itemsOf(state) ?? [];
    const shape = itemsOf(size) ?? [];
    const isShape = (sizes: readonly PickleValue[]): sizes is readonly number[] =>
      sizes.length <= mostAxes && sizes.every(isCount);
    if (typeof type !== 'object' || type?.kind !== 'dtype' || !isShape(shape))
      throw this.#wrong(t('a shape and a type'), kindOf(type));
    // An array of texts or objects stands beside others that can be read.
    const told = typeOrRefusal(type.order + type.code, '');
    if (told instanceof FormatError) {
      array.refused = told.finding;
      return;
    }
    if (typeof content !== 'object' || content?.kind !== 'bytes') throw this.#wrong(t('bytes'), kindOf(content));
    const { type: numbers, little } = told;
    const count = countOf(shape);
    if (count === null || count * bytesOf(numbers) !== content.bytes.length)
      throw this.#wrong(
        t('numbers of shape {0}', `[${shape.slice(0, 8).join(', ')}]`),
        bytesText(content.bytes.length),
      );
    const strides = stridesOf(shape, isColumnMajor === true);
    array.stored = { type: numbers, bytes: content.bytes, little, shape, offset: 0, strides };
  }

  /** One number: nothing that a network consists of. */
  #scalar([type = null]: Args): PickleValue {
    if (typeof type !== 'object' || type?.kind !== 'dtype') throw this.#wrong(t('the name of a type'), kindOf(type));
    return opaque;
  }
}

const isCount = (x: PickleValue | undefined): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0;
