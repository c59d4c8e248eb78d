// What is wrong with the shapes of a layer's weights, told with the gates that they belong to.
import { t } from '@vscode/l10n';
import { cellNames, cellOf } from '../../engine/index.js';
import type { Cell, CellName } from '../../engine/index.js';
import { counted, describeShape } from '../json/node.js';
import type { Group, Layout } from '../layouts/weightLayouts.js';
import type { Report } from '../problems/problemReport.js';
import { sizeOf } from './readTensor.js';
import type { Tensor } from './readTensor.js';

/** The cell whose gates a recurrent matrix holds, where it has more than one; also of one that is turned. */
export function gatedCell({ shape }: Pick<Tensor, 'shape'>): CellName | null {
  const [rows, columns] = shape as readonly [number, number];
  const gates = Math.max(rows, columns) / Math.min(rows, columns);
  return gates > 1 ? (cellNames.find((name) => cellOf(name).gates.length === gates) ?? null) : null;
}

/** What the shape of a recurrent matrix looks like; null where it looks like nothing that there is. */
function looksLike(recurrent: Tensor): string | null {
  const cell = gatedCell(recurrent);
  if (cell !== null) return cell.toUpperCase();
  return recurrent.shape[0] === recurrent.shape[1] ? t('a plain RNN') : null;
}

type Recurrent = { readonly group: Group; readonly recurrent: Tensor | null };

/** Whether layers look like different cells, which is reported at the first that differs: no "cell" mends that. */
export function reportMixture(matrices: readonly Recurrent[], report: Report): boolean {
  const looks = matrices.flatMap(({ group: { layer }, recurrent }) => {
    const look = recurrent === null ? null : looksLike(recurrent);
    return recurrent === null || look === null ? [] : [{ layer, recurrent, look }];
  });
  const [first] = looks;
  const other = looks.find(({ look }) => look !== first?.look);
  if (first === undefined || other === undefined) return false;
  report.error(other.recurrent.where, {
    code: 'unsupported-cell',
    message: t('The layers hold different cells, and one network has one cell.'),
    expected: t('the same cell in every layer'),
    found: t('layer {0}: {1}; layer {2}: {3}', first.layer, first.look, other.layer, other.look),
    advice: t(
      'Use weights whose layers have one cell, or give the layers of each cell a file and a config of their own.',
    ),
  });
  return true;
}

/** Whether weights of several gates stand where a cell of one is wanted, which is reported. */
export function reportGates(recurrent: Tensor, layout: Layout, cell: Cell, report: Report): boolean {
  const found = gatedCell(recurrent);
  if (found === null) return false;
  const [rows, columns] = recurrent.shape as readonly [number, number];
  const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
  report.error(recurrent.where, {
    code: 'unsupported-cell',
    message:
      long === 4 * short
        ? t('These are the weights of an LSTM, and the cell is "{0}".', cell.name)
        : t('These are the weights of a GRU, and the cell is "{0}".', cell.name),
    expected: t('{0} of shape [H, H]', layout.recurrent),
    found: t('shape {0}: {1} gates of {2} units', describeShape(recurrent.shape), long / short, short),
    advice: t('Remove "cell" from the config, or use the weights of a plain RNN (PyTorch nn.RNN, Keras SimpleRNN).'),
  });
  return true;
}

export function reportNotSquare(recurrent: Tensor, name: string, report: Report): void {
  const [rows, columns] = recurrent.shape as readonly [number, number];
  report.error(recurrent.where, {
    code: 'wrong-dimension',
    message: t('{0} is not square: it leads from H hidden units to the same H units.', name),
    expected: '[H, H]',
    found: describeShape(recurrent.shape),
    advice: squareAdvice(rows, columns),
  });
}

/** A recurrent matrix that is not [G·H,H] as its layout has it. */
export function reportHeight(recurrent: Tensor, layout: Layout, { name: cell, gates }: Cell, report: Report): void {
  const [rows, columns] = recurrent.shape as readonly [number, number];
  const [wide, H] = layout.transposed ? [rows, columns] : [columns, rows];
  const G = gates.length;
  const of = (units: number): string => describeShape(layout.transposed ? [G * units, units] : [units, G * units]);
  const name = layout.recurrent;
  const found = describeShape(recurrent.shape);
  const isTurned = H === G * wide;
  report.error(recurrent.where, {
    code: 'wrong-dimension',
    message: isTurned
      ? t('{0} is transposed.', name)
      : wide % G === 0
        ? t('{0} is {1}: a multiple of {2} gates × H = {3}; is H = {4}?', name, found, G, wide / G, H)
        : t('{0} is {1}: {2} is no multiple of the {3} gates of the cell "{4}".', name, found, wide, G, cell),
    expected: isTurned ? of(wide) : `${layout.transposed ? `[${G}·H, H]` : `[H, ${G}·H]`} = ${of(H)}`,
    found,
    advice: isTurned
      ? t('Transpose {0}.', name)
      : wide === H
        ? t('These look like the weights of a plain RNN: write "cell": "tanh", or use the matrices of one network.')
        : t('With H = {0} it has the shape {1}; use the matrices of one network.', H, of(H)),
    ...(isTurned && !layout.stacked ? { fix: { kind: 'transpose' } } : {}),
  });
}

/**
 * `inputs`: what the sequences have, or what layers and directions before this one say; with `isSecond` they bind it.
 */
type InputContext = {
  readonly cell: Cell;
  readonly inputs: number | null;
  readonly layer: number;
  readonly isSecond: boolean;
};

/** I, or null after a report. */
export function checkInput(
  input: Tensor,
  layout: Layout,
  H: number | null,
  { cell, inputs, layer, isSecond }: InputContext,
  report: Report,
): number | null {
  const { transposed, input: name } = layout;
  const [rows, columns] = input.shape as readonly [number, number];
  const [I, wide] = transposed ? [columns, rows] : [rows, columns];
  if (H === null) return I;
  const G = cell.gates.length;
  const width = G * H;
  const hidden = G === 1 ? 'H' : `${G}·H`;
  const form = transposed ? `[${hidden}, I]` : `[I, ${hidden}]`;
  const shapeOf = (size: number): string => describeShape(transposed ? [width, size] : [size, width]);
  const found = describeShape(input.shape);
  if (wide === width) {
    if (!isSecond || inputs === null || inputs === I) return I;
    report.error(input.where, {
      code: 'wrong-dimension',
      message:
        layer === 0
          ? t('{0} takes {1}, but the forward direction takes {2}.', name, counted(I, 'inputs'), inputs)
          : t('{0} takes {1}, but layer {2} gives {3}.', name, counted(I, 'inputs'), layer - 1, inputs),
      expected: `${form} = ${shapeOf(inputs)}`,
      found,
      advice:
        layer === 0
          ? t('Both directions read the same sequences.')
          : t('The input of a layer is the output of the one below, both directions side by side.'),
    });
    return null;
  }
  if (I === width && (inputs === null || inputs === wide || inputs !== I)) {
    report.error(input.where, {
      code: 'wrong-dimension',
      message: transposed
        ? t('{0} is transposed: its columns belong to the {1} hidden units.', name, H)
        : t('{0} is transposed: its rows belong to the {1} hidden units.', name, H),
      expected: `${form} = ${shapeOf(wide)}`,
      found,
      advice: t('Transpose {0}.', name),
      ...(layout.stacked ? {} : { fix: { kind: 'transpose' } }),
    });
    return null;
  }
  const expected = `${form} = ${shapeOf(inputs ?? I)}`;
  if (G > 1) {
    report.error(input.where, {
      code: 'wrong-dimension',
      message:
        wide % G === 0
          ? t('{0} is {1}: {2} gates × H = {3}, but {4} has H = {5}.', name, found, G, wide / G, layout.recurrent, H)
          : t('{0} is {1}: {2} is no multiple of the {3} gates of the cell "{4}".', name, found, wide, G, cell.name),
      expected,
      found,
      advice: t('Use the matrices of one network: {0} gates × {1} units are {2}.', G, H, width),
    });
    return null;
  }
  report.error(input.where, {
    code: 'wrong-dimension',
    message: t('{0} leads to {1} hidden units, but the recurrent matrix has {2}.', name, wide, H),
    expected,
    found,
    advice: transposed
      ? t('Give {0} {1} rows, or use the matrices of one network.', name, H)
      : t('Give {0} {1} numbers in every row, or use the matrices of one network.', name, H),
  });
  return null;
}

/** A bias of another length than G·H. */
export function reportLength(
  bias: Tensor,
  name: string,
  width: number,
  cell: Cell,
  layout: Layout,
  report: Report,
): void {
  const G = cell.gates.length;
  const H = width / G;
  const length = counted(sizeOf(bias), 'numbers');
  report.error(bias.where, {
    code: 'wrong-dimension',
    message:
      G === 1
        ? t('{0} has {1}, but {2} has {3}.', name, length, layout.recurrent, counted(H, 'hidden units'))
        : t('{0} has {1}, but {2} has {3} gates × {4} units.', name, length, layout.recurrent, G, H),
    expected: counted(width, 'numbers'),
    found: length,
    advice:
      G > 1 && layout.framework === 'Keras' && sizeOf(bias) === 2 * width
        ? t(
            'CuDNNLSTM and CuDNNGRU have such a bias, and kernels in an order of their own: load the weights into an ' +
              'LSTM or GRU layer of Keras 2, which converts them, and save them again.',
          )
        : G === 1
          ? t('Give {0} one number per hidden unit.', name)
          : t('Give {0} one number per gate and hidden unit.', name),
  });
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
