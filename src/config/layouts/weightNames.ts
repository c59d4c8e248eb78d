// What the names in an object of weights say. Weights, readout, hover and edits all ask here, so that each name is
// taken apart once and "which value is the recurrent matrix of layer 1" has one answer.
import type { Value } from '../json/jsonValue.js';
import { networkGroups } from './networkGroups.js';
import type { NetworkGroups } from './networkGroups.js';
import { findGroups, namedValues } from './weightLayouts.js';
import type { Group, Named } from './weightLayouts.js';

export type WeightNames = {
  readonly named: readonly Named[];
  /** Every layer that the names make, as `findGroups` orders them. */
  readonly groups: readonly Group[];
  /** Which of them are one network; null where there is no layer at all. */
  readonly network: NetworkGroups | null;
};

/** A value never changes, so its names are kept as long as it is. */
const known = new WeakMap<Value, WeightNames>();

export function weightNames(value: Value): WeightNames {
  const before = known.get(value);
  if (before !== undefined) return before;
  const named = namedValues(value);
  const groups = findGroups(named);
  const [first, ...others] = groups;
  const names = { named, groups, network: first === undefined ? null : networkGroups([first, ...others]) };
  known.set(value, names);
  return names;
}

/**
 * The layers of the one network that stands there, from the input up, `forward` before `reverse`; none where there are
 * several networks or none.
 */
export function layersOf(value: Value | null): readonly Group[] {
  const network = value?.node.kind === 'object' ? weightNames(value).network : null;
  return network?.kind === 'network' ? network.groups : [];
}

/** The layer of a network that has no other one: edits of a whole layer know which one is meant only there. */
export const onlyLayer = ([first, ...others]: readonly Group[]): Group | null =>
  first === undefined || others.length > 0 ? null : first;
