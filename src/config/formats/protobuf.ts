// Protocol buffers: the fields of a message and where they stand. A message inside another one is read when asked for.
// https://protobuf.dev/programming-guides/encoding
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { viewOf } from './container.js';
import { bytesText, damaged } from './formatError.js';

/** `value` of a varint is a BigInt of 64 bits; of everything else its bytes are looked at where they stand. */
export type Field = {
  readonly number: number;
  readonly wire: 'varint' | 'eight' | 'four' | 'bytes';
  readonly value: bigint;
  readonly from: number;
  readonly to: number;
};

export type Message = { readonly from: number; readonly to: number };

const wires = ['varint', 'eight', 'bytes', null, null, 'four'] as const;
const longestVarint = 10;
const fieldsPerTick = 1024;

export class Protobuf {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly tick: Tick;
  #count = 0;

  constructor(bytes: Uint8Array, tick: Tick) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.tick = tick;
  }

  /** @throws FormatError where a field does not end inside of its message */
  *fields({ from, to }: Message): Generator<Field> {
    for (let at = from; at < to;) {
      if (this.#count++ % fieldsPerTick === 0) this.tick();
      const tag = this.varint(at, to);
      const wire = wires[Number(tag.value & 7n)] ?? null;
      const number = Number(tag.value >> 3n);
      if (wire === null || number === 0)
        throw damaged(t('a field of the message'), t('the tag {0}', String(tag.value)), at);
      const first = this.#end(tag.end, wire, to);
      at = first.to;
      yield { number, wire, ...first };
    }
  }

  #end(at: number, wire: Field['wire'], to: number): Pick<Field, 'value' | 'from' | 'to'> {
    if (wire === 'varint') {
      const { value, end } = this.varint(at, to);
      return { value, from: at, to: end };
    }
    const length = wire === 'bytes' ? this.varint(at, to) : { value: wire === 'four' ? 4n : 8n, end: at };
    if (length.value > BigInt(to - length.end))
      throw damaged(bytesText(Number(length.value)), t('the end of the message'), length.end);
    return { value: 0n, from: length.end, to: length.end + Number(length.value) };
  }

  /** Seven bits a byte, the lowest first. */
  varint(at: number, to: number): { readonly value: bigint; readonly end: number } {
    let value = 0n;
    for (let i = 0; i < longestVarint; i++) {
      const byte = at + i < to ? this.bytes[at + i] : undefined;
      if (byte === undefined) throw damaged(t('a whole number'), t('the end of the message'), at);
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) {
        if (value > 0xffff_ffff_ffff_ffffn) break;
        return { value, end: at + i + 1 };
      }
    }
    throw damaged(t('a whole number of at most 64 bits'), t('a longer one'), at);
  }

  text({ from, to }: Message): string {
    return new TextDecoder().decode(this.bytes.subarray(from, to));
  }

  /** Whole numbers of a field, one by one or packed. */
  *integers(field: Field): Generator<bigint> {
    if (field.wire === 'varint') {
      yield BigInt.asIntN(64, field.value);
      return;
    }
    if (field.wire !== 'bytes') throw damaged(t('whole numbers'), t('other ones'), field.from);
    for (let at = field.from, count = 0; at < field.to; count++) {
      if (count % fieldsPerTick === 0) this.tick();
      const { value, end } = this.varint(at, field.to);
      at = end;
      yield BigInt.asIntN(64, value);
    }
  }
}
