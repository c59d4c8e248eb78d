// A made-up cell that tests put into the table: leaky tanh, h = (1 − α)⊙h' + α⊙tanh(z), with one more parameter α
// [1,H]. Its D is not zero and it is nothing that the kernels know, so it goes the plain way everywhere.
import { affineParameters } from '../../../src/engine/cells/cell.js';
import { tanh } from '../../../src/engine/cells/tanh.js';
import { cellNames, cells } from '../../../src/engine/index.js';
import type { Cell, CellName } from '../../../src/engine/index.js';

export const leaky: Cell = {
  name: 'leaky',
  states: ['h'],
  gates: ['h'],
  parameters: [...affineParameters(1), { name: 'alpha', role: 'other', shape: (_, H) => [1, H], start: 0.5 }],
  kernel: null,
  hasD: true,
  activation: null,
  gamma: null,
  range: [-1, 1],
  slopeKeepsDigitsTo: 0,
  closing: tanh.closing,
  words: tanh.words,
  forward({ H, parameters: { alpha }, previous, z }, next) {
    const own = z();
    for (let j = 0; j < H; j++) next[j] = (1 - alpha![j]!) * previous[j]! + alpha![j]! * Math.tanh(own[j]!);
  },
  slopes({ H, parameters: { alpha }, z }, _, __, { A, D }) {
    const own = z();
    for (let j = 0; j < H; j++) {
      A[j] = alpha![j]! / Math.cosh(own[j]!) ** 2;
      D[j] = 1 - alpha![j]!;
    }
  },
  addGradients({ H, previous, z }, _, ds, { alpha }) {
    const own = z();
    for (let j = 0; j < H; j++) alpha![j] = alpha![j]! + ds[j]! * (Math.tanh(own[j]!) - previous[j]!);
  },
};

/** Its name, once it is in the table of this process, and so among the cells that a config can name. */
export function leakyInTheTable(): CellName {
  const name = 'leaky' as CellName;
  Object.assign(cells, { leaky });
  if (!cellNames.includes(name)) (cellNames as CellName[]).push(name);
  return name;
}
