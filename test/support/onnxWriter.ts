// ONNX models as tests want them: protocol buffers, written field by field.

/** The bytes of a field. */
type Piece = Buffer;

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    const more = rest > 0x7fn;
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    if (!more) return Buffer.from(bytes);
  }
}

export const whole = (field: number, value: number): Piece =>
  Buffer.concat([varint(BigInt(field) << 3n), varint(BigInt(value))]);
export const bytes = (field: number, content: Uint8Array | string | readonly Piece[]): Piece => {
  const own =
    typeof content === 'string' ? Buffer.from(content) : Array.isArray(content) ? Buffer.concat(content) : content;
  return Buffer.concat([
    varint((BigInt(field) << 3n) | 2n),
    varint(BigInt((own as Uint8Array).length)),
    own as Uint8Array,
  ]);
};
export const float = (field: number, value: number): Piece => {
  const own = Buffer.alloc(4);
  own.writeFloatLE(value);
  return Buffer.concat([varint((BigInt(field) << 3n) | 5n), own]);
};

export const floats = (numbers: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);

/** A float32 tensor; `body` says where its numbers are. */
export const tensor = (
  name: string,
  shape: readonly number[],
  body: readonly Piece[] | readonly number[],
  type = 1,
): Piece[] => [
  ...shape.map((size) => whole(1, size)),
  whole(2, type),
  bytes(8, name),
  ...(body.every((one) => typeof one === 'number') ? [bytes(9, floats(body))] : (body as Piece[])),
];

type Value = string | number | readonly string[] | { readonly float: number } | { readonly graph: readonly Piece[] };

export const attribute = (name: string, value: Value): Piece => {
  const own =
    typeof value === 'string'
      ? [bytes(4, value)]
      : typeof value === 'number'
        ? [whole(3, value)]
        : 'float' in value
          ? [float(2, value.float)]
          : 'graph' in value
            ? [bytes(6, value.graph)]
            : value.map((text) => bytes(9, text));
  return bytes(5, [bytes(1, name), ...own]);
};

export const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Value>> = {},
  name = '',
): Piece =>
  bytes(1, [
    ...inputs.map((input) => bytes(1, input)),
    ...outputs.map((output) => bytes(2, output)),
    bytes(3, name),
    bytes(4, op),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  ]);

export const initializer = (...given: Parameters<typeof tensor>): Piece => bytes(5, tensor(...given));

export const model = (graph: readonly Piece[]): Uint8Array =>
  new Uint8Array(Buffer.concat([whole(1, 8), bytes(2, 'tests'), bytes(7, graph)]));
