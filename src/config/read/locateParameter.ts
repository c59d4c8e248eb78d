// From a number of a parameter back to its text.
import { Report } from '../problems/problemReport.js';
import type { Range } from '../json/problem.js';
import { storedIndex } from './gateBlocks.js';
import { weightsOf } from './openEntry.js';
import type { OpenEntry } from './openEntry.js';
import { readWeights } from './readWeights.js';

/** One number of a layer, row and column as in the row-vector convention. Layers are counted with their directions. */
export type ParameterNumber = {
  readonly layer: number;
  readonly parameter: string;
  readonly row: number;
  readonly column: number;
};

/**
 * Where the text of a number stands, in whatever order and orientation its framework keeps it; of the first bias where
 * two are added up. Null where the weights cannot be read as they are now, and where they have no text.
 */
export async function locateParameter(
  open: OpenEntry,
  { layer, parameter, row, column }: ParameterNumber,
): Promise<{ readonly file: string; readonly range: Range } | null> {
  const root = await weightsOf(open);
  if (root?.document.binary !== null) return null;
  // Problems are the run's to tell.
  const weights = readWeights(root, { cell: open.cell, dtype: open.dtype, inputs: null }, new Report());
  const stored = weights?.places[layer]?.get(parameter);
  const index = stored === undefined ? null : storedIndex(stored, row, column);
  const node = stored?.where.node;
  if (stored === undefined || index === null || node?.kind !== 'tensor') return null;
  const { where } = stored.where.leaves(node, [index])[0]!;
  return { file: where.document.id, range: where.document.lines.range(where.place) };
}
