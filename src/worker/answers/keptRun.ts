import { t } from '@vscode/l10n';
import { cellOf } from '../../engine/index.js';
import type { AnyRun, LayerExperiment } from '../../engine/index.js';

/** A finished run as the worker keeps it. */
export type KeptRun = { readonly runId: number; readonly experiment: LayerExperiment; readonly result: AnyRun };

export const isGated = ({ experiment }: Pick<KeptRun, 'experiment'>): boolean =>
  cellOf(experiment.cell).gates.length > 1;

/**
 * For answers that have one z a unit, and one way on which a gradient goes back. The page does not ask for them where
 * there are more.
 * @throws of a cell with several gates
 */
export function requireOneGate(run: Pick<KeptRun, 'experiment'>): void {
  if (!isGated(run)) return;
  const { name, gates } = cellOf(run.experiment.cell);
  throw new Error(
    t('A step of the cell "{0}" has no single z and cannot be opened: its gates are {1}.', name, gates.join(', ')),
  );
}
