// A what-if written into the weights: the numbers that a run of it has, each at the place where its file keeps it.
import { t } from '@vscode/l10n';
import type { TensorNode, Value } from '../../config/json/index.js';
import { writtenWithEscapes } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import { andThen, annotate, origin, replaceNumbers, rescaledTo } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { blocksOf, hasStateBias, storedIndex } from '../../config/read/index.js';
import type { Stored, StoredLayer, StoredNetwork } from '../../config/read/index.js';
import {
  cellOf,
  changedLayer,
  changesWeights,
  chosenLayers,
  measureRecurrent,
  recurrentOf,
  withoutLast,
} from '../../engine/index.js';
import type { Cell, ChangedLayer, DType, Resumable, WhatIf } from '../../engine/index.js';
import { drive } from '../scheduling/scheduler.js';
import { addedBiases } from './addedBiases.js';

/** Why there are no changes: what a person reads. */
export class Refusal extends Error {}

/** Files of tensors are read and never written: a checkpoint stays as the training has left it. */
export const binaryRefusal = (format: string): string =>
  t('The numbers stand in {0}, which is never changed. Convert it to JSON first, and name that file.', format);

type Block = { readonly value: Value; readonly node: TensorNode; readonly name: string; readonly data: Float64Array };

/** New numbers for blocks of numbers, several of which may be parts of one tensor. */
class NewNumbers {
  readonly #blocks = new Map<TensorNode, Block>();

  /** `of`: the new number at a row and column of the parameter, from the one that stands there. */
  set(stored: Stored, name: string, columns: number, of: (row: number, column: number, now: number) => number): void {
    const { where: value, rows } = stored;
    const { node } = value;
    if (node.kind !== 'tensor') throw new Refusal(t('{0} cannot be read as it is now.', name));
    const block = this.#blocks.get(node) ?? { value, node, name, data: node.data.slice() };
    this.#blocks.set(node, block);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const index = storedIndex(stored, row, column);
        if (index !== null) block.data[index] = of(row, column, node.data[index] ?? 0);
      }
  }

  changes(dtype: DType): TextChange[] {
    return [...this.#blocks.values()].flatMap(({ value, node, name, data }) => {
      if (data.every((x, i) => x === node.data[i])) return [];
      const fits = data.every((x) => Number.isFinite(dtype === 'float32' ? Math.fround(x) : x));
      if (!fits) throw new Refusal(t('The changed {0} would hold numbers that do not fit into {1}.', name, dtype));
      return [replaceNumbers(value, node, data, dtype)];
    });
  }
}

/** Biases that a group does not have yet, by the number of its direction. */
type Added = { input: Float64Array | null; state: Float64Array | null };

const round = (x: number): number => Number(x.toPrecision(6));

/** The changes of the weights that make the what-if true. @throws Refusal */
export async function weightChanges(
  { root, cell: name, layers }: StoredNetwork,
  whatIf: WhatIf,
  config: Value | null,
  dtype: DType,
): Promise<TextChange[]> {
  if (!changesWeights(whatIf)) return [];
  const { binary } = root.document;
  if (binary !== null) throw new Refusal(binaryRefusal(binary));
  const cell = cellOf(name);
  const kept = whatIf.drop === null ? layers.length : withoutLast(layers.map(({ weights }) => weights)).length;
  const numbers = new NewNumbers();
  const added = new Map<Group, Map<number, Added>>();
  const notes: TextChange[] = [];
  const told = new Set<TensorNode | Value>();
  for (const index of chosenLayers(whatIf, layers.length)) {
    const layer = layers[index];
    if (layer === undefined || index >= kept) continue;
    const other = await computed(cell, layer, index, whatIf);
    writeMatrices(numbers, layer, cell, other, whatIf);
    const more = writeBiases(numbers, layer, cell, other);
    if (more !== null) {
      const ofGroup = added.get(layer.group) ?? new Map<number, Added>();
      added.set(layer.group, ofGroup.set(layer.index, more));
    }
    // Both directions of a stacked layout are one tensor with one story.
    if (told.has(layer.Wh.where)) continue;
    told.add(layer.Wh.where);
    notes.push(...notesOf(layer, config, whatIf));
  }
  // A comma behind the matrix may go together with the layer that goes.
  const where = whatIf.drop === null ? 'behind' : 'before';
  return [
    ...[...added].flatMap(([group, directions]) => newBiases(group, directions, cell, where)),
    ...notes,
    ...numbers.changes(dtype),
  ];
}

/** As the run has it: the same arithmetic over the same numbers. */
async function computed(cell: Cell, { weights }: StoredLayer, index: number, whatIf: WhatIf): Promise<ChangedLayer> {
  const run = <R>(work: Resumable<R>): Promise<R> =>
    drive(
      work,
      () => undefined,
      () => undefined,
    );
  const Wh = await run(recurrentOf(cell, weights, index, whatIf.initialise));
  const gates = whatIf.rescale === null ? null : await run(measureRecurrent(cell, Wh, weights.H, whatIf));
  const other = await run(changedLayer(cell, weights, index, whatIf, { Wh, gates }));
  if (typeof other === 'string') throw new Refusal(other);
  return other;
}

function writeMatrices(
  numbers: NewNumbers,
  { group: { layout }, Wx, Wh, weights: { H } }: StoredLayer,
  { gates }: Cell,
  other: ChangedLayer,
  { initialise, rescale }: WhatIf,
): void {
  const width = gates.length * H;
  const write = (stored: Stored, name: string, data: Float64Array): void =>
    numbers.set(stored, name, width, (row, column) => data[row * width + column] ?? 0);
  if (initialise !== null || rescale !== null) write(Wh, layout.recurrent, other.Wh);
  write(Wx, layout.input, other.Wx);
}

/**
 * A shift goes to the bias of the input, which of two that are added up is either. What has no place yet is given back.
 */
function writeBiases(
  numbers: NewNumbers,
  { group: { layout }, biases, weights: { H } }: StoredLayer,
  cell: Cell,
  { biases: start, shift }: ChangedLayer,
): Added | null {
  const width = cell.gates.length * H;
  const apart = hasStateBias(cell);
  const holdsBoth = !apart && !layout.stacked && layout.biases.length === 1;
  const [input, state] = start ?? [null, null];
  const shifted = !apart && biases.input === null && biases.state !== null ? 'state' : 'input';
  const added: Added = { input: null, state: null };
  for (const which of ['input', 'state'] as const) {
    const own = which === 'input' ? input : state;
    const other = which === 'input' && holdsBoth ? state : null;
    const by = which === shifted ? shift : null;
    if ((own === null && by === null) || (which === 'state' && holdsBoth)) continue;
    const of = (j: number, now: number): number => (own?.[j] ?? now) + (other?.[j] ?? 0) + (by?.[j] ?? 0);
    const stored = biases[which];
    const name = layout.biases[which === 'input' ? 0 : layout.biases.length - 1] ?? 'b';
    if (stored !== null) numbers.set(stored, name, width, (_, column, now) => of(column, now));
    else added[which] = Float64Array.from({ length: width }, (_, j) => of(j, 0));
  }
  const isEmpty = [added.input, added.state].every((bias) => bias === null || bias.every((x) => x === 0));
  return isEmpty ? null : added;
}

/** The keys of biases that a group does not have, beside its recurrent matrix. */
function newBiases(
  group: Group,
  directions: ReadonlyMap<number, Added>,
  { gates }: Cell,
  where: 'behind' | 'before',
): TextChange[] {
  const { layout, recurrent } = group;
  const blocks = blocksOf(group);
  if (recurrent === null || blocks === null) throw new Refusal(t('{0} cannot be read as it is now.', layout.recurrent));
  const { H, order } = blocks;
  const numbers = (bias: keyof Added, direction: number): Float64Array => {
    const own = directions.get(direction)?.[bias] ?? null;
    const inFile = new Float64Array(gates.length * H);
    if (own !== null) gates.forEach((_, g) => inFile.set(own.subarray(g * H, (g + 1) * H), (order[g] ?? g) * H));
    return inFile;
  };
  const added = addedBiases(recurrent, group, blocks, numbers, where);
  if (added === null) throw new Refusal(writtenWithEscapes(layout.recurrent));
  return added;
}

/** Where fresh numbers come from, above them. */
function notesOf(
  { group: { layout }, Wx, Wh }: StoredLayer,
  config: Value | null,
  { initialise, rescale, whGate, inputScale }: WhatIf,
): TextChange[] {
  const start = initialise === null ? null : origin(initialise.way, initialise.seed);
  const wholeLayer = initialise?.way === 'keras' || initialise?.way === 'pytorch';
  const story = (first: string | null, then: string | null) => (earlier: string | null) =>
    then === null ? (first ?? earlier) : andThen(then)(first ?? earlier);
  const sized = rescale === null ? null : rescaledTo(rescale.measure, round(rescale.to));
  const scaled = inputScale === null || inputScale === 1 ? null : `times ${round(inputScale)}`;
  return [
    ...(initialise === null && rescale === null
      ? []
      : annotate(
          Wh.where,
          layout.recurrent,
          config,
          story(start, sized === null || whGate === null ? sized : `gate ${whGate} ${sized}`),
        )),
    ...(!wholeLayer && scaled === null
      ? []
      : annotate(Wx.where, layout.input, config, story(wholeLayer ? start : null, scaled))),
  ];
}
