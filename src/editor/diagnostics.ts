import * as vscode from 'vscode';
import { describeProblem } from '../config/problem.js';
import type { Problem, Range } from '../config/problem.js';

export const toRange = ({ start, end }: Range): vscode.Range => new vscode.Range(start.line, start.character, end.line, end.character);

/** In a file on one line the column says little, the indices say it all. */
const withPath = (problem: Problem): string => (/\[\d+\]$/.test(problem.path) ? `${problem.path}: ${describeProblem(problem)}` : describeProblem(problem));

/** A deprecated name is told by VS Code's own JSON, which knows it from the schema, unless the user does not want to be told by it. */
const isToldByJson = ({ code }: Problem): boolean => code === 'deprecated-key' && vscode.workspace.getConfiguration('json').get('validate.enable', true);

export const toDiagnostics = (problems: readonly Problem[]): vscode.Diagnostic[] => problems.filter((problem) => !isToldByJson(problem)).map(toDiagnostic);

function toDiagnostic(problem: Problem): vscode.Diagnostic {
  const severity = problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(toRange(problem.range), withPath(problem), severity);
  diagnostic.source = 'Run RNN';
  diagnostic.code = problem.code;
  return diagnostic;
}
