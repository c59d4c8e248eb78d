// Sequences out of a table or a text: windows of its columns, or of its tokens as vectors.
import { t } from '@vscode/l10n';
import { Value } from '../json/jsonValue.js';
import { Lines } from '../json/lineIndex.js';
import { counted, describeShape, quote } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import { spreadsOf } from './columnSpreads.js';
import { onlyTensor } from './fileParts.js';
import { sequencePartKeys } from './partKeys.js';
import { numbersOf, Options, textTokens } from './plainFiles.js';
import type { ScaledTable } from './plainFiles.js';
import { readTensor } from './readTensor.js';
import type { Sources } from './sourceFiles.js';
import { labelsOf, tokenLabels } from './stepLabels.js';
import type { StepLabels } from './stepLabels.js';
import type { Table } from './tables.js';
import { describeTokens } from './tokens.js';
import type { TokenKind, Tokens } from './tokens.js';
import { cutWindows, windowsOf } from './windows.js';
import type { Windows } from './windows.js';

/** The table or the text that sequences were cut out of. */
export type PlainSource = { readonly root: Value } & (
  | { readonly kind: 'table'; readonly table: ScaledTable }
  | { readonly kind: 'text'; readonly unit: TokenKind; readonly tokens: Tokens; readonly embedded: boolean }
);

type Sequences = {
  readonly value: Value;
  readonly windows: Windows;
  readonly labels: StepLabels | null;
  readonly source: PlainSource;
};

/** `part`: what is said beside the file; null where nothing is. Null after a report. */
export async function plainSequences(
  part: Value | null,
  root: Value,
  sources: Sources,
  report: Report,
): Promise<Sequences | null> {
  const options = new Options(part, root, sequencePartKeys());
  const tokens = options.text('tokens') as TokenKind | null;
  if (tokens === null) return tableSequences(root, options, report);
  const read = await textTokens(root, tokens, options, sources, report);
  if (read === null) return null;
  const own = read.vocabulary.tokens;
  if (read.vocabulary.made)
    report.info(options.at('tokens'), {
      code: 'unsupported-feature',
      message: report.guards(root)
        ? t('The vocabulary is made of the text.')
        : tokens === 'characters'
          ? t('Characters of the vocabulary ({0}): {1}', own.length, describeTokens(own))
          : t('Words of the vocabulary ({0}): {1}', own.length, describeTokens(own)),
      expected: t('a vocabulary file, or none'),
      found: t('none'),
      advice: t('Name the vocabulary of the network by "vocabulary" if it was trained with another one.'),
    });
  const embedding = options.value('embedding');
  const matrix = embedding === null ? null : await readEmbedding(embedding, own.length, sources, report);
  if (embedding !== null && matrix === null) return null;
  const width = matrix?.width ?? own.length;
  const windows = windowsOf(
    read.ids.length,
    width,
    { window: options.number('window'), stride: options.number('stride') },
    options.at('window'),
    report,
  );
  if (windows === null) return null;
  const { size, stride, count } = windows;
  const data = new Float64Array(count * size * width);
  for (let b = 0; b < count; b++) {
    root.document.tick();
    for (let step = 0; step < size; step++) {
      const id = read.ids[b * stride + step]!;
      const at = (b * size + step) * width;
      if (matrix === null) data[at + id] = 1;
      else data.set(matrix.data.subarray(id * width, (id + 1) * width), at);
    }
  }
  const labels = tokenLabels(read.ids, own, stride);
  const source = { kind: 'text', root, unit: tokens, tokens: read, embedded: matrix !== null } as const;
  return { value: tensorOf(root, [count, size, width], data), windows, labels, source };
}

function tableSequences(root: Value, options: Options, report: Report): Sequences | null {
  const table = numbersOf(root, options, report);
  if (table === null) return null;
  const { rows, columns } = table;
  const windows = windowsOf(
    rows,
    columns.length,
    { window: options.number('window'), stride: options.number('stride') },
    options.at('window'),
    report,
  );
  if (windows === null) return null;
  if (options.value('normalise') === null) tellRaw(table, options, root, report);
  const data = cutWindows(table.data, columns.length, windows, root.document.tick);
  const labels = labelsOf(table.labels, windows.stride);
  const value = tensorOf(root, [windows.count, windows.size, columns.length], data);
  return { value, windows, labels, source: { kind: 'table', root, table } };
}

/** Columns that are told by their names; of more it is said how many they are. */
const mostTold = 4;

/** A note on inputs that nobody has normalised, with the way to do it where a config names the table. */
function tellRaw(table: Table, options: Options, root: Value, report: Report): void {
  const raw = spreadsOf(table, root.document.tick).filter(({ isRaw }) => isRaw);
  const [first, ...others] = raw;
  if (first === undefined) return;
  const { where } = options;
  const place = where.get('file') ?? where;
  const { node, document } = place;
  // Without a config nothing says how the table is read, and its own text is no place for it.
  const named = node.kind === 'string' ? document.text.slice(node.offset, node.offset + node.length) : '';
  const said = `${named}, "normalise": "zScore"`;
  const short = (x: number): string => String(Number(x.toPrecision(2)));
  report.info(place.itself(), {
    code: 'not-normalised',
    message: report.guards(root)
      ? t('The inputs are not normalised, and networks are mostly trained on inputs that are.')
      : others.length === 0
        ? t(
            'The inputs of column {0} have mean {1} and deviation {2}: networks are mostly trained on normalised ' +
              'inputs.',
            quote(first.name),
            short(first.mean),
            short(first.deviation),
          )
        : t(
            'The inputs of {0} columns are far from mean 0 and deviation 1: {1}. Networks are mostly trained on ' +
              'normalised inputs.',
            raw.length,
            raw
              .slice(0, mostTold)
              .map(({ name, mean, deviation }) =>
                t('{0} (mean {1}, deviation {2})', quote(name), short(mean), short(deviation)),
              )
              .join(', ') + (raw.length > mostTold ? ', …' : ''),
          ),
    expected: t('inputs as the network was trained with'),
    found: t('numbers as they stand in the file'),
    advice: t(
      'Write {0} if the network was trained so; {1} says that it was not.',
      '"normalise": "zScore"',
      '"normalise": "none"',
    ),
    ...(named === ''
      ? {}
      : {
          fix: {
            kind: 'replace',
            text: place === where ? `{ "file": ${said} }` : said,
            title: t('Normalise the inputs by mean and deviation'),
          },
        }),
  });
}

/** [V][E], a row for each token. Null after a report. */
async function readEmbedding(
  value: Value,
  tokens: number,
  sources: Sources,
  report: Report,
): Promise<{ readonly data: Float64Array; readonly width: number } | null> {
  const root = await sources.follow(value);
  if (root === null) return null;
  // A layer by its name: the matrix is what it holds.
  const matrix = root.get('weight') ?? root.get('embeddings') ?? onlyTensor(root);
  const tensor = readTensor(
    matrix,
    {
      label: 'embedding',
      ranks: [2],
      form: '[V][E]',
      axes: ['rows', 'numbers'],
      advice: t('Name the embedding matrix, such as {0}.', '{ "file": "model.pt", "name": "embedding.weight" }'),
      dtype: 'float64',
    },
    report,
  );
  if (tensor === null) return null;
  const [rows, width] = tensor.shape as readonly [number, number];
  if (rows >= tokens && width > 0) return { data: tensor.data, width };
  report.error(value, {
    code: 'wrong-dimension',
    message: t('The embedding has {0}, and the vocabulary is larger: {1}.', counted(rows, 'rows'), tokens),
    expected: t('at least {0}', counted(tokens, 'rows')),
    found: describeShape(tensor.shape),
    advice: t('Name the vocabulary that the network was trained with by "vocabulary".'),
  });
  return null;
}

/** A block of numbers in the place of a text. */
function tensorOf({ document: { id, tick } }: Value, shape: readonly number[], data: Float64Array): Value {
  const root = { kind: 'tensor', shape, data, offset: 0, length: 0 } as const;
  const document = { id, text: '', lines: new Lines('', tick), root, problems: [], tick, binary: t('a table') };
  return Value.ofRoot(document, root);
}

/** The same for a file that is read without a config. Null after a report. */
export const plainTable = (root: Value, report: Report): Value | null =>
  tableSequences(root, new Options(null, root, sequencePartKeys()), report)?.value ?? null;
