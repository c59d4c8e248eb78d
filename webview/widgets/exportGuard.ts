// Numbers that come from the host block by block, for a file or the clipboard: all of one run, or none and a word about
// it.
import { el } from './dom.js';
import { t } from '../page/l10n.js';
import { NotToBeHad } from '../page/model.js';

/** How long it is told that nothing was saved, ms. */
const told = 15_000;

export class Gathering {
  /** What went wrong; hidden until something does. */
  readonly note = el('p', { class: 'note gathering', attributes: { role: 'alert' } });
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.note.hidden = true;
  }

  /** What `work` makes; null when it could not be made of one run, which the note then says. */
  async text(work: () => Promise<string>): Promise<string | null> {
    this.#say('');
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error;
      this.#say(
        error.why === 'replaced'
          ? t(
              'Nothing was saved or copied: a newer run replaced this one while its numbers were being ' +
                'gathered. Try again for the newer run.',
            )
          : t('Nothing was saved or copied: the numbers could not be read. The log of the extension says why.'),
      );
      return null;
    }
  }

  #say(text: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = text === '' ? null : setTimeout(() => this.#say(''), told);
    this.note.textContent = text;
    this.note.hidden = text === '';
  }
}
