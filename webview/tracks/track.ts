// One track: title, legend with the readings at the cursor, plot, table, and the grip that sets its height.
import { runFileName } from '../../src/protocol/index.js';
import { gutter, plotWidth } from '../chart/plot.js';
import { colourMap } from '../page/colours.js';
import { Copying, copyByKey } from '../widgets/clipboard.js';
import { DetailsTable } from '../widgets/detailsTable.js';
import { el, math, plainMath, seenFirst } from '../widgets/dom.js';
import { failureText } from '../widgets/failure.js';
import { Gathering } from '../widgets/exportGuard.js';
import { t as say } from '../page/l10n.js';
import { OlderMark, olderWord } from '../widgets/staleMark.js';
import { menuButton } from '../widgets/menu.js';
import { helpPopover } from '../widgets/popover.js';
import { inReport } from '../page/inReport.js';
import { TableTwin, toCsv, toTsv } from '../widgets/numbersTable.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Failure, RunSummary } from '../page/model.js';
import { placesIn } from '../chart/scene.js';
import { inPositions } from '../page/positionRows.js';
import { formulaOf, namedStep, positionOf, positionsOf } from '../page/stepLabels.js';
import type { Line } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Pictured, SaveFile } from '../chart/pngExport.js';
import type { Plot, PlotMaker, PlotOptions } from '../chart/plot.js';
import type { Theme } from '../page/theme.js';

/** `hidden` and `shown`: lines that the user has switched off and on; of the others the view decides. */
export type TrackState = {
  folded: boolean;
  height: number;
  table: boolean;
  hidden: readonly string[];
  shown: readonly string[];
};
export type TrackHost = {
  readonly page: Page;
  readonly save: SaveFile;
  readonly plot: PlotMaker;
  savePicture(tracks: readonly Pictured[], suggestedName: string): Promise<void>;
  changed(): void;
  /** A track has painted its plot. */
  painted(): void;
  move(track: Track, by: number): void;
  say(text: string): void;
};

const leastHeight = 48;
const mostHeight = 900;

export class Track {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly view: View;
  readonly state: TrackState;
  readonly #host: TrackHost;
  readonly #plot: HTMLElement;
  readonly #formula = el('span', { class: 'formula' });
  readonly #legend = el('div', { class: 'legend' });
  readonly #dots = el('div', { class: 'dots' });
  readonly #gathering = new Gathering();
  readonly #older = new OlderMark(() => this.element);
  readonly #grip: HTMLElement;
  readonly #fold: HTMLButtonElement;
  readonly #twin: TableTwin;
  readonly #details: DetailsTable | null;
  readonly #words = el('p', { class: 'in-words' });
  readonly #failed = el('p', { class: 'failed', attributes: { role: 'alert' } });
  #failure: Failure | null = null;
  #hidden: Set<string>;
  readonly #order = seenFirst(() => this.#paint());
  readonly #draw = this.#order.ask;
  #chart: Plot | null = null;
  #plotted: PlotOptions | null = null;
  #readings: { readonly line: Line; readonly value: HTMLElement; readonly dot: HTMLElement }[] = [];
  #legendKey = '';
  #formulaText = '';
  /** The chart tells when it was painted; what follows the cursor follows then, or at the end of the whole. */
  #painting = false;
  /** The run whose details are shown. */
  #detailed: number | null = null;
  #built = false;

  constructor(view: View, state: TrackState, host: TrackHost) {
    this.view = view;
    this.state = state;
    this.#host = host;
    this.#hidden = this.#hiddenIn(null);
    const id = `track-${view.id}`;
    // What a screen reader knows to hand arrow keys to; its value is the step under the cursor.
    this.canvas = el('canvas', {
      id: `${id}-plot`,
      attributes: {
        role: 'slider',
        'aria-valuemin': '0',
        'aria-valuemax': '0',
        'aria-valuenow': '0',
        tabindex: '0',
        'aria-describedby': 'keys',
      },
    });
    this.#plot = el('div', { class: 'plot' }, this.canvas, this.#dots);
    this.#fold = el('button', {
      class: 'fold',
      attributes: { type: 'button', 'aria-controls': `${id}-body` },
      onClick: () => this.#setFolded(!this.state.folded),
    });
    const copying = new Copying(() => this.#gathering.text(() => this.#tsv()));
    this.#twin = new TableTwin(view.title, copying);
    copyByKey(this.canvas, copying);
    const { details } = view;
    const detailsNow = (): Promise<TablePlan> | null => {
      const { run } = host.page.model;
      return run === null || details === undefined ? null : details.table(run);
    };
    this.#details =
      details === undefined ? null : new DetailsTable(details.title, detailsNow, () => void this.#saveDetails());
    this.#grip = el('div', {
      class: 'grip',
      attributes: {
        role: 'separator',
        tabindex: '0',
        'aria-orientation': 'horizontal',
        'aria-label': say('Height of {0}', view.title),
        'aria-valuemin': String(leastHeight),
        'aria-valuemax': String(mostHeight),
      },
    });
    const actions = el('span', { class: 'actions' }, copying.word, this.#menu(copying));
    this.element = el(
      'section',
      { class: 'track', attributes: { 'data-track': view.id, 'aria-labelledby': `${id}-title` } },
      el(
        'header',
        { class: 'track-head' },
        el(
          'h2',
          { attributes: { 'aria-labelledby': `${id}-title` } },
          this.#fold,
          el('span', { id: `${id}-title` }, view.title),
        ),
        this.#older.element,
        this.#formula,
        actions,
      ),
      this.#gathering.note,
      el(
        'div',
        { class: 'track-body', id: `${id}-body` },
        view.controls === undefined ? this.#legend : el('div', { class: 'with-controls' }, view.controls, this.#legend),
        this.#failed,
        this.#words,
        this.#plot,
        this.#twin.element,
        this.#details?.element ?? null,
        this.#grip,
      ),
    );
    this.#failed.hidden = true;
    this.#watchGrip();
    new ResizeObserver(() => {
      // It also tells of the size that it begins with.
      if (this.visible && this.#sizeNow() !== this.#size) this.refresh();
    }).observe(this.#plot);
    this.#order.watch(this.element);
    new IntersectionObserver(
      (entries) => {
        const inSight = entries.at(-1)?.isIntersecting ?? false;
        if (inSight === this.#inSight) return;
        this.#inSight = inSight;
        // Of the others everything is asked for anyway, and what is drawn later is drawn when it comes into sight.
        if (view.costly === true) this.refresh();
      },
      { rootMargin: '100%', scrollMargin: '100%' },
    ).observe(this.element);
    this.#setHeight(state.height);
    this.#setFolded(state.folded);
    this.#setTable(state.table);
    this.#built = true;
  }

  #menu(copying: Copying): HTMLButtonElement {
    const { title, help } = this.view;
    const host = this.#host;
    const button = menuButton(say('Menu of {0}', title), () => [
      {
        label: say('Table'),
        checked: this.state.table,
        act: () => this.#setTable(!this.state.table),
      },
      copying.item,
      { label: say('Save as PNG'), act: () => void this.savePng() },
      { label: say('Save as CSV'), act: () => void this.#saveCsv() },
      { label: say('Move up'), act: () => host.move(this, -1) },
      { label: say('Move down'), act: () => host.move(this, 1) },
      {
        label: say('What it shows'),
        act: () => helpPopover(button, title, help, host.page.model.run),
      },
    ]);
    return button;
  }

  /** Whether the reader can see it, or nearly: less than one height of the page away. Only then it asks for numbers. */
  #inSight = false;
  #wanted = false;
  /** That of the plot when it was last refreshed. */
  #size = '';

  #sizeNow(): string {
    const { width, height } = this.#plot.getBoundingClientRect();
    return `${width} ${height}`;
  }

  get visible(): boolean {
    return !this.state.folded && !this.element.hidden;
  }
  get hidden(): ReadonlySet<string> {
    return this.#hidden;
  }
  /** Of the lines that are drawn. */
  get legend(): readonly Line[] {
    return this.#readings.map(({ line }) => line).filter(({ id }) => !this.#hidden.has(id));
  }

  /**
   * Out of sight, but about to be saved: it asks for its numbers all the same. Resolves when they are there and
   * painted.
   */
  async ready(): Promise<void> {
    const { model } = this.#host.page;
    const { run } = model;
    if (this.view.costly !== true || !this.visible) return;
    this.#wanted = true;
    this.refresh();
    // A run that is replaced takes its analyses with it.
    while (model.run?.runId === run?.runId && this.view.pending?.() === true)
      await new Promise((resolve) => setTimeout(resolve, 50));
    this.#wanted = false;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }

  /** The run, the window or the selection changed. */
  refresh(): void {
    this.arrange();
    this.ask();
  }

  /** Takes its room, as all tracks do before the first of them asks how large it is: the page is laid out once. */
  arrange(): void {
    const { run } = this.#host.page.model;
    if (run === null) return;
    this.element.hidden = !this.view.available(run) || !this.#host.page.groups.shows(this.view.id);
    if (!this.visible) return;
    const words = this.view.inWords?.(run) ?? null;
    this.#words.hidden = words === null;
    this.#words.textContent = words;
    this.element.classList.toggle('told', words !== null);
  }

  /** Asks for what it shows at its size, and draws it. */
  ask(): void {
    if (this.#host.page.model.run === null) return;
    if (!this.visible) {
      this.#drop();
      return;
    }
    this.#size = this.#sizeNow();
    const seen = this.#words.hidden ? this.#inSight : this.state.table;
    // A report has them all and may be printed at any moment.
    if (this.view.costly !== true || inReport || seen || this.#wanted) {
      const ratio = devicePixelRatio;
      const width = plotWidth(this.#plot.clientWidth);
      this.view.refresh(
        this.#host.page.timeline.window,
        {
          columns: Math.max(1, Math.round(width * ratio)),
          rows: Math.max(1, Math.round(this.#plot.clientHeight * ratio)),
        },
        this.#draw,
      );
    }
    this.#draw();
  }

  repaint(): void {
    this.#draw();
  }

  /** By another maker of plots, at once: nothing flickers. */
  drawAnew(): void {
    if (this.#chart === null) return;
    this.#drop();
    this.#paint();
  }

  #drop(): void {
    this.#chart?.dispose();
    this.#chart = null;
  }

  /** The theme changed: same numbers, other colours. */
  redraw(): void {
    this.#legendKey = '';
    this.#draw();
  }

  moveCursor(): void {
    if (!this.visible || this.#chart === null) return;
    const { cursor, window, steps, shownSequence } = this.#host.page.timeline;
    const { run } = this.#host.page.model;
    const told = [namedStep(run, cursor, shownSequence)];
    const inView = cursor >= window.t0 && cursor < window.t1;
    const x = gutter.left + ((cursor + 0.5 - window.t0) / (window.t1 - window.t0)) * this.#chart.width;
    for (const { line, value, dot } of this.#readings) {
      const reading = line.at?.(cursor) ?? NaN;
      const text = line.at === null ? '' : line.print(reading, cursor);
      if (value.textContent !== text) value.textContent = text;
      if (line.at !== null) told.push(`${plainMath(line.legend ?? '')} ${text}`);
      const y = inView && Number.isFinite(reading) && !this.#hidden.has(line.id) ? this.#chart.pixelY(reading) : null;
      // What is no line, but has a reading, stands nowhere on the plot.
      dot.hidden = y === null || line.at === null || line.series.values.length === 0;
      if (y !== null) dot.style.transform = `translate(${x}px, ${y}px)`;
    }
    for (const [name, value] of [
      ['valuemax', String(steps - 1)],
      ['valuenow', String(run === null ? cursor : positionOf(run, cursor))],
      ['valuetext', told.join(', ')],
    ] as const)
      this.canvas.setAttribute(`aria-${name}`, value);
    if (this.state.table) this.#showTable();
  }

  /** From where to where texts stand on the plot at the pixel x, in pixels of the page. */
  textsAt(x: number): readonly (readonly [top: number, bottom: number])[] {
    const crossed = this.visible ? (this.#chart?.texts.filter(({ x0, x1 }) => x > x0 && x < x1) ?? []) : [];
    if (crossed.length === 0) return [];
    const { top } = this.canvas.getBoundingClientRect();
    return crossed.map(({ y0, y1 }) => [top + y0, top + y1]);
  }

  /** Height on the axis of this track's plot under a mouse position. */
  click(clientY: number): void {
    if (this.#chart !== null) this.view.click(this.#chart.valueAt(clientY - this.canvas.getBoundingClientRect().top));
  }

  async savePng(): Promise<void> {
    await this.ready();
    const { run } = this.#host.page.model;
    if (run !== null) await this.#host.savePicture([this], runFileName(run.name, this.view.id, 'png'));
  }

  plotted(): PlotOptions | null {
    // It may be below the screen and wait for its turn.
    this.#paint();
    return this.#chart === null ? null : this.#plotted;
  }
  get height(): number {
    return this.state.height;
  }

  /** Somebody looks for it: unfolded, in view, with the keyboard on its plot. */
  seek(): void {
    if (this.state.folded) this.#setFolded(false);
    this.element.scrollIntoView({ block: 'start' });
    this.canvas.focus({ preventScroll: true });
  }

  hideTooltip(): void {
    this.#chart?.hideTooltip();
  }

  /** The columns of the table, for the steps in view. */
  async #tsv(): Promise<string> {
    await this.ready();
    const {
      model: { run },
      timeline: {
        window: { t0, t1 },
      },
    } = this.#host.page;
    if (run === null) return '';
    const plan = this.view.table(run, 'shown');
    const inOrder = inPositions(plan, run);
    const [low, high] = positionsOf(run, t0, t1 - 1);
    if (inOrder.steps !== undefined) return toTsv(inOrder, ...placesIn(inOrder.steps, low, high + 1));
    // Rows that are no steps are few.
    return plan.rowOf === undefined ? toTsv(inOrder, low, Math.min(high + 1, plan.rowCount)) : toTsv(inOrder);
  }

  async #saveCsv(): Promise<void> {
    await this.ready();
    const { run } = this.#host.page.model;
    if (run === null) return;
    const content = await this.#gathering.text(() => toCsv(inPositions(this.view.table(run, 'all'), run), run));
    if (content !== null) this.#host.save({ suggestedName: runFileName(run.name, this.view.id, 'csv'), content });
  }

  async #saveDetails(): Promise<void> {
    const { run } = this.#host.page.model;
    const { details } = this.view;
    if (run === null || details === undefined) return;
    this.#host.save({
      suggestedName: runFileName(run.name, `${this.view.id}-details`, 'csv'),
      content: await toCsv(await details.table(run), run),
    });
  }

  /** What the view leaves out at first, and what the user has made of it. */
  #hiddenIn(run: RunSummary | null): Set<string> {
    const { hidden, shown } = this.state;
    const atFirst = this.view.hiddenAtFirst?.(run) ?? [];
    return new Set([...atFirst.filter((id) => !shown.includes(id)), ...hidden]);
  }

  #paint(): void {
    const {
      model: { run },
      timeline: { window },
      themes: { current: theme },
    } = this.#host.page;
    if (run === null || !this.visible) return;
    this.#hidden = this.#hiddenIn(run);
    const options = {
      scene: this.view.scene(run, window, theme, this.#hidden),
      window,
      hidden: this.#hidden,
      readout: (t: number, value: number, across: number) => this.view.readout(run, t, value, across),
    };
    this.#plotted = options;
    this.#painting = true;
    try {
      if (this.#chart === null)
        this.#chart = this.#host.plot(this.canvas, options, () => {
          if (!this.#painting) this.#followPlot();
        });
      else this.#chart.show(options);
    } finally {
      this.#painting = false;
    }
    const older = this.view.older?.() === true;
    this.#older.show(older);
    this.canvas.setAttribute(
      'aria-label',
      plainMath([`${this.view.title}.`, ...(older ? [`${olderWord()}.`] : []), this.view.summary(run)].join(' ')),
    );
    const formula = formulaOf(run, this.view.formula());
    if (formula !== this.#formulaText) {
      this.#formulaText = formula;
      this.#formula.replaceChildren(math(formula));
      this.#formula.title = plainMath(formula);
    }
    this.#paintLegend(theme);
    this.#showFailure();
    this.#followPlot();
  }

  #followPlot(): void {
    this.moveCursor();
    this.#host.painted();
  }

  /** Written only when it changes: it is read aloud. */
  #showFailure(): void {
    const failure = this.view.failure?.() ?? null;
    if (failure === this.#failure) return;
    this.#failure = failure;
    this.#failed.hidden = failure === null;
    this.#failed.replaceChildren(...(failure === null ? [] : failureText(failure)));
  }

  #paintLegend(theme: Theme): void {
    const { run } = this.#host.page.model;
    const bar = this.view.colourBar(theme);
    const lines = this.#plotted?.scene.lines.filter((line) => line.legend !== null) ?? [];
    const facts = run === null ? [] : (this.view.facts?.(run, this.#hidden) ?? []);
    const notFinite = this.view.notFinite?.() ?? null;
    const key = JSON.stringify([
      facts,
      notFinite,
      lines.map(({ id, legend, colour, dash }) => [id, legend, colour, dash]),
      bar === null ? null : [bar.low, bar.middle, bar.high],
      [...this.#hidden],
    ]);
    if (key === this.#legendKey) {
      this.#readings = this.#readings.map((reading, i) => ({ ...reading, line: lines[i] ?? reading.line }));
      return;
    }
    this.#legendKey = key;
    this.#readings = lines.map((line) => ({ line, value: el('b'), dot: el('i', { class: 'dot' }) }));
    for (const { line, dot } of this.#readings) dot.style.backgroundColor = line.colour;
    this.#dots.replaceChildren(...this.#readings.map(({ dot }) => dot));
    this.#legend.replaceChildren(
      ...this.#readings.map(({ line, value }) => this.#chip(line, value)),
      ...facts.map(({ id, text, title }) =>
        el(
          'span',
          { class: 'fact', title, attributes: { 'data-fact': id } },
          id === 'cut' ? el('i', { class: 'sign' }) : null,
          text,
        ),
      ),
    );
    if (bar !== null) {
      const colours = el('span', { class: 'colours' });
      const from = bar.from ?? -1;
      const stops = Array.from({ length: 17 }, (_, i) => bar.map.css(from + ((1 - from) * i) / 16));
      colours.style.backgroundImage = `linear-gradient(to right, ${stops.join(', ')})`;
      this.#legend.append(
        el(
          'span',
          { class: 'colour-bar' },
          el('span', {}, bar.low),
          colours,
          el('span', {}, bar.high),
          bar.middle === '' ? null : el('span', { class: 'middle' }, say('middle {0}', bar.middle)),
        ),
      );
    }
    if (notFinite !== null) {
      const swatch = el('i', { class: 'swatch not-finite' });
      swatch.style.backgroundColor = colourMap(theme).css(NaN);
      this.#legend.append(el('span', { class: 'colour-bar' }, swatch, el('span', {}, notFinite)));
    }
  }

  #chip(line: Line, value: HTMLElement): HTMLElement {
    const swatch = el('i', { class: 'swatch' });
    swatch.style.height = `${Math.max(2, Math.round(line.width))}px`;
    let end = 0;
    const stops = (line.dash.length === 0 ? [1] : line.dash).map((length, i) => {
      const from = end;
      end += length;
      return `${i % 2 === 0 ? line.colour : 'transparent'} ${from}px ${end}px`;
    });
    swatch.style.backgroundImage = `repeating-linear-gradient(to right, ${stops.join(', ')})`;
    const chip = el(
      'button',
      {
        class: 'chip',
        attributes: { type: 'button', 'aria-pressed': String(!this.#hidden.has(line.id)) },
        title: say('Show or hide this line'),
        onClick: () => {
          const isHidden = this.#hidden.has(line.id);
          const without = (ids: readonly string[]): string[] => ids.filter((id) => id !== line.id);
          this.state.hidden = [...without(this.state.hidden), ...(isHidden ? [] : [line.id])];
          this.state.shown = [...without(this.state.shown), ...(isHidden ? [line.id] : [])];
          this.#hidden = this.#hiddenIn(this.#host.page.model.run);
          this.#remember();
          this.#draw();
        },
      },
      swatch,
      el('span', {}, math(line.legend ?? '')),
      value,
    );
    return chip;
  }

  #setFolded(folded: boolean): void {
    this.state.folded = folded;
    this.element.classList.toggle('folded', folded);
    this.#fold.setAttribute('aria-expanded', String(!folded));
    this.#fold.setAttribute(
      'aria-label',
      folded ? say('Unfold {0}', this.view.title) : say('Fold {0}', this.view.title),
    );
    this.#fold.textContent = folded ? '▸' : '▾';
    this.#remember();
    if (this.#built) this.refresh();
  }

  #setTable(shown: boolean): void {
    this.state.table = shown;
    this.#twin.element.hidden = !shown;
    if (this.#details !== null) this.#details.element.hidden = !shown;
    this.#remember();
    if (shown) {
      // Of what is told in words nothing was asked for before.
      if (this.#built) this.refresh();
      this.#showTable();
    }
  }

  #showTable(): void {
    const {
      model: { run },
      timeline: { cursor },
    } = this.#host.page;
    if (run === null) return;
    const plan = inPositions(this.view.table(run, 'shown'), run);
    this.#twin.show(plan, plan.rowOf?.(cursor) ?? cursor);
    // It changes with the run only.
    if (this.#details === null || this.view.details === undefined || this.#detailed === run.runId) return;
    this.#detailed = run.runId;
    void this.#details.show(this.view.details.table(run)).catch((error: unknown) => {
      this.#detailed = null;
      throw error;
    });
  }

  #setHeight(height: number): void {
    this.state.height = Math.max(leastHeight, Math.min(mostHeight, Math.round(height)));
    this.#plot.style.height = `${this.state.height}px`;
    this.#grip.setAttribute('aria-valuenow', String(this.state.height));
    this.#remember();
  }

  #remember(): void {
    if (this.#built) this.#host.changed();
  }

  #watchGrip(): void {
    this.#grip.addEventListener('pointerdown', (down) => {
      const [startY, startHeight] = [down.clientY, this.state.height];
      const move = (event: PointerEvent): void => this.#setHeight(startHeight + event.clientY - startY);
      const stop = (): void => {
        this.#grip.removeEventListener('pointermove', move);
        this.#grip.removeEventListener('lostpointercapture', stop);
      };
      this.#grip.setPointerCapture(down.pointerId);
      this.#grip.addEventListener('pointermove', move);
      this.#grip.addEventListener('lostpointercapture', stop);
      down.preventDefault();
    });
    this.#grip.addEventListener('keydown', (event) => {
      const by = { ArrowUp: -8, ArrowDown: 8, PageUp: -64, PageDown: 64 }[event.key];
      if (by === undefined) return;
      this.#setHeight(this.state.height + by);
      event.preventDefault();
      event.stopPropagation();
    });
    this.#grip.addEventListener('dblclick', () => this.#setHeight(this.view.height));
  }
}
