// Draws the outputs of a notebook, inside of VS Code's notebook editor: the page of the panel in a frame, a button that
// opens the panel, and a line of what it is drawn from. All numbers come from the engine, by way of the host.
import { Channel } from '../protocol/index.js';
import type { NotebookHostContract, NotebookRendererContract, OutputWords } from '../protocol/index.js';
import { pack, unpack } from '../worker/record/index.js';
import { contentOf } from './outputContent.js';
import { OutputFrame } from './outputFrame.js';

/** As far as it is needed of what VS Code hands a renderer. */
type RendererContext = {
  readonly postMessage?: (message: unknown) => void;
  readonly onDidReceiveMessage?: (listener: (message: unknown) => void) => unknown;
};
type OutputItem = { readonly id: string; json(): unknown };
type Renderer = {
  renderOutputItem(item: OutputItem, element: HTMLElement): void;
  disposeOutputItem(id?: string): void;
};

/** Whoever waits longer for the host is told that it may not be there, ms. Only the host knows the user's language. */
const patience = 15_000;
const unanswered =
  'RNN Gradients has not answered yet. This picture is computed by the extension: look whether it is installed and ' +
  'enabled in this window.';
const withoutHost = 'This picture is computed by the extension RNN Gradients, and no extension runs in this window.';

/** A sentence in the place of a picture. */
function say(place: HTMLElement, text: string): void {
  const line = document.createElement('p');
  line.setAttribute('role', 'status');
  line.style.cssText = 'margin: 4px 0;';
  line.textContent = text;
  place.replaceChildren(line);
}

const buttonLook =
  'font: inherit; padding: 3px 10px; cursor: pointer; border-radius: 2px; ' +
  'color: var(--vscode-button-foreground); background: var(--vscode-button-background); ' +
  'border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent));';

type Actions = { readonly page: (message: string) => void; readonly open: () => void };

/** One output on screen. */
class Output {
  readonly #place: HTMLElement;
  readonly #actions: Actions;
  readonly #timer: ReturnType<typeof setTimeout>;
  #frame: OutputFrame | null = null;

  constructor(place: HTMLElement, actions: Actions) {
    this.#place = place;
    this.#actions = actions;
    this.#timer = setTimeout(() => say(place, unanswered), patience);
  }

  opened({ title, language, bundle, openInPanel, aboutOpening, note }: OutputWords): void {
    clearTimeout(this.#timer);
    this.#frame?.dispose();
    this.#frame = new OutputFrame({
      title,
      language,
      bundle,
      assets: new URL('.', import.meta.url),
      said: (message) => this.#actions.page(pack(message)),
    });
    const bar = document.createElement('div');
    bar.style.cssText = 'display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; padding: 6px 0;';
    const button = document.createElement('button');
    button.type = 'button';
    button.style.cssText = buttonLook;
    button.textContent = openInPanel;
    button.title = aboutOpening;
    button.addEventListener('click', () => this.#actions.open());
    const about = document.createElement('span');
    about.style.cssText = 'color: var(--vscode-descriptionForeground);';
    about.textContent = note;
    bar.append(button, about);
    this.#place.lang = language;
    this.#place.replaceChildren(this.#frame.element, bar);
  }

  tell(message: string): void {
    this.#frame?.tell(unpack(message));
  }

  refuse(why: string): void {
    this.dispose();
    say(this.#place, why);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#frame?.dispose();
    this.#frame = null;
  }
}

export function activate({ postMessage, onDidReceiveMessage }: RendererContext): Renderer {
  /** By their names among all renderers, and by those that VS Code gives them here. */
  const outputs = new Map<string, Output>();
  const names = new Map<string, string>();
  const channel = new Channel<NotebookRendererContract, NotebookHostContract>(
    { post: (message) => postMessage?.(message), onMessage: (listener) => void onDidReceiveMessage?.(listener) },
    {},
    {
      opened: ({ output, words }) => outputs.get(output)?.opened(words),
      page: ({ output, message }) => outputs.get(output)?.tell(message),
      refused: ({ output, why }) => outputs.get(output)?.refuse(why),
    },
    { checks: 'trusted', onFault: (error) => console.error(error) },
  );
  const dispose = (id: string): void => {
    const output = names.get(id);
    if (output === undefined) return;
    names.delete(id);
    outputs.get(output)?.dispose();
    outputs.delete(output);
    channel.emit('close', { output });
  };
  return {
    renderOutputItem(item, element) {
      dispose(item.id);
      const content = contentOf(item.json());
      if (postMessage === undefined) {
        say(element, withoutHost);
        return;
      }
      const output = crypto.randomUUID();
      names.set(item.id, output);
      outputs.set(
        output,
        new Output(element, {
          page: (message) => channel.emit('page', { output, message }),
          open: () => channel.emit('openInPanel', { output }),
        }),
      );
      channel.emit('open', { output, content });
    },
    disposeOutputItem(id) {
      for (const one of id === undefined ? [...names.keys()] : [id]) dispose(one);
    },
  };
}
