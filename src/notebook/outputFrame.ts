// A page of the panel inside of an output: a frame of its own, because the page takes a whole document, and many
// outputs share one. What the editor does around a page (theme, wheel, height) stands here.
import { joinParts } from '../report/index.js';

export type FrameParts = {
  readonly title: string;
  readonly language: string;
  readonly bundle: Readonly<Record<string, string>>;
  /** Where `main.js` and `style.css` lie. */
  readonly assets: URL;
  /** What the page says. */
  readonly said: (message: unknown) => void;
  /** The page cannot be had. */
  readonly failed: (error: unknown) => void;
};

/** What a frame shows: its scripts as one, and their looks. */
type PageTexts = { readonly script: string; readonly style: string };
let texts: Promise<PageTexts> | null = null;

/**
 * Read once, and by the document around the frames: VS Code hands out the extension's files only to documents that it
 * has made itself.
 */
function readPage(assets: URL): Promise<PageTexts> {
  const read = async (name: string): Promise<string> => {
    const response = await fetch(new URL(name, assets));
    if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
    return response.text();
  };
  texts ??= Promise.all([joinParts('main.js', read), read('style.css')]).then(
    ([script, style]) => ({ script, style }),
    (error: unknown) => {
      // Whoever draws next tries again.
      texts = null;
      throw error;
    },
  );
  return texts;
}

/** Copies what VS Code writes on its own document: variables on <html style>, the kind of theme on <body class>. */
function copyTheme(to: Document): void {
  const { documentElement, body } = document;
  to.documentElement.style.cssText = documentElement.style.cssText;
  to.body.className = body.className;
  const theme = body.dataset['vscodeThemeId'];
  if (theme !== undefined) to.body.dataset['vscodeThemeId'] = theme;
}

export class OutputFrame {
  readonly element = document.createElement('iframe');
  readonly #parts: FrameParts;
  readonly #themes = new MutationObserver(() => this.#copyTheme());
  #heights: ResizeObserver | null = null;
  /** What the page wants to find again where its frame is loaded anew. */
  #kept: unknown = null;

  constructor(parts: FrameParts) {
    this.#parts = parts;
    const { element } = this;
    element.title = parts.title;
    element.style.cssText = 'display: block; width: 100%; height: 480px; border: 0;';
    element.srcdoc =
      '<!DOCTYPE html><html class="notebook"><head><meta charset="UTF-8"></head>' +
      '<body><div id="app"></div></body></html>';
    // Also where the frame has got another place in its document, which loads it anew.
    element.addEventListener('load', () => void this.#furnish().catch(parts.failed));
    this.#themes.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    this.#themes.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  /** What the host says to the page. */
  tell(message: unknown): void {
    const page = this.element.contentWindow;
    page?.dispatchEvent(new MessageEvent('message', { data: message }));
  }

  dispose(): void {
    this.#themes.disconnect();
    this.#heights?.disconnect();
    this.element.remove();
  }

  #copyTheme(): void {
    if (this.element.contentDocument !== null) copyTheme(this.element.contentDocument);
  }

  async #furnish(): Promise<void> {
    const { contentDocument: inner, contentWindow: page } = this.element;
    if (inner === null || page === null) return;
    const { language, bundle, assets, said } = this.#parts;
    const { script: code, style: looks } = await readPage(assets);
    // It may have been loaded anew, or taken away, meanwhile.
    if (this.element.contentDocument !== inner) return;
    inner.documentElement.lang = language;
    copyTheme(inner);
    Object.assign(page, {
      acquireVsCodeApi: () => ({
        postMessage: said,
        getState: () => this.#kept,
        setState: (state: unknown) => {
          this.#kept = state;
        },
      }),
    });
    const style = inner.createElement('style');
    style.textContent = looks;
    const sentences = inner.createElement('script');
    sentences.type = 'application/json';
    sentences.id = 'l10n';
    sentences.textContent = JSON.stringify(bundle);
    const script = inner.createElement('script');
    script.textContent = code;
    inner.head.append(style);
    inner.body.append(sentences, script);
    page.addEventListener('wheel', (event) => this.#passWheel(event));
    this.#heights?.disconnect();
    this.#heights = new ResizeObserver(() => {
      this.element.style.height = `${Math.ceil(inner.documentElement.getBoundingClientRect().height)}px`;
    });
    this.#heights.observe(inner.documentElement);
  }

  /** The frame is as high as its page: what is scrolled is the notebook. */
  #passWheel(event: WheelEvent): void {
    if (!event.defaultPrevented) this.element.dispatchEvent(new WheelEvent('wheel', event));
  }
}
