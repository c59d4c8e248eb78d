// What another thread can do of a run: one of two directions of a layer, which know nothing of each other, or the
// gradient beyond the range of any dtype, which knows nothing of the way back in the run's own. And of a finished run
// the exponents of the first directions, which know nothing of the norms of its Jacobians.
import { unknownSpectrum } from '../analysis/spectrum.js';
import type { Item, Spectrum } from '../analysis/spectrum.js';
import type { ByState } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import type { FloatArray } from '../core/dtypes.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { copiedSteps } from '../core/rowTrace.js';
import { cast, columnsOfSteps, paste, sequence } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import { chunksOf } from '../network/chunks.js';
import { DescendingSource } from '../network/descendingSource.js';
import type { SourceOnItsWay } from '../network/descendingSource.js';
import type { LayerExperiment } from '../network/experiment.js';
import { initialStates } from '../network/layers.js';
import type { RunChunk } from '../network/runChunk.js';
import { Rnn } from '../network/rnn.js';
import type { Analysis, SentDown } from '../network/scaledBackward.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import { denseLeading } from '../wasm/denseSpectrum.js';
import { gatedForward } from '../wasm/gatedPass.js';
import type { Elsewhere, Kernels } from '../wasm/instance.js';
import { fastForward } from '../wasm/pass.js';
import { gatedKernelsFor, passKernelsFor } from './kernelsFor.js';
import { nextStepOf, rememberNextStep } from './nextSteps.js';
import type { RunResult } from './result.js';
import { analysisOf, runResumably } from './run.js';

/**
 * Of one layer in one direction: its states alone, its whole run, what its states say beyond any range, or exponents of
 * the first `count` directions of one batch item of LSTM or GRU.
 */
export type ForwardTask = { readonly kind: 'forward'; readonly experiment: LayerExperiment };
export type RunTask = { readonly kind: 'run'; readonly experiment: LayerExperiment; readonly bounds: VerdictBounds };
export type AnalysisTask = {
  readonly kind: 'analysis';
  readonly experiment: LayerExperiment;
  readonly states: ByState<FloatArray>;
  readonly source: SourceOnItsWay;
};
export type LeadingTask = Item & { readonly kind: 'leading'; readonly count: number };
export type LayerTask = ForwardTask | RunTask | AnalysisTask | LeadingTask;

/** A run, and what it sends down to the layer below; both in the order in which the layer computes. */
export type DirectionRun = { readonly result: RunResult; readonly sent: SentDown };
/** The same of an analysis, and the network's single source behind it. */
export type LayerAnalysis = { readonly analysis: Analysis; readonly sent: SentDown; readonly source: SourceOnItsWay };
/** What a spectrum has of the first exponents. */
export type Leading = Pick<Spectrum, 'lyapunov' | 'lyapunovKnown' | 'lyapunovError' | 'lyapunovBlock'>;
type AnswerTo<Task extends LayerTask> = Task extends ForwardTask
  ? ByState<Sequence>
  : Task extends RunTask
    ? DirectionRun
    : Task extends AnalysisTask
      ? LayerAnalysis
      : Leading | null;

/** Multiplications of a task from which on asking another thread is worth it, some ms. */
const worthAsking = 2e7;

function workOf(task: LayerTask): number {
  const {
    cell,
    shapes: { B, T, I, H },
  } = task.experiment;
  const rows = task.kind === 'leading' ? task.count : 3 * B;
  return rows * T * cellOf(cell).gates.length * H * (H + I);
}

/** `descending` is taken through the layer of a run, or lost. */
export function* doTask<Task extends LayerTask>(
  task: Task,
  given: Kernels | null,
  descending: DescendingSource | null = null,
): Resumable<AnswerTo<Task>> {
  const { experiment } = task;
  if (task.kind === 'leading') return (given === null ? null : yield* leading(given, task)) as AnswerTo<Task>;
  if (task.kind === 'forward') return (yield* forward(experiment, given)) as AnswerTo<Task>;
  const { B, T, I } = experiment.shapes;
  const sent = { data: new Float64Array(B * T * I), exponents: new Float64Array(T) };
  if (task.kind === 'analysis') {
    const own = new DescendingSource(task.source);
    const analysis = yield* analysisOf(experiment, given, chunksOf(experiment, task.states), sent, own);
    return { analysis, sent, source: own.place } as AnswerTo<Task>;
  }
  const result = yield* runResumably(experiment, task.bounds, given, sent, descending);
  return { result, sent } as AnswerTo<Task>;
}

/** One task of each direction; the second one by another thread where one is free, else behind the first. */
export function* eachDirection<Task extends ForwardTask | RunTask>(
  tasks: readonly Task[],
  given: Kernels | null,
  descending: DescendingSource | null = null,
): Resumable<AnswerTo<Task>[]> {
  const elsewhere = askElsewhere(tasks[1], given);
  try {
    const answers: AnswerTo<Task>[] = [];
    for (const [i, task] of tasks.entries()) {
      const [from, to] = [i / tasks.length, (i + 1) / tasks.length];
      const answer = i === 1 && elsewhere !== null ? yield* part(elsewhere.answer, from, from) : null;
      if (answer === null) answers.push(yield* part(doTask(task, given, descending), from, to));
      else answers.push(answered(task, answer as AnswerTo<Task>, given));
    }
    return answers;
  } finally {
    elsewhere?.end();
  }
}

/** Bytes at most that are copied to another thread, at once: some 50 ms. */
const mostSent = 1.5e8;
/** Tensors over the units of a layer that go along: what enters, as it is and beyond any range; states; the source. */
const sentTensors = { forward: 0, run: 2, analysis: 5, leading: 2 } as const;

const sentBytes = ({ kind, experiment: { shapes } }: LayerTask): number =>
  8 * shapes.B * shapes.T * (shapes.I + sentTensors[kind] * shapes.H);

/** Null where no other thread is free, or none is worth asking. */
export function askElsewhere(task: LayerTask | undefined, given: Kernels | null): Elsewhere | null {
  if (task === undefined || given === null) return null;
  if (workOf(task) < worthAsking || sentBytes(task) > mostSent) return null;
  return given.team?.elsewhere({ kernels: given, task }) ?? null;
}

/** What another thread has answered; the next thing to try is found here, in a run of its own, if somebody asks. */
function answered<Task extends ForwardTask | RunTask>(task: Task, answer: AnswerTo<Task>, given: Kernels | null) {
  if (task.kind === 'run') {
    const { experiment, bounds } = task;
    rememberNextStep((answer as DirectionRun).result, function* () {
      return yield* nextStepOf(yield* runResumably(experiment, bounds, given));
    });
  }
  return answer;
}

/** The task of one batch item, with all that it is read from. */
export function* leadingTask({ experiment, chunks }: Item, count: number): Resumable<LeadingTask> {
  const held: RunChunk[] = [];
  for (const chunk of chunks)
    held.push({
      ...chunk,
      xs: yield* part(copiedSteps('float64', chunk.xs, 0, chunk.steps), 0, 0),
      hs: yield* part(copiedSteps(experiment.dtype, chunk.hs, 0, chunk.steps), 0, 0),
    });
  // The batch stays here.
  const lean = chunks.map(({ steps }) => ({ steps, xs: new Float64Array(0) }));
  return { kind: 'leading', experiment: { ...experiment, chunks: lean }, chunks: held, count };
}

/** Null where plain arithmetic has to find them. */
function* leading(kernels: Kernels, { experiment, chunks, count }: LeadingTask): Resumable<Leading | null> {
  const spectrum = unknownSpectrum(0);
  if ((yield* denseLeading(kernels, experiment, chunks, spectrum, count)) === null) return null;
  const { lyapunov, lyapunovKnown, lyapunovError, lyapunovBlock } = spectrum;
  return { lyapunov, lyapunovKnown, lyapunovError, lyapunovBlock };
}

/** The cell's states [B,T,H] in the order in which the layer computes. */
function* forward(layer: LayerExperiment, given: Kernels | null): Resumable<ByState<Sequence>> {
  const [gated, kernels] = [gatedKernelsFor(layer, given), passKernelsFor(layer, given)];
  const names = cellOf(layer.cell).states;
  if (gated !== null) {
    const states = yield* gatedForward(gated, layer);
    if (states !== null) return Object.fromEntries(names.map((name, s) => [name, states[s]!])) as ByState<Sequence>;
  }
  const h = kernels === null ? null : yield* fastForward(kernels, layer);
  return h === null ? yield* plainForward(layer) : { h };
}

/** The same in plain arithmetic. */
function* plainForward(layer: LayerExperiment): Resumable<ByState<Sequence>> {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
    stateful,
    chunks,
  } = layer;
  const rnn = new Rnn({ cell, I, H, weights }, { stateful: true, dtype });
  const names = cellOf(cell).states;
  const all = names.map(() => sequence(dtype, B, T, H));
  let start = 0;
  for (const { steps, xs, spans } of chunks) {
    if (!stateful || start === 0) rnn.setState(initialStates(layer));
    const inputs = { B, T: steps, N: I, data: cast(dtype, xs) };
    const states = yield* part(rnn.forwardResumably(inputs, spans), start / T, (start + steps) / T);
    for (const [s, own] of all.entries()) paste(own, columnsOfSteps(states, s * H, (s + 1) * H), start);
    start += steps;
  }
  return Object.fromEntries(names.map((name, s) => [name, all[s]!])) as ByState<Sequence>;
}
