// Refactorings of a config's numbers: what they do to the text.
import { t } from '@vscode/l10n';
import type { FoundParts, Part } from '../../config/index.js';
import { describeShape } from '../../config/json/index.js';
import { writtenWithEscapes } from '../../config/layouts/index.js';
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
  sequencesValue,
  transposeText,
} from '../../config/edit/index.js';
import type { NewSequences, TextChange } from '../../config/edit/index.js';
import type { Value } from '../../config/json/index.js';
import { blocksOf, transpose } from '../../config/read/index.js';
import type { SequenceOrder } from '../../config/read/index.js';
import { initialise } from '../../engine/index.js';
import type { DType, MatrixFacts } from '../../engine/index.js';
import type { Change, ChangeOutcome, KnownShapes } from '../../protocol/index.js';
import { addedBiases } from './addedBiases.js';
import type { GateChange } from './gateChanges.js';
import { binaryRefusal } from './layerWrites.js';
import { stateWidths } from './offers.js';

const refuse = (message: string): ChangeOutcome => ({ ok: false, message });
const accept = (changes: readonly TextChange[], newFile: string | null = null): ChangeOutcome => ({
  ok: true,
  changes,
  newFile,
});

/** The format of the file that a change would be written into or copied from; null for a text. */
function binaryTarget({ weights }: FoundParts, part: Part | undefined, { kind }: Change): string | null {
  if (kind === 'moveInline') return weights?.document.binary ?? null;
  return part?.value.document.binary ?? null;
}

/** What is done to the text of the files as they are. */
export type TextRefactoring = Exclude<Change, GateChange | { readonly kind: 'copyToJson' }>;

/** What a refactoring does to the text. `measure` is asked only where numbers are needed. */
export async function changesFor(
  found: FoundParts,
  file: string,
  path: string,
  change: TextRefactoring,
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
      return addBias(found, part);
    case 'addInitialState':
      return addInitialState(found, shapes);
    case 'moveToFile':
      return moveToFile(found, change.reference);
    case 'moveInline':
      return moveInline(found);
    case 'sequenceOrder':
      return answerOrder(found, change.order);
    case 'sequences':
      return otherSequences(found, change.sequences);
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

/** Of the layer and direction whose recurrent matrix is meant. */
function addBias({ layers }: FoundParts, part: Part | undefined): ChangeOutcome {
  const group = layers.find(({ recurrent }) => recurrent !== null && recurrent === part?.value);
  const recurrent = group?.recurrent ?? null;
  const blocks = group === undefined ? null : blocksOf(group);
  if (group === undefined || recurrent === null || blocks === null)
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

/** What was said about the others (an array of their file, its columns, a window, their lengths) goes with them. */
function otherSequences({ config }: FoundParts, sequences: NewSequences): ChangeOutcome {
  const present = config?.get('sequences') ?? null;
  if (present === null) return refuse(t('There are no sequences here any more.'));
  const text = reindent(sequencesValue(sequences), '  ', indentOf(present) ?? '');
  // Those that are made up lie one sequence after the other.
  const order = sequences.kind === 'made' ? (config?.get('sequenceOrder') ?? null) : null;
  const lengths = config?.get('lengths') ?? null;
  return accept([
    replaceSpan(present.document, present.node, text.replaceAll('\n', lineBreak(present.document.text))),
    ...(order === null ? [] : [replaceSpan(order.document, order.node, '"BTI"')]),
    ...(lengths === null ? [] : [replaceSpan(lengths.document, lengths.node, 'null')]),
  ]);
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
