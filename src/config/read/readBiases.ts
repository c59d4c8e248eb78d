// The biases of one layer in one direction: one or two, in rows of their own or side by side.
import { t } from '@vscode/l10n';
import type { Cell, Direction, DType, HeldBiases } from '../../engine/index.js';
import { describeShape } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import type { Group, Layout, Named } from '../layouts/weightLayouts.js';
import { partAdvice } from '../problems/modelParts.js';
import type { Report } from '../problems/problemReport.js';
import { misspeltBiases } from '../problems/weightNameSuggestions.js';
import { arrange, hasStateBias } from './gateBlocks.js';
import type { Stored, StoredNumbers } from './gateBlocks.js';
import { reportLength } from './layerProblems.js';
import { readTensor, sizeOf } from './readTensor.js';
import type { Tensor } from './readTensor.js';
import { refuseResetBefore } from './unsupportedParts.js';

export type BiasContext = {
  readonly cell: Cell;
  readonly dtype: DType;
  /** What stands beside the layer under names that are none of its layout's: one of them may be a misspelt bias. */
  readonly strangers: readonly Named[];
  /** Whether a layer without a bias is told. */
  readonly tellsNoBias: boolean;
};

/** One bias, [G·H] in the framework's order. */
type Numbers = Pick<StoredNumbers, 'data' | 'where' | 'from'>;
/** That of the input and that of the state before; null where there is none. */
type Biases = { readonly input: Numbers | null; readonly recurrent: Numbers | null };

const cutFrom = ({ data, where }: Tensor, from: number, length: number): Numbers => ({
  data: data.subarray(from, from + length),
  where,
  from,
});

const hasTwoRows = (layout: Layout, cell: Pick<Cell, 'parameters'>): boolean =>
  layout.framework === 'Keras' && hasStateBias(cell);

/** Null after a report. */
export function readBiases(
  { layout, biases }: Group,
  direction: Direction,
  { cell, dtype }: BiasContext,
  H: number | null,
  report: Report,
): Biases | null {
  const width = H === null ? null : cell.gates.length * H;
  const [first, second] = [biases[0] ?? null, biases[1] ?? null];
  const name = layout.biases[0]!;
  if (layout.stacked) return readStackedBias(first, name, direction, width, dtype, report);
  // Two rows are Keras' two biases; one row tells a GRU that resets before the product.
  const twoRows = hasTwoRows(layout, cell);
  const read = (entry: Value | null, called: string): Tensor | 'wrong' | null =>
    entry === null ? null : (readBias(entry, called, twoRows, dtype, report) ?? 'wrong');
  const [input, recurrent] = [read(first, name), read(second, layout.biases[1] ?? 'b')];
  if (input === 'wrong' || recurrent === 'wrong') return null;
  if (twoRows && input !== null && input.shape[0] !== 2) {
    if (width === null || sizeOf(input) === width) refuseResetBefore(input.where, report);
    else reportLength(input, name, width, cell, layout, report);
    return null;
  }
  const wrong = [input, recurrent].map((bias, i) => {
    const length = bias === null ? null : twoRows ? sizeOf(bias) / 2 : sizeOf(bias);
    if (bias === null || width === null || length === width) return false;
    reportLength(bias, layout.biases[i]!, width, cell, layout, report);
    return true;
  });
  if (wrong.includes(true)) return null;
  if (twoRows && input !== null && width !== null)
    return { input: cutFrom(input, 0, width), recurrent: cutFrom(input, width, width) };
  const whole = (bias: Tensor | null): Numbers | null => (bias === null ? null : cutFrom(bias, 0, sizeOf(bias)));
  return { input: whole(input), recurrent: whole(recurrent) };
}

/** ONNX: [D,2·G·H], the bias of the input before that of the state. */
function readStackedBias(
  entry: Value | null,
  name: string,
  direction: Direction,
  width: number | null,
  dtype: DType,
  report: Report,
): Biases | null {
  if (entry === null) return { input: null, recurrent: null };
  const advice = t('Write {0} as ONNX has it, both biases of each direction in one row.', name);
  const form = '[D][2·G·H]';
  const bias = readTensor(entry, { label: name, ranks: [2], form, axes: ['rows', 'numbers'], advice, dtype }, report);
  if (bias === null) return null;
  const [rows, columns] = bias.shape as readonly [number, number];
  const row = direction === 'forward' ? 0 : 1;
  if (row >= rows || (width !== null && columns !== 2 * width)) {
    report.error(bias.where, {
      code: 'wrong-dimension',
      message: t('{0} does not fit the matrices beside it.', name),
      expected: width === null ? form : describeShape([Math.max(rows, row + 1), 2 * width]),
      found: describeShape(bias.shape),
      advice,
    });
    return null;
  }
  const half = columns / 2;
  const from = row * columns;
  return { input: cutFrom(bias, from, half), recurrent: cutFrom(bias, from + half, half) };
}

function readBias(entry: Value, name: string, twoRows: boolean, dtype: DType, report: Report): Tensor | null {
  const advice = t('Write {0} as one list of H numbers.', name);
  const bias = readTensor(
    entry,
    { label: name, ranks: [1, 2], form: '[H]', axes: ['rows', 'numbers'], advice, dtype },
    report,
  );
  if (bias === null || bias.shape.length === 1 || bias.shape[0] === 1) return bias;
  if (twoRows && bias.shape[0] === 2) return bias;
  report.error(bias.where, {
    code: 'wrong-dimension',
    message: t('{0} has {1} rows.', name, bias.shape[0]!),
    expected: t('[H] or [1][H]'),
    found: t('a list of shape {0}', describeShape(bias.shape)),
    advice,
  });
  return null;
}

/**
 * A bias that stands there under a name that is nearly its own, and a layer that has none at all: both run, with zeros.
 */
export function reportMissingBiases(
  recurrent: Value,
  { layout, biases }: Group,
  H: number | null,
  { cell, strangers, tellsNoBias }: BiasContext,
  report: Report,
): void {
  const gates = cell.gates.length;
  const form = gates === 1 ? '[H]' : `[${gates}·H]`;
  const missing = layout.biases.filter((_, i) => biases[i] === null);
  // `by` is the bias of a readout that stands in the same file.
  const others = strangers.filter(({ name }) => name !== 'by');
  const near = layout.stacked ? [] : misspeltBiases(others, missing, H === null ? null : gates * H);
  for (const { meant, where, hint } of near) {
    report.warning(where, {
      code: 'missing-key',
      message: t('{0} is missing in the weights; zeros are used.', meant),
      expected: `"${meant}" ${form}`,
      found: where.placeText,
      ...hint,
    });
  }
  if (near.length > 0 || missing.length < layout.biases.length || !tellsNoBias) return;
  const names = layout.biases.map((name) => `"${name}"`).join(', ');
  report.warning(recurrent, {
    code: 'missing-key',
    message: t('The weights have no bias; zeros are used.'),
    expected: layout.biases.map((name) => `"${name}" ${layout.stacked ? '[D][2·G·H]' : form}`).join(', '),
    found: t('no bias'),
    ...(partAdvice(recurrent) ?? {
      advice: t('Add {0}, or ignore this if the layer was made without a bias.', names),
    }),
  });
}

/** Where the bias of the input and that of the state before stand; null where there is none. */
export type StoredBiases<Place extends Stored = Stored> = {
  readonly input: Place | null;
  readonly state: Place | null;
};

export function storedBiases(
  { input, recurrent }: Biases,
  H: number,
  order: readonly number[],
): StoredBiases<StoredNumbers> {
  const stored = (bias: Numbers | null): StoredNumbers | null =>
    bias === null ? null : { ...bias, rows: 1, H, order, transposed: false };
  return { input: stored(input), state: stored(recurrent) };
}

/** Which of them there are, and which there would be with all that the layout has. */
export function heldBiases({ layout, recurrent }: Group, cell: Cell, { input, state }: StoredBiases): HeldBiases {
  // What is not text is changed in a copy under PyTorch's names, which are two for each layer and direction.
  const isCopied = recurrent !== null && recurrent.document.binary !== null;
  const hasTwo = layout.stacked && recurrent?.node.kind === 'tensor' && recurrent.node.shape[0] === 2;
  return {
    stored: { input: input !== null, state: state !== null },
    // The bias of Keras' GRU has two rows.
    whole: { input: true, state: isCopied || layout.stacked || layout.biases.length > 1 || hasTwoRows(layout, cell) },
    ...(hasTwo && !isCopied ? { shared: true } : {}),
  };
}

/** What each bias of the cell is the sum of. */
export type BiasParts = { readonly b: readonly StoredNumbers[]; readonly bh?: readonly StoredNumbers[] };

/** Both biases make `b`; a cell that keeps the recurrent one apart has that in `bh`. */
export function biasesOf(cell: Cell, { input, state }: StoredBiases<StoredNumbers>): BiasParts {
  const [first, second] = [input === null ? [] : [input], state === null ? [] : [state]];
  return hasStateBias(cell) ? { b: first, bh: second } : { b: [...first, ...second] };
}

/** The sums, zeros where there is nothing; null after a report. */
export function addBiases(
  { b: parts, bh }: BiasParts,
  H: number,
  { cell, dtype }: BiasContext,
  report: Report,
): { readonly b: Float64Array; readonly [name: string]: Float64Array } | null {
  const sumOf = (biases: readonly StoredNumbers[]): Float64Array => {
    const sum = new Float64Array(cell.gates.length * H);
    for (const bias of biases) arrange(bias).forEach((x, i) => (sum[i] = sum[i]! + x));
    return sum;
  };
  const b = sumOf(parts);
  const overflow = b.findIndex((x) => !Number.isFinite(dtype === 'float32' ? Math.fround(x) : x));
  const where = parts.at(-1)?.where;
  if (overflow < 0 || where === undefined) return bh === undefined ? { b } : { b, bh: sumOf(bh) };
  report.error(where, {
    code: 'number-overflow',
    message: t('The sum of the biases of unit {0} is too large for {1}.', overflow % H, dtype),
    expected: t('a finite sum in {0}', dtype),
    found: String(b[overflow]),
    advice: t('Check the export; biases of a trained network are small.'),
  });
  return null;
}
