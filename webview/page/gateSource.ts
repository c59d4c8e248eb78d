// What several views ask of the gates: one question for all of them, and each is told when there is an answer.
import { Latest } from './model.js';
import type { GateSeries, Kept, KeptUnits, Model, TimeWindow } from './model.js';

const keptUnits: KeptUnits = 12;

/** The newest answer to a question that more than one view has. */
class Shared<Params, Answer> {
  answer: Answer | null = null;
  readonly #latest: Latest<Params, Answer | null>;
  readonly #listeners = new Set<() => void>();

  constructor(model: Model, ask: (params: Params) => Promise<Answer | null>) {
    this.#latest = new Latest(ask, (answer) => {
      if (answer === null) return;
      this.answer = answer;
      for (const listener of this.#listeners) listener();
    });
    model.onChange((change) => {
      if (change === 'run') this.#asked = '';
    });
  }

  #asked = '';

  ask(params: Params): void {
    const key = JSON.stringify(params);
    if (key === this.#asked) return;
    this.#asked = key;
    this.#latest.request(params);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }
}

type SeriesParams = { readonly window: TimeWindow; readonly maxPoints: number };
type KeptParams = SeriesParams & { readonly sequence: number; readonly maxUnits: KeptUnits };

export class GateSource {
  readonly #series: Shared<SeriesParams, GateSeries>;
  readonly #kept: Shared<KeptParams, Kept>;

  constructor(model: Model) {
    this.#series = new Shared(model, (params) => model.slice('gateSeries', params));
    this.#kept = new Shared(model, (params) => model.slice('kept', params));
  }

  get series(): GateSeries | null {
    return this.#series.answer;
  }
  get kept(): Kept | null {
    return this.#kept.answer;
  }

  askSeries(window: TimeWindow, maxPoints: number): void {
    this.#series.ask({ window, maxPoints });
  }
  askKept(sequence: number, window: TimeWindow, maxPoints: number): void {
    this.#kept.ask({ sequence, window, maxPoints, maxUnits: keptUnits });
  }

  onSeries(listener: () => void): void {
    this.#series.onChange(listener);
  }
  onKept(listener: () => void): void {
    this.#kept.onChange(listener);
  }
}
