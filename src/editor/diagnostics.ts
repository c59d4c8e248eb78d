import * as vscode from 'vscode';
import { describeProblem } from '../config/problem.js';
import type { Problem, Range } from '../config/problem.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

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

/** Shows the problems of every session in the Problems panel, at their places, for as long as they stand. */
export function registerDiagnostics(sessions: Sessions): vscode.Disposable {
  const shown = new Map<Session, { problems: readonly Problem[]; collection: vscode.DiagnosticCollection }>();
  const refresh = (session: Session): void => {
    const before = shown.get(session);
    if (before?.problems === session.problems) return;
    const collection = before?.collection ?? vscode.languages.createDiagnosticCollection('rnnGradients');
    shown.set(session, { problems: session.problems, collection });
    collection.clear();
    for (const file of new Set(session.problems.map((problem) => problem.file))) {
      collection.set(vscode.Uri.parse(file), toDiagnostics(session.problems.filter((problem) => problem.file === file)));
    }
  };
  const forget = (session: Session): void => {
    shown.get(session)?.collection.dispose();
    shown.delete(session);
  };
  return vscode.Disposable.from(sessions.onDidChange(refresh), sessions.onDidClose(forget), {
    dispose: () => {
      for (const session of [...shown.keys()]) forget(session);
    },
  });
}
