// Tensors of ONNX: raw, or number by number in the field of their type.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import type { Beside } from './container.js';
import { bytesText, damaged, refused } from './formatError.js';
import type { Field, Message, Protobuf } from './protobuf.js';
import { bytesOf, countOf, stridesOf } from './storedNumbers.js';
import type { NumberType, Stored } from './storedNumbers.js';

/** By ONNX' numbers of its types. */
const types: Readonly<Record<number, NumberType>> = {
  1: 'f4',
  2: 'u1',
  3: 'i1',
  4: 'u2',
  5: 'i2',
  6: 'i4',
  7: 'i8',
  9: 'bool',
  10: 'f2',
  11: 'f8',
  12: 'u4',
  13: 'u8',
  16: 'bf16',
};

/** By ONNX' number of it; undefined for one that is not read. */
export const numberType = (code: number): NumberType | undefined =>
  Object.hasOwn(types, code) ? types[code] : undefined;

export type OnnxTensor = { readonly name: string } & (
  { readonly stored: Stored; readonly refused?: undefined } | { readonly stored: null; readonly refused: Finding }
);

const numbers = {
  dims: 1,
  type: 2,
  floats: 4,
  int32s: 5,
  int64s: 7,
  name: 8,
  raw: 9,
  doubles: 10,
  uint64s: 11,
  external: 13,
  location: 14,
};

/** @throws FormatError */
export function readTensor(file: Protobuf, message: Message, beside: Beside): OnnxTensor {
  const fields = [...file.fields(message)];
  const all = (number: number): Field[] => fields.filter((field) => field.number === number);
  const last = (number: number): Field | undefined => all(number).at(-1);
  const nameField = last(numbers.name);
  const name = nameField === undefined ? '' : file.text(nameField);
  const part = cut(name, 80);
  const shape = all(numbers.dims).flatMap((field) => Array.from(file.integers(field), Number));
  const code = Number(last(numbers.type)?.value ?? 0n);
  const type = numberType(code);
  if (type === undefined) return { name, stored: null, refused: otherType(code) };
  const count = countOf(shape);
  const isOutside = Number(last(numbers.location)?.value ?? 0n) === 1;
  const bytes = isOutside ? outside(file, all(numbers.external), part, beside) : inside(file, type, all, last);
  if (count === null || count * bytesOf(type) !== bytes.length)
    throw damaged(
      t('numbers of shape {0}', describeShape(shape.slice(0, 8))),
      bytesText(bytes.length),
      message.from,
      part,
    );
  return { name, stored: { type, bytes, little: true, shape, offset: 0, strides: stridesOf(shape) } };
}

const otherType = (code: number): Finding => ({
  code: 'unsupported-feature',
  message: t('The tensor holds numbers of a type that is not read.'),
  expected: t('floating-point numbers, whole numbers or bool'),
  found: code === 8 ? t('texts') : t('the type {0}', code),
  advice: t('Export it as float32; a quantised network has to be dequantised first.'),
});

function inside(
  file: Protobuf,
  type: NumberType,
  all: (number: number) => Field[],
  last: (number: number) => Field | undefined,
): Uint8Array {
  const raw = last(numbers.raw);
  if (raw !== undefined) return file.bytes.subarray(raw.from, raw.to);
  // Numbers with a point stand in their bytes, packed or one by one.
  const plain = type === 'f4' ? all(numbers.floats) : type === 'f8' ? all(numbers.doubles) : null;
  if (plain !== null) {
    const [first, ...others] = plain;
    if (first === undefined) return new Uint8Array();
    if (others.length === 0) return file.bytes.subarray(first.from, first.to);
    return joined(plain.map(({ from, to }) => file.bytes.subarray(from, to)));
  }
  const field = type === 'i8' ? numbers.int64s : type === 'u4' || type === 'u8' ? numbers.uint64s : numbers.int32s;
  return integerBytes(file, type, all(field));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Whole numbers, and the bits of float16, as they would stand in raw bytes. */
function integerBytes(file: Protobuf, type: NumberType, fields: readonly Field[]): Uint8Array {
  const size = bytesOf(type);
  const most = fields.reduce((sum, { wire, from, to }) => sum + (wire === 'varint' ? 1 : to - from), 0);
  const bytes = new Uint8Array(most * size);
  const view = new DataView(bytes.buffer);
  let count = 0;
  for (const field of fields)
    for (const value of file.integers(field)) {
      const at = size * count++;
      if (size === 1) view.setUint8(at, Number(value & 0xffn));
      else if (size === 2) view.setUint16(at, Number(value & 0xffffn), true);
      else if (size === 4) view.setUint32(at, Number(value & 0xffff_ffffn), true);
      else view.setBigUint64(at, BigInt.asUintN(64, value), true);
    }
  return bytes.subarray(0, count * size);
}

/** `location`, `offset` and `length` of numbers in a file of their own. */
function outside(file: Protobuf, entries: readonly Field[], part: string, beside: Beside): Uint8Array {
  const told = new Map<string, string>();
  for (const entry of entries) {
    const fields = [...file.fields(entry)];
    const text = (number: number): string => {
      const field = fields.findLast((one) => one.number === number);
      return field === undefined ? '' : file.text(field);
    };
    told.set(text(1), text(2));
  }
  const location = told.get('location') ?? '';
  if (!isBeside(location))
    throw refused(
      t('The numbers stand in a file outside of the folder, which is never opened.'),
      t('a file beside this one'),
      cut(location, 60),
      t('Save the model in one file, in Python with onnx.save_model(model, path).'),
      part,
    );
  const content = beside(location);
  if (content === null)
    throw refused(
      t('The numbers stand in another file, which cannot be read.'),
      t('a file beside this one'),
      cut(location, 60),
      t('Put that file beside this one, or save the model in one file.'),
      part,
    );
  const number = (key: string, fallback: number): number => {
    const text = told.get(key);
    return text === undefined ? fallback : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  };
  const from = number('offset', 0);
  const length = number('length', content.length - from);
  if (!(from + length <= content.length) || length < 0)
    throw damaged(
      t('a range inside of {0} bytes', content.length),
      t('the range from {0} to {1}', from, from + length),
      null,
      part,
    );
  return content.subarray(from, from + length);
}

/** The name of a file in the same folder, and nothing that leads elsewhere. */
const isBeside = (location: string): boolean =>
  location !== '' && location.length <= 255 && !/[/\\:\0]/.test(location) && location !== '.' && location !== '..';
