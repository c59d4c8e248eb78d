import * as vscode from 'vscode';
import type { VerdictKind } from '../engine/types.js';
import { prefix } from './settings.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

const set = (key: string): void => void vscode.commands.executeCommand('setContext', `${prefix}.${key}`, true);

/** What the walkthrough ticks off: a first verdict, and a gradient that was mended. */
export function registerContextKeys(sessions: Sessions): vscode.Disposable {
  const before = new WeakMap<Session, VerdictKind>();
  return sessions.onDidChange((session) => {
    const kind = session.summary?.verdict.kind;
    if (kind === undefined || session.stale !== null || before.get(session) === kind) return;
    if (before.get(session) === 'vanishing' && kind === 'healthy') set('hasMended');
    if (!before.has(session)) set('hasVerdict');
    before.set(session, kind);
  });
}
