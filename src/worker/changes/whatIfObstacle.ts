// Which networks what-ifs can change, told in a sentence where they cannot.
import { t } from '@vscode/l10n';
import { asLayer, factsOf } from '../../engine/index.js';
import type { Experiment, WhatIf } from '../../engine/index.js';

/**
 * Why an experiment cannot be changed so; null where it can. What-ifs change one Wh, one Wx and one b. The page does
 * not offer them elsewhere (`canBeChanged`), so that only a message of another hand, or one that came late, meets this.
 */
export function whatIfObstacle(experiment: Experiment, { cell: wanted }: Pick<WhatIf, 'cell'>): string | null {
  const { cell, layers, chunks, loss } = experiment;
  const { gates, alternatives } = factsOf(cell);
  if (gates.length > 1)
    return t(
      'What-ifs change a cell of one gate; the cell "{0}" has the gates {1}. Change its weights in the file.',
      cell,
      gates.join(', '),
    );
  if (layers.length > 1)
    return t('What-ifs change one layer in one direction; this network has more. Change its weights in the file.');
  if (chunks.some(({ lengths }) => lengths !== undefined))
    return t('What-ifs run sequences that are all as long as each other, and these are not.');
  // Of such a loss the layer has only the gradient that it sent once; a changed network would get another one.
  if (loss !== null && asLayer(experiment) === null)
    return t(
      'What-ifs know the losses "mse" and "crossEntropy" with a target at the last step or at every step, and ' +
        'this is another one. Change the weights in the file.',
    );
  return wanted === null || alternatives.includes(wanted)
    ? null
    : t('The weights are those of {0}; "{1}" takes others.', alternatives.join(', '), wanted);
}
