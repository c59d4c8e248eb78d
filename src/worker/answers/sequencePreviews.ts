// The preview's side of the worker: sequences that somebody looks at before anything is run on them.
import type { Problem } from '../../config/json/index.js';
import { previewSequences, tableHead } from '../../config/read/index.js';
import type { FileContent, PreviewedSequences } from '../../config/read/index.js';
import type {
  DrawnSteps,
  FileRequest,
  PreviewRow,
  SequenceFacts,
  SequenceFileRequests,
  PreviewLines,
  PreviewLinesRequest,
  SequenceList,
  Spread,
  TableFacts,
  TargetFacts,
  TextFacts,
} from '../../protocol/index.js';
import { decimate, decimatedSteps } from './decimate.js';
import { toldProblem } from './tensorFiles.js';

/** Rows and inputs of the table of the first rows, names of inputs to choose from, tokens of a vocabulary. */
const [mostRows, mostInputs, mostNames, mostTokens, mostTargets] = [8, 12, 256, 200, 8];
/** Columns of a table, with what was done to each. */
const mostColumns = 256;
/** Tokens of a line of text. */
const longestText = 200;

export class SequencePreviews {
  readonly #readFile: (request: FileRequest) => Promise<FileContent>;
  #reading = 0;
  #shown: PreviewedSequences | null = null;

  constructor(readFile: (request: FileRequest) => Promise<FileContent>) {
    this.#readFile = readFile;
  }

  /** Null when a later reading has begun meanwhile. */
  async open({
    file,
    reading,
    options,
    array,
  }: SequenceFileRequests['sequences']['params']): Promise<SequenceList | null> {
    this.#reading = reading;
    this.#shown = null;
    const files = { read: (reference: string, from: string | null) => this.#readFile({ reference, from }) };
    const preview = await previewSequences(file, { options, array }, files, () => undefined);
    if (this.#reading !== reading) return null;
    this.#shown = preview.sequences;
    const are = (severity: Problem['severity']): Problem[] =>
      preview.problems.filter((problem) => problem.severity === severity);
    return {
      sequences: preview.sequences === null ? null : factsOf(preview.sequences, rawIn(preview.problems)),
      problems: are('error').map(toldProblem),
      notes:
        preview.sequences === null ? [] : are('info').flatMap(({ code, message }) => (code === rawCode ? [] : message)),
      files: preview.files,
    };
  }

  lines({ reading, ...request }: PreviewLinesRequest): PreviewLines | null {
    return this.#reading === reading && this.#shown !== null ? linesOf(this.#shown, request) : null;
  }
}

/** It stands beside the choice that mends it. */
const rawCode = 'not-normalised';
const rawIn = (problems: readonly Problem[]): string | null =>
  problems.find(({ code }) => code === rawCode)?.message ?? null;

/** The numbers of one input of one sequence, over all chunks; NaN behind its end. */
function stepsOf({ read: { chunks, I } }: PreviewedSequences, b: number, input: number): Float64Array {
  const T = chunks.reduce((sum, { steps }) => sum + steps, 0);
  const values = new Float64Array(T).fill(NaN);
  let start = 0;
  for (const { steps, xs, lengths } of chunks) {
    const own = lengths?.[b] ?? steps;
    for (let t = 0; t < own; t++) values[start + t] = xs[(b * steps + t) * I + input] ?? NaN;
    start += steps;
  }
  return values;
}

function drawn(values: Float64Array, maxPoints: number): DrawnSteps {
  const window = { t0: 0, t1: values.length };
  const { t, bins } = decimatedSteps(window, maxPoints);
  const out = new Float64Array(t.length);
  decimate(window, bins, out, (step) => values[step] ?? NaN);
  return { t, values: out };
}

function linesOf(
  shown: PreviewedSequences,
  { input: wanted, first, count, maxPoints }: Omit<PreviewLinesRequest, 'reading'>,
): PreviewLines {
  const { read } = shown;
  const { B, I, source, labels, windows } = read;
  const input = Math.min(wanted, I - 1);
  const from = Math.min(first, B - 1);
  const sequences = Array.from({ length: Math.min(count, B - from) }, (_, i) => from + i);
  const values = sequences.map((b) => stepsOf(shown, b, input));
  let [least, most] = [Infinity, -Infinity];
  for (const { xs } of read.chunks)
    for (let i = input; i < xs.length; i += I) {
      const x = xs[i] ?? 0;
      if (x < least) least = x;
      if (x > most) most = x;
    }
  const T = values[0]?.length ?? 0;
  const nameAt = (b: number, t: number): string => labels?.texts[b * labels.stride + t] ?? '';
  return {
    lines: values.map((own) => drawn(own, maxPoints)),
    names: labels === null ? null : sequences.map((b) => [nameAt(b, 0), nameAt(b, T - 1)] as const),
    texts:
      source?.kind === 'text' && windows !== null
        ? sequences.map((b) =>
            [...source.tokens.ids.subarray(b * windows.stride, b * windows.stride + Math.min(T, longestText))]
              .map((id) => source.tokens.vocabulary.tokens[id] ?? '')
              .join(source.unit === 'words' ? ' ' : ''),
          )
        : null,
    whole:
      source?.kind === 'table' && windows !== null ? drawn(columnOf(source.table.data, input, I), maxPoints) : null,
    least,
    most,
  };
}

const columnOf = (data: Float64Array, column: number, width: number): Float64Array =>
  Float64Array.from({ length: data.length / width }, (_, row) => data[row * width + column] ?? 0);

function factsOf(shown: PreviewedSequences, raw: string | null): SequenceFacts {
  const { read, isConfig, format, loss, arrays, array, options } = shown;
  const { B, T, I, chunks, windows, source, labels } = read;
  const table = source?.kind === 'table' ? tableFacts(shown, raw) : null;
  const text = source?.kind === 'text' ? textFacts(source) : null;
  const names =
    table?.scaled.map(({ name }) => name) ??
    (text !== null && !text.embedded
      ? text.vocabulary
      : Array.from({ length: Math.min(I, mostNames) }, (_, i) => `x${i}`));
  const inputs = names.slice(0, mostNames);
  const shortest = Math.min(...Array.from({ length: B }, (_, b) => lengthOf(chunks, b)));
  return {
    isConfig,
    format,
    B,
    T,
    shortest,
    I,
    chunks: chunks.length,
    windows:
      windows === null
        ? null
        : {
            size: windows.size,
            stride: windows.stride,
            left: windows.rows - ((windows.count - 1) * windows.stride + windows.size),
          },
    inputs,
    shown: inputs.slice(0, mostInputs),
    rows: rowsOf(shown, labels?.texts ?? null),
    table,
    text,
    targets: loss === null ? null : targetFacts(loss, B, lengthOf(chunks, 0)),
    arrays,
    array,
    options,
  };
}

const lengthOf = (chunks: PreviewedSequences['read']['chunks'], b: number): number =>
  chunks.reduce((sum, { steps, lengths }) => sum + (lengths?.[b] ?? steps), 0);

/** Of the first sequence. */
function rowsOf({ read }: PreviewedSequences, labels: readonly string[] | null): PreviewRow[] {
  const { I, source, chunks } = read;
  const [chunk] = chunks;
  if (chunk === undefined) return [];
  const width = Math.min(I, mostInputs);
  const count = Math.min(mostRows, chunk.lengths?.[0] ?? chunk.steps);
  const head = source?.kind === 'table' ? tableHead(source.root, count) : null;
  const places =
    source?.kind === 'table'
      ? source.table.columns.slice(0, width).map((name) => head?.columns.findIndex((one) => one.name === name) ?? -1)
      : null;
  return Array.from({ length: count }, (_, t) => ({
    label: labels?.[t] ?? null,
    stored: places?.map((place) => head?.rows[t]?.[place] ?? '') ?? null,
    run: [...chunk.xs.subarray(t * I, t * I + width)],
  }));
}

function tableFacts({ read: { source } }: PreviewedSequences, raw: string | null): TableFacts | null {
  if (source?.kind !== 'table') return null;
  const { columns, data, scaling, rows } = source.table;
  const head = tableHead(source.root, 1);
  const width = columns.length;
  const first = scaling?.first ?? rows;
  const chosen = new Set(columns);
  return {
    rows,
    columns: (head?.columns ?? [])
      .slice(0, mostColumns)
      .map((column) => ({ ...column, chosen: chosen.has(column.name) })),
    normalise: scaling?.kind ?? 'none',
    raw,
    first,
    scaled: columns.slice(0, mostColumns).map((name, column) => {
      const of = (numbers: Float64Array, count: number): Spread => spreadOf(numbers, column, width, count);
      return {
        name,
        shift: scaling?.scales[column]?.shift ?? 0,
        by: scaling?.scales[column]?.by ?? 1,
        before: of(scaling?.stored ?? data, first),
        after: of(data, first),
        all: of(data, rows),
      };
    }),
  };
}

function spreadOf(data: Float64Array, column: number, width: number, rows: number): Spread {
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    const x = data[row * width + column] ?? 0;
    sum += x;
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  const mean = sum / rows;
  let squares = 0;
  for (let row = 0; row < rows; row++) squares += ((data[row * width + column] ?? 0) - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / rows), min, max };
}

function textFacts(source: Extract<PreviewedSequences['read']['source'], { readonly kind: 'text' }>): TextFacts {
  const { unit, tokens, embedded } = source;
  const { vocabulary, ids } = tokens;
  return {
    unit,
    tokens: ids.length,
    vocabulary: vocabulary.tokens.slice(0, mostTokens),
    size: vocabulary.tokens.length,
    made: vocabulary.made,
    embedded,
  };
}

/** `length`: of the first sequence. */
function targetFacts(loss: NonNullable<PreviewedSequences['loss']>, B: number, length: number): TargetFacts {
  const { kind, at, targets, present } = loss;
  const width = kind === 'crossEntropy' ? 1 : loss.by.length;
  const places = targets.length / width;
  const ofOne = places / B;
  const stepAt = (place: number): number =>
    typeof at === 'object' ? (at[place] ?? 0) : at === 'every' ? place : length - 1;
  return {
    kind,
    places,
    present: present === undefined ? places : present.reduce((sum, one) => sum + one, 0),
    steps: Array.from({ length: Math.min(ofOne, mostTargets) }, (_, place) => ({
      step: stepAt(place),
      values:
        present?.[place] === 0 ? null : [...targets.subarray(place * width, (place + 1) * width)].slice(0, mostInputs),
    })),
  };
}
