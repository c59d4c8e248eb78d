// What a config says of a table or a text, and the numbers or tokens that this makes of it.
import { t } from '@vscode/l10n';
import { firstLines, separatorOf } from '../formats/delimited.js';
import type { Value } from '../json/jsonValue.js';
import { counted, quote } from '../json/node.js';
import { Report } from '../problems/problemReport.js';
import type { sequencePartKeys, targetPartKeys } from './partKeys.js';
import type { Sources } from './sourceFiles.js';
import { readTable } from './tables.js';
import type { Table } from './tables.js';
import { readTokens } from './tokens.js';
import type { TokenKind, Tokens } from './tokens.js';
import { validateObject } from './validateObject.js';
import { normalise } from './windows.js';
import type { Normalisation, Scale } from './windows.js';

/** The share of the rows by which columns are normalised where the config says nothing else. */
const usualShare = 0.7;

/** What a config says beside `file`; it has been validated where the config is read. */
export class Options {
  readonly #valid: ReadonlyMap<string, Value>;
  /** Where it stands; the file itself where the config names a path alone. */
  readonly where: Value;

  constructor(part: Value | null, root: Value, keys: ReturnType<typeof sequencePartKeys | typeof targetPartKeys>) {
    this.where = part ?? root;
    this.#valid =
      part?.node.kind === 'object' ? validateObject<string>(part, keys, [], new Report()) : new Map<string, Value>();
  }

  value(key: string): Value | null {
    return this.#valid.get(key) ?? null;
  }

  /** The place of a key, or of all. */
  at(key: string): Value {
    return this.value(key) ?? this.where;
  }

  number(key: string): number | null {
    const node = this.value(key)?.node;
    return node?.kind === 'number' ? node.value : null;
  }

  text(key: string): string | null {
    const node = this.value(key)?.node;
    return node?.kind === 'string' ? node.value : null;
  }
}

/** Keys that say something of tables and texts alone. */
const plainKeys = [
  'columns',
  'window',
  'stride',
  'normalise',
  'normaliseOver',
  'tokens',
  'vocabulary',
  'embedding',
  'ahead',
];

/** Tells what a config asks of a file of numbers that only a table or a text has. Whether there was any. */
export function refusesPlainKeys(part: Value, report: Report): boolean {
  const keys = part.node.kind === 'object' ? part.entries().filter(([key]) => plainKeys.includes(key)) : [];
  for (const [key, value] of keys)
    report.error(value, {
      code: 'wrong-value',
      message: t('"{0}" is for tables and texts, and this file holds numbers as they are.', key),
      expected: t('a .csv, a .tsv or a .txt'),
      found: t('another file'),
      advice: t('Remove the key, or name a table or a text.'),
    });
  return keys.length > 0;
}

/** The numbers as they stand in the file, and what was taken from each column and divided by, of the first rows. */
export type Scaling = {
  readonly kind: Exclude<Normalisation, 'none'>;
  readonly stored: Float64Array;
  readonly scales: readonly Scale[];
  readonly first: number;
};

/** A table as it is run. */
export type ScaledTable = Table & { readonly scaling: Scaling | null };

/** The chosen columns, normalised; what was left out and by what was divided is said. Null after a report. */
export function numbersOf(root: Value, options: Options, report: Report): ScaledTable | null {
  const { tick } = root.document;
  const columns = options.value('columns');
  if (columns === null && isProse(root)) {
    report.error(options.where, {
      code: 'wrong-value',
      message: t('The text is no table of numbers.'),
      expected: t('rows of numbers, or "tokens" beside "file"'),
      found: t('a text file'),
      advice: t('Write {0} to read it as a text.', '{ "file": …, "tokens": "characters" }'),
    });
    return null;
  }
  const table = readTable(root, columns, report);
  if (table === null) return null;
  // What is told in the config quotes the file.
  const isQuoted = !report.guards(root);
  if (table.leftOut.length > 0)
    report.info(options.where, {
      code: 'unsupported-feature',
      message: isQuoted
        ? t('Columns without numbers are left out: {0}.', toldNames(table.leftOut))
        : t('Columns without numbers are left out.'),
      expected: t('columns of numbers'),
      found: counted(table.leftOut.length, 'columns'),
      advice: t('"columns" chooses which are read.'),
    });
  const kind = (options.text('normalise') ?? 'none') as Normalisation;
  if (kind === 'none') return { ...table, scaling: null };
  const { data, scales, first } = normalise(table, kind, options.number('normaliseOver') ?? usualShare, tick);
  const told = scales
    .slice(0, 8)
    .map(
      ({ shift, by }, i) =>
        `${quote(table.columns[i]!)} (x ${shift < 0 ? '+' : '−'} ${short(Math.abs(shift))}) / ${short(by)}`,
    )
    .join(', ');
  report.info(options.at('normalise'), {
    code: 'unsupported-feature',
    message: isQuoted
      ? t('By the first {0} of {1} rows, numbers are shifted and divided: {2}.', first, table.rows, told)
      : t('By the first rows, numbers are shifted and divided.'),
    expected: t('numbers as the network was trained with'),
    found: kind,
    advice: t('"normaliseOver" says which share of the rows counts.'),
  });
  return { ...table, data, scaling: { kind, stored: table.data, scales, first } };
}

const toldNames = (names: readonly string[]): string =>
  names
    .slice(0, 8)
    .map((name) => quote(name))
    .join(', ');

const short = (x: number): string => String(Number(x.toPrecision(5)));

/** A .txt whose first line, below comments, is not made of numbers; in a .csv those are the names of its columns. */
export function isProse({ document: { id, text } }: Value): boolean {
  if (separatorOf(id, text) !== 'space' || /\.csv$/i.test(id)) return false;
  const isNumber = (field: string): boolean => /^[+-]?[\d.,]+(?:e[+-]?\d+)?$/i.test(field);
  return firstLines(text, 1).some(
    (line) =>
      !line
        .trim()
        .split(/[ \t]+/)
        .every(isNumber),
  );
}

export async function textTokens(
  root: Value,
  kind: TokenKind,
  options: Options,
  sources: Sources,
  report: Report,
): Promise<Tokens | null> {
  let isWrong = false;
  for (const key of ['columns', 'normalise', 'normaliseOver']) {
    const value = options.value(key);
    if (value === null) continue;
    isWrong = true;
    report.error(value, {
      code: 'key-conflict',
      message: t('"{0}" is for tables, and "tokens" reads the file as a text.', key),
      expected: t('one of the two'),
      found: t('both'),
      advice: t('Remove one of them.'),
    });
  }
  const vocabulary = options.value('vocabulary');
  const listed = vocabulary === null ? null : await sources.follow(vocabulary);
  return isWrong || (vocabulary !== null && listed === null) ? null : readTokens(root, kind, listed, report);
}
