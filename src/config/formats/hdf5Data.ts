// The numbers of a dataset of an HDF5 file: in one stretch, in its header, or in packed chunks.
import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import type { FoundTensor } from './container.js';
import { bytesText, damaged, refused } from './formatError.js';
import type { Hdf5Bytes } from './hdf5Bytes.js';
import { indexOf, treeOf } from './hdf5Chunks.js';
import type { Chunk, ChunkIndex } from './hdf5Chunks.js';
import { messages, newerForm } from './hdf5Objects.js';
import type { Message } from './hdf5Objects.js';
import { readSpace, readType } from './hdf5Types.js';
import { tooPrecise } from './npy.js';
import { countOf, inexactInteger, stridesOf } from './storedNumbers.js';
import { mostRatio, unpacked } from './unpack.js';

/** Where bytes of datasets stand, so that none belong to two of them; and how much all of them unpack to. */
export class Hdf5Places {
  readonly #ranges: { readonly from: number; readonly to: number; readonly part: string }[] = [];
  #packed = 0;
  #unpacked = 0;

  add(from: number, length: number, size: number, part: string): void {
    this.#ranges.push({ from, to: from + length, part });
    this.#packed += length;
    this.#unpacked += size;
    if (this.#unpacked > this.#packed * mostRatio)
      throw damaged(
        t('at most {0} times as many bytes as are stored', mostRatio),
        t('{0} bytes from {1}', this.#unpacked, this.#packed),
        from,
        part,
      );
  }

  /** @throws FormatError */
  check(): void {
    const ordered = this.#ranges.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from);
    let end = 0;
    for (const { from, to, part } of ordered) {
      if (from < end)
        throw damaged(t('tensors beside each other'), t('one that begins inside another one'), from, part);
      end = to;
    }
  }
}

const only = (header: readonly Message[], wanted: number): Message | null =>
  header.find(({ kind }) => kind === wanted) ?? null;

/** Whether an object holds numbers, and is no group. */
export const isDataset = (header: readonly Message[]): boolean => only(header, messages.layout) !== null;

type Block = {
  readonly part: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Of all numbers. */
  readonly bytes: number;
};

/** @throws FormatError */
export function readDataset(
  file: Hdf5Bytes,
  header: readonly Message[],
  name: string,
  places: Hdf5Places,
): FoundTensor {
  const part = cut(name, 80);
  const [space, type, layout] = [messages.space, messages.type, messages.layout].map((kind) => only(header, kind));
  if (!space || !type || !layout) throw damaged(t('a shape, a type and a place'), t('none'), null, part);
  if (only(header, messages.externalData) !== null)
    throw refused(
      t('The file leads to another file, which is never followed.'),
      t('everything in one file'),
      t('numbers in another file'),
      t('Save the model into one file again, in Python with model.save("model.keras").'),
      part,
    );
  if (space.shared || type.shared) return { name, stored: null, refused: otherType(t('a type with a name')) };
  const kind = readType(file, type.at);
  if (kind.kind !== 'numbers')
    return { name, stored: null, refused: otherType(kind.kind === 'other' ? kind.told : t('texts')) };
  const shape = readSpace(file, space.at);
  const count = countOf(shape);
  if (count === null)
    throw damaged(t('a shape that fits into the file'), describeShape(shape.slice(0, 8)), space.at, part);
  const block = { part, shape, size: kind.size, bytes: count * kind.size };
  const bytes = count === 0 ? new Uint8Array() : bytesOf(file, header, layout, block, places);
  const { type: number, little } = kind;
  const stored = { type: number, bytes, little, shape, offset: 0, strides: stridesOf(shape) };
  const inexact = inexactInteger(stored, file.tick);
  return inexact === null ? { name, stored } : { name, stored: null, refused: tooPrecise(inexact) };
}

const otherType = (found: string): Finding => ({
  code: 'unsupported-feature',
  message: t('The dataset holds no plain numbers.'),
  expected: t('floating-point numbers or whole numbers'),
  found,
  advice: t('Save it as float32.'),
});

function bytesOf(
  file: Hdf5Bytes,
  header: readonly Message[],
  { at }: Message,
  block: Block,
  places: Hdf5Places,
): Uint8Array {
  const version = file.u1(at);
  const form = file.u1(at + 1);
  if (version < 3 || version > 4 || form > 2)
    throw newerForm(t('numbers in the form {0} of version {1}', form, version));
  if (form === 2) return chunked(file, header, version === 3 ? treeOf(file, at) : indexOf(file, at), block, places);
  const from = form === 0 ? at + 4 : file.address(at + 2);
  const length = form === 0 ? file.u2(at + 2) : file.u8(at + 10);
  if (from === null || length < block.bytes)
    throw damaged(
      t('numbers of shape {0}', describeShape(block.shape)),
      from === null ? t('none') : bytesText(length),
      at,
      block.part,
    );
  places.add(from, block.bytes, block.bytes, block.part);
  return file.range(from, block.bytes);
}

/** Chunks of one size, each packed by itself, at its place in the whole. */
function chunked(
  file: Hdf5Bytes,
  header: readonly Message[],
  { at, sizes: declared, chunks: chunksOf }: ChunkIndex,
  block: Block,
  places: Hdf5Places,
): Uint8Array {
  const { part, shape, size } = block;
  const sizes = declared.slice(0, -1);
  const chunkBytes = sizes.reduce((product, length) => product * length, size);
  if (sizes.length !== shape.length || sizes.includes(0))
    throw damaged(t('chunks with as many axes as {0}', describeShape(shape)), describeShape(sizes), at, part);
  const wanted = shape.reduce((product, length, axis) => product * Math.ceil(length / sizes[axis]!), 1);
  const chunks = chunksOf(shape, chunkBytes);
  // The others would be what the file says of empty places; nobody has trained that.
  if (chunks.length < wanted)
    throw refused(
      t('Not all of the numbers were ever written.'),
      t('{0} chunks for the shape {1}', wanted, describeShape(shape)),
      String(chunks.length),
      t('Write all of them, and save the file again.'),
      part,
    );
  if (chunks.length > wanted)
    throw damaged(t('{0} chunks for the shape {1}', wanted, describeShape(shape)), String(chunks.length), at, part);
  const filters = filtersOf(file, header, part);
  for (const { at: from, length } of chunks) {
    file.need(from, length);
    places.add(from, length, chunkBytes, part);
  }
  const whole = new Uint8Array(block.bytes);
  const strides = stridesOf(shape);
  const known = new Set<number>();
  for (const chunk of chunks) {
    const { from } = chunk;
    const first = from.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
    const fits = from.every((index, axis) => index < shape[axis]! && Number.isInteger(index / sizes[axis]!));
    if (!fits || known.has(first))
      throw damaged(t('each chunk once, inside of {0}', describeShape(shape)), describeShape(from), chunk.at, part);
    known.add(first);
    copyInto(whole, unfiltered(file, chunk, chunkBytes, filters, size, part), { shape, sizes, from, size }, file.tick);
  }
  return whole;
}

const filterNames: Readonly<Record<number, string>> = {
  3: 'fletcher32',
  4: 'szip',
  5: 'nbit',
  6: 'scaleoffset',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32015: 'zstd',
};
const [deflate, shuffle] = [1, 2];
const mostFilters = 2;

/** In the order in which they were applied. */
function filtersOf(file: Hdf5Bytes, header: readonly Message[], part: string): number[] {
  const pipeline = only(header, messages.filters);
  if (pipeline === null) return [];
  const { at } = pipeline;
  const isOld = file.u1(at) === 1;
  const count = file.u1(at + 1);
  let next = at + (isOld ? 8 : 2);
  if (count > mostFilters) throw damaged(t('at most {0} filters', mostFilters), String(count), at, part);
  return Array.from({ length: count }, () => {
    const id = file.u2(next);
    const hasName = isOld || id >= 256;
    const nameBytes = hasName ? file.u2(next + 2) : 0;
    const values = file.u2(next + (hasName ? 6 : 4));
    next += (hasName ? 8 : 6) + (isOld ? 8 * Math.ceil(nameBytes / 8) : nameBytes) + 4 * values;
    if (isOld && values % 2 === 1) next += 4;
    if (id === deflate || id === shuffle) return id;
    throw refused(
      t('The numbers are packed in a way that is not read.'),
      t('gzip, shuffle, or numbers that are not packed'),
      filterNames[id] ?? t('the filter {0}', id),
      t('Save the model again with Keras, which packs nothing.'),
      part,
    );
  });
}

function unfiltered(
  file: Hdf5Bytes,
  { at, length, mask }: Chunk,
  chunkBytes: number,
  filters: readonly number[],
  size: number,
  part: string,
): Uint8Array {
  let bytes = file.bytes.subarray(at, at + length);
  for (const [i, filter] of [...filters.entries()].reverse()) {
    if ((mask & (1 << i)) !== 0) continue;
    const wrong = (found: string) => damaged(bytesText(chunkBytes), found, at, part);
    if (filter === shuffle) bytes = unshuffled(bytes, size, file.tick);
    else {
      const packed = bytes;
      bytes = unpacked(packed, chunkBytes, 'zlib', wrong, file.tick);
      if (adler32(bytes, file.tick) !== new DataView(packed.buffer, packed.byteOffset).getUint32(packed.length - 4))
        throw wrong(t('numbers with another checksum'));
    }
  }
  if (bytes.length !== chunkBytes) throw damaged(bytesText(chunkBytes), bytesText(bytes.length), at, part);
  return bytes;
}

const bytesPerTick = 65_536;

/** All first bytes, all second bytes …, back to whole numbers. */
function unshuffled(bytes: Uint8Array, size: number, tick: Tick): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const whole = bytes.slice();
  for (let i = 0; i < count; i++) {
    if (i % bytesPerTick === 0) tick();
    for (let k = 0; k < size; k++) whole[i * size + k] = bytes[k * count + i]!;
  }
  return whole;
}

/** RFC 1950. */
function adler32(bytes: Uint8Array, tick: Tick): number {
  let [a, b] = [1, 0];
  for (let i = 0; i < bytes.length; i++) {
    if (i % bytesPerTick === 0) tick();
    a = (a + bytes[i]!) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}

type Copied = {
  readonly shape: readonly number[];
  readonly sizes: readonly number[];
  readonly from: readonly number[];
  readonly size: number;
};

/** The part of a chunk that lies inside of the whole, row by row. */
function copyInto(whole: Uint8Array, chunk: Uint8Array, { shape, sizes, from, size }: Copied, tick: Tick): void {
  const last = shape.length - 1;
  const inside = shape.map((length, axis) => Math.min(sizes[axis]!, length - from[axis]!));
  const [strides, own] = [stridesOf(shape), stridesOf(sizes)];
  const rowBytes = (inside[last] ?? 1) * size;
  const rows = inside.slice(0, Math.max(last, 0)).reduce((product, length) => product * length, 1);
  for (let row = 0; row < rows; row++) {
    if (row % 1024 === 0) tick();
    let rest = row;
    let [target, source] = [(from[last] ?? 0) * (strides[last] ?? 0), 0];
    for (let axis = last - 1; axis >= 0; axis--) {
      const index = rest % inside[axis]!;
      rest = Math.floor(rest / inside[axis]!);
      target += (from[axis]! + index) * strides[axis]!;
      source += index * own[axis]!;
    }
    whole.set(chunk.subarray(source * size, source * size + rowBytes), target * size);
  }
}
