import { isArray } from '../json/node.js';
import { isListOfParts } from '../problems/modelParts.js';
import { weightNames } from '../layouts/weightNames.js';
import { asSequences } from './fileParts.js';
import { configKeys } from './schema.js';
import type { Value } from '../json/jsonValue.js';

/** What a JSON file seems to be, so that `Run RNN` knows what to ask for. */
export type FileKind = 'config' | 'weights' | 'sequences' | 'unknown';

/** Guesses from the content alone: weights by their names, sequences by being nested lists, a config by its keys. */
export function kindOf(root: Value): FileKind {
  if (isArray(root.node))
    return root.node.kind === 'tensor' || root.node.items.every(isArray) ? 'sequences' : 'unknown';
  if (root.document.binary !== null)
    return weightNames(root).groups.length > 0 ? 'weights' : isArray(asSequences(root).node) ? 'sequences' : 'unknown';
  const keys = configKeys();
  const known = root.entries().filter(([key]) => key !== '$schema' && key !== 'name' && Object.hasOwn(keys, key));
  if (known.some(([key]) => key === 'weights' || key === 'sequences')) return 'config';
  if (!isListOfParts(root) && weightNames(root).groups.length > 0) return 'weights';
  return known.length > 0 ? 'config' : 'unknown';
}
