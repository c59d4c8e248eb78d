// What a run gives.
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { ByParameter, ByState } from '../cells/cell.js';
import type { Direction, Shapes } from './experiment.js';
import type { Stretches } from './lossSteps.js';

/**
 * Per-timestep Frobenius norms (over batch and units), all [T]. `dh` is the total gradient g_t, upstream part included;
 * `parameters` has what the step adds to the gradient of each.
 */
export type LayerNorms = {
  readonly dh: Float64Array;
  /** Of cells with more states than h: ‖∂L/∂c_t‖ over all paths, the one through h_t included. */
  readonly dc?: Float64Array;
  /**
   * Of cells with more states than h: the norm of the gradient of all states as the next step receives it, each a
   * coordinate of its own. For the others it is dh.
   */
  readonly ds?: Float64Array;
  readonly parameters: ByParameter<Float64Array>;
};

/** Of one gate at every step [T], over the sequences that are there and their units. */
export type GateMeasures = {
  readonly mean: Float64Array;
  /** Shares of units below 0.1 and above 0.9; of a candidate those of |value|. */
  readonly closed: Float64Array;
  readonly open: Float64Array;
};
/** The same of a pass through one layer, with that of the inputs. */
export type StepNorms = LayerNorms & { readonly dx: Float64Array };

/**
 * Of every step [T]: ‖h_t‖, and the share of units that let (nearly) nothing through (|h| > 0.97 for tanh, h ≤ 0 for
 * the others).
 */
export type StateMeasures = { readonly hNorm: Float64Array; readonly closed: Float64Array };

/** What a run computes of one layer in one direction. */
export type LayerResult<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = {
  readonly layer: number;
  readonly direction: Direction;
  /** [B,T,H] by the names of the states, in the run's dtype like all tensors here. */
  readonly states: ByState<States>;
  /** ∂L/∂h_t for every step [B,T,H], all paths. */
  readonly dhTotal: States;
  /** Of the parameters, by their names and in their shapes: sums over all timesteps. */
  readonly gradients: ByParameter<FloatArray>;
  /**
   * [B,H] by the names of the states: with respect to the initial ones. With `stateful` that of the first chunk,
   * otherwise the sum over the chunks, which all start there.
   */
  readonly dInitial: ByState<FloatArray>;
  /** Norms of the tensors as the dtype holds them: zero where they underflow, Infinity where they overflow. */
  readonly norms: LayerNorms;
  /**
   * log10 of the same norms from a float64 pass (unrounded weights, the run's own states) that carries the exponent,
   * right far outside the range of any dtype.
   */
  readonly log10Norms: LayerNorms;
  /** log10 ‖g_t‖ of each sequence alone [B,T], carried with its exponent. */
  readonly log10dhPerSequence: Float64Array;
  /**
   * g_t relative to a power of two: dhScaled [B,T,H] · 2^dhExponent[t] is the gradient beyond the range of the dtype.
   */
  readonly dhScaled: Scaled;
  readonly dhExponent: Float64Array;
  /**
   * log10 ‖∂L/∂h_t‖ from ones at the last step of the last chunk alone, [T]; NaN outside that chunk. What the verdict
   * stands on.
   */
  readonly log10SingleSource: Float64Array;
  /** ‖h_t‖ [T] over batch and units. */
  readonly hNorm: Float64Array;
  /** Share of units with |h| > 0.97 at each step [T]; null for cells that do not saturate. */
  readonly saturation: Float64Array | null;
  /** By the names of the gates; null for cells without gates that open and close. */
  readonly gates?: Readonly<Record<string, GateMeasures>> | null;
  /** Of the single source: ln of what each path of a step keeps, by its name; null for cells with a single path. */
  readonly lnPaths?: Readonly<Record<string, Float64Array>> | null;
};

/** All that a run computes; its verdict is read off afterwards. */
export type RunTensors<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = {
  readonly shapes: Shapes;
  /** First step of every chunk. */
  readonly chunkStarts: readonly number[];
  /** Today one; the destructured first of them is all that there is. */
  readonly layers: readonly [LayerResult<States, Scaled>, ...LayerResult<States, Scaled>[]];
  /** [B,T,I] */
  readonly dxs: States;
  /** Of dxs, as the dtype holds them and as log10 with carried exponents: see `LayerResult`. */
  readonly norms: { readonly dx: Float64Array };
  readonly log10Norms: { readonly dx: Float64Array };
  /** Value of `loss`, when the experiment has one. */
  readonly lossValue: number | null;
  /** At which steps a gradient enters from above, in the order in which the layer computes. */
  readonly lossSteps: Stretches;
  /** Factor ≤ 1 that clipping applied to all gradients of parameters; null without clipping. */
  readonly clipFactor: number | null;
};

/** The same with tensors over time that are held whole or computed again piece by piece when they are asked for. */
export type ComputedRun = RunTensors<Trace, Trace>;
