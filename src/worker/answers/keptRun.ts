import { t } from '@vscode/l10n';
import { cellOf } from '../../engine/index.js';
import type { AnyNetworkRun, AnyRun, LayerExperiment } from '../../engine/index.js';

/** A finished run as the worker keeps it: the layer that is looked at, and the network that it belongs to. */
export type KeptRun = {
  readonly runId: number;
  readonly experiment: LayerExperiment;
  readonly result: AnyRun;
  readonly network?: AnyNetworkRun;
};

/** The network and which of its layers is looked at; null of a single layer in one direction. */
export function stackBehind({
  network,
  result,
}: KeptRun): { readonly run: AnyNetworkRun; readonly index: number } | null {
  if (network === undefined || network.layers.length === 1) return null;
  return { run: network, index: network.layers.findIndex((layer) => layer.result === result) };
}

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
  throw new Error(t('A step of the cell "{0}" has no single z: it opens by its gates, {1}.', name, gates.join(', ')));
}

/** For answers that have a node for each gate. @throws of a cell with one gate */
export function requireGates(run: Pick<KeptRun, 'experiment'>): void {
  if (isGated(run)) return;
  throw new Error(t('The cell "{0}" has no gates: its step opens by its single z.', run.experiment.cell));
}
