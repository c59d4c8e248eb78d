// What the numbers of an HDF5 file are, and in which shape they stand.
import { t } from '@vscode/l10n';
import { damaged } from './formatError.js';
import type { Hdf5Bytes } from './hdf5Bytes.js';
import type { NumberType } from './storedNumbers.js';

export type Hdf5Type =
  | { readonly kind: 'numbers'; readonly size: number; readonly type: NumberType; readonly little: boolean }
  | { readonly kind: 'text' | 'long text'; readonly size: number }
  /** `told`: what it is, for people. */
  | { readonly kind: 'other'; readonly size: number; readonly told: string };

const integers: Readonly<Record<string, NumberType>> = {
  s1: 'i1',
  s2: 'i2',
  s4: 'i4',
  s8: 'i8',
  u1: 'u1',
  u2: 'u2',
  u4: 'u4',
  u8: 'u8',
};

/** IEEE 754 numbers by their size, where exponent and fraction begin, and their bits. */
const floats: Readonly<Record<string, NumberType>> = {
  '2: 10 5 0 10': 'f2',
  '2: 7 8 0 7': 'bf16',
  '4: 23 8 0 23': 'f4',
  '8: 52 11 0 52': 'f8',
};

/** @throws FormatError where the file ends before it */
export function readType(file: Hdf5Bytes, at: number): Hdf5Type {
  const kind = file.u1(at) & 0x0f;
  const bits = file.u1(at + 1);
  const size = file.u4(at + 4);
  const little = (bits & 1) === 0;
  const other = (told: string): Hdf5Type => ({ kind: 'other', size, told });
  if (kind === 0) {
    const type = integers[`${(bits & 8) !== 0 ? 's' : 'u'}${size}`];
    const isWhole = file.u2(at + 8) === 0 && file.u2(at + 10) === 8 * size;
    return type !== undefined && isWhole ? { kind: 'numbers', size, type, little } : other(t('{0} bytes each', size));
  }
  if (kind === 1) {
    const form = [12, 13, 14, 15].map((field) => file.u1(at + field)).join(' ');
    const type = floats[`${size}: ${form}`];
    const isPlain = (bits & 0x40) === 0 && file.u1(at + 2) === 8 * size - 1 && file.u2(at + 8) === 0;
    return type !== undefined && isPlain ? { kind: 'numbers', size, type, little } : other(t('{0} bytes each', size));
  }
  if (kind === 3) return { kind: 'text', size };
  if (kind === 9 && (bits & 0x0f) === 1) return { kind: 'long text', size: 16 };
  return other(t('the type {0}', kind));
}

/** Sizes of the axes; none of a single value. An empty space is one of no numbers. */
export function readSpace(file: Hdf5Bytes, at: number): number[] {
  const version = file.u1(at);
  const rank = file.u1(at + 1);
  if (version < 1 || version > 2) throw damaged(t('a shape of version 1 or 2'), t('version {0}', version), at);
  if (version === 2 && file.u1(at + 3) === 2) return [0];
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, axis) => file.u8(start + 8 * axis));
}
