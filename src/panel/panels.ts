import * as vscode from 'vscode';
import type { Entry } from '../config/files.js';
import { entryKey } from '../editor/session.js';
import type { Session } from '../editor/session.js';
import type { Sessions } from '../editor/sessions.js';
import { Panel, viewType } from './panel.js';

/** What a page's saved state must look like to be restored. */
function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, config, weights, sequences } = value as Record<string, unknown>;
  return kind === 'config' ? typeof config === 'string' : kind === 'pair' && typeof weights === 'string' && typeof sequences === 'string';
}

/** One panel for each experiment; a second run of the same config goes to the panel that shows it. */
export class Panels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #byKey = new Map<string, Panel>();

  constructor(readonly sessions: Sessions, readonly extensionUri: vscode.Uri) {}

  /** The session behind the panel that has the focus. */
  get activeSession(): Session | undefined {
    return [...this.#byKey.values()].find((panel) => panel.view.active)?.session;
  }

  /** Opens the panel beside the editor, or brings the one that stands to the front. */
  show(entry: Entry): Session {
    const known = this.#byKey.get(entryKey(entry));
    if (known !== undefined) {
      known.view.reveal(undefined, true);
      return known.session;
    }
    const view = vscode.window.createWebviewPanel(viewType, 'RNN', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, {});
    return this.#attach(view, entry);
  }

  async deserializeWebviewPanel(view: vscode.WebviewPanel, state: unknown): Promise<void> {
    const entry = typeof state === 'object' && state !== null ? (state as { entry?: unknown }).entry : undefined;
    if (!isEntry(entry) || this.#byKey.has(entryKey(entry))) {
      view.dispose();
      return;
    }
    await this.#attach(view, entry).run();
  }

  dispose(): void {
    for (const panel of [...this.#byKey.values()]) panel.view.dispose();
  }

  #attach(view: vscode.WebviewPanel, entry: Entry): Session {
    const session = this.sessions.open(entry);
    const panel = new Panel(view, session, this.extensionUri);
    this.#byKey.set(session.key, panel);
    view.onDidDispose(() => {
      this.#byKey.delete(session.key);
      panel.dispose();
      this.sessions.close(session);
    });
    return session;
  }
}
