import type { WhatIf } from './network/whatIf.js';

/** Cells that the engine can run. `tanh` is the classical Elman cell; `relu` and `identity` change the activation only. */
export const cells = ['tanh', 'relu', 'identity'] as const;
export type Cell = (typeof cells)[number];

export const dtypes = ['float32', 'float64'] as const;
export type DType = (typeof dtypes)[number];

export type FloatArray = Float32Array | Float64Array;

/**
 * Numbers of all steps of a run: an array, or what gives the same numbers without holding them all (fast/pieces.ts). Best asked in the order
 * of time. An interface, because a type would pass for an ArrayLike, which it is not.
 */
export interface Trace {
  readonly length: number;
  at(index: number): number | undefined;
  /** A view or a copy; nobody writes to it. */
  subarray(from: number, to: number): FloatArray;
}

/** Batch size, timesteps, input dimension, hidden dimension. */
export type Shapes = { readonly B: number; readonly T: number; readonly I: number; readonly H: number };

/** Row-vector convention: h_t = f(h_{t-1}·Wh + x_t·Wx + b). Row-major: Wx [I,H], Wh [H,H], b [1,H]. */
export type Weights<A extends FloatArray = Float64Array> = { readonly Wx: A; readonly Wh: A; readonly b: A };

/** What the layer above sends into each h_t: ones at the last step of every chunk, ones at each step, or given values [B,T,H]. */
export type Upstream = { readonly kind: 'last' } | { readonly kind: 'every' } | { readonly kind: 'given'; readonly dhs: Float64Array };

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
 * backward call, the gradient never crosses a border. With `stateful` the state does cross it, else each chunk starts at h0 or zeros.
 */
export type Experiment = {
  readonly name: string;
  readonly cell: Cell;
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

export type VerdictKind = 'vanishing' | 'healthy' | 'exploding' | 'nonfinite';

/** Bounds of the verdict (AUTOTRAINER's detectors): the single-source gradient's last norm over its first. */
export type VerdictBounds = { readonly vanishing: number; readonly exploding: number };
export const defaultBounds: VerdictBounds = { vanishing: 1e-3, exploding: 70 };

/** A stretch of steps over which the gradient changes at one rate, t counted on the whole time axis, both ends included. The factor is 0 where the gradient is exactly zero. */
export type RateSegment = { readonly from: number; readonly to: number; readonly perStepFactor: number };

export type Verdict = {
  readonly kind: VerdictKind;
  /** What the gradient's norm is multiplied by for each step back in time (robust fit); null when there is no trip to measure. */
  readonly perStepFactor: number | null;
  /** Steps after which half is left; null when the gradient does not shrink. */
  readonly halfLifeSteps: number | null;
  /** Steps after which 1 % is left; null when the gradient does not shrink. */
  readonly onePercentSteps: number | null;
  /** log10 of the gradient's norm at the first step over that at its source; -Infinity when it is exactly zero, null when not measured. */
  readonly log10Ratio: number | null;
  /** Where the single source sits (t) and the first step (t) that the ratio is measured to. */
  readonly source: number;
  readonly first: number;
  /** Going back from the source: the first t at which the bound of the verdict is passed; null for healthy. */
  readonly crossedAt: number | null;
  /** Going back: the first t at which plain arithmetic of the dtype reaches exactly zero, or infinity; null when it never does. */
  readonly zeroAt: number | null;
  readonly infiniteAt: number | null;
  readonly segments: readonly RateSegment[];
  /** What the measurements say about the reason, as plain English sentences: the rate with its distance, then the cause. */
  readonly reason: string;
  /** The next thing to try; null where nothing is wrong or no change of the network would mend it. */
  readonly next: NextStep | null;
};

/** A sentence that names one change, and the change. */
export type NextStep = { readonly sentence: string; readonly whatIf: WhatIf };

/** Per-timestep Frobenius norms (over batch and units), all [T]. `dh` is the total gradient g_t, upstream part included. */
export type StepNorms = {
  readonly dh: Float64Array;
  readonly dx: Float64Array;
  readonly dWx: Float64Array;
  readonly dWh: Float64Array;
  readonly db: Float64Array;
};

export type RunResult<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = {
  readonly shapes: Shapes;
  /** First step of every chunk. */
  readonly chunkStarts: readonly number[];
  /** [B,T,H], in the run's dtype like all tensors here. */
  readonly hs: States;
  /** g_t for every step [B,T,H]. */
  readonly dhTotal: States;
  /** [B,T,I] */
  readonly dxs: States;
  readonly dWx: FloatArray;
  readonly dWh: FloatArray;
  readonly db: FloatArray;
  /** [B,H]: with respect to the initial state. With `stateful` that of the first chunk, otherwise the sum over the chunks, which all start there. */
  readonly dh0: FloatArray;
  /** Norms of the tensors as the dtype holds them: zero where they underflow, Infinity where they overflow. */
  readonly norms: StepNorms;
  /** log10 of the same norms from a float64 pass (unrounded weights, the run's own states) that carries the exponent, right far outside the range of any dtype. */
  readonly log10Norms: StepNorms;
  /** log10 ‖g_t‖ of each sequence alone [B,T], carried with its exponent. */
  readonly log10dhPerSequence: Float64Array;
  /** g_t relative to a power of two: dhScaled [B,T,H] · 2^dhExponent[t] is the gradient beyond the range of the dtype. */
  readonly dhScaled: Scaled;
  readonly dhExponent: Float64Array;
  /** log10 ‖∂L/∂h_t‖ from ones at the last step of the last chunk alone, [T]; NaN outside that chunk. What the verdict stands on. */
  readonly log10SingleSource: Float64Array;
  /** ‖h_t‖ [T] over batch and units. */
  readonly hNorm: Float64Array;
  /** Share of units with |h| > 0.97 at each step [T]; null for cells that do not saturate. */
  readonly saturation: Float64Array | null;
  /** Value of `loss`, when the experiment has one. */
  readonly lossValue: number | null;
  /** Factor ≤ 1 that clipping applied to dWx, dWh, db; null without clipping. */
  readonly clipFactor: number | null;
  readonly verdict: Verdict;
};

/** A result whose tensors over time are held whole or computed again piece by piece when they are asked for. */
export type AnyRun = RunResult<Trace, Trace>;

/** Of batch item 0, with J_t = ∂h_t/∂h_{t-1} = diag(f'(h_t))·Whᵀ; J_0 is with respect to h0. */
export type Spectrum = {
  /** Largest modulus of an eigenvalue; where those are not computed (H > 1,024) the upper one of `spectralRadiusBounds`. */
  readonly spectralRadiusWh: number;
  /** Proven bounds from powers of Wh, where its eigenvalues are not computed; otherwise null. */
  readonly spectralRadiusBounds: readonly [low: number, high: number] | null;
  readonly sigmaMaxWh: number;
  /** Proven: no singular value of Wh is larger, rounding included. */
  readonly sigmaMaxWhUpper: number;
  /** [H] pairs (re, im), modulus descending; empty where they are not computed (H > 1,024) or not found. */
  readonly eigenvaluesWh: readonly (readonly [number, number])[];
  /** [T]; NaN where not computed yet. */
  readonly jacobianSigmaMax: Float64Array;
  /** Natural log per step, descending [H]; all -Infinity when every J_t is zero; null when some J_t is singular and the exponents are not unique. */
  readonly lyapunov: Float64Array | null;
  /** |Σλ_i − (ln|det Wh| + mean_t Σ_j ln f'(h_tj))|: the exact check of the exponents; null where `lyapunov` is. */
  readonly lyapunovSumError: number | null;
  /** Estimated error of the least certain exponent, from rounding between two orthogonalisations, per step; null where `lyapunovSumError` is. */
  readonly lyapunovError: number | null;
  /** Steps between two orthogonalisations at most. */
  readonly lyapunovBlock: number | null;
  /** ln of the largest singular value of J_{T-1}···J_0; -Infinity for the zero product. */
  readonly logProductSigmaMax: number;
};

/** A long computation: yields its progress in [0,1] at least every few milliseconds, so that its driver can cancel it or let others in. */
export type Steps<R> = Generator<number, R, void>;
