import * as vscode from 'vscode';
import type { VerdictKind } from '../engine/types.js';
import { prefix } from './settings.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

/** A walkthrough waits for a key to become true; one that is true already when the walkthrough is first opened would never be heard. */
async function pulse(key: string): Promise<void> {
  for (const value of [true, false]) await vscode.commands.executeCommand('setContext', `${prefix}.${key}`, value);
}

/** Whether anything runs; and what the walkthrough ticks off: a verdict, and a gradient that was mended. */
export function registerContextKeys(sessions: Sessions): vscode.Disposable {
  const running = new Set<Session>();
  let isRunning = false;
  const followRuns = (session: Session, on: boolean): void => {
    if (on) running.add(session);
    else running.delete(session);
    if (isRunning === running.size > 0) return;
    isRunning = running.size > 0;
    void vscode.commands.executeCommand('setContext', `${prefix}.running`, isRunning);
  };
  const before = new WeakMap<Session, VerdictKind>();
  const changes = sessions.onDidChange((session) => {
    followRuns(session, session.running !== null);
    const kind = session.summary?.verdict.kind;
    if (kind === undefined || session.stale !== null || before.get(session) === kind) return;
    void pulse('verdictArrived');
    if (before.get(session) === 'vanishing' && kind === 'healthy') void pulse('gradientMended');
    before.set(session, kind);
  });
  return vscode.Disposable.from(changes, sessions.onDidClose((session) => followRuns(session, false)));
}
