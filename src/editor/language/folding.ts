import * as vscode from 'vscode';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subjects } from '../following/experimentLookup.js';

/** Blocks of numbers fold as regions, so that "Fold All Regions" hides the matrices and leaves the config. */
class MatrixFolding implements vscode.FoldingRangeProvider {
  constructor(readonly subjects: Subjects) {}

  async provideFoldingRanges(
    document: vscode.TextDocument,
    _context: vscode.FoldingContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.FoldingRange[]> {
    return (await matrixLines(this.subjects, document, token)).map(
      ({ start, end }) => new vscode.FoldingRange(start, end, vscode.FoldingRangeKind.Region),
    );
  }
}

async function matrixLines(
  subjects: Subjects,
  document: vscode.TextDocument,
  token?: vscode.CancellationToken,
): Promise<readonly { readonly start: number; readonly end: number }[]> {
  const subject = await subjects.of(document, token);
  return subject?.inspection.documents.find(({ file }) => file === subject.file)?.matrixLines ?? [];
}

/** Folds every block of numbers in the active editor. */
export const foldMatrices = (subjects: Subjects) => async (): Promise<void> => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return;
  const selectionLines = (await matrixLines(subjects, editor.document)).map(({ start }) => start);
  if (selectionLines.length > 0)
    await vscode.commands.executeCommand('editor.fold', { levels: 1, direction: 'down', selectionLines });
};

export const registerFolding = (subjects: Subjects): vscode.Disposable =>
  vscode.languages.registerFoldingRangeProvider(jsonSelector, new MatrixFolding(subjects));
