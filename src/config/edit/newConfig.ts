// A new config as text: valid, commented, and the same for the same seed.
import { t } from '@vscode/l10n';
import { cellNames, cellOf, initialise, Random } from '../../engine/index.js';
import type { Cell, CellName, Initialisation, Shapes } from '../../engine/index.js';
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
    | { readonly kind: 'files'; readonly weights: string; readonly sequences: string };
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
  const sequences = Array.from(
    { length: B },
    (_, b) => `    [\n${rowLines(xs, T, I, '      ', b * T * I)}\n    ]`,
  ).join(',\n');
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
${sequences}
  ],`;
}

const fileSource = (
  weights: string,
  sequences: string,
): string => `  // ${t("Wx, Wh, b; PyTorch's weight_ih_l0, weight_hh_l0, …; or Keras' kernel, recurrent_kernel, bias")}
  "weights": ${JSON.stringify(weights)},
  // ${t('[B][T][I], or [T][I] for one sequence')}
  "sequences": ${JSON.stringify(sequences)},`;

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
      : fileSource(source.weights, source.sequences);
  return `// ${t('Run it with "Run RNN" from the command palette. Hover a key to learn what it does.')}
{
  "name": ${JSON.stringify(name)},
  // ${formulaOf(cell)}
  "cell": "${cell}",
  "dtype": "float32",
${numbers}
  // ${t('Where the loss sits: "last", "every", or the gradient itself [B][T][H]')}
  "upstreamGradient": "last"
}
`;
}
