// Hugging Face's safetensors: a length, a JSON header with the place of every tensor, and the numbers.
// https://github.com/huggingface/safetensors#format
import { t } from '@vscode/l10n';
import { readDocument } from '../json/jsonDocument.js';
import { describeShape } from '../json/node.js';
import type { JsonNode } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { mostNotes, viewOf } from './container.js';
import type { Container, FileFormat, FoundTensor } from './container.js';
import { bytesText, damaged } from './formatError.js';
import { rangeOf, readRange, sizeOf } from './source.js';
import type { Bytes } from './source.js';
import { bytesOf, countOf, stridesOf } from './storedNumbers.js';
import type { NumberType } from './storedNumbers.js';

const types: Readonly<Record<string, NumberType>> = { F16: 'f2', BF16: 'bf16', F32: 'f4', F64: 'f8' };
/** Types that are known but hold no weights, with their bits. */
const otherBits: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  I32: 32,
  U32: 32,
  I64: 64,
  U64: 64,
  C64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
};

/** As the reference implementation has it. */
const longestHeader = 100_000_000;
const lengthBytes = 8;

type Place = { readonly tensor: FoundTensor; readonly from: number; readonly to: number };

function open(bytes: Bytes, tick: Tick): Container {
  const all = sizeOf(bytes);
  const length = Number(viewOf(readRange(bytes, 0, lengthBytes)).getBigUint64(0, true));
  const start = lengthBytes + length;
  if (length > longestHeader || start > all)
    throw damaged(t('a header of at most {0} bytes', Math.min(longestHeader, all - lengthBytes)), bytesText(length), 0);
  const header = readRange(bytes, lengthBytes, start);
  const { root, problems } = readDocument('', header, tick);
  const [problem] = problems;
  if (problem !== undefined) {
    const { code, expected, found, path } = problem;
    throw damaged(expected, found, lengthBytes, code === 'duplicate-key' ? path : '');
  }
  // A file of this format begins with a brace: what is read without a problem is an object.
  const { properties } = root as Extract<JsonNode, { kind: 'object' }>;
  const data = rangeOf(bytes, start, all);
  const places: Place[] = [];
  let notes: ReadonlyMap<string, number> = new Map();
  for (const [i, { key, value }] of properties.entries()) {
    if (i % 1024 === 0) tick();
    if (key === '__metadata__') notes = notesOf(value);
    else places.push(placeOf(key, value, data, start));
  }
  if (places.length === 0) throw damaged(t('at least one tensor'), t('none'), lengthBytes);
  checkCover(places, start, sizeOf(data));
  return { tensors: places.map(({ tensor }) => tensor), isOne: false, notes };
}

/** The format keeps texts there; those that are numbers count. */
function notesOf(metadata: JsonNode): ReadonlyMap<string, number> {
  const properties = metadata.kind === 'object' ? metadata.properties.slice(0, mostNotes) : [];
  return new Map(
    properties.flatMap(({ key, value }) =>
      value.kind === 'string' && value.value.trim() !== '' && Number.isFinite(Number(value.value))
        ? [[key, Number(value.value)] as const]
        : [],
    ),
  );
}

const wholeNumbers = (node: JsonNode | undefined): readonly number[] | null =>
  node?.kind === 'tensor' && node.shape.length === 1 && node.data.every((x) => Number.isSafeInteger(x) && x >= 0)
    ? [...node.data]
    : null;

function placeOf(name: string, entry: JsonNode, data: Bytes, start: number): Place {
  const part = cut(name, 80);
  const get = (key: string): JsonNode | undefined =>
    entry.kind === 'object' ? entry.properties.findLast((property) => property.key === key)?.value : undefined;
  const dtype = get('dtype');
  const shape = wholeNumbers(get('shape'));
  const [from, to, ...more] = wholeNumbers(get('data_offsets')) ?? [];
  if (dtype?.kind !== 'string' || shape === null || from === undefined || to === undefined || more.length > 0)
    throw damaged(t('dtype, shape and data_offsets'), t('an entry without them'), lengthBytes, part);
  const type = Object.hasOwn(types, dtype.value) ? types[dtype.value] : undefined;
  const bits = type === undefined ? otherBits[dtype.value] : bytesOf(type) * 8;
  const count = countOf(shape);
  if (to < from || to > sizeOf(data))
    throw damaged(
      t('a range inside of {0} bytes', sizeOf(data)),
      t('the range from {0} to {1}', from, to),
      start,
      part,
    );
  if (count === null || (bits !== undefined && (count * bits) / 8 !== to - from))
    throw damaged(
      t('{0} numbers of the shape {1}', dtype.value, describeShape(shape.slice(0, 8))),
      bytesText(to - from),
      start + from,
      part,
    );
  const tensor: FoundTensor =
    type === undefined
      ? { name, stored: null, refused: otherType(cut(dtype.value, 20)) }
      : {
          name,
          stored: {
            type,
            bytes: rangeOf(data, from, to),
            little: true,
            shape,
            offset: 0,
            strides: stridesOf(shape),
          },
        };
  return { tensor, from, to };
}

const otherType = (dtype: string): Finding => ({
  code: 'unsupported-feature',
  message: t('The tensor holds {0}, which are no floating-point numbers of a network.', dtype),
  expected: 'F16, BF16, F32, F64',
  found: dtype,
  advice: t('Save it as float32, in Python with tensor.float(); a quantised network has to be dequantised first.'),
});

/**
 * Tensors stand one behind the other from the header to the end of the file, as the reference implementation wants it.
 * Two over the same bytes are an attack or a mistake (tied tensors are stored under one name). Bytes of no tensor are
 * left of a file that was written over, or of a header that was changed; an empty tensor may stand anywhere.
 */
function checkCover(places: readonly Place[], start: number, size: number): void {
  const whole = t('tensors one behind the other, from the header to the end of the file');
  const ordered = places.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from);
  let end = 0;
  for (const { tensor, from, to } of ordered) {
    const part = cut(tensor.name, 80);
    if (from < end)
      throw damaged(t('tensors beside each other'), t('one that begins inside another one'), start + from, part);
    if (from > end)
      throw damaged(whole, t('{0} before it that belong to none', bytesText(from - end)), start + end, part);
    end = to;
  }
  if (end < size) throw damaged(whole, t('{0} behind the last one', bytesText(size - end)), start + end);
}

/** The header's length in eight bytes, and a brace. No text has two zero bytes side by side. */
const match = (bytes: Uint8Array): boolean =>
  bytes[lengthBytes] === 0x7b && bytes.subarray(0, lengthBytes).some((byte, i) => byte === 0 && bytes[i + 1] === 0);

export const safetensors: FileFormat = { name: () => t('a safetensors file'), match, inRanges: true, open };
