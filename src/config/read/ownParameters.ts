// Parameters that are a cell's own: no layout names them, so they stand beside its matrices under the cell's names.
import { t } from '@vscode/l10n';
import type { Cell, DType, ParameterSpec } from '../../engine/index.js';
import { describeNode, describeShape } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import type { Named } from '../layouts/weightLayouts.js';
import type { Report } from '../problems/problemReport.js';
import { misspelt } from '../problems/weightNameSuggestions.js';
import { ownParametersOf } from './gateBlocks.js';
import type { StoredNumbers } from './gateBlocks.js';
import { readTensor } from './readTensor.js';

export type OwnValue = { readonly spec: ParameterSpec; readonly value: Value | null };

/** What stands in the file of each, beside a layer's matrices; the last value where a name stands twice. */
export const ownValues = (beside: readonly Named[], cell: Pick<Cell, 'parameters'>): OwnValue[] =>
  ownParametersOf(cell).map((spec) => ({
    spec,
    value: beside.findLast(({ name }) => name === spec.name)?.value ?? null,
  }));

/** Their numbers by name, row-major, with their places; null after a report. */
export function readOwnParameters(
  weights: Value,
  beside: readonly Named[],
  cell: Cell,
  { I, H }: { readonly I: number; readonly H: number },
  dtype: DType,
  report: Report,
): ReadonlyMap<string, StoredNumbers> | null {
  const read = new Map<string, StoredNumbers>();
  let complete = true;
  for (const { spec, value } of ownValues(beside, cell)) {
    const { name } = spec;
    const shape = spec.shape(I, H);
    const numbers =
      value === null
        ? reportMissing(weights, beside, cell, name, shape, report)
        : readOwn(value, name, shape, dtype, report);
    if (numbers === null) complete = false;
    else read.set(name, numbers);
  }
  return complete ? read : null;
}

function reportMissing(
  weights: Value,
  beside: readonly Named[],
  cell: Cell,
  name: string,
  shape: readonly [number, number],
  report: Report,
): null {
  const near = misspelt(beside, [name]);
  report.error(near?.where ?? weights, {
    code: 'missing-key',
    message: t('{0} is missing in the weights: the cell "{1}" has it besides the matrices.', name, cell.name),
    expected: `"${name}" ${describeShape(shape)}`,
    found: near === undefined ? describeNode(weights.node) : near.where.placeText,
    ...(near?.hint ?? { advice: t('Add "{0}".', name) }),
  });
  return null;
}

function readOwn(
  value: Value,
  name: string,
  shape: readonly [number, number],
  dtype: DType,
  report: Report,
): StoredNumbers | null {
  const form = describeShape(shape);
  const [rows] = shape;
  const advice =
    rows === 1
      ? t('Write {0} as one list of {1} numbers.', name, shape[1])
      : t('Write {0} as {1} lists of {2} numbers.', name, rows, shape[1]);
  const tensor = readTensor(
    value,
    { label: name, ranks: rows === 1 ? [1, 2] : [2], form, axes: ['rows', 'columns'], advice, dtype },
    report,
  );
  if (tensor === null) return null;
  const found = tensor.shape.length === 1 ? [1, ...tensor.shape] : tensor.shape;
  const { data, where } = tensor;
  // One block as wide as a row: it has no gates to reorder.
  if (found[0] === rows && found[1] === shape[1])
    return { data, where, from: 0, rows, H: shape[1], order: [0], transposed: false };
  report.error(where, {
    code: 'wrong-dimension',
    message: t('{0} does not have the shape that the matrices give it.', name),
    expected: form,
    found: t('a list of shape {0}', describeShape(tensor.shape)),
    advice,
  });
  return null;
}
