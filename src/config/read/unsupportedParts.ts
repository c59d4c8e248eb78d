// What a file says beside its weights: parts that would change the equations are refused, never ignored.
import { t } from '@vscode/l10n';
import type { Cell } from '../../engine/index.js';
import { describeNode, quote } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import type { Named } from '../layouts/weightLayouts.js';
import type { Report } from '../problems/problemReport.js';
import { hasStateBias } from './gateBlocks.js';

/** A switch that is off, a size of 0, nothing at all. */
const isOff = ({ node }: Value): boolean =>
  node.kind === 'null' || (node.kind === 'boolean' && !node.value) || (node.kind === 'number' && node.value === 0);

/** The projection matrix of an LSTM with `proj_size`. */
const isProjection = (name: string): boolean => /^weight_hr_l\d+(?:_reverse)?$/.test(name);

/** Parts of a recurrent layer, by their names in any framework, that the equations here do not have. */
const refused: Readonly<Record<string, () => string>> = {
  proj_size: () => t('This LSTM projects its hidden state (proj_size), which cannot be run.'),
  peepholes: () => t('This LSTM has peepholes from c to its gates, which cannot be run.'),
  use_peepholes: () => t('This LSTM has peepholes from c to its gates, which cannot be run.'),
  cell_clip: () => t('This LSTM clips its cell state (cell_clip), which cannot be run.'),
};

/** The activations of a gated cell in ONNX' order, one set for each direction; a plain cell is named by its own. */
const onnxActivations: Readonly<Record<string, readonly string[]>> = {
  lstm: ['sigmoid', 'tanh', 'tanh'],
  gru: ['sigmoid', 'tanh'],
};

/** Whether a node of ONNX names other activations than its cell has here. */
function hasOtherActivations({ node }: Value, cell: string): boolean {
  const usual = Object.hasOwn(onnxActivations, cell) ? onnxActivations[cell] : undefined;
  if (usual === undefined || node.kind !== 'array') return false;
  return node.items.some((item, i) => item.kind !== 'string' || item.value.toLowerCase() !== usual[i % usual.length]);
}

/** Whether something was refused. Dropout is training's business, so it is only told. */
export function refuseParts(
  named: readonly Named[],
  cell: Pick<Cell, 'name' | 'states' | 'parameters'>,
  report: Report,
): boolean {
  let isRefused = false;
  const refuse = (where: Value, name: string, message: string): void => {
    isRefused = true;
    report.error(where, {
      code: 'unsupported-feature',
      message,
      expected: t('weights without {0}', quote(name)),
      found: describeNode(where.node),
      advice: t('Train the network without it, or look at a layer that has none.'),
    });
  };
  for (const { name, value } of named) {
    const told = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (isProjection(name))
      refuse(value, name, t('This LSTM projects its hidden state (proj_size), which cannot be run.'));
    else if (told !== undefined && !isOff(value)) refuse(value, name, told());
    else if (name === 'activations' && hasOtherActivations(value, cell.name))
      refuse(value, name, t('This cell has other activations than {0}, which cannot be run.', 'sigmoid, tanh'));
    else if (hasStateBias(cell) && (name === 'reset_after' || name === 'linear_before_reset') && isOff(value)) {
      isRefused = true;
      refuseResetBefore(value, report);
    } else if (name === 'dropout' && value.node.kind === 'number' && !isOff(value)) tellDropout(value, report);
  }
  return isRefused;
}

/** A GRU whose reset gate acts on h before the product with its matrix. */
export function refuseResetBefore(where: Value, report: Report): void {
  report.error(where, {
    code: 'unsupported-feature',
    message: t('This GRU resets h before the recurrent product, (r ⊙ h)·Whn, which cannot be run.'),
    expected: t('a GRU that resets after the product, r ⊙ (h·Whn + bhn)'),
    found: describeNode(where.node),
    advice: t(
      'Use reset_after=True in Keras, linear_before_reset=1 in ONNX; PyTorch has no other form. Here each step is ' +
        'one product with Wh between element-wise slopes, and a reset before it would be a second one.',
    ),
  });
}

function tellDropout(where: Value, report: Report): void {
  report.info(where, {
    code: 'unsupported-feature',
    message: t('Dropout acts only in training, so it is ignored.'),
    expected: t('no dropout'),
    found: describeNode(where.node),
    advice: t('Nothing has to be done: the run is that of the network in evaluation.'),
  });
}
