// The numbers of a table, asked for row by row.
import { t } from './l10n.js';

/** As shown, and with every digit. */
export type Field = { readonly text: string; readonly exact: string };
/**
 * `title`: as `math` reads it, on screen and on the clipboard, in the user's language. `csv`: in a saved file, the same
 * in every language and unique in its table, so that programs take it as a variable's name.
 */
export type Heading = { readonly title: string; readonly csv: string };
export type TablePlan = {
  /** Of the row numbers (`t`, `λ`), then of every column. */
  readonly rowHeading: Heading;
  readonly columns: readonly Heading[];
  readonly rowCount: number;
  /** Label of a row when it is not its number. */
  readonly rowLabel?: (row: number) => string;
  /** The same in a saved file, where the label is in words. */
  readonly csvLabel?: (row: number) => string;
  /** What the names of the columns leave out, for the comments above a saved file; the same in every language. */
  readonly csvNotes?: readonly string[];
  /** The steps of the rows, ascending, where they are some of all steps. */
  readonly steps?: Float64Array;
  /** The steps of a row, both ends included, where it tells of several and has a label of its own. */
  readonly span?: (row: number) => readonly [from: number, to: number];
  /** Row of a step of time when rows are not the steps themselves. */
  readonly rowOf?: (t: number) => number;
  /** How many rows are asked for at once when all are wanted; 256 unless told. */
  readonly rowsAtOnce?: number;
  /** @throws NotToBeHad when the run that the plan is about is gone. */
  rows(from: number, to: number): Promise<readonly (readonly Field[])[]>;
};

/** Of a table of one sequence: which one, counted as `g_norm_seq1` is. */
export const sequenceNote = (sequence: number): string => `sequence ${sequence + 1}`;

/** A heading that is a name in itself. */
export const named = (name: string): Heading => ({ title: name, csv: name });
/** One column for each unit: `h_unit3`. */
export const unitHeading = (letter: string, unit: number, csv = letter): Heading => ({
  title: t('{0} unit {1}', letter, unit),
  csv: `${csv}_unit${unit}`,
});
/** Of a parameter or gate, whose name the cell gives. */
export const csvName = (name: string): string => name.replace(/\W+/g, '_');

export const emptyField: Field = { text: '–', exact: '' };
