// Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000), in PyTorch's
// order of gates:
//
//   i = σ(z_i)   f = σ(z_f)   g = tanh(z_g)   o = σ(z_o)        z = x·Wx + h'·Wh + b
//   c = f ⊙ c' + i ⊙ g
//   h = o ⊙ tanh(c)
//
// Two states reach the next step, h and c, as independent coordinates.
import { t as say } from '@vscode/l10n';
import { affineParameters } from './cell.js';
import type { Cell, OpenedNode } from './cell.js';
import { logistic, logisticSlope, tanhSlope } from './logistic.js';

export const lstm: Cell = {
  name: 'lstm',
  states: ['h', 'c'],
  gates: ['i', 'f', 'g', 'o'],
  gateKinds: ['logistic', 'logistic', 'candidate', 'logistic'],
  parameters: affineParameters(4),
  kernel: null,
  gated: {
    kernel: 0,
    ofState: [0, 1, 2, 3],
    firstOfInput: 0,
    slopes: 6,
  },
  hasD: true,
  activation: null,
  gamma: null,
  range: [-1, 1],
  slopeKeepsDigitsTo: 0,
  closing: null,
  keeper: {
    gate: 'f',
    raised: (mean, by, before, after) =>
      after === null
        ? say(
            'The forget gates are at {0} on average. Try a forget bias of +{1}: the gradient then does not shrink; ' +
              'now the 1 % horizon is {2}.',
            mean,
            by,
            before,
          )
        : say(
            'The forget gates are at {0} on average. Try a forget bias of +{1}: the 1 % horizon grows from {2} ' +
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
        'Long short-term memory: a cell state `c` that the forget gate keeps, beside `h`; ' +
          'matrices hold the gates i, f, g, o side by side.',
      ),
    choice: () => say('LSTM: the cell state carries the gradient as far as the forget gate keeps it.'),
    forward: 'c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t)',
    backward: () => 'dc = dc + dh ⊙ o ⊙ tanh′(c)',
  },

  forward({ H, previous, z }, next) {
    const own = z();
    for (let j = 0; j < H; j++) {
      const i = logistic(own[j]!);
      const f = logistic(own[H + j]!);
      const g = Math.tanh(own[2 * H + j]!);
      const o = logistic(own[3 * H + j]!);
      const c = f * previous[H + j]! + i * g;
      next[j] = o * Math.tanh(c);
      next[H + j] = c;
    }
  },

  // Slopes always come from the pre-activations: y·(1 − y) has lost its digits in saturation, in any dtype.
  slopes({ H, previous, z }, next, _, { A, D }) {
    const own = z();
    const G = 4 * H;
    for (let j = 0; j < H; j++) {
      const [zi, zf, zg, zo] = [own[j]!, own[H + j]!, own[2 * H + j]!, own[3 * H + j]!];
      const [cPrev, c] = [previous[H + j]!, next[H + j]!];
      // What of c_t reaches h_t beside the output gate: ∂h/∂c = o·tanh'(c).
      const hOfC = logistic(zo) * tanhSlope(c);
      // c = f·c' + i·g
      const toI = Math.tanh(zg) * logisticSlope(zi);
      const toF = cPrev * logisticSlope(zf);
      const toG = logistic(zi) * tanhSlope(zg);
      // From h: through c, and through the output gate.
      A[j] = hOfC * toI;
      A[H + j] = hOfC * toF;
      A[2 * H + j] = hOfC * toG;
      A[3 * H + j] = Math.tanh(c) * logisticSlope(zo);
      // From c, which knows nothing of the output gate.
      A[G + j] = toI;
      A[G + H + j] = toF;
      A[G + 2 * H + j] = toG;
      A[G + 3 * H + j] = 0;
      // Beside the weights nothing reaches h'; c' gets what the forget gate keeps, from h through c, and from c.
      const f = logistic(zf);
      D[j] = 0;
      D[H + j] = hOfC * f;
      D[2 * H + j] = 0;
      D[3 * H + j] = f;
    }
  },

  gateValues({ H, z }, values) {
    const own = z();
    for (let j = 0; j < H; j++) {
      values[j] = logistic(own[j]!);
      values[H + j] = logistic(own[H + j]!);
      values[2 * H + j] = Math.tanh(own[2 * H + j]!);
      values[3 * H + j] = logistic(own[3 * H + j]!);
    }
  },

  open({ H, previous, z }, next, ds) {
    const own = z();
    const each = (of: (j: number) => number): Float64Array => Float64Array.from({ length: H }, (_, j) => of(j));
    const [zi, zf, zg, zo] = [0, 1, 2, 3].map((gate) => each((j) => own[gate * H + j]!)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const cPrev = each((j) => previous[H + j]!);
    const c = each((j) => next[H + j]!);
    const [i, f, g, o] = [zi.map(logistic), zf.map(logistic), zg.map(Math.tanh), zo.map(logistic)];
    const tanhC = c.map(Math.tanh);
    const dh = each((j) => ds[j]!);
    // c reaches L by the next step, and by h.
    const dTanhC = each((j) => dh[j]! * o[j]!);
    const dc = each((j) => ds[H + j]! + dTanhC[j]! * tanhSlope(c[j]!));
    const [di, df] = [each((j) => dc[j]! * g[j]!), each((j) => dc[j]! * cPrev[j]!)];
    const [dg, dO] = [each((j) => dc[j]! * i[j]!), each((j) => dh[j]! * tanhC[j]!)];
    const gate = (
      name: string,
      row: number,
      z: Float64Array,
      value: Float64Array,
      backward: string,
      dy: Float64Array,
    ) => {
      const isCandidate = name === 'g';
      const slope = isCandidate ? tanhSlope : logisticSlope;
      const [forward, back] = isCandidate
        ? ['tanh(z_g)', 'dg ⊙ tanh′(z_g)']
        : [`σ(z_${name})`, `d${name} ⊙ σ′(z_${name})`];
      const gradient = each((j) => dy[j]! * slope(z[j]!));
      return [
        {
          name: `z_${name}`,
          forward: `x_t·Wx_${name} + h_{t−1}·Wh_${name} + b_${name}`,
          value: z,
          backward: back,
          gradient,
          place: [1, row],
          sends: {},
          ofInput: name,
          ofState: name,
        },
        { name, forward, value, backward, gradient: dy, place: [2, row], sends: { [`z_${name}`]: gradient } },
      ] satisfies OpenedNode[];
    };
    return [
      ...gate('f', 1, zf, f, 'dc ⊙ c_{t−1}', df),
      ...gate('i', 2, zi, i, 'dc ⊙ g', di),
      ...gate('g', 3, zg, g, 'dc ⊙ i', dg),
      ...gate('o', 4, zo, o, 'dh ⊙ tanh(c_t)', dO),
      {
        name: 'f ⊙ c_{t−1}',
        forward: 'f ⊙ c_{t−1}',
        value: each((j) => f[j]! * cPrev[j]!),
        backward: 'dc',
        gradient: dc,
        place: [3, 0],
        sends: { 'c_{t−1}': each((j) => dc[j]! * f[j]!), f: df },
        keeps: true,
      },
      {
        name: 'i ⊙ g',
        forward: 'i ⊙ g',
        value: each((j) => i[j]! * g[j]!),
        backward: 'dc',
        gradient: dc,
        place: [3, 2],
        sends: { i: di, g: dg },
      },
      {
        name: 'c_t',
        forward: 'f ⊙ c_{t−1} + i ⊙ g',
        value: c,
        backward: 'dc_{t+1} + dh ⊙ o ⊙ tanh′(c_t)',
        gradient: dc,
        place: [4, 0],
        sends: { 'f ⊙ c_{t−1}': dc, 'i ⊙ g': dc },
      },
      {
        name: 'tanh(c_t)',
        forward: 'tanh(c_t)',
        value: tanhC,
        backward: 'dh ⊙ o',
        gradient: dTanhC,
        place: [4, 2],
        sends: { c_t: each((j) => dTanhC[j]! * tanhSlope(c[j]!)) },
      },
      {
        name: 'h_t',
        forward: 'o ⊙ tanh(c_t)',
        value: each((j) => next[j]!),
        backward: 'dhs + dh_{t+1}',
        gradient: dh,
        place: [4, 4],
        sends: { o: dO, 'tanh(c_t)': dTanhC },
      },
    ];
  },
  entries: {
    x: [0, 3],
    states: [
      [0, 2],
      [0, 0],
    ],
  },

  direct: 'o',
  // h = o·tanh(c)
  within({ H, z }, next, slopes) {
    const own = z();
    for (let j = 0; j < H; j++) slopes[j] = logistic(own[3 * H + j]!) * tanhSlope(next[H + j]!);
  },
};
