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

/** Whᵀ of weights that rows of Jacobians were made of: rows want a column of Wh, and each step has as many. */
const transposed = new WeakMap<FloatArray, Float64Array>();

/** Columns that are written side by side. */
const tile = 16;

/** Column by column. */
function columnsOf({ Wh, G, H }: Recurrence): Float64Array {
  const known = transposed.get(Wh);
  if (known !== undefined) return known;
  const N = G * H;
  const columns = new Float64Array(H * N);
  // In tiles, because each number of a column stands in another line of the cache.
  for (let first = 0; first < N; first += tile)
    for (let k = 0; k < H; k++)
      for (let n = first; n < Math.min(N, first + tile); n++) columns[n * H + k] = Wh[k * N + n]!;
  transposed.set(Wh, columns);
  return columns;
}

/**
 * dz = ds·A, ds_{t−1} = dz·Whᵀ (h's block) + ds·D, for gradients as rows ds [S·H], h's block first; and the other way
 * δs_t = A ⊙ (δh_{t−1}·Wh) + D ⊙ δs_{t−1}. Where the cell has no D nothing is added.
 */
export class StepJacobian {
  readonly A: Float64Array;
  readonly D: Float64Array;
  readonly within: Float64Array | null;
  readonly #Ax: Float64Array;
  /** S·H and G·H. */
  readonly width: number;
  readonly gateWidth: number;
  readonly #recurrence: Recurrence;

  /** @param within ∂h_t/∂c_t [H], for cells whose second state acts on the first within the step */
  constructor(recurrence: Recurrence, { A, D, Ax }: CellSlopes, within: Float64Array | null = null) {
    this.#recurrence = recurrence;
    this.within = within;
    this.A = A;
    this.D = D;
    this.#Ax = Ax.length > 0 ? Ax : A;
    this.width = recurrence.S * recurrence.H;
    this.gateWidth = recurrence.G * recurrence.H;
  }

  /** Units of each state. */
  get H(): number {
    return this.#recurrence.H;
  }

  get hasD(): boolean {
    return this.D.length > 0;
  }

  /** dz [G·H] of ds [S·H]. */
  toGates(ds: FloatArray, dz: FloatArray): void {
    const { S, G, H } = this.#recurrence;
    throughSlopes(ds, this.A, S, G, H, dz);
  }

  /** Whether the way to x and b is another than that to the states before. */
  get hasAx(): boolean {
    return this.#Ax !== this.A;
  }

  /** dz on the way to x and b [G·H] of ds [S·H]. */
  toInputGates(ds: FloatArray, dz: FloatArray): void {
    const { S, G, H } = this.#recurrence;
    throughSlopes(ds, this.#Ax, S, G, H, dz);
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

  /** What of ds goes to the states before by each of these paths: `beside` the weights [S·H], or through a gate [H]. */
  paths(ds: FloatArray, names: readonly string[]): Record<string, Float64Array> {
    const { Wh, H, G } = this.#recurrence;
    const N = G * H;
    const dz = new Float64Array(this.gateWidth);
    this.toGates(ds, dz);
    const gates = names.filter((name) => name !== 'beside');
    const parts: Record<string, Float64Array> = {};
    // Gates side by side have a way beside the weights.
    parts['beside'] = new Float64Array(this.width);
    this.besideWeights(ds, parts['beside']);
    for (const [g, name] of gates.entries()) {
      const part = new Float64Array(H);
      for (let k = 0; k < H; k++) {
        let sum = 0;
        for (let j = g * H; j < (g + 1) * H; j++) sum += dz[j]! * Wh[k * N + j]!;
        part[k] = sum;
      }
      parts[name] = part;
    }
    return parts;
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

  /** ∂L/∂c_t over all paths [H], the one through h_t included, from ds [2·H]; of cells with a second state. */
  overAllPaths(ds: FloatArray): Float64Array {
    const { H } = this.#recurrence;
    return Float64Array.from({ length: H }, (_, j) => ds[H + j]! + ds[j]! * this.within![j]!);
  }

  /**
   * J as a product of maps v → out, the first one first, each of which keeps its digits where J itself has lost them.
   * Of two states J = L·M: M = [[S, 0], [C, F]] takes h beside c, and c; L = [[I, E], [0, I]] adds to h what c sends it
   * within the step, E = ∂h_t/∂c_t. Else J itself.
   */
  factors(): ((v: FloatArray, out: Float64Array) => void)[] {
    const { within } = this;
    if (within === null) return [(v, out) => this.pushForward(v, out)];
    const { H } = this.#recurrence;
    const direct = this.#besideC();
    return [
      (v, out) => direct.pushForward(v, out),
      (v, out) => {
        for (let j = 0; j < H; j++) {
          out[j] = v[j]! + within[j]! * v[H + j]!;
          out[H + j] = v[H + j]!;
        }
      },
    ];
  }

  /** The same as matrices [S·H,S·H], row by row. */
  denseFactors(): Float64Array[] {
    const { within, width } = this;
    if (within === null) return [this.dense()];
    const { H } = this.#recurrence;
    const throughC = new Float64Array(width * width);
    for (let j = 0; j < width; j++) throughC[j * width + j] = 1;
    for (let j = 0; j < H; j++) throughC[j * width + H + j] = within[j]!;
    return [this.#besideC().dense(), throughC];
  }

  /** M: h beside what it gets through c, and c. */
  #besideC(): StepJacobian {
    const { H, G } = this.#recurrence;
    const N = G * H;
    return new StepJacobian(this.#recurrence, {
      // Of h only what does not go through c.
      A: this.A.map((slope, i) => (i < N && this.A[N + i] !== 0 ? 0 : slope)),
      D: this.D.map((slope, i) => (i < 2 * H ? 0 : slope)),
      Ax: new Float64Array(),
    });
  }

  /** Row i of J [S·H]: the gradient of state i of those after with respect to the states before. */
  row(i: number): Float64Array {
    const { S, G, H } = this.#recurrence;
    const [s, j] = [Math.floor(i / H), i % H];
    const row = new Float64Array(this.width);
    const columns = columnsOf(this.#recurrence);
    for (let g = 0; g < G; g++) {
      const slope = this.A[(s * G + g) * H + j]!;
      const from = (g * H + j) * H;
      for (let k = 0; k < H; k++) row[k] = row[k]! + columns[from + k]! * slope;
    }
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
    return new StepJacobian(this.#recurrence, { A, D: this.D, Ax: new Float64Array() });
  }
}
