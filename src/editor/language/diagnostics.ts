import * as vscode from 'vscode';
import { describeProblem } from '../../config/json/index.js';
import type { Problem, Range } from '../../config/json/index.js';
import { fileName } from '../../config/read/index.js';

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

/** `of`: the problem of another file, told where that is named. */
export function toDiagnostic(problem: Problem, of: Problem | null = null): vscode.Diagnostic {
  const told = of === null ? withPath(problem) : `${fileName(of.file)}: ${withPath(of)}`;
  const diagnostic = new vscode.Diagnostic(toRange(problem.range), told, severities[problem.severity]);
  if (of !== null)
    diagnostic.relatedInformation = [
      new vscode.DiagnosticRelatedInformation(
        new vscode.Location(vscode.Uri.parse(of.file), toRange(of.range)),
        of.message,
      ),
    ];
  diagnostic.source = 'Run RNN';
  diagnostic.code = problem.code;
  return diagnostic;
}
