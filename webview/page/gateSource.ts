// What several views ask of the gates: one question for all of them, and each is told when there is an answer.
import { Latest } from './model.js';
import { nearestIndex } from './nearest.js';
import { emptyField } from './tablePlan.js';
import { TriedSource } from './triedSource.js';
import { windowRows } from './windowRows.js';
import type { Field } from './tablePlan.js';
import type { Groups } from './groups.js';
import type {
  GateSeries,
  Kept,
  KeptUnits,
  Model,
  RunSummary,
  TimeWindow,
  WhatIfGates,
  WhatIfGatesRequest,
  WhatIfMapRequest,
} from './model.js';

/** Lines of single units, and as many columns of their table. */
export const keptUnits: KeptUnits = 12;

/** The newest answer to a question that more than one view has; of the run before until the next one is there. */
class Shared<Params, Answer> {
  answer: Answer | null = null;
  /** There is none, for lack of room: the log says more. */
  missing = false;
  /** Of which run and which parameters the answer is. */
  #of: { readonly runId: number; readonly params: Params } | null = null;
  #asked = '';
  #askedFor: { readonly runId: number; readonly params: Params } | null = null;
  readonly #model: Model;
  readonly #latest: Latest<{ readonly runId: number; readonly params: Params }, Answer | null>;
  readonly #listeners = new Set<() => void>();

  constructor(model: Model, ask: (params: Params) => Promise<Answer | null>) {
    this.#model = model;
    this.#latest = new Latest(
      ({ params }) => ask(params),
      (answer, of) => {
        // A newer run has its own question.
        if (of.runId !== model.run?.runId) return;
        this.answer = answer;
        this.#of = of;
        this.missing = answer === null;
        if (answer === null) this.#asked = '';
        for (const listener of this.#listeners) listener();
      },
    );
  }

  get older(): boolean {
    return this.answer !== null && this.#of?.runId !== this.#model.run?.runId;
  }

  /** What was asked for last, of the run on screen. */
  get params(): Params | null {
    return this.#askedFor !== null && this.#askedFor.runId === this.#model.run?.runId ? this.#askedFor.params : null;
  }

  /** Whether what is there, or on its way, is of this run and `is` what is wanted. */
  has(is: (params: Params) => boolean): boolean {
    const runId = this.#model.run?.runId;
    return this.#of !== null && this.#of.runId === runId && is(this.#of.params);
  }

  ask(params: Params): void {
    const { run } = this.#model;
    if (run === null) return;
    const key = JSON.stringify([run.runId, params]);
    if (key === this.#asked) return;
    this.#asked = key;
    this.#askedFor = { runId: run.runId, params };
    this.#latest.request({ runId: run.runId, params });
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }
}

type SeriesParams = { readonly window: TimeWindow; readonly maxPoints: number };
type KeptParams = SeriesParams & { readonly sequence: number; readonly maxUnits: KeptUnits };

export class GateSource extends TriedSource<WhatIfGates, WhatIfGatesRequest> {
  readonly series: Shared<SeriesParams, GateSeries>;
  readonly kept: Shared<KeptParams, Kept>;
  /** Of the half-lives, which are the same for every window: a question of their own displaces no other. */
  readonly whole: Shared<KeptParams, Kept>;

  readonly #model: Model;
  #map: WhatIfMapRequest | null = null;

  constructor(model: Model, groups: Groups) {
    super(groups);
    this.#model = model;
    this.series = new Shared(model, (params) => model.slice('gateSeries', params));
    this.kept = new Shared(model, (params) => model.slice('kept', params));
    this.whole = new Shared(model, (params) => model.slice('kept', params));
  }

  /** What a changed run is asked for beside its curves. */
  get wanted(): WhatIfGatesRequest | null {
    const { series, kept, whole } = this;
    const shown = (...views: readonly string[]): boolean => views.some((view) => this.groups.shows(view));
    const ofKept = shown('kept', 'halfLives') ? (kept.params ?? whole.params) : null;
    const map = shown('gateMap') ? this.#map : null;
    const ofMap = map === null ? null : { window: map.window, maxPoints: 2 };
    const params = (shown('gateLines', 'paths') ? series.params : null) ?? ofKept ?? ofMap;
    if (params === null) return null;
    const { window, maxPoints } = params;
    return {
      window,
      maxPoints,
      kept: ofKept === null ? null : { sequence: ofKept.sequence, maxUnits: keptUnits },
      map,
    };
  }

  /** Rows of a table of the gates' series; @throws NotToBeHad by its `rows`. */
  rows(run: RunSummary, cells: (series: GateSeries, t: number) => readonly Field[]): ReturnType<typeof windowRows> {
    const ask = (window: TimeWindow): Promise<GateSeries | null> =>
      this.#model.sliceOf(run, 'gateSeries', { window, maxPoints: window.t1 - window.t0 });
    return windowRows(run, this.series.answer, ask, cells);
  }

  askSeries(window: TimeWindow, maxPoints: number): void {
    this.series.ask({ window, maxPoints });
    this.tellWanted();
  }
  askKept(sequence: number, window: TimeWindow, maxPoints: number): void {
    this.kept.ask({ sequence, window, maxPoints, maxUnits: keptUnits });
    this.tellWanted();
  }

  /** The picture of one gate that is on screen. */
  askMap(map: WhatIfMapRequest): void {
    this.#map = map;
    this.tellWanted();
  }

  askWhole(sequence: number, steps: number): void {
    this.whole.ask({ sequence, window: { t0: 0, t1: steps }, maxPoints: 2, maxUnits: keptUnits });
    this.tellWanted();
  }
}

/** Whether an answer, which leaves steps out where there are many, has this one. */
export const isTold = (steps: Float64Array, t: number): boolean => steps[nearestIndex(steps, t)] === t;

/** A number of what is tried at step t; none where the answer, which the picture is made of, left the step out. */
export function triedField(
  steps: Float64Array,
  values: Float64Array,
  t: number,
  print: (value: number) => Field,
): Field {
  return isTold(steps, t) ? print(values[nearestIndex(steps, t)] ?? NaN) : emptyField;
}

/** Units whose lines are drawn, evenly spaced: as the answer has them. */
export const unitsDrawn = (H: number): readonly number[] => {
  const count = Math.min(H, keptUnits);
  return Array.from({ length: count }, (_, i) => Math.floor((i * H) / count));
};
