import { t as say } from '@vscode/l10n';
import type { DType, Loss } from '../../engine/index.js';
import { counted, describeNode, describeShape } from '../json/node.js';
import { findGroups, namedValues } from '../layouts/weightLayouts.js';
import type { Named } from '../layouts/weightLayouts.js';
import { checkLeaves } from '../problems/numberChecks.js';
import { misspelt, misspeltBiases } from '../problems/weightNameSuggestions.js';
import { cut } from '../json/problem.js';
import type { Report } from '../problems/problemReport.js';
import { configKeys, lossKeys } from './schema.js';
import type { Sources } from './sourceFiles.js';
import { readTensor } from './readTensor.js';
import type { Tensor } from './readTensor.js';
import { validateObject } from './validateObject.js';
import type { Value } from '../json/jsonValue.js';
import { transpose } from './readWeights.js';

/** What the rest of the experiment says about the sizes; null where it could not be read. */
export type KnownSizes = { readonly B: number | null; readonly T: number | null; readonly H: number | null };

type Readout = { readonly Why: Float64Array; readonly by: Float64Array; readonly O: number };

/** The loss of a config: kind, readout Why [H,O] and by [1,O], targets. Null after a report. */
export async function readLoss(
  value: Value,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
): Promise<Loss | null> {
  const valid = validateObject(value, lossKeys(), configKeys().loss.required, report);
  const text = (key: 'kind' | 'at'): string | null => {
    const node = valid.get(key)?.node;
    return node?.kind === 'string' ? node.value : null;
  };
  const kind = text('kind');
  const at = value.get('at') === null ? 'last' : text('at');
  const readoutRoot = await follow(valid.get('readout'), sources);
  const targetsRoot = await follow(valid.get('targets'), sources);
  const readout = readoutRoot === null ? null : readReadout(readoutRoot, sizes.H, dtype, report);
  if ((kind !== 'mse' && kind !== 'crossEntropy') || (at !== 'last' && at !== 'every') || targetsRoot === null)
    return null;
  const targets =
    kind === 'mse'
      ? readValues(targetsRoot, at, sizes, readout?.O ?? null, dtype, report)
      : readClasses(targetsRoot, at, sizes, readout?.O ?? null, report);
  return readout === null || targets === null ? null : { kind, at, Why: readout.Why, by: readout.by, targets };
}

const follow = (value: Value | undefined, sources: Sources): Promise<Value | null> =>
  value === undefined ? Promise.resolve(null) : sources.follow(value);

function readReadout(value: Value, H: number | null, dtype: DType, report: Report): Readout | null {
  const named = namedValues(value);
  const find = (name: string): Value | null => named.findLast((item) => item.name === name)?.value ?? null;
  const tutorial = find('Why');
  const matrix = tutorial ?? find('weight');
  const name = tutorial === null ? 'weight' : 'Why';
  if (matrix === null) {
    const near = misspelt(ownOf(named), ['Why', 'weight']);
    report.error(near?.where ?? value, {
      code: 'missing-key',
      message: say('The readout has no matrix.'),
      expected: say('"Why" [H][O], or PyTorch\'s "weight" [O][H]'),
      found: near?.where.placeText ?? describeNode(value.node),
      ...(near?.hint ?? { advice: say('Add "Why" with one row per hidden unit.') }),
    });
    return null;
  }
  const form = tutorial === null ? '[O][H]' : '[H][O]';
  const Why = readTensor(
    matrix,
    {
      label: name,
      ranks: [2],
      form,
      axes: ['rows', 'numbers'],
      advice: say('Write {0} as a list of rows.', name),
      dtype,
    },
    report,
  );
  const biasName = tutorial === null ? 'bias' : 'by';
  const bias = find(biasName);
  const by =
    bias === null
      ? null
      : readTensor(
          bias,
          {
            label: biasName,
            ranks: [1, 2],
            form: '[O]',
            axes: ['rows', 'numbers'],
            advice: say('Write {0} as one list of O numbers.', biasName),
            dtype,
          },
          report,
        );
  if (Why === null || (by === null && bias !== null)) return null;
  const [rows = 0, columns = 0] = Why.shape;
  const [hidden, O] = tutorial === null ? [columns, rows] : [rows, columns];
  if (O === 0 || (H !== null && hidden !== H)) {
    const turned = O === H && O !== 0;
    report.error(matrix, {
      code: 'wrong-dimension',
      message: turned ? say('{0} is transposed.', name) : say('{0} does not fit the {1} hidden units.', name, H ?? 0),
      expected: H === null ? say('{0} with H = the number of hidden units', form) : say('{0} with H = {1}', form, H),
      found: describeShape(Why.shape),
      advice: turned ? say('Transpose {0}.', name) : say('Use the readout that was trained with this network.'),
      ...(turned ? { fix: { kind: 'transpose' } } : {}),
    });
    return null;
  }
  if (by !== null && (by.data.length !== O || (by.shape.length === 2 && by.shape[0] !== 1))) {
    report.error(by.where, {
      code: 'wrong-dimension',
      message: say('{0} does not fit the {1} outputs of {2}.', biasName, O, name),
      expected: counted(O, 'numbers'),
      found: say('a list of shape {0}', describeShape(by.shape)),
      advice: say('Give {0} one number per output.', biasName),
    });
    return null;
  }
  if (by === null) {
    const { prefix } = named.find((one) => one.value === matrix) ?? { prefix: '' };
    const [near] = misspeltBiases(
      ownOf(named).filter((one) => one.prefix === prefix),
      [biasName],
      O,
    );
    report.warning(near?.where ?? matrix, {
      code: 'missing-key',
      message: say('The readout has no bias; zeros are used.'),
      expected: `"${biasName}" [O]`,
      found: near?.where.placeText ?? say('no bias'),
      ...(near?.hint ?? { advice: say('Add "{0}", or ignore this if the readout was made without a bias.', biasName) }),
    });
  }
  return {
    Why: tutorial === null ? transpose(Why.data, rows, columns) : Why.data,
    by: by?.data ?? new Float64Array(O),
    O,
  };
}

/** Without what belongs to a recurrent layer that stands in the same file. */
function ownOf(named: readonly Named[]): Named[] {
  const layers = new Set(findGroups(named).flatMap(({ input, recurrent, biases }) => [input, recurrent, ...biases]));
  return named.filter(({ value }) => !layers.has(value));
}

/** Targets of `mse`: [B,O] or [B,T,O]; without the batch dimension for one sequence. */
function readValues(
  root: Value,
  at: 'last' | 'every',
  sizes: KnownSizes,
  O: number | null,
  dtype: DType,
  report: Report,
): Float64Array | null {
  const form = at === 'last' ? '[B][O]' : '[B][T][O]';
  const rank = at === 'last' ? 2 : 3;
  const tensor = readTensor(
    root,
    {
      label: 'targets',
      ranks: sizes.B === 1 ? [rank, rank - 1] : [rank],
      form,
      axes: at === 'last' ? ['sequences', 'outputs'] : ['sequences', 'timesteps', 'outputs'],
      advice:
        at === 'last'
          ? say('Write one target per sequence, each a list of O numbers.')
          : say('Write one target per timestep, each a list of O numbers.'),
      dtype,
    },
    report,
  );
  const wanted = at === 'last' ? [sizes.B, O] : [sizes.B, sizes.T, O];
  return tensor !== null && fits(tensor, wanted, form, 'targets', report) ? tensor.data : null;
}

/** Targets of `crossEntropy`: class indices [B] or [B,T]. */
function readClasses(
  root: Value,
  at: 'last' | 'every',
  sizes: KnownSizes,
  O: number | null,
  report: Report,
): Float64Array | null {
  const form = at === 'last' ? '[B]' : '[B][T]';
  const rank = at === 'last' ? 1 : 2;
  const tensor = readTensor(
    root,
    {
      label: 'targets',
      ranks: sizes.B === 1 && rank === 2 ? [2, 1] : [rank],
      form,
      axes: (['sequences', 'timesteps'] as const).slice(0, rank),
      advice: at === 'last' ? say('Write one class index per sequence.') : say('Write one class index per timestep.'),
      dtype: null,
    },
    report,
  );
  const wanted = at === 'last' ? [sizes.B] : [sizes.B, sizes.T];
  if (tensor === null || !fits(tensor, wanted, form, 'targets', report)) return null;
  const isClass = (x: number): boolean => Number.isInteger(x) && x >= 0 && (O === null || x < O);
  const { where, data } = tensor;
  if (where.node.kind !== 'tensor') return data;
  const expected = O === null ? say('a whole number from 0') : say('a whole number from 0 to {0}', O - 1);
  const advice = say('Classes are counted from 0, one per output of the readout.');
  const tell = (leaf: Value, text: string): void =>
    report.error(leaf, {
      code: 'wrong-value',
      message: say('{0} is no class of this readout.', cut(text, 38)),
      expected,
      found: cut(text, 38),
      advice,
    });
  const good = checkLeaves(
    () => where,
    where.node,
    isClass,
    {
      codes: ['wrong-value'],
      tell,
      summary: (count) => ({
        code: 'wrong-value',
        tell: () => ({
          message: say('{0} more targets are no classes of this readout.', count),
          expected,
          found: say('other numbers'),
          advice,
        }),
      }),
    },
    report,
    where.document.tick,
  );
  return good ? data : null;
}

/** Whether a block has the wanted shape, a leading 1 left out or not; sizes that are null are not compared. */
export function fits(
  tensor: Tensor,
  wanted: readonly (number | null)[],
  form: string,
  label: string,
  report: Report,
): boolean {
  const shape = tensor.shape.length === wanted.length ? tensor.shape : [1, ...tensor.shape];
  if (tensor.data.length > 0 && wanted.every((size, i) => size === null || size === shape[i])) return true;
  const sizes = wanted.map((size) => size ?? '?').join(', ');
  report.error(tensor.where, {
    code: 'wrong-dimension',
    message: say('{0} does not fit the experiment.', label),
    expected: `${form} = [${sizes}]`,
    found: describeShape(tensor.shape),
    advice: say('Bring {0} to the shape {1}, which the sequences and weights ask for.', label, `[${sizes}]`),
  });
  return false;
}
