// Blocks of gates made anew, and forget gates that begin open: which layers are meant, and what stands in their files
// then.
import { t } from '@vscode/l10n';
import type { OpenEntry } from '../../config/index.js';
import { UnreadableNumbers } from '../../config/json/index.js';
import type { Value } from '../../config/json/index.js';
import { andThen, annotate, origin } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { storedNetwork } from '../../config/read/index.js';
import type { StoredLayer } from '../../config/read/index.js';
import { cellOf, gatesAnew } from '../../engine/index.js';
import type { GatesAnew } from '../../engine/index.js';
import type { Change, ChangeOutcome, GateInitialisation } from '../../protocol/index.js';
import { binaryRefusal, LayerWrites, Refusal, toItsEnd } from './layerWrites.js';

export type GateChange = GateInitialisation | Extract<Change, { readonly kind: 'forgetBias' }>;

export const isGateChange = (change: Change): change is GateChange =>
  change.kind === 'initialiseGates' || change.kind === 'forgetBias';

/** What is meant: layers by their number, with what is made anew of each. */
type Meant = { readonly index: number; readonly layer: StoredLayer; readonly anew: GatesAnew };

/** What a change of gates does to the text; `file` and `path` name the matrix whose blocks are made anew. */
export async function gateChanges(
  open: OpenEntry,
  file: string,
  path: string,
  change: GateChange,
): Promise<ChangeOutcome> {
  try {
    const network = await storedNetwork(open);
    if (network === null)
      throw new Refusal(t('The weights cannot be read as they are now. Mend what the Problems panel lists first.'));
    const { binary } = network.root.document;
    if (binary !== null) throw new Refusal(binaryRefusal(binary));
    const isHere = ({ document, path: place }: Value): boolean => document.id === file && place === path;
    const meant = network.layers.flatMap((layer, index): Meant[] => {
      if (change.kind === 'forgetBias')
        return change.layers === null || change.layers.includes(index)
          ? [{ index, layer, anew: { of: 'forgetBias' } }]
          : [];
      const { gate, way, seed, direction } = change;
      if (direction !== null && layer.weights.direction !== direction) return [];
      const of = isHere(layer.Wh.where) ? 'recurrent' : isHere(layer.Wx.where) ? 'input' : null;
      return of === null ? [] : [{ index, layer, anew: { of, gate, way, seed } }];
    });
    if (meant.length === 0) throw new Refusal(t('There are no weights of several gates here any more.'));
    const cell = cellOf(network.cell);
    const writes = new LayerWrites(cell);
    for (const { layer, index, anew } of meant) {
      const other = await toItsEnd(gatesAnew(cell, layer.weights, index, anew));
      if (typeof other === 'string') throw new Refusal(other);
      writes.write(layer, other.layer, other.onlyGate);
    }
    const { biases, numbers } = writes.changes(open.dtype);
    const changes = [...biases, ...notes(meant, open.config, change), ...numbers];
    return biases.length + numbers.length === 0
      ? { ok: false, message: t('Everything is already as it would be written.') }
      : { ok: true, changes, newFile: null };
  } catch (error) {
    if (error instanceof Refusal || error instanceof UnreadableNumbers) return { ok: false, message: error.message };
    throw error;
  }
}

/** Where the fresh numbers of a matrix come from, above it. Both directions of a stacked layout are one tensor. */
function notes([first]: readonly Meant[], config: Value | null, change: GateChange): TextChange[] {
  if (first === undefined || change.kind === 'forgetBias' || first.anew.of === 'forgetBias') return [];
  const { Wx, Wh, group } = first.layer;
  const [where, name] =
    first.anew.of === 'recurrent' ? [Wh.where, group.layout.recurrent] : [Wx.where, group.layout.input];
  const { gate, way, seed, direction } = change;
  const fresh = [gate === null ? [] : ['gate', gate], direction === null ? [] : [direction], origin(way, seed)].flat();
  const told = fresh.join(' ');
  const isWhole = gate === null && direction === null;
  return annotate(where, name, config, (earlier) => (isWhole ? told : (andThen(told)(earlier) ?? told)));
}
