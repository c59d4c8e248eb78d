import * as vscode from 'vscode';
import type { Entry } from '../config/read/index.js';
import { panelColumn } from '../editor/context/index.js';
import { entryKey, entryUri, isConfig } from '../editor/following/index.js';
import type { Session, Sessions } from '../editor/following/index.js';
import { after } from '../editor/files/index.js';
import type { WhatIf } from '../protocol/index.js';
import { Panel } from './panel.js';
import { distinctNames } from './panelTitles.js';
import type { PairWish } from './panel.js';
import { entryCheck } from '../worker/thread/index.js';
import { previewType, viewType } from './viewTypes.js';

/** What a page's saved state must look like to be restored. */
export function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  return entryCheck(value) === null;
}

/** The configs that lay over the run of a page, as it wrote them down. */
function comparedIn(state: unknown): string[] {
  const { compared } = state as { readonly compared?: { readonly configs?: unknown } };
  return Array.isArray(compared?.configs)
    ? compared.configs.filter((config): config is string => typeof config === 'string')
    : [];
}

/**
 * The editor does not tell which untitled document a new file was made of, but at that moment they hold the same; a
 * formatter may have moved spaces.
 */
function becomes(id: string, saved: vscode.TextDocument): boolean {
  const untitled = vscode.workspace.textDocuments.find(
    (document) => document.isUntitled && document.uri.toString() === id,
  );
  const essence = (document: vscode.TextDocument): string => document.getText().replaceAll(/\s+/g, '');
  return untitled !== undefined && essence(untitled) === essence(saved);
}

/**
 * The URI under which a text that is not saved stands in the editor: in a remote window VS Code brings it back after a
 * reload under another one, with the name of the remote in it.
 */
function broughtBack(id: string): string {
  const { scheme, path } = vscode.Uri.parse(id, true);
  if (scheme !== 'untitled') return id;
  const alike = vscode.workspace.textDocuments
    .filter(({ isUntitled, uri }) => isUntitled && uri.path === path)
    .map(({ uri }) => uri.toString());
  return alike.includes(id) ? id : (alike[0] ?? id);
}

/** An entry whose files are called otherwise. */
const moved = (entry: Entry, place: (id: string) => string): Entry =>
  entry.kind === 'config'
    ? { kind: 'config', config: place(entry.config) }
    : {
        ...entry,
        weights: place(entry.weights),
        sequences: typeof entry.sequences === 'string' ? place(entry.sequences) : entry.sequences,
      };

/**
 * One panel for each experiment; a second run of the same config goes to the panel that shows it. One more, the
 * preview, goes from config to config with the editor, and leaves alone those that have a panel of their own.
 */
export class Panels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #byKey = new Map<string, Panel>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #activeChanged = new vscode.EventEmitter<void>();
  /** Another panel has the focus, or none, or it shows something else. */
  readonly onDidChangeActive = this.#activeChanged.event;
  readonly #wished = new vscode.EventEmitter<{ readonly wish: PairWish; readonly session: Session }>();
  /** The user asks in a panel without a config for something that has to be asked about. */
  readonly onDidWish = this.#wished.event;
  #preview: vscode.WebviewPanel | null = null;

  constructor(
    readonly sessions: Sessions,
    readonly extensionUri: vscode.Uri,
  ) {
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.#follow(editor.document.uri);
      }),
      vscode.workspace.onDidRenameFiles(({ files }) =>
        this.#moveAll((id) => after(vscode.Uri.parse(id, true), files).toString()),
      ),
      vscode.workspace.onDidSaveTextDocument((saved) =>
        this.#moveAll((id) => (becomes(id, saved) ? saved.uri.toString() : id)),
      ),
      vscode.workspace.onDidOpenTextDocument(({ isUntitled }) => {
        if (isUntitled) this.#moveAll(broughtBack);
      }),
    ];
  }

  /** The session behind the panel that has the focus. */
  get activeSession(): Session | undefined {
    return [...this.#byKey.values()].find((panel) => panel.view.active)?.session;
  }

  /** The runs that have a panel, what was shown last behind the others: of those that lie over others only these. */
  get sessionsShown(): Session[] {
    return [...this.#byKey.values()].map(({ session }) => session);
  }

  /** The configs that lie over the run of an experiment. */
  comparedWith(entry: Entry): readonly string[] {
    return this.#byKey.get(entryKey(entry))?.comparison.configs ?? [];
  }

  /** Lays the runs of these configs, and no others, over that of an experiment, in its panel. */
  compare(entry: Entry, configs: readonly string[]): Session {
    const session = this.show(entry);
    this.#byKey.get(session.key)?.comparison.choose(configs);
    return session;
  }

  /** Makes a what-if true in the panel of a session; `copyTo`: where the user wants weights that cannot be changed. */
  async apply(session: Session, whatIf: WhatIf, copyTo: string | null): Promise<boolean> {
    return (await this.#byKey.get(session.key)?.apply(whatIf, copyTo)) === true;
  }

  /** Opens the panel beside the editor, or brings the one that stands to the front. */
  show(entry: Entry): Session {
    const known = this.#byKey.get(entryKey(entry));
    if (known !== undefined) {
      this.#byKey.delete(known.session.key);
      this.#byKey.set(known.session.key, known);
      known.view.reveal(undefined, true);
      return known.session;
    }
    const view = vscode.window.createWebviewPanel(
      viewType,
      'RNN',
      { viewColumn: panelColumn(), preserveFocus: true },
      {},
    );
    return this.#attach(view, entry);
  }

  /** Shows the config in the preview, which follows the editor from then on; in its own panel when it has one. */
  preview(config: vscode.Uri): void {
    const entry: Entry = { kind: 'config', config: config.toString() };
    if (this.#byKey.has(entryKey(entry))) {
      this.show(entry);
      return;
    }
    if (this.#preview === null)
      this.#keepPreview(
        vscode.window.createWebviewPanel(previewType, 'RNN', { viewColumn: panelColumn(), preserveFocus: true }, {}),
      );
    else this.#preview.reveal(undefined, true);
    this.#turnPreview(entry);
  }

  deserializeWebviewPanel(view: vscode.WebviewPanel, state: unknown): Promise<void> {
    const kept = typeof state === 'object' && state !== null ? (state as { entry?: unknown }).entry : undefined;
    const entry = isEntry(kept) ? moved(kept, broughtBack) : null;
    const isSecondPreview = view.viewType === previewType && this.#preview !== null;
    if (entry === null || this.#byKey.has(entryKey(entry)) || isSecondPreview) {
      view.dispose();
      return Promise.resolve();
    }
    if (view.viewType === previewType) this.#keepPreview(view);
    // The view is back at once; its first run may take long.
    this.#attach(view, entry).begin();
    this.#byKey.get(entryKey(entry))?.comparison.choose(comparedIn(state).map(broughtBack));
    return Promise.resolve();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#activeChanged.dispose();
    this.#wished.dispose();
    for (const panel of [...this.#byKey.values()]) panel.view.dispose();
  }

  #attach(view: vscode.WebviewPanel, entry: Entry): Session {
    const session = this.sessions.open(entry);
    const panel = new Panel(
      view,
      session,
      this.sessions,
      this.extensionUri,
      (wish) => this.#wished.fire({ wish, session }),
      () => this.#entitle(),
    );
    this.#byKey.set(session.key, panel);
    this.#entitle();
    panel.own(
      view.onDidDispose(() => this.#detach(panel)),
      view.onDidChangeViewState(() => this.#activeChanged.fire()),
    );
    this.#activeChanged.fire();
    return session;
  }

  /** A run may get another name, and so do those that had the same one. */
  #entitle(): void {
    const panels = [...this.#byKey.values()];
    const names = distinctNames(
      panels.map(({ session: { title, entry } }) => ({
        name: title,
        path: vscode.workspace.asRelativePath(entryUri(entry)),
      })),
    );
    panels.forEach((panel, i) => panel.entitle(names[i] ?? panel.session.title));
  }

  #keepPreview(view: vscode.WebviewPanel): void {
    this.#preview = view;
    view.onDidDispose(() => {
      this.#preview = null;
    });
  }

  #follow(uri: vscode.Uri): void {
    const entry: Entry = { kind: 'config', config: uri.toString() };
    if (this.#preview === null || !isConfig(uri) || this.#byKey.has(entryKey(entry))) return;
    // What was chosen to be compared is not lost by a look at another text.
    const shown = [...this.#byKey.values()].find(({ view }) => view === this.#preview);
    if ((shown?.comparison.configs.length ?? 0) === 0) this.#turnPreview(entry);
  }

  /**
   * Gives the preview another experiment; a page of its own starts for it, because pages remember what they have seen
   * by the number of its run.
   */
  #turnPreview(entry: Entry): void {
    const view = this.#preview;
    if (view === null) return;
    const before = [...this.#byKey.values()].find((panel) => panel.view === view);
    if (before !== undefined) this.#detach(before);
    this.#attach(view, entry).begin();
  }

  /** Ends what stands behind a view; does nothing when that was replaced meanwhile. */
  #detach(panel: Panel): void {
    const { session } = panel;
    if (this.#byKey.get(session.key) !== panel) return;
    this.#byKey.delete(session.key);
    panel.dispose();
    this.sessions.close(session);
    this.#entitle();
    this.#activeChanged.fire();
  }

  /** Panels stay with their files when these get another place. */
  #moveAll(place: (id: string) => string): void {
    for (const panel of [...this.#byKey.values()]) {
      const {
        view,
        session: { entry, key },
      } = panel;
      const next = moved(entry, place);
      const { configs } = panel.comparison;
      const compared = configs.map(place);
      if (entryKey(next) === key) {
        if (compared.some((config, i) => config !== configs[i])) panel.comparison.choose(compared);
        continue;
      }
      this.#detach(panel);
      if (this.#byKey.has(entryKey(next))) view.dispose();
      else {
        this.#attach(view, next).begin();
        this.#byKey.get(entryKey(next))?.comparison.choose(compared);
      }
    }
  }

  /** Gives the panel of a session another experiment; that has its own panel already, it comes to the front instead. */
  become(session: Session, entry: Entry): Session {
    const panel = this.#byKey.get(session.key);
    if (panel === undefined || entryKey(entry) === session.key) return this.show(entry);
    const { configs } = panel.comparison;
    this.#detach(panel);
    if (this.#byKey.has(entryKey(entry))) {
      panel.view.dispose();
      return this.show(entry);
    }
    const attached = this.#attach(panel.view, entry);
    this.#byKey.get(attached.key)?.comparison.choose(configs);
    return attached;
  }
}
