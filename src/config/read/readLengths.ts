// How many steps of each sequence are real, where all of them stand in one block that is padded at the end.
import { t } from '@vscode/l10n';
import { counted, describeShape } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import type { Report } from '../problems/problemReport.js';
import { onlyTensor } from './fileParts.js';
import { readTensor } from './readTensor.js';
import type { ReadSequences } from './readSequences.js';
import type { Sources } from './sourceFiles.js';
import type { Value } from '../json/jsonValue.js';

/**
 * The sequences without what stands behind their lengths [B], which is not looked at: as long as the longest, the
 * shorter ones filled up with zeros. `value`: as the config has it; null after a report.
 */
export async function withLengths(
  sequences: ReadSequences | null,
  value: Value | undefined,
  sources: Sources,
  report: Report,
): Promise<ReadSequences | null> {
  if (value === undefined) return sequences;
  const root = await sources.follow(value);
  if (root === null || sequences === null || !isPadded(sequences, value, report)) return null;
  const lengths = readLengths(onlyTensor(root), sequences, report);
  if (lengths === null) return null;
  const { B, I, chunks } = sequences;
  const [{ steps: padded, xs }] = chunks as readonly [(typeof chunks)[number]];
  const steps = Math.max(...lengths);
  const kept = new Float64Array(B * steps * I);
  for (const [b, length] of lengths.entries())
    kept.set(xs.subarray(b * padded * I, (b * padded + length) * I), b * steps * I);
  const isEven = lengths.every((length) => length === steps);
  return {
    ...sequences,
    T: steps,
    chunks: [{ steps, xs: kept, ...(isEven ? {} : { lengths }) }],
    ragged: isEven ? null : value,
    padded,
  };
}

/** Whether the sequences are one block that may be padded. */
function isPadded({ chunks, ragged, windows }: ReadSequences, value: Value, report: Report): boolean {
  const found =
    chunks.length > 1
      ? t('{0} chunks', chunks.length)
      : windows !== null
        ? t('windows of a table or a text, which are equally long')
        : ragged !== null
          ? t('lists of different lengths, which say their own')
          : null;
  if (found === null) return true;
  report.error(value.itself(), {
    code: 'key-conflict',
    message: t('"lengths" is for sequences that stand in one padded block.'),
    expected: t('one block [B][T][I]'),
    found,
    advice: t('Remove "lengths".'),
  });
  return false;
}

function readLengths(root: Value, { B, chunks }: ReadSequences, report: Report): number[] | null {
  const advice = t('Write one number of steps for each sequence.');
  const spec: TensorSpec = { label: 'lengths', ranks: [1], form: '[B]', axes: ['numbers'], advice, dtype: 'float64' };
  const tensor = readTensor(root, spec, report);
  if (tensor === null || root.node.kind !== 'tensor') return null;
  const T = chunks[0]!.steps;
  const { data, shape } = tensor;
  if (data.length !== B) {
    report.error(root, {
      code: 'wrong-dimension',
      message: t('{0} does not fit the experiment.', 'lengths'),
      expected: t('one number for each of {0}', counted(B, 'sequences')),
      found: t('a list of shape {0}', describeShape(shape)),
      advice:
        data.length === T
          ? t('Write one number of steps for each sequence, or "sequenceOrder": "TBI" if the steps stand first.')
          : advice,
    });
    return null;
  }
  const wrong = [...data.keys()].filter((b) => !Number.isInteger(data[b]) || data[b]! < 1 || data[b]! > T);
  for (const { where, text } of root.leaves(root.node, wrong)) {
    if (!report.hasRoom(['wrong-value'], where.document.id)) break;
    report.error(where, {
      code: 'wrong-value',
      message: t('{0} is no length of a sequence here.', cut(text, 38)),
      expected: t('a whole number from 1 to {0}', T),
      found: cut(text, 38),
      advice: t('Write how many of the {0} steps are real.', T),
    });
  }
  return wrong.length === 0 ? [...data] : null;
}

/** Of more sequences their lengths are not written out. */
const mostWritten = 16;

/** Steps without padding of each sequence of a block, at whose ends it would stand. */
type Unpadded = { readonly end: 'front' | 'back'; readonly lengths: readonly number[] };

/** What may be padding: some sequences have two steps of nothing but zeros at that end, and others have fewer. */
function unpadded(xs: Float64Array, B: number, steps: number, I: number): Unpadded | null {
  const isZero = (b: number, t: number): boolean => {
    const end = (b * steps + t + 1) * I;
    for (let i = end - I; i < end; i++) if (xs[i] !== 0) return false;
    return true;
  };
  const lengthsOf = (lengthOf: (b: number) => number): number[] | null => {
    // One of nothing but zeros is no padded one.
    const lengths = Array.from({ length: B }, (_, b) => lengthOf(b) || steps);
    const isSome = lengths.some((length) => length <= steps - 2) && lengths.some((length) => length !== lengths[0]);
    return isSome ? lengths : null;
  };
  const back = lengthsOf((b) => {
    let length = steps;
    while (length > 0 && isZero(b, length - 1)) length--;
    return length;
  });
  if (back !== null) return { end: 'back', lengths: back };
  const front = lengthsOf((b) => {
    let from = 0;
    while (from < steps && isZero(b, from)) from++;
    return steps - from;
  });
  // Inputs that are zero now and then begin with some zeros, too: of padding there is no zero behind it.
  const isFollowedByNone = (length: number, b: number): boolean => {
    const first = steps - length;
    for (let t = first; t < steps; t++) if (isZero(b, t)) return isZero(b, first);
    return true;
  };
  return front?.every(isFollowedByNone) === true ? { end: 'front', lengths: front } : null;
}

/**
 * A note on sequences of one block that look padded. `where`: what names them; `hasConfig`: it stands in a config.
 */
export function notePadding(
  { B, I, chunks, ragged, windows }: ReadSequences,
  where: Value,
  hasConfig: boolean,
  report: Report,
): void {
  const [{ steps, xs }, ...others] = chunks as readonly [(typeof chunks)[number], ...typeof chunks];
  if (others.length > 0 || ragged !== null || windows !== null) return;
  const found = unpadded(xs, B, steps, I);
  if (found === null) return;
  const { end, lengths } = found;
  const count = lengths.filter((length) => length <= steps - 2).length;
  const most = steps - Math.min(...lengths);
  const whole = `"lengths": [${lengths.join(', ')}]`;
  const entry = lengths.length > mostWritten ? '"lengths": […]' : whole;
  report.info(where.itself(), {
    code: 'padded-sequences',
    message:
      end === 'back'
        ? t(
            '{0} of {1} sequences end in steps of zeros, up to {2} of them: a gradient from the end goes back ' +
              'through these first.',
            count,
            B,
            most,
          )
        : t(
            '{0} of {1} sequences begin with steps of zeros, up to {2} of them: the network runs over these ' +
              'first, as Keras does without a mask.',
            count,
            B,
            most,
          ),
    expected: t('sequences without padding, or their lengths'),
    found: t('steps of zeros'),
    advice: adviceOn(end, entry, hasConfig),
    // Lengths of what is padded in front are none yet.
    ...(hasConfig && end === 'back'
      ? { fix: { kind: 'replace', text: beside(where, whole), title: t('Write the lengths of the sequences') } }
      : {}),
  });
}

/** The text of what names the sequences, or of their key where that is told instead, with an entry beside it. */
function beside({ node, document: { text } }: Value, entry: string): string {
  const line = text.slice(text.lastIndexOf('\n', node.offset - 1) + 1, node.offset);
  const [, indent] = /^(\s*)"/.exec(line) ?? [];
  const comma = indent === undefined ? ', ' : `,\n${indent}`;
  return node.kind === 'string'
    ? `${text.slice(node.offset, node.offset + node.length)}${comma}${entry}`
    : `${entry}${comma}"sequences"`;
}

function adviceOn(end: Unpadded['end'], entry: string, hasConfig: boolean): string {
  if (end === 'back')
    return hasConfig
      ? t('Write {0} in the config if that is padding; {1} says that it is none.', entry, '"lengths": null')
      : t('If that is padding, save the two files as a config and write {0} there.', entry);
  return hasConfig
    ? t(
        'If that is padding which a mask leaves out (Masking, mask_zero), put it behind the sequences ' +
          '(padding="post"), and write {0} in the config; {1} says that all steps are real.',
        entry,
        '"lengths": null',
      )
    : t(
        'If that is padding which a mask leaves out (Masking, mask_zero), put it behind the sequences ' +
          '(padding="post"), save the two files as a config, and write {0} there.',
        entry,
      );
}
