// Where the chunks of a dataset stand: in a tree, or in one of the simpler indices of the newer form of HDF5.
import { t } from '@vscode/l10n';
import { damaged } from './formatError.js';
import type { Hdf5Bytes } from './hdf5Bytes.js';
import { newerForm, walkTree } from './hdf5Objects.js';

/** `from`: the first index on each axis; `mask`: the filters that were left out. */
export type Chunk = {
  readonly at: number;
  readonly length: number;
  readonly mask: number;
  readonly from: readonly number[];
};

export type ChunkIndex = {
  /** Where the layout stands. */
  readonly at: number;
  /** Of a chunk on each axis, and the bytes of a number. */
  readonly sizes: readonly number[];
  /** All that are stored; `chunkBytes` is what each unpacks to. */
  readonly chunks: (shape: readonly number[], chunkBytes: number) => Chunk[];
};

/** Layout 3: a tree of version 1. */
export function treeOf(file: Hdf5Bytes, at: number): ChunkIndex {
  const axes = file.u1(at + 2);
  const tree = file.address(at + 3);
  const sizes = Array.from({ length: axes }, (_, axis) => file.u4(at + 11 + 4 * axis));
  const chunks = (): Chunk[] => {
    const found: Chunk[] = [];
    const isLeaf = (): boolean => false;
    if (tree !== null)
      walkTree(file, tree, 1, 8 + 8 * axes, isLeaf, (start, key) => {
        const from = Array.from({ length: axes - 1 }, (_, axis) => file.u8(key + 8 + 8 * axis));
        found.push({ at: start, length: file.u4(key), mask: file.u4(key + 4), from });
      });
    return found;
  };
  return { at, sizes, chunks };
}

const singleChunk = 1;
const fixedArray = 3;

/** Layout 4. */
export function indexOf(file: Hdf5Bytes, at: number): ChunkIndex {
  const flags = file.u1(at + 2);
  const axes = file.u1(at + 3);
  const width = file.u1(at + 4);
  if (width < 1 || width > 8) throw damaged(t('sizes of 1 to 8 bytes'), String(width), at + 4);
  const sizes = Array.from({ length: axes }, (_, axis) => file.sized(at + 5 + width * axis, width));
  const next = at + 5 + width * axes;
  const kind = file.u1(next);
  if (kind === singleChunk) return { at, sizes, chunks: single(file, next + 1, flags, axes) };
  if (kind === fixedArray) return { at, sizes, chunks: listed(file, next + 2, sizes.slice(0, -1)) };
  throw newerForm(t('chunks in the index {0}', kind));
}

const single =
  (file: Hdf5Bytes, at: number, flags: number, axes: number): ChunkIndex['chunks'] =>
  (_, chunkBytes) => {
    const isPacked = (flags & 2) !== 0;
    const start = file.address(isPacked ? at + 12 : at);
    const from = new Array<number>(Math.max(axes - 1, 0)).fill(0);
    const length = isPacked ? file.u8(at) : chunkBytes;
    return start === null ? [] : [{ at: start, length, mask: isPacked ? file.u4(at + 8) : 0, from }];
  };

/** One entry for each chunk, row by row. */
const listed =
  (file: Hdf5Bytes, at: number, sizes: readonly number[]): ChunkIndex['chunks'] =>
  (shape, chunkBytes) => {
    const header = file.address(at);
    if (header === null) return [];
    file.expect(header, 'FAHD');
    const isPacked = file.u1(header + 5) === 1;
    const entryBytes = file.u1(header + 6);
    const count = file.u8(header + 8);
    if (count > 2 ** file.u1(header + 7)) throw newerForm(t('{0} chunks in pages', count));
    const block = file.address(header + 16);
    if (block === null) return [];
    file.expect(block, 'FADB');
    const lengthBytes = isPacked ? entryBytes - 12 : 0;
    if (entryBytes !== 8 && (lengthBytes < 1 || lengthBytes > 8))
      throw damaged(t('entries of a place and a length'), String(entryBytes), header);
    const grid = shape.map((length, axis) => Math.ceil(length / sizes[axis]!));
    const found: Chunk[] = [];
    for (let i = 0; i < count; i++) {
      const entry = block + 14 + i * entryBytes;
      const start = file.address(entry);
      const from: number[] = [];
      for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
        from.unshift((rest % grid[axis]!) * sizes[axis]!);
        rest = Math.floor(rest / grid[axis]!);
      }
      const length = isPacked ? file.sized(entry + 8, lengthBytes) : chunkBytes;
      const mask = isPacked ? file.u4(entry + 8 + lengthBytes) : 0;
      if (start !== null) found.push({ at: start, length, mask, from });
    }
    return found;
  };
