// The weights of one layer in one direction: read, checked against each other and the layer below, and arranged as the
// cell has them.
import { t } from '@vscode/l10n';
import type { ByParameter, Cell, Direction, DType } from '../../engine/index.js';
import { describeNode, describeShape } from '../json/node.js';
import type { Group, Layout, Named } from '../layouts/weightLayouts.js';
import { partAdvice } from '../problems/modelParts.js';
import { misspelt } from '../problems/weightNameSuggestions.js';
import type { Report } from '../problems/problemReport.js';
import { weightNames } from '../layouts/weightNames.js';
import { arrange, blockOrder } from './gateBlocks.js';
import type { Stored, StoredNumbers } from './gateBlocks.js';
import { checkInput, reportGates, reportHeight, reportNotSquare } from './layerProblems.js';
import { readOwnParameters } from './ownParameters.js';
import { addBiases, biasesOf, readBiases, reportMissingBiases, storedBiases } from './readBiases.js';
import type { BiasContext, StoredBiases } from './readBiases.js';
import { readTensor } from './readTensor.js';
import { storedInParts, togetherAdvice } from './storedParts.js';
import type { Tensor } from './readTensor.js';
import type { Value } from '../json/jsonValue.js';

/** A matrix that stands in a block of numbers of the file from a flat index on. */
type Matrix = Tensor & { readonly from: number };

/** The matrices of a layer in one direction, each [rows,columns] as its file has them. */
export type LayerMatrices = {
  readonly group: Group;
  readonly direction: Direction;
  readonly input: Matrix | null;
  readonly recurrent: Matrix | null;
};

/** Where the numbers of each parameter stand, by the cell's names; of a sum of two biases the first. */
export type ParameterPlaces = ReadonlyMap<string, Stored>;

/** Where a layer is read to: `I` and `H` are what its matrices say, null where they cannot be read. */
export type ReadLayer = {
  readonly I: number | null;
  readonly H: number | null;
  readonly parameters: ByParameter<Float64Array> | null;
  /** Of those parameters that can be read. */
  readonly places: ParameterPlaces;
  readonly biases: StoredBiases;
};

/** What is known of a layer before its weights are looked at. */
export type LayerContext = BiasContext & {
  /** All weights. */
  readonly root: Value;
  readonly layer: number;
  /** Whether a layer or direction before it says how many inputs it has. */
  readonly isSecond: boolean;
  /** How many numbers the layer below gives, or the sequences have; null where that is not known. */
  readonly inputs: number | null;
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
  const read = (entry: Value | null, name: string, form: string): Matrix | null => {
    if (entry === null) {
      reportMissing(root, strangers, name, form, report);
      return null;
    }
    const axes = layout.stacked ? (['lists', 'rows', 'columns'] as const) : (['rows', 'columns'] as const);
    const advice = layout.stacked
      ? t('Write {0} as ONNX has it, one matrix for each direction.', name)
      : t('Write {0} as a list of rows.', name);
    const spec = { label: name, ranks: [axes.length], form, axes, advice, dtype };
    const tensor = notEmpty(readTensor(entry, spec, report), name, form, report);
    return tensor === null ? null : { ...tensor, from: 0 };
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
    const { where, shape } = (input !== null && input.shape[0] !== directions ? input : (recurrent ?? input))!;
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
function slice({ shape, data, where }: Tensor, index: number): Matrix {
  const inner = shape.slice(1);
  const size = inner.reduce((product, length) => product * length, 1);
  return { shape: inner, data: data.subarray(index * size, (index + 1) * size), where, from: index * size };
}

function reportMissing(root: Value, strangers: readonly Named[], name: string, form: string, report: Report): void {
  const stored = storedInParts(weightNames(root).named, name);
  const near =
    stored === undefined ? misspelt(strangers, [name]) : { where: stored.part.value, hint: togetherAdvice(name) };
  report.error(near?.where ?? root, {
    code: 'missing-key',
    message: t('{0} is missing in the weights.', name),
    expected: `"${name}" ${form}`,
    found: near === undefined ? describeNode(root.node) : near.where.placeText,
    ...(near?.hint ?? partAdvice(root) ?? { advice: t('Add "{0}".', name) }),
  });
}

function notEmpty(tensor: Tensor | null, name: string, form: string, report: Report): Tensor | null {
  if (!tensor?.shape.includes(0)) return tensor;
  report.error(tensor.where, {
    code: 'wrong-dimension',
    message: t('{0} is empty.', name),
    expected: form,
    found: t('shape {0}', describeShape(tensor.shape)),
    advice: t('Fill {0} with at least one row of numbers.', name),
  });
  return null;
}

export function readLayer(matrices: LayerMatrices, context: LayerContext, report: Report): ReadLayer {
  const { group, direction, input, recurrent } = matrices;
  const { layout } = group;
  const { cell } = context;
  const nothing = {
    I: null,
    H: null,
    parameters: null,
    places: new Map<string, Stored>(),
    biases: { input: null, state: null },
  };
  if (recurrent !== null && cell.gates.length === 1 && reportGates(recurrent, layout, cell, report)) return nothing;
  const H = recurrent === null ? null : heightOf(recurrent, layout, cell, report);
  const I = input === null ? null : checkInput(input, layout, H, context, report);
  const biases = readBiases(group, direction, context, H, report);
  if (group.recurrent !== null) reportMissingBiases(group.recurrent, group, H, context, report);
  if (H === null) return { ...nothing, I };
  const order = blockOrder(cell, layout);
  const stored = (matrix: Matrix | null, rows: number | null): StoredNumbers | null =>
    matrix === null || rows === null ? null : { ...matrix, rows, H, order, transposed: layout.transposed };
  const [Wx, Wh] = [stored(input, I), stored(recurrent, H)];
  const kept = biases === null ? nothing.biases : storedBiases(biases, H, order);
  const parts = biases === null ? null : biasesOf(cell, kept);
  const places = new Map<string, Stored>(
    Object.entries({ Wx, Wh, b: parts?.b[0], bh: parts?.bh?.[0] }).flatMap(([name, place]) =>
      place === null || place === undefined ? [] : [[name, place] as const],
    ),
  );
  if (Wx === null || Wh === null || parts === null) return { I, H, parameters: null, places, biases: kept };
  const sums = addBiases(parts, H, context, report);
  const { root, strangers, dtype } = context;
  const others = sums === null || I === null ? null : readOwnParameters(root, strangers, cell, { I, H }, dtype, report);
  if (sums === null || others === null) return { I, H, parameters: null, places, biases: kept };
  for (const [name, place] of others) places.set(name, place);
  const own = Object.fromEntries([...others].map(([name, numbers]) => [name, numbers.data]));
  return { I, H, parameters: { Wx: arrange(Wx), Wh: arrange(Wh), ...sums, ...own }, places, biases: kept };
}

/** H of a recurrent matrix [H,G·H], or transposed; null after a report. */
function heightOf(recurrent: Tensor, layout: Layout, cell: Cell, report: Report): number | null {
  const [rows, columns] = recurrent.shape as readonly [number, number];
  const [H, wide] = layout.transposed ? [columns, rows] : [rows, columns];
  const gates = cell.gates.length;
  if (wide === gates * H) return H;
  if (gates === 1) reportNotSquare(recurrent, layout.recurrent, report);
  else reportHeight(recurrent, layout, cell, report);
  return null;
}
