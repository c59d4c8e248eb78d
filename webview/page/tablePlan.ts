// The numbers of a table, asked for row by row.

/** As shown, and with every digit. */
export type Field = { readonly text: string; readonly exact: string };
export type TablePlan = {
  /** Heading of the row numbers (`t`, `λ`), then of every column, as `math` reads it. */
  readonly rowName: string;
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** Label of a row when it is not its number. */
  readonly rowLabel?: (row: number) => string;
  /** The steps of the rows, ascending, where they are some of all steps. */
  readonly steps?: Float64Array;
  /** Row of a step of time when rows are not the steps themselves. */
  readonly rowOf?: (t: number) => number;
  /** How many rows are asked for at once when all are wanted; 256 unless told. */
  readonly rowsAtOnce?: number;
  /** @throws NotToBeHad when the run that the plan is about is gone. */
  rows(from: number, to: number): Promise<readonly (readonly Field[])[]>;
};

export const emptyField: Field = { text: '–', exact: '' };
