// ∂L/∂s_t of one sequence, h and whatever other states a cell has: a run keeps that of h alone.
import { FlowingRows } from '../core/gradientRows.js';
import type { Resumable } from '../core/resumable.js';
import { exactSteps, gateWidth, stateWidth } from '../network/cellRows.js';
import { cutBefore } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import { beginsAt, enteringReady, enteringRow, itemChunk, stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';

/** A gradient [S·H], times 2^exponent. */
export type StateGradient = { readonly values: Float64Array; readonly exponent: number };

/** What comes from the step after, and with what enters at the step: all that the states of a step get. */
export type Arriving = { readonly fromNext: StateGradient; readonly whole: StateGradient };

/** The way back of one sequence, kept at every √T-th step: those between are computed again from the next kept one. */
export class StateGradients {
  readonly #experiment: LayerExperiment;
  readonly #chunks: readonly RunChunk[];
  readonly #every: number;
  /** What comes from the step after, by the step on the whole time axis. */
  readonly #kept = new Map<number, StateGradient>();
  readonly #states: FlowingRows;
  readonly #gates: FlowingRows;

  constructor(experiment: LayerExperiment, chunks: readonly RunChunk[], item: number) {
    this.#experiment = { ...experiment, shapes: { ...experiment.shapes, B: 1 } };
    this.#chunks = chunks.map((chunk) => itemChunk(chunk, item));
    this.#every = Math.ceil(Math.sqrt(experiment.shapes.T));
    this.#states = new FlowingRows(1, stateWidth(experiment));
    this.#gates = new FlowingRows(1, gateWidth(experiment));
  }

  /** Has to be through before a step is asked for. */
  *prepare(): Resumable<void> {
    const { T } = this.#experiment.shapes;
    for (const chunk of [...this.#chunks].reverse()) {
      this.#states.clear(0);
      for (let step = chunk.steps - 1; step >= 0; step--) {
        const t = chunk.start + step;
        if (t % this.#every === 0 || step === chunk.steps - 1) this.#kept.set(t, this.#now());
        yield* enteringReady(chunk, step);
        yield* stepReady(chunk, step);
        this.#enter(chunk, step);
        this.#back(chunk, step);
        yield (T - t) / T;
      }
    }
  }

  at(t: number): Arriving {
    const chunk = this.#chunks.findLast(({ start }) => start <= t)!;
    let from = t;
    while (!this.#kept.has(from)) from++;
    const { values, exponent } = this.#kept.get(from)!;
    this.#states.clear(0);
    this.#states.add(0, values, exponent);
    for (let step = from - chunk.start; chunk.start + step > t; step--) {
      this.#enter(chunk, step);
      this.#back(chunk, step);
    }
    const fromNext = this.#now();
    this.#enter(chunk, t - chunk.start);
    return { fromNext, whole: this.#now() };
  }

  /** Zero has exponent 0. */
  #now(): StateGradient {
    const exponent = this.#states.isZero(0) ? 0 : this.#states.exponents[0]!;
    return { values: this.#states.row(0).slice(), exponent };
  }

  #enter(chunk: RunChunk, step: number): void {
    const { values, exponent } = enteringRow(chunk, 0, step);
    this.#states.add(0, values, exponent);
  }

  #back(chunk: RunChunk, step: number): void {
    if (this.#states.isZero(0)) return;
    if (cutBefore(this.#experiment, chunk, step) || beginsAt(chunk, 0, step)) {
      this.#states.clear(0);
      return;
    }
    const [jacobian] = exactSteps(this.#experiment, chunk, step);
    this.#gates.toGates(0, this.#states, jacobian!);
    this.#states.pullBack(0, this.#gates, jacobian!);
  }
}
