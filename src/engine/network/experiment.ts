// What a run is asked to do.
import type { CellName } from '../cells/index.js';
import type { DType, FloatArray } from '../core/dtypes.js';

/** Batch size, timesteps, input dimension, hidden dimension. */
export type Shapes = { readonly B: number; readonly T: number; readonly I: number; readonly H: number };

/** Row-vector convention: h_t = f(h_{t-1}·Wh + x_t·Wx + b). Row-major: Wx [I,H], Wh [H,H], b [1,H]. */
export type Weights<A extends FloatArray = Float64Array> = { readonly Wx: A; readonly Wh: A; readonly b: A };

/**
 * What the layer above sends into each h_t: ones at the last step of every chunk, ones at each step, or given values
 * [B,T,H].
 */
export type Upstream =
  { readonly kind: 'last' } | { readonly kind: 'every' } | { readonly kind: 'given'; readonly dhs: Float64Array };

/**
 * The loss of a linear readout y_t = h_t·Why + by, instead of a given upstream gradient.
 * `mse`: mean over batch, the steps that carry a loss and outputs of (y − target)²; targets [B,S,O].
 * `crossEntropy`: mean over batch and the steps that carry a loss of −log softmax(y)[class]; class indices [B,S].
 * S is 1 for `at: "last"` and T for `at: "every"`.
 */
export type Loss = {
  readonly kind: 'mse' | 'crossEntropy';
  readonly at: 'last' | 'every';
  /** [H,O] */
  readonly Why: Float64Array;
  /** [1,O] */
  readonly by: Float64Array;
  readonly targets: Float64Array;
};

/**
 * A checked experiment: everything the engine needs, shapes already consistent. Numbers are kept in float64 as read;
 * the engine rounds them to `dtype`. Chunks are consecutive pieces of the sequences; each is one forward and one
 * backward call, the gradient never crosses a border. With `stateful` the state does cross it, else each chunk starts
 * at h0 or zeros.
 */
export type Experiment = {
  readonly name: string;
  readonly cell: CellName;
  readonly dtype: DType;
  /** T is the sum over all chunks. */
  readonly shapes: Shapes;
  readonly weights: Weights;
  /** xs [B,steps,I] of each chunk. */
  readonly chunks: readonly { readonly steps: number; readonly xs: Float64Array }[];
  /** [B,H], or null for zeros. */
  readonly h0: Float64Array | null;
  readonly stateful: boolean;
  readonly upstream: Upstream;
  /** When set, the upstream gradient comes from here and `upstream` is not used. */
  readonly loss: Loss | null;
  /** Upper bound of the global norm of all parameter gradients (Pascanu et al. 2013, algorithm 1), or null. */
  readonly clipNorm: number | null;
  /** Truncated backpropagation through time: the gradient is cut at every multiple of this many steps, or null. */
  readonly truncate: number | null;
};
