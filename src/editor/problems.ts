import * as vscode from 'vscode';
import type { Problem } from '../config/problem.js';
import { isConfig } from './configIndex.js';
import { toDiagnostics } from './diagnostics.js';
import type { Inspections } from './inspections.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

const identity = ({ file, code, message, range: { start, end } }: Problem): string => `${file} ${code} ${start.line}:${start.character}-${end.line}:${end.character} ${message}`;

/** Configs that have a tab. */
export function openConfigs(): Map<string, vscode.Uri> {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  const uris = inputs.flatMap((input) => (input instanceof vscode.TabInputText ? [input.uri] : input instanceof vscode.TabInputTextDiff ? [input.modified] : []));
  return new Map(uris.filter(isConfig).map((uri) => [uri.toString(), uri]));
}

/**
 * Problems of configs that are open but not running, in them and in the files that they name. A config with a session is told about by its
 * session; a problem in a file that two configs name is told once.
 */
export function registerProblems(inspections: Inspections, sessions: Sessions): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('rnnGradients.open');
  const found = new Map<string, readonly Problem[]>();
  const running = new Map<Session, readonly Problem[]>();
  let shown = '';

  const publish = (): void => {
    const told = new Set([...running.values()].flat().map(identity));
    const perFile = new Map<string, Problem[]>();
    for (const [config, problems] of found) {
      if (sessions.find({ kind: 'config', config }) !== undefined) continue;
      for (const problem of problems) {
        if (told.has(identity(problem))) continue;
        told.add(identity(problem));
        perFile.set(problem.file, [...(perFile.get(problem.file) ?? []), problem]);
      }
    }
    const now = JSON.stringify([...perFile]);
    if (now === shown) return;
    shown = now;
    collection.clear();
    collection.set([...perFile].map(([file, problems]) => [vscode.Uri.parse(file), toDiagnostics(problems)]));
  };
  // A document can outlive its tab, and be read without one; the user sees tabs.
  const isOpen = (config: vscode.Uri): boolean => openConfigs().has(config.toString());
  const look = (config: vscode.Uri): void => {
    inspections.of(config).catch((error: unknown) => inspections.log.error(error instanceof Error ? error.message : String(error)));
  };
  let open = openConfigs();
  const followTabs = (): void => {
    const before = open;
    open = openConfigs();
    for (const [id, config] of open) if (!before.has(id)) look(config);
    for (const [id, config] of before) {
      if (open.has(id)) continue;
      found.delete(id);
      inspections.forget(config);
      publish();
    }
  };
  for (const config of open.values()) look(config);

  return vscode.Disposable.from(
    collection,
    vscode.window.tabGroups.onDidChangeTabs(followTabs),
    inspections.onDidChange((config) => {
      if (isOpen(config)) look(config);
    }),
    inspections.onDidInspect(({ config, problems }) => {
      if (!isOpen(vscode.Uri.parse(config, true))) return;
      found.set(config, problems);
      publish();
    }),
    sessions.onDidChange((session) => {
      if (running.get(session) === session.problems) return;
      running.set(session, session.problems);
      publish();
    }),
    sessions.onDidClose((session) => {
      running.delete(session);
      publish();
    }),
  );
}
