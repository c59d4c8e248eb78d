// Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers et al. 2000), in PyTorch's
// order of gates:
//
//   i = σ(z_i)   f = σ(z_f)   g = tanh(z_g)   o = σ(z_o)        z = x·Wx + h'·Wh + b
//   c = f ⊙ c' + i ⊙ g
//   h = o ⊙ tanh(c)
//
// Two states reach the next step, h and c, as independent coordinates.
import { t as say } from '@vscode/l10n';
import { affineParameters, openedNode } from './cell.js';
import type { Cell } from './cell.js';
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
    ofInput: [0, 1, 2, 3],
    firstOfInput: 0,
    biases: [[['b', 0]], [['b', 1]], [['b', 2]], [['b', 3]]],
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
    const gate = (name: string, z: Float64Array, value: Float64Array, backward: string, gradient: Float64Array) => {
      const isCandidate = name === 'g';
      const slope = isCandidate ? tanhSlope : logisticSlope;
      const [forward, back] = isCandidate
        ? ['tanh(z_g)', 'dg ⊙ tanh′(z_g)']
        : [`σ(z_${name})`, `d${name} ⊙ σ′(z_${name})`];
      return [
        openedNode(
          `z_${name}`,
          `x_t·Wx_${name} + h_{t−1}·Wh_${name} + b_${name}`,
          z,
          back,
          each((j) => gradient[j]! * slope(z[j]!)),
        ),
        openedNode(name, forward, value, backward, gradient),
      ];
    };
    return [
      ...gate('i', zi, i, 'dc ⊙ g', di),
      ...gate('f', zf, f, 'dc ⊙ c_{t−1}', df),
      ...gate('g', zg, g, 'dc ⊙ i', dg),
      ...gate('o', zo, o, 'dh ⊙ tanh(c_t)', dO),
      openedNode(
        'f ⊙ c_{t−1}',
        'f ⊙ c_{t−1}',
        each((j) => f[j]! * cPrev[j]!),
        'dc',
        dc,
      ),
      openedNode(
        'i ⊙ g',
        'i ⊙ g',
        each((j) => i[j]! * g[j]!),
        'dc',
        dc,
      ),
      openedNode('c_t', 'f ⊙ c_{t−1} + i ⊙ g', c, 'dc_{t+1} + dh ⊙ o ⊙ tanh′(c_t)', dc),
      openedNode('tanh(c_t)', 'tanh(c_t)', tanhC, 'dh ⊙ o', dTanhC),
      openedNode(
        'h_t',
        'o ⊙ tanh(c_t)',
        each((j) => next[j]!),
        'dhs + dh_{t+1}',
        dh,
      ),
    ];
  },

  // h = o·tanh(c)
  within({ H, z }, next, slopes) {
    const own = z();
    for (let j = 0; j < H; j++) slopes[j] = logistic(own[3 * H + j]!) * tanhSlope(next[H + j]!);
  },
};
