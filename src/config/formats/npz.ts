// NumPy's .npz: a ZIP archive with one .npy for each array.
import type { Tick } from '../json/scanner.js';
import type { Container, FoundTensor } from './container.js';
import { FormatError } from './formatError.js';
import { readNpy } from './npy.js';
import type { Bytes } from './source.js';
import type { Zip } from './zip.js';

export const isNpz = ({ entries }: Zip): boolean =>
  entries.size > 0 && [...entries.keys()].every((name) => name.endsWith('.npy'));

/** @throws FormatError */
export function openNpz(zip: Zip, tick: Tick): Container {
  const tensors: FoundTensor[] = [];
  for (const entry of zip.entries.values()) {
    const name = entry.name.slice(0, -'.npy'.length);
    tensors.push(readArray(zip.content(entry, tick), name, tick, zip.unchecked(entry, tick)));
  }
  return { tensors, isOne: false };
}

/** An array of objects stands beside others that can be read. */
function readArray(bytes: Bytes, name: string, tick: Tick, header: Bytes): FoundTensor {
  try {
    return readNpy(bytes, name, tick, header);
  } catch (error) {
    if (error instanceof FormatError && error.finding.code === 'unsupported-feature')
      return { name, stored: null, refused: error.finding };
    throw error;
  }
}
