// One step of one batch item as every analysis sees it: J_t = ∂s_t/∂s_{t−1} from the cell's slopes and Wh, never as a
// matrix unless somebody asks for it.
import { throughSlopes } from '../cells/slopes.js';
import type { CellSlopes } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';

/** Of a layer: its recurrent weights [H,G·H], units, states and gates. */
export type Recurrence = {
  readonly Wh: FloatArray;
  readonly H: number;
  readonly S: number;
  readonly G: number;
};

/**
 * dz = ds·A, ds_{t−1} = dz·Whᵀ (h's block) + ds·D, for gradients as rows ds [S·H], h's block first; and the other way
 * δs_t = A ⊙ (δh_{t−1}·Wh) + D ⊙ δs_{t−1}. Where the cell has no D nothing is added.
 */
export class StepJacobian {
  readonly A: Float64Array;
  readonly D: Float64Array;
  /** S·H and G·H. */
  readonly width: number;
  readonly gateWidth: number;
  readonly #recurrence: Recurrence;

  constructor(recurrence: Recurrence, { A, D }: CellSlopes) {
    this.#recurrence = recurrence;
    this.A = A;
    this.D = D;
    this.width = recurrence.S * recurrence.H;
    this.gateWidth = recurrence.G * recurrence.H;
  }

  get hasD(): boolean {
    return this.D.length > 0;
  }

  /** dz [G·H] of ds [S·H]. */
  toGates(ds: FloatArray, dz: FloatArray): void {
    const { S, G, H } = this.#recurrence;
    throughSlopes(ds, this.A, S, G, H, dz);
  }

  /** dz·Whᵀ [H], what the weights send to h_{t−1}. */
  throughWeights(dz: FloatArray, dhPrev: FloatArray): void {
    const { Wh, H, G } = this.#recurrence;
    const N = G * H;
    for (let k = 0; k < H; k++) {
      let sum = 0;
      for (let j = 0; j < N; j++) sum += dz[j]! * Wh[k * N + j]!;
      dhPrev[k] = sum;
    }
  }

  /** ds·D [S·H], what reaches the states before beside the weights. */
  besideWeights(ds: FloatArray, out: FloatArray): void {
    const { S, H } = this.#recurrence;
    throughSlopes(ds, this.D, S, S, H, out);
  }

  /** The gradient of the states before [S·H] from that of the states after. */
  pullBack(ds: FloatArray): Float64Array {
    const { H } = this.#recurrence;
    const out = new Float64Array(this.width);
    if (this.hasD) this.besideWeights(ds, out);
    const dz = new Float64Array(this.gateWidth);
    this.toGates(ds, dz);
    const dhPrev = new Float64Array(H);
    this.throughWeights(dz, dhPrev);
    for (let k = 0; k < H; k++) out[k] = this.hasD ? out[k]! + dhPrev[k]! : dhPrev[k]!;
    return out;
  }

  /** What a change of the states before [S·H] makes of those after: out = J·v. */
  pushForward(v: FloatArray, out: Float64Array): void {
    const { Wh, S, G, H } = this.#recurrence;
    const N = G * H;
    const dz = G === 1 && S === 1 ? out.fill(0) : new Float64Array(N);
    for (let k = 0; k < H; k++) {
      const value = v[k]!;
      for (let j = 0; j < N; j++) dz[j] = dz[j]! + value * Wh[k * N + j]!;
    }
    for (let s = 0; s < S; s++) {
      for (let j = 0; j < H; j++) {
        let sum = dz[j]! * this.A[s * N + j]!;
        for (let g = 1; g < G; g++) sum += dz[g * H + j]! * this.A[s * N + g * H + j]!;
        if (this.hasD) for (let r = 0; r < S; r++) sum += v[r * H + j]! * this.D[(s * S + r) * H + j]!;
        out[s * H + j] = sum;
      }
    }
  }

  /** Row i of J [S·H]: the gradient of state i of those after with respect to the states before. */
  row(i: number): Float64Array {
    const { Wh, S, G, H } = this.#recurrence;
    const [N, s, j] = [G * H, Math.floor(i / H), i % H];
    const row = new Float64Array(this.width);
    for (let k = 0; k < H; k++)
      for (let g = 0; g < G; g++) row[k] = row[k]! + Wh[k * N + g * H + j]! * this.A[(s * G + g) * H + j]!;
    if (this.hasD) for (let r = 0; r < S; r++) row[r * H + j] = row[r * H + j]! + this.D[(s * S + r) * H + j]!;
    return row;
  }

  /** J [S·H,S·H] row by row, as vectors. */
  rows(): Float64Array[] {
    return Array.from({ length: this.width }, (_, i) => this.row(i));
  }

  /** J [S·H,S·H] */
  dense(): Float64Array {
    const n = this.width;
    const J = new Float64Array(n * n);
    for (let i = 0; i < n; i++) J.set(this.row(i), i * n);
    return J;
  }

  /** The same step with other slopes to the gates. */
  withSlopes(A: Float64Array): StepJacobian {
    return new StepJacobian(this.#recurrence, { A, D: this.D });
  }
}
