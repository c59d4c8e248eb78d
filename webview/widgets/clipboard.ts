// Values on the clipboard as tab-separated text (cells.ts): what a spreadsheet pastes into cells and
// `numpy.genfromtxt(…, delimiter='\t')` reads.
import { textButton } from './dom.js';
import { t } from '../page/l10n.js';

/** How long a button says that it has copied, ms. */
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

/** A quiet button that copies what `text` gives, and says whether it has. */
export function copyButton(name: string, text: () => Promise<string | null>): HTMLButtonElement {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const button = textButton(t('copy'), t('Copy the values of {0}', name), () => {
    void text().then(async (content) => {
      if (content === null) return;
      const done = await write(content);
      if (timer !== null) clearTimeout(timer);
      button.textContent = done ? t('copied') : t('not copied');
      timer = setTimeout(() => {
        button.textContent = t('copy');
      }, told);
    });
  });
  button.classList.add('copy');
  button.setAttribute('aria-live', 'polite');
  return button;
}

/** Ctrl+C or Cmd+C inside `place` presses the button, unless text is selected there. */
export function copyByKey(place: HTMLElement, button: HTMLButtonElement): void {
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
    button.click();
  });
}
