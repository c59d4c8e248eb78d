// Blocks of numbers straight from the bytes of a file, through the kernel ./kernels/numbers.ts.
import numbersWasm from 'kernels/numbers.wasm';
import type { Tick } from './scanner.js';

/**
 * A regular nested list of numbers: row-major data, its bytes up to `end`, and how many UTF-16 code units its text has.
 */
export type Block = {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly end: number;
  readonly textLength: number;
};

type Exports = {
  readonly freeFrom: () => number;
  readonly begin: () => void;
  readonly read: (from: number, end: number, out: number, powers: number) => number;
  readonly position: () => number;
  readonly numbersWritten: () => number;
  readonly leftAt: () => number;
  readonly leftNumbers: () => number;
  readonly sizesAt: () => number;
  readonly rank: () => number;
};

/** What the kernel's `read` answers. */
const outcome = { more: 0, done: 1, irregular: 2, comment: 3, full: 4 } as const;

/** Bytes that the kernel reads at once: a fraction of a millisecond, and with its numbers still in the cache. */
const windowBytes = 65536;
/** Most blocks are small. */
const firstWindow = 1024;
/** Zeros behind a window, where the kernel may look. */
const margin = 64;
const pageBytes = 65536;
/** Powers of five in the kernel's table, 16 bytes each. */
const [lowest, highest] = [-342, 308];
const powersBytes = 16 * (highest - lowest + 1);

/** The first 128 bits of 5^q for q = −342 … 308, as two 64-bit numbers each, the higher first. */
function powersOfFive(): BigUint64Array {
  const table = new BigUint64Array(2 * (highest - lowest + 1));
  const set = (q: number, bits: bigint): void => {
    table[2 * (q - lowest)] = bits >> 64n;
    table[2 * (q - lowest) + 1] = bits & 0xffffffffffffffffn;
  };
  for (let q = 0, power = 1n; q <= -lowest; q++, power *= 5n) {
    // ⌊q·log2 5⌋ + 1, as in the kernel.
    const length = ((q * 1217359) >> 19) + 1;
    if (q <= highest) set(q, (power << 128n) >> BigInt(length));
    if (q > 0) set(-q, (1n << BigInt(length + 127)) / power);
  }
  return table;
}

export class BlockReader {
  readonly #kernel: Exports;
  readonly #bytes: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #view: DataView;
  readonly #at: { readonly powers: number; readonly window: number; readonly out: number };

  /** Null where there is no WebAssembly, or no memory for it. */
  static create(): BlockReader | null {
    if (typeof WebAssembly === 'undefined') return null;
    try {
      return new BlockReader();
    } catch (error) {
      // The only way to learn that the machine has no more is to ask for it.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  constructor() {
    const memory = new WebAssembly.Memory({ initial: 1 });
    this.#kernel = new WebAssembly.Instance(new WebAssembly.Module(numbersWasm.slice()), { env: { memory } })
      .exports as unknown as Exports;
    const powers = this.#kernel.freeFrom();
    const window = powers + powersBytes;
    const out = window + windowBytes + margin;
    // One number for every two bytes, and one that did not end.
    const end = out + (windowBytes / 2 + 1) * Float64Array.BYTES_PER_ELEMENT;
    memory.grow(Math.ceil(end / pageBytes) - 1);
    this.#at = { powers, window, out };
    this.#bytes = new Uint8Array(memory.buffer);
    this.#numbers = new Float64Array(memory.buffer, out, windowBytes / 2 + 1);
    this.#view = new DataView(memory.buffer);
    new BigUint64Array(memory.buffer, powers, powersBytes / 8).set(powersOfFive());
  }

  /**
   * The block whose first bracket is at `start`; null when what stands there is none, or no regular one. `tick` is
   * called every fraction of a millisecond.
   */
  read(bytes: Uint8Array, start: number, tick: Tick): Block | null {
    const kernel = this.#kernel;
    const { window, out, powers } = this.#at;
    const numbers = new Numbers(bytes.length - start);
    kernel.begin();
    let commentUnits = 0;
    let size = firstWindow;
    /** What stands in the window: bytes from `first`, `length` of them. */
    let [first, length] = [start, 0];
    for (let at = start; ;) {
      // Behind a comment the window goes on: there may be one after every number.
      if (at >= first + length) {
        first = at;
        length = Math.min(size, bytes.length - at);
        size = Math.min(windowBytes, 4 * size);
        this.#bytes.set(bytes.subarray(at, at + length), window);
        this.#bytes.fill(0, window + length, window + length + margin);
      }
      const from = window + at - first;
      const answer = kernel.read(from, window + length, out, powers);
      const read = kernel.position() - from;
      this.#readLeft();
      numbers.push(
        this.#numbers.subarray(0, kernel.numbersWritten()),
        answer === outcome.done ? null : at + read - start,
      );
      at += read;
      tick();
      if (answer === outcome.done)
        return { shape: this.#shape(), data: numbers.all(), end: at, textLength: at - start - commentUnits };
      if (answer === outcome.irregular) return null;
      if (answer === outcome.comment) {
        const end = commentEnd(bytes, at, tick);
        const units = end === null ? null : unitsOf(bytes.subarray(at, end), tick);
        if (end === null || units === null) return null;
        commentUnits += end - at - units;
        at = end;
      } else if (answer === outcome.more) {
        // The rest of the window is the beginning of a number.
        if (read === 0 && from === window && (length === windowBytes || at + length === bytes.length)) return null;
        length = 0;
      }
    }
  }

  /** Numbers that 128 bits of a power of five do not decide, and those at the ends of float64. */
  #readLeft(): void {
    for (let i = 0, at = this.#kernel.leftAt(); i < this.#kernel.leftNumbers(); i++, at += 12) {
      const text = String.fromCharCode(
        ...this.#bytes.subarray(this.#view.getUint32(at + 4, true), this.#view.getUint32(at + 8, true)),
      );
      this.#numbers[this.#view.getUint32(at, true)] = Number(text);
    }
  }

  #shape(): number[] {
    return Array.from({ length: this.#kernel.rank() }, (_, i) =>
      this.#view.getUint32(this.#kernel.sizesAt() + 4 * i, true),
    );
  }
}

/**
 * Grows with what is read, at first to what the bytes so far promise for all of them, so that large blocks move rarely.
 */
class Numbers {
  #data = new Float64Array(0);
  #length = 0;
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** `bytesRead`: of the whole block so far; null with its last numbers. */
  push(values: Float64Array, bytesRead: number | null): void {
    const length = this.#length + values.length;
    if (length > this.#data.length) {
      const promised = bytesRead === null ? length : Math.ceil((length / bytesRead) * this.#bytes * 1.02);
      const larger = new Float64Array(Math.max(length, Math.min(promised, 16 * length)));
      larger.set(this.#data.subarray(0, this.#length));
      this.#data = larger;
    }
    this.#data.set(values, this.#length);
    this.#length = length;
  }

  /** A little room may stay unused behind a large block, which is cheaper than to move it. */
  all(): Float64Array {
    const unused = this.#data.length - this.#length;
    return unused * 16 > this.#data.length ? this.#data.slice(0, this.#length) : this.#data.subarray(0, this.#length);
  }
}

/** Bytes of a comment between two ticks. */
const bytesPerTick = 65536;

/** The byte after the comment at `start`; null when there is none or it does not end. */
export function commentEnd(bytes: Uint8Array, start: number, tick: Tick): number | null {
  const isBlock = bytes[start + 1] === star;
  if (!isBlock && bytes[start + 1] !== slash) return null;
  let before = 0;
  for (let end = start + 2; end < bytes.length; end++) {
    if (end % bytesPerTick === 0) tick();
    const byte = bytes[end]!;
    if (isBlock ? before === star && byte === slash : byte === lineFeed || byte === carriageReturn)
      return isBlock ? end + 1 : end;
    before = byte;
  }
  return isBlock ? null : bytes.length;
}

const [slash, star, lineFeed, carriageReturn] = [0x2f, 0x2a, 0x0a, 0x0d];

/** UTF-16 code units of a piece of UTF-8; null when it is none. */
function unitsOf(bytes: Uint8Array, tick: Tick): number | null {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let units = 0;
  try {
    for (let at = 0; at < bytes.length; at += bytesPerTick) {
      units += decoder.decode(bytes.subarray(at, at + bytesPerTick), { stream: true }).length;
      tick();
    }
    return units + decoder.decode().length;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
