// What the result as JSON says of where the gradient comes from: how much of each loss arrives at each layer.
import type { Attribution, LayerArrival } from '../../engine/index.js';
import { count, each, from, numbers, record, told } from './jsonParts.js';
import type { Part } from './jsonParts.js';
import { direction } from './layerJson.js';

type Source = Attribution['sources'][number];

/** Of an attribution whose steps are positions in the sequence. */
export const attributionPart: Part<Attribution> = record<Attribution>({
  sources: told(
    'The steps at which a loss is [S]; neighbours in groups where there are many',
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
          'log10 of the norm, over all steps, of what each source alone sends to ∂L/∂s_t [S]',
          from(({ log10 }) => log10, numbers),
        ),
      }),
    ),
  ),
});
