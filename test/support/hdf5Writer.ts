// HDF5 files as tests want them: objects of the newer form (headers of version 2), written part by part.

type Bytes = Uint8Array | readonly number[];
/** Texts and bytes, one behind the other. */
export type Parts = readonly (Bytes | string)[];

export const little = (size: 1 | 2 | 4 | 8, ...values: readonly (number | bigint)[]): Buffer => {
  const bytes = Buffer.alloc(size * values.length);
  for (const [i, value] of values.entries())
    for (let k = 0; k < size; k++) bytes[i * size + k] = Number((BigInt(value) >> BigInt(8 * k)) & 0xffn);
  return bytes;
};

/** A place that is none. */
export const nowhere = 2n ** 64n - 1n;

export const joined = (...parts: Parts): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** A message of an object: its kind and its bytes. `shared`: it stands in another object. */
export type Message = { readonly kind: number; readonly body: Buffer; readonly shared?: boolean };

export const space = (...shape: readonly number[]): Message => ({
  kind: 0x01,
  body: joined([2, shape.length, 0, 1], little(8, ...shape)),
});
/** IEEE 754 numbers of 32 bits. */
export const float32: Message = {
  kind: 0x03,
  body: joined([0x11, 0x20, 31, 0], little(4, 4), little(2, 0, 32), [23, 8, 0, 23], little(4, 127)),
};
export const whole = (size: number, { signed = true, precision = 8 * size, offset = 0 } = {}): Message => ({
  kind: 0x03,
  body: joined([0x10, signed ? 8 : 0, 0, 0], little(4, size), little(2, offset, precision)),
});
/** Texts of one length, padded. */
export const text = (size: number): Message => ({ kind: 0x03, body: joined([0x13, 0, 0, 0], little(4, size)) });
/** Texts of any length, which stand in a heap. */
export const longText: Message = { kind: 0x03, body: joined([0x19, 1, 0, 0], little(4, 16), little(4, 0)) };

export const contiguous = (at: number | bigint, length: number): Message => ({
  kind: 0x08,
  body: joined([3, 1], little(8, at), little(8, length)),
});
export const layout = (...parts: Parts): Message => ({ kind: 0x08, body: joined(...parts) });

export const attribute = (
  name: string,
  type: Message,
  shape: Message,
  data: Bytes,
  { version = 3, flags = 0, shared = false } = {},
): Message => {
  const pad = (part: Buffer): Buffer =>
    version === 1 ? Buffer.concat([part, Buffer.alloc((8 - (part.length % 8)) % 8)]) : part;
  const own = Buffer.from(`${name}\0`);
  return {
    kind: 0x0c,
    shared,
    body: joined(
      [version, flags],
      little(2, own.length, type.body.length, shape.body.length),
      version === 3 ? [0] : [],
      pad(own),
      pad(type.body),
      pad(shape.body),
      data,
    ),
  };
};

/** What a group of the newer form has: it says that its names stand in its header, each as a link. */
export const group: Message = { kind: 0x02, body: joined([0, 0], little(8, nowhere, nowhere)) };
/** `extra`: flags beside the size of the name's length, and the fields that they bring, before that length. */
export const link = (name: string, at: number | bigint, flags = 0, extra: Bytes = []): Message => {
  const size = ([1, 2, 4, 8] as const)[flags & 3] ?? 1;
  return { kind: 0x06, body: joined([1, flags], extra, little(size, Buffer.from(name).length), name, little(8, at)) };
};

/** Parts one after the other behind room for a superblock; `file` writes that. */
export class Hdf5Writer {
  #bytes = Buffer.alloc(128);

  /** Where the part begins. */
  add(...parts: Parts): number {
    const at = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, joined(...parts)]);
    return at;
  }

  /** An object's header. */
  object(...messages: readonly Message[]): number {
    const body = joined(
      ...messages.map(({ kind, body: own, shared = false }) =>
        joined([kind], little(2, own.length), [shared ? 2 : 0], own),
      ),
    );
    return this.add('OHDR', [2, 2], little(4, body.length), body);
  }

  /** A dataset of numbers that follow each other. */
  floats(shape: readonly number[], numbers: readonly number[]): number {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    return this.object(space(...shape), float32, contiguous(this.add(bytes), bytes.length));
  }

  /** The file, whose names lead from the object at `root`. */
  file(root: number | bigint, { version = 2, base = 0 }: { version?: 1 | 2; base?: number } = {}): Uint8Array {
    const bytes = Buffer.from(this.#bytes);
    bytes.set([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, version]);
    if (version === 1) {
      bytes.set([8, 8], 13);
      bytes.set(joined(little(8, base, nowhere, bytes.length, nowhere), little(8, 0, root)), 28);
    } else {
      bytes.set([8, 8], 9);
      bytes.set(little(8, base, nowhere, bytes.length, root), 12);
    }
    return new Uint8Array(bytes);
  }
}
