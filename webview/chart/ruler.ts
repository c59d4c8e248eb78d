// The time axis that all tracks share: stays on top while they scroll. It tells which way the gradient goes, where it
// starts, and how much of it is left along the whole run, also where the window shows a part.
import { timeTicks } from './axis.js';
import { gutter, plotWidth } from './plot.js';
import { withAlpha } from '../page/colourMaths.js';
import { el } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import { isMadeUp, log10Of, lossOf } from '../page/series.js';
import { namedStep, positionOf, stepLabel } from '../page/stepLabels.js';
import type { Page } from './trackView.js';
import type { RunSummary } from '../page/model.js';

/** So many decades below its largest the gradient has faded out of the strip. */
const decades = 4;
/** More losses than this have no flag of their own. */
const mostFlags = 6;

/** How wide a letter of a label is, and how far two words lie apart at least, and two letters. */
const [labelPixels, wordGap, letterGap] = [6.5, 6, 2];

/** The steps of the losses, where they are few. */
function fewLosses(run: RunSummary): readonly number[] {
  const { lossSteps, lossCount } = lossOf(run);
  return lossCount > mostFlags
    ? []
    : lossSteps.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

/** What stands at the end of the axis where the losses have no flags. */
function manyLosses(run: RunSummary): string {
  const { lossCount } = lossOf(run);
  const { T } = run.shapes;
  if (lossCount <= mostFlags) return '';
  return lossCount === T ? say('a loss at every step') : say('losses at {0} steps', lossCount);
}

export class Ruler {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #ticks = el('div', { class: 'ruler-ticks' });
  readonly #labels = el('div', { class: 'ruler-labels' });
  readonly #flag = el('div', { class: 'flag' });
  readonly #losses = el('div', { class: 'losses' });
  readonly #direction = el('div', { class: 'direction' });
  readonly #strip = el('canvas');
  readonly #thumb = el('div', { class: 'thumb' });
  /** What the strip shows: no zoom changes it. */
  #painted: readonly unknown[] = [];

  constructor(page: Page) {
    this.#page = page;
    this.element = el(
      'div',
      {
        class: 'ruler',
        attributes: { 'aria-hidden': 'true' },
        title: say(
          'The strip shows how much of the gradient arrives at each step of the whole run. Drag to move the window, ' +
            'wheel to zoom, double click for all steps.',
        ),
      },
      el('span', { class: 'ruler-name' }, say('step t')),
      this.#direction,
      this.#losses,
      el('div', { class: 'rail' }, this.#strip, this.#thumb),
      this.#ticks,
      this.#labels,
      this.#flag,
    );
  }

  get width(): number {
    return plotWidth(this.element.clientWidth);
  }

  /** Pixel of step t from the left edge of the stack. */
  x(t: number): number {
    const { t0, t1 } = this.#page.timeline.window;
    return gutter.left + ((t + 0.5 - t0) / (t1 - t0)) * this.width;
  }

  show(): void {
    const {
      window: { t0, t1 },
      steps,
      zoomed,
    } = this.#page.timeline;
    const { run } = this.#page.model;
    this.#ticks.replaceChildren(
      ...(run === null ? [] : timeTicks(run, { t0, t1 }, this.width)).map((t) => {
        const tick = el('span', {}, String(run === null ? t : positionOf(run, t)));
        tick.style.left = `${this.x(t)}px`;
        return tick;
      }),
    );
    this.#showLabels();
    this.#thumb.style.left = `${(t0 / steps) * 100}%`;
    this.#thumb.style.width = `${((t1 - t0) / steps) * 100}%`;
    this.element.classList.toggle('zoomed', zoomed);
    this.#showSource();
    this.#paintStrip();
    this.showCursor();
  }

  /** What the file calls the steps: each of them where all fit, else some. */
  #showLabels(): void {
    const {
      window: { t0, t1 },
      shownSequence,
    } = this.#page.timeline;
    const { run } = this.#page.model;
    const isLabelled = (run?.labels ?? null) !== null;
    this.element.classList.toggle('labelled', isLabelled);
    if (run === null || !isLabelled) {
      this.#labels.replaceChildren();
      return;
    }
    const room = this.width / (t1 - t0);
    const widest = (steps: readonly number[]): number => {
      const letters = steps.reduce((most, t) => Math.max(most, stepLabel(run, t, shownSequence).length), 0);
      return labelPixels * letters + (letters > 1 ? wordGap : letterGap);
    };
    const all = Array.from({ length: Math.min(t1 - t0, Math.ceil(this.width / labelPixels)) }, (_, i) => t0 + i);
    const ticks = timeTicks(run, { t0, t1 }, this.width);
    const between = (ticks[1] ?? t1) - (ticks[0] ?? t0);
    const every = Math.ceil(widest(ticks) / (between * room));
    const shown = all.length === t1 - t0 && widest(all) <= room ? all : ticks.filter((_, i) => i % every === 0);
    this.#labels.replaceChildren(
      ...shown.map((t) => {
        const label = el('span', {}, stepLabel(run, t, shownSequence));
        label.style.left = `${this.x(t)}px`;
        return label;
      }),
    );
  }

  showCursor(): void {
    const {
      cursor,
      pinned,
      window: { t0, t1 },
    } = this.#page.timeline;
    this.#flag.hidden = cursor < t0 || cursor >= t1;
    this.#flag.textContent = namedStep(this.#page.model.run, cursor, this.#page.timeline.shownSequence);
    this.#flag.classList.toggle('pinned', pinned);
    // Near an end the flag leans inward instead of being cut off; it is as wide as its number.
    const half = this.#flag.offsetWidth / 2 + 2;
    const at = Math.max(half, Math.min(this.x(cursor), this.element.clientWidth - half));
    this.#flag.style.left = `${at}px`;
    // Half a word beside the flag says nothing.
    for (const told of [this.#direction, ...this.#losses.querySelectorAll<HTMLElement>('.loss')]) {
      const left = told.offsetLeft;
      const isCovered = !this.#flag.hidden && left < at + half && left + told.offsetWidth > at - half;
      told.classList.toggle('covered', isCovered);
    }
  }

  /** Where the gradient enters, and which way it goes from there. */
  #showSource(): void {
    const { run } = this.#page.model;
    if (run === null) return;
    const { t0, t1 } = this.#page.timeline.window;
    const flagged = fewLosses(run).filter((t) => t >= t0 && t < t1);
    const many = manyLosses(run);
    this.#losses.replaceChildren(
      ...flagged.map((t, i) => {
        const last = i === flagged.length - 1;
        const flag = el('span', { class: 'loss' }, last ? say('⚑ loss here') : '⚑');
        flag.style.right = `${this.element.clientWidth - this.x(t) - 4}px`;
        return flag;
      }),
      ...(many === '' ? [] : [el('span', { class: 'loss many' }, `⚑ ${many}`)]),
    );
    if (isMadeUp(run))
      for (const flag of this.#losses.children)
        (flag as HTMLElement).title = say(
          'No loss was given, so ones flow in here: the gradient of the sum of all h. The linear layer of a ' +
            'checkpoint is not used.',
        );
    this.#direction.textContent = say('← back through time');
    const first = this.#losses.firstElementChild;
    const end = first === null ? this.element.clientWidth - gutter.right : (first as HTMLElement).offsetLeft - 14;
    this.#direction.hidden = end - this.#direction.offsetWidth < gutter.left;
    this.#direction.style.right = `${this.element.clientWidth - end}px`;
  }

  /** The whole run in one line: the redder, the more of the gradient arrives. */
  #paintStrip(): void {
    const { run } = this.#page.model;
    const theme = this.#page.themes.current;
    const [width, height] = [this.#strip.clientWidth, this.#strip.clientHeight];
    if (run === null || width === 0) return;
    const values = log10Of(run, 'dh');
    const wanted = [values, theme, width, height, devicePixelRatio];
    if (wanted.every((part, i) => part === this.#painted[i])) return;
    this.#painted = wanted;
    this.#strip.width = Math.round(width * devicePixelRatio);
    this.#strip.height = Math.round(height * devicePixelRatio);
    const context = this.#strip.getContext('2d');
    if (context === null) return;
    context.scale(devicePixelRatio, devicePixelRatio);
    const {
      steps,
      shapes: { T },
    } = run;
    const largest = values.reduce((most, value) => (Number.isFinite(value) && value > most ? value : most), -Infinity);
    // Of the steps in a pixel the largest tells.
    const columns = new Float64Array(Math.ceil(width)).fill(-Infinity);
    const noNumber = new Uint8Array(columns.length);
    values.forEach((value, i) => {
      const t = steps?.[i] ?? i;
      const next = steps === null ? t + 1 : (steps[i + 1] ?? T);
      const until = Math.max(Math.ceil((next / T) * width), Math.floor((t / T) * width) + 1);
      for (let x = Math.floor((t / T) * width); x < Math.min(until, columns.length); x++) {
        if (Number.isNaN(value) || value === Infinity) noNumber[x] = 1;
        else if (value > (columns[x] ?? 0)) columns[x] = value;
      }
    });
    columns.forEach((value, x) => {
      const share = value === -Infinity ? 0 : Math.max(0, 1 - (largest - value) / decades);
      context.fillStyle = noNumber[x] === 1 ? theme.purple : withAlpha(theme.red, share);
      context.fillRect(x, 0, 1, height);
    });
  }
}
