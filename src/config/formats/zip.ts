// ZIP archives by their central directory. Nothing is trusted: an archive that says two things about itself, or claims
// more than it can hold, is refused before any of it is unpacked.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { viewOf } from './container.js';
import { crc32 } from './crc32.js';
import { bytesText, damaged, refused } from './formatError.js';
import { mostRatio, unpacked } from './unpack.js';

export type ZipEntry = {
  readonly name: string;
  readonly deflated: boolean;
  /** Of the stored bytes. */
  readonly start: number;
  readonly stored: number;
  readonly size: number;
  readonly crc: number;
};

const mostUnpacked = 2 ** 32;

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50 };
const endBytes = 22;
const centralBytes = 46;
const localBytes = 30;
const max16 = 0xffff;
const max32 = 0xffffffff;

/** An archive whose directory has been checked. */
export class Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #bytes: Uint8Array;
  readonly #unpacked = new Map<string, Uint8Array>();

  /** @throws FormatError */
  constructor(bytes: Uint8Array, tick: Tick) {
    this.#bytes = bytes;
    this.entries = directory(bytes, tick);
  }

  /** What an entry holds, its checksum compared; without a copy where it is not packed. @throws FormatError */
  read(entry: ZipEntry, tick: Tick): Uint8Array {
    const known = this.#unpacked.get(entry.name);
    if (known !== undefined) return known;
    const stored = this.#bytes.subarray(entry.start, entry.start + entry.stored);
    const content = entry.deflated ? inflate(stored, entry, tick) : stored;
    const crc = crc32(content, tick);
    if (crc !== entry.crc)
      throw damaged(
        t('the checksum {0}', hex(entry.crc)),
        t('numbers with the checksum {0}', hex(crc)),
        entry.start,
        cut(entry.name, 80),
      );
    this.#unpacked.set(entry.name, content);
    return content;
  }
}

const hex = (x: number): string => x.toString(16).padStart(8, '0');

const inflate = (stored: Uint8Array, { size, start, name }: ZipEntry, tick: Tick): Uint8Array =>
  unpacked(stored, size, 'deflate', (found) => damaged(bytesText(size), found, start, cut(name, 80)), tick);

/** Where the directory lies, from the record at the end. */
function endOf(bytes: Uint8Array): { readonly start: number; readonly end: number; readonly count: number } {
  const view = viewOf(bytes);
  const lowest = Math.max(0, bytes.length - endBytes - max16);
  let at = bytes.length - endBytes;
  // The comment behind the record ends with the file.
  while (
    at >= lowest &&
    !(view.getUint32(at, true) === signatures.end && at + endBytes + view.getUint16(at + 20, true) === bytes.length)
  )
    at--;
  if (at < lowest || at < 0) throw damaged(t('the directory of the archive'), t('none at its end'), bytes.length);
  const plain = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    start: view.getUint32(at + 16, true),
    end: at,
  };
  const locator = at - 20;
  const isLarge = locator >= 0 && view.getUint32(locator, true) === signatures.locator;
  if (!isLarge) return checked(plain, bytes);
  const record = Number(view.getBigUint64(locator + 8, true));
  if (record + 56 > locator || view.getUint32(record, true) !== signatures.end64)
    throw damaged(t('the large directory of the archive'), t('something else'), Math.min(record, bytes.length));
  return checked(
    {
      count: Number(view.getBigUint64(record + 32, true)),
      length: Number(view.getBigUint64(record + 40, true)),
      start: Number(view.getBigUint64(record + 48, true)),
      end: record,
    },
    bytes,
  );
}

function checked(
  { count, length, start, end }: { count: number; length: number; start: number; end: number },
  bytes: Uint8Array,
): { readonly start: number; readonly end: number; readonly count: number } {
  if (start + length > end || count * centralBytes > length)
    throw damaged(
      t('a directory of {0} entries before byte {1}', count, end),
      bytesText(length),
      Math.min(start, bytes.length),
    );
  return { count, start, end: start + length };
}

function directory(bytes: Uint8Array, tick: Tick): Map<string, ZipEntry> {
  const view = viewOf(bytes);
  const { start, end, count } = endOf(bytes);
  const entries = new Map<string, ZipEntry>();
  const ranges: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  let at = start;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (i % 1024 === 0) tick();
    if (at + centralBytes > end || view.getUint32(at, true) !== signatures.central)
      throw damaged(t('entry {0} of the directory', i + 1), t('something else'), at);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const next = at + centralBytes + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
    if (next > end) throw damaged(t('entry {0} of the directory', i + 1), t('the end of the directory'), at);
    const nameEnd = at + centralBytes + (nameLength ?? 0);
    const rawName = bytes.subarray(at + centralBytes, nameEnd);
    const name = new TextDecoder().decode(rawName);
    const part = cut(name, 80);
    refuseName(name, part, entries);
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const sizes = sizesOf(view, at, nameEnd, nameEnd + (extraLength ?? 0), part);
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8))
      throw refused(
        (flags & 1) !== 0 ? t('The archive is encrypted.') : t('The archive is packed in a way that is not read.'),
        t('entries that are stored or deflated'),
        (flags & 1) !== 0 ? t('an encrypted one') : t('method {0}', method),
        t('Pack it again without, or export the weights again.'),
        part,
      );
    const { stored, size, local } = sizes;
    total += size;
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
        crc: view.getUint32(at + 16, true),
      });
    at = next;
  }
  ranges.sort((a, b) => a.from - b.from);
  for (const [i, { name, from }] of ranges.entries())
    if (i > 0 && from < (ranges[i - 1]?.to ?? 0))
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
function dataStart(bytes: Uint8Array, local: number, name: Uint8Array, end: number, part: string): number {
  const view = viewOf(bytes);
  if (local + localBytes > end || view.getUint32(local, true) !== signatures.local)
    throw damaged(t('the entry that the directory names'), t('something else'), Math.min(local, bytes.length), part);
  const nameLength = view.getUint16(local + 26, true);
  const own = bytes.subarray(local + localBytes, local + localBytes + nameLength);
  if (own.length !== name.length || !own.every((byte, i) => byte === name[i]))
    throw damaged(t('the name that the directory gives'), t('another one'), local, part);
  return local + localBytes + nameLength + view.getUint16(local + 28, true);
}
