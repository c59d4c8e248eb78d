import * as vscode from 'vscode';
import type { Problem } from '../../config/json/index.js';
import { isConfig } from '../context/configFiles.js';
import { toDiagnostic } from './diagnostics.js';
import type { Session } from '../following/session.js';
import type { Sessions } from '../following/sessions.js';
import type { Subjects } from '../following/experimentLookup.js';
import { isToldByJson } from './jsonDiagnosticFilter.js';
import { errorStack } from '../../protocol/index.js';

/** A file that more configs name than this is told about as these see it. */
const mostConfigs = 5;

const identity = ({ file, code, message, range: { start, end } }: Problem): string =>
  `${file} ${code} ${start.line}:${start.character}-${end.line}:${end.character} ${message}`;

/** A problem, and the one of another file that it repeats. */
type Told = { readonly problem: Problem; readonly of: Problem | null };

/** JSON files that have a tab. */
function openFiles(): Map<string, vscode.Uri> {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  const uris = inputs.flatMap((input) =>
    input instanceof vscode.TabInputText
      ? [input.uri]
      : input instanceof vscode.TabInputTextDiff
        ? [input.modified]
        : [],
  );
  return new Map(uris.filter(({ path }) => /\.jsonc?$/.test(path)).map((uri) => [uri.toString(), uri]));
}

/** Configs that have a tab. */
export const openConfigs = (): Map<string, vscode.Uri> => new Map([...openFiles()].filter(([, uri]) => isConfig(uri)));

/**
 * Everything that is wrong, at its place, for as long as it stands: in configs that run, in configs that are open and
 * the files that they name, and in open files of configs that are not. A config with a session is told about by its
 * session; what several of them find is told once.
 */
export function registerProblems(subjects: Subjects, sessions: Sessions): vscode.Disposable {
  const { inspections, index } = subjects;
  const collection = vscode.languages.createDiagnosticCollection('rnnGradients');
  const found = new Map<string, readonly Problem[]>();
  const running = new Map<Session, readonly Problem[]>();
  /**
   * What a session has told of a text that it does not follow any more: what is found in the text counts until its next
   * run tells something.
   */
  const outdated = new WeakMap<Session, readonly Problem[]>();
  const isOutdated = (session: Session): boolean => outdated.get(session) === session.problems;
  const isSilent = (session: Session): boolean =>
    session.entry.kind === 'config' && found.has(session.entry.config) && isOutdated(session);
  let open = openFiles();
  /** The configs behind each open file: itself, or those that name it. */
  const behind = new Map<string, readonly string[]>();
  const watched = (): Set<string> => new Set([...behind.values()].flat());
  let shown = '';
  /** Files with problems, whoever tells of them. */
  const troubled = new Set<string>();

  const publish = (): void => {
    const told = new Set<string>();
    const perFile = new Map<string, Told[]>();
    const add = (file: string, one: Told): void => void perFile.set(file, [...(perFile.get(file) ?? []), one]);
    troubled.clear();
    const tell = (problems: readonly Problem[]): void => {
      for (const problem of problems) {
        troubled.add(problem.file);
        if (told.has(identity(problem)) || isToldByJson(problem)) continue;
        told.add(identity(problem));
        add(problem.file, { problem, of: null });
        // Nobody can look at a file without a text, so what is wrong with it also stands where it is named.
        if (problem.namedBy !== undefined)
          add(problem.namedBy.file, { problem: { ...problem, ...problem.namedBy }, of: problem });
      }
    };
    for (const [session, problems] of running) if (!isSilent(session)) tell(problems);
    for (const [config, problems] of found) {
      const session = sessions.find({ kind: 'config', config });
      if (session === undefined || isSilent(session))
        tell(open.has(config) ? problems : problems.filter(({ file }) => open.has(file)));
    }
    const now = JSON.stringify([...perFile]);
    if (now === shown) return;
    shown = now;
    collection.clear();
    collection.set(
      [...perFile].map(([file, told]) => [
        vscode.Uri.parse(file),
        told.map(({ problem, of }) => toDiagnostic(problem, of)),
      ]),
    );
  };
  const log = (error: unknown): void => inspections.log.error(errorStack(error));
  const look = (config: string): void => {
    const uri = vscode.Uri.parse(config, true);
    inspections.hold(uri);
    inspections.of(uri).catch(log);
  };
  const begin = async (id: string, uri: vscode.Uri): Promise<void> => {
    const configs = isConfig(uri) ? [uri] : await subjects.configsOf(uri);
    if (!open.has(id)) return;
    follow(id, configs.slice(0, mostConfigs).map(String));
  };
  /** These configs stand behind a file now: what is new is read, what nobody looks at any more let go. */
  const follow = (id: string, configs: readonly string[]): void => {
    const before = watched();
    behind.set(id, configs);
    const now = watched();
    for (const config of now) if (!before.has(config)) look(config);
    for (const config of before) {
      if (now.has(config)) continue;
      found.delete(config);
      inspections.forget(vscode.Uri.parse(config, true));
    }
    publish();
  };
  const followTabs = (): void => {
    const before = open;
    open = openFiles();
    for (const id of before.keys()) {
      if (open.has(id)) continue;
      follow(id, []);
      behind.delete(id);
    }
    for (const [id, uri] of open) if (!before.has(id)) begin(id, uri).catch(log);
    publish();
  };
  for (const [id, uri] of open) begin(id, uri).catch(log);

  return vscode.Disposable.from(
    collection,
    vscode.window.tabGroups.onDidChangeTabs(followTabs),
    vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      if (uris.some((uri) => troubled.has(uri.toString()))) publish();
    }),
    inspections.onDidChange((config) => {
      if (watched().has(config.toString())) look(config.toString());
    }),
    inspections.onDidInspect(({ config, problems }) => {
      if (!watched().has(config)) return;
      found.set(config, problems);
      publish();
    }),
    // A config that is new, or names another file now, may be the one behind an open file.
    index.onDidChange(() => {
      for (const [id, uri] of open) if (!isConfig(uri)) begin(id, uri).catch(log);
    }),
    sessions.onDidChange((session) => {
      const wasOutdated = isOutdated(session);
      if (session.isLeftBehind) outdated.set(session, session.problems);
      if (running.get(session) === session.problems && wasOutdated === isOutdated(session)) return;
      running.set(session, session.problems);
      publish();
    }),
    sessions.onDidClose((session) => {
      running.delete(session);
      publish();
    }),
  );
}
