// h = (1 − α) ⊙ h' + α ⊙ tanh(z): a tanh that forgets slowly, with a parameter α [1,H] of its own (Jaeger et al. 2007).
import { affineParameters } from './cell.js';
import type { Cell } from './cell.js';
import { tanh } from './tanh.js';

/** tanh' = 1/cosh², from z: h is no tanh here that a slope could be taken from. */
const slope = (z: number): number => 1 / Math.cosh(z) ** 2;

export const leakyTanh: Cell = {
  name: 'leakyTanh',
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
  words: {
    docs: () => '`h_t = (1 − α) ⊙ h_{t−1} + α ⊙ tanh(z)`, `alpha` [H]',
    choice: () => 'h_t = (1 − α) ⊙ h_{t−1} + α ⊙ tanh(z)',
    forward: 'h_t = (1 − α) ⊙ h_{t−1} + α ⊙ tanh(z)',
    backward: () => 'dz = g ⊙ α ⊙ (1 − tanh^2(z))',
  },
  forward({ H, parameters: { alpha }, previous, z }, next) {
    const own = z();
    for (let j = 0; j < H; j++) next[j] = (1 - alpha![j]!) * previous[j]! + alpha![j]! * Math.tanh(own[j]!);
  },
  slopes({ H, parameters: { alpha }, z }, _, __, { A, D }) {
    const own = z();
    for (let j = 0; j < H; j++) {
      A[j] = alpha![j]! * slope(own[j]!);
      D[j] = 1 - alpha![j]!;
    }
  },
  addGradients({ H, previous, z }, _, ds, { alpha }) {
    const own = z();
    for (let j = 0; j < H; j++) alpha![j] = alpha![j]! + ds[j]! * (Math.tanh(own[j]!) - previous[j]!);
  },
};
