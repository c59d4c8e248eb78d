// What a file of numbers holds, as its names and shapes tell: recurrent networks, and blocks of numbers. Nothing is
// checked, and of a file of tensors no number is made.
import type { CellName } from '../../engine/index.js';
import { readDocument } from '../formats/index.js';
import type { Bytes } from '../formats/index.js';
import { isEmpty } from '../json/node.js';
import type { JsonNode } from '../json/node.js';
import { shortened } from '../json/problem.js';
import type { Problem } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { Value } from '../json/jsonValue.js';
import type { Group } from '../layouts/weightLayouts.js';
import { networkNames } from '../layouts/networkGroups.js';
import { weightNames } from '../layouts/weightNames.js';
import { findReadouts, withoutLayers } from '../layouts/readoutNames.js';
import { kindOf } from './classify.js';
import type { FileKind } from './classify.js';
import { spreadsOf } from './columnSpreads.js';
import type { ColumnSpread } from './columnSpreads.js';
import { Report } from '../problems/problemReport.js';
import { asSequences, fullName } from './fileParts.js';
import { gatedCell } from './layerProblems.js';
import { isProse } from './plainFiles.js';
import { readTable } from './tables.js';
import { blocksOf, filledShape, inputsOf, outputsOf, weightLayers } from './weightShapes.js';

/** A recurrent network by the shapes of its weights. */
export type FoundNetwork = {
  /** As `{ "file", "name" }` calls it; null where the file holds no other one. */
  readonly name: string | null;
  /** Of a cell of several gates; null where the shapes do not tell which one it is. */
  readonly cell: CellName | null;
  readonly layers: number;
  readonly directions: number;
  readonly I: number | null;
  /** Units of each layer and direction, from the input up. */
  readonly widths: readonly number[];
};

/** A block of numbers, or a list of sequences that differ in length. */
export type FoundBlock = {
  /** As `{ "file", "name" }` calls it; null where it is all that the file holds. */
  readonly name: string | null;
  readonly shape: readonly number[];
  /** Of sequences of different lengths the shortest and the longest, which `shape` has. */
  readonly lengths: readonly [number, number] | null;
  /** Rows and columns of a table: which of them are run is still to be chosen. */
  readonly table?: true;
  /** Its columns of numbers, or the first of them. */
  readonly columns?: readonly ColumnSpread[];
};

export type FileSurvey = {
  readonly kind: FileKind;
  /** A table or a text, of which the user chooses how it is read. */
  readonly isPlain: boolean;
  readonly networks: readonly FoundNetwork[];
  readonly blocks: readonly FoundBlock[];
  /** Of a linear layer that stands there: how many numbers it takes, and how many it gives. */
  readonly readout: { readonly width: number; readonly O: number } | null;
  /** Why nothing of the file can be read. */
  readonly problem?: Problem;
};

/** More of a file are not told: nobody chooses from longer lists. */
const mostNetworks = 50;
const mostBlocks = 50;
const mostColumns = 256;

const nothing: FileSurvey = { kind: 'unknown', isPlain: false, networks: [], blocks: [], readout: null };

/** `name`: of the file; a table is one by its name alone. */
export function surveyFile(bytes: Bytes, tick: Tick, name = ''): FileSurvey {
  tick();
  const document = readDocument(name, bytes, tick);
  const root = Value.root(document);
  if (root === null) {
    return { ...nothing, problem: shortened(document.problems[0]!) };
  }
  if (root.node.kind === 'plain') return { ...nothing, kind: 'sequences', isPlain: true, blocks: tableIn(root) };
  const kind = kindOf(root);
  const whole = blockOf(asSequences(root).node, null);
  if (root.node.kind !== 'object') return { ...nothing, kind, blocks: whole === null ? [] : [whole] };
  const networks = kind === 'config' ? [] : networksIn(root);
  return {
    kind,
    isPlain: false,
    networks,
    blocks: whole === null ? blocksIn(root) : [whole],
    readout: readoutIn(root),
  };
}

/** All columns of numbers of a table, as one sequence; nothing of a text. */
function tableIn(root: Value): FoundBlock[] {
  const table = isProse(root) ? null : readTable(root, null, new Report());
  if (table === null) return [];
  const columns = spreadsOf(table, root.document.tick).slice(0, mostColumns);
  return [{ name: null, shape: [table.rows, table.columns.length], lengths: null, table: true, columns }];
}

/** Recurrent networks by the names of their tensors; `root` is an object that is no config. */
export function networksIn(root: Value): FoundNetwork[] {
  const { groups, network } = weightNames(root);
  if (network === null) return [];
  if (network.kind === 'network') return told(null, network.groups);
  const byPrefix = new Map<string, Group[]>();
  const called = networkNames(groups);
  for (const group of groups) {
    const name = called.get(group)!;
    byPrefix.set(name, [...(byPrefix.get(name) ?? []), group]);
  }
  return [...byPrefix].slice(0, mostNetworks).flatMap(([prefix, own]) => told(prefix, own));
}

/** Nothing where the recurrent matrices are none of any cell: names alone make no network. */
function told(name: string | null, groups: readonly Group[]): FoundNetwork[] {
  const layers = weightLayers(groups);
  const widths = layers.flatMap(({ group }) => blocksOf(group)?.H ?? []);
  const [first] = groups;
  if (first === undefined || layers.length === 0 || widths.length < layers.length) return [];
  const directions = first.layout.stacked
    ? layers.filter(({ group }) => group === first).length
    : new Set(layers.map(({ group }) => group.direction)).size;
  // Blocks are cut out of a matrix that is there.
  const recurrent = filledShape(first.recurrent, first)!;
  return [
    {
      name,
      cell: gatedCell({ shape: recurrent }),
      layers: layers.length / directions,
      directions,
      I: inputsOf(first),
      widths,
    },
  ];
}

export const blocksIn = (root: Value): FoundBlock[] =>
  withoutLayers(weightNames(root))
    .slice(0, mostBlocks)
    .flatMap((named) => blockOf(named.value.node, fullName(named)) ?? []);

function blockOf(node: JsonNode, name: string | null): FoundBlock | null {
  if (node.kind === 'tensor') return isEmpty(node) ? null : { name, shape: node.shape, lengths: null };
  if (node.kind !== 'array') return null;
  const [first] = node.items;
  const I = first?.kind === 'tensor' ? first.shape[1] : undefined;
  if (I === undefined) return null;
  let [shortest, longest] = [Infinity, 0];
  for (const item of node.items) {
    if (item.kind !== 'tensor' || item.shape.length !== 2 || isEmpty(item) || item.shape[1] !== I) return null;
    const steps = item.shape[0]!;
    shortest = Math.min(shortest, steps);
    longest = Math.max(longest, steps);
  }
  const lengths = shortest === longest ? null : ([shortest, longest] as const);
  return { name, shape: [node.items.length, longest, I], lengths };
}

function readoutIn(root: Value): FileSurvey['readout'] {
  const names = weightNames(root);
  const width = names.network?.kind === 'network' ? outputsOf(names.network.groups) : null;
  const [found, ...others] = findReadouts(names, width);
  const node = found?.matrixValue.node;
  if (found === undefined || others.length > 0 || node?.kind !== 'tensor' || node.shape.length !== 2 || isEmpty(node))
    return null;
  const [rows, columns] = node.shape as readonly [number, number];
  return found.transposed ? { width: columns, O: rows } : { width: rows, O: columns };
}
