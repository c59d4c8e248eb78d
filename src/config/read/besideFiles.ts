// Files of the same folder without which a file cannot be read: ONNX keeps large weights apart.
import { missingBeside } from '../formats/onnx.js';
import { areHere, readWhole } from '../formats/index.js';
import type { BesideFile } from '../formats/index.js';
import type { Tick } from '../json/scanner.js';
import type { FileContent } from './fileAccess.js';
import { mostBytes } from './limits.js';

/** Exporters write one file, or one for each tensor. */
const mostBeside = 100;

export async function besideFiles(
  { id, bytes }: FileContent & { readonly ok: true },
  read: (reference: string, from: string) => Promise<FileContent>,
  tick: Tick,
): Promise<ReadonlyMap<string, BesideFile>> {
  const files = new Map<string, BesideFile>();
  // What is read in ranges has all of itself.
  if (!areHere(bytes)) return files;
  while (files.size < mostBeside) {
    const name = missingBeside(bytes, files, tick);
    if (name === null) break;
    const content = await read(name, id);
    files.set(name, { id: content.id, bytes: content.ok ? readWhole(content.bytes, mostBytes) : null });
  }
  return files;
}
