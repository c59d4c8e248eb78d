// What several views ask of the gates: one question for all of them, and each is told when there is an answer.
import { Latest } from './model.js';
import type { GateSeries, Kept, KeptUnits, Model, TimeWindow } from './model.js';

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
    this.#latest.request({ runId: run.runId, params });
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }
}

type SeriesParams = { readonly window: TimeWindow; readonly maxPoints: number };
type KeptParams = SeriesParams & { readonly sequence: number; readonly maxUnits: KeptUnits };

export class GateSource {
  readonly series: Shared<SeriesParams, GateSeries>;
  readonly kept: Shared<KeptParams, Kept>;
  /** Of the half-lives, which are the same for every window: a question of their own displaces no other. */
  readonly whole: Shared<KeptParams, Kept>;

  constructor(model: Model) {
    this.series = new Shared(model, (params) => model.slice('gateSeries', params));
    this.kept = new Shared(model, (params) => model.slice('kept', params));
    this.whole = new Shared(model, (params) => model.slice('kept', params));
  }

  askSeries(window: TimeWindow, maxPoints: number): void {
    this.series.ask({ window, maxPoints });
  }
  askKept(sequence: number, window: TimeWindow, maxPoints: number): void {
    this.kept.ask({ sequence, window, maxPoints, maxUnits: keptUnits });
  }
  askWhole(sequence: number, steps: number): void {
    this.whole.ask({ sequence, window: { t0: 0, t1: steps }, maxPoints: 2, maxUnits: keptUnits });
  }
}

/** Units whose lines are drawn, evenly spaced: as the answer has them. */
export const unitsDrawn = (H: number): readonly number[] => {
  const count = Math.min(H, keptUnits);
  return Array.from({ length: count }, (_, i) => Math.floor((i * H) / count));
};
