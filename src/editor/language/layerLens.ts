// What the last run said of each layer of a network, above that layer's weights.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { PartInfo } from '../../protocol/index.js';
import { prefix } from '../context/settings.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Inspections } from '../following/inspections.js';
import type { Sessions } from '../following/sessions.js';
import { layerVerdicts, verdictLine } from '../status/verdictLabels.js';
import { whenVerdictsChange } from './codeLens.js';
import { toRange } from './diagnostics.js';
import { layerText } from './gateNames.js';

class LayerLens implements vscode.CodeLensProvider {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(
    readonly sessions: Sessions,
    readonly inspections: Inspections,
  ) {}

  refresh(): void {
    this.#changed.fire();
  }

  async provideCodeLenses({ uri }: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    const session = this.sessions.naming(uri);
    if (session?.entry.kind !== 'config') return [];
    const verdicts = layerVerdicts(session);
    // Nothing is asked of files whose run has nothing to tell.
    if (verdicts.length === 0) return [];
    const inspection = await this.inspections.of(vscode.Uri.parse(session.entry.config, true), token);
    const parts = inspection?.parts.filter(({ file }) => file === uri.toString()) ?? [];
    return verdicts.flatMap(({ layer, direction, words }, index) => {
      const place = parts.filter((part) => isOf(part, index)).sort(byPlace)[0];
      if (!place?.layer) return [];
      const name = layerText({ ...place.layer, layer, direction });
      return new vscode.CodeLens(toRange(place.key), {
        title: `${name}: ${verdictLine(words)}`,
        tooltip: t('Show this layer in the gradient panel'),
        command: `${prefix}.showPanel`,
        arguments: [session.entry, index],
      });
    });
  }
}

/** A tensor that holds both directions belongs to two layers, counted with directions. */
const isOf = ({ layer }: PartInfo, index: number): boolean =>
  layer !== null && (layer.index === index || (layer.direction === null && layer.index + 1 === index));

const byPlace = ({ key: { start: a } }: PartInfo, { key: { start: b } }: PartInfo): number =>
  a.line - b.line || a.character - b.character;

export function registerLayerLens(sessions: Sessions, inspections: Inspections): vscode.Disposable {
  const lens = new LayerLens(sessions, inspections);
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider(jsonSelector, lens),
    whenVerdictsChange(sessions, () => lens.refresh()),
  );
}
