// A short run of one sequence with other parameters: how far its single source gets, and nothing else.
import type { ByParameter } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { log10Norm } from '../core/blockFloat.js';
import type { Resumable } from '../core/resumable.js';
import { copiedSteps, stepsOf, stepsOfRow } from '../core/rowTrace.js';
import { heldOf, sequence } from '../core/tensor.js';
import { exactSteps, gateWidth, stateWidth } from './cellRows.js';
import type { LayerExperiment } from './experiment.js';
import { Rnn } from './rnn.js';
import { itemChunk, stateBefore } from './runChunk.js';
import type { RunChunk } from './runChunk.js';
import { ScaledFlow } from './scaledFlow.js';

/** Where a trial runs: the last steps of the longest sequence of a chunk, from the state that it had there. */
export type TrialPlace = {
  readonly experiment: LayerExperiment;
  readonly chunk: RunChunk;
  /** Whether the chunk has more than that: other sequences, or steps before. */
  readonly isPart: boolean;
};

/** Multiplications of one step of a trial: forward, pre-activations again for the slopes, and back. */
const workOfStep = ({ cell, shapes: { I, H } }: LayerExperiment): number =>
  cellOf(cell).gates.length * H * (2 * I + 3 * H);

/** As many of the last steps as `budget` multiplications allow; null where those are fewer than `fewest`. */
export function* trialPlace(
  experiment: LayerExperiment,
  chunk: RunChunk,
  budget: number,
  fewest: number,
): Resumable<TrialPlace | null> {
  const {
    dtype,
    shapes: { B, H },
  } = experiment;
  const spans = Array.from({ length: B }, (_, b) => chunk.spans?.[b] ?? { from: 0, to: chunk.steps });
  const lengths = spans.map(({ from, to }) => to - from);
  const item = lengths.indexOf(Math.max(...lengths));
  const steps = Math.min(lengths[item]!, Math.floor(budget / workOfStep(experiment)));
  if (steps < fewest) return null;
  const whole = itemChunk(chunk, item);
  const { to } = spans[item]!;
  const from = to - steps;
  const [xs, hs] = [
    yield* copiedSteps(dtype, whole.xs, from, to),
    yield* copiedSteps(dtype, whole.hs, Math.max(0, from - 1), to),
  ];
  return {
    isPart: B > 1 || steps < lengths[item]!,
    experiment: { ...experiment, shapes: { ...experiment.shapes, B: 1, T: steps } },
    chunk: {
      start: 0,
      steps,
      xs,
      hs: stepsOfRow(hs, 0, hs.T - steps, hs.T),
      initial: stateBefore({ ...whole, hs: stepsOf(hs, chunk.steps, (t) => t - from + hs.T - steps) }, from),
      dhs: sequence('float64', 1, 0, H),
    },
  };
}

/** log10 of the single source [steps] with these parameters. Pauses after each step. */
export function* trialSource(
  { experiment, chunk }: TrialPlace,
  parameters: ByParameter<Float64Array>,
): Resumable<Float64Array> {
  const {
    cell,
    dtype,
    shapes: { I, H },
    layers: [layer],
  } = experiment;
  const changed: LayerExperiment = { ...experiment, layers: [{ ...layer, parameters }] };
  const rnn = new Rnn({ cell, I, H, weights: parameters }, { stateful: true, dtype });
  rnn.setState(chunk.initial);
  const run = { ...chunk, hs: yield* rnn.forwardResumably({ ...chunk.xs, data: heldOf(chunk.xs.data) }) };
  const flow = new ScaledFlow(1, stateWidth(changed), gateWidth(changed));
  const log10 = new Float64Array(chunk.steps);
  const ones = new Float64Array(H).fill(1);
  for (let t = chunk.steps - 1; t >= 0; t--) {
    const { g } = flow.step(t === chunk.steps - 1 ? ones : null, exactSteps(changed, run, t));
    log10[t] = log10Norm(g.data, g.exponent);
    yield (chunk.steps - t) / chunk.steps;
  }
  return log10;
}
