// The outputs of notebooks that are on screen: their renderer (src/notebook) shows the pages, this runs what they hold.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { prefix } from '../editor/context/index.js';
import { readReference } from '../editor/files/index.js';
import { languageInUse } from '../l10n.js';
import { isBeside, OutputFiles, safeName } from '../notebook/index.js';
import { Channel, errorMessage, errorStack } from '../protocol/index.js';
import type { NotebookHostContract, NotebookRendererContract, OutputContent, OutputWords } from '../protocol/index.js';
import { notebookChecks } from './messageChecks.js';
import { NotebookOutput } from './notebookOutput.js';
import type { NotebookOutputParts } from './notebookOutput.js';
import { freeNames } from './outputNames.js';
import { OutputTurns } from './outputTurns.js';
import { reportFailure, write } from './saveFile.js';
import type { ViewerParts } from './tensorViewer.js';

/** Each output that answers has a thread; of those that are idle the one that was woken first sleeps. */
const mostAwake = 4;

type RendererChannel = Channel<NotebookHostContract, NotebookRendererContract>;
type Runnable = Extract<OutputContent, { readonly kind: 'inside' | 'beside' }>;
type Shown = { readonly output: NotebookOutput; readonly openInPanel: () => unknown };
type Notebook = {
  readonly hear: (message: unknown) => void;
  readonly outputs: Map<string, Shown>;
  readonly close: () => void;
};

export class NotebookOutputs implements vscode.Disposable {
  readonly #parts: ViewerParts;
  readonly #notebooks = new Map<string, Notebook>();
  readonly #subscription: vscode.Disposable;
  readonly #turns = new OutputTurns(mostAwake);

  constructor(parts: ViewerParts) {
    this.#parts = parts;
    this.#subscription = vscode.workspace.onDidCloseNotebookDocument(({ uri }) => this.#close(uri.toString()));
  }

  /** A message of the renderer in an editor of this notebook. */
  receive(notebook: vscode.Uri, message: unknown, messaging: vscode.NotebookRendererMessaging): void {
    const key = notebook.toString();
    const known = this.#notebooks.get(key) ?? this.#open(notebook, messaging);
    this.#notebooks.set(key, known);
    known.hear(message);
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const key of [...this.#notebooks.keys()]) this.#close(key);
  }

  #close(key: string): void {
    const known = this.#notebooks.get(key);
    if (known === undefined) return;
    this.#notebooks.delete(key);
    for (const { output } of known.outputs.values()) this.#end(output);
    known.close();
  }

  #open(notebook: vscode.Uri, messaging: vscode.NotebookRendererMessaging): Notebook {
    const failed = (error: unknown): void => this.#parts.log.error(`outputs of ${notebook.path}: ${errorStack(error)}`);
    const outputs = new Map<string, Shown>();
    let hear: (message: unknown) => void = () => undefined;
    const channel: RendererChannel = new Channel<NotebookHostContract, NotebookRendererContract>(
      {
        // Every editor that shows notebooks hears it; each renderer knows its own outputs by their names.
        post: (message) => void messaging.postMessage(message),
        onMessage: (listener) => {
          hear = listener;
        },
      },
      {},
      {
        open: ({ output, content }) => {
          try {
            const shown = this.#show(notebook, output, content, channel);
            if (shown !== null) outputs.set(output, shown);
          } catch (error) {
            // Its page waits for an answer; whoever looks for the fault finds it in the log.
            channel.emit('refused', { output, why: errorMessage(error) });
            throw error;
          }
        },
        page: ({ output, message }) => outputs.get(output)?.output.hear(message),
        openInPanel: ({ output }) => outputs.get(output)?.openInPanel(),
        close: ({ output }) => {
          const shown = outputs.get(output);
          outputs.delete(output);
          if (shown !== undefined) this.#end(shown.output);
        },
      },
      { checks: notebookChecks, onFault: failed },
    );
    return { hear: (message) => hear(message), outputs, close: () => channel.close(t('The notebook was closed.')) };
  }

  #show(notebook: vscode.Uri, name: string, content: OutputContent, channel: RendererChannel): Shown | null {
    const refuse = (why: string): null => {
      channel.emit('refused', { output: name, why });
      return null;
    };
    if (content.kind === 'incomplete')
      return refuse(
        t('This output holds neither "file" nor "config" with a "name" and "tensors". Run its cell again.'),
      );
    if (content.kind === 'unknown')
      return refuse(
        t(
          'This output is of version {0}, and this extension draws version {1}. Copy the Python function again ' +
            '(RNN: Copy Python Function for Notebooks) and run the cell.',
          content.version,
          content.known,
        ),
      );
    const source = this.#sourceOf(notebook, content);
    if (typeof source === 'string') return refuse(source);
    const { workerPath, log } = this.#parts;
    const toPanel = (): unknown => openInPanel(notebook, content).catch((error: unknown) => reportFailure(error, log));
    channel.emit('opened', { output: name, words: wordsOf(content) });
    const output = new NotebookOutput({
      ...source,
      notebook,
      title: content.kind === 'inside' ? content.name : content.file.replace(/\.rnn\.json$/, ''),
      workerPath,
      log,
      post: (message) => channel.emit('page', { output: name, message }),
      openInPanel: toPanel,
      turn: (one) => this.#turns.take(one),
      rests: () => this.#turns.giveWay(),
    });
    return { output, openInPanel: toPanel };
  }

  /** What is run and who reads its files; a sentence where it cannot be. */
  #sourceOf(notebook: vscode.Uri, content: Runnable): Pick<NotebookOutputParts, 'entry' | 'readFile'> | string {
    if (content.kind === 'beside') {
      if (!isBeside(content.file))
        return t('This output names {0}, which is no config beside the notebook.', JSON.stringify(content.file));
      return {
        entry: { kind: 'config', config: vscode.Uri.joinPath(notebook, '..', content.file).toString() },
        readFile: (request) => readReference(request, this.#parts.doors, () => undefined),
      };
    }
    try {
      const files = new OutputFiles(content);
      return { entry: { kind: 'config', config: files.config }, readFile: (request) => files.read(request) };
    } catch (error) {
      // What is no base64 is thrown as this, and a fault of ours as anything else.
      if (!(error instanceof DOMException)) throw error;
      return t('The tensors of this output are damaged ({0}). Run its cell again.', error.message);
    }
  }

  #end(output: NotebookOutput): void {
    output.dispose();
    this.#turns.leave(output);
  }
}

function wordsOf(content: Runnable): OutputWords {
  const { name: language, bundle } = languageInUse();
  const isInside = content.kind === 'inside';
  return {
    language,
    bundle,
    title: t('RNN gradients: {0}', isInside ? content.name : content.file),
    openInPanel: t('Open in Panel'),
    aboutOpening: isInside
      ? t('Writes the config and its tensors beside the notebook, and runs them in a panel, where they can be changed')
      : t('Runs {0} in a panel, where it can be changed', content.file),
    note: isInside
      ? t('Computed from the weights and sequences in this output.')
      : t('Computed from {0}, which stands beside the notebook, as it is now.', content.file),
  };
}

/** Shows the config in a panel; one that has no files yet gets them, and no file that is another is touched. */
async function openInPanel(notebook: vscode.Uri, content: Runnable): Promise<void> {
  const run = (config: vscode.Uri): Thenable<unknown> => vscode.commands.executeCommand(`${prefix}.run`, config);
  if (content.kind === 'beside') {
    await run(vscode.Uri.joinPath(notebook, '..', content.file));
    return;
  }
  const folder = await folderFor(notebook);
  if (folder === null) return;
  const first = safeName(content.name);
  const { name, isThere } = await freeNames(folder, first, (other) => OutputFiles.named(content, other));
  const at = (of: string, ending: string): vscode.Uri => vscode.Uri.joinPath(folder, `${of}.${ending}`);
  if (isThere) {
    await run(at(name, 'rnn.json'));
    return;
  }
  if (name !== first) {
    const [old, fresh] = [t('Open {0}', `${first}.rnn.json`), t('Write {0}', `${name}.rnn.json`)];
    const answer = await vscode.window.showInformationMessage(
      t('{0} or its tensors stand beside the notebook already, and are others than those of this output.', first),
      { modal: true },
      old,
      fresh,
    );
    if (answer === undefined) return;
    if (answer === old) {
      await run(at(first, 'rnn.json'));
      return;
    }
  }
  const { config, tensors } = OutputFiles.named(content, name);
  // The config last: whoever looks for configs finds it whole.
  await write(at(name, 'safetensors'), tensors);
  await write(at(name, 'rnn.json'), config);
  void vscode.window.showInformationMessage(t('Wrote {0} and {1}.', `${name}.rnn.json`, `${name}.safetensors`));
  await run(at(name, 'rnn.json'));
}

/** Beside the notebook; of one that lies nowhere yet the user says where. */
async function folderFor(notebook: vscode.Uri): Promise<vscode.Uri | null> {
  if (notebook.scheme !== 'untitled') return vscode.Uri.joinPath(notebook, '..');
  const [chosen] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: t('Write the Config Here'),
      ...(vscode.workspace.workspaceFolders?.[0] === undefined
        ? {}
        : { defaultUri: vscode.workspace.workspaceFolders[0].uri }),
    })) ?? [];
  return chosen ?? null;
}
