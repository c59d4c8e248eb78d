// Cells that are h = f(z) and nothing else.
import { affineParameters } from './cell.js';
import type { Activation, Cell } from './cell.js';

type Rest = Pick<Cell, 'name' | 'kernel' | 'gamma' | 'range' | 'slopeKeepsDigitsTo' | 'closing' | 'words'>;

export function elementwise(activation: Activation, rest: Rest): Cell {
  const { value, slope, exactSlope } = activation;
  return {
    ...rest,
    activation,
    states: ['h'],
    gates: ['h'],
    parameters: affineParameters(1),
    hasD: false,
    forward({ H, z }, next) {
      const own = z();
      for (let j = 0; j < H; j++) next[j] = value(own[j]!);
    },
    slopes({ H, z }, next, exact, { A }) {
      for (let j = 0; j < H; j++) A[j] = exact ? exactSlope(next[j]!, () => z()[j]!) : slope(next[j]!);
    },
  };
}
