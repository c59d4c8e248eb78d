// The linear layer above the network, under the names of each framework.
import type { Value } from '../json/jsonValue.js';
import type { Named } from './weightLayouts.js';
import type { WeightNames } from './weightNames.js';

type ReadoutNames = {
  readonly matrix: string;
  readonly bias: string;
  /** Stored [O,H]. */
  readonly transposed: boolean;
};

export type FoundReadout = ReadoutNames & {
  readonly prefix: string;
  readonly matrixValue: Value;
  readonly biasValue: Value | null;
};

/** In the order in which they are looked for. */
const readouts: readonly ReadoutNames[] = [
  { matrix: 'Why', bias: 'by', transposed: false },
  { matrix: 'weight', bias: 'bias', transposed: true },
  { matrix: 'kernel', bias: 'bias', transposed: false },
];

/**
 * The linear layers under the first of these names that stand there, each with the bias beside it, the last one of a
 * name. Of several those that take `width` outputs, where that is known, and those that take what one of these gives;
 * where there are none, the last matrix: an embedding and a normalisation have the names of a readout too.
 */
export function findReadouts(weights: WeightNames, width: number | null): FoundReadout[] {
  const own = withoutLayers(weights);
  const names = readouts.find(({ matrix }) => own.some(({ name }) => name === matrix));
  if (names === undefined) return [];
  const valuesOf = (wanted: string): ReadonlyMap<string, Value> =>
    new Map(own.flatMap(({ prefix, name, value }) => (name === wanted ? [[prefix, value] as const] : [])));
  const biases = valuesOf(names.bias);
  const all = [...valuesOf(names.matrix)].map(([prefix, matrixValue]): FoundReadout => ({
    ...names,
    prefix,
    matrixValue,
    biasValue: biases.get(prefix) ?? null,
  }));
  const matrices = all.filter(({ matrixValue }) => shapeOf(matrixValue)?.length === 2);
  const sizeOf = ({ matrixValue }: FoundReadout, isInput: boolean): number | undefined =>
    shapeOf(matrixValue)?.[isInput === names.transposed ? 1 : 0];
  const fitting = width === null ? [] : matrices.filter((one) => sizeOf(one, true) === width);
  const outputs = new Set(fitting.map((one) => sizeOf(one, false)));
  const meant = matrices.filter((one) => fitting.includes(one) || outputs.has(sizeOf(one, true)));
  return meant.length > 0 ? meant : (matrices.length > 0 ? matrices : all).slice(-1);
}

const shapeOf = ({ node }: Value): readonly number[] | null => (node.kind === 'tensor' ? node.shape : null);

/** Without what belongs to recurrent layers that stand in the same file. */
export function withoutLayers({ named, groups }: Pick<WeightNames, 'named' | 'groups'>): Named[] {
  const layers = new Set(groups.flatMap(({ input, recurrent, biases }) => [input, recurrent, ...biases]));
  return named.filter(({ value }) => !layers.has(value));
}
