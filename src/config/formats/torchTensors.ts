// The tensors in what a pickle of PyTorch holds, under the names that a state dict would give them.
import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { mostNotes } from './container.js';
import type { Container, FoundTensor } from './container.js';
import { bytesText, damaged, refused } from './formatError.js';
import { tooPrecise } from './npy.js';
import { storageNumberBytes, storageType } from './pickleGlobals.js';
import type { PickleValue, Storage, Tensor } from './pickleValues.js';
import { areHere, sizeOf } from './source.js';
import type { Bytes } from './source.js';
import { bytesOf, countOf, inexactInteger } from './storedNumbers.js';
import { otherType } from './unreadTensors.js';

/** By type and storage the first integer that is not exact; null where there is none. */
type Inexact = Map<string, ReturnType<typeof inexactInteger>>;

/** Dicts in dicts: an optimizer's state has 4 levels. */
const deepest = 60;
const longestName = 200;
const mostTensors = 200_000;
/** Tensors may share numbers, as tied weights do; together they ask for no more than this many times what is there. */
const mostShared = 8;

/** The bytes of a storage; `little`: the order of its bytes. */
export type StorageBytes = (storage: Storage) => { readonly bytes: Bytes; readonly little: boolean };

/** @throws FormatError */
export function torchTensors(value: PickleValue, bytesOfStorage: StorageBytes, tick: Tick): Container {
  const asked = new Map<string, number>();
  const inexact: Inexact = new Map();
  const found: FoundTensor[] = [];
  const seen = new Set<PickleValue>();
  const queue: { readonly name: string; readonly value: PickleValue; readonly depth: number }[] = [
    { name: '', value, depth: 0 },
  ];
  for (let next = queue.pop(), count = 0; next !== undefined; next = queue.pop(), count++) {
    if (count % 1024 === 0) tick();
    const { name, value: inner, depth } = next;
    if (inner === null || typeof inner !== 'object' || name.length > longestName) continue;
    if (inner.kind === 'tensor' || inner.kind === 'unread' || inner.kind === 'array') {
      if (found.length >= mostTensors) throw damaged(t('at most {0} tensors', mostTensors), t('more of them'));
      if (inner.kind === 'tensor') found.push(checked(name, inner, asked, inexact, bytesOfStorage, tick));
      else if (inner.kind === 'array' && inner.stored !== null) found.push({ name, stored: inner.stored });
      else if (inner.refused !== undefined) found.push({ name, stored: null, refused: inner.refused });
      continue;
    }
    if (inner.kind !== 'dict' && inner.kind !== 'list' && inner.kind !== 'tuple') continue;
    // A container that holds itself, or stands in two places, is looked at once.
    if (seen.has(inner)) continue;
    seen.add(inner);
    if (depth >= deepest) throw damaged(t('at most {0} levels', deepest), t('more of them'), null, cut(name, 80));
    const children: Iterable<readonly [PickleValue, PickleValue]> =
      inner.kind === 'dict' ? inner.entries : inner.items.entries();
    const named = [...children].flatMap(([key, child]) =>
      typeof key === 'string' || typeof key === 'number'
        ? [{ name: name === '' ? String(key) : `${name}.${key}`, value: child, depth: depth + 1 }]
        : [],
    );
    for (const child of named.reverse()) queue.push(child);
  }
  if (found.length === 0)
    throw refused(
      t('The file holds no tensor.'),
      t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
      t('no tensor'),
      t('Save numbers as tensors, in Python with torch.save(torch.as_tensor(numbers), file).'),
    );
  return { tensors: found, isOne: found.length === 1 && found[0]?.name === '', notes: notesOf(value) };
}

/** What a checkpoint keeps beside its tensors: `{ 'epoch': 3, 'loss': 0.2, 'model_state_dict': … }`. */
function notesOf(value: PickleValue): ReadonlyMap<string, number> {
  const notes = new Map<string, number>();
  if (typeof value !== 'object' || value?.kind !== 'dict') return notes;
  for (const [key, note] of value.entries) {
    if (typeof key === 'string' && typeof note === 'number') notes.set(key, note);
    if (notes.size === mostNotes) break;
  }
  return notes;
}

/** A tensor lies inside its storage, and has no more numbers than that. */
function checked(
  name: string,
  { storage, offset, shape, strides, type: ownType }: Tensor,
  asked: Map<string, number>,
  inexact: Inexact,
  bytesOfStorage: StorageBytes,
  tick: Tick,
): FoundTensor {
  const part = cut(name, 80);
  const { bytes, little } = bytesOfStorage(storage);
  const { type: storageName, key } = storage;
  const size = storageNumberBytes(storageName);
  if (storage.count * size !== sizeOf(bytes))
    throw damaged(t('a storage of {0} numbers', storage.count), bytesText(sizeOf(bytes)), null, part);
  const type = ownType ?? storageType(storageName);
  const declared = type === null ? storage.count : Math.floor(sizeOf(bytes) / bytesOf(type));
  const count = countOf(shape);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, offset);
  const total = (asked.get(key) ?? 0) + (count ?? 0);
  asked.set(key, total);
  const isEmpty = count === 0;
  if (
    count === null ||
    (!isEmpty && (last >= declared || count > declared)) ||
    total > mostShared * Math.max(declared, 1)
  )
    throw damaged(
      t('a tensor inside of its storage of {0} numbers', declared),
      t('the shape {0} from number {1} on', describeShape(shape.slice(0, 8)), offset),
      null,
      part,
    );
  if (type === null) return { name, stored: null, refused: otherType(storageName) };
  const stored = { type, bytes, little, shape, offset: isEmpty ? 0 : offset, strides };
  if (!areHere(bytes)) return { name, stored };
  const place = `${type} ${key}`;
  if (!inexact.has(place))
    inexact.set(place, inexactInteger({ ...stored, shape: [declared], offset: 0, strides: [1] }, tick));
  const first = inexact.get(place) ?? null;
  return first === null ? { name, stored } : { name, stored: null, refused: tooPrecise(first) };
}
