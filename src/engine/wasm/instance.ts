// One instance of the WebAssembly kernels (../kernels, AssemblyScript) with its memory.
import { movedAtOnce } from '../core/resumableCopy.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { sharedNumbers } from './abi.js';
import type { DTypeExports, Exports } from './abi.js';

/** The compiled modules; who starts the engine brings them, because this room reads no files. */
export type KernelBytes = { readonly relaxed: Uint8Array; readonly simd: Uint8Array };

/**
 * Fused multiply-add through relaxed SIMD, or 128-bit SIMD alone. Where there is neither, the reference classes do the
 * work.
 */
export type Variant = keyof KernelBytes;

/** Kernels that only one thread at a time needs. */
export const packing = (exports: Exports, dtype: DType): Pick<DTypeExports, PackingKernel> =>
  dtype === 'float32'
    ? {
        pack: exports.pack32,
        packTransposed: exports.packTransposed32,
        unpack: exports.unpack32,
        fill: exports.fill32,
        largest: exports.largest32,
        packGates: exports.packGates32,
        unpackGates: exports.unpackGates32,
        packBiases: exports.packBiases32,
        unpackBiases: exports.unpackBiases32,
      }
    : {
        pack: exports.pack64,
        packTransposed: exports.packTransposed64,
        unpack: exports.unpack64,
        fill: exports.fill64,
        largest: exports.largest64,
        packGates: exports.packGates64,
        unpackGates: exports.unpackGates64,
        packBiases: exports.packBiases64,
        unpackBiases: exports.unpackBiases64,
      };

type PackingKernel =
  | 'pack'
  | 'packTransposed'
  | 'unpack'
  | 'fill'
  | 'largest'
  | 'packGates'
  | 'unpackGates'
  | 'packBiases'
  | 'unpackBiases';

/** Bytes of a packed row: 16 float32 or 8 float64. */
export const rowBytes = sharedNumbers.ROW;

/** Bytes from one panel of d to the next, for so many rows, as in ../kernels/simd.ts. */
export const pitchOf = (rows: number): number => (rows + 1 - (rows % 2)) * rowBytes;

export const bytesOf: Readonly<Record<DType, number>> = { float32: 4, float64: 8 };

/** A window on the kernels' memory; it ends with the next `layOut`. */
export const viewOf = ({ memory }: Kernels, dtype: DType, at: number, length: number): FloatArray =>
  dtype === 'float32' ? new Float32Array(memory.buffer, at, length) : new Float64Array(memory.buffer, at, length);

/** Zeros over so many bytes. */
export function* clearResumably({ exports }: Kernels, at: number, bytes: number): Resumable<void> {
  const atOnce = movedAtOnce * Float64Array.BYTES_PER_ELEMENT;
  for (let done = 0; done < bytes; done += atOnce) {
    exports.clear(at + done, Math.min(atOnce, bytes - done));
    yield 0;
  }
}

// Modules of one function each that hold one instruction of the feature: i8x16.splat, f32x4.relaxed_madd.
const header = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00,
];
const splat = [0x41, 0x00, 0xfd, 0x0f];
const probes: Readonly<Record<Variant, readonly number[]>> = {
  relaxed: [...header, 0x0a, 0x13, 0x01, 0x11, 0x00, ...splat, ...splat, ...splat, 0xfd, 0x85, 0x02, 0x0b],
  simd: [...header, 0x0a, 0x08, 0x01, 0x06, 0x00, ...splat, 0x0b],
};

/** What this machine's WebAssembly can run, the fastest first. */
export const supportedVariants = (): Variant[] =>
  typeof WebAssembly === 'undefined'
    ? []
    : (['relaxed', 'simd'] as const).filter((variant) => WebAssembly.validate(Uint8Array.from(probes[variant])));

const pageBytes = 65536;
/** A memory that has grown beyond this is not kept when something much smaller comes: it never shrinks by itself. */
export const mostKeptBytes = 2 ** 26;
/** WebAssembly addresses 4 GiB; the last page stays free, so that no end of a buffer wraps to 0. */
const mostPages = 65535;

/** Null where there is no shared memory, or no room for another 4 GiB of addresses. */
function newMemory(shared: boolean): WebAssembly.Memory | null {
  if (shared && typeof SharedArrayBuffer === 'undefined') return null;
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared });
  } catch (error) {
    // The only way to learn that the machine has no more is to ask for it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** An instance of the kernels on a memory that another thread made: what a member of a team works with. */
export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): Exports =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;

// The import of a memory from `env`, with a maximum: shared, or of one thread alone.
const sharedImport = [0x03, 0x65, 0x6e, 0x76, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x03];
const plain = 0x01;

/**
 * The same module for a memory that is not shared: V8 copies to and from shared memory word by word, four times slower.
 */
function withPlainMemory(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = bytes.findIndex((_, i) => sharedImport.every((byte, j) => bytes[i + j] === byte));
  if (at < 0) throw new Error('The kernels do not import a shared memory from env.');
  bytes[at + sharedImport.length - 1] = plain;
  return bytes;
}

/**
 * One call of a kernel as numbers, which is what threads hand to each other: the kernel's place in `exportNames`, then
 * the arguments.
 */
export type Task = readonly number[];

/** What a thread does by itself, on a memory of its own: `task` is data that can be sent to it. */
export type Job = { readonly kernels: Pick<Kernels, 'module' | 'variant'>; readonly task: object };

/** A job that another thread is at. */
export type Elsewhere = {
  /** What it answers; null where it could not do it. Waits a moment at a time. */
  readonly answer: Resumable<unknown>;
  /** Whether `answer` need not wait. */
  isAnswered(): boolean;
  /** Nobody wants it any more; nothing where it is done. */
  end(): void;
};

/** Threads that work on one memory. */
export type Team = {
  /** How many can work now, the caller among them. Asked only when there is work worth sharing. */
  readonly size: number;
  /**
   * How many that will be once all are up, which decides on whose memory such work is done; 1 when the others have
   * ended.
   */
  readonly most: number;
  /**
   * Starts the threads; resolves when they work, or never will. Without it the first work worth sharing starts them,
   * and later work has them.
   */
  up(): Promise<void>;
  /** The caller's kernels, on the memory that all share. */
  readonly kernels: Kernels;
  /**
   * Gives a memory that is much larger than so many bytes back, between two runs; the threads start again with a
   * smaller one.
   */
  fit(bytes: number): void;
  /** Task i is for thread i, 0 is the caller; null: nothing to do. Returns when all are done. */
  run(tasks: readonly (Task | null)[]): void;
  /** Has one of the others do a job while the caller goes on; null where none is up and free. */
  elsewhere(job: Job): Elsewhere | null;
  /** The same threads on another memory, for one analysis that goes on while runs use this one; null without it. */
  beside(): Team | null;
};

/**
 * Holds exports and memory; a run takes its buffers anew from `start` on, so the memory is as large as the largest run
 * needed since it last fitted.
 */
export class Kernels {
  readonly variant: Variant;
  readonly module: WebAssembly.Module;
  /** These two are others after `fit`. */
  exports: Exports;
  memory: WebAssembly.Memory;
  /** Threads for large runs, where whoever started the engine has brought them. */
  team: Team | null = null;
  readonly #start: number;

  private constructor(variant: Variant, module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.variant = variant;
    this.module = module;
    this.memory = memory;
    this.exports = instantiate(module, memory);
    this.#start = this.exports.heapBase();
  }

  /**
   * The fastest kernels that run here, or those asked for; null when this machine has none, or no memory for them.
   *
   * @param shared whether other threads can work on the memory too
   */
  static load(
    bytes: KernelBytes,
    variant: Variant | null = supportedVariants()[0] ?? null,
    shared = false,
  ): Kernels | null {
    const memory = variant === null ? null : newMemory(shared);
    if (variant === null || memory === null) return null;
    // Copied, because types that allow for shared memory cannot promise that nobody writes to the bytes meanwhile.
    const own = new Uint8Array(bytes[variant]);
    return new Kernels(variant, new WebAssembly.Module(shared ? own : withPlainMemory(own)), memory);
  }

  /** Those that another thread has compiled, on a memory of their own that is not shared; null when there is none. */
  static of({ module, variant }: Job['kernels']): Kernels | null {
    const memory = newMemory(false);
    return memory === null ? null : new Kernels(variant, module, memory);
  }

  /**
   * The same kernels on a memory of their own, for work that goes on while others use this one; null when there is
   * none.
   */
  apart(): Kernels | null {
    const memory = newMemory(this.#shared);
    return memory === null ? null : new Kernels(this.variant, this.module, memory);
  }

  get #shared(): boolean {
    return typeof SharedArrayBuffer !== 'undefined' && this.memory.buffer instanceof SharedArrayBuffer;
  }

  /** Whether the memory is so much larger than these bytes that it is better given back. */
  exceeds(bytes: number): boolean {
    const { byteLength } = this.memory.buffer;
    return byteLength > mostKeptBytes && byteLength > 2 * bytes;
  }

  /** Gives a memory that exceeds so many bytes back, between two runs. */
  fit(bytes: number): void {
    const memory = this.exceeds(bytes) ? newMemory(this.#shared) : null;
    if (memory === null) return;
    this.memory = memory;
    this.exports = instantiate(this.module, memory);
  }

  /** Bytes that the memory has after buffers of these sizes have been laid out in it, if it had fewer. */
  bytesFor(sizes: readonly number[]): number {
    return Math.ceil(this.#place(sizes).end / pageBytes) * pageBytes;
  }

  #place(sizes: readonly number[]): { readonly addresses: number[]; readonly end: number } {
    let end = this.#start;
    const addresses = sizes.map((bytes) => {
      const address = end;
      end += Math.ceil(bytes / 64) * 64;
      return address;
    });
    // Dot products read up to six rows beyond the last one.
    return { addresses, end: end + 1024 };
  }

  /**
   * Lays out buffers of these sizes, each on a 64 byte border, and gives their addresses; null when there is not so
   * much memory.
   */
  layOut(sizes: readonly number[]): number[] | null {
    const { addresses, end } = this.#place(sizes);
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes);
    if (missing <= 0) return addresses;
    if (Math.ceil(end / pageBytes) > mostPages) return null;
    try {
      this.memory.grow(missing);
    } catch {
      // The only way to learn that the machine has no more is to ask for it (RangeError).
      return null;
    }
    return addresses;
  }
}
