// ZIP archives as tests want them: entries as they are, with right checksums, or with a directory that lies.
import { crc32, deflateRawSync } from 'node:zlib';

/** `deflated`: packed, not stored; or what the content is when it is packed. */
export type Packed = {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflated?: boolean | Uint8Array;
};

/** Entries, one after the other, and their directory. */
export function zipOf(entries: readonly Packed[]): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content, deflated = false } of entries) {
    const stored =
      typeof deflated === 'boolean' ? (deflated ? deflateRawSync(content) : Buffer.from(content)) : deflated;
    const path = Buffer.from(name);
    const sum = crc32(content);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(deflated === false ? 0 : 8, 8);
    head.writeUInt32LE(sum, 14);
    head.writeUInt32LE(stored.length, 18);
    head.writeUInt32LE(content.length, 22);
    head.writeUInt16LE(path.length, 26);
    const row = Buffer.alloc(46);
    row.writeUInt32LE(0x02014b50, 0);
    row.writeUInt16LE(20, 4);
    row.writeUInt16LE(20, 6);
    head.copy(row, 10, 8, 10);
    head.copy(row, 16, 14, 26);
    row.writeUInt16LE(path.length, 28);
    row.writeUInt32LE(at, 42);
    local.push(head, path, stored);
    central.push(row, path);
    at += 30 + path.length + stored.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...local, directory, end]));
}
