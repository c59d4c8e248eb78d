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

/**
 * A note on sequences of one block that look padded: some end in more steps of nothing but zeros than others. `where`:
 * what names them; `hasConfig`: it stands in a config.
 */
export function notePadding(
  { B, I, chunks, ragged, windows }: ReadSequences,
  where: Value,
  hasConfig: boolean,
  report: Report,
): void {
  const [{ steps, xs }, ...others] = chunks as readonly [(typeof chunks)[number], ...typeof chunks];
  if (others.length > 0 || ragged !== null || windows !== null) return;
  const lengths = Array.from({ length: B }, (_, b) => {
    const row = xs.subarray(b * steps * I, (b + 1) * steps * I);
    const last = row.findLastIndex((x) => x !== 0);
    // One of nothing but zeros is no padded one.
    return last < 0 ? steps : Math.floor(last / I) + 1;
  });
  const padded = lengths.filter((length) => length <= steps - 2);
  if (padded.length === 0 || lengths.every((length) => length === lengths[0])) return;
  const written = lengths.length > mostWritten ? '[…]' : `[${lengths.join(', ')}]`;
  report.info(where.itself(), {
    code: 'padded-sequences',
    message: t(
      '{0} of {1} sequences end in steps of zeros, up to {2} of them: a gradient from the end goes back through ' +
        'these first.',
      padded.length,
      B,
      steps - Math.min(...padded),
    ),
    expected: t('sequences without padding, or their lengths'),
    found: t('steps of zeros'),
    advice: hasConfig
      ? t('Write {0} in the config if that is padding.', `"lengths": ${written}`)
      : t('If that is padding, save the two files as a config and write {0} there.', `"lengths": ${written}`),
  });
}
