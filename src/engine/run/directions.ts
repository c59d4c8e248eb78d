// The directions of a layer, which know nothing of each other: two of them run side by side where a thread is free.
import { cellOf } from '../cells/index.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { cast, columnsOfSteps, paste, sequence } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment } from '../network/experiment.js';
import { initialStates } from '../network/layers.js';
import { Rnn } from '../network/rnn.js';
import type { SentDown } from '../network/scaledBackward.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import { gatedForward } from '../wasm/gatedPass.js';
import type { Elsewhere, Kernels } from '../wasm/instance.js';
import { fastForward } from '../wasm/pass.js';
import { gatedKernelsFor, passKernelsFor } from './kernelsFor.js';
import { nextStepOf, rememberNextStep } from './nextSteps.js';
import type { RunResult } from './result.js';
import { runResumably } from './run.js';

/** Of one layer in one direction: its states alone, or its whole run. */
export type ForwardTask = { readonly kind: 'forward'; readonly experiment: LayerExperiment };
export type RunTask = { readonly kind: 'run'; readonly experiment: LayerExperiment; readonly bounds: VerdictBounds };
export type DirectionTask = ForwardTask | RunTask;

/** A run, and what it sends down to the layer below; both in the order in which the layer computes. */
export type DirectionRun = { readonly result: RunResult; readonly sent: SentDown };
type AnswerTo<Task extends DirectionTask> = Task extends ForwardTask ? Sequence : DirectionRun;

/** Multiplications of a task from which on asking another thread is worth it, some ms. */
const worthAsking = 2e7;

const workOf = ({ cell, shapes: { B, T, I, H } }: LayerExperiment): number =>
  3 * B * T * cellOf(cell).gates.length * H * (H + I);

/** `descending` is taken through the layer, or lost. */
export function* doTask<Task extends DirectionTask>(
  task: Task,
  given: Kernels | null,
  descending: DescendingSource | null = null,
): Resumable<AnswerTo<Task>> {
  const { experiment } = task;
  if (task.kind === 'forward') return (yield* forward(experiment, given)) as AnswerTo<Task>;
  const { B, T, I } = experiment.shapes;
  const sent = { data: new Float64Array(B * T * I), exponents: new Float64Array(T) };
  const result = yield* runResumably(experiment, task.bounds, given, sent, descending);
  return { result, sent } as AnswerTo<Task>;
}

/** One task of each direction; the second one by another thread where one is free, else behind the first. */
export function* eachDirection<Task extends DirectionTask>(
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

function askElsewhere(task: DirectionTask | undefined, given: Kernels | null): Elsewhere | null {
  if (task === undefined || given === null || workOf(task.experiment) < worthAsking) return null;
  return given.team?.elsewhere({ kernels: given, task }) ?? null;
}

/** What another thread has answered; the next thing to try is found here, in a run of its own, if somebody asks. */
function answered<Task extends DirectionTask>(task: Task, answer: AnswerTo<Task>, given: Kernels | null) {
  if (task.kind === 'run') {
    const { experiment, bounds } = task;
    rememberNextStep((answer as DirectionRun).result, function* () {
      return yield* nextStepOf(yield* runResumably(experiment, bounds, given));
    });
  }
  return answer;
}

/** h [B,T,H] in the order in which the layer computes. */
function* forward(layer: LayerExperiment, given: Kernels | null): Resumable<Sequence> {
  const [gated, kernels] = [gatedKernelsFor(layer, given), passKernelsFor(layer, given)];
  const quick =
    gated !== null ? yield* gatedForward(gated, layer) : kernels !== null ? yield* fastForward(kernels, layer) : null;
  return quick ?? (yield* plainForward(layer));
}

/** The same in plain arithmetic. */
function* plainForward(layer: LayerExperiment): Resumable<Sequence> {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
    stateful,
    chunks,
  } = layer;
  const rnn = new Rnn({ cell, I, H, weights }, { stateful: true, dtype });
  const hs = sequence(dtype, B, T, H);
  let start = 0;
  for (const { steps, xs, spans } of chunks) {
    if (!stateful || start === 0) rnn.setState(initialStates(layer));
    const inputs = { B, T: steps, N: I, data: cast(dtype, xs) };
    const states = yield* part(rnn.forwardResumably(inputs, spans), start / T, (start + steps) / T);
    paste(hs, columnsOfSteps(states, 0, H), start);
    start += steps;
  }
  return hs;
}
