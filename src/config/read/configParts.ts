import { cellOf, defaultCell } from '../../engine/index.js';
import type { CellName, DType } from '../../engine/index.js';
import { layersOf, weightNames } from '../layouts/weightNames.js';
import type { Group } from '../layouts/weightLayouts.js';
import { findReadouts } from '../layouts/readoutNames.js';
import { asSequences, filePart, onlyTensor } from './fileParts.js';
import { fileKeys, underItsKeys, valueAt } from './keyNames.js';
import { weightsOf } from './openEntry.js';
import type { OpenEntry } from './openEntry.js';
import { ownValues } from './ownParameters.js';
import { orderOf } from './sequenceOrder.js';
import { stateKeys } from './schema.js';
import { outputsOf } from './weightShapes.js';
import type { JsonNode } from '../json/node.js';
import type { Range } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';

/** What a block of numbers is to the experiment. */
export type PartRole =
  | 'input'
  | 'recurrent'
  | 'bias'
  /** A parameter that is the cell's own. */
  | 'parameter'
  | 'sequences'
  | 'initialState'
  | 'upstreamGradient'
  | 'readout'
  | 'readoutBias'
  | 'targets';

/** A block of numbers that a config holds or names, wherever it stands. */
export type Part = {
  readonly role: PartRole;
  /** As its file calls it, without a prefix: `Wh`, `weight_hh_l0`, `sequences`. */
  readonly name: string;
  readonly value: Value;
  /** Stored as PyTorch does: weights for column vectors ([H,I], [O,H]), sequences step by step ([T][B][I]). */
  readonly transposed: boolean;
  /** The layer that weights belong to; null of everything else. */
  readonly group: Group | null;
};

/** A text that names a file. `range` is what stands between the quotes, `whole` all of it with its key. */
export type Link = {
  readonly file: string;
  readonly range: Range;
  readonly whole: Range;
  readonly reference: string;
  readonly key: string;
  readonly target: string;
};

/** The parts of an experiment, found by names alone: shapes may still be wrong, and files may be missing. */
export type FoundParts = {
  /** Root of the config, or null when it cannot be understood. */
  readonly config: Value | null;
  readonly parts: readonly Part[];
  readonly links: readonly Link[];
  /** The layers whose weights the experiment runs, as `layersOf` finds them. */
  readonly layers: readonly Group[];
  /** All layers and directions that names make. */
  readonly groups: readonly Group[];
  /** The cell that is named, the usual one where none is; null for one that there is not. */
  readonly cell: CellName | null;
  /** The arithmetic of the run, which numbers that are written have to fit. */
  readonly dtype: DType;
  /** Root of the weights, inline or in their file. */
  readonly weights: Value | null;
  /** Roots of all files that could be read, the config first. */
  readonly roots: readonly Value[];
};

/** Of a config that names more files in one list than this, only the first ones are told. */
const mostReferences = 2_000;

type FoundReference = {
  readonly key: string;
  readonly value: Value;
  readonly name: string;
  readonly whole: Range;
};

/** Values of a config that name a file, with the key they belong to. */
export const references = (root: Value): FoundReference[] => referencesIn(underItsKeys(root).config);

/** The same of a config whose keys have the names of today. */
function referencesIn(root: Value): FoundReference[] {
  return fileKeys().flatMap(({ path, list, words }) => {
    const found = valueAt(root, path);
    const items =
      found === null ? [] : list && found.node.kind === 'array' ? firstItems(found, found.node.items.length) : [found];
    const key = path.at(-1)!;
    return items.flatMap((item) => {
      const value = filePart(item)?.file ?? item;
      return value.node.kind === 'string' && value.node.value.trim() !== '' && !words.includes(value.node.value)
        ? [{ key, value: value.itself(), name: value.node.value, whole: fromKeyOn(item) }]
        : [];
    });
  });
}

const firstItems = (list: Value, length: number): Value[] =>
  Array.from({ length: Math.min(length, mostReferences) }, (_, i) => list.item(i));

/** From the key of a value to its end. */
function fromKeyOn({ document, place, node }: Value): Range {
  const offset = Math.min(place.offset, node.offset);
  return document.lines.range({ offset, length: node.offset + node.length - offset });
}

/** Where the text of a string stands, without its quotes. */
export function insideQuotes(value: Value): Range {
  const { offset, length } = value.node;
  return value.document.lines.range({ offset: offset + 1, length: Math.max(0, length - 2) });
}

/** The parts of a config, none of a pair of files. Opens every file that the config names. */
export async function findParts(open: OpenEntry): Promise<FoundParts> {
  const { files, root: whole, config: root, dtype } = open;
  const nothing = { config: null, parts: [], links: [], layers: [], groups: [], cell: null, dtype, weights: null };
  if (whole === null || root === null) return { ...nothing, roots: whole === null ? [] : [whole] };

  const links: Link[] = [];
  const roots = [whole];
  const targets = new Map<JsonNode, Value | null>();
  for (const { key, value, name, whole: place } of referencesIn(root)) {
    const opened = await files.root(name, value.document.id);
    links.push({
      file: root.document.id,
      range: insideQuotes(value),
      whole: place,
      reference: name,
      key,
      target: opened.id,
    });
    targets.set(value.node, opened.root);
    if (opened.root !== null && !roots.some(({ document }) => document.id === opened.id)) roots.push(opened.root);
  }
  const follow = (value: Value | null): Value | null => {
    const part = value === null ? null : filePart(value);
    if (part !== null) {
      const file = follow(part.file);
      return file === null || part.name === null ? file : files.part(file, part.name);
    }
    return value?.node.kind === 'string' ? (targets.get(value.node) ?? null) : value;
  };
  const numbers = (value: Value | null): Value | null => {
    const root = follow(value);
    return root === null ? null : onlyTensor(root);
  };

  const parts: Part[] = [];
  const add = (
    role: PartRole,
    name: string,
    value: Value | null,
    transposed = false,
    group: Group | null = null,
  ): void => {
    if (value !== null && (value.node.kind === 'tensor' || value.node.kind === 'array'))
      parts.push({ role, name, value, transposed, group });
  };
  const weights = await weightsOf(open);
  const { named, groups } = weights?.node.kind === 'object' ? weightNames(weights) : { named: [], groups: [] };
  const cell = open.cell ?? (root.get('cell')?.node.kind === 'string' ? null : defaultCell);
  for (const group of groups) {
    const { layout, prefix, input, recurrent, biases } = group;
    add('input', layout.input, input, layout.transposed, group);
    add('recurrent', layout.recurrent, recurrent, layout.transposed, group);
    biases.forEach((bias, i) => add('bias', layout.biases[i]!, bias, false, group));
    if (cell !== null) {
      const beside = named.filter((one) => one.prefix === prefix);
      for (const { spec, value } of ownValues(beside, cellOf(cell))) add('parameter', spec.name, value, false, group);
    }
  }
  const sequences = root.get('sequences');
  const isList = sequences?.node.kind === 'array' && sequences.node.items.every((item) => item.kind === 'string');
  // Some chunks of a list would tell a wrong number of timesteps: all or none.
  const chunks = !isList ? [sequences] : sequences.node.items.length > mostReferences ? [] : sequences.items();
  const isStepByStep = orderOf(root.get('sequenceOrder')) === 'TBI';
  for (const chunk of chunks) {
    const root = follow(chunk);
    add('sequences', 'sequences', root === null ? null : asSequences(root), isStepByStep);
  }
  const state = follow(root.get('initialState'));
  add('initialState', 'initialState', state);
  if (state?.node.kind === 'object') {
    const states = underItsKeys(state, stateKeys()).config;
    for (const name of Object.keys(stateKeys())) add('initialState', `initialState.${name}`, follow(states.get(name)));
  }
  add('upstreamGradient', 'upstreamGradient', numbers(root.get('upstreamGradient')));
  const loss = root.get('loss');
  const readoutRoot = follow(loss?.get('readout') ?? null);
  const width = outputsOf(layersOf(weights));
  const readout = readoutRoot === null ? undefined : findReadouts(weightNames(readoutRoot), width).at(-1);
  if (readout !== undefined) {
    add('readout', readout.matrix, readout.matrixValue, readout.transposed);
    add('readoutBias', readout.bias, readout.biasValue);
  }
  add('targets', 'targets', numbers(loss?.get('targets') ?? null));
  return { config: root, parts, links, layers: layersOf(weights), groups, cell, dtype, weights, roots };
}
