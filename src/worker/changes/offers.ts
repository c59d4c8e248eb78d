// Where refactorings of a config's numbers are offered.
import type { FoundParts, Part } from '../../config/index.js';
import { onlyLayer } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import type { Value } from '../../config/json/index.js';
import { blocksOf, gateBlocksOf, numbersOf, weightLayers } from '../../config/read/index.js';
import type { LayerPlace } from '../../config/read/index.js';
import type { KnownShapes, Offer } from '../../protocol/index.js';
import { copyReference } from './copyOfWeights.js';

/** Initial states of more numbers than this are better kept in a file. */
const mostZeros = 10_000;
/** Files of more characters than this are better kept out of a config. */
const longestInline = 2_000_000;

const isMatrix = ({ value: { node } }: Part): boolean =>
  node.kind === 'tensor' && node.shape.length === 2 && !node.shape.includes(0);

const isText = (value: Value | null): boolean => (value?.document.binary ?? null) === null;

/**
 * The sizes that a matrix has as its layout stores it; null where they are not known. `I` are the network's inputs,
 * which are those of its only layer.
 */
function wantedShape({ role, group, transposed }: Part, I: number | null): [number | null, number | null] | null {
  if (role !== 'input' && role !== 'recurrent') return null;
  const blocks = group === null ? null : blocksOf(group);
  const H = blocks?.H ?? null;
  const [rows, columns] = [role === 'input' ? I : H, blocks === null ? null : blocks.H * blocks.gates.length];
  return transposed ? [columns, rows] : [rows, columns];
}

/** Whether the matrix fits when it is turned around; true for square ones, which fit both ways. */
function fitsTransposed(part: Part, I: number | null): boolean {
  const { node } = part.value;
  if (node.kind !== 'tensor' || !isMatrix(part)) return false;
  const [rows = 0, columns = 0] = node.shape;
  const wanted = wantedShape(part, I);
  // A recurrent matrix that is not square fits neither way.
  if (wanted === null || (part.role === 'recurrent' && rows !== columns)) return false;
  return (wanted[0] === null || wanted[0] === columns) && (wanted[1] === null || wanted[1] === rows);
}

/** H of each layer and direction, as `initialState` counts them; null where the weights do not tell. */
export function stateWidths({ groups }: FoundParts): readonly number[] | null {
  const widths = weightLayers(groups).map(({ group }) => blocksOf(group)?.H ?? null);
  return widths.length > 0 && widths.every((H) => H !== null) ? widths : null;
}

/** Whether the biases of each unit's forget gate add up to 1 already. */
function beginsOpen(group: Group): boolean {
  const blocks = group.biases.flatMap((value) =>
    value === null
      ? []
      : gateBlocksOf({ role: 'bias', group, transposed: false, value }).map((block) => ({ block, value })),
  );
  const sums = new Map<string, number>();
  for (const { block, value } of blocks) {
    if (block.gate !== 'f' || value.node.kind !== 'tensor') continue;
    for (const [j, x] of numbersOf(value.node.data, block).entries()) {
      const unit = `${block.direction ?? ''} ${j}`;
      sums.set(unit, (sums.get(unit) ?? 0) + x);
    }
  }
  return sums.size > 0 && [...sums.values()].every((sum) => sum === 1);
}

/** Layers with a forget gate that is not open at first, by their recurrent matrix. */
const withForgetGate = (
  { groups }: FoundParts,
  placeOf: PlaceOf,
): { matrix: Value; group: Group; place: LayerPlace }[] =>
  groups.flatMap((group) => {
    const { recurrent: matrix } = group;
    const place = placeOf(group);
    if (matrix === null || place === null) return [];
    // What cannot be written is not looked into either: its numbers may lie on a disk, out of reach.
    if (![matrix, ...group.biases].every(isText) || blocksOf(group)?.gates.includes('f') !== true) return [];
    return beginsOpen(group) ? [] : [{ matrix, group, place }];
  });

type PlaceOf = (group: Group) => LayerPlace | null;

/** Every refactoring that makes sense for this config now, with the value that it belongs to. */
export function offersOf(found: FoundParts, shapes: KnownShapes, placeOf: PlaceOf): Offer[] {
  const offers: Offer[] = [];
  const add = (kind: Offer['kind'], value: Value, name: string, more: Partial<Offer> = {}): void => {
    offers.push({
      kind,
      square: false,
      role: null,
      layer: null,
      gates: [],
      shape: value.node.kind === 'tensor' ? value.node.shape : null,
      file: value.document.id,
      path: value.path,
      name,
      key: value.address().range,
      value: value.document.lines.range(value.node),
      ...more,
    });
  };
  // The matrix that the gradient goes through comes first.
  const isFirst = ({ role }: Part): number => (role === 'recurrent' ? 0 : 1);
  for (const part of found.parts.toSorted((a, b) => isFirst(a) - isFirst(b))) {
    if (part.value.document.binary !== null) continue;
    if (fitsTransposed(part, onlyLayer(found.layers) === null ? null : shapes.I))
      add('transpose', part.value, part.name);
    const gates = part.role === 'bias' ? [] : [...new Set(gateBlocksOf(part).map(({ gate }) => gate))];
    if (gates.length > 0) {
      const layer = part.group === null ? null : placeOf(part.group);
      add('initialiseGates', part.value, part.name, { role: part.role, layer, gates });
      continue;
    }
    if (!isMatrix(part)) continue;
    const square = part.value.node.kind === 'tensor' && part.value.node.shape[0] === part.value.node.shape[1];
    if (part.role === 'recurrent' && square) add('rescale', part.value, part.name);
    if ((part.role === 'recurrent' && square) || part.role === 'input')
      add('initialise', part.value, part.name, { square });
  }
  const closed = withForgetGate(found, placeOf);
  for (const { matrix, group, place } of closed)
    add('forgetBias', matrix, group.layout.recurrent, { role: 'recurrent', layer: place });
  const { config, layers, weights } = found;
  if (closed.length > 1 && weights !== null) add('forgetBias', weights, 'weights', { value: weights.address().range });
  for (const group of layers) {
    const { layout, recurrent, biases } = group;
    if (recurrent !== null && isText(recurrent) && biases.every((bias) => bias === null) && blocksOf(group) !== null)
      add('addBias', recurrent, layout.biases.join(', '), { layer: placeOf(group) });
  }
  if (config === null) return offers;
  const state = config.get('initialState');
  const before = state ?? config.get('sequences') ?? config.get('weights');
  const widths = stateWidths(found);
  if (
    before !== null &&
    (state === null || state.node.kind === 'null') &&
    shapes.B !== null &&
    widths !== null &&
    shapes.B * widths.reduce((sum, H) => sum + H, 0) <= mostZeros
  )
    add('addInitialState', before, 'initialState');
  const value = config.get('weights');
  if (value?.node.kind === 'object' && weights?.document === value.document) add('moveToFile', value, 'weights');
  if (
    value?.node.kind === 'string' &&
    weights?.document.binary === null &&
    weights.node.kind === 'object' &&
    weights.node.length <= longestInline
  )
    add('moveInline', value, 'weights');
  const copy = copyReference(found);
  if (value !== null && weights !== null && !isText(weights) && found.layers.length > 0 && copy !== null)
    add('copyToJson', value, copy);
  return offers;
}
