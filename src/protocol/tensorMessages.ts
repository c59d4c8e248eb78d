// What is said of a file of tensors that somebody looks into: between worker, host and the page of the viewer.
import type { Problem } from '../config/json/index.js';
import type { None } from './rpc.js';

/** `told`: why there is no tensor, or what stands there instead; then there is neither type nor shape. */
export type TensorLine = {
  readonly name: string;
  readonly dtype: string | null;
  readonly shape: readonly number[] | null;
  readonly told: string | null;
};

/** A recurrent network of the file. `name`: as `Run RNN` calls it; null where the file holds no other one. */
export type TensorNetwork = { readonly name: string | null; readonly prefix: string; readonly told: string };

/** The sentence of the Problems view, and the lines of Python that mend it, if there are any. */
export type TensorProblem = Pick<Problem, 'file' | 'code'> & {
  readonly text: string;
  readonly python: string | null;
};

export type TensorList = {
  /** Null where the file cannot be read, which the problems say. */
  readonly file: {
    readonly format: string;
    readonly tensors: readonly TensorLine[];
    readonly networks: readonly TensorNetwork[];
    /** Why no run takes one of them, each in a sentence. */
    readonly refused: readonly string[];
  } | null;
  readonly problems: readonly TensorProblem[];
  /** The file itself, and those that lie beside it and hold a part of it. */
  readonly files: readonly string[];
};

/** Tensors are counted as the list of this reading has them; a later reading ends what is asked of the one before. */
export type TensorPlace = { readonly reading: number; readonly index: number };

/** Of all numbers of a tensor. What is not finite counts for nothing but its own count. */
export type TensorFacts = {
  readonly count: number;
  readonly notANumber: number;
  readonly infinite: number;
  readonly zeros: number;
  /** NaN where no number is finite. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The Euclidean norm. */
  readonly norm: number;
  /** Equal bins from `low` to `high`. */
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
};

/** The last axis from left to right, all others from top to bottom. */
export type TensorPictureRequest = TensorPlace & { readonly maxRows: number; readonly maxColumns: number };
export type TensorPicture = {
  readonly shape: readonly [rows: number, columns: number];
  readonly rows: number;
  readonly columns: number;
  /** [rows,columns], each cell the value of largest magnitude that it covers, over `limit`. */
  readonly values: Float32Array;
  /** The largest finite magnitude; 0 where all are zero. */
  readonly limit: number;
};

/** Null: a later reading has ended it. */
export type TensorRequests = {
  tensorFacts: { params: TensorPlace; result: TensorFacts | null };
  tensorPicture: { params: TensorPictureRequest; result: TensorPicture | null };
};

/** What the worker answers besides. Null: a later reading has ended it. */
export type TensorFileRequests = TensorRequests & {
  tensors: { params: { readonly file: string; readonly reading: number }; result: TensorList | null };
};

/** What the page of the viewer hears. */
export type ShownTensors = TensorList & {
  readonly reading: number;
  readonly name: string;
  /** Of the file; null where nobody can tell. */
  readonly bytes: number | null;
};
export type TensorPageContract = { requests: None; events: { tensors: ShownTensors } };

/** What the host answers and hears from that page. */
export type TensorViewContract = {
  requests: TensorRequests;
  events: {
    ready: null;
    run: { readonly network: string | null };
    /** Lines of Python for the clipboard. */
    copyPython: { readonly lines: string };
    failed: { readonly message: string };
  };
};
