// The two ways back of a stack in one direction: in the run's dtype, and beyond the range of any. Each goes down from
// layer to layer and knows nothing of the other, so they go side by side where a thread is free.
import type { ByState } from '../cells/cell.js';
import { mapStates } from '../cells/cell.js';
import { finish, part, withLooks } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { addResumably } from '../core/resumableCopy.js';
import type { Sequence } from '../core/tensor.js';
import { scaledPart } from '../network/chunks.js';
import { DescendingSource } from '../network/descendingSource.js';
import type { Experiment, LayerExperiment } from '../network/experiment.js';
import { layerExperiment } from '../network/layers.js';
import type { Pass } from '../network/referencePass.js';
import type { RunChunk } from '../network/runChunk.js';
import type { SentDown } from '../network/scaledBackward.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import type { Elsewhere, Kernels } from '../wasm/instance.js';
import { askElsewhere, doTask } from './layerTasks.js';
import type { AnalysisTask, LayerAnalysis } from './layerTasks.js';
import type { RunResult } from './result.js';
import { concludeRun, passOf } from './run.js';

/** A stack that has gone forward. */
export type GoneForward = {
  readonly experiment: Experiment;
  /** Of each layer what enters it from below, the network's inputs first. */
  readonly inputs: readonly Sequence[];
  /** Of each layer, where it runs forward in time alone. */
  readonly states: readonly ByState<Sequence>[];
  /** What enters the last layer from above. */
  readonly dhs: Sequence;
};

/** Of each layer in each direction its run, and what goes down from the first: as it is, and beyond any range. */
export type GoneBack = {
  readonly layers: readonly { readonly experiment: LayerExperiment; readonly result: RunResult }[];
  readonly dxs: Float64Array;
  readonly scaled: SentDown;
  /** The network's single source behind the first layer; null with two directions. */
  readonly descending: DescendingSource | null;
};

/** Sequences of a batch from which on two threads that share its rows are nearly twice as fast as one. */
const manyRows = 8;

/** With what enters it beyond the range of any dtype, where that is known. */
const enteredBy = (experiment: LayerExperiment, above: LayerAnalysis | undefined): LayerExperiment =>
  above === undefined ? experiment : { ...experiment, scaledUpstream: above.sent };

/** The analyses of all layers from the top down, by another thread as long as one is free. */
class Analyses {
  readonly found: (LayerAnalysis | undefined)[] = [];
  /** Of each layer, as soon as it is known what enters it. */
  readonly experiments: (LayerExperiment | undefined)[] = [];
  readonly #states: GoneForward['states'];
  readonly #given: Kernels;
  #asked: Elsewhere | null = null;
  /** The layer that is asked for, or will be. */
  #next: number;
  #mayAsk = true;

  constructor(states: GoneForward['states'], given: Kernels) {
    this.#states = states;
    this.#given = given;
    this.#next = states.length - 1;
  }

  get isUnderWay(): boolean {
    return this.#asked !== null;
  }

  /** What has not been asked for is done here, by threads that share the rows of each call. */
  askNoMore(): void {
    this.#mayAsk = false;
  }

  /** Takes what has been answered, and asks for what can be asked. */
  advance(): void {
    if (this.#asked?.isAnswered() === true) this.#take(finish(this.#asked.answer));
    if (this.#asked === null) this.#ask();
  }

  /** Goes through other work of the run meanwhile. */
  meanwhile<R>(steps: Resumable<R>): Resumable<R> {
    return withLooks(steps, () => {
      this.advance();
    });
  }

  /** That of a layer whose layers above have theirs. */
  *of(layer: number): Resumable<LayerAnalysis> {
    if (this.#asked !== null && this.#next === layer) this.#take(yield* part(this.#asked.answer, 0, 0));
    const task = this.#taskOf(layer);
    if (task === null) throw new Error('It is not known what enters this layer.');
    const found = (this.found[layer] ??= yield* doTask(task, this.#given));
    if (this.#asked === null) {
      this.#next = layer - 1;
      this.#ask();
    }
    return found;
  }

  end(): void {
    this.#asked?.end();
  }

  #ask(): void {
    if (!this.#mayAsk) return;
    const task = this.#taskOf(this.#next);
    if (task !== null && this.found[this.#next] === undefined) this.#asked = askElsewhere(task, this.#given);
  }

  /** Null where the other thread could not do it; then it is not asked again. */
  #take(answer: unknown): void {
    this.#asked = null;
    if (answer === null) this.askNoMore();
    else this.found[this.#next--] = answer as LayerAnalysis;
  }

  /** Null as long as it is not known what enters the layer. */
  #taskOf(layer: number): AnalysisTask | null {
    const [experiment, above, states] = [this.experiments[layer], this.found[layer + 1], this.#states[layer]];
    const isTop = layer === this.#states.length - 1;
    if (experiment === undefined || states === undefined || (above === undefined && !isTop)) return null;
    return {
      kind: 'analysis',
      experiment: enteredBy(experiment, above),
      states: mapStates(states, ({ data }) => data),
      source: above?.source ?? new DescendingSource().place,
    };
  }
}

/** All layers of a stack that runs forward in time alone; null where no thread is free to go one of the two ways. */
export function* backSideBySide(
  { experiment, inputs, states, dhs }: GoneForward,
  bounds: VerdictBounds,
  given: Kernels,
): Resumable<GoneBack | null> {
  const analyses = new Analyses(states, given);
  const { experiments } = analyses;
  const passes: Pass[] = [];
  const L = states.length;
  const share = (done: number): number => done / (2 * L);
  let above = dhs;
  try {
    for (let l = L - 1; l >= 0; l--) {
      const [from, to] = [share(L - 1 - l), share(L - l)];
      const input = inputs[l]!;
      const own = yield* layerExperiment(experiment, experiment.layers[l]!, input, { dhs: above, scaled: null });
      experiments[l] = own;
      analyses.advance();
      if (l === L - 1 && !analyses.isUnderWay) return null;
      const pass = yield* part(analyses.meanwhile(passOf(own, given)), from, to);
      passes[l] = pass;
      const dxs = new Float64Array(pass.dxs.data.length);
      yield* part(addResumably(pass.dxs.data, dxs), to, to);
      above = { ...input, data: dxs };
    }
    const layers: GoneBack['layers'][number][] = [];
    // Nothing else is left to do meanwhile, and threads that share so many rows wait less than one for the other.
    if (experiment.shapes.B >= manyRows) analyses.askNoMore();
    for (let l = L - 1; l >= 0; l--) {
      const [from, to] = [share(2 * L - 1 - l), share(2 * L - l)];
      const { analysis } = yield* part(analyses.of(l), from, from);
      const own = enteredBy(experiments[l]!, analyses.found[l + 1]);
      const pass = { ...passes[l]!, chunks: passes[l]!.chunks.map((chunk) => beyondRange(own, chunk)) };
      const result = yield* part(analyses.meanwhile(concludeRun(own, bounds, given, pass, analysis)), from, to);
      layers.unshift({ experiment: own, result });
      analyses.found.length = l + 1;
    }
    const { sent, source } = analyses.found[0]!;
    return { layers, dxs: above.data as Float64Array, scaled: sent, descending: new DescendingSource(source) };
  } finally {
    analyses.end();
  }
}

/** A chunk with what enters it beyond the range of any dtype, where that is known. */
function beyondRange(experiment: LayerExperiment, chunk: RunChunk): RunChunk {
  const scaledDhs = scaledPart(experiment, chunk);
  return scaledDhs === null ? chunk : { ...chunk, scaledDhs };
}
