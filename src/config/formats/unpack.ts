// Deflate, piece by piece: what unpacks to more than it claims is stopped there, and its thread can be ended.
import { Inflate, Unzlib } from 'fflate/browser';
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { bytesText } from './formatError.js';
import type { FormatError } from './formatError.js';

/** Deflate packs at most 1,032 to 1. */
export const mostRatio = 1_000;
/** Bytes that are unpacked between two ticks; they become at most 1,032 times as many. */
const piece = 4_096;

/** Exactly `size` bytes; `wrong` makes the error of what was found instead. `zlib`: with its header and checksum. */
export function unpacked(
  stored: Uint8Array,
  size: number,
  form: 'deflate' | 'zlib',
  wrong: (found: string) => FormatError,
  tick: Tick,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const take = (chunk: Uint8Array): void => {
    length += chunk.length;
    if (length > size) throw wrong(t('more than {0} bytes', size));
    pieces.push(chunk);
  };
  const stream = form === 'zlib' ? new Unzlib(take) : new Inflate(take);
  try {
    for (let at = 0; at < stored.length; at += piece) {
      tick();
      stream.push(stored.subarray(at, at + piece), at + piece >= stored.length);
    }
  } catch (error) {
    // fflate's errors have a number; a tick that ends the reading passes through.
    if (error instanceof Error && 'code' in error && typeof error.code === 'number')
      throw wrong(t('packed numbers that cannot be unpacked'));
    throw error;
  }
  if (length !== size) throw wrong(bytesText(length));
  const content = new Uint8Array(length);
  let at = 0;
  for (const chunk of pieces) {
    content.set(chunk, at);
    at += chunk.length;
  }
  return content;
}
