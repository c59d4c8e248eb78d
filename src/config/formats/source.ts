// Where the bytes of a file come from: all of them at once, or the ranges that somebody asks for. Whoever opens files
// stands in another room.
import { t } from '@vscode/l10n';
import { FormatError } from './formatError.js';

/** A file that is read where it is wanted. */
export type Source = {
  readonly size: number;
  /** Exactly these bytes, which lie inside of the size. @throws FormatError when the file is not what it was. */
  readonly read: (offset: number, length: number) => Uint8Array;
  /**
   * What was read is known to be sound when this returns; what is left of it is read for that. Without it, what `read`
   * gives is sound. @throws FormatError
   */
  readonly settle?: () => void;
  /** Bytes that the numbers of one of its tensors may take when they are held; without it, any. */
  readonly capacity?: number;
};

/** What is here already is checked at once; of a file on the disk what is asked for. */
export type Bytes = Uint8Array | Source;

export const areHere = (bytes: Bytes): bytes is Uint8Array => bytes instanceof Uint8Array;
export const capacityOf = (bytes: Bytes): number => (areHere(bytes) ? Infinity : (bytes.capacity ?? Infinity));
export const sizeOf = (bytes: Bytes): number => (areHere(bytes) ? bytes.length : bytes.size);

/** Without a copy where the bytes are here. */
export const readRange = (bytes: Bytes, from: number, to: number): Uint8Array =>
  areHere(bytes) ? bytes.subarray(from, to) : bytes.read(from, to - from);

/** A range as a file of its own; nothing of it is read. */
export const rangeOf = (bytes: Bytes, from: number, to: number): Bytes =>
  areHere(bytes)
    ? bytes.subarray(from, to)
    : {
        size: to - from,
        read: (offset, length) => bytes.read(from + offset, length),
        ...(bytes.settle === undefined ? {} : { settle: bytes.settle }),
      };

/** Nobody gets what was read before this has returned. @throws FormatError */
export function settle(bytes: Bytes): void {
  if (!areHere(bytes)) bytes.settle?.();
}

export const allOf = (bytes: Bytes): Uint8Array => readRange(bytes, 0, sizeOf(bytes));

/**
 * All bytes, also of what looks like a file that is read in ranges; null where there are more than `most`, or where
 * they cannot be read.
 */
export function readWhole(bytes: Bytes, most: number): Uint8Array | null {
  if (sizeOf(bytes) > most) return null;
  try {
    return allOf(bytes);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Another program has written meanwhile: what was read before and after belongs to two files. */
export const changedMeanwhile = (): FormatError =>
  new FormatError({
    code: 'unreadable-file',
    message: t('The file was written while it was read.'),
    expected: t('one version of the file from its beginning to its end'),
    found: t('another size or time of writing than before'),
    advice: t('It is read again when it changes; a program that writes it beside and renames it never disturbs.'),
  });
