// Refactorings of a config's numbers: where they are offered, and what they do to the text.
import { t } from '@vscode/l10n';
import type { FoundParts, Part } from '../../config/index.js';
import { describeShape } from '../../config/json/index.js';
import { onlyLayer, writtenWithEscapes } from '../../config/layouts/index.js';
import {
  andThen,
  annotate,
  hasComments,
  indentOf,
  insertAfter,
  lineBreak,
  origin,
  reindent,
  replaceNumbers,
  replaceSpan,
  rescaledTo,
  transposeText,
} from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import type { Value } from '../../config/json/index.js';
import { blocksOf, transpose, weightLayers } from '../../config/read/index.js';
import type { SequenceOrder } from '../../config/read/index.js';
import { initialise } from '../../engine/index.js';
import type { DType, MatrixFacts } from '../../engine/index.js';
import type { Change, ChangeOutcome, KnownShapes, Offer } from '../../protocol/index.js';
import { addedBiases } from './addedBiases.js';
import { binaryRefusal } from './weightChanges.js';

/** Initial states of more numbers than this are better kept in a file. */
const mostZeros = 10_000;
/** Files of more characters than this are better kept out of a config. */
const longestInline = 2_000_000;

const isMatrix = ({ value: { node } }: Part): boolean =>
  node.kind === 'tensor' && node.shape.length === 2 && node.data.length > 0;

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
function stateWidths({ groups }: FoundParts): readonly number[] | null {
  const widths = weightLayers(groups).map(({ group }) => blocksOf(group)?.H ?? null);
  return widths.length > 0 && widths.every((H) => H !== null) ? widths : null;
}

/** Every refactoring that makes sense for this config now, with the value that it belongs to. */
export function offersOf(found: FoundParts, shapes: KnownShapes): Offer[] {
  const offers: Offer[] = [];
  const add = (kind: Offer['kind'], value: Value, name: string, square = false): void => {
    offers.push({
      kind,
      square,
      shape: value.node.kind === 'tensor' ? value.node.shape : null,
      file: value.document.id,
      path: value.path,
      name,
      key: value.address().range,
      value: value.document.lines.range(value.node),
    });
  };
  // The matrix that the gradient goes through comes first.
  const isFirst = ({ role }: Part): number => (role === 'recurrent' ? 0 : 1);
  for (const part of found.parts.toSorted((a, b) => isFirst(a) - isFirst(b))) {
    if (part.value.document.binary !== null) continue;
    if (fitsTransposed(part, onlyLayer(found.layers) === null ? null : shapes.I))
      add('transpose', part.value, part.name);
    if (!isMatrix(part)) continue;
    const square = part.value.node.kind === 'tensor' && part.value.node.shape[0] === part.value.node.shape[1];
    if (part.role === 'recurrent' && square) add('rescale', part.value, part.name);
    if ((part.role === 'recurrent' && square) || part.role === 'input')
      add('initialise', part.value, part.name, square);
  }
  const { config, layers, weights } = found;
  const group = onlyLayer(layers);
  if (
    group !== null &&
    group.recurrent !== null &&
    group.recurrent.document.binary === null &&
    group.biases.every((bias) => bias === null) &&
    blocksOf(group) !== null
  )
    add('addBias', group.recurrent, group.layout.biases.join(', '));
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
  const isText = weights?.document.binary === null;
  if (value?.node.kind === 'string' && isText && weights.node.kind === 'object' && weights.node.length <= longestInline)
    add('moveInline', value, 'weights');
  return offers;
}

const refuse = (message: string): ChangeOutcome => ({ ok: false, message });
const accept = (changes: readonly TextChange[], newFile: string | null = null): ChangeOutcome => ({
  ok: true,
  changes,
  newFile,
});

/** The format of the file that a change would be written into or copied from; null for a text. */
function binaryTarget({ layers, weights }: FoundParts, part: Part | undefined, { kind }: Change): string | null {
  if (kind === 'addBias') return onlyLayer(layers)?.recurrent?.document.binary ?? null;
  if (kind === 'moveInline') return weights?.document.binary ?? null;
  return part?.value.document.binary ?? null;
}

/** What a refactoring does to the text. `measure` is asked only where numbers are needed. */
export async function changesFor(
  found: FoundParts,
  file: string,
  path: string,
  change: Change,
  dtype: DType,
  shapes: KnownShapes,
  measure: (part: Part) => Promise<MatrixFacts | null>,
): Promise<ChangeOutcome> {
  const part = found.parts.find(({ value }) => value.document.id === file && value.path === path);
  const binary = binaryTarget(found, part, change);
  if (binary !== null) return refuse(binaryRefusal(binary));
  switch (change.kind) {
    case 'transpose':
      return part?.value.node.kind === 'tensor' && part.value.node.shape.length === 2
        ? accept([
            ...annotate(part.value, part.name, found.config, andThen('transposed')),
            transposeText(part.value, part.value.node),
          ])
        : refuse(t('There is no matrix here any more.'));
    case 'rescale':
      return part === undefined
        ? refuse(t('There is no matrix here any more.'))
        : rescale(part, found.config, change, dtype, await measure(part));
    case 'initialise':
      return part === undefined
        ? refuse(t('There is no matrix here any more.'))
        : refill(part, found.config, change, dtype);
    case 'addBias':
      return addBias(found);
    case 'addInitialState':
      return addInitialState(found, shapes);
    case 'moveToFile':
      return moveToFile(found, change.reference);
    case 'moveInline':
      return moveInline(found);
    case 'sequenceOrder':
      return answerOrder(found, change.order);
  }
}

function rescale(
  { name, value }: Part,
  config: Value | null,
  { quantity, to }: Change & { kind: 'rescale' },
  dtype: DType,
  facts: MatrixFacts | null,
): ChangeOutcome {
  const { node } = value;
  const now = facts?.[quantity] ?? null;
  if (node.kind !== 'tensor' || facts === null || now === null)
    return refuse(
      quantity === 'sigmaMax'
        ? t('The largest singular value of {0} cannot be computed here: the matrix is too large or not square.', name)
        : t('The spectral radius of {0} cannot be computed here: the matrix is too large or not square.', name),
    );
  if (now === 0)
    return refuse(
      quantity === 'sigmaMax'
        ? t('The largest singular value of {0} is 0, and no factor changes that.', name)
        : t('The spectral radius of {0} is 0, and no factor changes that.', name),
    );
  if (!Number.isFinite(now)) return refuse(t('{0} holds numbers that are not finite.', name));
  const factor = to / now;
  const data = node.data.map((x) => x * factor);
  const inRange = (x: number): boolean => Number.isFinite(dtype === 'float32' ? Math.fround(x) : x);
  if (!data.every(inRange))
    return refuse(
      quantity === 'sigmaMax'
        ? t('With a largest singular value of {0}, {1} would not fit into {2}.', to, name, dtype)
        : t('With a spectral radius of {0}, {1} would not fit into {2}.', to, name, dtype),
    );
  return accept([
    ...annotate(value, name, config, andThen(rescaledTo(quantity, to))),
    replaceNumbers(value, node, data, dtype),
  ]);
}

function refill(
  { name, value, role, transposed }: Part,
  config: Value | null,
  { way, seed, gain }: Change & { kind: 'initialise' },
  dtype: DType,
): ChangeOutcome {
  const { node } = value;
  if (node.kind !== 'tensor' || node.shape.length !== 2) return refuse(t('There is no matrix here any more.'));
  const [rows = 0, columns = 0] = node.shape;
  const [fanIn, fanOut] = transposed ? [columns, rows] : [rows, columns];
  const fresh = initialise(way, fanIn, fanOut, seed);
  if (fresh === null)
    return refuse(
      role === 'input'
        ? t('{0} has the shape {1}; an input matrix has no identity.', name, describeShape(node.shape))
        : t('{0} has the shape {1}; only a square matrix has an identity.', name, describeShape(node.shape)),
    );
  const data = (transposed ? transpose(fresh, fanIn, fanOut) : fresh).map((x) => x * gain);
  const told = gain === 1 ? origin(way, seed) : `${origin(way, seed)}, times ${gain}`;
  return accept([...annotate(value, name, config, () => told), replaceNumbers(value, node, data, dtype)]);
}

function addBias({ layers }: FoundParts): ChangeOutcome {
  const group = onlyLayer(layers);
  const recurrent = group?.recurrent ?? null;
  const blocks = group === null ? null : blocksOf(group);
  if (group === null || recurrent === null || blocks === null)
    return refuse(t('There are no weights of a known size here any more.'));
  const zeros = new Array<number>(blocks.gates.length * blocks.H).fill(0);
  const added = addedBiases(recurrent, group, blocks, () => zeros);
  return added === null ? refuse(writtenWithEscapes(group.layout.recurrent)) : accept(added);
}

/** Zeros: [B][H] for one layer in one direction, else a block of them for each. */
function addInitialState(found: FoundParts, { B }: KnownShapes): ChangeOutcome {
  const { config } = found;
  const after = config?.get('sequences') ?? config?.get('weights') ?? null;
  const widths = stateWidths(found);
  if (config === null || after === null || B === null || widths === null)
    return refuse(t('The size of the state is not known here.'));
  const row = (H: number): string => `[${new Array<string>(H).fill('0').join(', ')}]`;
  const rows = (H: number): string[] => new Array<string>(B).fill(row(H));
  const [only = 0, ...others] = widths;
  const lists = others.length === 0 ? rows(only) : widths.map((H) => `[${rows(H).join(', ')}]`);
  const step = '  ';
  const lines = (indent: string | null): string => {
    if (indent === null || lists.length === 1) return `[${lists.join(', ')}]`;
    const outer = `${lineBreak(config.document.text)}${indent}`;
    const inner = `${outer}${step}`;
    return `[${inner}${lists.join(`,${inner}`)}${outer}]`;
  };
  const present = config.get('initialState');
  if (present !== null) return accept([replaceSpan(present.document, present.node, lines(indentOf(present)))]);
  return accept(insertAfter(after, (indent) => `"initialState": ${lines(indent)}`));
}

/** Behind the sequences, or in the place of another answer. */
function answerOrder({ config }: FoundParts, order: SequenceOrder): ChangeOutcome {
  const text = JSON.stringify(order);
  const present = config?.get('sequenceOrder') ?? null;
  if (present !== null) return accept([replaceSpan(present.document, present.node, text)]);
  const sequences = config?.get('sequences') ?? null;
  return sequences === null
    ? refuse(t('There are no sequences here any more.'))
    : accept(insertAfter(sequences, () => `"sequenceOrder": ${text}`));
}

function moveToFile({ config, weights }: FoundParts, reference: string): ChangeOutcome {
  const value = config?.get('weights') ?? null;
  if (value?.node.kind !== 'object' || config?.document !== weights?.document)
    return refuse(t('The weights do not stand in the config any more.'));
  const { document, node } = value;
  const text = reindent(document.text.slice(node.offset, node.offset + node.length), indentOf(value) ?? '', '');
  return accept([replaceSpan(document, node, JSON.stringify(reference))], `${text}${lineBreak(document.text)}`);
}

function moveInline({ config, weights }: FoundParts): ChangeOutcome {
  const value = config?.get('weights') ?? null;
  if (value?.node.kind !== 'string' || weights?.node.kind !== 'object')
    return refuse(t('The weights do not stand in a file of their own any more.'));
  const { node, document } = weights;
  const text = document.text.slice(node.offset, node.offset + node.length);
  return accept([replaceSpan(value.document, value.node, reindent(text, '', indentOf(value) ?? ''))]);
}

/** Whether the inline weights carry comments, which a plain JSON file does not take. */
export function inlineWeightsHaveComments({ config }: FoundParts): boolean {
  const value = config?.get('weights') ?? null;
  return (
    value?.node.kind === 'object' &&
    hasComments(
      value.document.text.slice(value.node.offset, value.node.offset + value.node.length),
      value.document.tick,
    )
  );
}
