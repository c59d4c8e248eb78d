// The gated recurrent unit (Cho et al. 2014) in the reset-after form of PyTorch, of Keras' default and of cuDNN, in
// PyTorch's order of gates:
//
//   r = σ(z_r)   z = σ(z_z)   n = tanh(x·Wxn + bxn + r ⊙ (h'·Whn + bhn))
//   h = (1 − z) ⊙ n + z ⊙ h'
//
// The biases of the input, b, and of the state, bh, are two, because the reset gate multiplies bhn.
import { t as say } from '@vscode/l10n';
import { affineParameters, emptySlopes } from './cell.js';
import type { Cell, CellStep, OpenedNode } from './cell.js';
import { lessTanh, logistic, logisticSlope, tanhSlope } from './logistic.js';

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
    firstOfInput: 1,
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
  slopes(step, _, exact, { A, D, Ax }) {
    const { H, previous } = step;
    for (let j = 0; j < H; j++) {
      const { zr, zz, recurrent, zn } = unit(step, j);
      // ∂h/∂n·∂n/∂z_n; 1 − z = σ(−z_z)
      const toN = logistic(-zz) * tanhSlope(zn);
      const toR = toN * recurrent * logisticSlope(zr);
      const toZ = (exact ? lessTanh(previous[j]!, zn) : previous[j]! - Math.tanh(zn)) * logisticSlope(zz);
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
    const [dr, dq] = [each((_, j) => dzn[j]! * q[j]!), each((_, j) => dzn[j]! * r[j]!)];
    const affine = (gate: string): string => `x_t·Wx_${gate} + b_${gate}`;
    const gate = (
      name: string,
      row: number,
      z: Float64Array,
      value: Float64Array,
      backward: string,
      dy: Float64Array,
    ) => {
      const gradient = each((_, j) => dy[j]! * logisticSlope(z[j]!));
      return [
        {
          name: `z_${name}`,
          forward: `${affine(name)} + h_{t−1}·Wh_${name} + bh_${name}`,
          value: z,
          backward: `d${name} ⊙ σ′(z_${name})`,
          gradient,
          place: [1, row],
          sends: {},
          ofInput: name,
          ofState: name,
        },
        {
          name,
          forward: `σ(z_${name})`,
          value,
          backward,
          gradient: dy,
          place: [2, row],
          sends: { [`z_${name}`]: gradient },
        },
      ] satisfies OpenedNode[];
    };
    return [
      ...gate('z', 1, zz, z, 'dh ⊙ (h_{t−1} − n)', dz),
      ...gate('r', 4, zr, r, 'dz_n ⊙ q', dr),
      {
        name: 'q',
        forward: 'h_{t−1}·Wh_n + bh_n',
        value: q,
        backward: 'dz_n ⊙ r',
        gradient: dq,
        place: [1, 3],
        sends: {},
        ofState: 'n',
      },
      {
        name: 'r ⊙ q',
        forward: 'r ⊙ q',
        value: each((_, j) => r[j]! * q[j]!),
        backward: 'dz_n',
        gradient: dzn,
        place: [2, 3],
        sends: { r: dr, q: dq },
      },
      {
        name: 'x_t·Wx_n',
        forward: affine('n'),
        value: each((_, j) => fromInput()[2 * H + j]!),
        backward: 'dz_n',
        gradient: dzn,
        place: [1, 2],
        sends: {},
        ofInput: 'n',
      },
      {
        name: 'z_n',
        forward: `${affine('n')} + r ⊙ q`,
        value: zn,
        backward: 'dn ⊙ tanh′(z_n)',
        gradient: dzn,
        place: [2, 2],
        sends: { 'x_t·Wx_n': dzn, 'r ⊙ q': dzn },
      },
      {
        name: 'n',
        forward: 'tanh(z_n)',
        value: n,
        backward: 'dh ⊙ (1 − z)',
        gradient: dn,
        place: [3, 2],
        sends: { z_n: dzn },
      },
      {
        name: '(1 − z) ⊙ n',
        forward: '(1 − z) ⊙ n',
        value: each((_, j) => keptOut[j]! * n[j]!),
        backward: 'dh',
        gradient: dh,
        place: [4, 2],
        sends: { n: dn, z: each((_, j) => -dh[j]! * n[j]!) },
      },
      {
        name: 'z ⊙ h_{t−1}',
        forward: 'z ⊙ h_{t−1}',
        value: each((_, j) => z[j]! * previous[j]!),
        backward: 'dh',
        gradient: dh,
        place: [3, 0],
        sends: { 'h_{t−1}': each((_, j) => dh[j]! * z[j]!), z: each((_, j) => dh[j]! * previous[j]!) },
        keeps: true,
      },
      {
        name: 'h_t',
        forward: '(1 − z) ⊙ n + z ⊙ h_{t−1}',
        value: each((_, j) => next[j]!),
        backward: 'dhs + dh_{t+1}',
        gradient: dh,
        place: [4, 0],
        sends: { 'z ⊙ h_{t−1}': dh, '(1 − z) ⊙ n': dh },
      },
    ];
  },
  entries: { x: [0, 3], states: [[0, 0]] },

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
