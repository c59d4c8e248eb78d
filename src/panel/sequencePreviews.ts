import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { FoundNetwork } from '../config/read/index.js';
import { prefix, SequenceReader } from '../editor/following/index.js';
import { Channel } from '../protocol/index.js';
import type { SequenceChoice, SequencePageContract, SequenceViewContract } from '../protocol/index.js';
import { sequenceViewChecks } from './messageChecks.js';
import type { ViewerParts } from './tensorViewer.js';
import { fillView } from './viewPage.js';
import { sequencesType } from './viewTypes.js';

/** The weights that somebody wants to run, which network of their file, and how the sequences are read at first. */
export type WaitingWeights = {
  readonly weights: vscode.Uri;
  readonly network: FoundNetwork | null;
  readonly choice: SequenceChoice;
};

/** Shows what sequences are before they are run: those of a file, or as a config says. */
export class SequencePreviews implements vscode.Disposable {
  readonly #parts: ViewerParts;
  /** By the file of the sequences: the weights that wait for them. */
  readonly #waiting = new Map<string, WaitingWeights>();
  /** How the open previews read their files, the newest choice last. */
  readonly #readings = new Map<vscode.WebviewPanel, { readonly id: string; readonly choice: () => SequenceChoice }>();
  readonly #waits = new vscode.EventEmitter<string>();

  constructor(parts: ViewerParts) {
    this.#parts = parts;
  }

  /**
   * Opens the preview, or brings it to the front. `waiting`: what is run on the sequences when the user says so, until
   * the preview is closed; null leaves it as it is.
   */
  async show(uri: vscode.Uri, waiting: WaitingWeights | null, column: vscode.ViewColumn): Promise<void> {
    const id = uri.toString();
    if (waiting !== null) this.#waiting.set(id, waiting);
    this.#waits.fire(id);
    await vscode.commands.executeCommand('vscode.openWith', uri, sequencesType, column);
  }

  waitingFor(uri: vscode.Uri): WaitingWeights | null {
    return this.#waiting.get(uri.toString()) ?? null;
  }

  /** How the open preview of a file reads it; null where none is open. */
  choiceFor(uri: vscode.Uri): SequenceChoice | null {
    const open = [...this.#readings.values()].findLast(({ id }) => id === uri.toString());
    return open?.choice() ?? null;
  }

  /** Fills the tab that VS Code has made for a file, until that is closed. */
  fill(uri: vscode.Uri, view: vscode.WebviewPanel): void {
    const { extensionUri, workerPath, log, doors } = this.#parts;
    const { webview } = view;
    const name = path.posix.basename(uri.path);
    const failed = (message: string): void => log.error(`preview of ${name}: ${message}`);
    let reader: SequenceReader | null = null;
    const subscriptions: Pick<vscode.Disposable, 'dispose'>[] = [];
    const tell = (): void => {
      if (reader?.read === null || reader === null) return;
      const { list, reading } = reader.read;
      const waiting = this.waitingFor(uri);
      const weights =
        waiting === null ? null : { name: path.posix.basename(waiting.weights.path), I: waiting.network?.I ?? null };
      channel.emit('sequences', { ...list, reading, name, weights });
    };
    const note = (choice: SequenceChoice): void => {
      this.#readings.delete(view);
      this.#readings.set(view, {
        id: uri.toString(),
        choice: () => {
          // Of a text that nobody has said anything of, a config still has to say how it is read.
          const unit = reader?.read?.list.sequences?.text?.unit;
          return unit === undefined ? choice : { ...choice, options: { tokens: unit, ...choice.options } };
        },
      });
    };
    const channel: Channel<SequenceViewContract, SequencePageContract> = new Channel<
      SequenceViewContract,
      SequencePageContract
    >(
      {
        post: (message) => void webview.postMessage(message),
        onMessage: (listener) => subscriptions.push(webview.onDidReceiveMessage(listener)),
      },
      { previewLines: (request) => reader?.request('previewLines', request) ?? null },
      {
        ready: (choice) => {
          if (reader !== null) {
            tell();
            return;
          }
          // Not before the page says what was chosen in it last.
          const first = choice ?? this.waitingFor(uri)?.choice;
          note(first ?? { options: {}, array: null });
          reader = new SequenceReader(uri, workerPath, log, doors, first);
          subscriptions.push(reader, reader.onDidRead(tell));
        },
        choose: (choice) => {
          note(choice);
          reader?.choose(choice);
        },
        run: (choice) => vscode.commands.executeCommand(`${prefix}.run`, uri, { sequences: choice }),
        failed: ({ message }) => failed(message),
      },
      { checks: sequenceViewChecks, onFault: ({ message }) => failed(message) },
    );
    subscriptions.push(
      this.#waits.event((id) => {
        if (id === uri.toString()) tell();
      }),
    );
    view.onDidDispose(() => {
      this.#waiting.delete(uri.toString());
      this.#readings.delete(view);
      channel.close(t('The panel was closed.'));
      for (const subscription of subscriptions) subscription.dispose();
    });
    fillView(webview, extensionUri, 'sequences', name);
  }

  dispose(): void {
    this.#waits.dispose();
  }
}
