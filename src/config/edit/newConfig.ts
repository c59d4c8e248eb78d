// A new config as text: valid, commented, and the same for the same seed.
import { t } from '@vscode/l10n';
import { cellNames, cellOf, Random } from '../../engine/index.js';
import type { CellName, Initialisation, Shapes } from '../../engine/index.js';
import type { MadeSequences, SequenceOptions } from '../read/fileAccess.js';
import { makeSequences } from '../read/madeSequences.js';
import type { SequenceOrder } from '../read/sequenceOrder.js';
import { rowLines, weightsText } from './madeWeights.js';

/** What the command "Create RNN Config…" has asked for: made-up weights and sequences, or files that are there. */
export type NewConfig = {
  readonly name: string;
  readonly source:
    | {
        readonly kind: 'random';
        readonly cell: CellName;
        readonly shapes: Shapes;
        /** One above the other, each in one or two directions. */
        readonly layers: number;
        readonly directions: number;
        readonly initialisation: Initialisation;
        readonly seed: number;
      }
    | {
        readonly kind: 'files';
        /** Null: as the weights tell, or tanh with a note where they do not. */
        readonly cell: CellName | null;
        readonly weights: FilePlace;
        readonly sequences: NewSequences;
        readonly order?: SequenceOrder;
        readonly initialState: FilePlace | null;
        readonly above: Above;
      };
};

/** A file as the config calls it, with what is meant of it where it holds several things. */
export type FilePlace = { readonly file: string; readonly name: string | null };

/** Sequences of a file, or made up with as many inputs as the weights take. */
export type NewSequences =
  | { readonly kind: 'file'; readonly place: FilePlace; readonly options?: SequenceOptions }
  | { readonly kind: 'made'; readonly made: MadeSequences; readonly I: number };

/** What flows in from above: ones at a place, numbers of a file, or a loss over a readout. */
export type Above =
  | { readonly kind: 'ones'; readonly at: 'last' | 'final' | 'every' }
  | { readonly kind: 'file'; readonly place: FilePlace }
  | {
      readonly kind: 'loss';
      readonly loss: 'mse' | 'crossEntropy' | 'binaryCrossEntropy';
      readonly at: 'last' | 'every';
      readonly readout: FilePlace;
      readonly targets: TargetPlace;
    };

/** Of a table also which columns, and how many rows ahead. */
export type TargetPlace = FilePlace & { readonly options?: TargetOptions };
export type TargetOptions = Pick<SequenceOptions, 'columns' | 'normalise' | 'normaliseOver'> & {
  readonly ahead: number;
};

const placeText = (place: FilePlace): string => plainPlace(place, {});

/** With what is said of a table or a text beside it. */
function plainPlace({ file, name }: FilePlace, options: SequenceOptions | TargetOptions = {}): string {
  const said = Object.entries({ file, ...(name === null ? {} : { name }), ...options }).map(([key, value]) =>
    Array.isArray(value)
      ? `"${key}": [${value.map((one) => JSON.stringify(one)).join(', ')}]`
      : `"${key}": ${JSON.stringify(value)}`,
  );
  return said.length === 1 ? JSON.stringify(file) : `{ ${said.join(', ')} }`;
}

type RandomSource = Extract<NewConfig['source'], { readonly kind: 'random' }>;

function randomSource(source: RandomSource): string {
  const { B, T, I } = source.shapes;
  // Between the seeds of the weights.
  const seed = source.seed + 2;
  const random = new Random(seed);
  const xs = Float64Array.from({ length: B * T * I }, () => random.normal());
  return `  "weights": {
${weightsText(cellOf(source.cell), source)}
  },
  // [B][T][I] = [${B}][${T}][${I}], ${t('standard normal numbers')}, seed ${seed}
  "sequences": [
${sequencesText(xs, B, T, I)}
  ],`;
}

type FileSource = Extract<NewConfig['source'], { readonly kind: 'files' }>;

function fileSource({ weights, sequences, order, initialState }: FileSource): string {
  const state = initialState === null ? '' : `\n  "initialState": ${placeText(initialState)},`;
  const shape = order === 'TBI' ? t('[T][B][I]: step by step') : t('[B][T][I], or [T][I] for one sequence');
  const said = order === undefined ? '' : `\n  "sequenceOrder": "${order}",`;
  const numbers =
    sequences.kind === 'made'
      ? madeText(sequences)
      : `  // ${shape}\n  "sequences": ${plainPlace(sequences.place, sequences.options)},${said}`;
  return `  // ${t("Wx, Wh, b; PyTorch's weight_ih_l0, weight_hh_l0, …; or Keras' kernel, recurrent_kernel, bias")}
  "weights": ${placeText(weights)},
${numbers}${state}`;
}

/** The numbers themselves, because no file holds them. */
function madeText(sequences: Extract<NewSequences, { readonly kind: 'made' }>): string {
  const { made, I } = sequences;
  const { B, T, seed } = made;
  const told = made.made === 'zeros' ? t('zeros') : `${t('standard normal numbers')}, seed ${seed}`;
  return `  // [B][T][I] = [${B}][${T}][${I}], ${told}
  "sequences": ${sequencesValue(sequences)},`;
}

/** What stands behind the key `sequences` where that is indented by two spaces. */
export function sequencesValue(sequences: NewSequences): string {
  if (sequences.kind === 'file') return plainPlace(sequences.place, sequences.options);
  const { made, I } = sequences;
  return `[\n${sequencesText(makeSequences(made, I), made.B, made.T, I)}\n  ]`;
}

const sequencesText = (xs: Float64Array, B: number, T: number, I: number): string =>
  Array.from({ length: B }, (_, b) => `    [\n${rowLines(xs, T, I, '      ', b * T * I)}\n    ]`).join(',\n');

function aboveText(above: Above): string {
  const comment = t('Where the loss sits: "last", "final", "every", or the gradient itself [B][T][D·H]');
  switch (above.kind) {
    case 'ones':
      return `  // ${comment}\n  "upstreamGradient": "${above.at}"`;
    case 'file':
      return `  // ${comment}\n  "upstreamGradient": ${placeText(above.place)}`;
    case 'loss':
      return `  // ${t('A loss above a linear readout, instead of "upstreamGradient"')}
  "loss": {
    "kind": "${above.loss}",
    "readout": ${placeText(above.readout)},
    "targets": ${plainPlace(above.targets, above.targets.options)},
    "at": "${above.at}"
  }`;
  }
}

/** What a step computes, for whoever reads the file. */
function formulaOf(cell: CellName | null): string {
  const gated = cell === null ? null : cellOf(cell);
  if (gated !== null && gated.gates.length > 1) return gated.words.forward;
  const others = cellNames.filter((name) => cellOf(name).gates.length === 1);
  return t('h_t = f(h_{t-1}·Wh + x_t·Wx + b), f one of {0}', others.join(', '));
}

/** The text of a `*.rnn.json`. The same request gives the same text. */
export function newConfigText({ name, source }: NewConfig): string {
  const { cell } = source;
  const numbers = source.kind === 'random' ? randomSource(source) : fileSource(source);
  // At the last step a reverse direction has only begun.
  const at = source.kind === 'random' && source.directions === 2 ? 'final' : 'last';
  return `// ${t('Run it with "Run RNN" from the command palette. Hover a key to learn what it does.')}
{
  "name": ${JSON.stringify(name)},
  // ${formulaOf(cell)}${cell === null ? '' : `\n  "cell": "${cell}",`}
  "dtype": "float32",
${numbers}
${aboveText(source.kind === 'files' ? source.above : { kind: 'ones', at })}
}
`;
}
