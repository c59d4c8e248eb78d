// What PyTorch's weight_norm, spectral_norm and pruning keep in the place of a matrix.
import { t } from '@vscode/l10n';
import type { Named } from '../layouts/weightLayouts.js';
import type { Finding } from '../json/problem.js';

const matrices = /^weight_(?:ih|hh)(?:_l\d+(?:_reverse)?)?$/;

/** The matrix that a name holds a part of; null for every other name. */
function matrixOf({ prefix, name }: Named): string | null {
  const [, parametrized] = /(?:^|[/.])parametrizations\.(\w+)$/.exec(prefix) ?? [];
  const [, part] = /^(\w+)_(?:g|v|orig|mask)$/.exec(name) ?? [];
  const matrix = parametrized ?? part;
  return matrix !== undefined && matrices.test(matrix) ? matrix : null;
}

/** The first part of this matrix; without a name the first part of any. */
export function storedInParts(
  named: readonly Named[],
  wanted: string | null = null,
): { readonly part: Named; readonly matrix: string } | undefined {
  for (const part of named) {
    const matrix = matrixOf(part);
    if (matrix !== null && (wanted === null || matrix === wanted)) return { part, matrix };
  }
  return undefined;
}

export const togetherAdvice = (matrix: string): Pick<Finding, 'advice'> => ({
  advice: t(
    '{0} is stored in parts (weight_norm, spectral_norm, pruning): put them together before you save, in Python with ' +
      'torch.nn.utils.parametrize.remove_parametrizations, remove_weight_norm or prune.remove.',
    matrix,
  ),
});
