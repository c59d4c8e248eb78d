// Where the gradient enters a network: ones at some steps of its output, given values, or a loss over a readout.
import { castResumably } from '../core/resumableCopy.js';
import type { Resumable } from '../core/resumable.js';
import { nothing, RowTrace } from '../core/rowTrace.js';
import { sequence } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import { logistic } from '../cells/logistic.js';
import type { Experiment, Loss } from './experiment.js';
import { lengthsOf, spansOf, stackOf } from './layers.js';
import { presenceIn } from './runChunk.js';

/** What a loss says. */
export type NetworkLoss = {
  readonly value: number;
  /** Each step's share of the value [T]; null for `final` with two directions, where a place has no one step. */
  readonly perStep: Float64Array | null;
  /** Gradients of the readout: weight [O,D·H], bias [O], as PyTorch's linear layer has them. */
  readonly readout: { readonly weight: Float64Array; readonly bias: Float64Array };
};

/** dhs [B,T,D·H] in float64. */
export type NetworkUpstream = { readonly dhs: Sequence; readonly loss: NetworkLoss | null };

/** A place where something enters: columns from … to − 1 of the output of sequence b at step t. */
type Part = { readonly t: number; readonly from: number; readonly to: number };

/** Chunks with their first step and the last step of each sequence, on the whole time axis. */
function* chunksOf(experiment: Experiment) {
  let start = 0;
  for (const chunk of experiment.chunks) {
    const begin = start;
    const lengths = lengthsOf(experiment, chunk);
    yield { start, ends: lengths.map((length) => begin + length - 1) };
    start += chunk.steps;
  }
}

/** The parts of the output that the last step means, `last`, or each direction's last processed one, `final`. */
function endOf(experiment: Experiment, at: 'last' | 'final', start: number, end: number, N: number): Part[] {
  const [, reverse] = stackOf(experiment).at(-1)!;
  if (at === 'last' || reverse === undefined) return [{ t: end, from: 0, to: N }];
  return [
    { t: end, from: 0, to: N - reverse.H },
    { t: start, from: N - reverse.H, to: N },
  ];
}

/** Whether sequence b has step t. */
const presence = ({ chunks }: Experiment): ((b: number, t: number) => boolean) =>
  presenceIn(chunks.map((chunk) => ({ steps: chunk.steps, ...spansOf(chunk, 'forward') })));

/** The places of a loss for each sequence, in the order of its targets; null where a sequence has no such step. */
function placesOf(experiment: Experiment, at: Loss['at'], N: number): (b: number) => (readonly Part[] | null)[] {
  const {
    shapes: { T },
  } = experiment;
  if (at === 'last' || at === 'final') {
    const last = [...chunksOf(experiment)].at(-1)!;
    return (b) => [endOf(experiment, at, last.start, last.ends[b]!, N)];
  }
  const has = presence(experiment);
  const steps = at === 'every' ? Array.from({ length: T }, (_, t) => t) : at;
  return (b) => steps.map((t) => (has(b, t) ? [{ t, from: 0, to: N }] : null));
}

/**
 * Value and ∂L/∂y at one place, for a loss that is the mean over `places` of them:
 * mse Σ(y − target)²/(places·O);
 * binaryCrossEntropy Σ(log(1 + e^y) − target·y)/(places·O), so ∂L/∂y = (σ(y) − target)/(places·O);
 * crossEntropy −log softmax(y)[class]/places, so ∂L/∂y = (softmax(y) − onehot)/places.
 */
function lossAt({ kind, targets }: Loss, y: Float64Array, place: number, places: number, dy: Float64Array): number {
  const O = y.length;
  if (kind === 'crossEntropy') {
    const label = targets[place]!;
    const max = y.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = y.reduce((sum, value) => sum + Math.exp(value - max), 0);
    for (let o = 0; o < O; o++) dy[o] = (Math.exp(y[o]! - max) / total - (o === label ? 1 : 0)) / places;
    return (Math.log(total) + max - y[label]!) / places;
  }
  let value = 0;
  for (let o = 0; o < O; o++) {
    const target = targets[place * O + o]!;
    if (kind === 'mse') {
      const error = y[o]! - target;
      value += (error * error) / (places * O);
      dy[o] = (2 * error) / (places * O);
    } else {
      // log(1 + e^y) without overflow.
      value += (Math.max(y[o]!, 0) + Math.log1p(Math.exp(-Math.abs(y[o]!))) - target * y[o]!) / (places * O);
      dy[o] = (logistic(y[o]!) - target) / (places * O);
    }
  }
  return value;
}

/** The loss over the output [B,T,D·H] of the last layer, with a pause after each sequence. */
function* lossOf(experiment: Experiment, loss: Loss, output: SequenceTrace, dhs: Float64Array): Resumable<NetworkLoss> {
  const {
    dtype,
    shapes: { B, T },
  } = experiment;
  const { N } = output;
  const Why: FloatArray = yield* castResumably(dtype, loss.Why);
  const by: FloatArray = yield* castResumably(dtype, loss.by);
  const O = by.length;
  const placesFor = placesOf(experiment, loss.at, N);
  const all = Array.from({ length: B }, (_, b) => placesFor(b));
  const S = all[0]!.length;
  const counts = (b: number, s: number): boolean =>
    (all[b]![s] ?? null) !== null && (loss.present?.[b * S + s] ?? 1) !== 0;
  let places = 0;
  for (let b = 0; b < B; b++) for (let s = 0; s < S; s++) if (counts(b, s)) places++;
  const perStep = new Float64Array(T);
  const weight = new Float64Array(O * N);
  const bias = new Float64Array(O);
  const [h, y, dy] = [new Float64Array(N), new Float64Array(O), new Float64Array(O)];
  let value = 0;
  for (let b = 0; b < B; b++) {
    for (const [s, parts] of all[b]!.entries()) {
      if (parts === null || !counts(b, s)) continue;
      for (const { t, from, to } of parts)
        h.set(output.data.subarray((b * T + t) * N + from, (b * T + t) * N + to), from);
      y.set(by);
      for (let k = 0; k < N; k++) for (let o = 0; o < O; o++) y[o] = y[o]! + h[k]! * Why[k * O + o]!;
      const share = lossAt(loss, y, b * S + s, places, dy);
      value += share;
      perStep[parts[0]!.t] = perStep[parts[0]!.t]! + share;
      for (let o = 0; o < O; o++) {
        bias[o] = bias[o]! + dy[o]!;
        for (let k = 0; k < N; k++) weight[o * N + k] = weight[o * N + k]! + dy[o]! * h[k]!;
      }
      for (const { t, from, to } of parts)
        for (let k = from; k < to; k++) {
          let sum = 0;
          for (let o = 0; o < O; o++) sum += dy[o]! * Why[k * O + o]!;
          dhs[(b * T + t) * N + k] = dhs[(b * T + t) * N + k]! + sum;
        }
      if (s % 16 === 15) yield b / B;
    }
    yield (b + 1) / B;
  }
  const oneStep = loss.at !== 'final' || stackOf(experiment).at(-1)!.length === 1;
  return { value, perStep: oneStep ? perStep : null, readout: { weight, bias } };
}

/** What enters the output [B,T,N] of the last layer without a loss, not held but for values that are given. */
export function upstreamTrace(experiment: Experiment, N: number): SequenceTrace {
  const {
    shapes: { B, T },
    upstream,
  } = experiment;
  const shape = { B, T, N };
  if (upstream.kind === 'given') return { ...shape, data: upstream.dhs };
  const [ones, none] = [new Float64Array(N).fill(1), new Float64Array(N)];
  const at = (row: (b: number, t: number) => Float64Array): SequenceTrace => ({
    ...shape,
    data: new RowTrace(shape, row, nothing),
  });
  const has = presence(experiment);
  if (upstream.kind === 'every' || upstream.kind === 'step') {
    const enters = (t: number): boolean => upstream.kind === 'every' || upstream.t === t;
    return at((b, t) => (enters(t) && has(b, t) ? ones : none));
  }
  const { kind } = upstream;
  const rows = new Map<number, Float64Array>();
  for (const { start, ends } of chunksOf(experiment)) {
    for (let b = 0; b < B; b++) {
      for (const { t, from, to } of endOf(experiment, kind, start, ends[b]!, N)) {
        const row = rows.get(b * T + t) ?? new Float64Array(N);
        rows.set(b * T + t, row.fill(1, from, to));
      }
    }
  }
  return at((b, t) => rows.get(b * T + t) ?? none);
}

/** What enters the output [B,T,D·H] of the last layer, and the loss. */
export function* networkUpstream(experiment: Experiment, output: SequenceTrace): Resumable<NetworkUpstream> {
  const {
    shapes: { B, T },
    upstream,
    loss,
  } = experiment;
  const { N } = output;
  const dhs = sequence('float64', B, T, N);
  if (loss !== null) return { dhs, loss: yield* lossOf(experiment, loss, output, dhs.data as Float64Array) };
  if (upstream.kind === 'given') return { dhs: { ...dhs, data: upstream.dhs }, loss: null };
  const has = presence(experiment);
  const ones = (b: number, { t, from, to }: Part): void =>
    void dhs.data.fill(1, (b * T + t) * N + from, (b * T + t) * N + to);
  for (let b = 0; b < B; b++) {
    if (upstream.kind === 'last' || upstream.kind === 'final')
      for (const { start, ends } of chunksOf(experiment))
        for (const part of endOf(experiment, upstream.kind, start, ends[b]!, N)) ones(b, part);
    else
      for (let t = 0; t < T; t++)
        if ((upstream.kind === 'every' || upstream.t === t) && has(b, t)) ones(b, { t, from: 0, to: N });
    yield (b + 1) / B;
  }
  return { dhs, loss: null };
}
