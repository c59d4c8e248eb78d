// What the entries of an archive hold, in ranges: their checksums go along with what is read.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { crc32 } from './crc32.js';
import { bytesText, damaged } from './formatError.js';
import type { FormatError } from './formatError.js';
import { readRange } from './source.js';
import type { Bytes } from './source.js';
import { unpacked, Unpacking } from './unpack.js';

export type ZipEntry = {
  readonly name: string;
  readonly deflated: boolean;
  /** Of the stored bytes. */
  readonly start: number;
  readonly stored: number;
  readonly size: number;
  readonly crc: number;
};

/** A larger one that is packed is unpacked from its beginning so often before it is held all the same. */
const mostBeginnings = 8;
/** Bytes of an entry whose checksum is computed between two reads. */
const checkedAtOnce = 1 << 20;

/** A large packed entry is unpacked as far as it is asked for, and nothing of it is held. */
export function packedContent(plain: Bytes, entry: ZipEntry, tick: Tick, whole: () => Uint8Array | null): Bytes {
  let stream: Unpacking | null = null;
  let [crc, beginnings] = [0, 0];
  let isHeld = false;
  const begin = (): Unpacking => {
    crc = 0;
    beginnings++;
    return new Unpacking(plain, entry.size, wrongSize(entry), tick, (bytes) => {
      crc = crc32(bytes, tick, crc);
    });
  };
  return {
    size: entry.size,
    read: (offset, length) => {
      const isBehind = stream === null || offset < stream.at;
      // Many tensors lie in it, or many look at it.
      if (isHeld || (isBehind && beginnings >= mostBeginnings)) {
        const held = whole();
        isHeld = held !== null;
        if (held !== null) return held.subarray(offset, offset + length);
      }
      if (stream === null || isBehind) stream = begin();
      stream.skip(offset - stream.at);
      return stream.take(length);
    },
    settle: () => {
      // What was held was compared when it was unpacked.
      if (stream === null || isHeld) return;
      stream.finish();
      compare(entry, crc);
    },
  };
}

/** The checksum of a large entry goes along with what is read of it, and over the rest before that is given. */
export function storedContent(plain: Bytes, entry: ZipEntry, tick: Tick): Bytes {
  /** Up to where the checksum has come. */
  let [done, crc] = [0, 0];
  const add = (bytes: Uint8Array): void => {
    crc = crc32(bytes, tick, crc);
    done += bytes.length;
  };
  const catchUp = (to: number): void => {
    while (done < to) add(readRange(plain, done, Math.min(done + checkedAtOnce, to)));
  };
  return {
    size: entry.stored,
    read: (offset, length) => {
      catchUp(offset);
      const bytes = readRange(plain, offset, offset + length);
      // What was read before is not read again, but not counted twice either.
      if (offset + length > done) add(bytes.subarray(done - offset));
      return bytes;
    },
    settle: () => {
      catchUp(entry.stored);
      compare(entry, crc);
    },
  };
}

/** @throws FormatError */
export function compare({ crc: wanted, name, start }: ZipEntry, crc: number): void {
  if (crc === wanted) return;
  throw damaged(t('the checksum {0}', hex(wanted)), t('numbers with the checksum {0}', hex(crc)), start, cut(name, 80));
}

const hex = (x: number): string => x.toString(16).padStart(8, '0');

const wrongSize =
  ({ size, start, name }: ZipEntry) =>
  (found: string): FormatError =>
    damaged(bytesText(size), found, start, cut(name, 80));
export const inflate = (stored: Uint8Array, entry: ZipEntry, tick: Tick): Uint8Array =>
  unpacked(stored, entry.size, 'deflate', wrongSize(entry), tick);
