// Reading from a disk that may hold anything: devices that never end, pipes that nobody writes to, files that are
// larger than the memory.
import { constants } from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { t } from '@vscode/l10n';
import { headBytes, isReadInRanges } from '../../config/formats/index.js';
import type { FileTrouble, SentBytes, SpecialKind } from '../../config/read/index.js';
import { specialFile, tooLargeFile, troubleOf } from './fileTroubles.js';

/** Bytes that are read between two looks at the flag. */
const atOnce = 1 << 22;

/** A file of at most so many bytes is read at once, whatever it holds. */
const mostWhole = 8e6;

/** `bound`: the most bytes that are read at once. `isCancelled` is asked before each piece. */
export type ReadOptions = { readonly bound: number; readonly isCancelled?: () => boolean };
export type ReadFile = { readonly ok: true; readonly bytes: SentBytes } | ({ readonly ok: false } & FileTrouble);

/** An opened pipe is not waited for, and a terminal does not become that of the program. (Windows has neither.) */
export const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const kindOf = (found: Stats): SpecialKind =>
  found.isCharacterDevice() || found.isBlockDevice()
    ? 'device'
    : found.isFIFO()
      ? 'pipe'
      : found.isSocket()
        ? 'socket'
        : 'other';

/**
 * Another one after each writing, and of each file of that name: whoever renames a file over it is told too. The second
 * time is one that no program can set: a copy that keeps times gives new content the time of the old.
 */
export const stampOf = ({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string => `${mtimeNs} ${ctimeNs} ${size} ${ino}`;

/** Why what was found is not to be read; null when nothing stands in the way. */
function obstacle(found: Stats): FileTrouble | null {
  if (found.isDirectory()) return { reason: 'folder', detail: t('it is a folder') };
  if (!found.isFile()) return specialFile(kindOf(found));
  return null;
}

/**
 * The bytes of a regular file, as many as it says that it has when it is opened, or its place where it is large and of
 * a form that is read in ranges. One that says 0 and has more, as in /proc, is empty here: some of those wait for what
 * the system will write next. A file that becomes longer meanwhile is read to its old end.
 */
export async function readRegularFile(
  path: string,
  { bound, isCancelled = () => false }: ReadOptions,
): Promise<ReadFile> {
  try {
    // To open some of them does something already: it ends whoever writes to a pipe, rewinds a tape, starts a clock.
    const before = obstacle(await stat(path));
    if (before !== null) return { ok: false, ...before };
    const file = await open(path, flags);
    try {
      // Another one may have that name by now: what was opened decides.
      const found = await file.stat();
      const trouble = obstacle(found);
      if (trouble !== null) return { ok: false, ...trouble };
      if (found.size > Math.min(mostWhole, bound) && (await isInRanges(file))) {
        const stamp = stampOf(await file.stat({ bigint: true }));
        return { ok: true, bytes: { path, size: found.size, stamp } };
      }
      return found.size > bound
        ? { ok: false, ...tooLargeFile(found.size, bound) }
        : await readPieces(file, found.size, isCancelled);
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, ...troubleOf(error) };
  }
}

async function isInRanges(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0);
  return isReadInRanges(buffer.subarray(0, bytesRead));
}

async function readPieces(file: FileHandle, size: number, isCancelled: () => boolean): Promise<ReadFile> {
  const bytes = new Uint8Array(size);
  let read = 0;
  while (read < size) {
    if (isCancelled()) return { ok: false, reason: 'unreadable', detail: t('the reading was cancelled') };
    const { bytesRead } = await file.read(bytes, read, Math.min(atOnce, size - read), read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  // It has become shorter meanwhile.
  return { ok: true, bytes: read === size ? bytes : bytes.slice(0, read) };
}
