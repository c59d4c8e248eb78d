// Objects of an HDF5 file: the messages of their headers, what a group leads to, and the texts of attributes.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import { damaged, refused } from './formatError.js';
import type { FormatError } from './formatError.js';
import type { Hdf5Bytes } from './hdf5Bytes.js';
import { readSpace, readType } from './hdf5Types.js';

export const messages = {
  space: 0x01,
  linkInfo: 0x02,
  type: 0x03,
  link: 0x06,
  externalData: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** `shared`: it stands in another object, of which `at` only says which. */
export type Message = {
  readonly kind: number;
  readonly at: number;
  readonly length: number;
  readonly shared: boolean;
};

type Block = { readonly at: number; readonly length: number };

/** The messages of an object header, those of its continuations behind them. @throws FormatError */
export function readHeader(file: Hdf5Bytes, at: number): Message[] {
  const isOld = file.u1(at) === 1;
  if (!isOld) file.expect(at, 'OHDR');
  const version = isOld ? 1 : file.u1(at + 4);
  if (version > 2) throw damaged(t('an object of version 1 or 2'), t('version {0}', version), at);
  const flags = isOld ? 0 : file.u1(at + 5);
  const found: Message[] = [];
  const first = isOld ? { at: at + 16, length: file.u4(at + 8) } : firstBlock(file, at, flags);
  const blocks: Block[] = [first];
  const known = new Set<number>();
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    if (known.has(block.at)) throw damaged(t('parts beside each other'), t('one that leads to itself'), block.at);
    known.add(block.at);
    const head = isOld ? 8 : (flags & 4) !== 0 ? 6 : 4;
    const end = block.at + block.length;
    for (let next = block.at; next + head <= end;) {
      const kind = isOld ? file.u2(next) : file.u1(next);
      const length = file.u2(next + (isOld ? 2 : 1));
      const shared = (file.u1(next + (isOld ? 4 : 3)) & 2) !== 0;
      const message = { kind, at: next + head, length, shared };
      next = message.at + length;
      if (next > end) throw damaged(t('a part of {0} bytes', end - message.at), String(length), message.at);
      if (kind !== messages.continuation) found.push(message);
      else blocks.push(continuation(file, message, isOld));
    }
  }
  return found;
}

function firstBlock(file: Hdf5Bytes, at: number, flags: number): Block {
  const size = 1 << (flags & 3);
  const start = at + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0);
  return { at: start + size, length: file.sized(start, size) };
}

function continuation(file: Hdf5Bytes, { at }: Message, isOld: boolean): Block {
  const start = file.address(at);
  const length = file.u8(at + 8);
  if (start === null) throw damaged(t('a place in the file'), t('none'), at);
  if (isOld) return { at: start, length };
  file.expect(start, 'OCHK');
  return { at: start + 4, length: length - 8 };
}

/** A name in a group, and the object that it stands for. */
export type Link = { readonly name: string; readonly at: number };

/** Null for what is no group. @throws FormatError */
export function linksOf(file: Hdf5Bytes, header: readonly Message[]): Link[] | null {
  const table = header.find(({ kind }) => kind === messages.symbolTable);
  if (table !== undefined) return symbols(file, table.at);
  const info = header.find(({ kind }) => kind === messages.linkInfo);
  if (info === undefined) return null;
  const heap = file.address(info.at + 2 + ((file.u1(info.at + 1) & 1) !== 0 ? 8 : 0));
  if (heap !== null) throw newerForm(t('names in a heap'));
  return header.flatMap((message) => (message.kind === messages.link ? linkIn(file, message) : []));
}

export const newerForm = (found: string): FormatError =>
  refused(
    t('The file is written in a form of HDF5 that Keras does not write, and that is not read.'),
    t('the form that h5py writes when it is asked for nothing else'),
    found,
    t('Write it again, in Python with h5py.File(path, "w") and without libver="latest".'),
  );

const leadsOut = (name: string): FormatError =>
  refused(
    t('The file leads to another file, which is never followed.'),
    t('everything in one file'),
    t('the link {0}', cut(name, 60)),
    t('Save the model into one file again, in Python with model.save("model.keras").'),
  );

function linkIn(file: Hdf5Bytes, { at }: Message): Link[] {
  const flags = file.u1(at + 1);
  let next = at + 2;
  const kind = (flags & 8) !== 0 ? file.u1(next++) : 0;
  if ((flags & 4) !== 0) next += 8;
  if ((flags & 0x10) !== 0) next += 1;
  const size = 1 << (flags & 3);
  const length = file.sized(next, size);
  const name = file.text(next + size, length);
  if (kind === 64) throw leadsOut(name);
  // A soft link is a second name of what has one.
  const target = kind === 0 ? file.address(next + size + length) : null;
  return target === null ? [] : [{ name, at: target }];
}

/** Groups of the older form: a tree whose leaves list names, which stand in a heap. */
function symbols(file: Hdf5Bytes, at: number): Link[] {
  const [tree, heap] = [file.address(at), file.address(at + 8)];
  if (tree === null || heap === null) return [];
  file.expect(heap, 'HEAP');
  const size = file.u8(heap + 8);
  const names = file.address(heap + 24);
  if (names === null) return [];
  const end = Math.min(names + size, file.bytes.length);
  const links: Link[] = [];
  const isLeaf = (node: number): boolean => {
    const isTable = file.text(node, 4) === 'SNOD';
    if (!isTable) file.expect(node, 'TREE');
    return isTable;
  };
  walkTree(file, tree, 0, 8, isLeaf, (leaf) => {
    file.expect(leaf, 'SNOD');
    const count = file.u2(leaf + 6);
    for (let i = 0; i < count; i++) {
      const entry = leaf + 8 + 40 * i;
      const name = file.name(names + file.u8(entry), end);
      // Cache type 2 is a soft link, which has no object of its own. A link to another file is a user-defined one of
      // the newer form.
      const target = file.u4(entry + 16) === 2 ? null : file.address(entry + 8);
      if (target !== null) links.push({ name, at: target });
    }
  });
  return links;
}

/** Every child of the lowest nodes of a tree of version 1; `key`: where it stands. */
export function walkTree(
  file: Hdf5Bytes,
  root: number,
  kind: number,
  keyBytes: number,
  isLeaf: (at: number) => boolean,
  visit: (at: number, key: number) => void,
): void {
  const known = new Set<number>();
  const nodes = [root];
  for (let node = nodes.shift(); node !== undefined; node = nodes.shift()) {
    if (known.has(node)) throw damaged(t('parts beside each other'), t('one that leads to itself'), node);
    known.add(node);
    file.expect(node, 'TREE');
    if (file.u1(node + 4) !== kind) throw damaged(t('a tree of kind {0}', kind), String(file.u1(node + 4)), node);
    const level = file.u1(node + 5);
    const count = file.u2(node + 6);
    for (let i = 0; i < count; i++) {
      const key = node + 24 + i * (keyBytes + 8);
      const child = file.address(key + keyBytes);
      if (child === null) continue;
      if (level === 0 || isLeaf(child)) visit(child, key);
      else nodes.push(child);
    }
  }
}

/** The texts of an attribute, one or a list; null where there is no such attribute of texts. @throws FormatError */
export function attributeTexts(file: Hdf5Bytes, header: readonly Message[], wanted: string): string[] | null {
  for (const { kind, at, shared } of header) {
    if (kind === messages.attributeInfo) {
      const heap = file.address(at + 2 + ((file.u1(at + 1) & 1) !== 0 ? 2 : 0));
      if (heap !== null) throw newerForm(t('attributes in a heap'));
    }
    if (kind !== messages.attribute || shared) continue;
    const version = file.u1(at);
    const [nameBytes, typeBytes, spaceBytes] = [file.u2(at + 2), file.u2(at + 4), file.u2(at + 6)];
    const padded = (length: number): number => (version === 1 ? 8 * Math.ceil(length / 8) : length);
    const nameAt = at + (version === 3 ? 9 : 8);
    if (file.name(nameAt, nameAt + nameBytes) !== wanted) continue;
    if (version > 1 && (file.u1(at + 1) & 3) !== 0) return null;
    const typeAt = nameAt + padded(nameBytes);
    const spaceAt = typeAt + padded(typeBytes);
    const { kind: type, size } = readType(file, typeAt);
    const count = readSpace(file, spaceAt).reduce((product, length) => product * length, 1);
    const dataAt = spaceAt + padded(spaceBytes);
    if ((type !== 'text' && type !== 'long text') || size === 0) return null;
    file.need(dataAt, count * size);
    return Array.from({ length: count }, (_, i) =>
      type === 'text' ? fixedText(file, dataAt + i * size, size) : heapText(file, dataAt + i * size),
    );
  }
  return null;
}

/** Padded with zeros or spaces. */
function fixedText(file: Hdf5Bytes, at: number, size: number): string {
  const text = file.text(at, size);
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\0' || text[end - 1] === ' ')) end--;
  return text.slice(0, end);
}

/** A text in a collection of the global heap: its length, the collection, and its number there. */
function heapText(file: Hdf5Bytes, at: number): string {
  const length = file.u4(at);
  const collection = file.address(at + 4);
  const wanted = file.u4(at + 12);
  if (length === 0 || collection === null) return '';
  const object = collectionAt(file, collection).get(wanted);
  if (object === undefined) throw damaged(t('the text {0}', wanted), t('none'), collection);
  return file.text(object.at, Math.min(length, object.length));
}

function collectionAt(
  file: Hdf5Bytes,
  at: number,
): ReadonlyMap<number, { readonly at: number; readonly length: number }> {
  const known = file.collections.get(at);
  if (known !== undefined) return known;
  file.expect(at, 'GCOL');
  const end = at + file.u8(at + 8);
  const objects = new Map<number, { readonly at: number; readonly length: number }>();
  for (let next = at + 16; next + 16 <= end;) {
    const index = file.u2(next);
    const length = file.u8(next + 8);
    if (index === 0) break;
    objects.set(index, { at: next + 16, length });
    next += 16 + 8 * Math.ceil(length / 8);
  }
  file.collections.set(at, objects);
  return objects;
}
