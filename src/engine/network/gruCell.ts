// GRU's step as a textbook has it, operation by operation, for reading and to hold the fast ways against.
import type { Matrix } from '../core/tensor.js';
import {
  add,
  affine,
  each,
  outer,
  overRows,
  sigmoidOf,
  sigmoidSlope,
  tanhOf,
  tanhSlopeOf,
  through,
  times,
} from './gateMatrices.js';

/** Of one gate: Wx [I,H], Wh [H,H], and the biases of both, bx and bh [1,H]. */
export type GruGateWeights = Readonly<Record<'Wx' | 'Wh' | 'bx' | 'bh', Matrix>>;
export type GruWeights = Readonly<Record<'r' | 'z' | 'n', GruGateWeights>>;

export type GruGradients = { readonly dx: Matrix; readonly dhPrev: Matrix; readonly weights: GruWeights };

/** 1 − y */
const rest = (y: Matrix): Matrix => each((value) => 1 - value, y);

/**
 * One timestep of a GRU (Cho et al. 2014) in the reset-after form of PyTorch and cuDNN for B sequences, in float64.
 * x [B,I], h [B,H].
 */
export class GruCell {
  readonly weights: GruWeights;
  #cache: Readonly<Record<'x' | 'hPrev' | 'r' | 'z' | 'n' | 'fromState', Matrix>> | null = null;

  constructor(weights: GruWeights) {
    this.weights = weights;
  }

  forward(x: Matrix, hPrev: Matrix): Matrix {
    const input = ({ Wx, bx }: GruGateWeights): Matrix => affine(x, Wx, bx);
    const state = ({ Wh, bh }: GruGateWeights): Matrix => affine(hPrev, Wh, bh);
    // r = σ(x·Wxr + bxr + h'·Whr + bhr), z likewise
    const r = sigmoidOf(add(input(this.weights.r), state(this.weights.r)));
    const z = sigmoidOf(add(input(this.weights.z), state(this.weights.z)));
    // n = tanh(x·Wxn + bxn + r ⊙ (h'·Whn + bhn))
    const fromState = state(this.weights.n);
    const n = tanhOf(add(input(this.weights.n), times(r, fromState)));
    this.#cache = { x, hPrev, r, z, n, fromState };
    // h = (1 − z) ⊙ n + z ⊙ h'
    return add(times(rest(z), n), times(z, hPrev));
  }

  /** @param dh ∂L/∂h over all paths @throws when forward was not called */
  backward(dh: Matrix): GruGradients {
    if (this.#cache === null) throw new Error('GruCell.backward needs what forward keeps: call forward first.');
    const { x, hPrev, r, z, n, fromState } = this.#cache;
    // h = (1 − z) ⊙ n + z ⊙ h'
    const dN = times(dh, rest(z));
    const dZ = times(
      dh,
      add(
        hPrev,
        each((value) => -value, n),
      ),
    );
    const beside = times(dh, z);
    // n = tanh(x·Wxn + bxn + r ⊙ fromState)
    const dzn = times(dN, tanhSlopeOf(n));
    const dR = times(dzn, fromState);
    // What the gates see of x, and of h': they differ behind the reset gate.
    const ofInput = { r: times(dR, sigmoidSlope(r)), z: times(dZ, sigmoidSlope(z)), n: dzn };
    const ofState = { ...ofInput, n: times(dzn, r) };
    const of = (gate: keyof GruWeights): GruGateWeights => ({
      Wx: outer(x, ofInput[gate]),
      Wh: outer(hPrev, ofState[gate]),
      bx: overRows(ofInput[gate]),
      bh: overRows(ofState[gate]),
    });
    const { r: wr, z: wz, n: wn } = this.weights;
    return {
      dx: add(through(ofInput.r, wr.Wx), through(ofInput.z, wz.Wx), through(ofInput.n, wn.Wx)),
      dhPrev: add(beside, through(ofState.r, wr.Wh), through(ofState.z, wz.Wh), through(ofState.n, wn.Wh)),
      weights: { r: of('r'), z: of('z'), n: of('n') },
    };
  }
}
