// What a pickle can hold here: plain values, containers, and records of tensors. Nothing of it is a program.
import type { NumberType, Stored } from './storedNumbers.js';
import type { Finding } from '../json/problem.js';

/** A name out of the table of globals; `use` says what it is for. */
export type Global = { readonly kind: 'global'; readonly name: string };
export type List = { readonly kind: 'list'; readonly items: PickleValue[] };
export type Tuple = { readonly kind: 'tuple'; readonly items: readonly PickleValue[] };
export type Dict = { readonly kind: 'dict'; readonly entries: Map<PickleValue, PickleValue> };
export type Bytes = { readonly kind: 'bytes'; readonly bytes: Uint8Array };
/** A range of numbers that several tensors may look at. */
export type Storage = {
  readonly kind: 'storage';
  readonly key: string;
  /** The class of storage that PyTorch names, which tells the type of its numbers. */
  readonly type: string;
  readonly count: number;
};
export type Tensor = {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Of its numbers, where its storage counts bytes. */
  readonly type?: NumberType;
};
/** A tensor that is known, and whose numbers are not read. */
export type Unread = { readonly kind: 'unread'; readonly refused: Finding };
/** A NumPy type, and what its state says of the order of bytes. */
export type ArrayType = { readonly kind: 'dtype'; readonly code: string; order: string };
/** A NumPy array, filled by its state, which may be of a type that is not read. */
export type Numbers = { readonly kind: 'array'; stored: Stored | null; refused?: Finding };
/** Known, and of no interest. */
export type Opaque = { readonly kind: 'opaque' };
export const opaque: Opaque = { kind: 'opaque' };

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Global
  | List
  | Tuple
  | Dict
  | Bytes
  | Storage
  | Tensor
  | Unread
  | ArrayType
  | Numbers
  | Opaque;

export const kindOf = (value: PickleValue | undefined): string =>
  value === null || value === undefined ? 'None' : typeof value === 'object' ? value.kind : typeof value;

export const itemsOf = (value: PickleValue | undefined): readonly PickleValue[] | null =>
  typeof value === 'object' && value !== null && (value.kind === 'list' || value.kind === 'tuple') ? value.items : null;
