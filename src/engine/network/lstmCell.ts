// LSTM's step as a textbook has it, operation by operation, for reading and to hold the fast ways against.
import type { Matrix } from '../core/tensor.js';
import {
  add,
  affine,
  outer,
  overRows,
  product,
  sigmoidOf,
  sigmoidSlope,
  tanhOf,
  tanhSlopeOf,
  through,
  times,
} from './gateMatrices.js';

/** Of one gate: Wx [I,H], Wh [H,H], b [1,H]. */
export type GateWeights = { readonly Wx: Matrix; readonly Wh: Matrix; readonly b: Matrix };
export type LstmWeights = Readonly<Record<'i' | 'f' | 'g' | 'o', GateWeights>>;

/** What goes back to the input and the states before, and what the step adds to the gradient of each weight. */
export type LstmGradients = {
  readonly dx: Matrix;
  readonly dhPrev: Matrix;
  readonly dcPrev: Matrix;
  readonly weights: LstmWeights;
};

/**
 * One timestep of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) for B sequences,
 * in float64. x [B,I], h and c [B,H].
 */
export class LstmCell {
  readonly weights: LstmWeights;
  #cache: Readonly<Record<'x' | 'hPrev' | 'cPrev' | 'i' | 'f' | 'g' | 'o' | 'tanhC', Matrix>> | null = null;

  constructor(weights: LstmWeights) {
    this.weights = weights;
  }

  forward(x: Matrix, hPrev: Matrix, cPrev: Matrix): { readonly h: Matrix; readonly c: Matrix } {
    // z = x·Wx + h'·Wh + b
    const z = ({ Wx, Wh, b }: GateWeights): Matrix => add(affine(x, Wx, b), product(hPrev, Wh));
    // i = σ(z_i), f = σ(z_f), g = tanh(z_g), o = σ(z_o)
    const i = sigmoidOf(z(this.weights.i));
    const f = sigmoidOf(z(this.weights.f));
    const g = tanhOf(z(this.weights.g));
    const o = sigmoidOf(z(this.weights.o));
    // c = f ⊙ c' + i ⊙ g
    const c = add(times(f, cPrev), times(i, g));
    // h = o ⊙ tanh(c)
    const tanhC = tanhOf(c);
    const h = times(o, tanhC);
    this.#cache = { x, hPrev, cPrev, i, f, g, o, tanhC };
    return { h, c };
  }

  /** @param dh ∂L/∂h over all paths @param dc ∂L/∂c from the next step alone @throws when forward was not called */
  backward(dh: Matrix, dc: Matrix): LstmGradients {
    if (this.#cache === null) throw new Error('LstmCell.backward needs what forward keeps: call forward first.');
    const { x, hPrev, cPrev, i, f, g, o, tanhC } = this.#cache;
    // h = o ⊙ tanh(c)
    const dO = times(dh, tanhC);
    // c also reached L through h.
    const dC = add(dc, times(dh, o, tanhSlopeOf(tanhC)));
    // c = f ⊙ c' + i ⊙ g
    const dF = times(dC, cPrev);
    const dcPrev = times(dC, f);
    const dI = times(dC, g);
    const dG = times(dC, i);
    // Through the gates' own functions.
    const dz = {
      i: times(dI, sigmoidSlope(i)),
      f: times(dF, sigmoidSlope(f)),
      g: times(dG, tanhSlopeOf(g)),
      o: times(dO, sigmoidSlope(o)),
    };
    // z = x·Wx + h'·Wh + b
    const of = (gate: keyof LstmWeights): GateWeights => ({
      Wx: outer(x, dz[gate]),
      Wh: outer(hPrev, dz[gate]),
      b: overRows(dz[gate]),
    });
    const back = (name: 'Wx' | 'Wh'): Matrix =>
      add(
        through(dz.i, this.weights.i[name]),
        through(dz.f, this.weights.f[name]),
        through(dz.g, this.weights.g[name]),
        through(dz.o, this.weights.o[name]),
      );
    return {
      dx: back('Wx'),
      dhPrev: back('Wh'),
      dcPrev,
      weights: { i: of('i'), f: of('f'), g: of('g'), o: of('o') },
    };
  }
}
