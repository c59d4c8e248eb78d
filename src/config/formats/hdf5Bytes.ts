// The bytes of an HDF5 file. Everything that is looked at is paid for: no file takes more work than its size, however
// often one place in it is pointed at.
// https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { viewOf } from './container.js';
import { bytesText, damaged } from './formatError.js';

/** What a sound file has read once is read at most so many times. */
const mostReadings = 4;
const bytesPerTick = 16_384;
const unset = 0xffff_ffff_ffff_ffffn;

export class Hdf5Bytes {
  readonly bytes: Uint8Array;
  readonly tick: Tick;
  /** Texts of any length stand in collections: where, by collection and number. */
  readonly collections = new Map<number, ReadonlyMap<number, { readonly at: number; readonly length: number }>>();
  readonly #view: DataView;
  #spent = 0;
  #ticked = 0;

  constructor(bytes: Uint8Array, tick: Tick) {
    this.bytes = bytes;
    this.tick = tick;
    this.#view = viewOf(bytes);
  }

  /** Pays for the bytes that are looked at next. @throws FormatError where they are not there, or read too often */
  need(at: number, length: number): void {
    if (at + length > this.bytes.length || length < 0)
      throw damaged(bytesText(length), t('the end of the file'), Math.min(at, this.bytes.length));
    this.#spent += length;
    if (this.#spent > mostReadings * this.bytes.length)
      throw damaged(t('parts beside each other'), t('parts that stand inside of each other'), at);
    if (this.#spent < this.#ticked) return;
    this.#ticked = this.#spent + bytesPerTick;
    this.tick();
  }

  u1(at: number): number {
    this.need(at, 1);
    return this.#view.getUint8(at);
  }

  u2(at: number): number {
    this.need(at, 2);
    return this.#view.getUint16(at, true);
  }

  u4(at: number): number {
    this.need(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** A length; one beyond 2^53 is larger than any file, whatever it becomes as a float64. */
  u8(at: number): number {
    this.need(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  /** A number of one to eight bytes. */
  sized(at: number, size: number): number {
    if (size === 8) return this.u8(at);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = 256 * value + this.u1(at + i);
    return value;
  }

  /** A place in the file; null where the file says that there is none. */
  address(at: number): number | null {
    this.need(at, 8);
    const value = this.#view.getBigUint64(at, true);
    if (value === unset) return null;
    if (value >= BigInt(this.bytes.length))
      throw damaged(t('a place before byte {0}', this.bytes.length), String(value), at);
    return Number(value);
  }

  expect(at: number, signature: string): void {
    const found = this.text(at, signature.length);
    if (found !== signature) throw damaged(signature, found, at);
  }

  range(at: number, length: number): Uint8Array {
    this.need(at, length);
    return this.bytes.subarray(at, at + length);
  }

  text(at: number, length: number): string {
    return new TextDecoder().decode(this.range(at, length));
  }

  /** A name that ends with a zero byte, before `end`. */
  name(at: number, end: number): string {
    const stretch = this.bytes.subarray(at, Math.min(at + longestName + 1, end));
    const length = stretch.indexOf(0);
    if (length < 0) throw damaged(t('a name of at most {0} bytes', longestName), t('a longer one'), at);
    return this.text(at, length);
  }
}

const longestName = 1024;
