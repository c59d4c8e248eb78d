// Columns of numbers of a table in a text: CSV, TSV, or numbers between blanks.
import { t } from '@vscode/l10n';
import { Rows, separatorOf } from '../formats/delimited.js';
import type { Separator } from '../formats/delimited.js';
import type { Document } from '../json/jsonDocument.js';
import { appendIndex, appendKey } from '../json/jsonPath.js';
import type { Value } from '../json/jsonValue.js';
import { describeNode, quote } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import { nearest } from '../problems/editDistance.js';
import { maxRepeats, Report } from '../problems/problemReport.js';
import { Labelling } from './stepLabels.js';

/** Rows × columns of numbers, row by row. */
export type Table = {
  readonly rows: number;
  /** The chosen columns by their names; numbers from 1 where the table names none. */
  readonly columns: readonly string[];
  readonly data: Float64Array;
  /** Columns that hold no numbers and were not asked for, such as dates. */
  readonly leftOut: readonly string[];
  /** What the first of such columns holds in each row, chosen or not; null where there is none, or too much of it. */
  readonly labels: readonly string[] | null;
};

/** A number with a point; where commas do not separate fields, also with a comma. A field is walked through once. */
const numberIn = (separator: Separator): RegExp =>
  separator === ','
    ? /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
    : /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?$/i;

/** A document never changes, so its numbers are kept as long as it is: an editor asks at every key. */
const known = new WeakMap<Document, Map<string, Table>>();

/** `chosen`: the columns that the config names; null for all that hold numbers. Null after a report. */
export function readTable(root: Value, chosen: Value | null, report: Report): Table | null {
  const { document } = root;
  const key = JSON.stringify(chosen?.items().map(({ node }) => (node.kind === 'string' ? node.value : null)) ?? null);
  const before = known.get(document) ?? new Map<string, Table>();
  known.set(document, before);
  const table = before.get(key) ?? readColumns(root, chosen, report);
  if (table !== null) before.set(key, table);
  return table;
}

/** What programs write where a number is missing. */
const isMissing = (field: string): boolean =>
  /^(?:|[+-]?(?:nan|inf(?:inity)?)|#?n\/?a!?|null|none|nil|missing|[-.?]+)$/i.test(field.trim());

/** Up to the first row of numbers, which has been read; `numeric`: the columns that hold any. */
type Beginning = {
  readonly rows: Rows;
  readonly separator: Separator;
  readonly isNumber: (field: string) => boolean;
  readonly names: readonly string[];
  readonly numeric: readonly boolean[];
};

/** Null after a report. */
function begin(root: Value, report: Report): Beginning | null {
  const { text, id, tick } = root.document;
  const separator = separatorOf(id, text);
  const pattern = numberIn(separator);
  const isNumber = (field: string): boolean => pattern.test(field.trim());
  const rows = new Rows(text, separator, tick);
  const comment = rows.comment();
  if (!rows.next()) {
    report.error(root, rows.fault === null ? empty() : faultOf(rows));
    return null;
  }
  const first = rows.fields();
  const hasNames = !isRowOfNumbers(first, isNumber);
  const names = hasNames
    ? first.map((name) => name.trim())
    : (namesIn(comment, first.length, separator) ?? first.map((_, i) => String(i + 1)));
  if (hasNames && !rows.next()) {
    report.error(
      rows.fault === null ? root : placeOf(root, rows.fault.at, 1, ''),
      rows.fault === null ? empty() : faultOf(rows),
    );
    return null;
  }
  const numeric = rows.fields().map(isNumber);
  if (!numeric.every(Boolean)) {
    const ahead = new Rows(text, separator, tick);
    ahead.comment();
    if (hasNames) ahead.next();
    lookAhead(ahead, numeric, isNumber);
  }
  return { rows, separator, isNumber, names, numeric };
}

/** Some of its numbers may be missing; but names from 0 on below a blank are those of pandas, beside its index. */
function isRowOfNumbers(fields: readonly string[], isNumber: (field: string) => boolean): boolean {
  const [corner, ...others] = fields;
  if (others.length > 0 && corner?.trim() === '' && others.every(isNumber)) return false;
  return fields.some(isNumber) && fields.every((field) => isNumber(field) || isMissing(field));
}

/** Rows in which numbers and texts of a column are counted. */
const rowsAhead = 100;

/**
 * Of columns without a number in the first row: those that hold numbers further below, because there is more of them
 * than of texts. Missing ones say nothing, so that the search goes on to the first row that says something.
 */
function lookAhead(rows: Rows, numeric: boolean[], isNumber: (field: string) => boolean): void {
  const open = [...numeric.keys()].filter((i) => numeric[i] !== true);
  const balance = numeric.map(() => 0);
  const silent = new Set(open);
  for (let row = 0; (row < rowsAhead || silent.size > 0) && rows.next(); row++) {
    if (rows.count !== numeric.length) continue;
    for (const column of row < rowsAhead ? open : [...silent]) {
      const field = rows.field(column);
      if (isMissing(field)) continue;
      silent.delete(column);
      balance[column]! += isNumber(field) ? 1 : -1;
    }
  }
  for (const column of open) numeric[column] = balance[column]! > 0;
}

/** Names in the comment above a row of numbers, as `numpy.savetxt` writes them; null where it has other words. */
function namesIn(comment: string | null, count: number, separator: Separator): string[] | null {
  const rows = new Rows(comment ?? '', separator, () => undefined);
  return rows.next() && rows.count === count ? rows.fields().map((name) => name.trim()) : null;
}

/** The columns of a table with its first rows, each field as it stands there. */
export type TableHead = {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly string[])[];
};

const longestField = 40;

/** At most so many rows; null where there is none. */
export function tableHead(root: Value, most: number): TableHead | null {
  const begun = begin(root, new Report());
  if (begun === null) return null;
  const { rows, names, numeric } = begun;
  const first: string[][] = [];
  do first.push(rows.fields().map((field) => cut(field.trim(), longestField)));
  while (first.length < most && rows.next());
  return { columns: names.map((name, i) => ({ name, numeric: numeric[i] === true })), rows: first };
}

function readColumns(root: Value, chosen: Value | null, report: Report): Table | null {
  const begun = begin(root, report);
  if (begun === null) return null;
  const { rows, separator, isNumber, names, numeric } = begun;
  const columns =
    chosen === null ? [...names.keys()].filter((i) => numeric[i] === true) : choose(chosen, names, root, report);
  if (columns === null) return null;
  if (columns.length === 0) {
    report.error(root, {
      code: 'wrong-value',
      message: t('No column of the table holds numbers.'),
      expected: t('at least one column of numbers'),
      found: told(rows.fields()),
      advice: t('Look at the rows below the names: a column of numbers holds more numbers than texts.'),
    });
    return null;
  }
  const label = numeric.findIndex((isOne, i) => !isOne && !columns.includes(i));
  const labelling = label < 0 ? null : new Labelling();
  const reading = new Reading(root, names, columns, isNumber, separator, report);
  do {
    reading.row(rows);
    labelling?.add(rows.field(label).trim());
  } while (rows.next());
  if (rows.fault !== null) {
    report.error(placeOf(root, rows.fault.at, 1, ''), faultOf(rows));
    return null;
  }
  const table = reading.result();
  const leftOut = chosen === null ? names.filter((_, i) => numeric[i] !== true) : [];
  const labels = labelling?.texts ?? null;
  return table === null ? null : { ...table, columns: columns.map((i) => names[i]!), leftOut, labels };
}

/** A number of a table that has been read: its row, and the name of its column. */
export type TableCell = { readonly row: number; readonly column: string };

/** The same with its place in the text, which is walked through once more: it has been read without a report. */
export function placedCells(root: Value, cells: readonly TableCell[]): Value[] {
  const { rows, names } = begin(root, new Report())!;
  const last = cells.reduce((most, { row }) => Math.max(most, row), 0);
  const places = new Map<TableCell, Value>();
  for (let row = 0; row <= last; row++) {
    for (const cell of cells) {
      if (cell.row !== row) continue;
      const field = names.indexOf(cell.column);
      const start = rows.start(field);
      places.set(cell, placeOf(root, start, Math.max(rows.end(field) - start, 1), cellPath(cell)));
    }
    rows.next();
  }
  return cells.map((cell) => places.get(cell)!);
}

export const cellPath = ({ row, column }: TableCell): string => appendIndex(appendKey('', column), row);

const empty = (): Finding => ({
  code: 'empty-sequence',
  message: t('The table has no row of numbers.'),
  expected: t('a row of names, and rows of numbers below it'),
  found: t('no row'),
  advice: t('Fill in at least one row, or name another file.'),
});

const faultOf = ({ fault }: Rows): Finding =>
  fault?.kind === 'behind'
    ? {
        code: 'wrong-value',
        message: t('Text stands behind the quote that ends a field.'),
        expected: t('the end of the field'),
        found: t('more text'),
        advice: t('Write a quote inside a field twice, as "".'),
      }
    : {
        code: 'wrong-value',
        message: t('The quote that begins here has no end.'),
        expected: t('a second quote'),
        found: t('the end of the file'),
        advice: t('Close it, or write a quote inside a field twice, as "".'),
      };

const told = (fields: readonly string[]): string =>
  fields
    .slice(0, 8)
    .map((field) => quote(cut(field, 20)))
    .join(', ') + (fields.length > 8 ? ', …' : '');

const placeOf = (root: Value, offset: number, length: number, path: string): Value => root.at({ offset, length }, path);

/** Which columns the names of a config mean. Null after a report at the name. */
function choose(chosen: Value, names: readonly string[], root: Value, report: Report): number[] | null {
  const items = chosen.items();
  // What holds a number is a block of numbers, which has no items; so is what holds nothing.
  if (items.length === 0) {
    report.error(chosen.itself(), {
      code: 'wrong-type',
      message: t('"{0}" holds the wrong type of value.', 'columns'),
      expected: t('a list of names'),
      found: describeNode(chosen.node),
      advice: t('Write a name as it stands in the first row.'),
    });
    return null;
  }
  const places = new Map(names.map((name, i) => [name, i]).reverse() as [string, number][]);
  let unknown = 0;
  const columns = items.map((item) => {
    const name = item.node.kind === 'string' ? item.node.value.trim() : '';
    const at = places.get(name);
    if (at !== undefined) return at;
    if (unknown++ >= maxRepeats) return null;
    const meant = report.guards(root) ? null : nearest(name, names);
    report.error(item.itself(), {
      code: 'wrong-value',
      message: t('The table has no column {0}.', quote(name)),
      expected: report.guards(root) ? t('the name of a column') : told(names),
      found: quote(name),
      advice: meant === null ? t('Write a name as it stands in the first row.') : t('Did you mean "{0}"?', meant),
      ...(meant === null ? {} : { fix: { kind: 'replace' as const, text: JSON.stringify(meant) } }),
    });
    return null;
  });
  return columns.every((column) => column !== null) ? columns : null;
}

/** Fills rows of numbers, and tells what is none at its place. */
class Reading {
  #data = new Float64Array(1024);
  #rows = 0;
  #told = 0;
  readonly #root: Value;
  readonly #names: readonly string[];
  readonly #columns: readonly number[];
  readonly #isNumber: (field: string) => boolean;
  readonly #separator: Separator;
  readonly #report: Report;

  constructor(
    root: Value,
    names: readonly string[],
    columns: readonly number[],
    isNumber: (field: string) => boolean,
    separator: Separator,
    report: Report,
  ) {
    this.#root = root;
    this.#names = names;
    this.#columns = columns;
    this.#isNumber = isNumber;
    this.#separator = separator;
    this.#report = report;
  }

  row(rows: Rows): void {
    const row = this.#rows++;
    if (rows.count !== this.#names.length) {
      this.#wrong(rows.start(0), rows.end(rows.count - 1), appendIndex('', row), () => ({
        code: 'ragged-array',
        message: t('Fields in this row: {0}; in the first row: {1}.', rows.count, this.#names.length),
        expected: t('fields: {0}', this.#names.length),
        found: t('fields: {0}', rows.count),
        advice: t('Give every row as many fields; an empty one stands between two separators.'),
      }));
      return;
    }
    const width = this.#columns.length;
    while (this.#data.length < (row + 1) * width) {
      const larger = new Float64Array(2 * this.#data.length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#columns.forEach((column, i) => {
      const field = rows.field(column).trim();
      if (this.#isNumber(field)) this.#number(row * width + i, field, rows, column, row);
      else
        this.#wrong(rows.start(column), rows.end(column), this.#path(column, row), () => ({
          code: 'not-a-number',
          message:
            field === ''
              ? t('A number is missing in the column {0}.', quote(this.#names[column]!))
              : t('No number stands in the column {0}.', quote(this.#names[column]!)),
          expected: t('a number'),
          found: field === '' ? t('nothing') : quote(field),
          advice: t('Fill in a number, remove the row, or leave the column out by "columns".'),
        }));
    });
  }

  #path(column: number, row: number): string {
    return cellPath({ row, column: this.#names[column]! });
  }

  #number(index: number, field: string, rows: Rows, column: number, row: number): void {
    const value = Number(this.#separator === ',' ? field : field.replace(',', '.'));
    if (Number.isFinite(value)) this.#data[index] = value;
    else
      this.#wrong(rows.start(column), rows.end(column), this.#path(column, row), () => ({
        code: 'number-overflow',
        message: t('{0} is too large for any number type.', cut(field, 38)),
        expected: t('a number'),
        found: cut(field, 38),
        advice: t('Write a smaller number.'),
      }));
  }

  #wrong(start: number, end: number, path: string, tell: () => Finding): void {
    if (this.#told++ < maxRepeats)
      this.#report.error(placeOf(this.#root, start, Math.max(end - start, 1), path), tell());
  }

  /** Null after a report. */
  result(): Pick<Table, 'rows' | 'data'> | null {
    if (this.#told > maxRepeats)
      this.#report.error(this.#root, {
        code: 'not-a-number',
        message: t('{0} more places in {1} are wrong in the same way.', this.#told - maxRepeats, t('the table')),
        expected: t('numbers'),
        found: t('{0} such places', this.#told),
        advice: t('Mend the way the file is made; the first ones show what is wrong.'),
      });
    if (this.#told > 0) return null;
    return { rows: this.#rows, data: this.#data.subarray(0, this.#rows * this.#columns.length) };
  }
}
