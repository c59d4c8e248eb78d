// VS Code's own JSON marks some of our problems too, in documents that are open: each is told once.
import * as vscode from 'vscode';
import type { Problem, ProblemCode } from '../../config/json/index.js';
import { toRange } from './diagnostics.js';
import { openDocument } from '../files/editorFiles.js';

const shared: ReadonlySet<ProblemCode> = new Set(['not-json', 'duplicate-key']);
/**
 * All that it says of None, 'text' or .5; how to write these is ours to tell. Of a whole file it says so without a
 * code, as it does of text behind the end.
 */
const saysValueExpected = ({ code, range: { start } }: vscode.Diagnostic, document: vscode.TextDocument): boolean =>
  Number(code) === 516 || (Number(code ?? 0) === 0 && isFirst(start, document));

const isFirst = (position: vscode.Position, document: vscode.TextDocument): boolean =>
  document.getText(new vscode.Range(new vscode.Position(0, 0), position)).trim() === '';

/** A bracket or comma where a value belongs: there is nothing to write otherwise, and "value expected" says it all. */
const isValueMissing = (position: vscode.Position, document: vscode.TextDocument): boolean =>
  /^[\]},:]$/.test(document.getText(new vscode.Range(position, position.translate(0, 1))));

/** What looks like the comma, the colon or the quotes that it misses there: ， ： “. Ours says what is wrong with it. */
const looksLikeJson = (position: vscode.Position, document: vscode.TextDocument): boolean =>
  /^[^\p{ASCII}\p{L}]$/u.test(document.getText(new vscode.Range(position, position.translate(0, 1))));

const isItsOwn = ({ source }: vscode.Diagnostic): boolean => source === 'json' || source === 'jsonc';

/**
 * Whether VS Code's own JSON says the same at the same place, now. It comes a moment after ours, and not at all where
 * it is turned off.
 */
function isMarked({ file, range }: Problem): boolean {
  const { start, isEmpty } = toRange(range);
  // Of the file as a whole (it is HTML, or no text): JSON would only say that it expected a value.
  if (isEmpty && start.line === 0 && start.character === 0) return false;
  const document = openDocument(file);
  if (document === undefined || looksLikeJson(start, document)) return false;
  const marks = vscode.languages
    .getDiagnostics(document.uri)
    .filter((mark) => isItsOwn(mark) && mark.range.start.isEqual(start));
  return marks.some((mark) => !saysValueExpected(mark, document) || isValueMissing(start, document));
}

/** A deprecated name it knows from the schema, unless the user does not want to be told by it. */
export const isToldByJson = (problem: Problem): boolean =>
  problem.code === 'deprecated-key'
    ? problem.file.endsWith('.rnn.json') && vscode.workspace.getConfiguration('json').get('validate.enable', true)
    : shared.has(problem.code) && isMarked(problem);
