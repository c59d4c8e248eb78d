// Analyses that take longer than an answer may: each runs once for a run, as far as it is asked for.
import {
  attribute,
  attributeNetwork,
  gateEigenvalues,
  gateValues,
  jacobianSeries,
  openGates,
  preActivations,
  reachOf,
  stateGradients,
} from '../../engine/index.js';
import type {
  Attribution,
  GateEigenvalues,
  GatesOfSequence,
  GateValues,
  JacobianSeries,
  OpenedGates,
  PreActivations,
  Reach,
  Shapes,
  Spectrum,
  StateGradients,
  Resumable,
  Trace,
  Workspaces,
} from '../../engine/index.js';
import type {
  AttributionPicture,
  AttributionRequest,
  AttributionRow,
  AttributionRowRequest,
  AttributionRows,
  AttributionRowsRequest,
  Exponents,
  GateEigenvaluesAnswer,
  JacobianRequest,
  Jacobians,
  ReachValues,
  TimeWindow,
  StepRequest,
} from '../../protocol/index.js';
import { Cancelled } from '../scheduling/scheduler.js';
import { BackgroundAnalysis, RestingJob } from './backgroundAnalysis.js';
import { binStart, clampWindow } from './decimate.js';
import { stackBehind } from './keptRun.js';
import type { KeptRun } from './keptRun.js';

/** More decades than this below the largest are one colour with zero. */
const mostDecades = 12;
const fewestDecades = 3;

/** Analyses that are complete; the Jacobians are those of the first sequence. */
export type Finished = { readonly attribution: Attribution; readonly reach: Reach; readonly jacobians: JacobianSeries };

export class Analyses {
  readonly #run: KeptRun | null;
  readonly #shapes: Shapes;
  readonly #workspaces: Workspaces | null;
  readonly #check: () => void;
  readonly #jacobians = new Map<number, BackgroundAnalysis<JacobianSeries>>();
  #window: { readonly key: string; readonly job: BackgroundAnalysis<JacobianSeries> } | null = null;
  #attribution: BackgroundAnalysis<Attribution> | null = null;
  #reach: BackgroundAnalysis<Reach> | null = null;
  #gateEigenvalues: BackgroundAnalysis<GateEigenvalues[]> | null = null;
  #exponents: RestingJob<Spectrum> | null = null;
  /** Under way, by their sequences. */
  readonly #gateValues = new Map<number, BackgroundAnalysis<GateValues>>();
  readonly #stateGradients = new Map<number, BackgroundAnalysis<StateGradients>>();
  /** Under way, by their sequences. */
  readonly #preActivations = new Map<number, BackgroundAnalysis<PreActivations>>();

  /**
   * `check` throws Cancelled when the run is not wanted any more. Without a run there are only the analyses that were
   * finished before.
   */
  constructor(
    run: KeptRun | null,
    shapes: Shapes,
    check: () => void,
    finished: Finished | null = null,
    workspaces: Workspaces | null = null,
  ) {
    this.#run = run;
    this.#workspaces = workspaces;
    this.#shapes = shapes;
    this.#check = check;
    if (finished === null) return;
    this.#attribution = BackgroundAnalysis.finished(finished.attribution);
    this.#reach = BackgroundAnalysis.finished(finished.reach);
    this.#jacobians.set(0, BackgroundAnalysis.finished(finished.jacobians));
  }

  /** Everything, complete. @throws Cancelled when a newer run needs the thread */
  async finished(): Promise<Finished> {
    const [attribution, reach, jacobians] = [this.#attributionJob(), this.#reachJob(), this.#jacobiansJob(0)];
    for (const job of [attribution, reach, jacobians]) {
      while (job.fraction < 1) {
        if (job.cancelled) throw new Cancelled();
        await job.more();
      }
    }
    return { attribution: attribution.state, reach: reach.state, jacobians: jacobians.state };
  }

  /** The spectrum that has the leading exponents, and what gives the rest of them when somebody asks. */
  keepSpectrum(spectrum: Spectrum, rest: Resumable<void>): void {
    this.#exponents?.end();
    this.#exponents = new RestingJob(spectrum, rest, this.#check);
  }

  /** Null while there is no spectrum. */
  async exponents(): Promise<Exponents | null> {
    const job = this.#exponents;
    if (job === null) return null;
    try {
      await job.more();
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
    const { lyapunov, lyapunovKnown, lyapunovSumError, lyapunovError, lyapunovBlock, logProductSigmaMax } = job.state;
    const { fraction } = job;
    const own = lyapunov?.slice() ?? null;
    return {
      lyapunov: own,
      lyapunovKnown,
      lyapunovSumError,
      lyapunovError,
      lyapunovBlock,
      logProductSigmaMax,
      fraction,
    };
  }

  /** Completes the spectrum. @throws Cancelled when a newer run needs the thread */
  async allExponents(): Promise<void> {
    while (this.#exponents !== null && this.#exponents.fraction < 1) await this.#exponents.more();
  }

  /** The run is not kept any more. */
  end(): void {
    this.#exponents?.end();
  }

  /** z_t of a sequence, [T,H]; null where a newer run needs the thread. Whoever asks keeps it. */
  async preActivations(sequence: number): Promise<Trace | null> {
    const job = this.#preActivationsJob(sequence);
    try {
      while (job.fraction < 1 && !job.cancelled) await job.more();
    } finally {
      if (this.#preActivations.get(sequence) === job) this.#preActivations.delete(sequence);
    }
    return job.state.values;
  }

  /** The gates of a sequence; null where a newer run needs the thread. Whoever asks keeps them. */
  async gateValues(sequence: number): Promise<GatesOfSequence | null> {
    const { experiment, result } = this.#needed();
    const job = this.#jobOf(this.#gateValues, sequence, () => {
      const { gates, steps } = gateValues(experiment, result, sequence);
      return { state: gates, steps };
    });
    try {
      while (job.fraction < 1 && !job.cancelled) await job.more();
    } finally {
      if (this.#gateValues.get(sequence) === job) this.#gateValues.delete(sequence);
    }
    return job.state.sequence;
  }

  #needed(): KeptRun {
    if (this.#run === null) throw new Error('This analysis was not recorded.');
    return this.#run;
  }

  async jacobians(request: JacobianRequest): Promise<Jacobians> {
    const sequence = Math.min(request.sequence, this.#shapes.B - 1);
    const job =
      request.window === undefined || this.#run === null
        ? this.#jacobiansJob(sequence)
        : this.#windowJob(sequence, clampWindow(request.window, this.#shapes.T));
    await job.more();
    return { ...copyOf(job.state), fraction: job.fraction, sequence };
  }

  async attribution(request: AttributionRequest): Promise<AttributionPicture> {
    const job = this.#attributionJob();
    await job.more();
    return { ...picture(job.state, request, this.#shapes), fraction: job.fraction };
  }

  async attributionRow({ t }: AttributionRowRequest): Promise<AttributionRow> {
    const job = this.#attributionJob();
    if (job.fraction < 1) await job.more();
    const { sources, t: steps, log10, layers = [], bothSides } = job.state;
    const row = nearest(steps, t);
    const at = steps[row] ?? 0;
    const kept = sources.flatMap((source, s) =>
      bothSides || source.to >= at ? [{ ...source, s, log10: log10[row * sources.length + s] ?? NaN }] : [],
    );
    return {
      t: at,
      from: Float64Array.from(kept, ({ from }) => from),
      to: Float64Array.from(kept, ({ to }) => to),
      log10: Float64Array.from(kept, (source) => source.log10),
      bothSides,
      layers: layers.map(({ layer, direction, log10: arrived }) => ({
        layer,
        direction,
        log10: Float64Array.from(kept, ({ s }) => arrived[s] ?? NaN),
      })),
      fraction: job.fraction,
    };
  }

  async attributionRows({ from, to }: AttributionRowsRequest): Promise<AttributionRows> {
    const job = this.#attributionJob();
    if (job.fraction < 1) await job.more();
    const { sources, t, log10, bothSides } = job.state;
    // Where losses come from one side, a group that ends before t cannot reach it.
    const values = log10
      .slice(from * sources.length, to * sources.length)
      .map((value, i) =>
        !bothSides && (sources[i % sources.length]?.to ?? 0) < (t[from + Math.floor(i / sources.length)] ?? 0)
          ? -Infinity
          : value,
      );
    return { t: t.slice(from, to), log10: values, fraction: job.fraction };
  }

  /** A step of a cell of several gates; null where a newer run needs the thread. */
  async openedGates({ t, sequence }: Pick<StepRequest, 't' | 'sequence'>): Promise<OpenedGates | null> {
    const { experiment, result } = this.#needed();
    const item = Math.min(sequence, this.#shapes.B - 1);
    // One sequence at a time is looked at.
    for (const other of this.#stateGradients.keys()) if (other !== item) this.#stateGradients.delete(other);
    const job = this.#jobOf(this.#stateGradients, item, () => {
      const { gradients, steps } = stateGradients(experiment, result, item);
      return { state: gradients, steps };
    });
    while (job.fraction < 1 && !job.cancelled) await job.more();
    if (job.fraction < 1) return null;
    return openGates(experiment, result, job.state, Math.max(0, Math.min(t, this.#shapes.T - 1)), item);
  }

  async gateEigenvalues(): Promise<GateEigenvaluesAnswer> {
    if (this.#gateEigenvalues === null || this.#gateEigenvalues.cancelled) {
      const { found, steps } = gateEigenvalues(this.#needed().experiment);
      this.#gateEigenvalues = new BackgroundAnalysis(found, steps, this.#check);
    }
    const job = this.#gateEigenvalues;
    await job.more();
    return { gates: [...job.state], fraction: job.fraction };
  }

  async reach(): Promise<ReachValues> {
    const job = this.#reachJob();
    await job.more();
    const { share, missing, blocks = [] } = job.state;
    return {
      share: share.slice(),
      missing: missing.slice(),
      blocks: blocks.map((block) => ({ ...block, share: block.share.slice(), missing: block.missing.slice() })),
      steps: this.#shapes.T,
      fraction: job.fraction,
    };
  }

  #jacobiansJob(sequence: number): BackgroundAnalysis<JacobianSeries> {
    return this.#jobOf(this.#jacobians, sequence, ({ experiment, result }) => {
      const { series, steps } = jacobianSeries(experiment, result, sequence, this.#workspaces);
      return { state: series, steps };
    });
  }

  #preActivationsJob(sequence: number): BackgroundAnalysis<PreActivations> {
    return this.#jobOf(this.#preActivations, sequence, ({ experiment, result }) => {
      const { z, steps } = preActivations(experiment, result, sequence, this.#workspaces);
      return { state: z, steps };
    });
  }

  /** The job of a sequence; begun where there is none, or where it was cancelled. */
  #jobOf<State>(
    jobs: Map<number, BackgroundAnalysis<State>>,
    sequence: number,
    begin: (run: KeptRun) => { readonly state: State; readonly steps: Resumable<void> },
  ): BackgroundAnalysis<State> {
    const known = jobs.get(sequence);
    if (known?.cancelled === false) return known;
    const { state, steps } = begin(this.#needed());
    const job = new BackgroundAnalysis(state, steps, this.#check);
    jobs.set(sequence, job);
    return job;
  }

  /** One at a time: whoever looks elsewhere has no use for the window before. */
  #windowJob(sequence: number, window: TimeWindow): BackgroundAnalysis<JacobianSeries> {
    const key = `${sequence} ${window.t0} ${window.t1}`;
    if (this.#window?.key === key && !this.#window.job.cancelled) return this.#window.job;
    const { experiment, result } = this.#needed();
    const { series, steps } = jacobianSeries(experiment, result, sequence, this.#workspaces, window);
    const own = {
      key,
      job: new BackgroundAnalysis(series, steps, () => {
        if (this.#window !== own) throw new Cancelled();
        this.#check();
      }),
    };
    this.#window = own;
    return own.job;
  }

  #reachJob(): BackgroundAnalysis<Reach> {
    if (this.#reach === null || this.#reach.cancelled) {
      const { experiment, result } = this.#needed();
      const { reach, steps } = reachOf(experiment, result, this.#workspaces);
      this.#reach = new BackgroundAnalysis(reach, steps, this.#check);
    }
    return this.#reach;
  }

  #attributionJob(): BackgroundAnalysis<Attribution> {
    if (this.#attribution === null || this.#attribution.cancelled) {
      const run = this.#needed();
      const stack = stackBehind(run);
      const { attribution, steps } =
        stack === null
          ? attribute(run.experiment, run.result, this.#workspaces)
          : attributeNetwork(stack.run, stack.index, this.#workspaces);
      this.#attribution = new BackgroundAnalysis(attribution, steps, this.#check);
    }
    return this.#attribution;
  }
}

/** Arrays of an answer move to whoever asked; the analysis goes on with its own. */
const copyOf = <State extends Readonly<Record<string, Float64Array>>>(state: State): State =>
  Object.fromEntries(Object.entries(state).map(([name, values]) => [name, values.slice()])) as State;

/** Index of the value nearest to `wanted` in an ascending list. */
function nearest(values: Float64Array, wanted: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - (values[low - 1] ?? 0) <= (values[low] ?? 0) - wanted ? low - 1 : low;
}

function picture(
  { sources, t: steps, log10, bothSides, leftOut }: Attribution,
  request: AttributionRequest,
  { T }: Shapes,
): Omit<AttributionPicture, 'fraction'> {
  const window = clampWindow(request.window, T);
  const span = window.t1 - window.t0;
  const reaching = sources
    .map((source, s) => ({ ...source, s }))
    .filter(({ to }) => bothSides || to >= window.t0)
    .reverse();
  const rows = Math.min(reaching.length, Math.max(1, request.maxRows));
  const columns = Math.min(span, Math.max(1, request.maxColumns), Math.max(1, Math.ceil((steps.length * span) / T)));
  let [log10Max, log10Min] = [-Infinity, Infinity];
  for (const value of log10) {
    if (!Number.isFinite(value)) continue;
    if (value > log10Max) log10Max = value;
    if (value < log10Min) log10Min = value;
  }
  const decades = Math.min(mostDecades, Math.max(fewestDecades, Math.ceil(log10Max - log10Min + 0.5)));
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [start, end] = [binStart(window.t0, span, columns, column), binStart(window.t0, span, columns, column + 1)];
      let [best, known] = [-Infinity, false];
      for (let i = nearest(steps, start); i === nearest(steps, start) || (steps[i] ?? Infinity) < end; i++) {
        for (let r = binStart(0, reaching.length, rows, row); r < binStart(0, reaching.length, rows, row + 1); r++) {
          const value = log10[i * sources.length + (reaching[r]?.s ?? 0)] ?? NaN;
          if (Number.isNaN(value)) continue;
          known = true;
          if (value > best) best = value;
        }
      }
      values[row * columns + column] = known
        ? best === -Infinity
          ? 0
          : Math.max(0, 1 + (best - log10Max) / decades)
        : NaN;
    }
  }
  const first = (row: number): number => binStart(0, reaching.length, rows, row);
  return {
    window,
    columns,
    rows,
    bothSides,
    values,
    log10Max,
    decades,
    from: Float64Array.from({ length: rows }, (_, row) => reaching[first(row + 1) - 1]?.from ?? 0),
    to: Float64Array.from({ length: rows }, (_, row) => reaching[first(row)]?.to ?? 0),
    sourceFrom: Float64Array.from(sources, ({ from }) => from),
    sourceTo: Float64Array.from(sources, ({ to }) => to),
    largestGroup: sources.reduce((most, { from, to }) => Math.max(most, to - from + 1), 0),
    rowSteps: steps.slice(),
    leftOut,
  };
}
