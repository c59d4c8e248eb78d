// What a layer of a network is called where one is chosen or told.
import { t } from './l10n.js';
import type { NetworkSummary, RunSummary } from './model.js';
import type { Heading } from './tablePlan.js';

/** `layer 1`; with two directions `layer 1, reverse`. `index` counts the directions; '' where there is none. */
export function layerName({ layers }: Pick<NetworkSummary, 'layers'>, index: number): string {
  const choice = layers[index];
  if (choice === undefined) return '';
  const { layer, direction } = choice;
  if (!layers.some((other) => other.direction === 'reverse')) return t('layer {0}', layer);
  return direction === 'forward' ? t('layer {0}, forward', layer) : t('layer {0}, reverse', layer);
}

/** From the top of a picture down: the last layer first, `forward` above `reverse`. */
export const layersFromTop = ({ layers }: Pick<NetworkSummary, 'layers'>): readonly number[] =>
  layers
    .map(({ layer, direction }, index) => ({ layer, direction, index }))
    .sort((a, b) => b.layer - a.layer || (a.direction === 'forward' ? -1 : 1) - (b.direction === 'forward' ? -1 : 1))
    .map(({ index }) => index);

/** As `layer1_reverse`, in a saved file. */
export const csvLayer = ({ layers }: Pick<NetworkSummary, 'layers'>, row: number): string => {
  const choice = layers[row];
  return choice === undefined ? `row${row}` : `layer${choice.layer}_${choice.direction}`;
};

/**
 * The name of the layer whose ‖dx_t‖ a run has, where that is another one than the network's: an upper layer's goes to
 * the layer below, and one direction's is a part of it. Null: it is the network's.
 */
export const ownerOfDx = ({ network }: Pick<RunSummary, 'network'>): string | null =>
  network === null || (network.shown === 0 && !network.layers.some(({ direction }) => direction === 'reverse'))
    ? null
    : layerName(network, network.shown);

/** What ‖dx_t‖ of a run is called. */
export function dxHeading(run: Pick<RunSummary, 'network'>): Heading {
  const [owner, { network }] = [ownerOfDx(run), run];
  return owner === null || network === null
    ? { title: '‖dx_t‖', csv: 'dx_norm' }
    : { title: t('‖dx_t‖ of {0}', owner), csv: `dx_norm_${csvLayer(network, network.shown)}` };
}
