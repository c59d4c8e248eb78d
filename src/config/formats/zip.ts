// ZIP archives by their central directory. Nothing is trusted: an archive that says two things about itself, or claims
// more than it can hold, is refused before any of it is unpacked.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { viewOf } from './container.js';
import { crc32 } from './crc32.js';
import { bytesText, damaged, refused } from './formatError.js';
import { areHere, rangeOf, readRange, sizeOf } from './source.js';
import type { Bytes } from './source.js';
import { mostRatio } from './unpack.js';
import { compare, inflate, packedContent, storedContent } from './zipContents.js';
import type { ZipEntry } from './zipContents.js';

export type { ZipEntry } from './zipContents.js';

const mostUnpacked = 2 ** 32;

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50 };
const endBytes = 22;
const centralBytes = 46;
const localBytes = 30;
const locatorBytes = 20;
const end64Bytes = 56;
const max16 = 0xffff;
const max32 = 0xffffffff;

/** Of an archive on the disk an entry that is packed, or a pickle, is held whole: no larger one than this. */
const mostAtOnce = 512e6;
/** An entry of at most so many bytes is read once and held, until another one is. */
const mostHeld = 16e6;
/** An archive whose directory has been checked. */
export class Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #bytes: Bytes;
  readonly #unpacked = new Map<string, Uint8Array>();
  readonly #contents = new Map<string, Bytes>();

  /** @throws FormatError */
  constructor(bytes: Bytes, tick: Tick) {
    this.#bytes = bytes;
    this.entries = directory(bytes, tick);
  }

  /** What an entry holds, its checksum compared; without a copy where it is not packed. @throws FormatError */
  read(entry: ZipEntry, tick: Tick): Uint8Array {
    const known = this.#unpacked.get(entry.name);
    if (known !== undefined) return known;
    if (!areHere(this.#bytes) && entry.size > mostAtOnce)
      throw refused(
        t('A packed entry of the archive is too large to be read.'),
        t('at most {0} in one entry', bytesText(mostAtOnce)),
        bytesText(entry.size),
        t('Save it without compression: numbers that are stored are read where they are wanted.'),
        cut(entry.name, 80),
      );
    const stored = readRange(this.#bytes, entry.start, entry.start + entry.stored);
    const content = entry.deflated ? inflate(stored, entry, tick) : stored;
    compare(entry, crc32(content, tick));
    // Of an archive on the disk one entry is kept: several tensors may lie in it.
    if (!areHere(this.#bytes)) this.#unpacked.clear();
    this.#unpacked.set(entry.name, content);
    return content;
  }

  /** The same; of an archive on the disk nothing is read before it is asked for. */
  content(entry: ZipEntry, tick: Tick): Bytes {
    if (areHere(this.#bytes)) return this.read(entry, tick);
    const known = this.#contents.get(entry.name);
    if (known !== undefined) return known;
    const content =
      entry.size <= mostHeld
        ? {
            size: entry.size,
            read: (offset: number, length: number) => this.read(entry, tick).subarray(offset, offset + length),
          }
        : entry.deflated
          ? packedContent(this.#plain(entry), entry, tick, () => this.#whole(entry, tick))
          : storedContent(this.#plain(entry), entry, tick);
    this.#contents.set(entry.name, content);
    return content;
  }

  #plain(entry: ZipEntry): Bytes {
    return rangeOf(this.#bytes, entry.start, entry.start + entry.stored);
  }

  /** Null where that is more than is held at once. */
  #whole(entry: ZipEntry, tick: Tick): Uint8Array | null {
    return entry.size > mostAtOnce ? null : this.read(entry, tick);
  }

  /** Where an entry describes itself, before anything of it has been compared with its checksum. */
  unchecked(entry: ZipEntry, tick: Tick): Bytes {
    return entry.deflated ? this.content(entry, tick) : this.#plain(entry);
  }
}

type Directory = { readonly start: number; readonly end: number; readonly count: number };

/** Where the directory lies, from the record at the end. */
function endOf(bytes: Bytes): Directory {
  const all = sizeOf(bytes);
  // The record at the longest comment's distance from the end, and the locator before it.
  const tail = Math.max(0, all - endBytes - max16 - locatorBytes);
  const view = viewOf(readRange(bytes, tail, all));
  const lowest = Math.max(0, all - endBytes - max16);
  let at = all - endBytes;
  // The comment behind the record ends with the file.
  while (
    at >= lowest &&
    !(
      view.getUint32(at - tail, true) === signatures.end && at + endBytes + view.getUint16(at - tail + 20, true) === all
    )
  )
    at--;
  if (at < lowest || at < 0) throw damaged(t('the directory of the archive'), t('none at its end'), all);
  const plain = {
    count: view.getUint16(at - tail + 10, true),
    length: view.getUint32(at - tail + 12, true),
    start: view.getUint32(at - tail + 16, true),
    end: at,
  };
  const locator = at - locatorBytes;
  const isLarge = locator >= 0 && view.getUint32(locator - tail, true) === signatures.locator;
  if (!isLarge) return checked(plain, all);
  const record = Number(view.getBigUint64(locator - tail + 8, true));
  const large = record + end64Bytes > locator ? null : viewOf(readRange(bytes, record, record + end64Bytes));
  if (large?.getUint32(0, true) !== signatures.end64)
    throw damaged(t('the large directory of the archive'), t('something else'), Math.min(record, all));
  return checked(
    {
      count: Number(large.getBigUint64(32, true)),
      length: Number(large.getBigUint64(40, true)),
      start: Number(large.getBigUint64(48, true)),
      end: record,
    },
    all,
  );
}

function checked(
  { count, length, start, end }: { count: number; length: number; start: number; end: number },
  all: number,
): Directory {
  if (start + length > end || count * centralBytes > length)
    throw damaged(t('a directory of {0} entries before byte {1}', count, end), bytesText(length), Math.min(start, all));
  return { count, start, end: start + length };
}

function directory(bytes: Bytes, tick: Tick): Map<string, ZipEntry> {
  const { start, end, count } = endOf(bytes);
  if (end - start > mostAtOnce) throw damaged(bytesText(mostAtOnce), bytesText(end - start), start);
  const rows = readRange(bytes, start, end);
  const view = viewOf(rows);
  const entries = new Map<string, ZipEntry>();
  const ranges: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  // Places in the directory, counted from its start.
  let row = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (i % 1024 === 0) tick();
    const at = start + row;
    if (row + centralBytes > rows.length || view.getUint32(row, true) !== signatures.central)
      throw damaged(t('entry {0} of the directory', i + 1), t('something else'), at);
    const length = (offset: number): number => view.getUint16(row + offset, true);
    const nameEnd = row + centralBytes + length(28);
    const extraEnd = nameEnd + length(30);
    const next = extraEnd + length(32);
    if (next > rows.length) throw damaged(t('entry {0} of the directory', i + 1), t('the end of the directory'), at);
    const rawName = rows.subarray(row + centralBytes, nameEnd);
    const name = new TextDecoder().decode(rawName);
    const part = cut(name, 80);
    refuseName(name, part, entries);
    const flags = view.getUint16(row + 8, true);
    const method = view.getUint16(row + 10, true);
    const sizes = sizesOf(view, row, nameEnd, extraEnd, part);
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8))
      throw refused(
        (flags & 1) !== 0 ? t('The archive is encrypted.') : t('The archive is packed in a way that is not read.'),
        t('entries that are stored or deflated'),
        (flags & 1) !== 0 ? t('an encrypted one') : t('method {0}', method),
        t('Pack it again without, or export the weights again.'),
        part,
      );
    const { stored, size, local } = sizes;
    // What is only stored lies in the file, which has no more of it than its size.
    if (method === 8) total += size;
    if (size > stored * mostRatio || total > mostUnpacked || (method === 0 && size !== stored))
      throw damaged(
        t('at most {0} times as many bytes as are stored', mostRatio),
        t('{0} bytes from {1}', size, stored),
        at,
        part,
      );
    const data = dataStart(bytes, local, rawName, start, part);
    if (data + stored > start) throw damaged(bytesText(stored), t('the end of the file'), data, part);
    ranges.push({ name: part, from: local, to: data + stored });
    if (!name.endsWith('/'))
      entries.set(name, {
        name,
        deflated: method === 8,
        start: data,
        stored,
        size,
        crc: view.getUint32(row + 16, true),
      });
    row = next;
  }
  ranges.sort((a, b) => a.from - b.from);
  for (const [i, { name, from }] of ranges.entries())
    if (i > 0 && from < ranges[i - 1]!.to)
      throw damaged(t('entries beside each other'), t('one that begins inside another one'), from, name);
  return entries;
}

/** Names that a program which unpacks the archive would write elsewhere, and those that stand twice. */
function refuseName(name: string, part: string, known: ReadonlyMap<string, ZipEntry>): void {
  if (known.has(name)) throw damaged(t('each name once'), t('the same name twice'), null, part);
  if (/^[/\\]|^[a-zA-Z]:|\\|\0|\ufffd/.test(name) || name.split('/').includes('..') || name === '')
    throw damaged(t('names inside of the archive'), t('a name that leads out of it'), null, part);
}

/** Sizes and place of an entry; those that do not fit into 32 bits stand in the extra field. */
function sizesOf(view: DataView, at: number, extra: number, extraEnd: number, part: string) {
  let size = view.getUint32(at + 24, true);
  let stored = view.getUint32(at + 20, true);
  let local = view.getUint32(at + 42, true);
  for (let field = extra; field + 4 <= extraEnd; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    const end = Math.min(field + 4 + view.getUint16(field + 2, true), extraEnd);
    let next = field + 4;
    const wide = (plain: number): number => {
      if (plain !== max32) return plain;
      if (next + 8 > end) throw damaged(t('sizes of 64 bits'), t('the end of the field'), field, part);
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    };
    size = wide(size);
    stored = wide(stored);
    local = wide(local);
    break;
  }
  return { size, stored, local };
}

/** Where the bytes of an entry begin: its own header says how long it is, and has to give the same name. */
function dataStart(bytes: Bytes, local: number, name: Uint8Array, end: number, part: string): number {
  const head =
    local + localBytes > end ? null : readRange(bytes, local, Math.min(local + localBytes + name.length, end));
  const view = head === null ? null : viewOf(head);
  if (head === null || view?.getUint32(0, true) !== signatures.local)
    throw damaged(t('the entry that the directory names'), t('something else'), Math.min(local, sizeOf(bytes)), part);
  const nameLength = view.getUint16(26, true);
  const own = head.subarray(localBytes, localBytes + nameLength);
  if (nameLength !== name.length || own.length !== name.length || !own.every((byte, i) => byte === name[i]))
    throw damaged(t('the name that the directory gives'), t('another one'), local, part);
  return local + localBytes + nameLength + view.getUint16(28, true);
}
