import { randomBytes } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import { describeProblem } from '../config/problem.js';
import { applyChanges } from '../editor/applying.js';
import { toRange } from '../editor/diagnostics.js';
import { withLateProgress } from '../editor/progress.js';
import { entryUri } from '../editor/session.js';
import type { Session } from '../editor/session.js';
import { languageInUse } from '../l10n.js';
import type { PageContract, PanelContract, PanelStatus, WeightPlace } from '../protocol/messages.js';
import { Channel } from '../protocol/rpc.js';
import { relaySlices } from '../worker/relay.js';
import { panelHtml } from './html.js';

export const viewType = 'rnnGradients.panel';
/** The panel that follows the editor from config to config. */
export const previewType = 'rnnGradients.preview';

const shortName = (file: string): string => path.posix.basename(vscode.Uri.parse(file).path);

function statusOf(session: Session): PanelStatus {
  const { title, entry, running, stale, problems } = session;
  return {
    title, entry, running, stale,
    problems: problems.map((problem, index) => ({
      index,
      severity: problem.severity,
      place: `${shortName(problem.file)}:${problem.range.start.line + 1}:${problem.range.start.character + 1}`,
      text: describeProblem(problem),
    })),
  };
}

/** The host side of one webview: shows one session, answers what the page asks. The page may come and go (hidden tabs); the session stays. */
export class Panel implements vscode.Disposable {
  readonly #channel: Channel<PanelContract, PageContract>;
  readonly #subscriptions: vscode.Disposable[] = [];

  constructor(readonly view: vscode.WebviewPanel, readonly session: Session, extensionUri: vscode.Uri) {
    const { webview } = view;
    const assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [assets] };
    view.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    this.#channel = new Channel<PanelContract, PageContract>(
      { post: (message) => void webview.postMessage(message), onMessage: (listener) => this.#subscriptions.push(webview.onDidReceiveMessage(listener)) },
      relaySlices((name, params) => session.request(name, params)),
      {
        ready: () => this.#sendAll(),
        revealProblem: ({ index }) => void this.#revealProblem(index),
        revealConfig: () => void this.#reveal(entryUri(session.entry)),
        revealWeight: (place) => void this.#revealWeight(place),
        rerun: () => void session.run().catch((error: unknown) => this.#report(error)),
        cancel: () => void session.cancel(),
        applyWhatIf: (whatIf) => void applyChanges(() => session.request('applyWhatIf', { entry: session.entry, whatIf })).catch((error: unknown) => this.#report(error)),
        saveFile: ({ suggestedName, content }) => void this.#save(suggestedName, typeof content === 'string' ? new TextEncoder().encode(content) : content),
        exportJson: () => void this.#exportJson(),
        failed: ({ message }) => session.log.error(`page of ${session.title}: ${message}`),
      },
    );
    this.#subscriptions.push(
      session.onDidChange(() => this.#sendStatus()),
      session.onDidSummarise((summary) => {
        this.#sendStatus();
        this.#channel.emit('summary', summary);
      }),
      session.onDidAnalyse((spectrum) => this.#channel.emit('spectrum', spectrum)),
    );
    const uriOf = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(assets, name)).toString();
    webview.html = panelHtml({ cspSource: webview.cspSource, nonce: randomBytes(24).toString('base64'), scriptUri: uriOf('main.js'), styleUri: uriOf('style.css'), title: session.title, language: languageInUse() });
    this.#sendStatus();
  }

  /** Ends these together with the panel. */
  own(...disposables: readonly vscode.Disposable[]): void {
    this.#subscriptions.push(...disposables);
  }

  dispose(): void {
    this.#channel.close('The panel was closed.');
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #sendStatus(): void {
    this.view.title = `${this.view.viewType === previewType ? 'RNN preview' : 'RNN'}: ${this.session.title}`;
    this.#channel.emit('status', statusOf(this.session));
  }

  #sendAll(): void {
    this.#sendStatus();
    if (this.session.summary !== null) this.#channel.emit('summary', this.session.summary);
    if (this.session.spectrum !== null) this.#channel.emit('spectrum', this.session.spectrum);
  }

  async #revealProblem(index: number): Promise<void> {
    const problem = this.session.problems[index];
    if (problem === undefined) return;
    await this.#reveal(vscode.Uri.parse(problem.file), toRange(problem.range));
  }

  async #reveal(uri: vscode.Uri, selection?: vscode.Range): Promise<void> {
    try {
      await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One, ...(selection === undefined ? {} : { selection }) });
    } catch (error) {
      // The file may be gone, or be no text.
      this.#report(error);
    }
  }

  async #revealWeight(place: WeightPlace): Promise<void> {
    try {
      const found = await this.session.request('locateWeight', { entry: this.session.entry, place });
      if (found === null) this.#report(new Error('The place of this number cannot be told while the weights have problems.'));
      else await this.#reveal(vscode.Uri.parse(found.file), toRange(found.range));
    } catch (error) {
      this.#report(error);
    }
  }

  async #exportJson(): Promise<void> {
    const { summary, title } = this.session;
    if (summary === null) return;
    try {
      let stopWaiting: () => void = () => undefined;
      const given = new Promise<'given up'>((resolve) => {
        stopWaiting = () => resolve('given up');
      });
      const answer = this.session.request('resultJson', { runId: summary.runId });
      const bytes = await withLateProgress(`${title}: the result as JSON waits for the Jacobians and exponents`, Promise.race([answer, given]), stopWaiting);
      if (bytes === 'given up') return;
      if (bytes === null) this.#report(new Error('The run was replaced by a newer one meanwhile. Export again.'));
      else await this.#save(`${title}.result.json`, bytes);
    } catch (error) {
      this.#report(error);
    }
  }

  async #save(suggestedName: string, bytes: Uint8Array): Promise<void> {
    const safeName = suggestedName.replaceAll(/[\\/:*?"<>|]/g, '-');
    const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(entryUri(this.session.entry), '..', safeName) });
    if (target === undefined) return;
    try {
      await vscode.workspace.fs.writeFile(target, bytes);
    } catch (error) {
      this.#report(error);
      return;
    }
    const open = 'Open';
    if ((await vscode.window.showInformationMessage(`Saved ${path.posix.basename(target.path)}.`, open)) === open) await vscode.commands.executeCommand('vscode.open', target);
  }

  #report(error: unknown): void {
    void vscode.window.showErrorMessage(`Run RNN: ${error instanceof Error ? error.message : String(error)}`);
  }
}
