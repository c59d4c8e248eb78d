import * as vscode from 'vscode';
import { setContextKey } from '../context/walkthroughKeys.js';
import { pulse } from '../context/walkthroughKeys.js';
import type { Session } from '../following/session.js';
import type { Sessions } from '../following/sessions.js';
import type { Subjects } from '../following/experimentLookup.js';
import type { WeightFiles } from '../following/weightFiles.js';
import { errorStack } from '../../protocol/index.js';

type Panels = { readonly activeSession: Session | undefined; readonly onDidChangeActive: vscode.Event<void> };

/**
 * What the manifest's conditions ask for: whether anything runs or is on screen, whether the text in front belongs to
 * an experiment, and which files are weights.
 */
export function registerContextKeys(
  sessions: Sessions,
  panels: Panels,
  subjects: Subjects,
  weightFiles: WeightFiles,
): vscode.Disposable {
  const log = (error: unknown): void => subjects.inspections.log.error(errorStack(error));
  const told = new Map<string, string>();
  const tell = (key: string, value: unknown): void => {
    const text = JSON.stringify(value);
    if (told.get(key) === text) return;
    told.set(key, text);
    void setContextKey(key, value);
  };
  let asked = 0;
  const lookInFront = async (): Promise<void> => {
    const number = ++asked;
    const document = vscode.window.activeTextEditor?.document;
    const isJson = document !== undefined && ['json', 'jsonc'].includes(document.languageId);
    const belongs = isJson && (await subjects.configOf(document)) !== null;
    if (number === asked) tell('inExperiment', belongs);
  };
  const tellWeights = (): void => {
    // A remote window knows files under another scheme, and calls them by their path.
    const files = [...subjects.index.weightFiles, ...weightFiles.all];
    tell('weightFiles', [...new Set(files.flatMap(({ path, fsPath }) => [path, fsPath]))].sort());
    tell('filesKnown', weightFiles.isComplete);
  };
  const lookAtConfigs = async (): Promise<void> => {
    await subjects.index.read();
    tellWeights();
    await lookInFront();
  };
  const lookAtSessions = (): void => {
    tell(
      'running',
      sessions.all.some(({ running }) => running !== null),
    );
    tell('hasSession', sessions.all.length > 0);
  };
  // Configs come first: somebody may look at one already.
  lookAtConfigs()
    .then(() => weightFiles.begin())
    .catch(log);
  return vscode.Disposable.from(
    sessions.onDidChange(lookAtSessions),
    sessions.onDidClose(lookAtSessions),
    tickOff(sessions, panels),
    weightFiles.onDidChange(tellWeights),
    subjects.index.onDidChange(() => lookAtConfigs().catch(log)),
    vscode.window.onDidChangeActiveTextEditor(() => lookInFront().catch(log)),
  );
}

/**
 * What the walkthrough ticks off: a verdict, a panel that is looked at, a network of gates or layers, and a gradient
 * that vanished and does not any more.
 */
function tickOff(sessions: Sessions, panels: Panels): vscode.Disposable {
  const before = new WeakMap<Session, number>();
  const vanished = new WeakSet<Session>();
  return vscode.Disposable.from(
    sessions.onDidChange((session) => {
      const { summary, stale } = session;
      if (summary === null || stale !== null || before.get(session) === summary.runId) return;
      before.set(session, summary.runId);
      void pulse('verdictArrived');
      if (summary.network !== null || summary.cell.gates.length > 1) void pulse('networkShown');
      const { kind } = summary.network?.verdict ?? summary.verdict;
      if (kind === 'vanishing') vanished.add(session);
      if (kind === 'healthy' && vanished.delete(session)) void pulse('gradientMended');
    }),
    panels.onDidChangeActive(() => {
      if ((panels.activeSession?.summary ?? null) !== null) void pulse('panelShown');
    }),
  );
}
