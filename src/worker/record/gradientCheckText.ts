// What a check of gradients has found, as lines of text.
import { t as say } from '@vscode/l10n';
import { errorBounds } from '../../engine/index.js';
import type { CheckedTensor, Experiment, GradientCheck } from '../../engine/index.js';
import { escapeControls } from './escapeControls.js';
import { layerWords } from './runTable.js';

type Worst = NonNullable<CheckedTensor['worst']>;

/** A relative error, to two digits. */
const errorText = (error: number): string => (error === 0 ? '0' : error.toExponential(1));

/** `layer 0, reverse: Wh`; of what belongs to the network its name alone. */
function tensorName(experiment: Experiment, { layer, name }: CheckedTensor): string {
  if (layer === null) return name;
  const own = experiment.layers.some(({ initial }) => Object.hasOwn(initial, name)) ? `${name}0` : name;
  return experiment.layers.length === 1 ? own : `${layerWords(experiment, layer)}: ${own}`;
}

/** The tensor whose gradient is the furthest from its difference; null where nothing could be compared. */
function furthest(tensors: readonly CheckedTensor[]): (CheckedTensor & { readonly worst: Worst }) | null {
  let most: (CheckedTensor & { readonly worst: Worst }) | null = null;
  for (const { worst, ...tensor } of tensors)
    if (worst !== null && (most === null || Number.isNaN(worst.error) || worst.error > most.worst.error))
      most = { ...tensor, worst };
  return most;
}

/** Whether a gradient is another one than the derivative of the loss. */
export const isWrong = (check: GradientCheck | null): boolean =>
  check?.tensors.some(({ worst }) => worst !== null && !(worst.error <= errorBounds.wrong)) === true;

function verdictLine(experiment: Experiment, tensors: readonly CheckedTensor[]): string {
  const most = furthest(tensors);
  if (most === null) return say('Nothing could be compared.');
  const { error, gradient, difference } = most.worst;
  const where = tensorName(experiment, most);
  if (error <= errorBounds.good)
    return say(
      'Every gradient agrees with centred differences of the loss: the largest relative error is {0}, at {1}.',
      errorText(error),
      where,
    );
  const both = say('{0} by backpropagation, {1} by the difference', gradient.toPrecision(9), difference.toPrecision(9));
  return error <= errorBounds.wrong
    ? say(
        'No gradient is wrong, but {1} agrees with centred differences of the loss to a relative error of {0} alone ' +
          '({2}): more than the {3} of a good check, less than the {4} of another derivative.',
        errorText(error),
        where,
        both,
        errorBounds.good,
        errorBounds.wrong,
      )
    : say(
        'A gradient is wrong: {1} differs from centred differences of the loss by a relative error of {0} ({2}). ' +
          'That is a fault of this extension; please report it.',
        errorText(error),
        where,
        both,
      );
}

type Column = readonly [title: string, at: (tensor: CheckedTensor) => string];

function tableOf(experiment: Experiment, tensors: readonly CheckedTensor[]): string[] {
  const title = say('tensor');
  const rows = tensors.map((tensor) => ({ tensor, name: tensorName(experiment, tensor) }));
  const width = Math.max(title.length, ...rows.map(({ name }) => name.length));
  const isAny = (of: (tensor: CheckedTensor) => number): boolean => tensors.some((tensor) => of(tensor) > 0);
  const columns: Column[] = [
    [say('numbers'), ({ size }) => String(size)],
    [say('compared'), ({ compared }) => String(compared)],
    ...(isAny(({ kinks }) => kinks) ? [[say('at a kink'), ({ kinks }) => String(kinks)] as Column] : []),
    ...(isAny(({ unclear }) => unclear) ? [[say('too small'), ({ unclear }) => String(unclear)] as Column] : []),
    [say('relative error'), ({ worst }) => (worst === null ? '–' : errorText(worst.error))],
  ];
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(16)).join('')}`;
  return [
    line(
      title,
      columns.map(([words]) => words),
    ),
    ...rows.map(({ tensor, name }) =>
      line(
        name,
        columns.map(([, at]) => at(tensor)),
      ),
    ),
  ];
}

/** The check of an experiment as it was run; null: its loss is not finite. */
export function gradientCheckText(experiment: Experiment, check: GradientCheck | null): string {
  const title = `${say('Gradient check')}  ${escapeControls(experiment.name)}`;
  if (check === null)
    return [title, say('The value of the loss is not finite, so it has no derivatives to compare.'), ''].join('\n');
  const { tensors, isAsRun } = check;
  const count = (of: (tensor: CheckedTensor) => number): number => tensors.reduce((sum, one) => sum + of(one), 0);
  const [kinks, unclear] = [count((tensor) => tensor.kinks), count((tensor) => tensor.unclear)];
  return [
    title,
    verdictLine(experiment, tensors),
    '',
    ...tableOf(experiment, tensors),
    '',
    say('Each tensor is moved as a whole along one direction, and some of its numbers singly.'),
    ...(experiment.loss === null
      ? [say('Without a loss, the derivatives are of the output times what flows in from above.')]
      : []),
    ...(experiment.dtype === 'float32' ? [say('Checked in float64; the run itself is in float32.')] : []),
    ...(experiment.clipNorm === null ? [] : [say('Checked before clipping.')]),
    ...(isAsRun
      ? []
      : [
          say(
            'Checked without truncation, and with every chunk from the initial states: a gradient that is cut is not ' +
              'the derivative of its loss.',
          ),
        ]),
    ...(kinks === 0
      ? []
      : [say('Left out at a kink: {0}. A unit is on at one end of the shortest step, and off at the other.', kinks)]),
    ...(unclear === 0
      ? []
      : [say('Left out as too small: {0}. In float64 the loss is rounded by more than that.', unclear)]),
    '',
  ].join('\n');
}
