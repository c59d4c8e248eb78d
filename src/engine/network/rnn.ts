import { finish } from '../core/resumable.js';
import { accumulate, cast, dtypeOf, matrix, putStep, rowOf, sequence, takeStep } from '../core/tensor.js';
import type { Matrix, Sequence } from '../core/tensor.js';
import type { DType } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { mapParameters } from '../cells/cell.js';
import { emptyGradients, RnnUnit, stateWidth } from './rnnUnit.js';
import type { Gradients, Parameters } from './rnnUnit.js';

/**
 * What backward knows at step t. `unit` holds the contribution of this step alone; it is overwritten at the next step.
 */
export type BackwardVisit = {
  readonly t: number;
  /** The total gradient of the states [B,S·H], h first. */
  readonly ds: Matrix;
  readonly dx: Matrix;
  readonly unit: Gradients;
};

export type BackwardOptions = {
  /** Truncated backpropagation: what flows from step m·k to step m·k − 1 is set to zero, m ≥ 1. Null: never. */
  readonly truncate?: number | null;
  readonly visit?: (step: BackwardVisit) => void;
};

/**
 * A recurrent layer over time: T steps that share one set of weights (Elman 1990), trained by backpropagation through
 * time (Werbos 1990). States are [B,S·H], h first; most cells have h alone. float32 unless asked otherwise. Everything
 * else in this room is held against these two classes.
 */
export class Rnn {
  /** Sum over all timesteps of the last `backward`, because every timestep shares the weights. */
  gradients: Gradients;
  /** [B,S·H]: what the last `backward` sent into the state before the first step; null before that. */
  dh: Matrix | null = null;
  stateful: boolean;
  readonly parameters: Parameters;
  #units: RnnUnit[] = [];
  #h: Matrix | null = null;

  constructor(
    parameters: Parameters,
    { stateful = false, dtype = 'float32' }: { readonly stateful?: boolean; readonly dtype?: DType } = {},
  ) {
    const weights = mapParameters(parameters.weights, (values) => cast(dtype, values));
    this.parameters = { ...parameters, weights };
    this.gradients = emptyGradients(this.parameters);
    this.stateful = stateful;
  }

  /**
   * The state that a stateful layer starts its next call from [B,S·H]; without `stateful` every call starts from zeros.
   */
  setState(h: Matrix): void {
    this.#h = { ...h, data: cast(this.#dtype, h.data) };
  }

  resetState(): void {
    this.#h = null;
  }

  /** xs [B,T,I] → the states of every step [B,T,S·H]. */
  forward(xs: Sequence): Sequence {
    return finish(this.forwardSteps(xs));
  }

  /**
   * dhs [B,T,H], the upstream gradient of every h_t → dxs [B,T,I]. @throws when `forward` has not been called on as
   * many steps
   */
  backward(dhs: Sequence, options: BackwardOptions = {}): Sequence {
    return finish(this.backwardSteps(dhs, options));
  }

  /** `forward`, with a pause after each timestep. */
  *forwardSteps(xs: Sequence): Resumable<Sequence> {
    const { B, T } = xs;
    const width = stateWidth(this.parameters);
    const inputs = { ...xs, data: cast(this.#dtype, xs.data) };
    const states = sequence(this.#dtype, B, T, width);
    // One place for the gradients of all units: T copies of dWh would be the largest thing in memory.
    const shared = emptyGradients(this.parameters);
    this.#units = Array.from({ length: T }, () => new RnnUnit(this.parameters, shared));
    let h = (this.stateful ? this.#h : null) ?? matrix(this.#dtype, B, width);
    for (const [t, unit] of this.#units.entries()) {
      h = unit.forward(takeStep(inputs, t), h);
      putStep(states, t, h);
      yield (t + 1) / T;
    }
    this.#h = h;
    return states;
  }

  /** `backward`, with a pause after each timestep. */
  *backwardSteps(dhs: Sequence, { truncate = null, visit }: BackwardOptions = {}): Resumable<Sequence> {
    const { B, T } = dhs;
    if (T !== this.#units.length)
      throw new Error(`Rnn.backward got ${T} steps, but the last forward ran ${this.#units.length}.`);
    const { I } = this.parameters;
    const width = stateWidth(this.parameters);
    const upstream = { ...dhs, data: cast(this.#dtype, dhs.data) };
    const dxs = sequence(this.#dtype, B, T, I);
    this.gradients = emptyGradients(this.parameters);
    let dhNext = matrix(this.#dtype, B, width);
    for (let t = T - 1; t >= 0; t--) {
      // h_t went to two places, up and on to the next step: their gradients add.
      const ds = entering(takeStep(upstream, t), width);
      accumulate(ds.data, dhNext.data);
      const unit = this.#units[t]!;
      const { dx, dhPrev } = unit.backward(ds);
      putStep(dxs, t, dx);
      for (const [name, values] of Object.entries(unit.gradients)) accumulate(this.gradients[name]!, values);
      visit?.({ t, ds, dx, unit: unit.gradients });
      dhNext = truncate !== null && t > 0 && t % truncate === 0 ? matrix(this.#dtype, B, width) : dhPrev;
      yield (T - t) / T;
    }
    this.dh = dhNext;
    return dxs;
  }

  get #dtype(): DType {
    return dtypeOf(this.parameters.weights.Wh);
  }
}

/** What enters h [B,H], as a gradient of all states [B,S·H]. */
function entering(dh: Matrix, width: number): Matrix {
  if (width === dh.cols) return dh;
  const ds = matrix(dtypeOf(dh.data), dh.rows, width);
  for (let b = 0; b < dh.rows; b++) rowOf(ds, b).data.set(rowOf(dh, b).data);
  return ds;
}
