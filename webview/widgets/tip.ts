// The small sheet beside the mouse over a picture: a heading and lines.
import { el } from './dom.js';

/** From the mouse to the sheet. */
const [aside, below] = [12, 14];
/** So far below its picture it may stand. */
const overhang = 20;

export class Tip {
  readonly #box: HTMLElement;
  readonly #element = el('div', { class: 'tip', attributes: { 'aria-hidden': 'true' } });

  /** `box`: the place of the picture. */
  constructor(box: HTMLElement) {
    this.#box = box;
    this.#element.hidden = true;
    box.append(this.#element);
  }

  hide(): void {
    this.#element.hidden = true;
  }

  remove(): void {
    this.#element.remove();
  }

  /** Null or no lines: nothing is to be said at this place. */
  tell({ x, y }: { readonly x: number; readonly y: number }, lines: readonly string[] | null): void {
    const tip = this.#element;
    tip.hidden = lines === null || lines.length === 0;
    if (lines === null || tip.hidden) return;
    tip.replaceChildren(...lines.map((line, i) => el(i === 0 ? 'b' : 'span', {}, line)));
    // At the left edge it has all the room that it may take.
    tip.style.left = '0';
    const { clientWidth, clientHeight } = this.#box;
    const { offsetWidth, offsetHeight } = tip;
    const [right, left] = [x + aside, x - aside - offsetWidth];
    const fitsRight = right + offsetWidth <= clientWidth || left < 0;
    tip.style.left = `${fitsRight ? Math.max(0, Math.min(right, clientWidth - offsetWidth)) : left}px`;
    tip.style.top = `${y + below + offsetHeight <= clientHeight + overhang ? y + below : y - 8 - offsetHeight}px`;
  }
}
