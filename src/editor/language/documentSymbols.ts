import * as vscode from 'vscode';
import type { Outline } from '../../config/read/index.js';
import type { PartInfo } from '../../protocol/index.js';
import type { Range } from '../../config/json/index.js';
import { toRange } from './diagnostics.js';
import { shapeText } from './hover.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subjects } from '../following/experimentLookup.js';

const kinds: Readonly<Record<Outline['kind'], vscode.SymbolKind>> = {
  object: vscode.SymbolKind.Module,
  matrix: vscode.SymbolKind.Array,
  list: vscode.SymbolKind.Array,
  text: vscode.SymbolKind.String,
  number: vscode.SymbolKind.Number,
  boolean: vscode.SymbolKind.Boolean,
  null: vscode.SymbolKind.Null,
};

/** The keys of a config or of a file that it names, with the shapes of their numbers. */
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
    return outline.map((entry) => symbolOf(entry, parts));
  }
}

/** Of two keys of one file never the same. */
const placeOf = ({ start }: Range): string => `${start.line}:${start.character}`;

function symbolOf(entry: Outline, parts: ReadonlyMap<string, PartInfo>): vscode.DocumentSymbol {
  const key = toRange(entry.key);
  const part = parts.get(placeOf(entry.key));
  const detail = part === undefined ? entry.detail : shapeText(part);
  const symbol = new vscode.DocumentSymbol(entry.name, detail, kinds[entry.kind], toRange(entry.range), key);
  symbol.children = entry.children.map((child) => symbolOf(child, parts));
  return symbol;
}

export const registerSymbols = (subjects: Subjects): vscode.Disposable =>
  vscode.languages.registerDocumentSymbolProvider(jsonSelector, new Symbols(subjects), { label: 'RNN Gradients' });
