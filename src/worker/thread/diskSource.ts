// A file of the disk in ranges. What is read belongs to one writing of it: the stamp that was taken when the file was
// found has to hold when a range has been read, else the file counts as half-written.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { changedMeanwhile, FormatError, isSystemReason, refusedBySystem } from '../../config/formats/index.js';
import type { Bytes, Source } from '../../config/formats/index.js';
import { fileName } from '../../config/read/index.js';
import type { DiskFile, FileContent, SentBytes, SentFile } from '../../config/read/index.js';
import { capacityHere } from './memoryLimit.js';
import { isOfSystem, troubleByCode } from './fileTroubles.js';
import type { SystemError } from './fileTroubles.js';
import { flags, stampOf } from './regularFile.js';

/** No system call takes 2 GiB at once everywhere. */
const mostAtOnce = 2 ** 30;

/** ESTALE: of a share, a file that was replaced while it was open. */
const isGone = (error: SystemError): boolean => error.code === 'ESTALE' || troubleByCode(error).reason === 'missing';

/**
 * The file is opened when something of it is wanted and closed when the thread comes to rest, so that nobody who writes
 * it beside and renames it is in the way of an open file, and none stays open behind a kept document.
 */
class DiskSource implements Source {
  readonly size: number;
  /** What no run may take in memory is not read for one either. */
  readonly capacity = capacityHere().most;
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
        const count = readSync(descriptor, bytes, read, Math.min(mostAtOnce, length - read), offset + read);
        if (count === 0) break;
        read += count;
      }
      if (read === length && stampOf(fstatSync(descriptor, { bigint: true })) === this.#stamp) return bytes;
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      if (!isGone(error) && this.#isAsFound()) throw this.#refused(error);
    }
    throw changedMeanwhile();
  }

  #refused(error: SystemError): FormatError {
    const { reason, detail } = troubleByCode(error);
    return new FormatError(
      refusedBySystem(fileName(this.#path), isSystemReason(reason) ? reason : 'unreadable', detail),
    );
  }

  /** Whether the system's trouble is with the file that was found, not with another one or none of that name. */
  #isAsFound(): boolean {
    try {
      return stampOf(statSync(this.#path, { bigint: true })) === this.#stamp;
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      return !isGone(error);
    }
  }

  #open(): number {
    if (this.#descriptor !== null) return this.#descriptor;
    const descriptor = openSync(this.#path, flags);
    this.#descriptor = descriptor;
    setImmediate(() => {
      this.#descriptor = null;
      try {
        closeSync(descriptor);
      } catch (error) {
        // Nothing was written, and what was read was whole: a share that is gone by now takes nothing back.
        if (!isOfSystem(error)) throw error;
      }
    });
    return descriptor;
  }
}

export const openSent = (bytes: SentBytes): Bytes => (bytes instanceof Uint8Array ? bytes : new DiskSource(bytes));

export const openedFile = (sent: SentFile): FileContent => (sent.ok ? { ...sent, bytes: openSent(sent.bytes) } : sent);
