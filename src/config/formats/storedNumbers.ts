// Numbers as files store them, and how they become float64 without losing anything.
import type { Tick } from '../json/scanner.js';
import { areHere, readRange, settle } from './source.js';
import type { Bytes } from './source.js';

export type NumberType = 'f2' | 'bf16' | 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'bool';

type Kind = { readonly bytes: 1 | 2 | 4 | 8; readonly at: (view: DataView, offset: number, little: boolean) => number };

/** IEEE 754 binary16; each is a float64 exactly. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const scratch = new DataView(new ArrayBuffer(4));
/** The upper half of a float32. */
function brain(bits: number): number {
  scratch.setUint16(0, bits);
  return scratch.getFloat32(0);
}

const kinds: Readonly<Record<NumberType, Kind>> = {
  f2: { bytes: 2, at: (view, offset, little) => half(view.getUint16(offset, little)) },
  bf16: { bytes: 2, at: (view, offset, little) => brain(view.getUint16(offset, little)) },
  f4: { bytes: 4, at: (view, offset, little) => view.getFloat32(offset, little) },
  f8: { bytes: 8, at: (view, offset, little) => view.getFloat64(offset, little) },
  i1: { bytes: 1, at: (view, offset) => view.getInt8(offset) },
  i2: { bytes: 2, at: (view, offset, little) => view.getInt16(offset, little) },
  i4: { bytes: 4, at: (view, offset, little) => view.getInt32(offset, little) },
  i8: { bytes: 8, at: (view, offset, little) => Number(view.getBigInt64(offset, little)) },
  u1: { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  u2: { bytes: 2, at: (view, offset, little) => view.getUint16(offset, little) },
  u4: { bytes: 4, at: (view, offset, little) => view.getUint32(offset, little) },
  u8: { bytes: 8, at: (view, offset, little) => Number(view.getBigUint64(offset, little)) },
  bool: { bytes: 1, at: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1) },
};

export const bytesOf = (type: NumberType): number => kinds[type].bytes;

/** Where the numbers of one tensor stand. Steps count numbers, not bytes; `bytes` holds all that they reach. */
export type Stored = {
  readonly type: NumberType;
  readonly bytes: Bytes;
  readonly little: boolean;
  readonly shape: readonly number[];
  readonly offset: number;
  /** Of each axis, from one element to the next. */
  readonly strides: readonly number[];
};

/** Strides of a row-major (C) or column-major (Fortran) block. */
export function stridesOf(shape: readonly number[], columnMajor = false): number[] {
  const strides = shape.map(() => 1);
  let size = 1;
  const axes = columnMajor ? [...shape.keys()] : [...shape.keys()].reverse();
  for (const axis of axes) {
    strides[axis] = size;
    size *= shape[axis]!;
  }
  return strides;
}

/** How many numbers a shape has; null for one that is no shape, or beyond what an array can hold. */
export function countOf(shape: readonly number[]): number | null {
  if (shape.length > mostAxes || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return null;
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  return count <= mostNumbers ? count : null;
}

const mostAxes = 32;
/** No engine of JavaScript has longer typed arrays everywhere. */
const mostNumbers = 2 ** 32;

const numbersPerTick = 65_536;

/** Whether the numbers stand in the file in the order in which they are wanted. */
export function isRowMajor({ shape, strides }: Stored): boolean {
  const wanted = stridesOf(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === wanted[axis]);
}

/** The last number that a tensor reaches; it has at least one. */
const lastOf = ({ shape, offset, strides }: Stored): number =>
  shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);

/** Bytes of memory that all numbers at once take, with what is read for them. */
export function heldBytes(stored: Stored): number {
  const count = countOf(stored.shape)!;
  const isReadWhole = count > 0 && !isRowMajor(stored) && !areHere(stored.bytes);
  return 8 * count + (isReadWhole ? (lastOf(stored) + 1 - stored.offset) * bytesOf(stored.type) : 0);
}

/** From number `from` to before number `to`, in pieces: a tensor that is half of the file is never held twice. */
function* piecesOf(
  { type, bytes }: Stored,
  from: number,
  to: number,
  tick: Tick,
): Generator<readonly [number, DataView]> {
  const size = bytesOf(type);
  for (let first = from; first < to; first += numbersPerTick) {
    tick();
    const piece = readRange(bytes, first * size, Math.min(first + numbersPerTick, to) * size);
    yield [first, new DataView(piece.buffer, piece.byteOffset, piece.byteLength)];
  }
}

/** All numbers, row-major. @throws FormatError where they are on a disk and cannot be read */
export function numbersOf(stored: Stored, tick: Tick): Float64Array {
  const { type, bytes, little, shape, offset } = stored;
  const count = countOf(shape)!;
  const data = new Float64Array(count);
  if (count === 0) return data;
  const { at, bytes: size } = kinds[type];
  if (isRowMajor(stored)) {
    for (const [first, view] of piecesOf(stored, offset, offset + count, tick)) {
      const numbers = view.byteLength / size;
      for (let i = 0; i < numbers; i++) data[first - offset + i] = at(view, i * size, little);
    }
    settle(bytes);
    return data;
  }
  const reached = readRange(bytes, offset * size, (lastOf(stored) + 1) * size);
  const view = new DataView(reached.buffer, reached.byteOffset, reached.byteLength);
  eachPlace(stored, tick, (i, place) => {
    data[i] = at(view, (place - offset) * size, little);
  });
  settle(bytes);
  return data;
}

/** Where each number stands, row-major, in numbers; there is at least one. */
export function eachPlace(
  { shape, offset, strides }: Pick<Stored, 'shape' | 'offset' | 'strides'>,
  tick: Tick,
  visit: (i: number, place: number) => void,
): void {
  const count = countOf(shape)!;
  const indices = shape.map(() => 0);
  let place = offset;
  for (let i = 0; i < count; i++) {
    if (i % numbersPerTick === 0) tick();
    visit(i, place);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = indices[axis]! + 1;
      const stride = strides[axis]!;
      if (next < shape[axis]!) {
        indices[axis] = next;
        place += stride;
        break;
      }
      indices[axis] = 0;
      place -= stride * (next - 1);
    }
  }
}

/**
 * The same numbers, some at a time, in one array that is filled again and again. `wrong` is told of a whole number that
 * no float64 holds exactly, before it is given. @throws FormatError
 */
export function* numbersInPieces(
  stored: Stored,
  tick: Tick,
  wrong: (inexact: string) => void,
): Generator<Float64Array> {
  const { type, little, offset, shape } = stored;
  const count = countOf(shape)!;
  if (count === 0) return;
  if (!isRowMajor(stored)) {
    const inexact = inexactInteger(stored, tick);
    if (inexact !== null) wrong(inexact);
    yield numbersOf(stored, tick);
    return;
  }
  const { at, bytes: size } = kinds[type];
  const piece = new Float64Array(Math.min(count, numbersPerTick));
  for (const [, view] of piecesOf(stored, offset, offset + count, tick)) {
    const inexact = inexactIn(view, stored);
    if (inexact !== null) wrong(inexact);
    const numbers = view.byteLength / size;
    for (let i = 0; i < numbers; i++) piece[i] = at(view, i * size, little);
    yield piece.subarray(0, numbers);
  }
  settle(stored.bytes);
}

/** The first whole number that no float64 holds exactly, as text; null where there is none. */
export function inexactInteger(stored: Stored, tick: Tick): string | null {
  const { type, offset, shape } = stored;
  if ((type !== 'i8' && type !== 'u8') || countOf(shape) === 0) return null;
  for (const [, view] of piecesOf(stored, offset, lastOf(stored) + 1, tick)) {
    const inexact = inexactIn(view, stored);
    if (inexact !== null) return inexact;
  }
  return null;
}

function inexactIn(view: DataView, { type, little }: Stored): string | null {
  if (type !== 'i8' && type !== 'u8') return null;
  for (let place = 0; place < view.byteLength; place += 8) {
    const x = type === 'i8' ? view.getBigInt64(place, little) : view.getBigUint64(place, little);
    if (BigInt(Number(x)) !== x) return String(x);
  }
  return null;
}

/** As people call it. */
export function typeName(type: NumberType): string {
  const bits = kinds[type].bytes * 8;
  if (type === 'bool') return 'bool';
  if (type === 'bf16') return 'bfloat16';
  return type.startsWith('f') ? `float${bits}` : type.startsWith('i') ? `int${bits}` : `uint${bits}`;
}
