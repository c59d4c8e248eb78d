// The weights of one layer in one direction: read, checked against each other and the layer below, and arranged as the
// cell has them.
import { t } from '@vscode/l10n';
import type { ByParameter, Cell, Direction, DType } from '../../engine/index.js';
import { describeNode, describeShape } from '../json/node.js';
import type { Group, Layout, Named } from '../layouts/weightLayouts.js';
import { misspelt, misspeltBiases } from '../problems/weightNameSuggestions.js';
import type { Report } from '../problems/problemReport.js';
import { arrangeMatrix, arrangeRows, blockOrder, hasStateBias } from './gateBlocks.js';
import { checkInput, reportGates, reportHeight, reportLength, reportNotSquare } from './layerProblems.js';
import { readOwnParameters } from './ownParameters.js';
import { readTensor } from './readTensor.js';
import type { Tensor } from './readTensor.js';
import { refuseResetBefore } from './unsupportedParts.js';
import type { Value } from '../json/jsonValue.js';

/** The matrices of a layer in one direction, each [rows,columns] as its file has them. */
export type LayerMatrices = {
  readonly group: Group;
  readonly direction: Direction;
  readonly input: Tensor | null;
  readonly recurrent: Tensor | null;
};

/** Where a layer is read to: `I` and `H` are what its matrices say, null where they cannot be read. */
export type ReadLayer = {
  readonly I: number | null;
  readonly H: number | null;
  readonly parameters: ByParameter<Float64Array> | null;
};

/** What is known of a layer before its weights are looked at. */
export type LayerContext = {
  /** All weights. */
  readonly root: Value;
  readonly cell: Cell;
  readonly dtype: DType;
  readonly layer: number;
  /** Whether a layer or direction before it says how many inputs it has. */
  readonly isSecond: boolean;
  /** How many numbers the layer below gives, or the sequences have; null where that is not known. */
  readonly inputs: number | null;
  /** What stands beside the layer under names that are none of its layout's: one of them may be a misspelt bias. */
  readonly strangers: readonly Named[];
  /** Whether a layer without a bias is told. */
  readonly tellsNoBias: boolean;
};

/** Input and recurrent matrix of a group; of a stacked layout one pair for each direction. */
export function readMatrices(
  root: Value,
  strangers: readonly Named[],
  group: Group,
  dtype: DType,
  report: Report,
): LayerMatrices[] {
  const { layout } = group;
  const read = (entry: Value | null, name: string, form: string): Tensor | null => {
    if (entry === null) {
      reportMissing(root, strangers, name, form, report);
      return null;
    }
    const axes = layout.stacked ? (['lists', 'rows', 'columns'] as const) : (['rows', 'columns'] as const);
    const advice = layout.stacked
      ? t('Write {0} as ONNX has it, one matrix for each direction.', name)
      : t('Write {0} as a list of rows.', name);
    const spec = { label: name, ranks: [axes.length], form, axes, advice, dtype };
    return notEmpty(readTensor(entry, spec, report), name, form, report);
  };
  if (!layout.stacked) {
    const input = read(group.input, layout.input, layout.transposed ? '[H][I]' : '[I][H]');
    const recurrent = read(group.recurrent, layout.recurrent, '[H][H]');
    return [{ group, direction: group.direction, input, recurrent }];
  }
  const input = read(group.input, layout.input, '[D][G·H][I]');
  const recurrent = read(group.recurrent, layout.recurrent, '[D][G·H][H]');
  const directions = recurrent?.shape[0] ?? input?.shape[0] ?? 1;
  if (directions > 2 || (input !== null && recurrent !== null && input.shape[0] !== directions)) {
    const { where, shape } =
      input !== null && input.shape[0] !== directions ? input : (recurrent ?? { where: root, shape: [] });
    report.error(where, {
      code: 'wrong-dimension',
      message: t('{0} and {1} do not hold the same one or two directions.', layout.input, layout.recurrent),
      expected: t('one or two matrices in both'),
      found: describeShape(shape),
      advice: t('Take all tensors from the same node.'),
    });
    return [{ group, direction: 'forward', input: null, recurrent: null }];
  }
  return (['forward', 'reverse'] as const).slice(0, directions).map((direction, d) => ({
    group,
    direction,
    input: input === null ? null : slice(input, d),
    recurrent: recurrent === null ? null : slice(recurrent, d),
  }));
}

/** One element of the first axis. */
function slice({ shape, data, where }: Tensor, index: number): Tensor {
  const inner = shape.slice(1);
  const size = inner.reduce((product, length) => product * length, 1);
  return { shape: inner, data: data.subarray(index * size, (index + 1) * size), where };
}

function reportMissing(root: Value, strangers: readonly Named[], name: string, form: string, report: Report): void {
  const near = misspelt(strangers, [name]);
  report.error(near?.where ?? root, {
    code: 'missing-key',
    message: t('{0} is missing in the weights.', name),
    expected: `"${name}" ${form}`,
    found: near === undefined ? describeNode(root.node) : near.where.placeText,
    ...(near?.hint ?? { advice: t('Add "{0}".', name) }),
  });
}

function notEmpty(tensor: Tensor | null, name: string, form: string, report: Report): Tensor | null {
  if (tensor === null || tensor.data.length > 0) return tensor;
  report.error(tensor.where, {
    code: 'wrong-dimension',
    message: t('{0} is empty.', name),
    expected: form,
    found: t('shape {0}', describeShape(tensor.shape)),
    advice: t('Fill {0} with at least one row of numbers.', name),
  });
  return null;
}

/** The biases of the input and of the state before, [G·H] in the framework's order; null where there is none. */
type Biases = {
  readonly input: Float64Array | null;
  readonly recurrent: Float64Array | null;
  readonly where: Value | null;
};

export function readLayer(matrices: LayerMatrices, context: LayerContext, report: Report): ReadLayer {
  const { group, input, recurrent } = matrices;
  const { layout } = group;
  const { cell } = context;
  const gates = cell.gates.length;
  const nothing = { I: null, H: null, parameters: null };
  if (recurrent !== null && gates === 1 && reportGates(recurrent, layout, cell, report)) return nothing;
  const H = recurrent === null ? null : heightOf(recurrent, layout, cell, report);
  const I = input === null ? null : checkInput(input, layout, H, context, report);
  const biases = readBiases(matrices, context, H, report);
  if (group.recurrent !== null) reportMissingBiases(group.recurrent, group, H, context, report);
  if (recurrent === null || input === null || H === null || I === null || biases === null)
    return { I, H, parameters: null };
  const order = blockOrder(cell, layout);
  const own = addBiases(biases, H, order, context, report);
  if (own === null) return { I, H, parameters: null };
  const { root, strangers, dtype } = context;
  const others = readOwnParameters(root, strangers, cell, { I, H }, dtype, report);
  if (others === null) return { I, H, parameters: null };
  const Wx = arrangeMatrix(input.data, I, H, order, layout.transposed);
  const Wh = arrangeMatrix(recurrent.data, H, H, order, layout.transposed);
  return { I, H, parameters: { Wx, Wh, ...own, ...others } };
}

/** H of a recurrent matrix [H,G·H], or transposed; null after a report. */
function heightOf(recurrent: Tensor, layout: Layout, cell: Cell, report: Report): number | null {
  const [rows = 0, columns = 0] = recurrent.shape;
  const [H, wide] = layout.transposed ? [columns, rows] : [rows, columns];
  const gates = cell.gates.length;
  if (wide === gates * H) return H;
  if (gates === 1) reportNotSquare(recurrent, layout.recurrent, report);
  else reportHeight(recurrent, layout, cell, report);
  return null;
}

/** Null after a report. */
function readBiases(
  { group, direction }: LayerMatrices,
  { cell, dtype }: LayerContext,
  H: number | null,
  report: Report,
): Biases | null {
  const { layout } = group;
  const width = H === null ? null : cell.gates.length * H;
  const [first = null, second = null] = group.biases;
  const name = layout.biases[0] ?? 'b';
  if (layout.stacked) return readStackedBias(first, name, direction, width, dtype, report);
  // Two rows are Keras' two biases; one row tells a GRU that resets before the product.
  const twoRows = layout.framework === 'Keras' && hasStateBias(cell);
  const read = (entry: Value | null, called: string): Tensor | 'wrong' | null =>
    entry === null ? null : (readBias(entry, called, twoRows, dtype, report) ?? 'wrong');
  const [input, recurrent] = [read(first, name), read(second, layout.biases[1] ?? 'b')];
  if (input === 'wrong' || recurrent === 'wrong') return null;
  if (twoRows && input !== null && input.shape[0] !== 2) {
    if (width === null || input.data.length === width) refuseResetBefore(input.where, report);
    else reportLength(input, name, width, cell, layout, report);
    return null;
  }
  const wrong = [input, recurrent].map((bias, i) => {
    const length = bias === null ? null : twoRows ? bias.data.length / 2 : bias.data.length;
    if (bias === null || width === null || length === width) return false;
    reportLength(bias, layout.biases[i] ?? 'b', width, cell, layout, report);
    return true;
  });
  if (wrong.includes(true)) return null;
  const where = (recurrent ?? input)?.where ?? null;
  if (twoRows && input !== null && width !== null)
    return { input: input.data.subarray(0, width), recurrent: input.data.subarray(width), where };
  return { input: input?.data ?? null, recurrent: recurrent?.data ?? null, where };
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
  if (entry === null) return { input: null, recurrent: null, where: null };
  const advice = t('Write {0} as ONNX has it, both biases of each direction in one row.', name);
  const form = '[D][2·G·H]';
  const bias = readTensor(entry, { label: name, ranks: [2], form, axes: ['rows', 'numbers'], advice, dtype }, report);
  if (bias === null) return null;
  const [rows = 0, columns = 0] = bias.shape;
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
  return {
    input: bias.data.subarray(from, from + half),
    recurrent: bias.data.subarray(from + half, from + columns),
    where: bias.where,
  };
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
    message: t('{0} has {1} rows.', name, bias.shape[0] ?? 0),
    expected: t('[H] or [1][H]'),
    found: t('a list of shape {0}', describeShape(bias.shape)),
    advice,
  });
  return null;
}

/**
 * A bias that stands there under a name that is nearly its own, and a layer that has none at all: both run, with zeros.
 */
function reportMissingBiases(
  recurrent: Value,
  { layout, biases }: Group,
  H: number | null,
  { cell, strangers, tellsNoBias }: LayerContext,
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
    advice: t('Add {0}, or ignore this if the layer was made without a bias.', names),
  });
}

/** `b`, the sum of both biases; a cell that keeps the recurrent one apart has that in `bh`. */
function addBiases(
  { input, recurrent, where }: Biases,
  H: number,
  order: readonly number[],
  { cell, dtype }: LayerContext,
  report: Report,
): { readonly b: Float64Array; readonly [name: string]: Float64Array } | null {
  const width = cell.gates.length * H;
  const sumOf = (...biases: readonly (Float64Array | null)[]): Float64Array => {
    const sum = new Float64Array(width);
    for (const bias of biases)
      if (bias !== null) arrangeRows(bias, 1, H, order).forEach((x, i) => (sum[i] = (sum[i] ?? 0) + x));
    return sum;
  };
  if (hasStateBias(cell)) return { b: sumOf(input), bh: sumOf(recurrent) };
  const b = sumOf(input, recurrent);
  const overflow = b.findIndex((x) => !Number.isFinite(dtype === 'float32' ? Math.fround(x) : x));
  if (overflow < 0 || where === null) return { b };
  report.error(where, {
    code: 'number-overflow',
    message: t('The sum of the biases of unit {0} is too large for {1}.', overflow % H, dtype),
    expected: t('a finite sum in {0}', dtype),
    found: String(b[overflow]),
    advice: t('Check the export; biases of a trained network are small.'),
  });
  return null;
}
