// What the host has told: the status, the run on screen and its spectrum; and the way to ask for slices of that run.
import { inReport } from './inReport.js';
import { refined } from './refinedSeries.js';
import { errorMessage } from '../../src/protocol/index.js';
import type {
  Exponents,
  PanelStatus,
  RunSummary,
  SeriesAnswer,
  SliceRequests,
  SpectrumSummary,
  TimeWindow,
} from '../../src/protocol/index.js';

export type {
  ActivationBins,
  Activations,
  Advice,
  AttributionPicture,
  AttributionRow,
  Band,
  CellFacts,
  Exponents,
  GateSeries,
  Heatmap,
  HeatmapRequest,
  Histogram,
  Jacobians,
  Kept,
  KeptUnits,
  LayerChoice,
  NetworkMap,
  NetworkSummary,
  NextEffect,
  OpenedGates,
  OpenedStep,
  PanelStatus,
  GateEigenvaluesAnswer,
  WhatIfGates,
  WhatIfGatesRequest,
  WhatIfMapRequest,
  WhatIfNetworkMap,
  WhatIfRequest,
  ReachValues,
  RunSeries,
  RunSummary,
  SeriesAnswer,
  SpectrumSummary,
  StepsRequest,
  StepValues,
  TimeWindow,
  UnitOrder,
  WeightName,
  WeightsPicture,
} from '../../src/protocol/index.js';
/** Whether the cell has several gates side by side: no single Wh, z or f stands for it then. */
export const isGated = ({ cell }: RunSummary): boolean => cell.gates.length > 1;

export type Shapes = RunSummary['shapes'];

/** `series`: the same run, known finer where it is looked at. */
export type ModelChange = 'status' | 'run' | 'spectrum' | 'series';
type Slices = {
  [K in keyof SliceRequests]: (
    params: Omit<SliceRequests[K]['params'], 'runId'>,
  ) => Promise<SliceRequests[K]['result']>;
};
export type AskSlice = <K extends keyof SliceRequests>(
  name: K,
  params: SliceRequests[K]['params'],
) => Promise<SliceRequests[K]['result']>;

/** Steps on either side of the cursor that are known one by one. */
const reach = 2048;

/**
 * Numbers of a run that cannot be had: a newer run replaced it, or the host could not answer, which is logged by then.
 */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad';
  /** `detail`: what the host said. */
  constructor(
    readonly why: 'replaced' | 'unanswered',
    readonly detail = '',
  ) {
    super(why);
  }
}

/** Null when the numbers cannot be had. */
export async function unlessGone<R>(work: Promise<R>): Promise<R | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotToBeHad) return null;
    throw error;
  }
}

export class Model {
  status: PanelStatus | null = null;
  run: RunSummary | null = null;
  spectrum: SpectrumSummary | null = null;
  /** Hidden dimension of the run that the spectrum is of. */
  spectrumUnits = 0;
  /** How far the exponents are that come only while somebody looks; 1 where none are missing. */
  restFraction = 1;
  /** The run as it was told, and what is known finer: around the cursor, and in the window. */
  #overview: RunSummary | null = null;
  #around: SeriesAnswer | null = null;
  #inView: SeriesAnswer | null = null;
  readonly #latestAround = new Latest(
    (window: TimeWindow) => this.slice('series', { window }),
    (answer) => {
      if (answer !== null) this.#refine(answer, this.#inView);
    },
  );
  readonly #latestInView = new Latest(
    (window: TimeWindow) => this.slice('series', { window }),
    (answer) => {
      if (answer !== null) this.#refine(this.#around, answer);
    },
  );
  readonly #listeners = new Set<(change: ModelChange) => void>();
  /** Shows a change, when everybody has heard of it: also those that came after the first picture. */
  onShow: (change: ModelChange) => void = () => undefined;
  readonly #ask: AskSlice;
  readonly #failed: (error: unknown) => void;

  constructor(ask: AskSlice, failed: (error: unknown) => void) {
    this.#ask = ask;
    this.#failed = failed;
  }

  /** The spectrum is of the run before the one on screen. */
  get spectrumIsOlder(): boolean {
    return this.spectrum !== null && this.run !== null && this.spectrum.runId !== this.run.runId;
  }

  /** Resolves when the spectrum is that of the run on screen, or nothing will make it so. */
  async ownSpectrum(): Promise<void> {
    while (this.spectrumIsOlder && (this.status?.running ?? null) !== null)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  onChange(listener: (change: ModelChange) => void): void {
    this.#listeners.add(listener);
  }

  setStatus(status: PanelStatus): void {
    this.status = status;
    this.#tell('status');
  }

  setRun(run: RunSummary): void {
    this.run = this.#overview = run;
    this.#around = this.#inView = null;
    // The side keeps the older spectrum on screen until the new one is there; it says of which run it is.
    this.#tell('run');
  }

  setSpectrum(spectrum: SpectrumSummary): void {
    if (this.run !== null && spectrum.runId < this.run.runId) return;
    this.spectrum = spectrum;
    this.restFraction =
      spectrum.lyapunovKnown < (this.run === null ? 0 : this.run.shapes.H * this.run.cell.states.length) ? 0 : 1;
    if (this.run?.runId === spectrum.runId) this.spectrumUnits = this.run.shapes.H * this.run.cell.states.length;
    // What is around the cursor may not have had its singular values yet.
    if (spectrum.fraction === 1 && this.#around !== null) this.#latestAround.request(this.#around.window);
    this.#tell('spectrum');
  }

  /** What has come of the exponents since the spectrum was told. */
  setExponents({ fraction, ...exponents }: Exponents): void {
    if (this.spectrum === null || this.spectrumIsOlder) return;
    this.spectrum = { ...this.spectrum, ...exponents };
    this.restFraction = fraction;
    this.#tell('spectrum');
  }

  /** Exponents of a wide network that come only while somebody looks. */
  get exponentsMissing(): boolean {
    const { spectrum } = this;
    return spectrum !== null && spectrum.fraction === 1 && this.restFraction < 1;
  }

  /**
   * A slice of the run on screen; null when there is none, when it was replaced meanwhile, or when the host could not
   * answer (then it is logged).
   */
  slice<K extends keyof SliceRequests>(
    name: K,
    params: Parameters<Slices[K]>[0],
  ): Promise<SliceRequests[K]['result'] | null> {
    return unlessGone(this.analysis(name, params));
  }

  /**
   * The same of an analysis, which is worth a second try: null when there is no run or it was replaced meanwhile.
   * @throws NotToBeHad when the host could not answer, which is logged
   */
  async analysis<K extends keyof SliceRequests>(
    name: K,
    params: Parameters<Slices[K]>[0],
  ): Promise<SliceRequests[K]['result'] | null> {
    const runId = this.run?.runId;
    if (runId === undefined) return null;
    try {
      const result = await this.#ask(name, { ...params, runId });
      return this.run?.runId === runId ? result : null;
    } catch (error) {
      this.#failed(error);
      if (this.run?.runId !== runId) return null;
      throw new NotToBeHad('unanswered', errorMessage(error));
    }
  }

  /** A slice of one run and no other. Null only in a report, of what was not recorded. @throws NotToBeHad */
  async sliceOf<K extends keyof SliceRequests>(
    { runId }: RunSummary,
    name: K,
    params: Parameters<Slices[K]>[0],
  ): Promise<SliceRequests[K]['result']> {
    const result = await this.#ask(name, { ...params, runId }).catch((error: unknown) => {
      this.#failed(error);
      throw new NotToBeHad('unanswered');
    });
    if (this.run?.runId !== runId || (result === null && !inReport)) throw new NotToBeHad('replaced');
    return result;
  }

  /** Somebody looks at these steps: of a very long run they are asked for. */
  look(window: TimeWindow, cursor: number): void {
    const { run } = this;
    if ((run?.steps ?? null) === null || run === null) return;
    const { T } = run.shapes;
    if (this.#around === null || cursor < this.#around.window.t0 || cursor >= this.#around.window.t1)
      this.#latestAround.request({ t0: Math.max(0, cursor - reach), t1: Math.min(T, cursor + reach) });
    if (window.t1 - window.t0 === T) {
      if (this.#inView !== null) this.#refine(this.#around, null);
    } else if (this.#inView?.window.t0 !== window.t0 || this.#inView.window.t1 !== window.t1)
      this.#latestInView.request(window);
  }

  /**
   * σ_max of the Jacobians around the cursor; NaN where it is not known yet. `steps`: those that the values are of,
   * null: every one from 0.
   */
  get sigmaMax(): { readonly steps: Float64Array | null; readonly values: Float64Array } {
    if (this.run?.steps === null)
      return { steps: null, values: this.spectrum?.jacobianSigmaMax ?? new Float64Array(0) };
    return {
      steps: this.#around?.steps ?? new Float64Array(0),
      values: this.#around?.jacobianSigmaMax ?? new Float64Array(0),
    };
  }

  #refine(around: SeriesAnswer | null, inView: SeriesAnswer | null): void {
    [this.#around, this.#inView] = [around, inView];
    if (this.#overview === null) return;
    this.run = refined(
      this.#overview,
      [around, inView].filter((part) => part !== null),
    );
    this.#tell('series');
  }

  #tell(change: ModelChange): void {
    for (const listener of this.#listeners) listener(change);
    this.onShow(change);
  }
}

/** Why there is no answer, and how to ask again. */
export type Failure = { readonly detail: string; readonly retry: () => void };

/** One question at a time: while one is under way only the newest of the later ones is kept, and it is asked next. */
export class Latest<P, R> {
  readonly #ask: (params: P) => Promise<R>;
  readonly #show: (result: R, params: P) => void;
  readonly #failed: () => void;
  #busy = false;
  #next: { readonly params: P } | null = null;
  #failure: Failure | null = null;

  /** `failed` is called when `ask` found that the numbers cannot be had. */
  constructor(
    ask: (params: P) => Promise<R>,
    show: (result: R, params: P) => void,
    failed: () => void = () => undefined,
  ) {
    this.#ask = ask;
    this.#show = show;
    this.#failed = failed;
  }

  /** Stands until there is an answer, or until it is forgotten. */
  get failure(): Failure | null {
    return this.#failure;
  }

  forget(): void {
    this.#failure = null;
  }

  /** Whether an answer is still to come. */
  get busy(): boolean {
    return this.#busy;
  }

  request(params: P): void {
    this.#next = { params };
    if (!this.#busy) void this.#work();
  }

  /** The answer was not complete: asks the same again, unless something newer is wanted. */
  again(params: P): void {
    this.#next ??= { params };
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#next !== null) {
        const { params } = this.#next;
        this.#next = null;
        const result = await this.#answer(params);
        if (result === undefined) continue;
        if (result !== null) this.#failure = null;
        this.#show(result, params);
      }
    } finally {
      this.#busy = false;
    }
    if (this.#failure !== null) this.#failed();
  }

  /** Undefined when there is none to be had. */
  async #answer(params: P): Promise<R | undefined> {
    try {
      return await this.#ask(params);
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error;
      this.#failure = { detail: error.detail, retry: () => this.request(params) };
      return undefined;
    }
  }
}
