// Large files that take no place on the disk: what is no header is a hole, which reads as zeros.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Bytes, or how many zeros. */
export type Part = Uint8Array | number;

export function writeParts(path: string, parts: readonly Part[]): void {
  const file = openSync(path, 'w');
  let at = 0;
  for (const part of parts) {
    if (typeof part !== 'number') writeSync(file, part, 0, part.length, at);
    at += typeof part === 'number' ? part : part.length;
  }
  ftruncateSync(file, at);
  closeSync(file);
}

const sizeOf = (part: Part): number => (typeof part === 'number' ? part : part.length);

/** A float32 tensor, its numbers at the end of its name's line of the header. */
export type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly data: Part };

export const floats = (count: number, at: (i: number) => number): Uint8Array =>
  new Uint8Array(Float32Array.from({ length: count }, (_, i) => at(i)).buffer);

export function safetensorsParts(tensors: readonly Tensor[]): { readonly header: number; readonly parts: Part[] } {
  let end = 0;
  const entries = tensors.map(({ name, shape, data }) => {
    const begin = end;
    end += sizeOf(data);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return { header: 8 + header.length, parts: [length, header, ...tensors.map(({ data }) => data)] };
}

const zeros = new Uint8Array(1 << 20);
function sumOf(part: Part): number {
  if (typeof part !== 'number') return crc32(part);
  let sum = 0;
  for (let at = 0; at < part; at += zeros.length) sum = crc32(zeros.subarray(0, part - at), sum);
  return sum;
}

/** A ZIP archive of stored entries. */
function zipParts(entries: readonly { readonly name: string; readonly content: Part }[]): Part[] {
  const parts: Part[] = [];
  const rows: Buffer[] = [];
  let at = 0;
  for (const { name, content } of entries) {
    const path = Buffer.from(name);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt32LE(sumOf(content), 14);
    head.writeUInt32LE(sizeOf(content), 18);
    head.writeUInt32LE(sizeOf(content), 22);
    head.writeUInt16LE(path.length, 26);
    const row = Buffer.alloc(46);
    row.writeUInt32LE(0x02014b50, 0);
    head.copy(row, 16, 14, 26);
    row.writeUInt16LE(path.length, 28);
    row.writeUInt32LE(at, 42);
    parts.push(head, path, content);
    rows.push(row, path);
    at += 30 + path.length + sizeOf(content);
  }
  const directory = Buffer.concat(rows);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return [...parts, directory, end];
}

const int = (x: number): Buffer => {
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0]);
  bytes.writeInt32LE(x, 1);
  return bytes;
};
const word = (text: string): Buffer => Buffer.from([0x8c, text.length, ...Buffer.from(text)]);
const sizes = (list: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from('('), ...list.map(int), Buffer.from('t')]);

/** What torch.save writes of a state dict, each tensor with a storage of its own. */
export function torchParts(tensors: readonly Tensor[], storage = 'FloatStorage', bytes = 4): Part[] {
  const pickle = Buffer.concat([
    Buffer.from([0x80, 2]),
    Buffer.from('}('),
    ...tensors.flatMap(({ name, shape, data }, i) => [
      word(name),
      Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(('),
      word('storage'),
      Buffer.from(`ctorch\n${storage}\n`),
      word(String(i)),
      word('cpu'),
      int(sizeOf(data) / bytes),
      Buffer.from('tQ'),
      int(0),
      sizes(shape),
      sizes(shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))),
      Buffer.from([0x89]),
      Buffer.from('ccollections\nOrderedDict\n)RtR'),
    ]),
    Buffer.from('u.'),
  ]);
  return zipParts([
    { name: 'model/data.pkl', content: pickle },
    { name: 'model/byteorder', content: Buffer.from('little') },
    ...tensors.map(({ data }, i) => ({ name: `model/data/${i}`, content: data })),
  ]);
}
