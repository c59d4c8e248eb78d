// A new config as text: valid, commented, and the same for the same seed.
import { t } from '@vscode/l10n';
import { cellNames, cellOf, initialise, Random } from '../../engine/index.js';
import type { Cell, CellName, Initialisation, Shapes } from '../../engine/index.js';
import type { MadeSequences } from '../read/fileAccess.js';
import { makeSequences } from '../read/madeSequences.js';
import type { SequenceOrder } from '../read/sequenceOrder.js';
import { ownParametersOf } from '../read/gateBlocks.js';
import { origin } from './provenanceNotes.js';

/** What the command "Create RNN Config…" has asked for: made-up weights and sequences, or files that are there. */
export type NewConfig = {
  readonly name: string;
  readonly cell: CellName;
  readonly source:
    | {
        readonly kind: 'random';
        readonly shapes: Shapes;
        readonly initialisation: Initialisation;
        readonly seed: number;
      }
    | {
        readonly kind: 'files';
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
  | { readonly kind: 'file'; readonly place: FilePlace }
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
      readonly targets: FilePlace;
    };

/** Nine digits give back the same float32, and are few enough to read and change. */
const number = (value: number): string => String(Number(value.toPrecision(9)));

/** Rows of a [rows,columns] part of `values`, one a line. */
const rowLines = (values: Float64Array, rows: number, columns: number, indent: string, offset = 0): string =>
  Array.from(
    { length: rows },
    (_, i) =>
      `${indent}[${Array.from(values.subarray(offset + i * columns, offset + (i + 1) * columns), number).join(', ')}]`,
  ).join(',\n');

/** Blocks [rows,H] side by side, one for each gate: [rows,G·H]. */
function sideBySide(blocks: readonly Float64Array[], rows: number, H: number): Float64Array {
  const width = blocks.length * H;
  const out = new Float64Array(rows * width);
  for (const [gate, block] of blocks.entries())
    for (let row = 0; row < rows; row++) out.set(block.subarray(row * H, (row + 1) * H), row * width + gate * H);
  return out;
}

/** Each gate is a matrix of its own, filled from its own seed. */
function fill(way: Initialisation, rows: number, H: number, gates: number, seed: number): Float64Array {
  const blocks = Array.from({ length: gates }, (_, gate) => {
    const block = initialise(way, rows, H, seed + streams * gate);
    if (block === null) throw new Error(`${way} cannot fill a matrix [${rows},${H}].`);
    return block;
  });
  return sideBySide(blocks, rows, H);
}

/** A parameter of the cell's own, behind a comma: one number again and again, behind a comment that says its shape. */
function ownText(name: string, [rows, columns]: readonly [number, number], start: number): string {
  const list = `[${Array.from({ length: columns }, () => number(start)).join(', ')}]`;
  const text = rows === 1 ? list : `[${Array.from({ length: rows }, () => `\n      ${list}`).join(',')}\n    ]`;
  return `,\n    // ${rows === 1 ? '' : `[${rows}]`}[${columns}]\n    "${name}": ${text}`;
}

/** Three streams from one seed, so that another size of one part leaves the others as they are. */
const streams = 3;

function randomSource(
  { gates, parameters }: Pick<Cell, 'gates' | 'parameters'>,
  { B, T, I, H }: Shapes,
  initialisation: Initialisation,
  seed: number,
): string {
  const G = gates.length;
  const Wx = fill('glorot', I, H, G, seed + 1);
  const Wh = fill(initialisation, H, H, G, seed);
  // A forget gate that begins open lets the gradient through from the start (Jozefowicz et al. 2015).
  const opens = (gate: string): boolean => G > 1 && gate === 'f';
  const bias = gates.flatMap((gate) => new Array<string>(H).fill(opens(gate) ? '1' : '0'));
  const opened = gates.some(opens)
    ? `\n    // ${t('b of the forget gate f: 1, so that it begins open and lets the gradient through')}`
    : '';
  const random = new Random(seed + 2);
  const xs = Float64Array.from({ length: B * T * I }, () => random.normal());
  // What the cell has besides; a bias of the state is left out, and so 0.
  const own = ownParametersOf({ parameters }).map(({ name, shape, start = 0 }) => ownText(name, shape(I, H), start));
  const [width, each] = G === 1 ? ['H', ''] : [`${G}·H`, `, ${gates.join(', ')}`];
  return `  "weights": {
    // [I][${width}] = [${I}][${G * H}]${each}
    // Wx: ${origin('glorot', seed + 1)}
    "Wx": [
${rowLines(Wx, I, G * H, '      ')}
    ],
    // [H][${width}] = [${H}][${G * H}]${each}
    // Wh: ${origin(initialisation, seed)}
    "Wh": [
${rowLines(Wh, H, G * H, '      ')}
    ],
    // [${width}]${each}${opened}
    "b": [${bias.join(', ')}]${own.join('')}
  },
  // [B][T][I] = [${B}][${T}][${I}], ${t('standard normal numbers')}, seed ${seed + 2}
  "sequences": [
${sequencesText(xs, B, T, I)}
  ],`;
}

const placeText = ({ file, name }: FilePlace): string =>
  name === null ? JSON.stringify(file) : `{ "file": ${JSON.stringify(file)}, "name": ${JSON.stringify(name)} }`;

type FileSource = Extract<NewConfig['source'], { readonly kind: 'files' }>;

function fileSource({ weights, sequences, order, initialState }: FileSource): string {
  const state = initialState === null ? '' : `\n  "initialState": ${placeText(initialState)},`;
  const shape = order === 'TBI' ? t('[T][B][I]: step by step') : t('[B][T][I], or [T][I] for one sequence');
  const said = order === undefined ? '' : `\n  "sequenceOrder": "${order}",`;
  const numbers =
    sequences.kind === 'made'
      ? madeText(sequences)
      : `  // ${shape}\n  "sequences": ${placeText(sequences.place)},${said}`;
  return `  // ${t("Wx, Wh, b; PyTorch's weight_ih_l0, weight_hh_l0, …; or Keras' kernel, recurrent_kernel, bias")}
  "weights": ${placeText(weights)},
${numbers}${state}`;
}

/** The numbers themselves, because no file holds them. */
function madeText({ made, I }: Extract<NewSequences, { readonly kind: 'made' }>): string {
  const { B, T, seed } = made;
  const told = made.made === 'zeros' ? t('zeros') : `${t('standard normal numbers')}, seed ${seed}`;
  return `  // [B][T][I] = [${B}][${T}][${I}], ${told}
  "sequences": [
${sequencesText(makeSequences(made, I), B, T, I)}
  ],`;
}

const sequencesText = (xs: Float64Array, B: number, T: number, I: number): string =>
  Array.from({ length: B }, (_, b) => `    [\n${rowLines(xs, T, I, '      ', b * T * I)}\n    ]`).join(',\n');

function aboveText(above: Above): string {
  const comment = t('Where the loss sits: "last", "every", or the gradient itself [B][T][H]');
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
    "targets": ${placeText(above.targets)},
    "at": "${above.at}"
  }`;
  }
}

/** What a step computes, for whoever reads the file. */
function formulaOf(cell: CellName): string {
  const { gates, words } = cellOf(cell);
  if (gates.length > 1) return words.forward;
  const others = cellNames.filter((name) => cellOf(name).gates.length === 1);
  return t('h_t = f(h_{t-1}·Wh + x_t·Wx + b), f one of {0}', others.join(', '));
}

/** The text of a `*.rnn.json`. The same request gives the same text. */
export function newConfigText({ name, cell, source }: NewConfig): string {
  const numbers =
    source.kind === 'random'
      ? randomSource(cellOf(cell), source.shapes, source.initialisation, source.seed)
      : fileSource(source);
  return `// ${t('Run it with "Run RNN" from the command palette. Hover a key to learn what it does.')}
{
  "name": ${JSON.stringify(name)},
  // ${formulaOf(cell)}
  "cell": "${cell}",
  "dtype": "float32",
${numbers}
${aboveText(source.kind === 'files' ? source.above : { kind: 'ones', at: 'last' })}
}
`;
}
