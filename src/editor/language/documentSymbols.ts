import * as vscode from 'vscode';
import type { Outline } from '../../config/read/index.js';
import type { Inspection } from '../../protocol/index.js';
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
    return subject === null || outline === undefined
      ? []
      : outline.map((entry) => symbolOf(entry, subject.inspection, subject.file));
  }
}

function symbolOf(entry: Outline, inspection: Inspection, file: string): vscode.DocumentSymbol {
  const key = toRange(entry.key);
  const part = inspection.parts.find((one) => one.file === file && toRange(one.key).isEqual(key));
  const detail = part === undefined ? entry.detail : shapeText(part);
  const symbol = new vscode.DocumentSymbol(entry.name, detail, kinds[entry.kind], toRange(entry.range), key);
  symbol.children = entry.children.map((child) => symbolOf(child, inspection, file));
  return symbol;
}

export const registerSymbols = (subjects: Subjects): vscode.Disposable =>
  vscode.languages.registerDocumentSymbolProvider(jsonSelector, new Symbols(subjects), { label: 'RNN Gradients' });
