import * as vscode from 'vscode';
import type { VerdictKind } from '../engine/types.js';
import { prefix } from './settings.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

/** A walkthrough waits for a key to become true; one that is true already when the walkthrough is first opened would never be heard. */
async function pulse(key: string): Promise<void> {
  for (const value of [true, false]) await vscode.commands.executeCommand('setContext', `${prefix}.${key}`, value);
}

/** What the walkthrough ticks off: a verdict, and a gradient that was mended. */
export function registerContextKeys(sessions: Sessions): vscode.Disposable {
  const before = new WeakMap<Session, VerdictKind>();
  return sessions.onDidChange((session) => {
    const kind = session.summary?.verdict.kind;
    if (kind === undefined || session.stale !== null || before.get(session) === kind) return;
    void pulse('verdictArrived');
    if (before.get(session) === 'vanishing' && kind === 'healthy') void pulse('gradientMended');
    before.set(session, kind);
  });
}
