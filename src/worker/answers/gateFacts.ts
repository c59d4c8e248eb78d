// What is told of the gates in the weights of a layer: where each block stands in the text, and what its numbers are.
import { indicesAt, locateLeaves, locateLists } from '../../config/json/index.js';
import type { TensorNode } from '../../config/json/index.js';
import { blocksOf, gateBlocksOf, hasStateBias, numbersOf } from '../../config/read/index.js';
import type { GateBlock, Part } from '../../config/read/index.js';
import { cellNames, cellOf, measureMatrix, measureNumbers } from '../../engine/index.js';
import type { MatrixFacts } from '../../engine/index.js';
import type { GateFacts, GateName, GatePlace } from '../../protocol/index.js';
import { drive } from '../scheduling/scheduler.js';

/** Blocks with more units than this are not decomposed while somebody waits for a hover. */
const largestMeasured = 512;
/** The eigenvalues of larger blocks take too long for a hover. */
const largestForRadius = 128;

const named = ({ gate, direction, bias, lies, from, to }: GateBlock): GateName => ({
  gate,
  direction,
  bias,
  lies,
  from,
  to,
});

/** What was told of tensors before, as long as they are kept. */
export class KnownGates {
  readonly #places = new WeakMap<TensorNode, readonly GatePlace[]>();
  readonly #facts = new WeakMap<TensorNode, readonly (MatrixFacts | null)[]>();

  /** Where the blocks stand, in the order of the text: one reading of it. None in a file that is no text. */
  places(part: Part, tick: () => void): readonly GatePlace[] {
    const {
      value: { node, document },
    } = part;
    if (node.kind !== 'tensor' || document.binary !== null) return [];
    const known = this.#places.get(node);
    if (known !== undefined) return known;
    const blocks = gateBlocksOf(part).sort((a, b) => a.first - b.first);
    const rowsLie = blocks[0]?.lies === 'rows';
    const ends = blocks.flatMap(({ first, rows, columns, stride, lies }) => {
      if (lies === 'rows') return [first / stride, first / stride + rows - 1];
      return lies === 'numbers' ? [first, first + columns - 1] : [first];
    });
    // A block of one row, and a bias of one unit, ends where it begins.
    const wanted = [...new Set(ends)];
    const spans = (rowsLie ? locateLists : locateLeaves)(document.text, node, wanted, tick);
    const at = (end: number): { readonly from: number; readonly to: number } | null => {
      const span = spans[wanted.indexOf(end)];
      return span === undefined ? null : { from: span.offset, to: span.offset + span.length };
    };
    const places = blocks.flatMap((block, i): GatePlace[] => {
      const isSpread = block.lies === 'columns';
      const first = at(ends[isSpread ? i : 2 * i] ?? -1);
      const last = isSpread ? null : at(ends[2 * i + 1] ?? -1);
      if (first === null) return [];
      const range = document.lines.range({ offset: first.from, length: (last ?? first).to - first.from });
      return [{ ...named(block), start: range.start, range: isSpread ? null : range }];
    });
    this.#places.set(node, places);
    return places;
  }

  /** The blocks of a weight with what is known of each, in the order of the file. */
  async facts(part: Part, check: () => void): Promise<readonly GateFacts[]> {
    const { value, group, role } = part;
    const { node } = value;
    if (node.kind !== 'tensor' || group === null) return [];
    const blocks = gateBlocksOf(part);
    const matrices = this.#facts.get(node) ?? (await measured(node.data, blocks, role, check));
    this.#facts.set(node, matrices);
    const means = meanBiases(part);
    return blocks.map((block, i) => ({
      ...named(block),
      mean: role === 'bias' ? measureNumbers(numbersOf(node.data, block)).mean : null,
      biases: means(block),
      matrix: matrices[i] ?? null,
    }));
  }
}

/** Of each block of a matrix; null for one that is too large, and for a bias. */
async function measured(
  data: Float64Array,
  blocks: readonly GateBlock[],
  role: Part['role'],
  check: () => void,
): Promise<(MatrixFacts | null)[]> {
  const facts: (MatrixFacts | null)[] = [];
  for (const block of blocks) {
    const { rows, columns } = block;
    const fits = role !== 'bias' && rows > 0 && columns > 0 && Math.min(rows, columns) <= largestMeasured;
    const withRadius = role === 'recurrent' && rows <= largestForRadius;
    facts.push(
      fits
        ? await drive(measureMatrix(numbersOf(data, block), rows, columns, withRadius), check, () => undefined)
        : null,
    );
  }
  return facts;
}

/** The gate that resets the state's part, its bias with it, before it is added (n of a GRU). */
function resetGateOf(gates: readonly string[]): string | null {
  const name = cellNames.find((one) => cellOf(one).gates.join() === gates.join());
  const cell = name === undefined ? null : cellOf(name);
  if (cell === null || !hasStateBias(cell)) return null;
  return cell.gates.find((_, g) => cell.gateKinds?.[g] === 'candidate') ?? null;
}

/** Of a gate of the layer that a weight belongs to. */
function meanBiases({ group }: Part): (block: GateBlock) => GateFacts['biases'] {
  const biases = (group?.biases ?? []).flatMap((value, i) =>
    value === null
      ? []
      : gateBlocksOf({ role: 'bias', group, transposed: false, value }).map((block) => ({
          ...block,
          bias: block.bias ?? (i === 0 ? ('input' as const) : ('state' as const)),
          mean: value.node.kind === 'tensor' ? measureNumbers(numbersOf(value.node.data, block)).mean : NaN,
        })),
  );
  const reset = resetGateOf((group === null ? null : blocksOf(group))?.gates ?? []);
  return ({ gate, direction }) => {
    const mean = (which: 'input' | 'state'): number | null =>
      biases.find((one) => one.gate === gate && one.direction === direction && one.bias === which)?.mean ?? null;
    return { input: mean('input'), state: mean('state'), addUp: gate !== reset };
  };
}

/** The block that the number at an offset of the text belongs to; null outside of the numbers. */
export function blockAt(part: Part, offset: number, check: () => void): GateName | null {
  const {
    value: { node, document },
  } = part;
  if (node.kind !== 'tensor' || document.binary !== null) return null;
  if (offset <= node.offset || offset >= node.offset + node.length) return null;
  const [indices = []] = indicesAt(document.text, node, [offset], check);
  const isRows = gateBlocksOf(part)[0]?.lies === 'rows';
  // Between the numbers of a row, and at its brackets, the row is known.
  const known = isRows ? node.shape.length - 1 : node.shape.length;
  if (indices.length < known) return null;
  const flat = node.shape.reduce((index, size, axis) => index * size + (indices[axis] ?? 0), 0);
  const block = gateBlocksOf(part).find(({ first, rows, columns, stride }) => {
    const [row, column] = [Math.floor((flat - first) / stride), (flat - first) % stride];
    return flat >= first && row < rows && column < columns;
  });
  return block === undefined ? null : named(block);
}
