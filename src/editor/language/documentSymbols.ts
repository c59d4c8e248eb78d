import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Outline } from '../../config/read/index.js';
import type { GatePlace, PartInfo } from '../../protocol/index.js';
import type { Range } from '../../config/json/index.js';
import { toRange } from './diagnostics.js';
import { blockText, gateLabel, gateTitle, hasGates, layerText } from './gateNames.js';
import { shapeText } from './hover.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subject, Subjects } from '../following/experimentLookup.js';

const kinds: Readonly<Record<Outline['kind'], vscode.SymbolKind>> = {
  object: vscode.SymbolKind.Module,
  matrix: vscode.SymbolKind.Array,
  list: vscode.SymbolKind.Array,
  text: vscode.SymbolKind.String,
  number: vscode.SymbolKind.Number,
  boolean: vscode.SymbolKind.Boolean,
  null: vscode.SymbolKind.Null,
};

/**
 * The keys of a config or of a file that it names, with the shapes of their numbers; those of a network below its
 * layers and directions, and below a matrix the gates whose rows it holds.
 */
class Symbols implements vscode.DocumentSymbolProvider {
  constructor(readonly subjects: Subjects) {}

  async provideDocumentSymbols(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.DocumentSymbol[]> {
    const subject = await this.subjects.of(document, token);
    const outline = subject?.inspection.documents.find(({ file }) => file === subject.file)?.outline;
    if (subject === null || outline === undefined) return [];
    const parts = new Map(
      subject.inspection.parts
        .filter(({ file }) => file === subject.file)
        .toReversed()
        .map((part) => [placeOf(part.key), part]),
    );
    return symbolsOf(outline, { parts, gates: await this.#gates(subject, document, [...parts.values()], token) });
  }

  async #gates(
    { config }: Subject,
    { uri, lineCount }: vscode.TextDocument,
    parts: readonly PartInfo[],
    token: vscode.CancellationToken,
  ): Promise<ReadonlyMap<string, readonly GatePlace[]>> {
    if (!parts.some(hasGates)) return new Map();
    const whole = new vscode.Range(0, 0, lineCount, 0);
    const places = await this.subjects.inspections.gatePlaces(config, uri, whole, token);
    return new Map(places.map(({ key, gates }) => [placeOf(key), gates]));
  }
}

/** By the places of their keys. */
type Known = {
  readonly parts: ReadonlyMap<string, PartInfo>;
  readonly gates: ReadonlyMap<string, readonly GatePlace[]>;
};

/** Of two keys of one file never the same. */
const placeOf = ({ start }: Range): string => `${start.line}:${start.character}`;

type Placed = { readonly symbol: vscode.DocumentSymbol; readonly layer: PartInfo['layer'] };

/** Neighbours that belong to one layer, or to one direction of it, stand below a symbol of their own. */
function symbolsOf(entries: readonly Outline[], known: Known): vscode.DocumentSymbol[] {
  const placed = entries.map((entry): Placed => ({
    symbol: symbolOf(entry, known),
    layer: known.parts.get(placeOf(entry.key))?.layer ?? null,
  }));
  const byLayer = runsOf(placed, (layer) => `${layer.layer}`);
  return byLayer.flatMap((run) => {
    const [{ layer }] = run;
    if (layer === null || layerText(layer) === null) return symbolsIn(run);
    const name = t('layer {0}', layer.layer);
    if (layer.directions === 1) return [group(name, '', symbolsIn(run))];
    const directions = runsOf(run, ({ direction }) => direction ?? 'both').flatMap((some) => {
      const direction = some[0].layer?.direction ?? null;
      return direction === null
        ? symbolsIn(some)
        : [group(direction === 'forward' ? t('forward') : t('reverse'), name, symbolsIn(some))];
    });
    return [group(name, '', directions)];
  });
}

type Run = readonly [Placed, ...Placed[]];
const symbolsIn = (run: readonly Placed[]): vscode.DocumentSymbol[] => run.map(({ symbol }) => symbol);

/**
 * Neighbours with the same key. What has none stands alone, and so do all of a key whose entries are scattered: symbols
 * that lie across each other would send the cursor to the wrong one.
 */
function runsOf(placed: readonly Placed[], keyOf: (layer: NonNullable<PartInfo['layer']>) => string): Run[] {
  const runs: { readonly key: string | null; readonly run: [Placed, ...Placed[]] }[] = [];
  for (const one of placed) {
    const key = one.layer === null ? null : keyOf(one.layer);
    const last = runs.at(-1);
    if (last !== undefined && key !== null && last.key === key) last.run.push(one);
    else runs.push({ key, run: [one] });
  }
  return runs.flatMap(({ key, run }): Run[] =>
    key === null || runs.filter((other) => other.key === key).length === 1
      ? [run]
      : run.map(({ symbol }) => [{ symbol, layer: null }]),
  );
}

function group(name: string, detail: string, children: vscode.DocumentSymbol[]): vscode.DocumentSymbol {
  const [first, last] = [children[0], children.at(-1)];
  const from = first?.range.start ?? new vscode.Position(0, 0);
  const whole = new vscode.Range(from, last?.range.end ?? from);
  const symbol = new vscode.DocumentSymbol(
    name,
    detail,
    vscode.SymbolKind.Namespace,
    whole,
    first?.selectionRange ?? whole,
  );
  symbol.children = children;
  return symbol;
}

function symbolOf(entry: Outline, known: Known): vscode.DocumentSymbol {
  const key = toRange(entry.key);
  const part = known.parts.get(placeOf(entry.key));
  const { detail, children } = withoutOnlyGroup(part === undefined ? entry.detail : shapeText(part), [
    ...symbolsOf(entry.children, known),
    ...(known.gates.get(placeOf(entry.key)) ?? []).flatMap(gateSymbol),
  ]);
  const symbol = new vscode.DocumentSymbol(entry.name, detail, kinds[entry.kind], toRange(entry.range), key);
  symbol.children = children;
  return symbol;
}

/** An object that holds one layer is that layer: it needs no other symbol below it. */
function withoutOnlyGroup(
  detail: string,
  children: vscode.DocumentSymbol[],
): { readonly detail: string; readonly children: vscode.DocumentSymbol[] } {
  const [only, ...others] = children;
  if (only?.kind !== vscode.SymbolKind.Namespace || others.length > 0) return { detail, children };
  return withoutOnlyGroup([detail, only.name].filter((text) => text !== '').join(', '), only.children);
}

/** Of rows alone: nobody looks for a few numbers of a list by its outline. */
function gateSymbol(gate: GatePlace): vscode.DocumentSymbol[] {
  if (gate.lies !== 'rows' || gate.range === null) return [];
  const range = toRange(gate.range);
  const detail = `${gateTitle(gate.gate)} · ${blockText(gate)}`;
  return [new vscode.DocumentSymbol(gateLabel(gate), detail, vscode.SymbolKind.Array, range, range)];
}

export const registerSymbols = (subjects: Subjects): vscode.Disposable =>
  vscode.languages.registerDocumentSymbolProvider(jsonSelector, new Symbols(subjects), { label: 'RNN Gradients' });
