// The loss of a config: kind, readout, targets, and the steps that it sits on.
import { t as say } from '@vscode/l10n';
import type { DType, Loss } from '../../engine/index.js';
import { counted, describeNode, describeShape } from '../json/node.js';
import { findReadouts, withoutLayers } from '../layouts/readoutNames.js';
import type { FoundReadout } from '../layouts/readoutNames.js';
import { weightNames } from '../layouts/weightNames.js';
import { misspelt, misspeltBiases } from '../problems/weightNameSuggestions.js';
import type { Report } from '../problems/problemReport.js';
import { describeTensors, onlyTensor } from './fileParts.js';
import { transpose } from './gateBlocks.js';
import { widthName } from './knownSizes.js';
import type { KnownSizes } from './knownSizes.js';
import { refusesPlainKeys } from './plainFiles.js';
import { plainTargets } from './plainTargets.js';
import { readTargets } from './readTargets.js';
import { readTensor } from './readTensor.js';
import { configKeys, lossKeys } from './schema.js';
import type { SequenceOrder } from './sequenceOrder.js';
import type { Sources } from './sourceFiles.js';
import { placesOf, readAt } from './targetPlaces.js';
import { validateObject } from './validateObject.js';
import type { Value } from '../json/jsonValue.js';

type Readout = Pick<Loss, 'Why' | 'by' | 'withoutBias'>;

const kinds = ['mse', 'crossEntropy', 'binaryCrossEntropy'] as const;

/** Readout Why [D·H,O] and by [1,O], targets, steps. Null after a report. */
export async function readLoss(
  value: Value,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
  order: SequenceOrder = 'BTI',
): Promise<Loss | null> {
  const valid = validateObject(value, lossKeys(), configKeys().loss.required, report);
  const kindNode = valid.get('kind')?.node;
  const kind = kinds.find((one) => kindNode?.kind === 'string' && one === kindNode.value) ?? null;
  const at = value.get('at') === null ? 'last' : valid.has('at') ? readAt(valid.get('at')!, sizes, report) : null;
  const readoutRoot = await follow(valid.get('readout'), sources);
  const targetsPart = valid.get('targets');
  const targetsRoot = await follow(targetsPart, sources);
  const readout = readoutRoot === null ? null : readReadout(readoutRoot, sizes, dtype, report);
  if (kind === null || at === null || targetsRoot === null) return null;
  const wanted = { kind, O: readout?.by.length ?? null, dtype, places: placesOf(at, sizes), order };
  if (targetsPart !== undefined && targetsRoot.node.kind !== 'plain' && refusesPlainKeys(targetsPart, report))
    return null;
  const targets =
    targetsPart !== undefined && targetsRoot.node.kind === 'plain'
      ? await plainTargets(targetsPart, targetsRoot, { kind, at, O: wanted.O }, sizes, sources, report)
      : readTargets(onlyTensor(targetsRoot), wanted, sizes, report);
  return readout === null || targets === null ? null : { kind, at, ...readout, ...targets };
}

const follow = (value: Value | undefined, sources: Sources): Promise<Value | null> =>
  value === undefined ? Promise.resolve(null) : sources.follow(value);

/** Of a readout without a matrix that has its name. */
function adviceOnMatrix({ node, document }: Value): string {
  if (node.kind !== 'object')
    return say('Give the numbers the name "Why" or "weight"; in a file name the layer, and not its matrix.');
  // Nobody can write into a file of tensors.
  return document.binary === null
    ? say('Add "Why" with one row per hidden unit.')
    : say('Name a file that holds the linear layer, or write { "Why": …, "by": … } in its place.');
}

function readReadout(value: Value, sizes: KnownSizes, dtype: DType, report: Report): Readout | null {
  const { H } = sizes;
  const names = weightNames(value);
  const [found, ...others] = findReadouts(names, H);
  if (found === undefined) {
    const near = misspelt(withoutLayers(names), ['Why', 'weight']);
    report.error(near?.where ?? value, {
      code: 'missing-key',
      message: say('The readout has no matrix.'),
      expected: say('"Why" [H][O], or PyTorch\'s "weight" [O][H]'),
      found: near?.where.placeText ?? describeNode(value.node),
      ...(near?.hint ?? { advice: adviceOnMatrix(value) }),
    });
    return null;
  }
  if (others.length > 0) {
    refuseSeveral(value, [found, ...others], report);
    return null;
  }
  const { matrix: name, bias: biasName, matrixValue: matrix, biasValue: bias, prefix, transposed } = found;
  const form = transposed ? `[O][${widthName(sizes)}]` : `[${widthName(sizes)}][O]`;
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
  const [rows, columns] = Why.shape as readonly [number, number];
  const [hidden, O] = transposed ? [columns, rows] : [rows, columns];
  if (O === 0 || (H !== null && hidden !== H)) {
    const turned = O === H && O !== 0;
    report.error(matrix, {
      code: 'wrong-dimension',
      message: turned ? say('{0} is transposed.', name) : say('{0} does not fit the {1} hidden units.', name, H ?? 0),
      expected:
        H === null
          ? say('{0} with H = the number of hidden units', form)
          : sizes.directions === 2
            ? say('{0} with 2·H = {1}', form, H)
            : say('{0} with H = {1}', form, H),
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
    const [near] = misspeltBiases(
      withoutLayers(names).filter((one) => one.prefix === prefix),
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
    Why: transposed ? transpose(Why.data, rows, columns) : Why.data,
    ...(by === null ? { by: new Float64Array(O), withoutBias: true } : { by: by.data }),
  };
}

/** The equations have one linear layer between h and the loss: which of these it is, nothing tells. */
function refuseSeveral(value: Value, found: readonly FoundReadout[], report: Report): void {
  const last = found.at(-1)!;
  const part = { file: report.referenceOf(value), name: last.prefix };
  report.error(last.matrixValue, {
    code: 'wrong-value',
    message: say('Several linear layers stand here, and the readout is one.'),
    expected: say('the one layer between h and the loss'),
    found: describeTensors(
      found.map(({ prefix, matrix, matrixValue }) => ({ prefix, name: matrix, value: matrixValue })),
    ),
    advice:
      value.path === ''
        ? say('Name it: {0}. Several in a row cannot be run.', `"readout": ${JSON.stringify(part)}`)
        : say('Leave that one alone here. Several in a row cannot be run.'),
  });
}
