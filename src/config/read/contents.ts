// What a file of numbers holds, for the command line: its tensors and networks, and one of them under PyTorch's names.
import { t } from '@vscode/l10n';
import { pyTorchSuffix } from '../../engine/index.js';
import type { Files } from './fileAccess.js';
import {
  asSequences,
  describeNetworks,
  describeParts,
  describeStack,
  isNamedStack,
  fullName,
  partOf,
} from './fileParts.js';
import { OpenFiles } from './openFiles.js';
import { isProse } from './plainFiles.js';
import { plainTable } from './plainSequences.js';
import { refusedIn } from './refusals.js';
import { readTable } from './tables.js';
import { readWeights } from './readWeights.js';
import type { LayerWeights } from './readWeights.js';
import { Sources } from './sourceFiles.js';
import { arrange, transpose } from './gateBlocks.js';
import type { Stored } from './gateBlocks.js';
import type { StoredBiases } from './readBiases.js';
import { isListOfParts } from '../problems/modelParts.js';
import { Report } from '../problems/problemReport.js';
import { counted, describeNode, describeShape, quote } from '../json/node.js';
import type { JsonNode, TensorNode } from '../json/node.js';
import type { Problem } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';
import { weightNames } from '../layouts/weightNames.js';

export type Block = { readonly shape: readonly number[]; readonly data: Float64Array };

/** A network's tensors by PyTorch's names, or sequences; null where there is neither, which the problems say. */
export type Converted = {
  readonly content:
    | { readonly kind: 'weights'; readonly tensors: ReadonlyMap<string, Block> }
    | { readonly kind: 'sequences'; readonly sequences: readonly Block[] | Block }
    | null;
  readonly problems: readonly Problem[];
};

/** What stands in a file; null where it cannot be read. */
export type Contents = {
  readonly format: string | null;
  /** Every value with a name, with its shape or why it is not taken. */
  readonly values: readonly { readonly name: string; readonly told: string }[];
  readonly networks: readonly string[];
  /** Why no run takes one of them, as far as that is known without reading its numbers. */
  readonly refused: readonly string[];
};

type Opened = { readonly root: Value | null; readonly report: Report; readonly sources: Sources };

async function opened(id: string, files: Files): Promise<Opened> {
  const report = new Report(true);
  const sources = new Sources(new OpenFiles(files, {}), report);
  return { root: await sources.open(id), report, sources };
}

const toldOf = (node: JsonNode): string =>
  node.kind === 'tensor'
    ? describeShape(node.shape)
    : node.kind === 'unreadable'
      ? t('not read: {0}', node.finding.message)
      : describeNode(node);

export async function contentsOf(
  id: string,
  files: Files,
): Promise<{ readonly contents: Contents | null; readonly problems: readonly Problem[] }> {
  const { root, report, sources } = await opened(id, files);
  if (root?.node.kind === 'plain') return plainContents(root);
  const problems = report.sorted(sources.ids);
  if (root === null) return { contents: null, problems };
  const names = root.node.kind === 'object' ? weightNames(root) : { named: [], groups: [], network: null };
  const { named, groups, network } = names;
  const values =
    root.node.kind === 'object'
      ? named.map((one) => ({ name: fullName(one), told: toldOf(one.value.node) }))
      : [{ name: '', told: toldOf(root.node) }];
  const refused = refusedIn(root);
  const isStack = network?.kind === 'network' && isNamedStack(network.groups);
  // Layers that a run refuses together may be run one by one.
  const networks = isListOfParts(root)
    ? []
    : isStack && refused.length === 0
      ? [describeStack(network.groups)]
      : describeNetworks(groups, Infinity);
  return {
    contents: { format: root.document.binary, values, networks, refused },
    problems,
  };
}

/** A table's columns by their names; a text has none. */
function plainContents(root: Value): { readonly contents: Contents; readonly problems: readonly Problem[] } {
  const report = new Report(true);
  const table = isProse(root) ? null : readTable(root, null, report);
  const told = (names: readonly string[], what: string): Contents['values'] =>
    names.map((name) => ({ name, told: what }));
  const values =
    table === null
      ? []
      : [...told(table.leftOut, t('no numbers')), ...told(table.columns, counted(table.rows, 'numbers'))];
  const format = isProse(root) ? t('a text of {0} characters', root.document.text.length) : t('a table');
  return { contents: { format, values, networks: [], refused: [] }, problems: report.sorted([root.document.id]) };
}

export async function convertFile(id: string, name: string | null, files: Files): Promise<Converted> {
  const { root, report, sources } = await opened(id, files);
  const content = root === null ? null : converted(root, name, report);
  return { content: report.hasErrors ? null : content, problems: report.sorted(sources.ids) };
}

function converted(root: Value, name: string | null, report: Report): Converted['content'] {
  const part = name === null ? root : partOf(root, name);
  if (part === null) {
    report.error(root, {
      code: 'unknown-weights',
      message: t('The file holds nothing of the name {0}, or more than one thing.', quote(name!)),
      expected: t('the name of a network or of a tensor'),
      found: describeParts(root),
      advice: t('Give the name as it stands in the file; its last parts are enough.'),
    });
    return null;
  }
  if (part.node.kind === 'object' && weightNames(part).groups.length > 0) return weightsOf(part, report);
  const sequences = part.node.kind === 'plain' ? plainTable(part, report) : asSequences(part);
  if (sequences === null) return null;
  const blocks = blocksIn(sequences);
  if (blocks !== null) return { kind: 'sequences', sequences: blocks };
  if (part.node.kind === 'unreadable') {
    report.error(part, part.node.finding);
    return null;
  }
  readWeights(part, { cell: null, dtype: 'float64', inputs: null }, report);
  return null;
}

const isTensor = (node: JsonNode): node is TensorNode => node.kind === 'tensor';

/** A block of sequences, or one for each; null for everything else. */
function blocksIn({ node }: Value): Block | readonly Block[] | null {
  // [T][I] is one sequence.
  if (isTensor(node)) return node.shape.length === 2 ? { shape: [1, ...node.shape], data: node.data } : node;
  return node.kind === 'array' && node.items.length > 0 && node.items.every(isTensor) ? node.items : null;
}

/**
 * A network's tensors by PyTorch's names; null where they cannot be read. A bias that is not stored stays away, because
 * clipping counts those that are.
 */
export const networkTensors = (part: Value): Converted['content'] => weightsOf(part, new Report(), 'stored');

/** PyTorch's own tensors are what they are; those of others are read and turned around. */
function weightsOf(part: Value, report: Report, biases: 'stored' | 'both' = 'both'): Converted['content'] {
  const read = readWeights(part, { cell: null, dtype: 'float64', inputs: null }, report);
  const layers = read?.layers ?? null;
  if (layers === null) return null;
  const { groups } = weightNames(part);
  const tensors = new Map<string, Block>();
  const isPyTorch = groups.every(({ layout: { framework } }) => framework.startsWith('PyTorch'));
  if (isPyTorch) {
    for (const { layer, direction, input, recurrent, biases } of groups) {
      const suffix = pyTorchSuffix({ layer, direction });
      const own = [
        ['weight_ih', input],
        ['weight_hh', recurrent],
        ['bias_ih', biases[0] ?? null],
        ['bias_hh', biases[1] ?? null],
      ] as const;
      for (const [kind, value] of own)
        if (value !== null && isTensor(value.node)) tensors.set(`${kind}_${suffix}`, value.node);
    }
    return { kind: 'weights', tensors };
  }
  for (const [i, layer] of layers.entries())
    for (const [kind, block] of turned(layer, read?.biases[i], biases))
      tensors.set(`${kind}_${pyTorchSuffix(layer)}`, block);
  return { kind: 'weights', tensors };
}

/** A layer as PyTorch stores it: for column vectors, with two biases, of which `both` are zeros where there is none. */
function turned(
  { H, parameters: { Wx, Wh, b } }: LayerWeights,
  stored: StoredBiases | undefined,
  biases: 'stored' | 'both',
): [string, Block][] {
  const width = b.length;
  const I = Wx.length / width;
  const bias = (name: string, place: Stored | null | undefined): [string, Block][] =>
    biases === 'stored' && !place ? [] : [[name, { shape: [width], data: biasAt(place, width) }]];
  return [
    ['weight_ih', { shape: [width, I], data: transpose(Wx, I, width) }],
    ['weight_hh', { shape: [width, H], data: transpose(Wh, H, width) }],
    ...bias('bias_ih', stored?.input),
    ...bias('bias_hh', stored?.state),
  ];
}

/** Each bias by itself: the cell may have them as a sum. */
function biasAt(place: Stored | null | undefined, width: number): Float64Array {
  const node = place?.where.node;
  return place && node?.kind === 'tensor'
    ? arrange({ ...place, data: node.data.subarray(place.from, place.from + width) })
    : new Float64Array(width);
}
