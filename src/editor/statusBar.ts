import * as vscode from 'vscode';
import { prefix } from './settings.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';
import { verdictWords } from './verdictWords.js';

/** Text that is broken only between two keys changes nothing down there, ms. */
const calm = 300;

type Face = { readonly text: string; readonly spoken: string; readonly tooltip: string; readonly background: string | null };

/** What the item shows of a session. */
function faceOf(session: Session): Face {
  const words = verdictWords(session);
  if (words === null) {
    if (session.running !== null) return { text: '$(sync~spin) RNN', spoken: `Run RNN: ${session.title} is running`, tooltip: `${session.title} is running`, background: null };
    const why = session.stale ?? 'It has not run yet.';
    return { text: '$(warning) RNN', spoken: `Run RNN: ${session.title} has no verdict. ${why}`, tooltip: why, background: null };
  }
  const { glyph, kind, factor, stale, reason } = words;
  const background = stale || kind === 'healthy' ? null : kind === 'not finite' ? 'statusBarItem.errorBackground' : 'statusBarItem.warningBackground';
  return {
    text: `${glyph} RNN ${kind}${factor === '' ? '' : ` ${factor}`}${stale ? ' $(history)' : ''}`,
    spoken: `RNN gradient: ${kind}${factor === '' ? '' : `, ${factor.replace('×', 'times ')} per step back`}${stale ? ', of the last good run' : ''}`,
    tooltip: `${reason}${session.stale === null ? '' : `\n\nOf the last good run. ${session.stale}`}`,
    background,
  };
}

/**
 * The verdict of the experiment in front: of the panel that has the focus, else of the text in the editor, which may be a config or a file
 * that a running config names. Hidden for everything else.
 */
export function registerStatusBar(sessions: Sessions, panels: { readonly activeSession: Session | undefined; readonly onDidChangeActive: vscode.Event<void> }): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(`${prefix}.verdict`, vscode.StatusBarAlignment.Right, 100);
  item.name = 'RNN Gradients: verdict';
  let shown = '';
  const refresh = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const session = panels.activeSession ?? (document === undefined ? undefined : sessions.naming(document.uri));
    const face = session === undefined ? null : faceOf(session);
    // An item that is set anew may be read aloud anew.
    const now = JSON.stringify([session?.key, face]);
    if (now === shown) return;
    shown = now;
    if (session === undefined || face === null) {
      item.hide();
      return;
    }
    item.text = face.text;
    item.tooltip = face.tooltip;
    item.accessibilityInformation = { label: face.spoken, role: 'button' };
    item.backgroundColor = face.background === null ? undefined : new vscode.ThemeColor(face.background);
    item.command = { title: 'Show the panel', command: `${prefix}.showPanel`, arguments: [session.entry] };
    item.show();
  };
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      refresh();
    }, calm);
  };
  return vscode.Disposable.from(
    item, sessions.onDidChange(soon), sessions.onDidClose(soon), panels.onDidChangeActive(soon), vscode.window.onDidChangeActiveTextEditor(soon),
    { dispose: () => clearTimeout(timer) },
  );
}
