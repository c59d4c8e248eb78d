import { t } from '@vscode/l10n';
import type { ChunkInput, DType } from '../../engine/index.js';
import { counted, describeNode, describeShape, isEmpty } from '../json/node.js';
import type { JsonNode } from '../json/node.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import { maxRepeats } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import { asSequences } from './fileParts.js';
import { refusesPlainKeys } from './plainFiles.js';
import { plainSequences } from './plainSequences.js';
import type { PlainSource } from './plainSequences.js';
import type { Sources } from './sourceFiles.js';
import { isTooUneven } from './padding.js';
import { turned } from './sequenceOrder.js';
import type { SequenceOrder } from './sequenceOrder.js';
import { readTensor } from './readTensor.js';
import type { StepLabels } from './stepLabels.js';
import type { Tensor } from './readTensor.js';
import type { Value } from '../json/jsonValue.js';
import type { Windows } from './windows.js';

/** Consecutive chunks [B,steps,I], with the place of the first one's numbers. */
export type ReadSequences = {
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly chunks: readonly ChunkInput[];
  /** Where the first sequence stands that is shorter than another one of its chunk; null where there is none. */
  readonly ragged: Value | null;
  /** Steps of the padded block that they were cut out of by their lengths; null where they were not. */
  readonly padded: number | null;
  readonly where: Value;
  /** Whether all of it stands in blocks of three axes, so that two of them could be mistaken for each other. */
  readonly isBlock: boolean;
  /** How they were cut out of a table or a text; null where they were not. */
  readonly windows: Windows | null;
  /** What the file calls the steps; null where it does not, and of several files. */
  readonly labels: StepLabels | null;
  /** The table or the text that they were cut out of; null where there is none, and of several files. */
  readonly source: PlainSource | null;
};

/** One chunk, with the lengths of its sequences where they differ. */
type Chunk = Tensor & { readonly lengths: readonly number[] | null };

/**
 * The sequences of a config: numbers, a path, or a list of paths. `options`: what is said of a table or a text that is
 * read without a config. Null after a report.
 */
export async function readSequences(
  value: Value,
  dtype: DType,
  sources: Sources,
  report: Report,
  order: SequenceOrder = 'BTI',
  options: Value | null = null,
): Promise<ReadSequences | null> {
  if (mixesPaths(value, report)) return null;
  const parts =
    value.node.kind === 'array' &&
    value.node.items.length > 0 &&
    value.node.items.every((item) => item.kind === 'string')
      ? value.items()
      : [value];
  const followed = await followAll(parts, options, sources, report);
  const roots = followed.map((one) => (one === null ? null : asSequences(one.value)));
  const tensors = roots.map((root) => (root === null ? null : readChunk(root, dtype, order, report)));
  const first = tensors[0] ?? null;
  if (first === null) return null;
  const [B, , I] = first.shape as readonly [number, number, number];
  const matching = tensors
    .filter((chunk) => chunk !== null)
    .filter((chunk) => chunk === first || sameSize(chunk, first, report));
  if (matching.length < parts.length) return null;
  const chunks = matching.map(({ shape, data, lengths }) => ({
    steps: shape[1]!,
    xs: data,
    ...(lengths === null ? {} : { lengths }),
  }));
  const windows = followed[0]?.windows ?? null;
  const ragged = matching.find(({ lengths }) => lengths !== null) ?? null;
  return {
    B,
    I,
    T: chunks.reduce((sum, { steps }) => sum + steps, 0),
    chunks,
    ragged: ragged === null ? null : shortest(ragged),
    padded: null,
    where: first.where,
    windows,
    labels: parts.length === 1 ? (followed[0]?.labels ?? null) : null,
    source: parts.length === 1 ? (followed[0]?.source ?? null) : null,
    isBlock:
      windows === null && matching.every(({ where: { node } }) => node.kind === 'tensor' && node.shape.length === 3),
  };
}

/** Whether paths and other values stand in one list, which is reported at each of the others. */
function mixesPaths(value: Value, report: Report): boolean {
  const items = value.items();
  const others = items.filter(({ node }) => node.kind !== 'string');
  const paths = items.length - others.length;
  // Numbers among texts are another mistake: the texts are what is wrong there.
  if (paths === 0 || others.length === 0 || others.some(({ node }) => node.kind === 'number')) return false;
  for (const other of others) {
    if (!report.hasRoom(['wrong-type'], other.document.id)) break;
    report.error(other, {
      code: 'wrong-type',
      tell: () => ({
        message: t('A list of chunks names files, and this is no path.'),
        expected: t('a path'),
        found: describeNode(other.node),
        advice: t('Put these numbers into a file of their own and write its path, or write all numbers here.'),
      }),
    });
  }
  return true;
}

/** The roots of all chunks. After so many that cannot be read as are told singly, the others are not looked for. */
async function followAll(
  parts: readonly Value[],
  options: Value | null,
  sources: Sources,
  report: Report,
): Promise<(Followed | null)[]> {
  const roots: (Followed | null)[] = [];
  let absent = 0;
  for (const [i, part] of parts.entries()) {
    const root = await sources.follow(part);
    roots.push(root === null ? null : await numbersIn(options ?? part, root, sources, report));
    if (root === null) absent++;
    if (absent < maxRepeats || i === parts.length - 1) continue;
    report.error(part, {
      code: 'unreadable-file',
      message: t(
        '{0} files of this list cannot be read; the {1} after them were not looked for.',
        absent,
        parts.length - 1 - i,
      ),
      expected: t('files that can be read'),
      found: t('{0} paths', parts.length),
      advice: t('Mend the first ones; the others often follow from them.'),
    });
    break;
  }
  return roots;
}

type Followed = Pick<ReadSequences, 'windows' | 'labels' | 'source'> & { readonly value: Value };

/** A table or a text becomes numbers; null after a report. */
async function numbersIn(part: Value, root: Value, sources: Sources, report: Report): Promise<Followed | null> {
  if (root.node.kind === 'plain') return plainSequences(part === root ? null : part, root, sources, report);
  return refusesPlainKeys(part, report) ? null : { value: root, windows: null, labels: null, source: null };
}

const shortest = ({ where, lengths, shape }: Chunk): Value =>
  where.item(lengths!.findIndex((length) => length < shape[1]!));

/** One block of shape [B,T,I], none of them zero; shorter sequences are padded with zeros. */
function readChunk(root: Value, dtype: DType, order: SequenceOrder, report: Report): Chunk | null {
  const isStepByStep = order === 'TBI';
  const spec: TensorSpec = {
    label: 'sequences',
    ranks: [3, 2],
    form: isStepByStep ? t('[T][B][I] or [T][I]') : t('[B][T][I] or [T][I]'),
    axes: isStepByStep ? ['timesteps', 'sequences', 'numbers'] : ['sequences', 'timesteps', 'numbers'],
    dtype,
    ragged: !isStepByStep,
    isData: true,
    advice:
      root.node.kind === 'tensor' && root.node.shape.length === 1
        ? t('For one sequence with one input, wrap each number in a list of its own: [[0.1], [0.2], …].')
        : isStepByStep
          ? t('Write a list of timesteps, each a list of sequences, each a list of I numbers.')
          : t('Write a list of sequences, each a list of timesteps, each a list of I numbers.'),
  };
  const inputs = raggedInputs(root);
  if (inputs !== null && isStepByStep) {
    report.error(root, {
      code: 'key-conflict',
      message: t('Sequences of different lengths cannot stand step by step.'),
      expected: t('the same number of sequences at each timestep, or "sequenceOrder": "BTI"'),
      found: t('lists of different lengths'),
      advice: t('Write one list for each sequence, as long as that is, and "sequenceOrder": "BTI".'),
    });
    return null;
  }
  if (inputs !== null) return readRagged(root, inputs, spec, report);
  const tensor = readTensor(root, spec, report);
  if (tensor === null) return null;
  if (tensor.data.length === 0) {
    report.error(root, {
      code: 'empty-sequence',
      message: emptySentence(tensor.shape),
      expected: t('at least one sequence, one timestep and one input'),
      found: t('a list of shape {0}', describeShape(tensor.shape)),
      advice: t('Fill in at least one timestep, or name another file.'),
    });
    return null;
  }
  const [first, second, I] = tensor.shape as readonly [number, number, number];
  if (tensor.shape.length === 2) return { ...tensor, shape: [1, first, second], lengths: null };
  if (!isStepByStep) return { ...tensor, lengths: null };
  const data = turned(tensor.data, first, second, I, root.document.tick);
  return { ...tensor, data, shape: [second, first, I], lengths: null };
}

/** I of sequences that differ in nothing but their number of timesteps; null for every other value. */
function raggedInputs({ node }: Value): number | null {
  if (node.kind !== 'array') return null;
  const [first] = node.items;
  const I = first?.kind === 'tensor' ? (first.shape[1] ?? 0) : 0;
  const isSequence = (item: JsonNode): boolean =>
    item.kind === 'tensor' && item.shape.length === 2 && !isEmpty(item) && item.shape[1] === I;
  return I > 0 && node.items.every(isSequence) ? I : null;
}

function readRagged(root: Value, I: number, spec: TensorSpec, report: Report): Chunk | null {
  const sequences = root.items().map((item) => readTensor(item, { ...spec, ranks: [2] }, report));
  const lengths = sequences.map((sequence) => sequence?.shape[0] ?? 0);
  const steps = lengths.reduce((most, length) => Math.max(most, length), 0);
  const padded = sequences.length * steps * I;
  const real = lengths.reduce((sum, length) => sum + length, 0) * I;
  if (isTooUneven(padded, real, root, report)) return null;
  const xs = new Float64Array(padded);
  for (const [b, sequence] of sequences.entries()) {
    if (sequence === null) return null;
    xs.set(sequence.data, b * steps * I);
  }
  const isEven = lengths.every((length) => length === steps);
  return { shape: [sequences.length, steps, I], data: xs, where: root, lengths: isEven ? null : lengths };
}

function emptySentence(shape: readonly number[]): string {
  const axis = shape.indexOf(0);
  return axis === 0
    ? t('The sequences hold no sequence.')
    : axis === 1
      ? t('The sequences hold no timestep.')
      : t('The sequences hold no input.');
}

function sameSize(chunk: Tensor, first: Tensor, report: Report): boolean {
  const wrong = [
    { told: (n: number) => counted(n, 'sequences'), now: chunk.shape[0]!, before: first.shape[0]! },
    { told: (n: number) => t('{0} per timestep', counted(n, 'inputs')), now: chunk.shape[2]!, before: first.shape[2]! },
  ].filter(({ now, before }) => now !== before);
  for (const { told, now, before } of wrong) {
    const [found, expected] = [told(now), told(before)];
    report.error(chunk.where, {
      code: 'wrong-dimension',
      message: t('This chunk has {0}, the first chunk has {1}.', found, before),
      expected,
      found,
      advice: t('Chunks are consecutive pieces of the same sequences: only their number of timesteps may differ.'),
    });
  }
  return wrong.length === 0;
}
