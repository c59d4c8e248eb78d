import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import type { Tensor } from './readTensor.js';

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
    message: t('{0} does not fit the experiment.', label),
    expected: `${form} = [${sizes}]`,
    found: describeShape(tensor.shape),
    advice: t('Bring {0} to the shape {1}, which the sequences and weights ask for.', label, `[${sizes}]`),
  });
  return false;
}
