// Structs in the kernels' memory, written by the names of their fields.
import { structs } from './abi.js';
import type { StructName } from './abi.js';

/** The numbers that a struct holds, by field. */
export type Fields<Name extends StructName> = { readonly [Field in keyof (typeof structs)[Name]]: number };

const fields = new Map<string, readonly string[]>(
  Object.entries(structs).map(([name, all]) => [name, Object.keys(all)]),
);
const fieldsOf = <Name extends StructName>(name: Name) => fields.get(name) as readonly (keyof Fields<Name>)[];

/** The numbers of a struct in the order of its fields. `values` may hold others too. */
export function inOrder<Name extends StructName>(name: Name, values: Fields<Name>): Int32Array {
  const names = fieldsOf(name);
  const numbers = new Int32Array(names.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = values[names[i]!];
  return numbers;
}

export const structBytes = (name: StructName): number => fieldsOf(name).length * Int32Array.BYTES_PER_ELEMENT;

/** A struct in the kernels' memory; it ends with the next `layOut`. */
export class Struct<Name extends StructName> {
  readonly #name: Name;
  readonly #numbers: Int32Array;

  constructor(name: Name, buffer: ArrayBufferLike, at: number) {
    this.#name = name;
    this.#numbers = new Int32Array(buffer, at, fieldsOf(name).length);
  }

  /** Every field; `values` may hold other numbers too. */
  write(values: Fields<Name>): void {
    this.#numbers.set(inOrder(this.#name, values));
  }

  /** Some fields, the others 0; `values` may hold other numbers too. */
  writeSome(values: Partial<Fields<Name>>): void {
    for (const [i, field] of fieldsOf(this.#name).entries()) this.#numbers[i] = values[field] ?? 0;
  }

  get(field: keyof Fields<Name>): number {
    return this.#numbers[fieldsOf(this.#name).indexOf(field)] ?? NaN;
  }

  set(field: keyof Fields<Name>, value: number): void {
    this.#numbers[fieldsOf(this.#name).indexOf(field)] = value;
  }
}
