// What still belongs to the run before the one on screen, marked in one way: its picture is paler, its numbers are
// muted, and a word says so.
import { el } from './dom.js';
import { t } from '../page/l10n.js';

export const olderWord = (): string => t('older run');
export const olderTitle = (): string => t('Of the run before: the numbers of this one are not there.');

/** The word, for the element `owner` that it stands in or over. */
export class OlderMark {
  readonly element = el('span', { class: 'older-mark', title: olderTitle() }, olderWord());
  readonly #owner: () => HTMLElement;

  constructor(owner: () => HTMLElement) {
    this.#owner = owner;
    this.element.hidden = true;
  }

  show(older: boolean): void {
    this.#owner().classList.toggle('older', older);
    this.element.hidden = !older;
  }
}
