// A panel over a page of paper: what it posts is kept, what it hears is sent by hand.
import * as vscode from 'vscode';
import { Sessions } from '../../../src/editor/following/sessions.js';
import type { Session } from '../../../src/editor/following/session.js';
import { Panel } from '../../../src/panel/panel.js';
import { openDoors, until, workerPath } from './support.js';

export type Answer = {
  readonly type: string;
  readonly id: number;
  readonly result?: unknown;
  readonly message?: string;
  /** Of an event. */
  readonly name?: string;
  readonly payload?: unknown;
};
export type Paper = {
  readonly session: Session;
  readonly sessions: Sessions;
  readonly panel: Panel;
  /** What the page would have heard, in its order: events and answers. */
  readonly posted: readonly Answer[];
  readonly ask: (message: Readonly<Record<string, unknown>>) => Promise<Answer>;
  readonly send: (message: unknown) => void;
  readonly close: () => void;
};

/** A page of paper alone, for whoever makes the panel. */
export type PaperPage = Pick<Paper, 'posted' | 'ask' | 'send'> & { readonly view: vscode.WebviewPanel };

export function paperPage(): PaperPage {
  const posted: Answer[] = [];
  const arrived = new vscode.EventEmitter<unknown>();
  const nothing = new vscode.EventEmitter<never>();
  const disposed = new vscode.EventEmitter<void>();
  const webview = {
    options: {},
    html: '',
    cspSource: 'none',
    asWebviewUri: (uri: vscode.Uri) => uri,
    onDidReceiveMessage: arrived.event,
    postMessage: (message: Answer) => {
      posted.push(message);
      return Promise.resolve(true);
    },
  };
  const view = {
    webview,
    title: '',
    viewType: 'test',
    iconPath: undefined,
    viewColumn: vscode.ViewColumn.Two,
    active: false,
    onDidChangeViewState: nothing.event,
    onDidDispose: disposed.event,
    reveal: () => undefined,
    dispose: () => disposed.fire(),
  };
  let id = 0;
  return {
    view: view as unknown as vscode.WebviewPanel,
    posted,
    send: (message) => arrived.fire(message),
    ask(message) {
      const own = ++id;
      arrived.fire({ type: 'request', id: own, ...message });
      return until(`an answer to ${JSON.stringify(message)}`, () =>
        posted.find((answer) => answer.id === own && answer.type !== 'event'),
      );
    },
  };
}

/** `error` hears what the panel and its session write into the log as errors. */
export function panelOver(config: vscode.Uri, error: (line: string) => void): Paper {
  const quiet = (): void => undefined;
  const log = { error, info: quiet, warn: quiet, debug: quiet };
  const sessions = new Sessions(workerPath(), log as unknown as vscode.LogOutputChannel, openDoors());
  const session = sessions.open({ kind: 'config', config: config.toString() });
  const { view, ...page } = paperPage();
  const panel = new Panel(view, session, sessions, vscode.Uri.file('/'), quiet, quiet);
  return {
    ...page,
    session,
    sessions,
    panel,
    close() {
      panel.dispose();
      sessions.dispose();
    },
  };
}
