// What gates, their blocks and layers are called in a text editor.
import { t } from '@vscode/l10n';
import type { LayerPlace } from '../../config/read/index.js';
import type { GateName, PartInfo } from '../../protocol/index.js';

const titles: Readonly<Record<string, () => string>> = {
  i: () => t('input gate'),
  f: () => t('forget gate'),
  g: () => t('candidate'),
  o: () => t('output gate'),
  r: () => t('reset gate'),
  z: () => t('update gate'),
  n: () => t('candidate'),
};
/** `forget gate`; the letter of a gate that has no other name. */
export const gateTitle = (gate: string): string => titles[gate]?.() ?? gate;

/** `f`, and of a tensor that holds more which: `f · reverse · state`. */
export function gateLabel({ gate, direction, bias }: GateName): string {
  return [
    gate,
    ...(direction === null ? [] : [direction === 'forward' ? t('forward') : t('reverse')]),
    ...(bias === null ? [] : [bias === 'input' ? t('input') : t('state')]),
  ].join(' · ');
}

/** The first and the last of its rows, columns or numbers: `rows 16 … 31`. */
export function blockText({ lies, from, to }: GateName): string {
  const span = to - from === 1 ? `${from}` : `${from} … ${to - 1}`;
  if (lies === 'rows') return t('rows {0}', span);
  return lies === 'columns' ? t('columns {0}', span) : t('numbers {0}', span);
}

/** `layer 1, reverse`; null for the only layer of a network in one direction, which needs no name. */
export function layerText({ layer, direction, layers, directions }: LayerPlace): string | null {
  if (layers === 1 && directions === 1) return null;
  if (directions === 1) return t('layer {0}', layer);
  if (direction === null) return t('layer {0}, both directions', layer);
  return direction === 'forward' ? t('layer {0}, forward', layer) : t('layer {0}, reverse', layer);
}

/** Whether weights hold several gates, whose places can be asked for. */
export const hasGates = ({ blocks, role }: PartInfo): boolean =>
  (blocks?.gates.length ?? 1) > 1 && (role === 'input' || role === 'recurrent' || role === 'bias');
