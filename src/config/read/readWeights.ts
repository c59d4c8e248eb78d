import { t } from '@vscode/l10n';
import { cellOf, defaultCell, pyTorchSuffix } from '../../engine/index.js';
import type { CellName, DType, LayerSpec } from '../../engine/index.js';
import { configAsWeightsAdvice, fileMissingAdvice, listAdvice } from '../problems/formatAdvice.js';
import { describeNode, quote } from '../json/node.js';
import { isNameOf, layouts } from '../layouts/weightLayouts.js';
import type { Group, Named } from '../layouts/weightLayouts.js';
import { networkNames } from '../layouts/networkGroups.js';
import { weightNames } from '../layouts/weightNames.js';
import type { WeightNames } from '../layouts/weightNames.js';
import { partAdvice, refuseListOfParts } from '../problems/modelParts.js';
import { misspelt } from '../problems/weightNameSuggestions.js';
import { optionText } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import { describeNetworks } from './fileParts.js';
import { gatedCell, reportMixture } from './layerProblems.js';
import { refuseContradictions } from './nodeAttributes.js';
import { readLayer, readMatrices } from './readLayer.js';
import type { LayerMatrices, ParameterPlaces } from './readLayer.js';
import { heldBiases } from './readBiases.js';
import type { StoredBiases } from './readBiases.js';
import { storedInParts, togetherAdvice } from './storedParts.js';
import type { Tensor } from './readTensor.js';
import { namedCell, refuseParts } from './unsupportedParts.js';
import type { Value } from '../json/jsonValue.js';

/** A layer in one direction without the states that it begins with. */
export type LayerWeights = Omit<LayerSpec, 'initial'>;

/** Weights in the row-vector convention; what could not be read is null, the rest is what the others say. */
export type ReadWeights = {
  readonly cell: CellName;
  /**
   * Whether nothing tells the cell: plain cells of frameworks have several activations, and no name or shape tells
   * which. Those of our own names are tanh where no config says otherwise.
   */
  readonly isAssumed: boolean;
  readonly directions: 1 | 2;
  readonly I: number | null;
  /** Of each layer and direction the number of its units. */
  readonly widths: readonly (number | null)[];
  readonly layers: readonly [LayerWeights, ...LayerWeights[]] | null;
  /** Of each layer and direction where its parameters stand, as far as they can be read. */
  readonly places: readonly ParameterPlaces[];
  readonly biases: readonly StoredBiases[];
  /** The input matrix of the first layer. */
  readonly input: Tensor | null;
};

/** What the rest of the config says. Without a cell the weights tell it. */
export type WeightsContext = {
  readonly cell: CellName | null;
  readonly dtype: DType;
  /** The I of the sequences where known, which decides whether a matrix is transposed. */
  readonly inputs: number | null;
};

/** Names beside a layer that are compared with those of its biases, but for the first layer, which sees all. */
const mostStrangers = 1_000;

/** Recognises the layout by the names and reads every layer. Null when no network can be recognised. */
export function readWeights(value: Value, context: WeightsContext, report: Report): ReadWeights | null {
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
  if (refuseListOfParts(value, report)) return null;
  const names = weightNames(value);
  const { named } = names;
  const groups = recognise(value, names, report);
  if (groups === null || !isComplete(groups, report)) return null;
  const strangers = strangersOf(named);
  const { dtype } = context;
  const matrices = groups.flatMap((group) => readMatrices(value, strangers(group), group, dtype, report));
  if (reportMixture(matrices, report)) return null;
  const told = context.cell ?? inferredCell(matrices) ?? namedCell(named, groups);
  const cell = told ?? defaultCell;
  const refused = [refuseParts, refuseContradictions].map((refuse) => refuse(named, groups, cellOf(cell), report));
  if (refused.includes(true)) return null;
  const read = readLayers(value, matrices, cell, context, strangers, report);
  return {
    ...read,
    isAssumed: told === null && read.layers !== null && groups[0]!.layout.framework !== 'tutorial',
  };
}

function recognise(value: Value, { named, groups, network }: WeightNames, report: Report): readonly Group[] | null {
  if (network === null) {
    const fileMissing = fileMissingAdvice(value);
    if (fileMissing !== null) {
      report.error(value, {
        code: 'missing-key',
        message: t('The key "{0}" is missing.', 'file'),
        expected: t('the file in which the name stands'),
        found: describeNode(value.node),
        advice: fileMissing,
      });
      return null;
    }
    // Of a file without a single tensor that is read: why it is not.
    const unread = named.every(({ value: { node } }) => node.kind === 'unreadable') ? named[0]?.value : undefined;
    if (unread?.node.kind === 'unreadable') {
      report.error(unread, unread.node.finding);
      return null;
    }
    const inParts = storedInParts(named);
    if (inParts !== undefined) {
      const { part, matrix } = inParts;
      report.error(part.value, {
        code: 'missing-key',
        message: t('{0} is missing in the weights.', matrix),
        expected: `"${matrix}" ${matrix.startsWith('weight_hh') ? '[H][H]' : '[H][I]'}`,
        found: part.value.placeText,
        ...togetherAdvice(matrix),
      });
      return null;
    }
    // Every layer of PyTorch has a "weight"; nobody means a recurrent one by it.
    const near = misspelt(
      named.filter(({ name }) => name !== 'weight' && name !== 'bias'),
      layouts.filter(({ stacked }) => !stacked).flatMap((layout) => [layout.recurrent, layout.input]),
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
        : (near?.hint ??
          partAdvice(value) ?? {
            advice:
              value.document.binary === null
                ? t('Rename the matrices: Wx [I,H], Wh [H,H] and b [H].')
                : t('Name a file that holds a recurrent layer, or export its matrices under these names.'),
          })),
    });
    return null;
  }
  if (network.kind === 'network') return network.groups;
  const { other } = network;
  const first = [...networkNames(groups).values()].find((name) => name !== '') ?? '';
  report.error((other.recurrent ?? other.input)!, {
    code: 'unsupported-feature',
    message: t('The file holds more than one RNN.'),
    expected: t('the weights of one network'),
    found: describeNetworks(groups).join('; '),
    // Weights that stand in a config have no file that could be named.
    advice: report.byOption
      ? t('Name the one that is meant: {0}.', optionText('--name', first))
      : value.path === ''
        ? t(
            'Name the one to look at in the config: {0}.',
            `"weights": ${JSON.stringify({ file: report.referenceOf(value), name: first })}`,
          )
        : t('Save the network to be looked at into a file of its own.'),
  });
  return null;
}

/** Whether every layer is there, in as many directions as the first one. */
function isComplete(groups: readonly Group[], report: Report): boolean {
  const has = (layer: number, direction: Group['direction']): boolean =>
    groups.some((group) => group.layer === layer && group.direction === direction);
  const both = groups.some(({ direction }) => direction === 'reverse');
  for (const [i, group] of groups.entries()) {
    const at = both ? Math.floor(i / 2) : i;
    const direction = both && i % 2 === 1 ? 'reverse' : 'forward';
    if (group.layer === at && group.direction === direction) continue;
    return reportGap(group, at, direction, both, report);
  }
  const last = groups.at(-1);
  if (last === undefined || !both || has(last.layer, 'reverse')) return true;
  return reportGap(last, last.layer, 'reverse', both, report);
}

function reportGap(group: Group, layer: number, direction: Group['direction'], both: boolean, report: Report): false {
  const where = (group.recurrent ?? group.input)!;
  const { framework, recurrent } = group.layout;
  const name = framework === 'PyTorch' ? `weight_hh_${pyTorchSuffix({ layer, direction })}` : recurrent;
  report.error(where, {
    code: 'missing-key',
    message:
      direction === 'reverse'
        ? t('Layer {0} has no reverse direction, but the network has two.', layer)
        : both
          ? t('The forward direction of layer {0} is missing.', layer)
          : t('Layer {0} is missing.', layer),
    expected: quote(name),
    found: quote(group.prefix === '' ? recurrent : `${group.prefix}.${recurrent}`),
    ...(partAdvice(where) ?? { advice: t('Export all weights of the network; layers are counted from 0.') }),
  });
  return false;
}

/** Names that are none of the layout's, for each prefix. */
function strangersOf(named: readonly Named[]): (group: Group) => readonly Named[] {
  const known = new Map<string, readonly Named[]>();
  return ({ layout, prefix }) => {
    const key = `${layout.framework}\n${prefix}`;
    const found = known.get(key) ?? named.filter((one) => one.prefix === prefix && !isNameOf(layout, one.name));
    known.set(key, found);
    return found;
  };
}

/** The cell whose gates the first layer holds; null for one gate. */
function inferredCell(matrices: readonly LayerMatrices[]): CellName | null {
  const { recurrent = null } = matrices.find((one) => one.recurrent !== null) ?? {};
  return recurrent === null ? null : gatedCell(recurrent);
}

function readLayers(
  root: Value,
  matrices: readonly LayerMatrices[],
  cell: CellName,
  { dtype, inputs }: WeightsContext,
  strangers: (group: Group) => readonly Named[],
  report: Report,
): Omit<ReadWeights, 'isAssumed'> {
  const directions = matrices.some(({ direction }) => direction === 'reverse') ? 2 : 1;
  const anyBias = matrices.some(({ group }) => group.biases.some((bias) => bias !== null));
  const widths: (number | null)[] = [];
  const layers: LayerWeights[] = [];
  const places: ParameterPlaces[] = [];
  const biases: StoredBiases[] = [];
  let I: number | null = null;
  for (const [i, one] of matrices.entries()) {
    const layer = Math.floor(i / directions);
    const below = widths.slice((layer - 1) * directions, layer * directions);
    const outputs = below.reduce<number | null>((sum, H) => (sum === null || H === null ? null : sum + H), 0);
    const beside = strangers(one.group);
    const context = {
      root,
      cell: cellOf(cell),
      dtype,
      layer,
      inputs: layer > 0 ? outputs : i === 0 ? inputs : I,
      isSecond: i > 0,
      strangers: i === 0 ? beside : beside.slice(0, mostStrangers),
      tellsNoBias: i === 0 || anyBias,
    };
    const read = readLayer(one, context, report);
    widths.push(read.H);
    places.push(read.places);
    biases.push(read.biases);
    if (i === 0) I = read.I;
    if (read.parameters === null || read.H === null) continue;
    layers.push({
      layer,
      direction: one.direction,
      H: read.H,
      parameters: read.parameters,
      biases: heldBiases(one.group, context.cell, read.biases),
    });
  }
  const [first, ...others] = layers;
  return {
    cell,
    directions,
    I,
    widths,
    places,
    biases,
    layers: first === undefined || layers.length < matrices.length ? null : [first, ...others],
    input: matrices[0]?.input ?? null,
  };
}
