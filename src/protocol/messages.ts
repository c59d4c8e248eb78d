// Every message that crosses a thread or the webview's border. One type a message; nothing here runs.
import type { FileKind } from '../config/classify.js';
import type { Entry, FileContent } from '../config/files.js';
import type { Problem } from '../config/problem.js';
import type { Cell, DType, Shapes, Verdict, VerdictBounds } from '../engine/types.js';
import type { None } from './rpc.js';

/** One number per timestep, drawn as a line on the shared time axis. */
export type LogSeries = 'dh' | 'dx' | 'dWx' | 'dWh' | 'db' | 'singleSource';

/** What the panel shows at once: enough for every line, nothing the size of B·T·H. */
export type RunSummary = {
  readonly runId: number;
  readonly name: string;
  readonly cell: Cell;
  readonly dtype: DType;
  readonly shapes: Shapes;
  readonly chunkStarts: readonly number[];
  /** What flows in from above, in words: `last`, `every`, `given`, `mse at last`, … */
  readonly upstream: string;
  /** Milliseconds of arithmetic, reading not included. */
  readonly elapsedMs: number;
  readonly verdict: Verdict;
  /** log10 of norms, each [T]; -Infinity for an exact zero, NaN where not defined. */
  readonly log10: Readonly<Record<LogSeries, Float64Array>>;
  /** ‖h_t‖ [T]. */
  readonly hNorm: Float64Array;
  /** Share of saturated units [T] in [0,1], or null. */
  readonly saturation: Float64Array | null;
  readonly lossValue: number | null;
  readonly clipFactor: number | null;
  readonly truncate: number | null;
  /** log10 of the smallest positive (subnormal) and the largest number of the dtype: where plain arithmetic loses the gradient. */
  readonly dtypeRange: { readonly log10Smallest: number; readonly log10Largest: number };
};

/** Arrives after the summary, because it takes longer. Of batch item 0. */
export type SpectrumSummary = {
  readonly runId: number;
  readonly spectralRadiusWh: number;
  readonly sigmaMaxWh: number;
  readonly eigenvaluesWh: readonly (readonly [number, number])[];
  readonly jacobianSigmaMax: Float64Array;
  readonly lyapunov: Float64Array | null;
  readonly lyapunovSumError: number | null;
  readonly logProductSigmaMax: number;
};

/** Steps t0 ≤ t < t1. */
export type TimeWindow = { readonly t0: number; readonly t1: number };

/** A T×H picture of one sequence, decimated to at most `maxColumns`×`maxRows`: each cell shows the value of largest magnitude it covers. */
export type HeatmapRequest = { readonly runId: number; readonly tensor: 'hs' | 'dh'; readonly sequence: number; readonly window: TimeWindow; readonly maxColumns: number; readonly maxRows: number };
export type Heatmap = {
  readonly window: TimeWindow;
  readonly columns: number;
  readonly rows: number;
  /** [rows,columns], unit 0 first. `hs`: h itself. `dh`: sign(g)·(1 + (log10|g| − log10Max)/decades) clamped at 0: ±1 is the largest gradient of the run, 0 is `decades` below it. */
  readonly values: Float32Array;
  /** Largest |value| of `hs` over the sequence: the end of the colour scale. */
  readonly limit: number;
  /** For `dh` only. */
  readonly log10Max: number;
  readonly decades: number;
};

/** Lines of single units of hs; min/max-decimated to about `maxPoints` when the window is longer. */
export type UnitLinesRequest = { readonly runId: number; readonly sequence: number; readonly units: readonly number[]; readonly window: TimeWindow; readonly maxPoints: number };
export type UnitLines = { readonly t: Float64Array; readonly values: readonly Float32Array[] };

/** log10 ‖g_t‖ of sequences `first` … `first+count−1`, each min/max-decimated like unit lines. */
export type SequenceLinesRequest = { readonly runId: number; readonly first: number; readonly count: number; readonly window: TimeWindow; readonly maxPoints: number };
export type SequenceLines = { readonly t: Float64Array; readonly values: readonly Float64Array[] };

/** Exact numbers of one step for the cursor's side panel and the tables. */
export type StepRequest = { readonly runId: number; readonly t: number; readonly sequence: number };
export type StepValues = {
  readonly t: number;
  /** [H] each: h_t, mantissas of g_t and the power of ten they share, so g = g·10^gLog10. */
  readonly h: Float64Array;
  readonly g: Float64Array;
  readonly gLog10: number;
};

/** A run that is gone (a newer one replaced it) answers slices with null. */
export type SliceRequests = {
  heatmap: { params: HeatmapRequest; result: Heatmap | null };
  unitLines: { params: UnitLinesRequest; result: UnitLines | null };
  sequenceLines: { params: SequenceLinesRequest; result: SequenceLines | null };
  step: { params: StepRequest; result: StepValues | null };
};

export type RunRequest = {
  readonly runId: number;
  readonly entry: Entry;
  readonly bounds: VerdictBounds;
  /** One Int32 in shared memory: not 0 means stop. */
  readonly cancel: SharedArrayBuffer;
};
export type RunOutcome = {
  readonly kind: 'done' | 'refused' | 'cancelled';
  readonly problems: readonly Problem[];
  /** Every file that the run read or looked for: an edit of one of them is a reason to run again. */
  readonly files: readonly string[];
};
export type FileRequest = { readonly reference: string; readonly from: string | null };
export type { FileKind };
export type Phase = 'read' | 'run' | 'analyse';
export type Progress = { readonly runId: number; readonly phase: Phase; readonly fraction: number };

/** What the worker answers and hears. */
export type WorkerContract = {
  requests: SliceRequests & {
    /** Resolves when everything, spectrum included, has been sent. */
    run: { params: RunRequest; result: RunOutcome };
    classify: { params: { readonly bytes: Uint8Array }; result: FileKind };
    /** The whole result as the command line's JSON (schema 1) in UTF-8. */
    resultJson: { params: { readonly runId: number }; result: Uint8Array | null };
  };
  events: None;
};
/** What the extension host answers and hears from a worker. */
export type WorkerHostContract = {
  requests: { readFile: { params: FileRequest; result: FileContent } };
  events: { progress: Progress; problems: { readonly runId: number; readonly problems: readonly Problem[] }; summary: RunSummary; spectrum: SpectrumSummary };
};

/** A problem as the page lists it. */
export type ProblemLine = { readonly index: number; readonly severity: 'error' | 'warning'; readonly place: string; readonly text: string };
export type PanelStatus = {
  /** Name of the config or of the pair of files. */
  readonly title: string;
  /** What the panel shows. The page keeps it in its state under the key `entry`, so that the panel comes back after a window reload. */
  readonly entry: Entry;
  readonly running: Progress | null;
  /** The picture on screen is of an older text than the one in the editor: a broken edit, a crash. Null when it is current. */
  readonly stale: string | null;
  readonly problems: readonly ProblemLine[];
};

/** What the page hears and answers. */
export type PageContract = {
  requests: None;
  events: { status: PanelStatus; summary: RunSummary; spectrum: SpectrumSummary };
};
/** What the host answers and hears from a page. */
export type PanelContract = {
  requests: SliceRequests;
  events: {
    /** The page is listening; everything known is sent (again). */
    ready: null;
    /** The user asked to see the place of a problem, or the config itself. */
    revealProblem: { readonly index: number };
    revealConfig: null;
    rerun: null;
    cancel: null;
    /** Saves text that the page made; the host asks where. */
    saveFile: { readonly suggestedName: string; readonly content: string | Uint8Array };
    exportJson: null;
    /** An exception in the page, for the log. */
    failed: { readonly message: string };
  };
};
