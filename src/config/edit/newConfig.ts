// A new config as text: valid, commented, and the same for the same seed.
import { t } from '@vscode/l10n';
import { initialise, Random } from '../../engine/index.js';
import type { CellName, Initialisation, Shapes } from '../../engine/index.js';
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

function randomSource({ B, T, I, H }: Shapes, initialisation: Initialisation, seed: number): string {
  // Three streams from one seed, so that another size of one part leaves the others as they are.
  const Wx = initialise('glorot', I, H, seed + 1);
  const Wh = initialise(initialisation, H, H, seed);
  if (Wx === null || Wh === null) throw new Error(`${initialisation} cannot fill Wx [${I},${H}] and Wh [${H},${H}].`);
  const random = new Random(seed + 2);
  const xs = Float64Array.from({ length: B * T * I }, () => random.normal());
  const sequences = Array.from(
    { length: B },
    (_, b) => `    [\n${rowLines(xs, T, I, '      ', b * T * I)}\n    ]`,
  ).join(',\n');
  return `  "weights": {
    // [I][H] = [${I}][${H}]
    // Wx: ${origin('glorot', seed + 1)}
    "Wx": [
${rowLines(Wx, I, H, '      ')}
    ],
    // [H][H] = [${H}][${H}]
    // Wh: ${origin(initialisation, seed)}
    "Wh": [
${rowLines(Wh, H, H, '      ')}
    ],
    // [H]
    "b": [${Array.from({ length: H }, () => '0').join(', ')}]
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

/** The text of a `*.rnn.json`. The same request gives the same text. */
export function newConfigText({ name, cell, source }: NewConfig): string {
  const numbers =
    source.kind === 'random'
      ? randomSource(source.shapes, source.initialisation, source.seed)
      : fileSource(source.weights, source.sequences);
  return `// ${t('Run it with "Run RNN" from the command palette. Hover a key to learn what it does.')}
{
  "name": ${JSON.stringify(name)},
  // ${t('h_t = f(h_{t-1}·Wh + x_t·Wx + b), f one of tanh, relu, identity')}
  "cell": "${cell}",
  "dtype": "float32",
${numbers}
  // ${t('Where the loss sits: "last", "every", or the gradient itself [B][T][H]')}
  "upstreamGradient": "last"
}
`;
}
