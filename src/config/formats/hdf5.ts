// HDF5 as Keras writes it. Only what its files need is read: groups, datasets of numbers, and texts in attributes.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { beginsWith } from './container.js';
import type { Container, FileFormat, FoundTensor } from './container.js';
import { compareCounted } from './countedNames.js';
import { bytesText, damaged } from './formatError.js';
import { Hdf5Bytes } from './hdf5Bytes.js';
import { Hdf5Places, isDataset, readDataset } from './hdf5Data.js';
import { attributeTexts, linksOf, newerForm, readHeader } from './hdf5Objects.js';
import type { Link, Message } from './hdf5Objects.js';
import { kerasContainer } from './kerasNames.js';

/** Models in models have some five levels; a path beyond this is none of ours. */
const deepest = 32;
const longestPath = 400;

/** What is in a file of Keras: datasets by their paths, and what the model says of itself, as JSON. */
export type Hdf5Contents = { readonly tensors: readonly FoundTensor[]; readonly modelConfig: string | null };

/** Where the root's header stands. */
function rootOf(file: Hdf5Bytes): number {
  const version = file.u1(8);
  if (version > 3) throw damaged(t('HDF5 of version 0 to 3'), t('version {0}', version), 8);
  const isOld = version < 2;
  const [offsets, lengths] = isOld ? [file.u1(13), file.u1(14)] : [file.u1(9), file.u1(10)];
  if (offsets !== 8 || lengths !== 8) throw newerForm(t('places of {0} bytes', offsets));
  const start = isOld ? (version === 0 ? 24 : 28) : 12;
  if (file.u8(start) !== 0) throw newerForm(t('numbers behind a block of another program'));
  const end = file.u8(start + 16);
  if (end > file.bytes.length) throw damaged(bytesText(end), bytesText(file.bytes.length), file.bytes.length);
  const root = file.address(isOld ? start + 40 : start + 24);
  if (root === null) throw damaged(t('a place in the file'), t('none'), start);
  return root;
}

/** @throws FormatError */
export function readHdf5(bytes: Uint8Array, tick: Tick): Hdf5Contents {
  const file = new Hdf5Bytes(bytes, tick);
  const places = new Hdf5Places();
  const tensors: FoundTensor[] = [];
  const known = new Set<number>();
  const queue: { readonly path: readonly string[]; readonly at: number }[] = [{ path: [], at: rootOf(file) }];
  let modelConfig: string | null = null;
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { path, at } = next;
    // A group that holds itself, or a dataset with two names, is looked at once.
    if (known.has(at)) continue;
    known.add(at);
    const header = readHeader(file, at);
    const name = path.join('/');
    if (path.length > deepest || name.length > longestPath)
      throw damaged(t('at most {0} levels', deepest), t('more of them'), at, cut(name, 80));
    if (isDataset(header)) {
      tensors.push(readDataset(file, header, name, places));
      continue;
    }
    if (path.length === 0) modelConfig = attributeTexts(file, header, 'model_config')?.[0] ?? null;
    const links = (linksOf(file, header) ?? []).filter((link) => !isOfTraining(link.name));
    for (const link of inOrder(links, layerNames(file, header, path.length)).reverse())
      queue.push({ path: [...path, link.name], at: link.at });
  }
  places.check();
  return { tensors, modelConfig };
}

/** What an optimizer keeps, and the state of random numbers: no weights. */
const isOfTraining = (name: string): boolean => /^(?:optimizer(?:_weights)?|seed_generator(?:_\d+)?)$/.test(name);

/** The layers from the input up, as Keras 2 lists them; of many layers in several attributes. */
function layerNames(file: Hdf5Bytes, header: readonly Message[], depth: number): string[] | null {
  if (depth > 1) return null;
  const whole = attributeTexts(file, header, 'layer_names');
  if (whole !== null) return whole;
  const names: string[] = [];
  for (let i = 0; ; i++) {
    const part = attributeTexts(file, header, `layer_names${i}`);
    if (part === null) return i === 0 ? null : names;
    names.push(...part);
  }
}

/** In the order that the file lists; else `lstm`, `lstm_1`, …, `lstm_10`, as Keras counts its layers. */
function inOrder(links: readonly Link[], listed: readonly string[] | null): Link[] {
  const places = new Map((listed ?? []).map((name, i) => [name, i]));
  return links.toSorted((a, b) => {
    const [p, q] = [places.get(a.name) ?? Infinity, places.get(b.name) ?? Infinity];
    return p === q ? compareCounted(a.name, b.name) : p - q;
  });
}

function open(bytes: Uint8Array, tick: Tick): Container {
  const { tensors, modelConfig } = readHdf5(bytes, tick);
  return kerasContainer(tensors, modelConfig, 'names', tick);
}

export const hdf5: FileFormat = {
  name: () => t('an HDF5 file (.h5)'),
  match: (bytes) => beginsWith(bytes, 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a),
  open,
};
