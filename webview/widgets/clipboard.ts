// Values on the clipboard as tab-separated text (cells.ts): what a spreadsheet pastes into cells and
// `numpy.genfromtxt(…, delimiter='\t')` reads.
import { el } from './dom.js';
import { t } from '../page/l10n.js';
import type { MenuItem } from './menu.js';

/** How long it is said that it has copied, ms. */
const told = 1600;

/** Whether the text is on the clipboard now. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A browser may keep the clipboard from a page on disk, but not from the older command.
    const field = document.createElement('textarea');
    const focused = document.activeElement;
    field.value = text;
    field.className = 'unseen';
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only other way, where the clipboard is refused
    const done = document.execCommand('copy');
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

/** Copies what `text` gives, and says beside the menu that asked for it whether it has. */
export class Copying {
  readonly word = el('span', { class: 'copied', attributes: { role: 'status' } });
  readonly #text: () => Promise<string | null>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(text: () => Promise<string | null>) {
    this.#text = text;
  }

  readonly copy = (): void => {
    void this.#text().then(async (content) => {
      if (content === null) return;
      const done = await write(content);
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.word.textContent = done ? t('copied') : t('not copied');
      this.#timer = setTimeout(() => {
        this.word.textContent = '';
      }, told);
    });
  };

  /** Its line in the menu. */
  get item(): MenuItem {
    return { label: t('Copy values'), act: this.copy };
  }
}

/** Ctrl+C or Cmd+C inside `place` copies, unless text is selected there. */
export function copyByKey(place: HTMLElement, copying: Copying): void {
  place.addEventListener('keydown', (event) => {
    if (
      event.key !== 'c' ||
      !(event.ctrlKey || event.metaKey) ||
      event.shiftKey ||
      event.altKey ||
      getSelection()?.isCollapsed === false
    )
      return;
    event.preventDefault();
    copying.copy();
  });
}
