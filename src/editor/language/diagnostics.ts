import * as vscode from 'vscode';
import { describeProblem } from '../../config/json/index.js';
import type { Problem, Range } from '../../config/json/index.js';

export const toRange = ({ start, end }: Range): vscode.Range =>
  new vscode.Range(start.line, start.character, end.line, end.character);

/** In a file on one line the column says little, the indices say it all. */
const withPath = (problem: Problem): string =>
  /\[\d+\]$/.test(problem.path) ? `${problem.path}: ${describeProblem(problem)}` : describeProblem(problem);

export function toDiagnostic(problem: Problem): vscode.Diagnostic {
  const severity = problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(toRange(problem.range), withPath(problem), severity);
  diagnostic.source = 'Run RNN';
  diagnostic.code = problem.code;
  return diagnostic;
}
