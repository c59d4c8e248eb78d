// The time axis that all tracks share: stays on top while they scroll, carries the cursor's flag and the window's place
// in the whole.
import { timeTicks } from './axis.js';
import { gutter } from './chart.js';
import { el } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import type { Timeline } from '../page/timeline.js';

export class Ruler {
  readonly element: HTMLElement;
  readonly #timeline: Timeline;
  readonly #ticks = el('div', { class: 'ruler-ticks' });
  readonly #flag = el('div', { class: 'flag' });
  readonly #thumb = el('div', { class: 'thumb' });

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.element = el(
      'div',
      {
        class: 'ruler',
        attributes: { 'aria-hidden': 'true' },
        title: say('Drag to move the window, wheel to zoom, double click for all steps'),
      },
      el('span', { class: 'ruler-name' }, say('step t')),
      this.#ticks,
      this.#flag,
      el('div', { class: 'rail' }, this.#thumb),
    );
  }

  get width(): number {
    return Math.max(1, this.element.clientWidth - gutter.left - gutter.right);
  }

  /** Pixel of step t from the left edge of the stack. */
  x(t: number): number {
    const { t0, t1 } = this.#timeline.window;
    return gutter.left + ((t + 0.5 - t0) / (t1 - t0)) * this.width;
  }

  show(): void {
    const {
      window: { t0, t1 },
      steps,
      zoomed,
    } = this.#timeline;
    this.#ticks.replaceChildren(
      ...timeTicks(t0, t1, this.width).map((t) => {
        const tick = el('span', {}, String(t));
        tick.style.left = `${this.x(t)}px`;
        return tick;
      }),
    );
    this.#thumb.style.left = `${(t0 / steps) * 100}%`;
    this.#thumb.style.width = `${((t1 - t0) / steps) * 100}%`;
    this.element.classList.toggle('zoomed', zoomed);
    this.showCursor();
  }

  showCursor(): void {
    const {
      cursor,
      pinned,
      window: { t0, t1 },
    } = this.#timeline;
    this.#flag.hidden = cursor < t0 || cursor >= t1;
    this.#flag.textContent = `t = ${cursor}`;
    this.#flag.classList.toggle('pinned', pinned);
    // Near an end the flag leans inward instead of being cut off; it is as wide as its number.
    const half = this.#flag.offsetWidth / 2 + 2;
    const at = Math.max(half, Math.min(this.x(cursor), this.element.clientWidth - half));
    this.#flag.style.left = `${at}px`;
    // A number that looks out from behind the flag would be read as another one.
    for (const tick of this.#ticks.children) {
      const { offsetLeft, offsetWidth } = tick as HTMLElement;
      tick.classList.toggle('behind', !this.#flag.hidden && Math.abs(offsetLeft - at) < half + offsetWidth / 2 + 3);
    }
  }
}
