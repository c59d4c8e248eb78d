import * as vscode from 'vscode';
import { describeProblem } from '../../config/json/index.js';
import type { Problem, Range } from '../../config/json/index.js';

export const toRange = ({ start, end }: Range): vscode.Range =>
  new vscode.Range(start.line, start.character, end.line, end.character);

/** In a file on one line the column says little, the indices say it all. */
const withPath = (problem: Problem): string =>
  /\[\d+\]$/.test(problem.path) ? `${problem.path}: ${describeProblem(problem)}` : describeProblem(problem);

const severities: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
};

export function toDiagnostic(problem: Problem): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(toRange(problem.range), withPath(problem), severities[problem.severity]);
  diagnostic.source = 'Run RNN';
  diagnostic.code = problem.code;
  return diagnostic;
}
