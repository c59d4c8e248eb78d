// Keras 3's .keras: a ZIP archive with the model as JSON and its weights as HDF5.
import type { Tick } from '../json/scanner.js';
import type { Container } from './container.js';
import { inEntry } from './formatError.js';
import { readHdf5 } from './hdf5.js';
import { kerasContainer } from './kerasNames.js';
import type { Zip } from './zip.js';

const weights = 'model.weights.h5';

export const isKerasZip = ({ entries }: Zip): boolean => entries.has(weights);

/** @throws FormatError */
export function openKerasZip(zip: Zip, tick: Tick): Container {
  const read = (name: string): Uint8Array | null => {
    const entry = zip.entries.get(name);
    return entry === undefined ? null : zip.read(entry, tick);
  };
  const { tensors } = inEntry(weights, () => readHdf5(read(weights)!, tick));
  const config = read('config.json');
  const text = config === null ? null : new TextDecoder().decode(config);
  return inEntry('config.json', () => kerasContainer(tensors, text, 'counted', tick));
}
