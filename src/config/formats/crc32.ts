// The checksum of ZIP archives (polynomial 0xEDB88320, reflected), eight bytes at a time.
import type { Tick } from '../json/scanner.js';

const bytesPerTick = 1 << 20;

/** tables[k][b]: what the byte b does to the checksum when k more bytes follow it. */
const tables: readonly Int32Array[] = makeTables();

function makeTables(): Int32Array[] {
  const first = new Int32Array(256);
  for (let b = 0; b < 256; b++) {
    let x = b;
    for (let bit = 0; bit < 8; bit++) x = (x & 1) === 1 ? (x >>> 1) ^ 0xedb88320 : x >>> 1;
    first[b] = x;
  }
  const all = [first];
  for (let k = 1; k < 8; k++) {
    const before = all[k - 1]!;
    all.push(Int32Array.from(before, (x) => (x >>> 8) ^ first[x & 0xff]!));
  }
  return all;
}

/** `before`: the checksum of what stands before these bytes. */
export function crc32(bytes: Uint8Array, tick: Tick, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const of = (table: Int32Array, index: number): number => table[index & 0xff]!;
  const byte = (at: number): number => bytes[at]!;
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    if ((at & (bytesPerTick - 1)) === 0) tick();
    crc =
      of(t7, crc ^ byte(at)) ^
      of(t6, (crc >>> 8) ^ byte(at + 1)) ^
      of(t5, (crc >>> 16) ^ byte(at + 2)) ^
      of(t4, (crc >>> 24) ^ byte(at + 3)) ^
      of(t3, byte(at + 4)) ^
      of(t2, byte(at + 5)) ^
      of(t1, byte(at + 6)) ^
      of(t0, byte(at + 7));
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ of(t0, crc ^ byte(at));
  return ~crc >>> 0;
}
