// What is said of sequences before anything is run on them: between worker, host and the page of the preview.
import type { SequenceOptions } from '../config/read/index.js';
import type { TensorProblem } from './tensorMessages.js';
import type { None } from './rpc.js';

/** Of the numbers of a column. */
export type Spread = {
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
};

/** `before` and `after`: of the rows that count; `all`: of all rows, after. */
export type ScaledColumn = {
  readonly name: string;
  readonly shift: number;
  readonly by: number;
  readonly before: Spread;
  readonly after: Spread;
  readonly all: Spread;
};

/** A row as it stands in the file, and as it is run. */
export type PreviewRow = {
  readonly label: string | null;
  readonly stored: readonly string[] | null;
  readonly run: readonly number[];
};

export type TableFacts = {
  readonly rows: number;
  /** All that the file has. */
  readonly columns: readonly { readonly name: string; readonly numeric: boolean; readonly chosen: boolean }[];
  readonly normalise: 'none' | 'zScore' | 'minMax';
  /** What is said of inputs that nobody has normalised; null where they look as if somebody had. */
  readonly raw: string | null;
  /** So many rows, from the first one, say by what columns are shifted and divided. */
  readonly first: number;
  /** Of the chosen columns, in their order. */
  readonly scaled: readonly ScaledColumn[];
};

export type TextFacts = {
  readonly unit: 'characters' | 'words';
  readonly tokens: number;
  /** The beginning of the vocabulary, and how many tokens it has. */
  readonly vocabulary: readonly string[];
  readonly size: number;
  /** Of the text itself, because no file says it. */
  readonly made: boolean;
  readonly embedded: boolean;
};

/** Of the first sequence: at which step, what the file calls the row that the target stands in, and its numbers. */
export type PreviewTarget = { readonly step: number; readonly values: readonly number[] | null };
export type TargetFacts = {
  readonly kind: 'mse' | 'crossEntropy' | 'binaryCrossEntropy';
  readonly steps: readonly PreviewTarget[];
  /** Places of all sequences, and those that have a target. */
  readonly places: number;
  readonly present: number;
};

export type SequenceFacts = {
  readonly isConfig: boolean;
  readonly format: string;
  readonly B: number;
  /** Of the longest one, and the shortest. */
  readonly T: number;
  readonly shortest: number;
  readonly I: number;
  readonly chunks: number;
  readonly windows: { readonly size: number; readonly stride: number; readonly left: number } | null;
  /** What the inputs are called, or the first of them. */
  readonly inputs: readonly string[];
  /** The inputs of `rows`. */
  readonly shown: readonly string[];
  readonly rows: readonly PreviewRow[];
  readonly table: TableFacts | null;
  readonly text: TextFacts | null;
  readonly targets: TargetFacts | null;
  readonly arrays: readonly string[];
  readonly array: string | null;
  readonly options: SequenceOptions;
};

export type SequenceList = {
  /** Null where there are none, which the problems say. */
  readonly sequences: SequenceFacts | null;
  readonly problems: readonly TensorProblem[];
  /** What is said of them that is no problem: columns that are left out, the vocabulary. */
  readonly notes: readonly string[];
  readonly files: readonly string[];
};

/** `input`: which one is drawn; `first`: the sequence that the lines begin with. */
export type PreviewLinesRequest = {
  readonly reading: number;
  readonly input: number;
  readonly first: number;
  readonly count: number;
  readonly maxPoints: number;
};

/** Smallest and largest numbers of stretches of steps, in their order, where there are more than can be drawn. */
export type DrawnSteps = { readonly t: Float64Array; readonly values: Float64Array };
export type PreviewLines = {
  /** Each from its own first step on. */
  readonly lines: readonly DrawnSteps[];
  /** What the first and the last step of each are called; null where they have no names. */
  readonly names: readonly (readonly [first: string, last: string])[] | null;
  /** The tokens of each, of a text. */
  readonly texts: readonly string[] | null;
  /** All rows that windows are cut from; null where there are no windows. */
  readonly whole: DrawnSteps | null;
  /** Of all sequences: what an axis has to hold. */
  readonly least: number;
  readonly most: number;
};

export type SequenceFileRequests = {
  /** Null: a later reading has ended it. */
  sequences: {
    params: {
      readonly file: string;
      readonly reading: number;
      readonly options: SequenceOptions;
      readonly array: string | null;
    };
    result: SequenceList | null;
  };
  previewLines: { params: PreviewLinesRequest; result: PreviewLines | null };
};

/** What the user has chosen for a file. */
export type SequenceChoice = { readonly options: SequenceOptions; readonly array: string | null };

/** What the page of the preview hears. */
export type ShownSequences = SequenceList & {
  readonly reading: number;
  /** The choice that this answers, which the user may have changed since. */
  readonly asked: SequenceChoice;
  readonly name: string;
  /** The weights that wait for these sequences, and how many inputs they take; null where none do. */
  readonly weights: { readonly name: string; readonly I: number | null } | null;
};
export type SequencePageContract = { requests: None; events: { sequences: ShownSequences } };

/** What the host answers and hears from that page. */
export type SequenceViewContract = {
  requests: Pick<SequenceFileRequests, 'previewLines'>;
  events: {
    /** The page is listening; what was chosen before its window was loaded again. */
    ready: SequenceChoice | null;
    choose: SequenceChoice;
    /** To run weights on the sequences as they are shown. */
    run: SequenceChoice;
    /** The same with other weights than those that wait for them. */
    otherWeights: SequenceChoice;
    /** To write the waiting weights and the sequences as they are shown down as a config. */
    saveAsConfig: SequenceChoice;
    failed: { readonly message: string };
  };
};
