// The run on screen with something changed: from the experiment in memory, nothing is read and only norms are kept.
import { t } from '@vscode/l10n';
import {
  asLayer,
  cellOf,
  changed,
  checkGradients,
  chosenLayers,
  dropSpare,
  gateValues,
  isOutOfMemory,
  leadsThere,
  measureRecurrent,
  productsOf,
  recurrentOf,
  release,
  runExperiment,
  whatIfObstacle,
} from '../../engine/index.js';
import type {
  AnyNetworkRun,
  Experiment,
  GradientCheck,
  Kernels,
  NextStep,
  Recurrent,
  Resumable,
  VerdictBounds,
  WhatIf,
} from '../../engine/index.js';
import type {
  NextEffect,
  WhatIfAnswer,
  WhatIfGates,
  WhatIfGatesRequest,
  WhatIfMapRequest,
  WhatIfNetworkMap,
  WhatIfRequest,
} from '../../protocol/index.js';
import { unlessEnded } from '../scheduling/afterMessages.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';
import type { Place } from '../scheduling/scheduler.js';
import { SerialQueue } from '../scheduling/serialQueue.js';
import { gateSeries, keepGateValues, keptByGate, networkMap } from './gateSlices.js';
import { isGated } from './keptRun.js';
import type { KeptRun } from './keptRun.js';
import { curveForPage } from './seriesDownsampling.js';
import { heatmap } from './slices.js';

/** A matrix that the user tries, with what was measured of it: moving a slider asks for it many times in turn. */
type Known = Recurrent & { readonly key: string };

/** The memory of the last what-if is kept so long for the next one, ms. */
const keptFor = 2000;

/** What is asked about: a network, and which of its layers is looked at, counted with its directions. */
export type Subject = { readonly experiment: Experiment; readonly shown: number };

/** What else is told of the changed run: what its gates do, and its map. */
type Wanted = { readonly [Part in 'gates' | 'map']?: WhatIfRequest[Part] | undefined };

/** A run of more products forward, most of a second, is not run a second time unasked. */
const mostTried = 1e9;

/** What a question is answered with that another has ended. */
export const ended = Symbol('ended');

/** The what-ifs of one finished run. A newer question ends the one before, which is then answered with null. */
export class WhatIfs {
  readonly #subject: Subject;
  readonly #bounds: VerdictBounds;
  readonly #kernels: Kernels | null;
  readonly #limit: number;
  readonly #check: () => void;
  #turn = 0;
  readonly #queue = new SerialQueue();
  /** By the number of the layer. */
  readonly #recurrents = new Map<number, Known>();
  #idle: NodeJS.Timeout | undefined;

  /**
   * `limit`: bytes that may be held at once, see `runWithin`; `check` throws Cancelled when the run is not wanted any
   * more.
   */
  constructor(subject: Subject, bounds: VerdictBounds, kernels: Kernels | null, check: () => void, limit = Infinity) {
    this.#subject = subject;
    this.#bounds = bounds;
    this.#kernels = kernels;
    this.#limit = limit;
    this.#check = check;
  }

  /** Ends the question that is under way. */
  stop(): void {
    this.#turn++;
  }

  async ask(whatIf: WhatIf, wanted: Wanted = {}): Promise<WhatIfAnswer | null> {
    this.#turn++;
    const answer = await this.#inTurn((check) => this.#run(whatIf, wanted, check, 'inFront'));
    if (answer === ended) return null;
    return answer === 'noMemory'
      ? { kind: 'refused', message: t('There is not enough memory to try this beside the run itself.') }
      : answer;
  }

  /**
   * The next thing to try of the run, for which short runs are made. It gives way to everything, ends no question, and
   * any question ends it. Null also where there is no memory to look for it.
   */
  async nextStep(find: () => Resumable<NextStep | null>): Promise<NextStep | null | typeof ended> {
    const found = await this.#inTurn((check) => drive(find(), check, () => undefined, 'behind'));
    return found === 'noMemory' ? null : found;
  }

  /** What that makes of the verdict, in the same way. Null where a second run takes too long or too much memory. */
  async effectOf({ whatIf }: NextStep): Promise<NextEffect | null | typeof ended> {
    const { experiment, shown } = this.#subject;
    if (productsOf(experiment) > mostTried) return null;
    const layers = experiment.layers.length > 1 ? shown : null;
    const answer = await this.#inTurn((check) => this.#run({ ...whatIf, layers }, {}, check, 'behind'));
    if (answer === ended) return ended;
    if (answer === 'noMemory' || answer.kind !== 'run') return null;
    const { kind, perStepFactor, log10Ratio, onePercentSteps } = answer.verdict;
    return { kind, perStepFactor, log10Ratio, onePercentSteps: leadsThere(answer.verdict) ? onePercentSteps : null };
  }

  /**
   * The gradients of the run as it is beside centred differences. It gives way to everything, too, and ends when
   * nobody waits for it any more.
   */
  checkGradients(isGivenUp: () => boolean): Promise<GradientCheck | null | typeof ended | 'noMemory'> {
    const { experiment } = this.#subject;
    return this.#inTurn((check) => {
      const wanted = (): void => {
        if (isGivenUp()) throw new Cancelled();
        check();
      };
      wanted();
      return drive(checkGradients(this.#limit, experiment, this.#kernels), wanted, () => undefined, 'behind');
    });
  }

  async #inTurn<Answer>(work: (check: () => void) => Promise<Answer>): Promise<Answer | typeof ended | 'noMemory'> {
    const turn = this.#turn;
    const check = (): void => {
      if (turn !== this.#turn) throw new Cancelled();
      this.#check();
    };
    try {
      // The kernels have one memory: the question before has to be out of it.
      return await this.#queue.add(() => {
        check();
        return work(check);
      });
    } catch (error) {
      dropSpare();
      if (error instanceof Cancelled) return ended;
      if (isOutOfMemory(error)) return 'noMemory';
      throw error;
    }
  }

  async #run(whatIf: WhatIf, wanted: Wanted, check: () => void, place: Place): Promise<WhatIfAnswer> {
    const started = performance.now();
    const { experiment, shown } = this.#subject;
    const obstacle = whatIfObstacle(experiment, whatIf);
    if (obstacle !== null) return { kind: 'refused', message: obstacle };
    const chosen = chosenLayers(whatIf, experiment.layers.length);
    const told = chosen.includes(shown) ? shown : (chosen[0] ?? shown);
    const recurrents = new Map<number, Recurrent>();
    for (const layer of chosen)
      recurrents.set(layer, await this.#recurrentFor(layer, layer === told, whatIf, check, place));
    const other = await drive(changed(experiment, whatIf, recurrents), check, () => undefined, place);
    if (typeof other === 'string') return { kind: 'refused', message: other };
    const run = await drive(
      runExperiment(this.#limit, other.experiment, this.#bounds, this.#kernels),
      check,
      () => undefined,
      place,
    );
    const { layer, result } = layerOf(run, this.#subject);
    const { log10Norms, log10SingleSource } = result.layers[0];
    const ofNetwork = whatIf.layers === 'all' && run.layers.length > 1;
    const gates = wanted.gates === undefined || layer !== shown ? null : await gatesOf(run, layer, wanted.gates, check);
    const map =
      wanted.map === undefined || run.layers.length !== experiment.layers.length ? null : mapOf(run, layer, wanted.map);
    // While a slider moves one run follows the other, and takes its memory.
    if (asLayer(other.experiment) !== null && cellOf(other.experiment.cell).activation !== null) release(result);
    clearTimeout(this.#idle);
    this.#idle = unlessEnded(dropSpare, keptFor);
    return {
      kind: 'run',
      layer,
      verdict: ofNetwork ? run.verdict : result.verdict,
      ofNetwork,
      layerVerdict: result.verdict,
      clipFactor: run.clipFactor,
      gates,
      map,
      lossValue: run.lossValue,
      measures: other.measures.get(told) ?? [],
      T: log10Norms.dh.length,
      ...curveForPage({ dh: log10Norms.dh, singleSource: log10SingleSource }),
      elapsedMs: performance.now() - started,
    };
  }

  /** Wh of a layer; its measures where they are told or needed. */
  async #recurrentFor(
    layer: number,
    isTold: boolean,
    whatIf: WhatIf,
    check: () => void,
    place: Place,
  ): Promise<Recurrent> {
    const { cell: name, layers } = this.#subject.experiment;
    const [cell, spec] = [cellOf(name), layers[layer] ?? layers[0]];
    const key = JSON.stringify(whatIf.initialise);
    const { rescale, whGate } = whatIf;
    const known = this.#recurrents.get(layer);
    const isMeasured = ({ gates }: Known): boolean =>
      rescale === null
        ? gates !== null || !isTold
        : gates?.every(
            (measures, g) => measures[rescale.measure] !== null || (whGate !== null && whGate !== cell.gates[g]),
          ) === true;
    if (known?.key === key && isMeasured(known)) return known;
    const Wh =
      known?.key === key
        ? known.Wh
        : await drive(recurrentOf(cell, spec, layer, whatIf.initialise), check, () => undefined, place);
    const gates =
      rescale === null && !isTold
        ? null
        : await drive(measureRecurrent(cell, Wh, spec.H, whatIf), check, () => undefined, place);
    const recurrent: Known = { key, Wh, gates };
    this.#recurrents.set(layer, recurrent);
    return recurrent;
  }
}

/** What is kept is told as long as it takes no more products than this: about as long as a picture may. */
const mostProducts = 4e7;

/** What the gates of a layer do; null of a cell that has one. */
async function gatesOf(
  run: AnyNetworkRun,
  index: number,
  { window, maxPoints, kept: wanted, map }: WhatIfGatesRequest,
  check: () => void,
): Promise<WhatIfGates | null> {
  const layer = run.layers[index];
  if (layer === undefined || !isGated(layer)) return null;
  const { experiment, result } = layer;
  const { B, T, I, H } = result.shapes;
  const own = { runId: 0, experiment, result };
  const cell = cellOf(experiment.cell);
  const series = gateSeries(own, { runId: 0, window, maxPoints });
  const nothing = { series, kept: null, map: null };
  const of = wanted ?? map;
  if (of === null || T * (I + H) * cell.gates.length * H > mostProducts) return nothing;
  // Both views are of the sequence that is chosen.
  const sequence = Math.min(of.sequence, B - 1);
  const { gates, steps } = gateValues(experiment, result, sequence);
  await drive(steps, check, () => undefined);
  if (gates.sequence === null) return nothing;
  keepGateValues(own, sequence, gates.sequence);
  return {
    series,
    kept:
      wanted === null || cell.keeper === undefined
        ? null
        : keptByGate(own, gates.sequence, { runId: 0, window, maxPoints, ...wanted, sequence }),
    map: map?.sequence === sequence && cell.gates.includes(map.gate) ? gateMapOf(own, map) : null,
  };
}

/** The map of the changed network, on the time axis of a layer. */
function mapOf(run: AnyNetworkRun, index: number, wanted: NonNullable<Wanted['map']>): WhatIfNetworkMap | null {
  const { experiment, result } = run.layers[index] ?? run.layers[0];
  const picture = networkMap({ runId: 0, experiment, result, network: run }, { runId: 0, ...wanted });
  const layers = run.layers.map((layer) => {
    const { kind, perStepFactor } = layer.result.verdict;
    return { kind, perStepFactor };
  });
  return picture === null ? null : { picture, layers };
}

/** One gate of the changed run, its rows in the order that the picture of the run has. */
function gateMapOf(own: KeptRun, { order, ...map }: WhatIfMapRequest): WhatIfGates['map'] {
  const { H } = own.result.shapes;
  const rows = order?.length === H ? Uint32Array.from(order) : null;
  const picture = heatmap(own, { runId: 0, tensor: 'gate', ...map }, undefined, rows);
  return { gate: map.gate, sequence: map.sequence, picture };
}

/** The layer that is looked at; where it was dropped, the same direction of the one below. */
function layerOf(
  { layers }: AnyNetworkRun,
  { experiment, shown }: Subject,
): { readonly layer: number; readonly result: AnyNetworkRun['layers'][number]['result'] } {
  const dropped = experiment.layers.length - layers.length;
  const layer = shown < layers.length ? shown : Math.max(0, shown - dropped);
  return { layer, result: (layers[layer] ?? layers[0]).result };
}
