// Deflate, piece by piece: what unpacks to more than it claims is stopped there, and its thread can be ended.
import { Inflate, Unzlib } from 'fflate/browser';
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { bytesText } from './formatError.js';
import type { FormatError } from './formatError.js';
import { readRange, sizeOf } from './source.js';
import type { Bytes } from './source.js';

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
  for (let at = 0; at < stored.length; at += piece) {
    tick();
    pushed(stream, stored.subarray(at, at + piece), at + piece >= stored.length, wrong);
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

function pushed(
  stream: Inflate | Unzlib,
  bytes: Uint8Array,
  isLast: boolean,
  wrong: (found: string) => FormatError,
): void {
  try {
    stream.push(bytes, isLast);
  } catch (error) {
    // fflate's errors have a number; a tick that ends the reading passes through.
    if (error instanceof Error && 'code' in error && typeof error.code === 'number')
      throw wrong(t('packed numbers that cannot be unpacked'));
    throw error;
  }
}

/** What is packed (deflate), from its beginning as far as somebody asks: what was taken is not held. */
export class Unpacking {
  /** How many bytes have been taken. */
  at = 0;
  readonly #stored: Bytes;
  readonly #size: number;
  readonly #wrong: (found: string) => FormatError;
  readonly #tick: Tick;
  readonly #stream: Inflate;
  /** Bytes that are unpacked, and those of them that nobody has taken. */
  #length = 0;
  #waiting: Uint8Array[] = [];
  #fed = 0;

  /** `seen` is handed every byte, in their order; the others as in `unpacked`. */
  constructor(
    stored: Bytes,
    size: number,
    wrong: (found: string) => FormatError,
    tick: Tick,
    seen: (bytes: Uint8Array) => void,
  ) {
    this.#stored = stored;
    this.#size = size;
    this.#wrong = wrong;
    this.#tick = tick;
    this.#stream = new Inflate((chunk) => {
      this.#length += chunk.length;
      if (this.#length > size) throw wrong(t('more than {0} bytes', size));
      seen(chunk);
      this.#waiting.push(chunk);
    });
  }

  /** The next bytes, exactly as many. @throws FormatError */
  take(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#pass(length, (chunk, place) => bytes.set(chunk, place));
    return bytes;
  }

  /** @throws FormatError */
  skip(length: number): void {
    this.#pass(length, () => undefined);
  }

  /** Goes on to the end, which has to be where it is said. @throws FormatError */
  finish(): void {
    this.skip(this.#size - this.at);
    while (this.#fed < sizeOf(this.#stored)) this.#feed();
  }

  #pass(length: number, give: (chunk: Uint8Array, place: number) => void): void {
    for (let done = 0; done < length;) {
      const [first] = this.#waiting;
      if (first === undefined) {
        if (this.#fed >= sizeOf(this.#stored)) throw this.#wrong(bytesText(this.#length));
        this.#feed();
        continue;
      }
      const part = first.subarray(0, length - done);
      give(part, done);
      done += part.length;
      this.at += part.length;
      if (part.length < first.length) this.#waiting[0] = first.subarray(part.length);
      else this.#waiting.shift();
    }
  }

  #feed(): void {
    this.#tick();
    const end = Math.min(this.#fed + piece, sizeOf(this.#stored));
    const bytes = readRange(this.#stored, this.#fed, end);
    this.#fed = end;
    pushed(this.#stream, bytes, end === sizeOf(this.#stored), this.#wrong);
  }
}
