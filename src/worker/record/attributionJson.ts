// What the result as JSON says of where the gradient comes from: how much of each loss arrives at each layer.
import type { Attribution, LayerArrival } from '../../engine/index.js';
import { count, each, from, numbers, record, told } from './jsonParts.js';
import type { Part } from './jsonParts.js';
import { direction } from './layerJson.js';

type Source = Attribution['sources'][number];

/**
 * Of an attribution whose steps are positions in the sequence: its sources, and log10 of the norm, over all steps, of
 * what each of them alone sends to the states of a layer.
 */
export const attributionPart: Part<Attribution> = record<Attribution>({
  sources: told(
    '[S]',
    from(
      ({ sources }) => sources,
      each(record<Source>({ from: from((source) => source.from, count), to: from(({ to }) => to, count) })),
    ),
  ),
  layers: from(
    ({ layers = [] }) => layers,
    each(
      record<LayerArrival>({
        layer: from(({ layer }) => layer, count),
        direction: from((arrival) => arrival.direction, direction),
        log10ds: told(
          '‖∂L_s/∂s‖ [S]',
          from(({ log10 }) => log10, numbers),
        ),
      }),
    ),
  ),
});
