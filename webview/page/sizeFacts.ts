// What a run is of, where it is named: beside the verdict and on saved pictures.
import { t } from './l10n.js';
import type { NetworkSummary, RunSummary } from './model.js';

/** How many layers and directions, and how long the sequences are. */
function networkFacts({ layers, lengths: [shortest, longest] }: NetworkSummary): string[] {
  const ways = new Set(layers.map(({ direction }) => direction)).size;
  const count = layers.length / ways;
  return [
    ...(count === 1 ? [] : [t('{0} layers', count)]),
    ...(ways === 1 ? [] : [t('two directions')]),
    ...(shortest === longest ? [] : [t('lengths {0} to {1}', shortest, longest)]),
  ];
}

/** The cell and the sizes of the whole network, whichever layer is shown: lstm · 3 layers · B 2 · T 60 · I 2 · H 4. */
export const sizeFacts = ({ cell, network, shapes: { B, T, I, H } }: RunSummary): string[] => [
  cell.name,
  ...(network === null ? [] : networkFacts(network)),
  `B ${B}`,
  `T ${T}`,
  `I ${network?.inputs ?? I}`,
  `H ${H}`,
];
