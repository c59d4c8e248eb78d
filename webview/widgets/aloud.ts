// What a screen reader says that has the focus elsewhere, as in the text beside the panel.
import { el } from './dom.js';

export const aloud = el('p', { class: 'unseen', attributes: { 'aria-live': 'polite' } });

export function sayAloud(text: string): void {
  aloud.textContent = text;
}
