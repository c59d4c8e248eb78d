// A picture beside the tracks: title, canvas, table twin, PNG and CSV, tooltip and "?". What it shows comes from a
// CardView.
import { runFileName } from '../../src/protocol/index.js';
import { Copying, copyByKey } from '../widgets/clipboard.js';
import { el, seenFirst } from '../widgets/dom.js';
import { Gathering } from '../widgets/exportGuard.js';
import { t } from '../page/l10n.js';
import { OlderMark, olderWord } from '../widgets/staleMark.js';
import { paintMath, pngOf } from '../chart/pngExport.js';
import { menuButton } from '../widgets/menu.js';
import { helpPopover } from '../widgets/popover.js';
import { TableTwin, toCsv, toTsv } from '../widgets/numbersTable.js';
import { Tip } from '../widgets/tip.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';
import type { SaveFile } from '../chart/pngExport.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Theme } from '../page/theme.js';

/** A canvas to paint on, in CSS pixels. */
export type Sheet = {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
};
export type Point = { readonly x: number; readonly y: number };
/** A bar or a point of a picture, and what its tooltip says. */
export type Reading = { readonly at: Point; lines(): readonly string[] };

export type CardView = {
  readonly id: string;
  readonly title: string;
  readonly help: Help;
  readonly height: number;
  /** Choices of the view, above its picture. */
  readonly controls?: HTMLElement;
  /** Sentences below the picture. */
  readonly notes?: HTMLElement;
  /** False: there is nothing to show. */
  available(): boolean;
  /** It is on show, in the group that was chosen: asks for what it needs and tells what it knows. */
  prepare?(): void;
  paint(sheet: Sheet): void;
  /** What stands under the mouse: a heading and lines; null for nothing. */
  readout(at: Point, size: Pick<Sheet, 'width' | 'height'>): readonly string[] | null;
  click?(at: Point, size: Pick<Sheet, 'width' | 'height'>): void;
  /** What it shows is of the run before the one on screen. */
  older?(): boolean;
  /** It came into sight, or left it. */
  inSight?(seen: boolean): void;
  /** Before it is saved or copied: resolves when its numbers are there. */
  ready?(): Promise<void>;
  /** What its picture shows, as `math` reads it, for the title of a saved one. */
  caption?(): string;
  /** All bars or points, in their order: arrow keys lead from one to the next. */
  readings?(size: Pick<Sheet, 'width' | 'height'>): readonly Reading[];
  /** Arrow keys on the canvas: true when the view took them. */
  key?(key: string): boolean;
  summary(): string;
  table(): TablePlan;
  /** Row of the table to keep in sight. */
  marked?(): number;
};

/** A picture for a paper: two pixels for each on the screen, and the room of its title. */
const pictureRatio = 2;
const pictureHead = 30;
/** Width of a picture whose card has none, because it is not on show. */
const usualWidth = 284;

/** Keys as on the tracks: by how many readings they go on. */
const strides: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -Infinity,
  End: Infinity,
};

/** Tells whether the element is on the screen: scrolled into view, in a page that is not hidden. */
function watchSight(element: Element, tell: (seen: boolean) => void): void {
  let inView = false;
  const look = (): void => tell(inView && !document.hidden);
  new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting ?? false;
    look();
  }).observe(element);
  document.addEventListener('visibilitychange', look);
}

export class Card {
  readonly element: HTMLElement;
  readonly #order = seenFirst(() => this.#paint());
  readonly #view: CardView;
  readonly #page: Page;
  readonly #save: SaveFile;
  readonly #canvas: HTMLCanvasElement;
  readonly #box: HTMLElement;
  readonly #tip: Tip;
  /** The reading that keys have come to; null while none is looked at. */
  #reached: number | null = null;
  readonly #mark = el('i', { class: 'reached' });
  readonly #spoken = el('p', { class: 'unseen', attributes: { 'aria-live': 'polite' } });
  readonly #twin: TableTwin;
  readonly #gathering = new Gathering();
  readonly #older = new OlderMark(() => this.element);

  constructor(view: CardView, page: Page, save: SaveFile) {
    this.#view = view;
    this.#page = page;
    this.#save = save;
    this.#canvas = el('canvas', {
      id: `card-${view.id}`,
      attributes: {
        tabindex: '0',
        ...(view.key === undefined && view.readings === undefined
          ? { role: 'img' }
          : { role: 'application', 'aria-roledescription': t('picture with keys') }),
      },
    });
    this.#mark.hidden = true;
    const spoken = view.readings === undefined ? null : this.#spoken;
    this.#box = el('div', { class: 'square' }, this.#canvas, this.#mark, spoken, this.#older.element);
    this.#tip = new Tip(this.#box);
    this.#box.style.height = `${view.height}px`;
    const { title } = view;
    const copying = new Copying(() => this.#gathering.text(async () => toTsv(await this.#settled())));
    this.#twin = new TableTwin(title, copying);
    copyByKey(this.#canvas, copying);
    this.#twin.element.hidden = page.memory.chosen(`table ${view.id}`) !== true;
    this.element = el(
      'section',
      { class: 'card', attributes: { 'data-card': view.id, 'aria-label': title } },
      el(
        'div',
        { class: 'card-head' },
        el('h2', {}, title),
        el('span', { class: 'actions' }, copying.word, this.#menu(copying)),
      ),
      this.#gathering.note,
      view.controls ?? null,
      this.#box,
      view.notes ?? null,
      this.#twin.element,
    );
    page.themes.onChange(() => this.show());
    page.groups.onChange(() => this.show());
    new ResizeObserver(() => this.show()).observe(this.#box);
    this.#order.watch(this.element);
    if (view.inSight !== undefined) watchSight(this.element, (seen) => view.inSight?.(seen));
    this.#watchMouse();
  }

  get id(): string {
    return this.#view.id;
  }
  get title(): string {
    return this.#view.title;
  }
  /** Whether the run has something to show here. */
  get available(): boolean {
    return this.#view.available();
  }

  /** Somebody looks for it. */
  seek(): void {
    this.element.scrollIntoView({ block: 'start' });
    this.#canvas.focus({ preventScroll: true });
  }

  #menu(copying: Copying): HTMLButtonElement {
    const { id, title, help } = this.#view;
    const table = this.#twin.element;
    const button = menuButton(t('Menu of {0}', title), () => [
      {
        label: t('Table'),
        checked: !table.hidden,
        act: () => {
          table.hidden = !table.hidden;
          this.#page.memory.choose(`table ${id}`, !table.hidden);
          this.show();
        },
      },
      copying.item,
      { label: t('Save as PNG'), act: () => void this.#savePng() },
      { label: t('Save as CSV'), act: () => void this.#saveCsv() },
      {
        label: t('What it shows'),
        act: () => helpPopover(button, title, help, this.#page.model.run),
      },
    ]);
    return button;
  }

  show(): void {
    this.element.hidden = !this.available || !this.#page.groups.shows(this.#view.id);
    if (this.element.hidden) return;
    this.#view.prepare?.();
    this.#order.ask();
  }

  #watchMouse(): void {
    const at = (event: PointerEvent | MouseEvent): Point => {
      const { left, top } = this.#canvas.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    this.#canvas.addEventListener('pointermove', (event) => {
      this.#look(null);
      this.#tip.tell(at(event), this.#view.readout(at(event), this.#size));
    });
    for (const gone of ['pointerleave', 'blur'] as const) this.#canvas.addEventListener(gone, () => this.#look(null));
    this.#canvas.addEventListener('click', (event) => {
      this.#view.click?.(at(event), this.#size);
    });
    this.#canvas.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.#view.key?.(event.key) !== true && !this.#readOn(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  get #size(): Pick<Sheet, 'width' | 'height'> {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
  }

  /** To the reading that a key leads to, which is also told aloud; Escape leaves it. True when the key was for that. */
  #readOn(key: string): boolean {
    const [by, before] = [strides[key], this.#reached];
    if (key === 'Escape' && before !== null) {
      this.#look(null);
      return true;
    }
    const count = by === undefined ? 0 : (this.#view.readings?.(this.#size).length ?? 0);
    if (by === undefined || count === 0) return false;
    this.#look(Math.max(0, Math.min(count - 1, (before ?? (by > 0 ? -1 : count)) + by)), true);
    return true;
  }

  /** Shows what stands at a reading, or at none. */
  #look(place: number | null, aloud = false): void {
    const all = place === null ? [] : (this.#view.readings?.(this.#size) ?? []);
    this.#reached = place === null || all.length === 0 ? null : Math.min(place, all.length - 1);
    const reading = all[this.#reached ?? -1];
    const lines = reading?.lines() ?? [];
    this.#mark.hidden = reading === undefined;
    this.#tip.tell(reading?.at ?? { x: 0, y: 0 }, lines);
    if (reading !== undefined) this.#mark.style.translate = `${reading.at.x}px ${reading.at.y}px`;
    if (aloud) this.#spoken.textContent = lines.join(', ');
  }

  #paint(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (this.element.hidden || width === 0) return;
    this.#paintOn(this.#canvas, width, height, devicePixelRatio);
    const older = this.#view.older?.() === true;
    this.#older.show(older);
    this.#canvas.setAttribute(
      'aria-label',
      [
        `${this.#view.title}.`,
        ...(older ? [`${olderWord()}.`] : []),
        this.#view.summary(),
        ...(this.#view.readings === undefined ? [] : [t('Arrow keys read its numbers one by one.')]),
      ].join(' '),
    );
    if (this.#reached !== null) this.#look(this.#reached);
    if (!this.#twin.element.hidden) this.#twin.show(this.#view.table(), this.#view.marked?.() ?? 0);
  }

  #paintOn(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): CanvasRenderingContext2D | null {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    if (context === null) return null;
    context.scale(ratio, ratio);
    this.#view.paint({ context, width, height, theme: this.#page.themes.current });
    return context;
  }

  /** The table that the reader takes away: of the run that it is named after, or of none. */
  async #settled(): Promise<TablePlan> {
    await this.#view.ready?.();
    const plan = this.#view.table();
    return this.#view.older?.() === true ? { ...plan, rowCount: 0 } : plan;
  }

  async #saveCsv(): Promise<void> {
    const { run } = this.#page.model;
    if (run === null) return;
    const suggestedName = runFileName(run.name, this.#view.id, 'csv');
    const content = await this.#gathering.text(async () => toCsv(await this.#settled(), run));
    if (content !== null) this.#save({ suggestedName, content });
  }

  async #savePng(): Promise<void> {
    await this.#view.ready?.();
    const theme = this.#page.themes.current;
    const name = this.#page.model.run?.name ?? '';
    const [width, height] = [this.#box.clientWidth || usualWidth, this.#box.clientHeight || this.#view.height];
    const plot = el('canvas');
    const canvas = el('canvas');
    this.#paintOn(plot, width, height, pictureRatio);
    canvas.width = plot.width;
    canvas.height = plot.height + pictureHead * pictureRatio;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(plot, 0, pictureHead * pictureRatio);
    context.scale(pictureRatio, pictureRatio);
    context.textBaseline = 'middle';
    context.fillStyle = theme.foreground;
    context.font = `600 13px ${theme.fontFamily}`;
    context.fillText(this.#view.title, 6, pictureHead / 2);
    const after = 6 + context.measureText(this.#view.title).width + 10;
    context.fillStyle = theme.muted;
    paintMath(
      context,
      theme.fontFamily,
      11,
      this.#view.older?.() === true ? olderWord() : (this.#view.caption?.() ?? ''),
      after,
      pictureHead / 2,
    );
    const content = await pngOf(canvas);
    this.#save({ suggestedName: runFileName(name, this.#view.id, 'png'), content });
  }
}

/** Why there is nothing to see, in the middle of the sheet. */
export function paintNote({ context, theme, width, height }: Sheet, text: string): void {
  context.fillStyle = theme.muted;
  context.font = `11px ${theme.fontFamily}`;
  context.textAlign = 'center';
  context.fillText(text, width / 2, height / 2);
}

/** The frame of a plot: where it lies on the sheet, its axes, and the way from values to pixels. */
export type Frame = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  x(value: number): number;
  y(value: number): number;
};
export type FrameAxis = {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  label(value: number): string;
  readonly title: string;
};

export const frameOf = (
  { width, height }: Pick<Sheet, 'width' | 'height'>,
  x: Pick<FrameAxis, 'min' | 'max'>,
  y: Pick<FrameAxis, 'min' | 'max'>,
  left = 46,
): Frame => {
  const [right, top, bottom] = [width - 6, 6, height - 32];
  return {
    left,
    right,
    top,
    bottom,
    x: (value) => left + ((value - x.min) / (x.max - x.min)) * (right - left),
    y: (value) => bottom - ((value - y.min) / (y.max - y.min)) * (bottom - top),
  };
};

export function paintFrame({ context, theme }: Sheet, frame: Frame, x: FrameAxis, y: FrameAxis): void {
  const { left, right, top, bottom } = frame;
  context.save();
  context.font = `10px ${theme.fontFamily}`;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.grid;
  context.textBaseline = 'middle';
  context.beginPath();
  context.textAlign = 'right';
  for (const tick of y.ticks) {
    const at = Math.round(frame.y(tick)) + 0.5;
    context.moveTo(left, at);
    context.lineTo(right, at);
    context.fillText(y.label(tick), left - 6, at);
  }
  context.textAlign = 'center';
  for (const tick of x.ticks) {
    const at = Math.round(frame.x(tick)) + 0.5;
    context.moveTo(at, top);
    context.lineTo(at, bottom);
    const text = x.label(tick);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(at, right + 4 - half), bottom + 9);
  }
  context.stroke();
  context.fillText(x.title, (left + right) / 2, bottom + 23);
  context.translate(8, (top + bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y.title, 0, 0);
  context.restore();
}
