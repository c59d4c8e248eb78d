import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Inspection, PartInfo } from '../../protocol/index.js';
import { toRange } from './diagnostics.js';
import { blockText, gateLabel, gateTitle, hasGates, layerText } from './gateNames.js';
import { shapeText, weightAxes } from './hover.js';
import { prefix, readSettings } from '../context/settings.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subject, Subjects } from '../following/experimentLookup.js';

/**
 * Shapes beside the keys of weights and sequences, and beside the paths of the files that hold them; of networks the
 * layers that weights belong to, and the gates where the block of each begins.
 */
class ShapeHints implements vscode.InlayHintsProvider {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeInlayHints = this.#changed.event;

  constructor(readonly subjects: Subjects) {}

  refresh(): void {
    this.#changed.fire();
  }

  async provideInlayHints(
    document: vscode.TextDocument,
    range: vscode.Range,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlayHint[]> {
    if (!readSettings().inlayHints) return [];
    const subject = await this.subjects.of(document, token);
    if (subject === null) return [];
    const { inspection, file } = subject;
    const beside = (position: vscode.Position, text: string): vscode.InlayHint[] => {
      if (!range.contains(position)) return [];
      const hint = new vscode.InlayHint(position, text);
      hint.paddingLeft = true;
      return [hint];
    };
    const own = inspection.parts
      .filter((part) => part.file === file && part.path !== '')
      .flatMap((part) => beside(toRange(part.key).end, [shapeText(part), ...layerOf(part)].join(' · ')));
    const named = inspection.links
      .filter((link) => link.file === file)
      .flatMap((link) => {
        const text = summary(inspection, link.target, link.key);
        return text === '' ? [] : beside(toRange(link.range).end.translate(0, 1), text);
      });
    return [...this.#cell(subject, beside), ...own, ...named, ...(await this.#gates(subject, document, range, token))];
  }

  /** Before the first row of each gate's block, or before its first number where blocks lie side by side. */
  async #gates(
    { config, inspection, file }: Subject,
    { uri }: vscode.TextDocument,
    range: vscode.Range,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlayHint[]> {
    const isInSight = inspection.parts.some(
      (part) => part.file === file && hasGates(part) && toRange(part.value).intersection(range) !== undefined,
    );
    if (!isInSight) return [];
    const places = await this.subjects.inspections.gatePlaces(config, uri, range, token);
    return places.flatMap(({ gates }) =>
      gates.flatMap((gate) => {
        const at = new vscode.Position(gate.start.line, gate.start.character);
        if (!range.contains(at)) return [];
        const hint = new vscode.InlayHint(at, `${gateLabel(gate)}:`, vscode.InlayHintKind.Parameter);
        hint.paddingRight = true;
        hint.tooltip = `${gateTitle(gate.gate)}, ${blockText(gate)}`;
        return [hint];
      }),
    );
  }

  /** Beside the key of the weights in the config. */
  #cell(
    { inspection, file }: Subject,
    beside: (position: vscode.Position, text: string) => vscode.InlayHint[],
  ): vscode.InlayHint[] {
    const text = file === inspection.config ? cellText(inspection) : null;
    const weights = inspection.documents
      .find((document) => document.file === file)
      ?.outline.find(({ name }) => name === 'weights');
    return text === null || weights === undefined ? [] : beside(toRange(weights.key).end, text);
  }
}

const layerOf = ({ layer }: PartInfo): string[] => {
  const text = layer === null ? null : layerText(layer);
  return text === null ? [] : [text];
};

/** `lstm: inferred from weight_hh_l0 [4·H, H]`, where the config does not name its cell. */
function cellText({ cell, cellFrom, parts }: Pick<Inspection, 'cell' | 'cellFrom' | 'parts'>): string | null {
  if (cell === null || cellFrom === null) return null;
  const matrix = parts.find(({ role, name }) => role === 'recurrent' && name === cellFrom);
  const axes = matrix === undefined ? '' : ` [${weightAxes(matrix).join(', ')}]`;
  return t('{0}: inferred from {1}', cell.name, `${cellFrom}${axes}`);
}

const weightRoles: ReadonlySet<PartInfo['role']> = new Set(['input', 'recurrent', 'bias', 'parameter']);

/** What a named file holds: `Wx [4, 32] · Wh [32, 32] · b [1, 32]`, or the axes of the one block it is. */
function summary({ parts }: Inspection, target: string, key: string): string {
  const held = parts.filter(({ file, role }) => file === target && (key !== 'weights' || weightRoles.has(role)));
  const [only] = held;
  const bare = ({ name, shape }: PartInfo): string =>
    `${name} ${shape === null ? t('ragged') : `[${shape.join(', ')}]`}`;
  return held.length === 1 && only !== undefined ? shapeText(only) : held.map(bare).join(' · ');
}

export function registerInlayHints(subjects: Subjects): vscode.Disposable {
  const hints = new ShapeHints(subjects);
  return vscode.Disposable.from(
    vscode.languages.registerInlayHintsProvider(jsonSelector, hints),
    subjects.inspections.onDidInspect(() => hints.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${prefix}.inlayHints`)) hints.refresh();
    }),
  );
}
