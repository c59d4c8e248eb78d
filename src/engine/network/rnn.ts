import { finish } from '../core/resumable.js';
import { accumulate, cast, dtypeOf, matrix, putStep, sequence, takeStep } from '../core/tensor.js';
import type { Matrix, Sequence } from '../core/tensor.js';
import type { DType } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { emptyGradients, RnnUnit } from './rnnUnit.js';
import type { Gradients, Parameters } from './rnnUnit.js';

/**
 * What backward knows at step t. `unit` holds the contribution of this step alone; it is overwritten at the next step.
 */
export type BackwardVisit = {
  readonly t: number;
  readonly dhTotal: Matrix;
  readonly dx: Matrix;
  readonly unit: Gradients;
};

export type BackwardOptions = {
  /** Truncated backpropagation: what flows from step m·k to step m·k − 1 is set to zero, m ≥ 1. Null: never. */
  readonly truncate?: number | null;
  readonly visit?: (step: BackwardVisit) => void;
};

/**
 * A recurrent layer over time: T units that share one set of weights (Elman 1990), trained by backpropagation through
 * time (Werbos 1990). float32 unless asked otherwise. Everything else in this room is held against these two classes.
 */
export class Rnn {
  /** Sum over all timesteps of the last `backward`, because every timestep shares the weights. */
  gradients: Gradients;
  /** [B,H]: what the last `backward` sent into the state before the first step; null before that. */
  dh: Matrix | null = null;
  stateful: boolean;
  readonly parameters: Parameters;
  #units: RnnUnit[] = [];
  #h: Matrix | null = null;

  constructor(
    parameters: Parameters,
    { stateful = false, dtype = 'float32' }: { readonly stateful?: boolean; readonly dtype?: DType } = {},
  ) {
    const { Wx, Wh, b } = parameters.weights;
    this.parameters = { ...parameters, weights: { Wx: cast(dtype, Wx), Wh: cast(dtype, Wh), b: cast(dtype, b) } };
    this.gradients = emptyGradients(this.parameters);
    this.stateful = stateful;
  }

  /**
   * The state that a stateful layer starts its next call from [B,H]; without `stateful` every call starts from zeros.
   */
  setState(h: Matrix): void {
    this.#h = { ...h, data: cast(this.#dtype, h.data) };
  }

  resetState(): void {
    this.#h = null;
  }

  /** xs [B,T,I] → hs [B,T,H]. */
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
    const { H } = this.parameters;
    const inputs = { ...xs, data: cast(this.#dtype, xs.data) };
    const hs = sequence(this.#dtype, B, T, H);
    // One place for the gradients of all units: T copies of dWh would be the largest thing in memory.
    const shared = emptyGradients(this.parameters);
    this.#units = Array.from({ length: T }, () => new RnnUnit(this.parameters, shared));
    let h = (this.stateful ? this.#h : null) ?? matrix(this.#dtype, B, H);
    for (const [t, unit] of this.#units.entries()) {
      h = unit.forward(takeStep(inputs, t), h);
      putStep(hs, t, h);
      yield (t + 1) / T;
    }
    this.#h = h;
    return hs;
  }

  /** `backward`, with a pause after each timestep. */
  *backwardSteps(dhs: Sequence, { truncate = null, visit }: BackwardOptions = {}): Resumable<Sequence> {
    const { B, T } = dhs;
    if (T !== this.#units.length)
      throw new Error(`Rnn.backward got ${T} steps, but the last forward ran ${this.#units.length}.`);
    const { I, H } = this.parameters;
    const upstream = { ...dhs, data: cast(this.#dtype, dhs.data) };
    const dxs = sequence(this.#dtype, B, T, I);
    this.gradients = emptyGradients(this.parameters);
    let dh = matrix(this.#dtype, B, H);
    for (let t = T - 1; t >= 0; t--) {
      // h_t went to two places, up and on to the next step: their gradients add.
      const dhTotal = takeStep(upstream, t);
      accumulate(dhTotal.data, dh.data);
      const unit = this.#units[t]!;
      const { dx, dhPrev } = unit.backward(dhTotal);
      putStep(dxs, t, dx);
      accumulate(this.gradients.dWx, unit.gradients.dWx);
      accumulate(this.gradients.dWh, unit.gradients.dWh);
      accumulate(this.gradients.db, unit.gradients.db);
      visit?.({ t, dhTotal, dx, unit: unit.gradients });
      dh = truncate !== null && t > 0 && t % truncate === 0 ? matrix(this.#dtype, B, H) : dhPrev;
      yield (T - t) / T;
    }
    this.dh = dh;
    return dxs;
  }

  get #dtype(): DType {
    return dtypeOf(this.parameters.weights.Wh);
  }
}
