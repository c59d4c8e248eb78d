// What a run gives.
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Shapes } from './experiment.js';

/**
 * Per-timestep Frobenius norms (over batch and units), all [T]. `dh` is the total gradient g_t, upstream part included.
 */
export type StepNorms = {
  readonly dh: Float64Array;
  readonly dx: Float64Array;
  readonly dWx: Float64Array;
  readonly dWh: Float64Array;
  readonly db: Float64Array;
};

/**
 * Of every step [T]: ‖h_t‖, and the share of units that let (nearly) nothing through (|h| > 0.97 for tanh, h ≤ 0 for
 * the others).
 */
export type StateMeasures = { readonly hNorm: Float64Array; readonly closed: Float64Array };

/** All that a run computes; its verdict is read off afterwards. */
export type RunTensors<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = {
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
  /**
   * [B,H]: with respect to the initial state. With `stateful` that of the first chunk, otherwise the sum over the
   * chunks, which all start there.
   */
  readonly dh0: FloatArray;
  /** Norms of the tensors as the dtype holds them: zero where they underflow, Infinity where they overflow. */
  readonly norms: StepNorms;
  /**
   * log10 of the same norms from a float64 pass (unrounded weights, the run's own states) that carries the exponent,
   * right far outside the range of any dtype.
   */
  readonly log10Norms: StepNorms;
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
  /** Value of `loss`, when the experiment has one. */
  readonly lossValue: number | null;
  /** Factor ≤ 1 that clipping applied to dWx, dWh, db; null without clipping. */
  readonly clipFactor: number | null;
};

/** The same with tensors over time that are held whole or computed again piece by piece when they are asked for. */
export type ComputedRun = RunTensors<Trace, Trace>;
