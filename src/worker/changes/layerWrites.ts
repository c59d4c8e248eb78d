// The numbers of a changed layer written into its files: each at the place where its file keeps it.
import { t } from '@vscode/l10n';
import type { TensorNode, Value } from '../../config/json/index.js';
import { writtenWithEscapes } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import { replaceNumbers } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { blocksOf, storedIndex } from '../../config/read/index.js';
import type { Stored, StoredLayer } from '../../config/read/index.js';
import { biasChanges } from '../../engine/index.js';
import type { Cell, ChangedLayer, DType, Resumable } from '../../engine/index.js';
import { drive } from '../scheduling/scheduler.js';
import { addedBiases } from './addedBiases.js';

/** Why there are no changes: what a person reads. */
export class Refusal extends Error {}

/** What would be changed stands in a config, and there is none. */
export class NoConfig extends Refusal {}

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

/** Which columns of a layer's parameters are changed. */
type Meant = (column: number) => boolean;

/** Changed layers, gathered: several of them may stand in one tensor. */
export class LayerWrites {
  readonly #numbers = new NewNumbers();
  readonly #added = new Map<Group, Map<number, Added>>();

  constructor(readonly cell: Cell) {}

  /** @param onlyGate the number of the only gate that is changed; null: all of them are */
  write(layer: StoredLayer, other: ChangedLayer, onlyGate: number | null = null): void {
    const { H } = layer.weights;
    const isMeant = (column: number): boolean => onlyGate === null || Math.floor(column / H) === onlyGate;
    writeMatrices(this.#numbers, layer, this.cell, other, isMeant);
    const more = writeBiases(this.#numbers, layer, this.cell, other, isMeant);
    if (more === null) return;
    const ofGroup = this.#added.get(layer.group) ?? new Map<number, Added>();
    this.#added.set(layer.group, ofGroup.set(layer.index, more));
  }

  /** Biases that are new stand behind the recurrent matrix or, where what follows it goes away, before it. */
  changes(dtype: DType, where: 'behind' | 'before' = 'behind'): { biases: TextChange[]; numbers: TextChange[] } {
    return {
      biases: [...this.#added].flatMap(([group, directions]) => newBiases(group, directions, this.cell, where)),
      numbers: this.#numbers.changes(dtype),
    };
  }
}

/** Work of the engine to its end, with its pauses. */
export const toItsEnd = <R>(work: Resumable<R>): Promise<R> =>
  drive(
    work,
    () => undefined,
    () => undefined,
  );

function writeMatrices(
  numbers: NewNumbers,
  { group: { layout }, Wx, Wh, weights: { H, parameters } }: StoredLayer,
  { gates }: Cell,
  other: ChangedLayer,
  isMeant: Meant,
): void {
  const width = gates.length * H;
  const write = (stored: Stored, name: string, data: Float64Array): void =>
    numbers.set(stored, name, width, (row, column, now) => (isMeant(column) ? (data[row * width + column] ?? 0) : now));
  if (other.Wh !== parameters.Wh) write(Wh, layout.recurrent, other.Wh);
  if (other.Wx !== parameters.Wx) write(Wx, layout.input, other.Wx);
}

/** What has no place yet is given back. */
function writeBiases(
  numbers: NewNumbers,
  { group: { layout }, biases, weights }: StoredLayer,
  cell: Cell,
  other: ChangedLayer,
  isMeant: Meant,
): Added | null {
  const width = cell.gates.length * weights.H;
  const changes = biasChanges(weights, other);
  const added: Added = { input: null, state: null };
  for (const which of ['input', 'state'] as const) {
    const change = changes[which];
    if (change === null) continue;
    const of = (j: number, now: number): number => (isMeant(j) ? change(j, now) : now);
    const stored = biases[which];
    const name = layout.biases[which === 'input' ? 0 : layout.biases.length - 1] ?? 'b';
    if (stored !== null) numbers.set(stored, name, width, (_, column, now) => of(column, now));
    else added[which] = Float64Array.from({ length: width }, (_, j) => of(j, 0));
  }
  const isEmpty = [added.input, added.state].every((bias) => bias === null || bias.every((x) => x === 0));
  if (weights.biases?.whole.state === false && added.state?.some((x) => x !== 0) === true)
    throw new Refusal(
      t(
        '"{0}" is the bias of the input alone: the weights have no place for that of the state.',
        layout.biases[0] ?? 'b',
      ),
    );
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
