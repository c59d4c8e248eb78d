// The gated recurrent unit (Cho et al. 2014) in the reset-after form of PyTorch, of Keras' default and of cuDNN, in
// PyTorch's order of gates:
//
//   r = σ(z_r)   z = σ(z_z)   n = tanh(x·Wxn + bxn + r ⊙ (h'·Whn + bhn))
//   h = (1 − z) ⊙ n + z ⊙ h'
//
// The biases of the input, b, and of the state, bh, are two, because the reset gate multiplies bhn.
import { t as say } from '@vscode/l10n';
import { affineParameters, emptySlopes, openedNode } from './cell.js';
import type { Cell, CellStep } from './cell.js';
import { logistic, logisticSlope, tanhSlope } from './logistic.js';

/** What unit j computes on its way: the pre-activations, and h'·Whn + bhn, which the reset gate multiplies. */
function unit({ H, parameters: { bh }, z, fromInput, fromState }: CellStep, j: number) {
  const own = z();
  const [zr, zz] = [own[j]! + bh![j]!, own[H + j]! + bh![H + j]!];
  const recurrent = fromState()[2 * H + j]! + bh![2 * H + j]!;
  return { zr, zz, recurrent, zn: fromInput()[2 * H + j]! + logistic(zr) * recurrent };
}

export const gru: Cell = {
  name: 'gru',
  states: ['h'],
  gates: ['r', 'z', 'n'],
  gateKinds: ['logistic', 'logistic', 'candidate'],
  parameters: [...affineParameters(3), { name: 'bh', role: 'other', shape: (_, H) => [1, 3 * H] }],
  kernel: null,
  // Blocks: h'·Whn + bhn, r, z, x·Wxn + bxn.
  gated: {
    kernel: 1,
    ofState: [2, 0, 1],
    ofInput: [0, 1, 2],
    firstOfInput: 1,
    biases: [
      [['bh', 2]],
      [
        ['b', 0],
        ['bh', 0],
      ],
      [
        ['b', 1],
        ['bh', 1],
      ],
      [['b', 2]],
    ],
    slopes: 5,
  },
  hasD: true,
  hasAx: true,
  activation: null,
  gamma: null,
  range: [-1, 1],
  slopeKeepsDigitsTo: 0,
  closing: null,
  keeper: {
    gate: 'z',
    raised: (mean, by, before, after) =>
      after === null
        ? say(
            'The update gates are at {0} on average. Try an update bias of +{1}: the gradient then does not shrink; ' +
              'now the 1 % horizon is {2}.',
            mean,
            by,
            before,
          )
        : say(
            'The update gates are at {0} on average. Try an update bias of +{1}: the 1 % horizon grows from {2} ' +
              'to {3}.',
            mean,
            by,
            before,
            after,
          ),
  },
  words: {
    docs: () =>
      say(
        'Gated recurrent unit, reset-after form: the update gate `z` keeps `h`; ' +
          'matrices hold the gates r, z, n side by side.',
      ),
    choice: () => say('GRU: the update gate carries h, and with it the gradient, from step to step.'),
    forward: 'h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}',
    backward: () => 'dn = g ⊙ (1 − z), dz = g ⊙ (h_{t−1} − n)',
  },

  forward(step, next) {
    const { H, previous } = step;
    for (let j = 0; j < H; j++) {
      const { zz, zn } = unit(step, j);
      const [z, n] = [logistic(zz), Math.tanh(zn)];
      next[j] = (1 - z) * n + z * previous[j]!;
    }
  },

  // Slopes always come from the pre-activations: y·(1 − y) has lost its digits in saturation, in any dtype.
  slopes(step, _, __, { A, D, Ax }) {
    const { H, previous } = step;
    for (let j = 0; j < H; j++) {
      const { zr, zz, recurrent, zn } = unit(step, j);
      // ∂h/∂n·∂n/∂z_n; 1 − z = σ(−z_z)
      const toN = logistic(-zz) * tanhSlope(zn);
      const toR = toN * recurrent * logisticSlope(zr);
      const toZ = (previous[j]! - Math.tanh(zn)) * logisticSlope(zz);
      A[j] = toR;
      A[H + j] = toZ;
      // The reset gate stands between n and the state, not between n and the input.
      A[2 * H + j] = toN * logistic(zr);
      Ax[j] = toR;
      Ax[H + j] = toZ;
      Ax[2 * H + j] = toN;
      D[j] = logistic(zz);
    }
  },

  // Of bh: the slopes of the way to the states, A.
  addGradients(step, next, ds, { bh }) {
    const { H } = step;
    const slopes = emptySlopes(gru, H);
    gru.slopes(step, next, true, slopes);
    for (let g = 0; g < 3; g++)
      for (let j = 0; j < H; j++) bh![g * H + j] = bh![g * H + j]! + ds[j]! * slopes.A[g * H + j]!;
  },

  open(step, next, ds) {
    const { H, previous, fromInput } = step;
    const units = Array.from({ length: H }, (_, j) => unit(step, j));
    const each = (of: (unit: (typeof units)[number], j: number) => number): Float64Array =>
      Float64Array.from(units, of);
    const [zr, zz, zn] = [each((own) => own.zr), each((own) => own.zz), each((own) => own.zn)];
    const q = each(({ recurrent }) => recurrent);
    const [r, z, n] = [zr.map(logistic), zz.map(logistic), zn.map(Math.tanh)];
    const keptOut = zz.map((value) => logistic(-value));
    const dh = each((_, j) => ds[j]!);
    const dn = each((_, j) => dh[j]! * keptOut[j]!);
    const dz = each((_, j) => dh[j]! * (previous[j]! - n[j]!));
    const dzn = each((_, j) => dn[j]! * tanhSlope(zn[j]!));
    const dr = each((_, j) => dzn[j]! * q[j]!);
    const affine = (gate: string): string => `x_t·Wx_${gate} + b_${gate}`;
    const fromBoth = (gate: string): string => `${affine(gate)} + h_{t−1}·Wh_${gate} + bh_${gate}`;
    const throughLogistic = (z: Float64Array, gradient: Float64Array) =>
      each((_, j) => gradient[j]! * logisticSlope(z[j]!));
    return [
      openedNode('z_r', fromBoth('r'), zr, 'dr ⊙ σ′(z_r)', throughLogistic(zr, dr)),
      openedNode('r', 'σ(z_r)', r, 'dz_n ⊙ q', dr),
      openedNode('z_z', fromBoth('z'), zz, 'dz ⊙ σ′(z_z)', throughLogistic(zz, dz)),
      openedNode('z', 'σ(z_z)', z, 'dh ⊙ (h_{t−1} − n)', dz),
      openedNode(
        'q',
        'h_{t−1}·Wh_n + bh_n',
        q,
        'dz_n ⊙ r',
        each((_, j) => dzn[j]! * r[j]!),
      ),
      openedNode(
        'r ⊙ q',
        'r ⊙ q',
        each((_, j) => r[j]! * q[j]!),
        'dz_n',
        dzn,
      ),
      openedNode(
        'x_t·Wx_n',
        affine('n'),
        each((_, j) => fromInput()[2 * H + j]!),
        'dz_n',
        dzn,
      ),
      openedNode('z_n', `${affine('n')} + r ⊙ q`, zn, 'dn ⊙ tanh′(z_n)', dzn),
      openedNode('n', 'tanh(z_n)', n, 'dh ⊙ (1 − z)', dn),
      openedNode(
        '(1 − z) ⊙ n',
        '(1 − z) ⊙ n',
        each((_, j) => keptOut[j]! * n[j]!),
        'dh',
        dh,
      ),
      openedNode(
        'z ⊙ h_{t−1}',
        'z ⊙ h_{t−1}',
        each((_, j) => z[j]! * previous[j]!),
        'dh',
        dh,
      ),
      openedNode(
        'h_t',
        '(1 − z) ⊙ n + z ⊙ h_{t−1}',
        each((_, j) => next[j]!),
        'dhs + dh_{t+1}',
        dh,
      ),
    ];
  },

  gateValues(step, values) {
    const { H } = step;
    for (let j = 0; j < H; j++) {
      const { zr, zz, zn } = unit(step, j);
      values[j] = logistic(zr);
      values[H + j] = logistic(zz);
      values[2 * H + j] = Math.tanh(zn);
    }
  },
};
