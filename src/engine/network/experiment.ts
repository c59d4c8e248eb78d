// What a run is asked to do.
import type { ByParameter, ByState } from '../cells/cell.js';
import type { CellName } from '../cells/index.js';
import type { DType, Trace } from '../core/dtypes.js';
import type { SequenceTrace } from '../core/tensor.js';

/** Batch size, timesteps (of the longest sequence), input dimension, hidden dimension (of the last layer). */
export type Shapes = { readonly B: number; readonly T: number; readonly I: number; readonly H: number };

export type Direction = 'forward' | 'reverse';

/** One for each of PyTorch's two biases: that of the input (bias_ih) and that of the state before (bias_hh). */
export type ByBias<Value> = Readonly<Record<'input' | 'state', Value>>;

/** Which biases a layer's file holds, and which it would hold with all that its layout has. */
export type HeldBiases = {
  readonly stored: ByBias<boolean>;
  readonly whole: ByBias<boolean>;
  /** Whether both directions of the layer have them in one tensor, so that one gets none without the other. */
  readonly shared?: true;
};

/** One layer in one direction. */
export type LayerSpec = {
  readonly layer: number;
  readonly direction: Direction;
  readonly H: number;
  /** By the names of the cell's parameters, row-major, in the row-vector convention: z = h_{t-1}·Wh + x_t·Wx + b. */
  readonly parameters: ByParameter<Float64Array>;
  /** The states before the first step by their names, [B,H] each; null for zeros. */
  readonly initial: ByState<Float64Array | null>;
  /** Stored biases are trained, so they count when gradients are clipped. Absent: those of the cell, each once. */
  readonly biases?: HeldBiases;
};

/**
 * What the layer above sends into each h_t: ones at the last step of every chunk, ones at each step, or given values
 * [B,T,H].
 */
export type LayerUpstream =
  { readonly kind: 'last' } | { readonly kind: 'every' } | { readonly kind: 'given'; readonly dhs: Float64Array };

/** Gradients [B,T,N] beyond the range of any dtype: step t is `data`·2^`exponents[t]`. */
export type ScaledSteps = { readonly data: Trace; readonly exponents: Float64Array };

/**
 * What enters the output of a network [B,T,D·H]. `last`: ones at each sequence's last step; `final`: ones on each
 * direction's last processed h of the last layer, which for `reverse` is that of step 0; `step`: ones at one step,
 * counted on the whole time axis, of the sequences that have it; `every`: ones at each. Given values are [B,T,D·H],
 * zero behind a sequence's length.
 */
export type Upstream = LayerUpstream | { readonly kind: 'final' } | { readonly kind: 'step'; readonly t: number };

type Readout = {
  /** [H,O]; of a network [D·H,O] */
  readonly Why: Float64Array;
  /** [1,O] */
  readonly by: Float64Array;
  /** The readout was made without a bias: `by` is 0, and is not trained. */
  readonly withoutBias?: true;
};

/**
 * The loss of a linear readout y_t = h_t·Why + by, instead of a given upstream gradient.
 * `mse`: mean over batch, the steps that carry a loss and outputs of (y − target)²; targets [B,S,O].
 * `crossEntropy`: mean over batch and the steps that carry a loss of −log softmax(y)[class]; class indices [B,S].
 * S is 1 for `at: "last"` and T for `at: "every"`.
 */
export type LayerLoss = Readout & {
  readonly kind: 'mse' | 'crossEntropy';
  readonly at: 'last' | 'every';
  readonly targets: Float64Array;
};

/**
 * The loss of a network, as PyTorch's mean over all places that have a target (mse, binaryCrossEntropy: and over O).
 * `binaryCrossEntropy` is that of logits, with targets [B,S,O] in 0 … 1. `at`: each sequence's last step, each
 * direction's last processed step (`final`), every step, or a list of steps counted on the whole time axis. S places:
 * 1, 1, T, or as many as are listed.
 */
export type Loss = Readout & {
  readonly kind: 'mse' | 'crossEntropy' | 'binaryCrossEntropy';
  readonly at: 'last' | 'final' | 'every' | readonly number[];
  /** [B,S,O], or class indices [B,S]; 0 at places without a target. */
  readonly targets: Float64Array;
  /** [B,S]: 1 at the places that have a target. Absent: all have, up to each sequence's length. */
  readonly present?: Uint8Array;
};

/** Consecutive steps of all sequences. */
export type ChunkInput = {
  readonly steps: number;
  /** xs [B,steps,I], zero behind a sequence's length. */
  readonly xs: Float64Array;
  /** Steps of each sequence that are real [B], 1 … steps, the longest being `steps`. Absent: all steps of all. */
  readonly lengths?: readonly number[];
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
  /** From the input up; of two directions first `forward`, then `reverse` of the same layer. */
  readonly layers: readonly [LayerSpec, ...LayerSpec[]];
  readonly chunks: readonly ChunkInput[];
  readonly stateful: boolean;
  readonly upstream: Upstream;
  /** When set, the upstream gradient comes from here and `upstream` is not used. */
  readonly loss: Loss | null;
  /** Upper bound of the global norm of all parameter gradients (Pascanu et al. 2013, algorithm 1), or null. */
  readonly clipNorm: number | null;
  /** Truncated backpropagation through time: the gradient is cut at every multiple of this many steps, or null. */
  readonly truncate: number | null;
};

/** Steps of a chunk at which a sequence is there: from … to − 1. */
export type Span = { readonly from: number; readonly to: number };

export type LayerChunk = {
  readonly steps: number;
  readonly xs: Float64Array;
  /** Of each sequence [B], where they differ. Before `from` its state waits, behind `to` it is 0. */
  readonly spans?: readonly Span[];
};

/**
 * An experiment of one layer in one direction, with the upstream gradient or the loss that such a layer knows: what a
 * network's run is made of, and what every analysis of a layer takes. Steps are in the order in which the layer
 * computes them: for `reverse` that is from the last position of a chunk to its first.
 */
export type LayerExperiment = Omit<Experiment, 'layers' | 'chunks' | 'upstream' | 'loss'> & {
  readonly layers: readonly [LayerSpec];
  readonly chunks: readonly LayerChunk[];
  readonly upstream: LayerUpstream;
  /** The given upstream gradient again, where it can be outside of the range of float64. */
  readonly scaledUpstream?: ScaledSteps;
  /**
   * Of a layer in a network that keeps checkpoints, in place of `xs` and of the given `dhs`, which are empty then: its
   * inputs [B,T,I], and null or what enters [B,T,H]; `enters` [T]: 1 at the steps at which anything does, null where
   * what enters tells so at no cost.
   */
  readonly computed?: {
    readonly xs: SequenceTrace;
    readonly dhs: SequenceTrace | null;
    readonly enters: Float64Array | null;
  };
  readonly loss: LayerLoss | null;
};

/** Multiply-adds of a forward pass. */
export const productsOf = ({ shapes: { B, T }, layers }: Experiment): number =>
  layers.reduce((sum, { parameters: { Wx, Wh } }) => sum + B * T * (Wx.length + Wh.length), 0);

/** The biases of a layer. */
export const biasesOfLayer = ({ parameters, biases }: Pick<LayerSpec, 'parameters' | 'biases'>): HeldBiases => {
  const own = { input: true, state: parameters['bh'] !== undefined };
  return biases ?? { stored: own, whole: own };
};

/** The experiment as one of a single layer, or null where it is more than that. */
export function asLayer(experiment: Experiment): LayerExperiment | null {
  const { layers, chunks, upstream, loss } = experiment;
  const [layer, ...others] = layers;
  if (others.length > 0 || layer.direction !== 'forward') return null;
  if (chunks.some(({ lengths }) => lengths !== undefined)) return null;
  if (upstream.kind === 'final' || upstream.kind === 'step') return null;
  if (loss === null) return { ...experiment, layers: [layer], upstream, loss };
  const { kind, at, present } = loss;
  if (kind === 'binaryCrossEntropy' || (at !== 'last' && at !== 'every') || present !== undefined) return null;
  return { ...experiment, layers: [layer], upstream, loss: { ...loss, kind, at } };
}
