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

export type FoundReadout = ReadoutNames & { readonly matrixValue: Value; readonly biasValue: Value | null };

/** In the order in which they are looked for. */
const readouts: readonly ReadoutNames[] = [
  { matrix: 'Why', bias: 'by', transposed: false },
  { matrix: 'weight', bias: 'bias', transposed: true },
  { matrix: 'kernel', bias: 'bias', transposed: false },
];

/** The first names of a matrix that stand there, with the bias of that name; null where there is none. */
export function findReadout(weights: WeightNames): FoundReadout | null {
  const own = withoutLayers(weights);
  for (const names of readouts) {
    // The bias of a Keras layer has the name that PyTorch's readout has.
    const find = (name: string): Value | null => own.findLast((item) => item.name === name)?.value ?? null;
    const matrixValue = find(names.matrix);
    if (matrixValue !== null) return { ...names, matrixValue, biasValue: find(names.bias) };
  }
  return null;
}

/** Without what belongs to recurrent layers that stand in the same file. */
export function withoutLayers({ named, groups }: Pick<WeightNames, 'named' | 'groups'>): Named[] {
  const layers = new Set(groups.flatMap(({ input, recurrent, biases }) => [input, recurrent, ...biases]));
  return named.filter(({ value }) => !layers.has(value));
}
