import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { quote } from '../config/json/index.js';
import type { SequenceOrder } from '../config/read/index.js';
import { applyChanges, showBehind, toRange } from '../editor/language/index.js';
import { textColumn } from '../editor/context/index.js';
import { entryUri, prefix } from '../editor/following/index.js';
import type { Session, Sessions } from '../editor/following/index.js';
import type { PageContract, PanelContract, WeightPlace, WhatIf } from '../protocol/index.js';
import { Channel, errorStack, runFileName } from '../protocol/index.js';
import { relaySlices } from '../worker/answers/index.js';
import { Applied } from './whatIfUndo.js';
import { Comparison } from './comparison.js';
import { panelChecks } from './messageChecks.js';
import { statusOf } from './panelStatus.js';
import { saveReport } from './saveReport.js';
import { ofFinishedRun, reportFailure, saveBytes } from './saveFile.js';
import { previewType } from './viewTypes.js';
import { fillView } from './viewPage.js';

/**
 * Changes of the status within so many ms reach the page together: a run that is over by then shows no progress that
 * would only flicker.
 */
const statusDelay = 50;

/**
 * Of a pair of files without a config: to run it, to save it as one, to run its weights on other sequences, to read
 * its sequences in this order, to apply what needs a config.
 */
export type PairWish = 'run' | 'save' | 'sequences' | SequenceOrder | AppliedPair;

/**
 * A what-if that needs a config; `copy`: reference without extension of the JSON file that weights go to which stand in
 * a file that is never changed.
 */
export type AppliedPair = { readonly whatIf: WhatIf; readonly copy: string | null };

/**
 * The host side of one webview: shows one session, answers what the page asks. The page may come and go (hidden tabs);
 * the session stays.
 */
export class Panel implements vscode.Disposable {
  readonly comparison: Comparison;
  readonly #channel: Channel<PanelContract, PageContract>;
  readonly #subscriptions: Pick<vscode.Disposable, 'dispose'>[] = [];
  #statusTimer: NodeJS.Timeout | undefined;
  #applied: Applied | null = null;
  #disposed = false;
  readonly #wish: (wish: PairWish) => void;
  readonly #renamed: () => void;
  readonly #fail = (error: unknown): void => reportFailure(error, this.session.log);

  constructor(
    readonly view: vscode.WebviewPanel,
    readonly session: Session,
    sessions: Sessions,
    extensionUri: vscode.Uri,
    wish: (wish: PairWish) => void,
    renamed: () => void,
  ) {
    this.#wish = wish;
    this.#renamed = renamed;
    const { webview } = view;
    const logFault = (message: string): void => session.log.error(`page of ${quote(session.title)}: ${message}`);
    view.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png');
    this.#channel = new Channel<PanelContract, PageContract>(
      {
        post: (message) => void webview.postMessage(message),
        onMessage: (listener) => this.#subscriptions.push(webview.onDidReceiveMessage(listener)),
      },
      {
        ...relaySlices((name, params) => session.request(name, params)),
        applyWhatIf: (whatIf) => this.apply(whatIf, null),
        history: () => session.history.list(),
        version: ({ runId }) => session.history.curve(runId),
      },
      {
        ready: () => this.#sendAll(),
        painted: ({ runId }) => session.painted(runId),
        revealProblem: ({ index }) => this.#revealProblem(index),
        answerOrder: ({ index, order }) =>
          session.entry.kind === 'pair' ? wish(order) : this.#answerOrder(index, order).catch(this.#fail),
        revealConfig: () => (session.entry.kind === 'config' ? this.#reveal(entryUri(session.entry)) : undefined),
        revealWeight: (place) => this.#revealWeight(place),
        rerun: () => (session.entry.kind === 'pair' ? wish('run') : session.run().catch(this.#fail)),
        saveAsConfig: () => wish('save'),
        chooseSequences: () => wish('sequences'),
        previewSequences: () => vscode.commands.executeCommand(`${prefix}.previewSequences`, session.entry),
        chooseLayer: ({ layer }) => session.chooseLayer(layer).catch(this.#fail),
        cancel: () => session.cancel(),
        compareWith: () => vscode.commands.executeCommand(`${prefix}.compare`, session.entry),
        compared: ({ config, act }) => this.#actOnCompared(config, act),
        undo: ({ redo }) =>
          this.#applied
            ?.undo(redo, view.viewColumn, () => {
              if (this.#disposed) return;
              view.reveal(view.viewColumn);
              this.#channel.emit('takeFocus', null);
            })
            .catch(this.#fail),
        saveFile: ({ suggestedName, content }) =>
          saveBytes(session, suggestedName, typeof content === 'string' ? new TextEncoder().encode(content) : content),
        exportJson: () => this.#exportJson(),
        exportReport: () => saveReport(session, extensionUri),
        failed: ({ message }) => logFault(message),
      },
      { checks: panelChecks, onFault: (error) => logFault(errorStack(error)) },
    );
    this.comparison = new Comparison(sessions, session, (compared) => this.#channel.emit('compared', compared));
    this.#subscriptions.push(
      session.onDidChange(() => {
        this.#statusTimer ??= setTimeout(() => this.#sendStatus(), statusDelay);
      }),
      session.onDidSummarise((summary) => {
        this.#sendStatus();
        this.#channel.emit('summary', summary);
      }),
      session.onDidAnalyse((spectrum) => this.#channel.emit('spectrum', spectrum)),
      session.paints(() => view.visible),
    );
    fillView(view, extensionUri, 'main', session.title).catch((error: unknown) => logFault(errorStack(error)));
    this.#sendStatus();
  }

  /** What its tab says; `name`: of its run, among those of the other panels. */
  entitle(name: string): void {
    this.view.title = this.view.viewType === previewType ? t('RNN preview: {0}', name) : `RNN: ${name}`;
  }

  /** Ends these together with the panel. */
  own(...disposables: readonly vscode.Disposable[]): void {
    this.#subscriptions.push(...disposables);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#statusTimer);
    this.#channel.close(t('The panel was closed.'));
    this.comparison.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #sendStatus(): void {
    clearTimeout(this.#statusTimer);
    this.#statusTimer = undefined;
    this.#renamed();
    this.#channel.emit('status', statusOf(this.session));
  }

  #sendAll(): void {
    this.#sendStatus();
    if (this.session.summary !== null) this.#channel.emit('summary', this.session.summary);
    if (this.session.spectrum !== null) this.#channel.emit('spectrum', this.session.spectrum);
    this.#channel.emit('compared', this.comparison.runs);
  }

  #actOnCompared(config: string, act: PanelContract['events']['compared']['act']): unknown {
    const session = this.comparison.find(config);
    if (session === undefined) return undefined;
    switch (act) {
      case 'rerun':
        return session.run().catch(this.#fail);
      case 'reveal':
        return this.#reveal(entryUri(session.entry));
      case 'remove':
        this.comparison.choose(this.comparison.configs.filter((other) => other !== config));
        return undefined;
    }
  }

  async #revealProblem(index: number): Promise<void> {
    const problem = this.session.problems[index];
    if (problem === undefined) return;
    await this.#reveal(vscode.Uri.parse(problem.file), toRange(problem.range));
  }

  /** Writes the answer into the config, as one undoable edit. */
  async #answerOrder(index: number, order: SequenceOrder): Promise<void> {
    const problem = this.session.problems[index];
    const { entry } = this.session;
    if (problem?.fix?.kind !== 'sequenceOrder' || entry.kind !== 'config') return;
    const { file, path: place } = problem;
    const files = await applyChanges(() =>
      this.session.request('change', {
        config: entry.config,
        file,
        path: place,
        change: { kind: 'sequenceOrder', order },
      }),
    );
    if (files !== null) await showBehind(files);
  }

  async #reveal(uri: vscode.Uri, selection?: vscode.Range, preserveFocus = false): Promise<void> {
    try {
      await vscode.window.showTextDocument(uri, {
        viewColumn: textColumn(),
        preserveFocus,
        ...(selection === undefined ? {} : { selection }),
      });
    } catch (error) {
      // The file may be gone, or be no text.
      this.#fail(error);
    }
  }

  /** Makes a what-if true; `copyTo`: the user has agreed to a copy of the weights of this reference. */
  async apply(whatIf: WhatIf, copyTo: string | null): Promise<boolean> {
    const { session } = this;
    const { entry } = session;
    const files = await applyChanges((to) => session.request('applyWhatIf', { entry, whatIf, copyTo: to }), {
      config: entry.kind === 'config' ? vscode.Uri.parse(entry.config, true) : null,
      copyTo,
      needsConfig: (copy) => this.#wish({ whatIf, copy }),
    });
    if (files !== null) {
      this.#applied = new Applied(files);
      // The page does not wait for tabs: the run with what was written is on its way.
      void showBehind(files).then(undefined, this.#fail);
    }
    return files !== null;
  }

  async #revealWeight({ focus, ...place }: WeightPlace & { readonly focus: boolean }): Promise<void> {
    try {
      const found = await this.session.request('locateWeight', {
        entry: this.session.entry,
        place,
        layer: this.session.summary?.network?.shown ?? 0,
      });
      if (found === null)
        this.#fail(
          new Error(t('The place of this number cannot be told: the weights have problems, or their file is no text.')),
        );
      else await this.#reveal(vscode.Uri.parse(found.file), toRange(found.range), !focus);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #exportJson(): Promise<void> {
    const { session } = this;
    try {
      const bytes = await ofFinishedRun(
        session,
        t('{0}: the result as JSON waits for the Jacobians and exponents', session.title),
        (runId) => session.request('resultJson', { runId }),
      );
      if (bytes !== null) await saveBytes(session, runFileName(session.title, 'result', 'json'), bytes);
    } catch (error) {
      this.#fail(error);
    }
  }
}
