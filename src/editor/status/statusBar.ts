import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { fileInFront } from '../context/fileInFront.js';
import { prefix } from '../context/settings.js';
import type { Session } from '../following/session.js';
import type { Sessions } from '../following/sessions.js';
import { verdictWords } from './verdictLabels.js';
import type { VerdictWords } from './verdictLabels.js';

/** Text that is broken only between two keys changes nothing down there, ms. */
const calm = 300;
/** A verdict whose run is being done again says so when that takes longer, ms: what an edit makes is over sooner. */
const patience = 1000;

type Face = {
  readonly text: string;
  readonly spoken: string;
  readonly tooltip: string;
  readonly background: string | null;
};

function spokenOf({ word, factor, stale }: VerdictWords): string {
  const number = factor.replace('×', '');
  if (factor === '') return stale ? t('RNN gradient: {0}, of the last good run', word) : t('RNN gradient: {0}', word);
  return stale
    ? t('RNN gradient: {0}, times {1} per step back, of the last good run', word, number)
    : t('RNN gradient: {0}, times {1} per step back', word, number);
}

/** Of a session without a result. */
export const whyNoVerdict = ({ title, running, stale }: Pick<Session, 'title' | 'running' | 'stale'>): string =>
  running === null ? (stale ?? t('It has not run yet.')) : t('{0} is running', title);

/** What the item shows of a session. `late`: a run that shows nothing yet has been under way for a while. */
function faceOf(session: Session, late: boolean): Face {
  const words = verdictWords(session);
  if (words === null) {
    if (session.running !== null)
      return {
        text: '$(sync~spin) RNN',
        spoken: t('Run RNN: {0} is running', session.title),
        tooltip: whyNoVerdict(session),
        background: null,
      };
    const why = whyNoVerdict(session);
    return {
      text: '$(warning) RNN',
      spoken: t('Run RNN: {0} has no verdict. {1}', session.title, why),
      tooltip: why,
      background: null,
    };
  }
  const { glyph, kind, word, factor, stale, reason } = words;
  const mark = late ? '$(sync~spin)' : glyph;
  const background =
    late || stale || kind === 'healthy' || kind === 'fading'
      ? null
      : kind === 'nonfinite'
        ? 'statusBarItem.errorBackground'
        : 'statusBarItem.warningBackground';
  return {
    text: `${mark} RNN ${word}${factor === '' ? '' : ` ${factor}`}${stale ? ' $(history)' : ''}`,
    // The page says aloud that a run takes long.
    spoken: spokenOf(words),
    tooltip: [
      reason,
      ...(session.stale === null ? [] : [t('Of the last good run. {0}', session.stale)]),
      ...(late ? [t('{0} is running', session.title)] : []),
    ].join('\n\n'),
    background,
  };
}

/**
 * The verdict of the experiment in front: of the panel that has the focus, else of the file in front, which may be a
 * config or a file that a running config names. Hidden for everything else.
 */
export function registerStatusBar(
  sessions: Sessions,
  panels: { readonly activeSession: Session | undefined; readonly onDidChangeActive: vscode.Event<void> },
): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(`${prefix}.verdict`, vscode.StatusBarAlignment.Right, 100);
  item.name = t('RNN Gradients: verdict');
  let shown = '';
  let timer: NodeJS.Timeout | undefined;
  /** The run that shows nothing yet, of the session that is looked at, and since when it was seen, ms. */
  let pending: { readonly run: string; readonly since: number } | null = null;
  const refresh = (): void => {
    const front = fileInFront();
    const session = panels.activeSession ?? (front === undefined ? undefined : sessions.naming(front));
    const run = session?.isBehind === true ? `${session.key} ${session.running?.runId}` : null;
    if (pending?.run !== run) pending = run === null ? null : { run, since: performance.now() };
    const late = pending !== null && performance.now() - pending.since >= patience;
    // Nobody may tell of it before it is late.
    if (pending !== null && !late) soon();
    const face = session === undefined ? null : faceOf(session, late);
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
    item.command = { title: t('Show the panel'), command: `${prefix}.showPanel`, arguments: [session.entry] };
    item.show();
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      refresh();
    }, calm);
  };
  return vscode.Disposable.from(
    item,
    sessions.onDidChange(soon),
    sessions.onDidClose(soon),
    panels.onDidChangeActive(soon),
    vscode.window.onDidChangeActiveTextEditor(soon),
    vscode.window.tabGroups.onDidChangeTabs(soon),
    vscode.window.tabGroups.onDidChangeTabGroups(soon),
    { dispose: () => clearTimeout(timer) },
  );
}
