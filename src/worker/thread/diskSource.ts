// A file of the disk in ranges. What is read belongs to one writing of it: the stamp that was taken when the file was
// found has to hold when a range has been read, else the file counts as half-written.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { changedMeanwhile } from '../../config/formats/index.js';
import type { Bytes, Source } from '../../config/formats/index.js';
import type { DiskFile, FileContent, SentBytes, SentFile } from '../../config/read/index.js';
import { flags, stampOf } from './regularFile.js';

/**
 * The file is opened when something of it is wanted and closed when the thread comes to rest, so that nobody who writes
 * it beside and renames it is in the way of an open file, and none stays open behind a kept document.
 */
class DiskSource implements Source {
  readonly size: number;
  readonly #path: string;
  readonly #stamp: string;
  #descriptor: number | null = null;

  constructor({ path, size, stamp }: DiskFile) {
    this.size = size;
    this.#path = path;
    this.#stamp = stamp;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    try {
      const descriptor = this.#open();
      let read = 0;
      while (read < length) {
        const count = readSync(descriptor, bytes, read, length - read, offset + read);
        if (count === 0) break;
        read += count;
      }
      if (read === length && stampOf(fstatSync(descriptor, { bigint: true })) === this.#stamp) return bytes;
    } catch (error) {
      // The file was there a moment ago: whatever the system says of it now, it is another one.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
    throw changedMeanwhile();
  }

  #open(): number {
    if (this.#descriptor !== null) return this.#descriptor;
    const descriptor = openSync(this.#path, flags);
    this.#descriptor = descriptor;
    setImmediate(() => {
      this.#descriptor = null;
      closeSync(descriptor);
    });
    return descriptor;
  }
}

export const openSent = (bytes: SentBytes): Bytes => (bytes instanceof Uint8Array ? bytes : new DiskSource(bytes));

export const openedFile = (sent: SentFile): FileContent => (sent.ok ? { ...sent, bytes: openSent(sent.bytes) } : sent);
