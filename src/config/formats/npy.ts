// NumPy's .npy, versions 1 to 3: a magic number, a header that is a Python dict, and the numbers.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { beginsWith, viewOf } from './container.js';
import type { FileFormat, FoundTensor } from './container.js';
import { bytesText, damaged, FormatError, refused } from './formatError.js';
import { areHere, rangeOf, readRange, sizeOf } from './source.js';
import type { Bytes } from './source.js';
import { bytesOf, countOf, inexactInteger, stridesOf } from './storedNumbers.js';
import type { NumberType } from './storedNumbers.js';

const types: Readonly<Record<string, NumberType>> = {
  f2: 'f2',
  f4: 'f4',
  f8: 'f8',
  i1: 'i1',
  i2: 'i2',
  i4: 'i4',
  i8: 'i8',
  u1: 'u1',
  u2: 'u2',
  u4: 'u4',
  u8: 'u8',
  b1: 'bool',
};

/** Headers that NumPy writes have about 100 bytes; those of structured types are longer. */
const longestHeader = 65_536;
/** What stands before the header in any version. */
const longestPreamble = 12;

type TypeOfNumbers = { readonly type: NumberType; readonly little: boolean };

/** What a dtype such as `<f4` says, or why it is none of plain numbers. */
export function typeOrRefusal(descr: string, part: string): TypeOfNumbers | FormatError {
  const [, order = '', code = ''] = /^([<>|=]?)([a-zA-Z]\d*)$/.exec(descr) ?? [];
  const type = Object.hasOwn(types, code) ? types[code] : undefined;
  if (type !== undefined && !(bytesOf(type) > 1 && order === '|')) return { type, little: order !== '>' };
  if (code.startsWith('O'))
    return refused(
      t('The array holds Python objects, which are never loaded.'),
      t('numbers'),
      t('the type {0}', cut(descr, 40)),
      t('Save an array of numbers; lists of different lengths go into an .npz with one array each.'),
      part,
    );
  return notNumbers(descr, part);
}

/** The same of an array that has to be read. @throws FormatError */
function numberType(descr: string, part: string): TypeOfNumbers {
  const told = typeOrRefusal(descr, part);
  if (told instanceof FormatError) throw told;
  return told;
}

const notNumbers = (descr: string, part: string): FormatError =>
  refused(
    t('The array does not hold plain numbers.'),
    t('floating-point numbers, whole numbers or bool'),
    t('the type {0}', cut(descr, 40)),
    t('Save it as numbers, in Python with np.save(file, array.astype("float32")).'),
    part,
  );

/** A list of the header up to the bracket that closes it, such as the fields of a structured type. */
function listAt(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '[') depth++;
    else if (character === ']' && --depth === 0) return text.slice(0, at + 1);
  }
  return text;
}

type Header = { readonly descr: string; readonly columnMajor: boolean; readonly shape: readonly number[] };

/** The three keys in any order; every value has one form, so nothing has to be evaluated. */
function parseHeader(text: string, at: number, part: string): Header {
  let rest = text;
  const take = (pattern: RegExp): string | null => {
    const found = pattern.exec(rest);
    if (found === null) return null;
    rest = rest.slice(found[0].length);
    return found[1] ?? found[2] ?? '';
  };
  const wrong = (): FormatError =>
    damaged(
      t('a header such as {0}', "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"),
      cut(rest.trim(), 60),
      at + text.length - rest.length,
      part,
    );
  let descr: string | null = null;
  let order: string | null = null;
  let shape: readonly number[] | null = null;
  if (take(/^\s*\{\s*/) === null) throw wrong();
  while (take(/^\s*\}\s*$/) === null) {
    const key = take(/^\s*'(descr|fortran_order|shape)'\s*:\s*/);
    if (key === 'descr' && descr === null) {
      if (rest.startsWith('[')) throw notNumbers(listAt(rest), part);
      descr = take(/^(?:'([^'\\\n]{1,40})'|"([^"\\\n]{1,40})")/);
    } else if (key === 'fortran_order' && order === null) order = take(/^(True|False)/);
    else if (key === 'shape' && shape === null) {
      const inner = take(/^\(([\d,\sL]*)\)/);
      if (inner === null) throw wrong();
      const sizes = inner.split(',').map((size) => size.trim());
      if (sizes.at(-1) === '') sizes.pop();
      if (!sizes.every((size) => /^\d+L?$/.test(size))) throw wrong();
      shape = sizes.map((size) => Number(size.replace('L', '')));
    } else throw wrong();
    take(/^\s*(,)/);
    if ((key === 'descr' ? descr : key === 'fortran_order' ? order : shape) === null) throw wrong();
  }
  if (descr === null || order === null || shape === null) throw wrong();
  return { descr, columnMajor: order === 'True', shape };
}

const isNpy = (bytes: Uint8Array): boolean => beginsWith(bytes, 0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/**
 * The array of a whole .npy; `name` is what it is called inside an archive. `header`: the same bytes where reading them
 * checks nothing yet. @throws FormatError
 */
export function readNpy(bytes: Bytes, name: string, tick: Tick, header: Bytes = bytes): FoundTensor {
  const all = sizeOf(bytes);
  const head = readRange(header, 0, Math.min(longestPreamble, all));
  const version = head[6] ?? 0;
  const wide = version >= 2;
  const start = wide ? 12 : 10;
  if (!isNpy(head) || version < 1 || version > 3)
    throw damaged(t('the .npy format, version 1 to 3'), t('version {0}', version), 0, name);
  if (all < start) throw damaged(t('a header'), t('the end of the file'), all, name);
  const length = wide ? viewOf(head).getUint32(8, true) : viewOf(head).getUint16(8, true);
  if (length > longestHeader || start + length > all)
    throw damaged(t('a header of at most {0} bytes', Math.min(longestHeader, all - start)), bytesText(length), 8, name);
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(readRange(header, start, start + length));
  const { descr, columnMajor, shape } = parseHeader(text, start, name);
  const { type, little } = numberType(descr, name);
  const data = rangeOf(bytes, start + length, all);
  const count = countOf(shape);
  if (count === null || count * bytesOf(type) > sizeOf(data))
    throw damaged(
      t('numbers of shape {0}', `[${shape.slice(0, 8).join(', ')}]`),
      bytesText(sizeOf(data)),
      start + length,
      name,
    );
  const stored = { type, bytes: data, little, shape, offset: 0, strides: stridesOf(shape, columnMajor) };
  const inexact = areHere(data) ? inexactInteger(stored, tick) : null;
  return inexact === null ? { name, stored } : { name, stored: null, refused: tooPrecise(inexact) };
}

/** A whole number between two float64. */
export const tooPrecise = (found: string) => ({
  code: 'unsupported-feature' as const,
  message: t('A whole number is too large to be kept exactly.'),
  expected: t('whole numbers up to 2^53'),
  found,
  advice: t('Save smaller numbers, or floating-point ones.'),
});

export const npy: FileFormat = {
  name: () => t('a NumPy .npy file'),
  match: isNpy,
  inRanges: true,
  open: (bytes, tick) => ({ tensors: [readNpy(bytes, '', tick)], isOne: true }),
};
