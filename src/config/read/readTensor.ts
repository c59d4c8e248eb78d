import { t } from '@vscode/l10n';
import { objectAdvice } from '../problems/formatAdvice.js';
import { reportIrregularities } from '../problems/raggedArrays.js';
import { describeNode, describeShape, isArray, isEmpty } from '../json/node.js';
import { checkNumbers, dimensions } from '../problems/numberChecks.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import { optionText } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import { roundableOnce } from '../json/float32Rounding.js';
import type { Value } from '../json/jsonValue.js';
import type { Named } from '../layouts/weightLayouts.js';
import { arraysOf, describeTensors } from './fileParts.js';
import type { Finding } from '../json/problem.js';

/**
 * A checked block of finite numbers, row-major, with its place. For a float32 run `Math.fround` rounds each to the
 * float32 nearest to its text.
 */
export type Tensor = { readonly shape: readonly number[]; readonly data: Float64Array; readonly where: Value };

/** How many numbers there are, also where only the shape is known. */
export const sizeOf = ({ shape }: Pick<Tensor, 'shape'>): number => shape.reduce((product, size) => product * size, 1);

/**
 * The numbers of a value, or null after everything that is wrong with them has been reported. Values of shape zero
 * pass.
 */
export function readTensor(value: Value, spec: TensorSpec, report: Report): Tensor | null {
  const { node } = value;
  if (node.kind === 'unreadable') {
    report.error(value, node.finding);
    return null;
  }
  if (!isArray(node)) {
    report.error(value.itself(), {
      code: 'wrong-type',
      message: t('{0} is not a list of numbers.', spec.label),
      expected: t('numbers of the form {0}', spec.form),
      ...(chooseAdvice(value, spec, report) ?? {
        found: describeNode(node),
        advice: objectAdvice(value) ?? spec.advice,
      }),
    });
    return null;
  }
  if (node.kind === 'array') {
    reportIrregularities(value, spec, report);
    return null;
  }
  const { shape } = node;
  const data = spec.dtype === 'float32' ? roundableOnce(value, node) : node.data;
  const finite = checkNumbers(() => value, { ...node, data }, spec, report, value.document.tick);
  if (!isEmpty(node) && !spec.ranks.includes(shape.length)) {
    report.error(value, {
      code: 'wrong-dimension',
      message: t('{0} has {1}.', spec.label, dimensions(shape.length)),
      expected: spec.form,
      found: t('a list of shape {0}', describeShape(shape)),
      advice: spec.advice,
    });
    return null;
  }
  return finite ? { shape, data, where: value } : null;
}

/** Of a file that holds several arrays where one is wanted: which, and how one is named. Null for anything else. */
function chooseAdvice(
  value: Value,
  { label, form, ranks, isData = false }: TensorSpec,
  report: Report,
): Pick<Finding, 'found' | 'advice'> | null {
  const arrays = value.path === '' && value.document.binary !== null ? arraysOf(value) : [];
  // One alone stands beside a network or something that is not read: a file of it alone is that array.
  if (arrays.length === 0) return null;
  const found = describeTensors(arrays.map(({ named }) => named));
  const fitting = arrays.filter(({ named, rank }) => ranks.includes(rank) && !(isData && isOfModule(named)));
  const [first] = fitting;
  if (first === undefined)
    return { found, advice: t('None of these arrays can be {0}: name a file that holds {1}.', label, form) };
  const { name } = first;
  return {
    found,
    advice: report.byOption
      ? t('The file holds several arrays: name the one that is meant: {0}.', optionText('--array', name))
      : t(
          'The file holds several arrays: name the one that is meant in the place of its path, as {0}.',
          shown({ file: report.referenceOf(value), name }),
        ),
  };
}

/** A parameter of a module of PyTorch, as a readout or an embedding beside the recurrent layers. */
const isOfModule = ({ prefix, name }: Named): boolean =>
  prefix !== '' && /^(?:weight|bias|running_(?:mean|var)|num_batches_tracked)$/.test(name);

const shown = ({ file, name }: { readonly file: string; readonly name: string }): string =>
  `{ "file": ${JSON.stringify(file)}, "name": ${JSON.stringify(name)} }`;
