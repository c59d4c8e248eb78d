// Weights that are made up for a new config, as text.
import { t } from '@vscode/l10n';
import { initialise, pyTorchSuffix } from '../../engine/index.js';
import type { Cell, Initialisation, Shapes } from '../../engine/index.js';
import { ownParametersOf, transpose } from '../read/gateBlocks.js';
import { origin } from './provenanceNotes.js';

/** Nine digits give back the same float32, and are few enough to read and change. */
const number = (value: number): string => String(Number(value.toPrecision(9)));

/** Rows of a [rows,columns] part of `values`, one a line. */
export const rowLines = (values: Float64Array, rows: number, columns: number, indent: string, offset = 0): string =>
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
  // Every way fills a square matrix, and glorot any other.
  const blocks = Array.from({ length: gates }, (_, gate) => initialise(way, rows, H, seed + streams * gate)!);
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

/** What made-up weights are to be. */
type Wanted = {
  readonly shapes: Pick<Shapes, 'I' | 'H'>;
  readonly layers: number;
  readonly directions: number;
  readonly initialisation: Initialisation;
  readonly seed: number;
};
type Gated = Pick<Cell, 'gates' | 'parameters'>;

/** A forget gate that begins open lets the gradient through from the start (Jozefowicz et al. 2015). */
const opens = ({ gates }: Gated, gate: string): boolean => gates.length > 1 && gate === 'f';

/** The numbers of a bias [G·H], and what is said above it of the gates that begin open. */
function biasText(cell: Gated, H: number, name: string): { readonly numbers: string; readonly comment: string } {
  const numbers = cell.gates.flatMap((gate) => new Array<string>(H).fill(opens(cell, gate) ? '1' : '0'));
  const isOpened = cell.gates.some((gate) => opens(cell, gate));
  const told = t('{0} of the forget gate f: 1, so that it begins open and lets the gradient through', name);
  return { numbers: `[${numbers.join(', ')}]`, comment: isOpened ? `\n    // ${told}` : '' };
}

/** The keys of weights: one layer in one direction under the names of its formula, a network under PyTorch's. */
export const weightsText = (cell: Gated, wanted: Wanted): string =>
  wanted.layers === 1 && wanted.directions === 1 ? layerText(cell, wanted) : networkText(cell, wanted);

function layerText(cell: Gated, { shapes: { I, H }, initialisation, seed }: Wanted): string {
  const { gates, parameters } = cell;
  const G = gates.length;
  const Wx = fill('glorot', I, H, G, seed + 1);
  const Wh = fill(initialisation, H, H, G, seed);
  const bias = biasText(cell, H, 'b');
  // What the cell has besides; a bias of the state is left out, and so 0.
  const own = ownParametersOf({ parameters }).map(({ name, shape, start = 0 }) => ownText(name, shape(I, H), start));
  const [width, each] = G === 1 ? ['H', ''] : [`${G}·H`, `, ${gates.join(', ')}`];
  return `    // [I][${width}] = [${I}][${G * H}]${each}
    // Wx: ${origin('glorot', seed + 1)}
    "Wx": [
${rowLines(Wx, I, G * H, '      ')}
    ],
    // [H][${width}] = [${H}][${G * H}]${each}
    // Wh: ${origin(initialisation, seed)}
    "Wh": [
${rowLines(Wh, H, G * H, '      ')}
    ],
    // [${width}]${each}${bias.comment}
    "b": ${bias.numbers}${own.join('')}`;
}

function networkText(cell: Gated, { shapes: { I, H }, layers, directions, initialisation, seed }: Wanted): string {
  const { gates, parameters } = cell;
  const G = gates.length;
  const [width, each] = G === 1 ? ['H', ''] : [`${G}·H`, `, ${gates.join(', ')}`];
  // The layers of a network share what their cell has besides the matrices.
  const own = ownParametersOf({ parameters }).map(({ name, shape, start = 0 }) => ownText(name, shape(I, H), start));
  const rows = (W: Float64Array, inputs: number): string =>
    rowLines(transpose(W, inputs, G * H), G * H, inputs, '      ');
  const texts = Array.from({ length: layers * directions }, (_, index) => {
    const layer = Math.floor(index / directions);
    const suffix = pyTorchSuffix({ layer, direction: index % directions === 0 ? 'forward' : 'reverse' });
    const inputs = layer === 0 ? I : directions * H;
    const letter = layer === 0 ? 'I' : directions === 1 ? 'H' : '2·H';
    const first = seed + streams * G * index;
    const bias = biasText(cell, H, `bias_ih_${suffix}`);
    return `    // [${width}][${letter}] = [${G * H}][${inputs}]${each}
    // weight_ih_${suffix}: ${origin('glorot', first + 1)}
    "weight_ih_${suffix}": [
${rows(fill('glorot', inputs, H, G, first + 1), inputs)}
    ],
    // [${width}][H] = [${G * H}][${H}]${each}
    // weight_hh_${suffix}: ${origin(initialisation, first)}
    "weight_hh_${suffix}": [
${rows(fill(initialisation, H, H, G, first), H)}
    ],
    // [${width}]${each}${bias.comment}
    "bias_ih_${suffix}": ${bias.numbers}`;
  });
  return texts.join(',\n') + own.join('');
}
