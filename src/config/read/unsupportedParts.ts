// What a file says beside its weights: parts that would change the equations are refused, never ignored.
import { t } from '@vscode/l10n';
import { cellNames, cellOf } from '../../engine/index.js';
import type { Cell, CellName } from '../../engine/index.js';
import { describeNode, quote } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import type { Group, Named } from '../layouts/weightLayouts.js';
import { optionText } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import { hasStateBias } from './gateBlocks.js';

/** A switch that is off, a size of 0, nothing at all. */
const isOff = ({ node }: Value): boolean =>
  node.kind === 'null' || (node.kind === 'boolean' && !node.value) || (node.kind === 'number' && node.value === 0);

const isText = ({ node }: Value, text: string): boolean => node.kind === 'string' && node.value.toLowerCase() === text;

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
  const usual = (Object.hasOwn(onnxActivations, cell) ? onnxActivations[cell] : undefined) ?? [cell];
  if (node.kind !== 'array') return false;
  return node.items.some((item, i) => item.kind !== 'string' || item.value.toLowerCase() !== usual[i % usual.length]);
}

/** Keras' names of activations under the names of the cells that have them. */
const kerasCells: Readonly<Record<string, string>> = { linear: 'identity' };

/** A list of names, for people. */
const textsOf = (list: Value): string =>
  list
    .items()
    .slice(0, 6)
    .map(({ node }) => (node.kind === 'string' ? quote(node.value) : describeNode(node)))
    .join(', ');

/** The cell of one gate whose activation the first of these layers names; null where none does. */
export function namedCell(named: readonly Named[], groups: readonly Pick<Group, 'prefix'>[]): CellName | null {
  for (const { name, prefix, value } of named) {
    if ((name !== 'activation' && name !== 'activations') || !isOfLayer(prefix, groups.slice(0, 1))) continue;
    const node = value.node.kind === 'array' ? value.node.items[0] : value.node;
    const given = node?.kind === 'string' ? node.value.toLowerCase() : '';
    const cell = cellNames.find((one) => one === (kerasCells[given] ?? given));
    if (cell !== undefined && cellOf(cell).gates.length === 1) return cell;
  }
  return null;
}

/** Whether what a layer says of itself stands there: under the prefix of its weights, one above it, or in `config`. */
function isOfLayer(prefix: string, groups: readonly Pick<Group, 'prefix'>[]): boolean {
  const own = prefix.replace(/(?:^|[/.])config$/, '');
  return groups.some(
    (group) =>
      group.prefix === own || (own !== '' && group.prefix.startsWith(own) && /[/.]/.test(group.prefix[own.length]!)),
  );
}

/** What a Keras layer's configuration names that is not what its cell has here; null where they agree. */
function otherActivation(
  { name, value: { node } }: Named,
  cell: Pick<Cell, 'name' | 'gates'>,
): { readonly given: string; readonly wanted: string } | null {
  if (node.kind !== 'string') return null;
  const given = node.value.toLowerCase();
  const isGated = cell.gates.length > 1;
  if (name === 'recurrent_activation' && !isGated) return null;
  const wanted = !isGated ? cell.name : name === 'activation' ? 'tanh' : 'sigmoid';
  return (kerasCells[given] ?? given) === wanted ? null : { given: node.value, wanted };
}

const isWithin = (prefix: string, layer: string): boolean => prefix === layer || prefix.startsWith(`${layer}/`);

/** Whether something was refused. Dropout is training's business, so it is only told. */
export function refuseParts(
  named: readonly Named[],
  groups: readonly Pick<Group, 'prefix' | 'direction' | 'layer'>[],
  cell: Pick<Cell, 'name' | 'gates' | 'states' | 'parameters'>,
  report: Report,
): boolean {
  let isRefused = false;
  const dropouts = new Set<string>();
  // That of two directions which runs backwards is run so here.
  const forward = groups.filter(({ direction }) => direction === 'forward');
  const top = groups.reduce((highest, { layer }) => Math.max(highest, layer), 0);
  const below = groups.filter(({ layer }) => layer < top);
  const above = groups.filter(({ layer }) => layer > 0);
  const refuse = (where: Value, name: string, message: string, found = describeNode(where.node)): void => {
    isRefused = true;
    report.error(where, {
      code: 'unsupported-feature',
      message,
      expected: t('weights without {0}', quote(name)),
      found,
      advice: t('Train the network without it, or look at a layer that has none.'),
    });
  };
  for (const part of named) {
    const { name, prefix, value } = part;
    const told = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (isProjection(name))
      refuse(value, name, t('This LSTM projects its hidden state (proj_size), which cannot be run.'));
    else if (told !== undefined && !isOff(value)) refuse(value, name, told());
    else if (name === 'activations' && isOfLayer(prefix, groups) && hasOtherActivations(value, cell.name))
      refuse(
        value,
        name,
        t(
          'This cell has other activations than {0}, which cannot be run.',
          cell.gates.length > 1 ? 'sigmoid, tanh' : cell.name,
        ),
        textsOf(value),
      );
    else if (name === 'clip' && value.node.kind === 'number' && isOfLayer(prefix, groups))
      refuse(value, name, t('This layer bounds its pre-activations (clip), which cannot be run.'));
    else if (name === 'input_forget' && isOfLayer(prefix, groups) && !isOff(value))
      refuse(value, name, t('This LSTM has one gate for input and forgetting (input_forget), which cannot be run.'));
    else if (name === 'direction' && isOfLayer(prefix, groups) && isText(value, 'reverse')) {
      isRefused = true;
      const message = t('This layer reads its sequences from their end only, which cannot be run.');
      refuseBackwards(value, message, '"direction": "forward"', report);
    } else if (name === 'merge_mode' && isOfLayer(prefix, groups) && !isText(value, 'concat'))
      refuse(value, name, t('The outputs of both directions are not put side by side (merge_mode).'));
    else if (name === 'layer_below' && value.node.kind === 'string') {
      const own = above.find((group) => isOfLayer(prefix, [group]));
      const under = groups.filter(({ layer }) => own !== undefined && layer === own.layer - 1);
      const told = value.node.value;
      if (own === undefined || under.some((group) => isWithin(group.prefix, told))) continue;
      isRefused = true;
      refuseBelow(value, told, own.prefix, report);
    } else if (name === 'return_sequences' && isOfLayer(prefix, below) && isOff(value))
      refuse(value, name, t('A layer below another one gives its last output alone (return_sequences).'));
    else if (
      hasStateBias(cell) &&
      (name === 'reset_after' || name === 'linear_before_reset') &&
      isOfLayer(prefix, groups) &&
      isOff(value)
    ) {
      isRefused = true;
      refuseResetBefore(value, report);
    } else if ((name === 'activation' || name === 'recurrent_activation') && isOfLayer(prefix, groups)) {
      const other = otherActivation(part, cell);
      if (other === null) continue;
      isRefused = true;
      refuseActivation(part, other, cell, report);
    } else if (name === 'go_backwards' && isOfLayer(prefix, forward) && !isOff(value)) {
      isRefused = true;
      const message = t(
        'This layer reads its sequences from their end (go_backwards), and no other direction is beside it.',
      );
      refuseBackwards(value, message, '"go_backwards": false', report);
    } else if (name === 'dropout_layers' && isOfLayer(prefix, groups)) {
      // What stands between two layers is above one and below the other.
      const others = textsIn(value).filter((text) => !dropouts.has(text));
      for (const text of others) dropouts.add(text);
      if (others.length > 0) tellDropout(value, report, others.map(quote).join(', '));
    } else if (isDropout(part, groups)) tellDropout(value, report);
  }
  return isRefused;
}

function refuseActivation(
  { name, value }: Named,
  { given, wanted }: { readonly given: string; readonly wanted: string },
  cell: Pick<Cell, 'name' | 'gates'>,
  report: Report,
): void {
  const known = kerasCells[given.toLowerCase()] ?? given.toLowerCase();
  const isCell = cell.gates.length === 1 && cellNames.some((one) => one === known && cellOf(one).gates.length === 1);
  report.error(value, {
    code: 'unsupported-feature',
    message: t('This layer has the activation {0}, but {1} has {2}.', quote(given), quote(cell.name), quote(wanted)),
    expected: `${quote(name)}: ${quote(wanted)}`,
    found: quote(given),
    advice: isCell
      ? t('Write "cell": {0} into the config.', quote(known))
      : t('Train the network with {0}, or look at a layer that has it.', quote(wanted)),
  });
}

/** Layers that only seem to be a stack: their sizes fit. */
function refuseBelow(where: Value, told: string, prefix: string, report: Report): void {
  report.error(where, {
    code: 'unsupported-feature',
    message: t('This layer takes its inputs from {0}, and not from the recurrent layer below it.', quote(told)),
    expected: t('one recurrent layer above the other'),
    found: quote(told),
    advice: report.byOption
      ? t('Name the one that is meant: {0}.', optionText('--name', prefix))
      : t(
          'Name the layer to look at in the config: {0}.',
          `"weights": ${JSON.stringify({ file: report.referenceOf(where), name: prefix })}`,
        ),
  });
}

/** A layer that reads its sequences from the end, and gives its outputs in that order. */
function refuseBackwards(where: Value, message: string, expected: string, report: Report): void {
  report.error(where, {
    code: 'unsupported-feature',
    message,
    expected,
    found: describeNode(where.node),
    advice:
      where.document.binary === null
        ? t('Turn the sequences around and leave the key out: then each step is the one that the layer reads.')
        : t(
            'Turn the sequences around, and save the weights alone, without what the file says of the layer: then ' +
              'each step is the one that the layer reads.',
          ),
  });
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

/** A rate; in a text it may stand anywhere beside the weights, other files keep it below the layer that has it. */
const isDropout = ({ name, prefix, value }: Named, groups: readonly Pick<Group, 'prefix'>[]): boolean =>
  /^(?:recurrent_)?dropout$/.test(name) &&
  value.node.kind === 'number' &&
  !isOff(value) &&
  (value.document.binary === null || isOfLayer(prefix, groups));

const textsIn = (list: Value): string[] =>
  list
    .items()
    .map(({ node }) => node)
    .filter((node) => node.kind === 'string')
    .map(({ value }) => value);

function tellDropout(where: Value, report: Report, found = describeNode(where.node)): void {
  report.info(where, {
    code: 'unsupported-feature',
    message: t('Dropout acts only in training, so it is ignored.'),
    expected: t('no dropout'),
    found,
    advice: t('The run is that of the network in evaluation.'),
  });
}
