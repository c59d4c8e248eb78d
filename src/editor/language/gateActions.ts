// What is offered of the gates in weights, and where.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Initialisation } from '../../engine/index.js';
import type { GateInitialisation, GateName, Inspection, Offer } from '../../protocol/index.js';
import { toRange } from './diagnostics.js';
import { gateLabel, layerText } from './gateNames.js';

export const meets = (a: vscode.Range, b: vscode.Range): boolean => a.intersection(b) !== undefined;

/** Ways to fill a block, with what each is called. */
type Titles = readonly (readonly [way: Initialisation, title: string])[];
export type GateOffer = {
  readonly title: string;
  readonly way: Initialisation;
  readonly gates: Pick<GateInitialisation, 'gate' | 'direction'>;
};

/** Of a recurrent matrix of several gates; `gate` null: of each of them. */
const recurrentTitles = (name: string, gate: string | null): Titles =>
  gate === null
    ? [
        ['orthogonal', t("Replace each gate's block of {0} by an orthogonal matrix…", name)],
        ['identity', t("Replace each gate's block of {0} by the identity", name)],
      ]
    : [
        ['orthogonal', t('Replace the block of gate {0} in {1} by an orthogonal matrix…', gate, name)],
        ['identity', t('Replace the block of gate {0} in {1} by the identity', gate, name)],
      ];

const inputTitles = (name: string, gate: string | null): Titles =>
  gate === null
    ? [
        ['glorot', t("Replace each gate's block of {0} by Glorot's uniform initialisation…", name)],
        ['he', t("Replace each gate's block of {0} by He's normal initialisation…", name)],
      ]
    : [
        ['glorot', t("Replace the block of gate {0} in {1} by Glorot's uniform initialisation…", gate, name)],
        ['he', t("Replace the block of gate {0} in {1} by He's normal initialisation…", gate, name)],
      ];

/** What can be made of the blocks of the gate at the cursor, and of those of all gates. */
export function gateOffers({ role, name }: Offer, gate: GateName | null): GateOffer[] {
  const titles = role === 'recurrent' ? recurrentTitles : inputTitles;
  return (gate === null ? [null] : [gate, null]).flatMap((one) => {
    const gates = { gate: one?.gate ?? null, direction: one?.direction ?? null };
    return titles(name, one === null ? null : gateLabel(one)).map(([way, title]) => ({ title, way, gates }));
  });
}

/** Of one layer, or of the whole network. */
export function forgetBiasTitle({ layer }: Offer): string {
  if (layer === null) return t('Set the forget bias of all layers to 1');
  const name = layerText(layer);
  return name === null ? t('Set the forget bias to 1') : t('Set the forget bias of {0} to 1', name);
}

/** A bias of a layer is offered at all of that layer's weights. */
export function isMeantAt(
  { kind, file, layer, key, value }: Offer,
  range: vscode.Range,
  { parts }: Inspection,
): boolean {
  if (meets(toRange(key), range) || meets(toRange(value), range)) return true;
  return (
    kind === 'forgetBias' &&
    layer !== null &&
    parts.some(
      (part) =>
        part.file === file &&
        part.layer?.index === layer.index &&
        (meets(toRange(part.key), range) || meets(toRange(part.value), range)),
    )
  );
}

/** Where a file is named, what can be done to all of its layers is not offered layer by layer. */
export const isOfOneOfSeveral = ({ kind, layer }: Offer, { offers }: Inspection): boolean =>
  kind === 'forgetBias' && layer !== null && offers.some((other) => other.kind === kind && other.layer === null);
