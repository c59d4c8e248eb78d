// What a run is asked to do.
import type { ByParameter, ByState } from '../cells/cell.js';
import type { CellName } from '../cells/index.js';
import type { DType } from '../core/dtypes.js';

/** Batch size, timesteps, input dimension, hidden dimension. */
export type Shapes = { readonly B: number; readonly T: number; readonly I: number; readonly H: number };

export type Direction = 'forward' | 'reverse';

/** One layer in one direction. */
export type LayerSpec = {
  readonly layer: number;
  readonly direction: Direction;
  readonly H: number;
  /** By the names of the cell's parameters, row-major, in the row-vector convention: z = h_{t-1}·Wh + x_t·Wx + b. */
  readonly parameters: ByParameter<Float64Array>;
  /** The states before the first step by their names, [B,H] each; null for zeros. */
  readonly initial: ByState<Float64Array | null>;
};

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
 * at the initial states.
 */
export type Experiment = {
  readonly name: string;
  readonly cell: CellName;
  readonly dtype: DType;
  /** T is the sum over all chunks. */
  readonly shapes: Shapes;
  /** Today one; the destructured first of them is all that there is. */
  readonly layers: readonly [LayerSpec, ...LayerSpec[]];
  /** xs [B,steps,I] of each chunk. */
  readonly chunks: readonly { readonly steps: number; readonly xs: Float64Array }[];
  readonly stateful: boolean;
  readonly upstream: Upstream;
  /** When set, the upstream gradient comes from here and `upstream` is not used. */
  readonly loss: Loss | null;
  /** Upper bound of the global norm of all parameter gradients (Pascanu et al. 2013, algorithm 1), or null. */
  readonly clipNorm: number | null;
  /** Truncated backpropagation through time: the gradient is cut at every multiple of this many steps, or null. */
  readonly truncate: number | null;
};
