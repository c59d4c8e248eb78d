// Small experiments for tests, and random numbers that a seed repeats.
import { LuDecomposition, Matrix } from 'ml-matrix';
import { finish, nextStepOf } from '../../../src/engine/index.js';
import type {
  AnyRun,
  ByParameter,
  CellName,
  LayerExperiment,
  LayerNorms,
  RunResult,
  Trace,
} from '../../../src/engine/index.js';

/**
 * Uniform in (−1, 1): the upper 53 of 64 bits that are multiplied and added to. They are kept in two numbers of 32,
 * because BigInt takes ten times as long.
 */
export function randomNumbers(seed: number): () => number {
  const state = BigInt.asUintN(64, BigInt(seed) * 2n + 1n);
  let [high, low] = [Number(state >> 32n), Number(state & 0xffffffffn)];
  return () => {
    // low·0x4c957f2d in halves of 16 bits: the upper 32 bits of the product, too, without rounding.
    const a = low >>> 16;
    const b = low & 0xffff;
    const least = b * 0x7f2d;
    const middle = a * 0x7f2d + b * 0x4c95 + Math.floor(least / 0x10000);
    const sum = (middle & 0xffff) * 0x10000 + (least & 0xffff) + 0xf767814f;
    const carried = a * 0x4c95 + Math.floor(middle / 0x10000) + (sum > 0xffffffff ? 1 : 0);
    high = (Math.imul(low, 0x5851f42d) + Math.imul(high, 0x4c957f2d) + carried + 0x14057b7e) >>> 0;
    low = sum >>> 0;
    return (high * 0x200000 + (low >>> 11)) / 2 ** 52 - 1;
  };
}

export function filled(length: number, next: () => number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = next();
  return out;
}

/** Rows of a matrix as one array. */
export const rows = (...values: readonly (readonly number[])[]): Float64Array => Float64Array.from(values.flat());

export const scaledIdentity = (H: number, factor: number): Float64Array =>
  Float64Array.from({ length: H * H }, (_, i) => (i % (H + 1) === 0 ? factor : 0));

/**
 * Wh whose Jacobian (of the identity cell) is factor·[[1,1],[0,1]]: of T of them the product is factor^T·[[1,T],[0,1]],
 * while Q = I stays Q, so that both exponents are ln factor.
 */
export const sheared = (factor: number): Float64Array => rows([factor, 0], [factor, factor]);

/** ln of the largest singular value of [[1,T],[0,1]]. */
export const lnShear = (T: number): number => Math.log((T + Math.hypot(T, 2)) / 2);

/** A random orthogonal matrix: Gram–Schmidt, twice, on random rows. */
export function orthogonal(H: number, seed: number): Float64Array {
  const q = filled(H * H, randomNumbers(seed));
  for (let i = 0; i < H; i++) {
    const row = q.subarray(i * H, (i + 1) * H);
    for (let round = 0; round < 2; round++) {
      for (let k = 0; k < i; k++) {
        const other = q.subarray(k * H, (k + 1) * H);
        const projection = row.reduce((sum, value, j) => sum + value * other[j]!, 0);
        for (let j = 0; j < H; j++) row[j] = row[j]! - projection * other[j]!;
      }
      const length = Math.hypot(...row);
      for (let j = 0; j < H; j++) row[j] = row[j]! / length;
    }
  }
  return q;
}

/** An experiment of one layer written down flat, as most tests have it. */
export type FlatExperiment = Omit<LayerExperiment, 'layers'> & {
  readonly weights: ByParameter<Float64Array>;
  readonly h0: Float64Array | null;
};

export const nested = ({ weights, h0, ...rest }: FlatExperiment): LayerExperiment => ({
  ...rest,
  layers: [{ layer: 0, direction: 'forward', H: rest.shapes.H, parameters: weights, initial: { h: h0 } }],
});

export const weightsOf = ({ layers: [{ parameters }] }: LayerExperiment): ByParameter<Float64Array> => parameters;
const h0Of = ({ layers: [{ initial }] }: LayerExperiment): Float64Array | null => initial.h;

/** The same with other weights, or another initial state. */
export const withLayer = (
  e: LayerExperiment,
  { weights = weightsOf(e), h0 = h0Of(e) }: Partial<Pick<FlatExperiment, 'weights' | 'h0'>>,
): LayerExperiment => ({ ...e, layers: [{ ...e.layers[0], parameters: weights, initial: { h: h0 } }] });

/** Norms of each step by the names that a tutorial gives them. */
export const flatNorms = (dx: Float64Array, { dh, parameters: { Wx, Wh, b } }: LayerNorms) => ({
  dh,
  dx,
  dWx: Wx,
  dWh: Wh,
  db: b,
});

/** What a run of one layer gives, side by side: itself, with the fields of its layer beside its own. */
export function flatRun<States extends Trace, Scaled extends Trace>(run: RunResult<States, Scaled>) {
  const [layer] = run.layers;
  const { gradients, states, dInitial } = layer;
  return Object.assign(run, {
    ...layer,
    hs: states.h,
    dWx: gradients.Wx,
    dWh: gradients.Wh,
    db: gradients.b,
    dh0: dInitial.h,
    norms: flatNorms(run.norms.dx, layer.norms),
    log10Norms: flatNorms(run.log10Norms.dx, layer.log10Norms),
  });
}
export type FlatRun<R extends AnyRun = AnyRun> =
  R extends RunResult<infer States, infer Scaled> ? ReturnType<typeof flatRun<States, Scaled>> : never;

/** A run with the next thing to try in the place of the way to it, so that runs can be compared. */
export const answered = <Run extends AnyRun>(run: Run) => ({
  ...run,
  nextStep: finish(nextStepOf(run)),
});

/** One sequence of zeros through Wh alone, unless told otherwise. */
export function experiment(
  H: number,
  T: number,
  Wh: Float64Array,
  rest: Partial<FlatExperiment> & { readonly cell?: CellName } = {},
): LayerExperiment {
  const B = rest.shapes?.B ?? 1;
  const I = rest.shapes?.I ?? 1;
  return nested({
    name: 'test',
    cell: 'tanh',
    dtype: 'float64',
    shapes: { B, T, I, H },
    weights: { Wx: new Float64Array(I * H), Wh, b: new Float64Array(H) },
    chunks: [{ steps: T, xs: new Float64Array(B * T * I) }],
    h0: null,
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate: null,
    ...rest,
  });
}

/**
 * ln|det Wh| + 1/T·Σ_tΣ_j ln f′(z_tj) of batch item 0, which the Lyapunov exponents have to add up to: the determinant
 * by the library's LU decomposition, f′ from the states before each step. −Infinity where some slope or the determinant
 * is 0.
 */
export function sumOfExponents(
  {
    cell,
    shapes: { T, I, H },
    layers: [
      {
        parameters: { Wx, Wh, b },
        initial: { h: h0 },
      },
    ],
    chunks,
    stateful,
  }: LayerExperiment,
  {
    layers: [
      {
        states: { h: hs },
      },
    ],
  }: AnyRun,
): number {
  const upper = new LuDecomposition(Matrix.from1DArray(H, H, Wh)).upperTriangularMatrix;
  let sum = 0;
  for (let j = 0; j < H; j++) sum += Math.log(Math.abs(upper.get(j, j)));
  let [slopes, t] = [0, 0];
  for (const { steps, xs } of chunks) {
    for (let step = 0; step < steps; step++, t++) {
      const before = (k: number): number =>
        step > 0 || (stateful && t > 0) ? hs.at((t - 1) * H + k)! : (h0?.[k] ?? 0);
      for (let j = 0; j < H; j++) {
        let z = b[j]!;
        for (let i = 0; i < I; i++) z += xs[step * I + i]! * Wx[i * H + j]!;
        for (let k = 0; k < H; k++) z += before(k) * Wh[k * H + j]!;
        // ln(1/cosh² z), also where cosh² overflows.
        slopes +=
          cell === 'tanh'
            ? -2 * (Math.abs(z) + Math.log1p(Math.exp(-2 * Math.abs(z))) - Math.LN2)
            : cell === 'relu'
              ? Math.log(Number(z > 0))
              : 0;
      }
    }
  }
  return sum + slopes / T;
}
