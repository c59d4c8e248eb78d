// Forward and backward in the run's dtype through the reference classes.
import { cellOf } from '../cells/index.js';
import { emptyNorms } from './scaledBackward.js';
import type { RunChunk } from './runChunk.js';
import type { StateMeasures, StepNorms } from './result.js';
import type { Shape } from '../core/recomputedTrace.js';
import { norm } from '../core/norm.js';
import { Rnn } from './rnn.js';
import { part } from '../core/resumable.js';
import {
  accumulate,
  cast,
  columnsOf,
  columnsOfSteps,
  paste,
  putStep,
  sequence,
  takeStep,
  zeros,
} from '../core/tensor.js';
import { cutBefore, scaledPart } from './chunks.js';
import { initialStates } from './layers.js';
import type { LayerExperiment } from './experiment.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Gradients } from './rnnUnit.js';
import { emptyGradients } from './rnnUnit.js';
import { upstreamResumably } from './upstreamGradient.js';

type Over<States extends Trace> = Shape & { readonly data: States };

/** Everything in the run's dtype. */
export type Pass<States extends Trace = FloatArray> = {
  readonly chunks: readonly RunChunk[];
  readonly hs: Over<States>;
  /** [B,T,H] of the states beside h, by their names. */
  readonly otherStates?: Readonly<Record<string, Over<States>>>;
  readonly dhTotal: Over<States>;
  readonly dxs: Over<States>;
  readonly gradients: Gradients;
  readonly dh0: FloatArray;
  /** [B,H] of the states beside h, by their names. */
  readonly dOtherInitial?: Readonly<Record<string, FloatArray>>;
  readonly norms: StepNorms;
  readonly lossValue: number | null;
  /** What the pass measured of its states on the way; null when it did not. */
  readonly states: StateMeasures | null;
  /** max |h| of the last chunk, where somebody has looked. */
  readonly largestState?: number;
};

/** Every chunk forward and backward through the reference classes. */
export function* referencePass(experiment: LayerExperiment): Resumable<Pass> {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
    stateful,
  } = experiment;
  const { states: stateNames } = cellOf(cell);
  const others = stateNames.slice(1);
  // Stateful always: which state a chunk starts from is decided here, h0 included.
  const rnn = new Rnn({ cell, I, H, weights }, { stateful: true, dtype });
  const start0 = initialStates(experiment);
  const hs = sequence(dtype, B, T, H);
  const otherStates = Object.fromEntries(others.map((name) => [name, sequence(dtype, B, T, H)]));
  const dhTotal = sequence(dtype, B, T, H);
  const dxs = sequence(dtype, B, T, I);
  const gradients = emptyGradients(rnn.parameters);
  const dInitial = zeros(dtype, B * stateNames.length * H);
  const norms = emptyNorms(T, cellOf(cell));
  const chunks: RunChunk[] = [];
  let lossValue: number | null = null;
  let start = 0;
  for (const { steps, xs, spans } of experiment.chunks) {
    const previous = chunks.at(-1);
    const initial = stateful && previous !== undefined ? takeStep(previous.hs, previous.steps - 1) : start0;
    rnn.setState(initial);
    const inputs = { B, T: steps, N: I, data: cast(dtype, xs) };
    const [from, middle, to] = [start / T, (start + steps / 3) / T, (start + steps) / T];
    const states = yield* part(rnn.forwardResumably(inputs, spans), from, middle);
    // A loss reads h alone.
    const read = others.length === 0 ? states : columnsOfSteps(states, 0, H);
    const { dhs, loss } = yield* part(upstreamResumably(experiment, { start, steps }, read), middle, middle);
    const scaledDhs = scaledPart(experiment, { start, steps });
    const chunk: RunChunk = {
      start,
      steps,
      xs: inputs,
      hs: states,
      initial,
      dhs,
      ...(spans === undefined ? {} : { spans }),
      ...(scaledDhs === null ? {} : { scaledDhs }),
    };
    if (loss !== null) lossValue = (lossValue ?? 0) + loss;
    const offset = start;
    const chunkDxs = yield* part(
      rnn.backwardResumably(dhs, {
        isCut: (t) => cutBefore(experiment, chunk, t),
        visit: ({ t, ds, dx, unit, overAllPaths }) => {
          const dh = columnsOf(ds, 0, H);
          putStep(dhTotal, offset + t, dh);
          const measured = (values: FloatArray): number => cast(dtype, Float64Array.of(norm(values)))[0]!;
          norms.dh[offset + t] = measured(dh.data);
          if (norms.ds !== undefined) norms.ds[offset + t] = measured(ds.data);
          if (norms.dc !== undefined) norms.dc[offset + t] = measured(overAllPaths().data);
          norms.dx[offset + t] = measured(dx.data);
          for (const [name, series] of Object.entries(norms.parameters)) series[offset + t] = measured(unit[name]!);
        },
      }),
      middle,
      to,
    );
    for (const [s, name] of stateNames.entries())
      paste(
        s === 0 ? hs : otherStates[name]!,
        others.length === 0 ? states : columnsOfSteps(states, s * H, (s + 1) * H),
        start,
      );
    paste(dxs, chunkDxs, start);
    for (const [name, values] of Object.entries(rnn.gradients)) accumulate(gradients[name]!, values);
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (rnn.dh !== null && (previous === undefined || !stateful)) accumulate(dInitial, rnn.dh.data);
    chunks.push(chunk);
    start += steps;
  }
  const [dh0, ...dOthers] = stateNames.map(
    (_, s) => columnsOf({ rows: B, cols: stateNames.length * H, data: dInitial }, s * H, (s + 1) * H).data,
  );
  return {
    chunks,
    hs,
    dhTotal,
    dxs,
    gradients,
    dh0: dh0!,
    ...(others.length === 0
      ? {}
      : { otherStates, dOtherInitial: Object.fromEntries(others.map((name, s) => [name, dOthers[s]!])) }),
    norms,
    lossValue,
    states: null,
  };
}
