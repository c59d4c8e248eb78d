import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { FoundNetwork } from '../config/read/index.js';
import { after } from '../editor/files/index.js';
import type { Move } from '../editor/files/index.js';
import { prefix, SequenceReader } from '../editor/following/index.js';
import { Channel, errorStack } from '../protocol/index.js';
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

/** Weights that wait, with sequences as they are shown: to be written down. */
export type SeenPair = { readonly sequences: vscode.Uri; readonly waiting: WaitingWeights };

const nameOf = (uri: vscode.Uri): string => path.posix.basename(uri.path);

/** Shows what sequences are before they are run: those of a file, or as a config says. */
export class SequencePreviews implements vscode.Disposable {
  readonly #parts: ViewerParts;
  /** By the file of the sequences: the weights that wait for them. */
  readonly #waiting = new Map<string, WaitingWeights>();
  /** How the open previews read their files, the newest choice last. */
  readonly #readings = new Map<vscode.WebviewPanel, { readonly id: string; readonly choice: () => SequenceChoice }>();
  readonly #waits = new vscode.EventEmitter<string>();
  /** How many tabs show a file. */
  readonly #open = new Map<string, number>();
  readonly #saves = new vscode.EventEmitter<SeenPair>();
  /** The user wants what he sees as a config. */
  readonly onDidAskToSave = this.#saves.event;

  constructor(parts: ViewerParts) {
    this.#parts = parts;
  }

  /**
   * Opens the preview, or brings it to the front. `waiting`: what is run on the sequences when the user says so, until
   * the preview is closed; null leaves it as it is.
   */
  async show(uri: vscode.Uri, waiting: WaitingWeights | null, column: vscode.ViewColumn): Promise<void> {
    if (waiting !== null) this.await(uri, waiting);
    await vscode.commands.executeCommand('vscode.openWith', uri, sequencesType, column);
  }

  /** Weights wait for the sequences of a file whose preview is about to open. */
  await(uri: vscode.Uri, waiting: WaitingWeights): void {
    this.#waiting.set(uri.toString(), waiting);
    this.#waits.fire(uri.toString());
  }

  waitingFor(uri: vscode.Uri): WaitingWeights | null {
    return this.#waiting.get(uri.toString()) ?? null;
  }

  /** How the open preview of a file reads it; null where none is open. */
  choiceFor(uri: vscode.Uri): SequenceChoice | null {
    const open = [...this.#readings.values()].findLast(({ id }) => id === uri.toString());
    return open?.choice() ?? null;
  }

  /** Weights that were chosen for sequences: while these are looked at, nobody is asked again. */
  remember(uri: vscode.Uri, waiting: WaitingWeights): void {
    const id = uri.toString();
    if (this.#open.has(id)) this.await(uri, waiting);
  }

  /** Files are renamed: weights that wait keep waiting under their new names. */
  moveWeights(moves: readonly Move[]): void {
    for (const [id, waiting] of [...this.#waiting]) {
      const weights = after(waiting.weights, moves);
      if (weights !== waiting.weights) this.await(vscode.Uri.parse(id, true), { ...waiting, weights });
    }
  }

  #forget(uri: vscode.Uri): void {
    this.#waiting.delete(uri.toString());
    this.#waits.fire(uri.toString());
  }

  /** Counts a tab that shows a file, from now on or no more; with the last one the weights are forgotten. */
  #count(uri: vscode.Uri, by: 1 | -1): void {
    const id = uri.toString();
    const count = (this.#open.get(id) ?? 0) + by;
    if (count > 0) this.#open.set(id, count);
    else {
      this.#open.delete(id);
      this.#waiting.delete(id);
    }
  }

  /** Fills the tab that VS Code has made for a file, until that is closed. */
  fill(uri: vscode.Uri, view: vscode.WebviewPanel): void {
    const { extensionUri, workerPath, log, doors } = this.#parts;
    const { webview } = view;
    const name = nameOf(uri);
    const failed = (message: string): void => log.error(`preview of ${name}: ${message}`);
    let reader: SequenceReader | null = null;
    const subscriptions: Pick<vscode.Disposable, 'dispose'>[] = [];
    const tell = (): void => {
      if (reader?.read === null || reader === null) return;
      const { list, reading } = reader.read;
      const waiting = this.waitingFor(uri);
      const weights = waiting === null ? null : { name: weightsName(waiting), I: waiting.network?.I ?? null };
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
    const run = (choice: SequenceChoice): unknown =>
      vscode.commands.executeCommand(`${prefix}.run`, uri, { sequences: choice });
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
        run,
        otherWeights: (choice) => {
          this.#forget(uri);
          return run(choice);
        },
        saveAsConfig: (choice) => {
          const waiting = this.waitingFor(uri);
          if (waiting !== null) this.#saves.fire({ sequences: uri, waiting: { ...waiting, choice } });
        },
        failed: ({ message }) => failed(message),
      },
      { checks: sequenceViewChecks, onFault: (error) => failed(errorStack(error)) },
    );
    subscriptions.push(
      this.#waits.event((id) => {
        if (id === uri.toString()) tell();
      }),
    );
    view.onDidDispose(() => {
      this.#readings.delete(view);
      this.#count(uri, -1);
      channel.close(t('The panel was closed.'));
      for (const subscription of subscriptions) subscription.dispose();
    });
    this.#count(uri, 1);
    fillView(view, extensionUri, 'sequences', name).catch((error: unknown) => failed(errorStack(error)));
  }

  dispose(): void {
    this.#waits.dispose();
    this.#saves.dispose();
  }
}

/** `model.pt`, of several networks in a file `model.pt · encoder`. */
function weightsName({ weights, network }: WaitingWeights): string {
  const name = network?.name ?? null;
  return name === null ? nameOf(weights) : `${nameOf(weights)} · ${name}`;
}
