// What a node of ONNX says of itself, held against its tensors: where they contradict each other, nobody knows which of
// them was meant.
import { t } from '@vscode/l10n';
import type { Cell } from '../../engine/index.js';
import { describeNode, describeShape, quote } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import type { Group, Named } from '../layouts/weightLayouts.js';
import type { Report } from '../problems/problemReport.js';
import type { Finding } from '../json/problem.js';

/** How many matrices belong to a direction. */
const directionsOf: Readonly<Record<string, number>> = { forward: 1, reverse: 1, bidirectional: 2 };
/** How many activations a node names for each direction. */
const activationsOf: Readonly<Record<string, number>> = { lstm: 3, gru: 2 };

type Contradiction = Pick<Finding, 'message' | 'expected' | 'found'>;

/** Null where the attribute and R agree. */
function contradiction(
  name: string,
  { node }: Value,
  shape: readonly [directions: number, rows: number, H: number],
  cell: Pick<Cell, 'name' | 'gates'>,
): Contradiction | null {
  const [D, , H] = shape;
  const found = describeShape(shape);
  const shapeWith = (directions: number, units: number): string =>
    describeShape([directions, cell.gates.length * units, units]);
  if (name === 'hidden_size' && node.kind === 'number' && node.value !== H)
    return {
      message: t(
        'The node says that it has {0} hidden units (hidden_size), but R has the shape {1}.',
        node.value,
        found,
      ),
      expected: shapeWith(D, node.value),
      found,
    };
  if (name === 'direction' && node.kind === 'string') {
    const wanted = Object.hasOwn(directionsOf, node.value) ? directionsOf[node.value] : undefined;
    if (wanted === D) return null;
    return {
      message: t('The node runs in the direction {0}, but R has the shape {1}.', quote(node.value), found),
      expected: wanted === undefined ? Object.keys(directionsOf).map(quote).join(', ') : shapeWith(wanted, H),
      found: wanted === undefined ? quote(node.value) : found,
    };
  }
  if (name !== 'activations' || node.kind !== 'array') return null;
  const each = activationsOf[cell.name] ?? 1;
  return node.items.length === each * D
    ? null
    : {
        message: t('The node does not name the activations of each direction.'),
        expected: t('{0} names, {1} for each direction', each * D, each),
        found: describeNode(node),
      };
}

/** Whether there is a contradiction, which is reported. */
export function refuseContradictions(
  named: readonly Named[],
  groups: readonly Group[],
  cell: Pick<Cell, 'name' | 'gates'>,
  report: Report,
): boolean {
  let isRefused = false;
  for (const { layout, prefix, recurrent } of groups) {
    if (!layout.stacked || recurrent?.node.kind !== 'tensor' || recurrent.node.shape.length !== 3) continue;
    const shape = recurrent.node.shape as readonly [number, number, number];
    const own = named.filter((one) => one.prefix === prefix);
    const found = own.flatMap((one) => {
      const contradicted = contradiction(one.name, one.value, shape, cell);
      return contradicted === null ? [] : [{ one, contradicted }];
    });
    // How many activations there are is a question of the directions.
    const isDirection = found.some(({ one }) => one.name === 'direction');
    for (const { one, contradicted } of found) {
      if (isDirection && one.name === 'activations') continue;
      isRefused = true;
      report.error(one.value, {
        code: 'wrong-value',
        ...contradicted,
        advice: t('Export the model again: the attributes of a node and its tensors have to agree.'),
      });
    }
  }
  return isRefused;
}
