import { t } from '@vscode/l10n';
import type { ByParameter, DType } from '../../engine/index.js';
import { configAsWeightsAdvice, listAdvice } from '../problems/formatAdvice.js';
import { counted, describeNode, describeShape, quote } from '../json/node.js';
import { findGroups, isFurtherLayer, layouts, namedValues } from '../layouts/weightLayouts.js';
import type { Group, Named } from '../layouts/weightLayouts.js';
import { misspelt, misspeltBiases } from '../problems/weightNameSuggestions.js';
import type { Report } from '../problems/problemReport.js';
import { readTensor } from './readTensor.js';
import type { Tensor } from './readTensor.js';
import type { Value } from '../json/jsonValue.js';

/** Weights in the row-vector convention; a part that could not be read is null, `I` and `H` are what the others say. */
export type ReadWeights = {
  readonly I: number | null;
  readonly H: number | null;
  readonly weights: ByParameter<Float64Array> | null;
  readonly input: Tensor | null;
};

/**
 * Recognises the layout by the names and reads Wx [I,H], Wh [H,H] and b [1,H]. `sequenceInputs`: the I of the sequences
 * where known, which decides whether a matrix is transposed. Null when no layer can be recognised.
 */
export function readWeights(
  value: Value,
  dtype: DType,
  sequenceInputs: number | null,
  gatedExpected: boolean,
  report: Report,
): ReadWeights | null {
  if (value.node.kind !== 'object') {
    report.error(value, {
      code: 'wrong-type',
      message: t('The weights are not an object.'),
      expected: t('an object such as { "Wx": …, "Wh": …, "b": … }'),
      found: describeNode(value.node),
      advice: listAdvice(value) ?? t('Give the numbers names: Wx, Wh and b, or those of PyTorch or Keras.'),
    });
    return null;
  }
  const named = namedValues(value);
  const group = recognise(value, named, report);
  if (group === null || reportFurtherLayers(named, group, report)) return null;
  return readGroup(value, named, group, dtype, sequenceInputs, gatedExpected, report);
}

function recognise(value: Value, named: readonly Named[], report: Report): Group | null {
  const groups = findGroups(named);
  const [group, second] = groups;
  if (group === undefined) {
    const near = misspelt(
      named,
      layouts.flatMap((layout) => [layout.recurrent, layout.input]),
    );
    const asConfig = configAsWeightsAdvice(value);
    report.error(asConfig === null ? (near?.where ?? value) : value, {
      code: 'unknown-weights',
      message: t('No weights of an RNN are recognised here.'),
      expected: t(
        'the names Wx, Wh, b, or weight_ih_l0, weight_hh_l0, … (PyTorch), or kernel, recurrent_kernel, bias (Keras)',
      ),
      found: describeNode(value.node),
      ...(asConfig !== null
        ? { advice: asConfig }
        : (near?.hint ?? { advice: t('Rename the matrices: Wx [I,H], Wh [H,H] and b [H].') })),
    });
    return null;
  }
  if (second !== undefined) {
    const name = ({ layout, prefix }: Group): string =>
      quote(prefix === '' ? layout.recurrent : `${prefix}.${layout.recurrent}`);
    report.error(second.recurrent ?? second.input ?? value, {
      code: 'unsupported-feature',
      message: t('The file holds more than one RNN layer.'),
      expected: t('the weights of one layer'),
      found: groups.slice(0, 5).map(name).join(', ') + (groups.length > 5 ? ', …' : ''),
      advice: t('Save the layer to be looked at into a file of its own.'),
    });
    return null;
  }
  return group;
}

function reportFurtherLayers(named: readonly Named[], group: Group, report: Report): boolean {
  const further = named.find(({ prefix, name }) => prefix === group.prefix && isFurtherLayer(name));
  if (further === undefined) return false;
  const reverse = further.name.endsWith('_reverse');
  report.error(further.value, {
    code: 'unsupported-feature',
    message: reverse
      ? t('Bidirectional networks cannot be run yet.')
      : t('Networks of several layers cannot be run yet.'),
    expected: t('one layer in one direction'),
    found: `"${further.name}"`,
    advice: reverse
      ? t('Remove the "_reverse" weights to look at the forward direction alone.')
      : t('Keep only the "_l0" weights to look at the first layer alone.'),
  });
  return true;
}

function readGroup(
  value: Value,
  named: readonly Named[],
  group: Group,
  dtype: DType,
  sequenceInputs: number | null,
  gatedExpected: boolean,
  report: Report,
): ReadWeights {
  const { layout } = group;
  const isKnown = (name: string): boolean => [layout.input, layout.recurrent, ...layout.biases].includes(name);
  const matrix = (entry: Value | null, name: string, form: string): Tensor | null => {
    if (entry !== null)
      return notEmpty(
        readTensor(
          entry,
          {
            label: name,
            ranks: [2],
            form,
            axes: ['rows', 'columns'],
            advice: t('Write {0} as a list of rows.', name),
            dtype,
          },
          report,
        ),
        name,
        form,
        report,
      );
    const near = misspelt(
      named.filter((one) => one.prefix === group.prefix && !isKnown(one.name)),
      [name],
    );
    report.error(near?.where ?? value, {
      code: 'missing-key',
      message: t('{0} is missing in the weights.', name),
      expected: `"${name}" ${form}`,
      found: near === undefined ? describeNode(value.node) : near.where.placeText,
      ...(near?.hint ?? { advice: t('Add "{0}".', name) }),
    });
    return null;
  };
  const input = matrix(group.input, layout.input, layout.transposed ? '[H][I]' : '[I][H]');
  const recurrent = matrix(group.recurrent, layout.recurrent, '[H][H]');
  if (recurrent !== null && reportGates(recurrent, layout.transposed, layout.recurrent, gatedExpected, report))
    return { I: null, H: null, weights: null, input: null };
  const biases = group.biases.map((entry, i) =>
    entry === null ? null : readBias(entry, layout.biases[i] ?? 'b', dtype, report),
  );

  const square = recurrent !== null && recurrent.shape[0] === recurrent.shape[1];
  if (recurrent !== null && !square) reportNotSquare(recurrent, layout.recurrent, report);
  const H = square ? (recurrent.shape[0] ?? null) : null;
  const I = input === null ? null : checkInput(input, layout.transposed, layout.input, H, sequenceInputs, report);
  let complete = recurrent !== null && square && input !== null && I !== null;
  biases.forEach((bias, i) => {
    if (bias === null || H === null || bias.data.length === H) complete &&= bias !== null || group.biases[i] === null;
    else {
      complete = false;
      reportLength(bias, layout.biases[i] ?? 'b', H, layout.recurrent, report);
    }
  });
  if (group.recurrent !== null) reportMissingBiases(group.recurrent, named, group, H, report);
  if (!complete || recurrent === null || input === null || H === null || I === null)
    return { I, H, weights: null, input };
  const b = addBiases(biases, H, dtype, report);
  if (b === null) return { I, H, weights: null, input };
  const Wx = layout.transposed ? transpose(input.data, H, I) : input.data;
  const Wh = layout.transposed ? transpose(recurrent.data, H, H) : recurrent.data;
  return { I, H, weights: { Wx, Wh, b }, input };
}

/**
 * A bias that stands there under a name that is nearly its own, and a layer that has none at all: both run, with zeros.
 */
function reportMissingBiases(
  recurrent: Value,
  named: readonly Named[],
  { layout, prefix, biases }: Group,
  H: number | null,
  report: Report,
): void {
  const missing = layout.biases.filter((_, i) => biases[i] === null);
  // `by` is the bias of a readout that stands in the same file.
  const others = named.filter((one) => one.prefix === prefix && one.name !== 'by' && !layout.biases.includes(one.name));
  const near = misspeltBiases(others, missing, H);
  for (const { meant, where, hint } of near) {
    report.warning(where, {
      code: 'missing-key',
      message: t('{0} is missing in the weights; zeros are used.', meant),
      expected: `"${meant}" [H]`,
      found: where.placeText,
      ...hint,
    });
  }
  if (near.length > 0 || missing.length < layout.biases.length) return;
  const names = layout.biases.map((name) => `"${name}"`).join(', ');
  report.warning(recurrent, {
    code: 'missing-key',
    message: t('The weights have no bias; zeros are used.'),
    expected: layout.biases.map((name) => `"${name}" [H]`).join(', '),
    found: t('no bias'),
    advice: t('Add {0}, or ignore this if the layer was made without a bias.', names),
  });
}

function readBias(entry: Value, name: string, dtype: DType, report: Report): Tensor | null {
  const bias = readTensor(
    entry,
    {
      label: name,
      ranks: [1, 2],
      form: '[H]',
      axes: ['rows', 'numbers'],
      advice: t('Write {0} as one list of H numbers.', name),
      dtype,
    },
    report,
  );
  if (bias === null || bias.shape.length === 1 || bias.shape[0] === 1) return bias;
  report.error(bias.where, {
    code: 'wrong-dimension',
    message: t('{0} has {1} rows.', name, bias.shape[0] ?? 0),
    expected: t('[H] or [1][H]'),
    found: t('a list of shape {0}', describeShape(bias.shape)),
    advice: t('Write {0} as one list of H numbers.', name),
  });
  return null;
}

/** LSTM and GRU stack the matrices of their 4 or 3 gates. */
function reportGates(
  recurrent: Tensor,
  transposed: boolean,
  name: string,
  gatedExpected: boolean,
  report: Report,
): boolean {
  const [rows = 0, columns = 0] = recurrent.shape;
  const [long, short] = transposed || rows > columns ? [rows, columns] : [columns, rows];
  const cell = long === 4 * short ? 'LSTM' : long === 3 * short ? 'GRU' : null;
  if (cell === null) return false;
  if (!gatedExpected) {
    report.error(recurrent.where, {
      code: 'unsupported-cell',
      message:
        cell === 'LSTM'
          ? t('These are the weights of an LSTM, which cannot be run yet.')
          : t('These are the weights of a GRU, which cannot be run yet.'),
      expected: t('{0} of shape [H, H]', name),
      found: t('shape {0}: {1} gates of {2} units', describeShape(recurrent.shape), long / short, short),
      advice: t('Use the weights of a plain RNN (PyTorch nn.RNN, Keras SimpleRNN).'),
    });
  }
  return true;
}

function reportNotSquare(recurrent: Tensor, name: string, report: Report): void {
  const [rows = 0, columns = 0] = recurrent.shape;
  report.error(recurrent.where, {
    code: 'wrong-dimension',
    message: t('{0} is not square: it leads from H hidden units to the same H units.', name),
    expected: '[H, H]',
    found: describeShape(recurrent.shape),
    advice: squareAdvice(rows, columns),
  });
}

/** I, or null after a report. */
function checkInput(
  input: Tensor,
  transposed: boolean,
  name: string,
  H: number | null,
  sequenceInputs: number | null,
  report: Report,
): number | null {
  const [rows = 0, columns = 0] = input.shape;
  const [I, hidden] = transposed ? [columns, rows] : [rows, columns];
  const form = transposed ? '[H, I]' : '[I, H]';
  if (H === null) return I;
  const expected = `${form} = ${describeShape(transposed ? [H, sequenceInputs ?? I] : [sequenceInputs ?? I, H])}`;
  if (hidden === H) return I;
  if (I === H && (sequenceInputs === null || sequenceInputs === hidden || sequenceInputs !== I)) {
    report.error(input.where, {
      code: 'wrong-dimension',
      message: transposed
        ? t('{0} is transposed: its columns belong to the {1} hidden units.', name, H)
        : t('{0} is transposed: its rows belong to the {1} hidden units.', name, H),
      expected: `${form} = ${describeShape(transposed ? [H, hidden] : [hidden, H])}`,
      found: describeShape(input.shape),
      advice: t('Transpose {0}.', name),
      fix: { kind: 'transpose' },
    });
    return null;
  }
  report.error(input.where, {
    code: 'wrong-dimension',
    message: t('{0} leads to {1} hidden units, but the recurrent matrix has {2}.', name, hidden, H),
    expected,
    found: describeShape(input.shape),
    advice: transposed
      ? t('Give {0} {1} rows, or use the matrices of one network.', name, H)
      : t('Give {0} {1} numbers in every row, or use the matrices of one network.', name, H),
  });
  return null;
}

function reportLength(bias: Tensor, name: string, H: number, recurrent: string, report: Report): void {
  report.error(bias.where, {
    code: 'wrong-dimension',
    message: t(
      '{0} has {1}, but {2} has {3}.',
      name,
      counted(bias.data.length, 'numbers'),
      recurrent,
      counted(H, 'hidden units'),
    ),
    expected: counted(H, 'numbers'),
    found: counted(bias.data.length, 'numbers'),
    advice: t('Give {0} one number per hidden unit.', name),
  });
}

function addBiases(biases: readonly (Tensor | null)[], H: number, dtype: DType, report: Report): Float64Array | null {
  const b = new Float64Array(H);
  for (const bias of biases) bias?.data.forEach((x, i) => (b[i] = (b[i] ?? 0) + x));
  const last = biases.findLast((bias) => bias !== null) ?? null;
  const overflow = b.findIndex((x) => !Number.isFinite(dtype === 'float32' ? Math.fround(x) : x));
  if (overflow < 0 || last === null) return b;
  report.error(last.where, {
    code: 'number-overflow',
    message: t('The sum of the biases of unit {0} is too large for {1}.', overflow, dtype),
    expected: t('a finite sum in {0}', dtype),
    found: String(b[overflow]),
    advice: t('Check the export; biases of a trained network are small.'),
  });
  return null;
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

/** [rows,columns] → [columns,rows] */
export function transpose(data: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c] ?? 0;
  return turned;
}

function squareAdvice(rows: number, columns: number): string {
  const more = Math.abs(columns - rows);
  if (rows < columns)
    return more === 1
      ? t('Give it as many rows as columns, 1 more row or fewer of the other.')
      : t('Give it as many rows as columns, {0} more rows or fewer of the other.', more);
  return more === 1
    ? t('Give it as many rows as columns, 1 more column or fewer of the other.')
    : t('Give it as many rows as columns, {0} more columns or fewer of the other.', more);
}
