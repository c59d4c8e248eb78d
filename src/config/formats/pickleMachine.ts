// What the opcodes of a pickle work on: bytes, a stack and a memo, all of them bounded.
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { viewOf } from './container.js';
import { bytesText, damaged } from './formatError.js';
import type { FormatError } from './formatError.js';
import { PickleCalls } from './pickleCalls.js';
import { unknownGlobal, useOf } from './pickleGlobals.js';
import type { Dict, PickleValue, Storage } from './pickleValues.js';
import { itemsOf, kindOf, opaque } from './pickleValues.js';

/** No checkpoint has as many values. */
/** Values that are made, and those that are kept for later. */
export type PickleLimits = { readonly values: number; readonly kept: number };
/** More than any file of weights has. */
export const usualLimits: PickleLimits = { values: 4_000_000, kept: 2_000_000 };
const opcodesPerTick = 4_096;
/** Bytes of a pickle in which layers are looked for that tell what to do instead. */
const mostNames = 1 << 20;
/** Bytes of a whole number, and characters of a number that is written as text. */
const longestNumber = 64;

const mark = Symbol('mark');

type Entry = PickleValue | typeof mark;

/** `storages`: those that it names, by their keys. */
export type Unpickled = {
  readonly value: PickleValue;
  readonly storages: ReadonlyMap<string, Storage>;
  readonly end: number;
};

/** Stack, memo and place of a pickle that is being read. Every method throws a FormatError where it cannot go on. */
export class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tick: Tick;
  readonly #limits: PickleLimits;
  readonly #stack: Entry[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #calls: PickleCalls;
  #at: number;
  #opcodeAt: number;
  #values = 0;
  #count = 0;

  constructor(bytes: Uint8Array, start: number, tick: Tick, limits: PickleLimits) {
    this.#limits = limits;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = start;
    this.#opcodeAt = start;
    this.#tick = tick;
    this.#calls = new PickleCalls(bytes.length, (expected, found) => this.wrong(expected, found));
  }

  /** The next opcode; a mistake is told at its place. */
  opcode(): number {
    if (this.#count++ % opcodesPerTick === 0) this.#tick();
    this.#opcodeAt = this.#at;
    return this.uint(1);
  }

  result(): Unpickled {
    return { value: this.pop(), storages: this.#calls.storages, end: this.#at };
  }

  wrong(expected: string, found: string): FormatError {
    return damaged(expected, found, this.#opcodeAt);
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at)
      throw this.wrong(bytesText(count), t('the end of the file after {0} bytes', this.#bytes.length - this.#at));
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  uint(size: 1 | 2 | 4): number {
    this.take(size);
    const at = this.#at - size;
    return size === 1
      ? this.#view.getUint8(at)
      : size === 2
        ? this.#view.getUint16(at, true)
        : this.#view.getUint32(at, true);
  }

  int32(): number {
    this.take(4);
    return this.#view.getInt32(this.#at - 4, true);
  }

  length64(): number {
    this.take(8);
    return Number(this.#view.getBigUint64(this.#at - 8, true));
  }

  /** Up to the end of the line, which is passed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.wrong(t('the end of a line'), t('the end of the file'));
    const line = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return new TextDecoder().decode(line);
  }

  text = (length: number): string => new TextDecoder().decode(this.take(length));

  push(value: PickleValue): void {
    const most = this.#limits.values;
    if (++this.#values > most) throw this.wrong(t('at most {0} values', most), t('more of them'));
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw this.wrong(t('a value'), t('none'));
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.wrong(t('a value'), t('none'));
    return value;
  }

  /** Everything above the last mark, which goes too. */
  popMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.wrong(t('a mark'), t('none'));
    return this.#stack.splice(at).filter((value) => value !== mark);
  }

  popTuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push({ kind: 'tuple', items });
  }

  put(index: number): void {
    const most = this.#limits.kept;
    if (this.#memo.size >= most) throw this.wrong(t('at most {0} values', most), t('more of them'));
    this.#memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.wrong(t('a value that was kept before'), t('number {0}', index));
    this.push(value);
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (list === null || typeof list !== 'object' || list.kind !== 'list') throw this.wrong(t('a list'), kindOf(list));
    for (const item of items) list.items.push(item);
  }

  /** What is in a set is of no interest, as that of one that a call has made (protocols below 4). */
  addToSet(): void {
    this.popMark();
    const set = this.top();
    if (set !== opaque) throw this.wrong(t('a set'), kindOf(set));
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (dict === null || typeof dict !== 'object' || dict.kind !== 'dict') throw this.wrong(t('a dict'), kindOf(dict));
    this.fill(dict, items);
  }

  fill(dict: Dict, items: readonly PickleValue[]): void {
    if (items.length % 2 === 1) throw this.wrong(t('a value for each key'), t('none'));
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (useOf(full) === null) throw unknownGlobal(module, name, this.#names());
    this.push({ kind: 'global', name: full });
  }

  /** What stands around it, as far as a model may name its layers; only ASCII is looked for in it. */
  #names(): string {
    const from = Math.max(0, this.#at - mostNames);
    return new TextDecoder('latin1').decode(this.#bytes.subarray(from, this.#at + mostNames));
  }

  number(text: string): number | bigint {
    const x = /^[+-]?\d+L?$/.test(text) && text.length <= longestNumber ? BigInt(text.replace('L', '')) : null;
    if (x === null) throw this.wrong(t('a whole number'), text.slice(0, 40));
    return Number.isSafeInteger(Number(x)) ? Number(x) : x;
  }

  long(length: number): number | bigint {
    if (length > longestNumber) throw this.wrong(t('at most {0} bytes', longestNumber), bytesText(length));
    const bytes = this.take(length);
    let x = 0n;
    for (const byte of bytes.toReversed()) x = (x << 8n) | BigInt(byte);
    if (((bytes.at(-1) ?? 0) & 0x80) !== 0) x -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(x)) ? Number(x) : x;
  }

  build(): void {
    const state = this.pop();
    this.#calls.build(this.top(), state);
  }

  call(): void {
    const args = this.pop();
    const callee = this.pop();
    this.push(this.#calls.call(callee, itemsOf(args) ?? []));
  }

  callWith(callee: PickleValue, args: readonly PickleValue[]): void {
    this.push(this.#calls.call(callee, args));
  }

  /** Numbers that stand outside of the pickle. */
  persistent(): void {
    this.push(this.#calls.persistent(this.pop()));
  }

  float(): void {
    this.take(8);
    this.push(this.#view.getFloat64(this.#at - 8));
  }

  mark(): void {
    this.#stack.push(mark);
  }

  /** Takes what is on top, a mark too. */
  drop(): void {
    if (this.#stack.pop() === undefined) throw this.wrong(t('a value'), t('none'));
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  /** A text from the top of the stack. */
  name(): string {
    const name = this.pop();
    if (typeof name !== 'string') throw this.wrong(t('a name'), kindOf(name));
    return name;
  }

  index(text: string): number {
    if (!/^\d{1,15}$/.test(text)) throw this.wrong(t('a whole number'), text.slice(0, 40));
    return Number(text);
  }
}
