// Every message that crosses a thread or the webview's border. One type a message; nothing here runs.
import type {
  Entry,
  SentBytes,
  SentFile,
  FileSurvey,
  GateBlock,
  LayerPlace,
  Link,
  Outline,
  PartRole,
  SequenceOrder,
  StepLabels,
  TrainingNotes,
  WeightBlocks,
} from '../config/read/index.js';
import type { NewConfig, NewSequences, TextChange } from '../config/edit/index.js';
import type { Position, Problem, Range } from '../config/json/index.js';
import type {
  Attribution,
  CellFacts,
  CellName,
  Direction,
  DType,
  Initialisation,
  InputFacts,
  JacobianSeries,
  LayerArrival,
  MatrixFacts,
  NumberFacts,
  GateEigenvalues,
  NextStep,
  OpenedGates,
  OpenedStep,
  Reach,
  Shapes,
  Spectrum,
  Verdict,
  VerdictBounds,
  WhatIf,
  WhMeasures,
} from '../engine/index.js';
import type { None } from './rpc.js';
import type { SequenceFileRequests } from './sequenceMessages.js';
import type { TensorFileRequests } from './tensorMessages.js';

export type { CellFacts, OpenedGates, OpenedStep, StepLabels, TrainingNotes };

/** One number per timestep each, of one layer in one direction, for lines on the shared time axis. */
export type LayerSeries = {
  readonly layer: number;
  readonly direction: Direction;
  /**
   * log10 of norms; -Infinity for an exact zero, NaN where not defined. `parameters`: what each step adds to the
   * gradient of each parameter, by its name.
   */
  readonly log10: {
    readonly dh: Float64Array;
    /** Of cells with more states than h: of c, and of all states as the next step receives them. */
    readonly dc?: Float64Array;
    readonly ds?: Float64Array;
    readonly singleSource: Float64Array;
    readonly parameters: Readonly<Record<string, Float64Array>>;
  };
  /** ‖h_t‖. */
  readonly hNorm: Float64Array;
  /** Share of saturated units in [0,1], or null. */
  readonly saturation: Float64Array | null;
};

/** Numbers of the whole batch at the steps `steps`, ascending, or at all T of them (null). */
export type RunSeries = {
  readonly steps: Float64Array | null;
  /** Of what the whole network sends into its inputs, as the log10 of a layer. */
  readonly log10: { readonly dx: Float64Array };
  readonly layers: readonly [LayerSeries, ...LayerSeries[]];
};

/** A layer of a network in one direction, as it is offered to look at. */
export type LayerChoice = {
  readonly layer: number;
  readonly direction: Direction;
  readonly H: number;
  readonly kind: Verdict['kind'];
  /** What is left of its own gradient after one step back; null where it has no one rate. */
  readonly perStepFactor: number | null;
};

/** What a summary says of the network that its layer belongs to. */
export type NetworkSummary = {
  /** From the input up; of two directions first `forward`. */
  readonly layers: readonly LayerChoice[];
  /** Which of them everything else of the summary is about. */
  readonly shown: number;
  /** Numbers of a timestep that enter the network; those of the layer are `shapes.I`. */
  readonly inputs: number;
  readonly verdict: Pick<Verdict, 'kind' | 'reason' | 'perStepFactor' | 'log10Ratio'>;
  /** As those of the summary, but where the loss enters the network; what enters a layer comes from the layer above. */
  readonly lossSteps: RunSummary['lossSteps'];
  readonly lossCount: number;
  /** Steps of the shortest and of the longest sequence. */
  readonly lengths: readonly [number, number];
};

/**
 * What the panel shows at once: enough for every line, nothing the size of B·T·H. Of a very long run the page gets the
 * steps that tell most, see `seriesDownsampling.ts`. Every t in it is in the order in which the layer that is shown
 * computes; the page tells positions in the sequence (`webview/page/stepLabels.ts`). The verdict's reason is in
 * positions.
 */
export type RunSummary = RunSeries & {
  readonly runId: number;
  /** Null for a network of one layer in one direction, all of whose sequences are as long as each other. */
  readonly network: NetworkSummary | null;
  readonly name: string;
  readonly cell: CellFacts;
  readonly dtype: DType;
  readonly shapes: Shapes;
  readonly chunkStarts: readonly number[];
  /** What flows in from above, in words: `last`, `every`, `given`, `mse at last`, … */
  readonly upstream: string;
  /**
   * Runs of steps at which something of it enters, both ends included, ascending; in a report of a very long run with
   * thousands of them those that hold a step of `steps`.
   */
  readonly lossSteps: readonly (readonly [from: number, to: number])[];
  /** How many steps those are; in a report of a very long run also where it has not room for all of them. */
  readonly lossCount: number;
  /** Milliseconds of arithmetic, reading not included. */
  readonly elapsedMs: number;
  readonly verdict: Verdict;
  /**
   * The step before which less than 1 % of the gradient from the last step arrives: by the one rate, or measured where
   * that would mislead. Null when all of it arrives.
   */
  readonly onePercentAt: number | null;
  readonly lossValue: number | null;
  readonly clipFactor: number | null;
  readonly clipNorm: number | null;
  readonly truncate: number | null;
  /** What the script that trains the weights says beside them; null where it says nothing. */
  readonly training: TrainingNotes | null;
  /** What the sequences' file calls their steps, in the order of the input; null where it does not. */
  readonly labels: StepLabels | null;
  /**
   * log10 of the smallest positive (subnormal) and the largest number of the dtype: where plain arithmetic loses the
   * gradient.
   */
  readonly dtypeRange: { readonly log10Smallest: number; readonly log10Largest: number };
};

/**
 * Arrives after the summary, because it takes longer; again and again while it grows (`fraction` below 1, what is not
 * known yet NaN, null or empty). Of a wide network it ends with the leading exponents, `lyapunovKnown` of them; the
 * rest is an `ExponentsRequest`. Of batch item 0. `jacobianSigmaMax` of a very long run is empty for the page: it comes
 * with the other series.
 */
export type SpectrumSummary = Spectrum & { readonly runId: number; readonly fraction: number };

/**
 * All exponents and the product of all Jacobians, where the spectrum has only the leading ones. They are computed while
 * somebody asks, and rest in between: ask again while `fraction` is below 1.
 */
export type ExponentsRequest = { readonly runId: number };
export type Exponents = Unfinished &
  Pick<
    Spectrum,
    'lyapunov' | 'lyapunovKnown' | 'lyapunovSumError' | 'lyapunovError' | 'lyapunovBlock' | 'logProductSigmaMax'
  >;

/** Steps t0 ≤ t < t1. */
export type TimeWindow = { readonly t0: number; readonly t1: number };

/** The series of a very long run in a window: every step of up to 8192, else those that tell most. */
export type SeriesRequest = { readonly runId: number; readonly window: TimeWindow };
export type SeriesAnswer = RunSeries & {
  readonly window: TimeWindow;
  readonly steps: Float64Array;
  /** NaN where it is not computed. */ readonly jacobianSigmaMax: Float64Array;
};

/**
 * A T×H picture of one sequence, decimated to at most `maxColumns`×`maxRows`: each cell shows the value of largest
 * magnitude it covers.
 */
export type HeatmapRequest = {
  readonly runId: number;
  /** `c`: the second state of a cell that has one; `gate`: the values of one gate of a cell of several. */
  readonly tensor: 'hs' | 'dh' | 'z' | 'c' | 'gate';
  /** Which gate, by its name. */
  readonly gate?: string;
  readonly order?: UnitOrder;
  readonly sequence: number;
  readonly window: TimeWindow;
  readonly maxColumns: number;
  readonly maxRows: number;
};
/**
 * How the rows of a heatmap are sorted: as they are, units that do the same side by side, or the most saturated first.
 */
export type UnitOrder = 'index' | 'similarity' | 'saturation';
export type Heatmap = {
  readonly window: TimeWindow;
  readonly columns: number;
  readonly rows: number;
  /** Unit of each of the H rows, before decimation; null when they are in their own order. */
  readonly order: Uint32Array | null;
  /**
   * [rows,columns], unit 0 (or the first of `order`) first. `hs`, `z`: h or z over `limit`. `dh`: sign(g)·(1 +
   * (log10|g| − log10Max)/decades) clamped at 0: ±1 is the largest gradient of the run, 0 is `decades` below it. What
   * is not finite stays as it is.
   */
  readonly values: Float32Array;
  /** Largest finite |value| of `hs` or `z` over the sequence: the end of the colour scale. */
  readonly limit: number;
  /**
   * 98 of 100 numbers of the sequence are no larger than this: where the scale of `z` ends, so that a few large ones do
   * not leave the others dark.
   */
  readonly usual: number;
  /** For `dh` only. */
  readonly log10Max: number;
  readonly decades: number;
  /**
   * Of the window, before decimation: the largest finite |value| (`dh`: its log10, −∞ when all are exactly 0), NaN when
   * none is finite, and how many are not.
   */
  readonly peak: number;
  readonly notFinite: number;
};

/** Lines of single units of hs; min/max-decimated to about `maxPoints` when the window is longer. */
export type UnitLinesRequest = {
  readonly runId: number;
  readonly sequence: number;
  readonly units: readonly number[];
  readonly window: TimeWindow;
  readonly maxPoints: number;
};
export type UnitLines = { readonly t: Float64Array; readonly values: readonly Float64Array[] };

/** log10 ‖g_t‖ of sequences `first` … `first+count−1`, each min/max-decimated like unit lines. */
export type SequenceLinesRequest = {
  readonly runId: number;
  readonly first: number;
  readonly count: number;
  readonly window: TimeWindow;
  readonly maxPoints: number;
};
export type SequenceLines = { readonly t: Float64Array; readonly values: readonly Float64Array[] };

/** One step of a sequence: its exact numbers for the cursor's side panel and the tables, or all that it computes. */
export type StepRequest = { readonly runId: number; readonly t: number; readonly sequence: number };
export type StepValues = {
  readonly t: number;
  /** [H] each: h_t, mantissas of g_t and the power of ten they share, so g = g·10^gLog10. */
  readonly h: Float64Array;
  readonly g: Float64Array;
  readonly gLog10: number;
};

/**
 * The same of the steps from ≤ t < to, as many of them as are known: all but in a report of a large run. `z`, `c` or a
 * gate stands in the place of h where it is asked for.
 */
export type StepsRequest = {
  readonly runId: number;
  readonly sequence: number;
  readonly tensor: 'hs' | 'z' | 'c' | 'gate';
  readonly gate?: string;
  readonly from: number;
  readonly to: number;
};
/** `t` and `gLog10` [n], `h` and `g` [n,H]. */
export type StepsBlock = {
  readonly t: Float64Array;
  readonly h: Float64Array;
  readonly g: Float64Array;
  readonly gLog10: Float64Array;
};

/** Part of an analysis that goes on in the worker: `fraction` 1 when it is complete. Ask again for more. */
export type Unfinished = { readonly fraction: number };

/**
 * Singular values over time of one sequence, at all its steps or at some: of the whole run, or (with `window`) of the
 * steps in it, which a newer window ends.
 */
export type JacobianRequest = { readonly runId: number; readonly sequence: number; readonly window?: TimeWindow };
export type Jacobians = Unfinished & JacobianSeries & { readonly sequence: number };

/**
 * Which loss makes which gradient, decimated to at most `maxColumns`×`maxRows`: each cell shows the largest value it
 * covers.
 */
export type AttributionRequest = {
  readonly runId: number;
  readonly window: TimeWindow;
  readonly maxColumns: number;
  readonly maxRows: number;
};
export type AttributionPicture = Unfinished & {
  readonly window: TimeWindow;
  readonly columns: number;
  readonly rows: number;
  /** Whether losses at steps before t reach it too, in the order in which the layer computes. */
  readonly bothSides: boolean;
  /** First and last source step of each row, latest first; only sources that can reach the window. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /**
   * [rows,columns]: 1 + (log10 norm − log10Max)/decades clamped at 0, 0 also where nothing arrives; NaN where not
   * computed yet.
   */
  readonly values: Float32Array;
  readonly log10Max: number;
  readonly decades: number;
  /** First and last step of every source of the whole run, ascending, and how many steps the largest holds. */
  readonly sourceFrom: Float64Array;
  readonly sourceTo: Float64Array;
  readonly largestGroup: number;
  /** The steps that have a row of their own, ascending: all T, or evenly spaced ones. */
  readonly rowSteps: Float64Array;
  /** Why it was not computed; null when it was. */
  readonly leftOut: Attribution['leftOut'];
};
/**
 * What makes g_t, source by source (those at t or later, all where they come from both sides), log10 of norms; `t` is
 * the nearest step that was computed.
 */
export type AttributionRowRequest = { readonly runId: number; readonly t: number };
export type AttributionRow = Unfinished & {
  readonly t: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly log10: Float64Array;
  readonly bothSides: boolean;
  /**
   * Of a stack: what each of these sources sends to all steps of each layer's direction together; empty for a single
   * layer in one direction.
   */
  readonly layers: readonly LayerArrival[];
};

/** Rows from ≤ row < to of all that are computed: what every source of the run makes of g at their steps `t`. */
export type AttributionRowsRequest = { readonly runId: number; readonly from: number; readonly to: number };
/** `log10` [n, sources]: −Infinity for a source that cannot reach t. */
export type AttributionRows = Unfinished & { readonly t: Float64Array; readonly log10: Float64Array };

/** dWh by the distance between a loss and the step that it reaches; of gated cells every parameter and gate. */
export type GateEigenvaluesRequest = { readonly runId: number };
/** Of the blocks of Wh of a cell of several gates, gate by gate; none of weights that are too large or not finite. */
export type GateEigenvaluesAnswer = Unfinished & { readonly gates: readonly GateEigenvalues[] };

export type ReachRequest = { readonly runId: number };
export type ReachValues = Unfinished & Reach & { readonly steps: number };

/** A parameter of the cell by its name. */
export type WeightName = string;
/** A picture of a weight tensor and its gradient, decimated like a heatmap. */
export type WeightsRequest = {
  readonly runId: number;
  readonly tensor: WeightName;
  readonly maxRows: number;
  readonly maxColumns: number;
};
export type Histogram = {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
  /** Values that are not finite and so in no bin. */ readonly notFinite: number;
};
export type WeightsPicture = {
  /** Of the tensor itself; a bias is [1,H]. */
  readonly shape: readonly [rows: number, columns: number];
  readonly rows: number;
  readonly columns: number;
  /** [rows,columns] each, over `limit` and `gradientLimit`; what is not finite stays as it is. */
  readonly values: Float32Array;
  readonly gradients: Float32Array;
  /** Largest finite |value| and |gradient| of all tensors: the end of one scale for all. */
  readonly limit: number;
  readonly gradientLimit: number;
  /** Frobenius norms of this tensor and its gradient. */
  readonly norm: number;
  readonly gradientNorm: number;
  readonly valueHistogram: Histogram;
  readonly gradientHistogram: Histogram;
};
/** Exact numbers of the cells from ≤ i < to, row-major. */
export type WeightCellsRequest = {
  readonly runId: number;
  readonly tensor: WeightName;
  readonly from: number;
  readonly to: number;
};
export type WeightCells = { readonly values: Float64Array; readonly gradients: Float64Array };

/** One number of the weights, row and column as in the row-vector convention. */
export type WeightPlace = { readonly tensor: WeightName; readonly row: number; readonly column: number };

/** How often each value of h occurs at each step: shares of the units, of one sequence or of all (null). */
export type ActivationsRequest = {
  readonly runId: number;
  readonly sequence: number | null;
  readonly window: TimeWindow;
  readonly maxColumns: number;
  readonly bins: number;
};
/**
 * Bins of the picture on the page, and so of the one in a report: whoever writes the number is held to it by the
 * compiler.
 */
export type ActivationBins = 28;
export type Activations = {
  readonly window: TimeWindow;
  readonly columns: number;
  readonly bins: number;
  /** h at both ends of the axis. */
  readonly low: number;
  readonly high: number;
  /** [bins,columns], the highest bin first; each column adds up to 1 with its share of values that are not finite. */
  readonly shares: Float32Array;
  readonly notFinite: Float32Array;
};

/** Time × layer: the gradient of the state of every layer in every direction, on the time axis of the layer shown. */
export type NetworkMapRequest = { readonly runId: number; readonly window: TimeWindow; readonly maxColumns: number };
export type NetworkMap = {
  readonly window: TimeWindow;
  readonly columns: number;
  /** log10 ‖ds_t‖ [layers,columns] as the summary orders them, the largest of a column; −∞ where it is exactly 0. */
  readonly values: Float64Array;
  /** log10 of the norm of what each of them sends to the layer below [layers,columns], as `values`. */
  readonly down: Float64Array;
  /** log10 ‖dx_t‖ [columns] of what leaves the network below. */
  readonly dx: Float64Array;
};

/** The gates of a cell that has several, over the batch; and how a step splits the single source over its paths. */
export type GateSeriesRequest = { readonly runId: number; readonly window: TimeWindow; readonly maxPoints: number };
export type GateSeries = {
  readonly t: Float64Array;
  readonly gates: readonly {
    readonly name: string;
    readonly mean: Float64Array;
    /** Shares of units below 0.1 and above 0.9; of a candidate those of |value|. */
    readonly closed: Float64Array;
    readonly open: Float64Array;
  }[];
  /** ln of what each path of the step keeps of the single source; NaN where the source has not come. */
  readonly paths: readonly { readonly name: string; readonly ln: Float64Array }[];
};

/** What the gate that keeps a state lets through from each step to the last: Π f of an LSTM, Π z of a GRU. */
export type KeptRequest = {
  readonly runId: number;
  readonly sequence: number;
  readonly window: TimeWindow;
  readonly maxPoints: number;
  readonly maxUnits: number;
};
/** Lines that the page draws of it, and so as many as a report has: whoever writes the number is held to it. */
export type KeptUnits = 12;
export type Kept = {
  readonly gate: string;
  /** Over how many steps the whole product goes. */
  readonly steps: number;
  readonly t: Float64Array;
  /** Some units, evenly spaced, and log10 of what is kept of each [t]; the median is that of all units. */
  readonly units: readonly number[];
  readonly log10: readonly Float64Array[];
  readonly median: Float64Array;
  /** Steps after which a unit has lost half, at its mean rate [H]; Infinity where nothing is lost, NaN of no steps. */
  readonly halfLives: Float64Array;
};

/** Smallest, median and largest log10 ‖g_t‖ over the batch, min/max-decimated like unit lines. */
export type BandRequest = { readonly runId: number; readonly window: TimeWindow; readonly maxPoints: number };
export type Band = {
  readonly t: Float64Array;
  readonly low: Float64Array;
  readonly median: Float64Array;
  readonly high: Float64Array;
};

/** The run with something changed. `whatIf` null: what is under way is not wanted any more. */
export type WhatIfRequest = {
  readonly runId: number;
  readonly whatIf: WhatIf | null;
  /** Where somebody looks at what the gates do: they are told of the changed run too. */
  readonly gates?: WhatIfGatesRequest;
  /** The same where somebody looks at the map of a network. */
  readonly map?: Omit<NetworkMapRequest, 'runId'>;
};
export type WhatIfGatesRequest = {
  readonly window: TimeWindow;
  readonly maxPoints: number;
  /** Of which sequence what the gate keeps is wanted, if it is. */
  readonly kept: { readonly sequence: number; readonly maxUnits: number } | null;
  /** Which picture of one gate is wanted, if it is. */
  readonly map: WhatIfMapRequest | null;
};
/** `order`: the unit of each row, as the picture of the run has them; null: in their own order. */
export type WhatIfMapRequest = Pick<HeatmapRequest, 'sequence' | 'window' | 'maxColumns' | 'maxRows'> & {
  readonly gate: string;
  readonly order: readonly number[] | null;
};
/** `kept` and `map` are null where they were not asked for, or would hold up the picture. */
export type WhatIfGates = {
  readonly series: GateSeries;
  readonly kept: Kept | null;
  readonly map: { readonly gate: string; readonly sequence: number; readonly picture: Heatmap } | null;
};
/** `layers`: what becomes of each layer's own gradient, as the summary orders them. */
export type WhatIfNetworkMap = {
  readonly picture: NetworkMap;
  readonly layers: readonly Pick<Verdict, 'kind' | 'perStepFactor'>[];
};
export type { WhatIf };
export type WhatIfAnswer =
  | {
      readonly kind: 'run';
      /** Whose curve it is, counted with its directions: where the layer that is looked at is dropped, one below. */
      readonly layer: number;
      /** Of that layer; of the whole network where all of its layers are changed. */
      readonly verdict: Verdict;
      readonly ofNetwork: boolean;
      /** Of the layer whose curve it is, also where the other one is that of the network. */
      readonly layerVerdict: Verdict;
      readonly T: number;
      /** log10 of norms at `steps`, or at all T (null). */
      readonly steps: Float64Array | null;
      readonly log10: { readonly dh: Float64Array; readonly singleSource: Float64Array };
      /** Of each gate's block of the changed Wh: of the layer that is looked at where that is changed. */
      readonly measures: readonly WhMeasures[];
      readonly lossValue: number | null;
      readonly clipFactor: number | null;
      /** Of the layer that is looked at, where they were asked for and it has some. */
      readonly gates: WhatIfGates | null;
      /** Of a network, where it was asked for and no layer is dropped. */
      readonly map: WhatIfNetworkMap | null;
      readonly elapsedMs: number;
    }
  /** It cannot be done, and why. */
  | { readonly kind: 'refused'; readonly message: string };

/** The next thing to try of the layer that is looked at. Looking for it gives way to everything else. */
export type AdviceRequest = { readonly runId: number };
/** `onePercentSteps`: null also where no one rate leads to what arrives. */
export type NextEffect = Pick<Verdict, 'kind' | 'perStepFactor' | 'log10Ratio' | 'onePercentSteps'>;
export type Advice = {
  readonly step: NextStep;
  /** What it makes of the verdict: it is run. Null where a second run would take so long that it is in the way. */
  readonly effect: NextEffect | null;
};

/** A run that is gone (a newer one replaced it) answers slices with null. */
export type SliceRequests = {
  /** Null also when a newer question ended this one. */
  whatIf: { params: WhatIfRequest; result: WhatIfAnswer | null };
  /** Null where there is nothing to try. */
  advice: { params: AdviceRequest; result: Advice | null };
  series: { params: SeriesRequest; result: SeriesAnswer | null };
  jacobians: { params: JacobianRequest; result: Jacobians | null };
  attribution: { params: AttributionRequest; result: AttributionPicture | null };
  attributionRow: { params: AttributionRowRequest; result: AttributionRow | null };
  attributionRows: { params: AttributionRowsRequest; result: AttributionRows | null };
  reach: { params: ReachRequest; result: ReachValues | null };
  gateEigenvalues: { params: GateEigenvaluesRequest; result: GateEigenvaluesAnswer | null };
  exponents: { params: ExponentsRequest; result: Exponents | null };
  weights: { params: WeightsRequest; result: WeightsPicture | null };
  weightCells: { params: WeightCellsRequest; result: WeightCells | null };
  openedStep: { params: StepRequest; result: OpenedStep | null };
  /** The same of a cell of several gates. */
  gates: { params: StepRequest; result: OpenedGates | null };
  activations: { params: ActivationsRequest; result: Activations | null };
  networkMap: { params: NetworkMapRequest; result: NetworkMap | null };
  gateSeries: { params: GateSeriesRequest; result: GateSeries | null };
  kept: { params: KeptRequest; result: Kept | null };
  band: { params: BandRequest; result: Band | null };
  heatmap: { params: HeatmapRequest; result: Heatmap | null };
  unitLines: { params: UnitLinesRequest; result: UnitLines | null };
  sequenceLines: { params: SequenceLinesRequest; result: SequenceLines | null };
  step: { params: StepRequest; result: StepValues | null };
  steps: { params: StepsRequest; result: StepsBlock | null };
};

/**
 * What stops a question: one Int32 in shared memory, not 0 means stop. Where there is none, a name, which the event
 * `stop` tells. Null: nobody stops it.
 */
export type CancelFlag = SharedArrayBuffer | number | null;

export type RunRequest = {
  readonly runId: number;
  readonly entry: Entry;
  readonly bounds: VerdictBounds;
  /** Which layer of a network is looked at, counted with its directions; null: the one that the verdict names. */
  readonly layer: number | null;
  /** A page shows the run and tells when its picture is on the screen: analyses leave the processors to it so long. */
  readonly awaitsPicture: boolean;
  /** It begins while the next key may still come: nothing is told, and nothing of the run before lost, until `due`. */
  readonly ahead?: boolean;
  readonly cancel: CancelFlag;
};
export type RunOutcome = {
  readonly kind: 'done' | 'refused' | 'cancelled';
  readonly problems: readonly Problem[];
};
/**
 * What a run has read. `files`: each that it read or looked for; an edit of one of them is a reason to run again, while
 * it still computes too.
 */
export type RunReading = {
  readonly runId: number;
  readonly problems: readonly Problem[];
  readonly files: readonly string[];
};
/**
 * `known`: a version of this file that the worker still has; when it is the present one, the bytes stay away.
 * `cancel`: that of the work that asks; a file that is being read then is not read to its end.
 */
export type FileRequest = {
  readonly reference: string;
  readonly from: string | null;
  readonly known?: string;
  readonly cancel?: CancelFlag;
};
export type { FileSurvey };
export type Phase = 'read' | 'run' | 'analyse';
export type Progress = { readonly runId: number; readonly phase: Phase; readonly fraction: number };

/** Sizes of an experiment as far as its files tell them. */
export type KnownShapes = { readonly [K in keyof Shapes]: Shapes[K] | null };

/** A block of numbers of an experiment, wherever it stands. */
export type PartInfo = {
  readonly role: PartRole;
  readonly name: string;
  readonly file: string;
  readonly path: string;
  /** Where its key is (its first character where it has none), and the whole value. */
  readonly key: Range;
  readonly value: Range;
  /** Null for lists that are no regular block. */
  readonly shape: readonly number[] | null;
  /** Stored as PyTorch does: weights [H,I] for column vectors, sequences [T][B][I] step by step. */
  readonly transposed: boolean;
  /** How weights are made up, as the recurrent matrix of their layer tells; null where it does not, and of the rest. */
  readonly blocks: WeightBlocks | null;
  /** Of weights of a network: which layer's they are. */
  readonly layer: LayerPlace | null;
  readonly numbers: NumberFacts | null;
};

/** The blocks of all gates of a matrix anew, or of one; of a tensor that holds both directions in one or in both. */
export type GateInitialisation = {
  readonly kind: 'initialiseGates';
  readonly way: Initialisation;
  readonly seed: number;
  readonly gate: string | null;
  readonly direction: Direction | null;
};
/**
 * What an editor can do to the numbers of a config. `gain` multiplies the fresh numbers. `reference` names the new
 * file. `layers` are counted with directions; null: all.
 */
export type Change =
  | { readonly kind: 'transpose' | 'addBias' | 'addInitialState' | 'moveInline' }
  | { readonly kind: 'rescale'; readonly quantity: 'spectralRadius' | 'sigmaMax'; readonly to: number }
  | { readonly kind: 'initialise'; readonly way: Initialisation; readonly seed: number; readonly gain: number }
  | GateInitialisation
  | { readonly kind: 'forgetBias'; readonly layers: readonly number[] | null }
  | { readonly kind: 'moveToFile'; readonly reference: string }
  /** Weights of a file that is never changed: into a JSON file of this reference, which the config then names. */
  | { readonly kind: 'copyToJson'; readonly reference: string }
  | { readonly kind: 'sequenceOrder'; readonly order: SequenceOrder }
  | { readonly kind: 'sequences'; readonly sequences: NewSequences };
/** A change that makes sense now, for the value at a path of a file. */
export type Offer = {
  readonly kind: Exclude<Change['kind'], 'sequenceOrder' | 'sequences'>;
  readonly file: string;
  readonly path: string;
  readonly name: string;
  readonly square: boolean;
  /** Of a matrix. */
  readonly shape: readonly number[] | null;
  /** Of weights. */
  readonly role: PartRole | null;
  readonly layer: LayerPlace | null;
  /** Of `initialiseGates`. */
  readonly gates: readonly string[];
  readonly key: Range;
  readonly value: Range;
};
export type ChangeRequest = {
  readonly config: string;
  readonly file: string;
  readonly path: string;
  readonly change: Change;
};
export type ChangeOutcome =
  | { readonly ok: true; readonly changes: readonly TextChange[]; readonly newFile: string | null }
  | {
      readonly ok: false;
      readonly message: string;
      /** Reference without extension of the JSON file beside theirs that the weights can be copied into first. */
      readonly copy?: string;
      /** There is no config, and the change needs one. */
      readonly needsConfig?: true;
    };

/** Everything an editor shows of a config and its files before a run. */
export type Inspection = {
  readonly config: string;
  readonly cell: CellFacts | null;
  /** Name of the recurrent matrix whose gates tell the cell, where the config does not. */
  readonly cellFrom: string | null;
  readonly dtype: DType;
  readonly shapes: KnownShapes;
  /** Every file that was read or looked for. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
  readonly parts: readonly PartInfo[];
  readonly links: readonly Link[];
  readonly offers: readonly Offer[];
  /** Of every file that could be read. */
  readonly documents: readonly {
    readonly file: string;
    readonly outline: readonly Outline[];
    readonly matrixLines: readonly { readonly start: number; readonly end: number }[];
  }[];
  /** Weights inside the config that carry comments need a file that takes them. */
  readonly weightsHaveComments: boolean;
};
/** Asks again as long as the text changes: a set flag stops the one before; without one it is answered for nothing. */
export type InspectRequest = { readonly config: string; readonly cancel: CancelFlag };

/** A file to look through. */
export type BytesRequest = { readonly bytes: SentBytes; readonly cancel: CancelFlag };

export type FactsRequest = {
  readonly config: string;
  readonly file: string;
  readonly position: Position;
  readonly cancel: CancelFlag;
};
/** A gate's block of weights, as the file has it; see `gateBlocksOf`. */
export type GateName = Pick<GateBlock, 'gate' | 'direction' | 'bias' | 'lies' | 'from' | 'to'>;
/** Where it stands in the text. */
export type GatePlace = GateName & {
  /** Of its first row, or its first number. */
  readonly start: Position;
  /** All of it; null for columns, which stand apart. */
  readonly range: Range | null;
};
export type GateFacts = GateName & {
  /** Of a block of a bias. */
  readonly mean: number | null;
  /**
   * Means of the gate's biases in this layer, null where it has none. They add up, but for the gate whose state's part
   * is reset with its bias before it is added.
   */
  readonly biases: { readonly input: number | null; readonly state: number | null; readonly addUp: boolean };
  /** Null for a bias, and for a block too large to decompose while somebody waits. */
  readonly matrix: MatrixFacts | null;
};
/** The gates in the weights of a file, between two lines, both included. */
export type GatePlacesRequest = {
  readonly config: string;
  readonly file: string;
  readonly lines: { readonly from: number; readonly to: number };
  readonly cancel: CancelFlag;
};
export type PartGates = { readonly key: Range; readonly gates: readonly GatePlace[] };

/** What takes arithmetic: told of one part when somebody looks at it. */
export type PartFacts = {
  readonly part: PartInfo;
  /** Null for what is no matrix and for one too large to decompose while somebody waits. */
  readonly matrix: MatrixFacts | null;
  /** Of weights that hold several gates: each of them by itself. */
  readonly gates: readonly GateFacts[];
  /** Of sequences. */
  readonly inputs: InputFacts | null;
  /** Of weights in the row-vector convention: inputs or units that nothing flows from, and that nothing flows to. */
  readonly zeros: { readonly from: readonly number[]; readonly to: readonly number[] } | null;
  /** Of a bias or a state: units beyond |x| = 2.09, where tanh' is below 0.06. */
  readonly saturating: number;
  /** The number at the position. */
  readonly element: { readonly indices: readonly number[]; readonly value: number } | null;
};

/** A reference of a config to a file, found without opening the file. */
export type Reference = Omit<Link, 'file' | 'target'>;

/** A cell, how many gates stand side by side in its weights, and what it is in one line. */
export type CellChoice = { readonly cell: CellName; readonly gates: number; readonly detail: string };

/** What the worker answers for the editor, besides runs. */
export type EditorRequests = {
  /** Null when it was cancelled. */
  inspect: { params: InspectRequest; result: Inspection | null };
  /** The part at a position of a file of the config; null when there is none or it was cancelled. */
  facts: { params: FactsRequest; result: PartFacts | null };
  /** Null when it was cancelled. */
  gatePlaces: { params: GatePlacesRequest; result: readonly PartGates[] | null };
  /** The gate whose numbers stand at a position; null when there is none or it was cancelled. */
  gateAt: { params: FactsRequest; result: GateName | null };
  change: { params: ChangeRequest; result: ChangeOutcome };
  /**
   * What makes a what-if come true: changes to the config and to the files that hold the weights. `copyTo`: weights of
   * a file that is never changed go, changed, into a new JSON file of that reference, which the config then names.
   */
  applyWhatIf: {
    params: { readonly entry: Entry; readonly whatIf: WhatIf; readonly copyTo: string | null };
    result: ChangeOutcome;
  };
  /** Null when it was stopped. */
  references: { params: BytesRequest; result: readonly Reference[] | null };
  /** What a new config can choose from, in the order in which it is offered. */
  cells: { params: null; result: readonly CellChoice[] };
  /** The text of a new config. */
  newConfig: { params: NewConfig; result: string };
  /**
   * Where a number of a layer's weights stands in its file; null when it cannot be told, as in broken text. Layers are
   * counted with their directions.
   */
  locateWeight: {
    params: { readonly entry: Entry; readonly place: WeightPlace; readonly layer: number };
    result: { readonly file: string; readonly range: Range } | null;
  };
};

/** How much of a run its record holds: see `makeRecord`. */
export type RecordExtent =
  | { readonly kind: 'everything' | 'rounded' }
  | { readonly kind: 'sequences'; readonly sequences: number }
  | {
      readonly kind: 'pictures';
      readonly steps: number;
      /** How many steps have their norms; null: all. */ readonly norms: number | null;
    };
/** What a report is made of, besides the page itself. */
export type ReportData = {
  /** Packed JSON in UTF-8. */
  readonly record: Uint8Array;
  readonly extent: RecordExtent;
  /** The beginning of the config's text as it was run, and how long all of it is; null for a pair of files. */
  readonly config: { readonly text: string; readonly characters: number } | null;
  /** Every file that the run read, by its id. */
  readonly files: readonly { readonly id: string; readonly bytes: number }[];
};

/** `cancel` ends a check of gradients, which is then answered with null. */
export type ResultTextRequest = {
  readonly runId: number;
  readonly form: 'whole' | 'compact' | 'gradientCheck';
  readonly cancel?: CancelFlag;
};
export type TriedText = { readonly ok: boolean; readonly text: string };

/** What the worker answers and hears. */
export type WorkerContract = {
  requests: SliceRequests &
    EditorRequests &
    TensorFileRequests &
    SequenceFileRequests & {
      /** Resolves when everything, spectrum included, has been sent. */
      run: { params: RunRequest; result: RunOutcome };
      /** Null when it was stopped. */
      survey: { params: BytesRequest & { readonly name?: string }; result: FileSurvey | null };
      /** The whole result as the command line's JSON (schema 2) in UTF-8. */
      resultJson: { params: { readonly runId: number }; result: Uint8Array | null };
      /**
       * The run as plain text: `whole` once its analyses are complete, `compact` for an assistant as soon as there are
       * norms; `gradientCheck` has its gradients beside centred differences. Null when the run was replaced meanwhile.
       */
      resultText: { params: ResultTextRequest; result: string | null };
      /** A what-if beside the run as it is, for an assistant; why it cannot be done where it cannot. */
      triedText: { params: { readonly runId: number; readonly whatIf: WhatIf }; result: TriedText | null };
      /** Null when the run was replaced meanwhile. */
      reportData: { params: { readonly runId: number }; result: ReportData | null };
    };
  /** `stop`: the flag of this name is raised. */
  events: {
    stop: { readonly flag: number };
    /** A run that was begun ahead may be told. */
    due: { readonly runId: number };
    /** The picture of a run is on the screen. */
    painted: { readonly runId: number };
  };
};
/** What the extension host answers and hears from a worker. */
export type WorkerHostContract = {
  requests: { readFile: { params: FileRequest; result: SentFile } };
  events: {
    progress: Progress;
    problems: RunReading;
    summary: RunSummary;
    spectrum: SpectrumSummary;
    /** The question whose flag has this name has had its turn: now it can notice that it is to stop. */
    begun: { readonly flag: number };
    /** A message that the thread could not take, for the log. */
    failed: { readonly message: string };
  };
};

/** A problem as the page lists it. */
export type ProblemLine = {
  readonly index: number;
  readonly severity: Problem['severity'];
  readonly place: string;
  readonly text: string;
  /** Whether it asks in which order the sequences stand, which `answerOrder` answers. */
  readonly asksForOrder?: boolean;
};
export type PanelStatus = {
  /** Name of the config or of the pair of files. */
  readonly title: string;
  /**
   * What the panel shows. The page keeps it in its state under the key `entry`, so that the panel comes back after a
   * window reload.
   */
  readonly entry: Entry;
  readonly running: Progress | null;
  /**
   * The picture on screen is of an older text than the one in the editor: a broken edit, a crash. Null when it is
   * current.
   */
  readonly stale: string | null;
  readonly problems: readonly ProblemLine[];
  /** In a report: how many sequences, from the first, there is more of than norms. */
  readonly recordedSequences?: number;
  /** In a report: false where the norms of single sequences (of many: their band) are there at some steps only. */
  readonly recordedNorms?: boolean;
  /** In a report that holds a sequence in pictures: the steps of which it has the numbers, ascending. */
  readonly recordedSteps?: Readonly<Record<StepsRequest['tensor'], Float64Array>>;
};

/** One result of the experiment since its panel was opened. */
export type HistoryVersion = {
  readonly runId: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Of several layers the one that was looked at, counted with its directions: all that follows is that one's. */
  readonly layer: number | null;
  readonly kind: Verdict['kind'];
  readonly log10Ratio: number | null;
  readonly perStepFactor: number | null;
  /** Largest Lyapunov exponent from Q = I; null when it is not known (yet), or the product of all Jacobians is zero. */
  readonly lambda1: number | null;
  readonly training: TrainingNotes | null;
};
/**
 * Oldest first. `forgotten`: how many older ones were let go. `skipped`: how many writes of the files were seen that no
 * run has shown, because others came before one could begin; there may have been more. `rewrites`: results that show
 * what another program, such as a training script, has written.
 */
export type HistoryList = {
  readonly forgotten: number;
  readonly skipped: number;
  readonly rewrites: number;
  readonly versions: readonly HistoryVersion[];
};
/** log10 of norms of an older result, at the steps `t` or at all T of them. */
export type VersionCurve = {
  readonly T: number;
  readonly t: Float64Array | null;
  readonly dh: Float64Array;
  readonly singleSource: Float64Array;
};

/** Another config whose run lies over that of the panel. It follows edits as the panel's own does. */
export type ComparedRun = {
  readonly config: string;
  readonly name: string;
  readonly running: boolean;
  /** Why there is no run, or that of an older text: where, and what is wrong. */
  readonly problem: string | null;
  readonly run: {
    readonly runId: number;
    readonly cell: CellFacts['name'];
    /** Of a network: the layer that its verdict names, counted with directions as `NetworkSummary.layers`. */
    readonly network: Pick<NetworkSummary, 'layers' | 'shown'> | null;
    readonly kind: Verdict['kind'];
    readonly perStepFactor: number | null;
    readonly log10Ratio: number | null;
    readonly curve: VersionCurve;
  } | null;
};

/** What the page hears and answers. */
export type PageContract = {
  requests: None;
  events: {
    status: PanelStatus;
    summary: RunSummary;
    spectrum: SpectrumSummary;
    /** All of them, whenever one is new. */
    compared: readonly ComparedRun[];
    /** The panel is brought to the front for its keys: the editor may forget to hand the keyboard in. */
    takeFocus: null;
  };
};
/** What the host answers and hears from a page. */
export type PanelContract = {
  requests: SliceRequests & {
    /**
     * Writes a what-if into the config or the files that hold the weights, as one undoable edit. False when that cannot
     * be done; the host has said why.
     */
    applyWhatIf: { params: WhatIf; result: boolean };
    history: { params: null; result: HistoryList };
    /** Null when it was let go. */
    version: { params: { readonly runId: number }; result: VersionCurve | null };
  };
  events: {
    /** The page is listening; everything known is sent (again). */
    ready: null;
    /** The picture of this run is on the screen. */
    painted: { readonly runId: number };
    /**
     * The user asked to see the source text of one number of the weights, row and column as in the row-vector
     * convention.
     */
    /** `focus`: the keyboard goes to the text too. */
    revealWeight: WeightPlace & { readonly focus: boolean };
    /** The user asked to see the place of a problem, or the config itself. */
    revealProblem: { readonly index: number };
    revealConfig: null;
    /** Answers a question in which order the sequences stand: in the config, as one undoable edit. */
    answerOrder: { readonly index: number; readonly order: SequenceOrder };
    rerun: null;
    /** Of a pair of files without a config: to save it as one, or to run its weights on other sequences. */
    saveAsConfig: null;
    chooseSequences: null;
    /** What the sequences of this run are. */
    previewSequences: null;
    /** The user asked to look at another layer of the network, counted with its directions. */
    chooseLayer: { readonly layer: number };
    cancel: null;
    /** The user asked for other configs to compare this run with. */
    compareWith: null;
    /** Runs one of them again, shows its text, or takes it away. */
    compared: { readonly config: string; readonly act: 'rerun' | 'reveal' | 'remove' };
    /** Takes back the last Apply of this panel, or makes it again, with the keys that do so in a text. */
    undo: { readonly redo: boolean };
    /** Saves text that the page made; the host asks where. */
    saveFile: { readonly suggestedName: string; readonly content: string | Uint8Array };
    exportJson: null;
    exportReport: null;
    /** An exception in the page, for the log. */
    failed: { readonly message: string };
  };
};
