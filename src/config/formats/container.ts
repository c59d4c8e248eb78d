// What a format gives: named tensors whose numbers are made when they are asked for.
import type { Tick } from '../json/scanner.js';
import type { Bytes } from './source.js';
import type { Stored } from './storedNumbers.js';
import type { Finding } from '../json/problem.js';

/** `stored` is checked: it lies inside its bytes. A tensor that this program does not take says why instead. */
export type FoundTensor = { readonly name: string } & (
  { readonly stored: Stored; readonly refused?: undefined } | { readonly stored: null; readonly refused: Finding }
);

/** What a file says of a layer beside its numbers, under the name that a JSON file would give it. */
export type Fact = { readonly name: string; readonly value: string | number | boolean | readonly string[] };

/** `isOne`: the file is a single block of numbers, which has no name. `notes`: plain numbers beside the tensors. */
export type Container = {
  readonly tensors: readonly FoundTensor[];
  readonly facts?: readonly Fact[];
  readonly isOne: boolean;
  readonly notes?: ReadonlyMap<string, number>;
};

const mostDropouts = 8;

/** Of the layers of Dropout below and above a recurrent one the first are told, each once. */
export function addDropout<Layer>(beside: Map<Layer, readonly string[]>, layer: Layer, told: string): void {
  const own = beside.get(layer) ?? [];
  if (own.length < mostDropouts && !own.includes(told)) beside.set(layer, [...own, told]);
}

/** More of them are no notes. */
export const mostNotes = 100;

/** One file format. */
export type FileFormat = {
  /** As people call it, with its article: `a NumPy .npy file`. */
  readonly name: () => string;
  /** Whether the first bytes are those of the format; `headBytes` of them are enough. */
  readonly match: (bytes: Uint8Array) => boolean;
} & (
  | {
      /** It reads the ranges that it needs. @throws FormatError */
      readonly inRanges: true;
      readonly open: (bytes: Bytes, tick: Tick) => Container;
    }
  | {
      readonly inRanges?: false;
      /** `beside`: the bytes of a file in the same folder, null where there is none. @throws FormatError */
      readonly open: (bytes: Uint8Array, tick: Tick, beside: Beside) => Container;
    }
);

export type Beside = (name: string) => Uint8Array | null;

/** The longest beginning that a format is known by. */
export const headBytes = 64;

export const beginsWith = (bytes: Uint8Array, ...head: readonly number[]): boolean =>
  head.every((byte, i) => bytes[i] === byte);

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
