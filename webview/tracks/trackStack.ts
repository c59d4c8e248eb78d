// The stack of tracks on one time axis: order, folds and heights, the cursor line through all, mouse and keyboard.
import { runFileName } from '../../src/protocol/index.js';
import { FirstPlot } from '../chart/firstPlot.js';
import { gutter } from '../chart/plot.js';
import { el, onFrame } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import { stepName } from '../page/stepLabels.js';
import { asInteger, asStrings } from '../page/pageState.js';
import { Ruler } from '../chart/ruler.js';
import { Track } from './track.js';
import type { GroupId } from '../page/groups.js';
import type { PageState } from '../page/pageState.js';
import type { Page, View } from '../chart/trackView.js';
import type { PlotMaker } from '../chart/plot.js';
import type { SaveFile } from '../chart/pngExport.js';
import type { TrackHost } from './track.js';

const dragDistance = 4;

function refreshAll(tracks: readonly Track[]): void {
  for (const track of tracks) track.arrange();
  for (const track of tracks) track.ask();
}

/** From the answer to the instruments, until the user moves them. Views may come in any order. */
const firstOrder: readonly string[] = [
  'networkMap',
  'flow',
  'contributions',
  'gradientMap',
  'hiddenMap',
  'cellState',
  'gateLines',
  'kept',
  'paths',
  'gateMap',
  'preActivation',
  'units',
  'spread',
  'saturation',
  'network',
  'jacobian',
  'product',
  'attribution',
  'sources',
];

export class Tracks implements TrackHost {
  readonly element: HTMLElement;
  readonly page: Page;
  readonly save: SaveFile;
  readonly savePicture: TrackHost['savePicture'];
  plot: PlotMaker = (canvas, options) => new FirstPlot(canvas, options);
  readonly #memory: PageState;
  readonly #stack = el('div', { class: 'stack' });
  readonly #line = el('div', { class: 'cursor-line' });
  readonly #brush = el('div', { class: 'brush' });
  readonly #live = el('div', { class: 'unseen', attributes: { role: 'status' } });
  readonly #ruler: Ruler;
  readonly #cursorMoved = onFrame(() => this.#moveCursor());
  readonly #lineCrossed = onFrame(() => this.#breakLine());
  #tracks: Track[] = [];
  /** The one that was on screen when they were last refreshed. */
  #group: GroupId | null = null;
  /** Ids in the order that the user has made, also of tracks that are still to come. */
  #order: readonly string[];

  constructor(
    page: Page,
    views: readonly View[],
    memory: PageState,
    save: SaveFile,
    savePicture: TrackHost['savePicture'],
  ) {
    this.page = page;
    this.save = save;
    this.savePicture = savePicture;
    this.#memory = memory;
    this.#ruler = new Ruler(page);
    this.#brush.hidden = true;
    this.element = el(
      'div',
      { class: 'tracks' },
      el(
        'p',
        { class: 'unseen', id: 'keys' },
        say(
          'Arrow keys move the time cursor, Page Up and Page Down by ten steps, Home and End to the ends. Plus ' +
            'and minus zoom, zero shows all steps, Shift with arrows pans, Escape lets the mouse move the cursor ' +
            'again.',
        ),
      ),
      this.#ruler.element,
      this.#stack,
      this.#live,
    );
    const kept = asStrings(memory.read('tracks')['order']) ?? [];
    this.#order = [...kept, ...firstOrder.filter((id) => !kept.includes(id))];
    this.#stack.append(this.#line, this.#brush);
    this.add(views);
    page.timeline.onChange((change) => {
      if (change !== 'cursor') this.refresh();
      this.#cursorMoved();
    });
    page.groups.onChange(() => {
      // The first run makes the group known, and has refreshed them already.
      if (page.groups.shown !== this.#group) this.refresh();
    });
    page.themes.onChange(() => {
      this.#ruler.show();
      for (const track of this.#tracks) track.redraw();
    });
    new ResizeObserver(() => this.#ruler.show()).observe(this.#ruler.element);
    new ResizeObserver(this.#cursorMoved).observe(this.#stack);
    this.#watchMouse();
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  refresh(): void {
    this.#group = this.page.groups.shown;
    this.#ruler.show();
    refreshAll(this.#tracks);
    this.#cursorMoved();
  }

  /** The same run, known finer. */
  repaint(): void {
    for (const track of this.#tracks) track.repaint();
    this.#cursorMoved();
  }

  /** The charting library has come: from now on it draws all plots. */
  drawBy(plot: PlotMaker): void {
    this.plot = plot;
    for (const track of this.#tracks) track.drawAnew();
  }

  /** Views that have something to show of this run, by their ids. */
  get available(): readonly View[] {
    const { run } = this.page.model;
    return run === null ? [] : this.#tracks.map(({ view }) => view).filter((view) => view.available(run));
  }

  /** Brings a track of the group on screen into view, and the keyboard to it. */
  goTo(id: string): void {
    this.#tracks.find(({ view }) => view.id === id)?.seek();
  }

  /** Each takes its place among those that are there, which stay where they are. */
  add(views: readonly View[]): void {
    const place = ({ id }: View): number => {
      const at = this.#order.indexOf(id);
      return at < 0 ? this.#order.length : at;
    };
    const added: Track[] = [];
    for (const view of views) {
      const next = this.#tracks.find((other) => place(other.view) > place(view));
      const track = new Track(view, this.#stateOf(view), this);
      this.#tracks.splice(next === undefined ? this.#tracks.length : this.#tracks.indexOf(next), 0, track);
      (next?.element ?? this.#line).before(track.element);
      added.push(track);
    }
    refreshAll(added);
  }

  changed(): void {
    // What is still to come keeps its place and its state.
    const here = this.#tracks.map(({ view }) => view.id);
    const moved = here.values();
    const order = this.#order.map((id) => (here.includes(id) ? (moved.next().value ?? id) : id));
    this.#order = [...order, ...here.filter((id) => !order.includes(id))];
    const { states } = this.#memory.read('tracks');
    this.#memory.write('tracks', {
      order: [...this.#order],
      states: {
        ...(typeof states === 'object' ? states : {}),
        ...Object.fromEntries(this.#tracks.map((track) => [track.view.id, { ...track.state }])),
      },
    });
  }

  painted(): void {
    this.#lineCrossed();
  }

  move(track: Track, by: number): void {
    const shown = this.#tracks.filter((other) => !other.element.hidden);
    const target = shown[shown.indexOf(track) + by];
    if (target === undefined) return;
    this.#tracks.splice(this.#tracks.indexOf(track), 1);
    this.#tracks.splice(this.#tracks.indexOf(target) + (by > 0 ? 1 : 0), 0, track);
    const focused = document.activeElement;
    if (by > 0) target.element.after(track.element);
    else target.element.before(track.element);
    if (focused instanceof HTMLElement) focused.focus();
    this.changed();
    this.say(say('{0} is now number {1}.', track.view.title, this.#tracks.indexOf(track) + 1));
  }

  say(text: string): void {
    this.#live.textContent = text;
  }

  async saveAll(): Promise<void> {
    const visible = this.#tracks.filter((track) => track.visible);
    await Promise.all(visible.map((track) => track.ready()));
    const { run } = this.page.model;
    if (run !== null) await this.savePicture(visible, runFileName(run.name, 'tracks', 'png'));
  }

  #stateOf(view: View): Track['state'] {
    const states = this.#memory.read('tracks')['states'];
    const kept: unknown =
      typeof states === 'object' && states !== null ? (states as Record<string, unknown>)[view.id] : undefined;
    const fields = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    return {
      folded: typeof fields['folded'] === 'boolean' ? fields['folded'] : view.folded === true,
      table: fields['table'] === true,
      height: asInteger(fields['height']) ?? view.height,
      hidden: asStrings(fields['hidden']) ?? [],
      shown: asStrings(fields['shown']) ?? [],
    };
  }

  #moveCursor(): void {
    const {
      cursor,
      pinned,
      window: { t0, t1 },
      steps,
    } = this.page.timeline;
    if (steps === 0) return;
    this.#ruler.showCursor();
    // First: it asks where texts stand, which is known until the readings change.
    this.#breakLine();
    this.#line.hidden = cursor < t0 || cursor >= t1;
    this.#line.classList.toggle('pinned', pinned);
    this.#line.style.transform = `translateX(${Math.round(this.#ruler.x(cursor))}px)`;
    for (const track of this.#tracks) track.moveCursor();
  }

  /** The cursor's line goes behind what is written on the plots, as it does behind titles and legends. */
  #breakLine(): void {
    const x = Math.round(this.#ruler.x(this.page.timeline.cursor));
    const texts = this.#tracks.flatMap((track) => track.textsAt(x)).sort(([a], [b]) => a - b);
    const from = texts.length === 0 ? 0 : this.#stack.getBoundingClientRect().top;
    const stops = texts.map(([top, bottom]) => `#000 ${top - from}px, #0000 0 ${bottom - from}px, #000 0`);
    this.#line.style.maskImage = stops.length === 0 ? '' : `linear-gradient(${stops.join(', ')})`;
  }

  /** Step under a mouse position, or null beside the plots. */
  #stepAt(clientX: number, clamp = false): number | null {
    const { t0, t1 } = this.page.timeline.window;
    const share = (clientX - this.#stack.getBoundingClientRect().left - gutter.left) / this.#ruler.width;
    if (!clamp && (share < 0 || share >= 1)) return null;
    return Math.max(t0, Math.min(t1 - 1, Math.floor(t0 + share * (t1 - t0))));
  }

  /** The same over a track, some of which have places of their own for their steps. */
  #stepOn(track: Track, event: PointerEvent): number | null {
    const { left, top } = track.canvas.getBoundingClientRect();
    return track.view.stepAt?.(event.clientX - left, event.clientY - top) ?? this.#stepAt(event.clientX);
  }

  #trackAt(target: EventTarget | null): Track | null {
    return this.#tracks.find((track) => track.canvas === target) ?? null;
  }

  #watchMouse(): void {
    const { timeline } = this.page;
    this.#stack.addEventListener('pointermove', (event) => {
      const track = this.#trackAt(event.target);
      const t = track === null || event.buttons !== 0 ? null : this.#stepOn(track, event);
      if (t !== null) timeline.hover(t);
    });
    this.#stack.addEventListener('pointerdown', (down) => {
      const track = this.#trackAt(down.target);
      const from = this.#stepAt(down.clientX);
      if (down.button !== 0 || track === null || from === null) return;
      this.#drag(down, track.canvas, {
        move: (event) => this.#showBrush(from, this.#stepAt(event.clientX, true) ?? from),
        drop: (event) => {
          this.#brush.hidden = true;
          timeline.zoomTo(from, this.#stepAt(event.clientX, true) ?? from);
        },
        click: () => {
          timeline.pin(this.#stepOn(track, down) ?? from);
          track.click(down.clientY);
        },
      });
    });
    const ruler = this.#ruler.element;
    ruler.addEventListener('pointerdown', (down) => {
      const { t0, t1 } = timeline.window;
      const perPixel = (t1 - t0) / this.#ruler.width;
      this.#drag(down, ruler, {
        move: (event) => timeline.panTo(t0 + (down.clientX - event.clientX) * perPixel),
        drop: () => undefined,
        click: () => {
          const t = this.#stepAt(down.clientX);
          if (t !== null) timeline.pin(t);
        },
      });
    });
    this.element.addEventListener('dblclick', (event) => {
      if (this.#trackAt(event.target) !== null || ruler.contains(event.target as Node)) timeline.resetZoom();
    });
    this.element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  /**
   * A plain wheel scrolls the stack; with Ctrl, Cmd or Alt (or a pinch), or on the ruler, it zooms; sideways it pans.
   */
  #wheel(event: WheelEvent): void {
    const { timeline } = this.page;
    const onRuler = this.#ruler.element.contains(event.target as Node);
    const onPlot = this.#trackAt(event.target) !== null;
    if (!onRuler && !onPlot) return;
    const { t0, t1 } = timeline.window;
    const sideways = event.shiftKey
      ? event.deltaY + event.deltaX
      : Math.abs(event.deltaX) > Math.abs(event.deltaY)
        ? event.deltaX
        : 0;
    if (sideways !== 0)
      timeline.panTo(t0 + Math.sign(sideways) * Math.max(1, (Math.abs(sideways) * (t1 - t0)) / this.#ruler.width));
    else if (onRuler || event.ctrlKey || event.metaKey || event.altKey)
      timeline.zoom(
        Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))),
        this.#stepAt(event.clientX, true) ?? timeline.cursor,
      );
    else return;
    event.preventDefault();
  }

  #drag(
    down: PointerEvent,
    owner: HTMLElement,
    { move, drop, click }: Record<'move' | 'drop' | 'click', (event: PointerEvent) => void>,
  ): void {
    let dragged = false;
    const onMove = (event: PointerEvent): void => {
      dragged ||= Math.abs(event.clientX - down.clientX) >= dragDistance;
      if (dragged) move(event);
    };
    const stop = (): void => {
      owner.removeEventListener('pointermove', onMove);
      owner.removeEventListener('pointerup', onUp);
      owner.removeEventListener('lostpointercapture', onLost);
    };
    const onUp = (event: PointerEvent): void => {
      stop();
      if (dragged) drop(event);
      else click(event);
    };
    const onLost = (): void => {
      stop();
      this.#brush.hidden = true;
    };
    owner.setPointerCapture(down.pointerId);
    owner.addEventListener('pointermove', onMove);
    owner.addEventListener('pointerup', onUp);
    owner.addEventListener('lostpointercapture', onLost);
  }

  #showBrush(from: number, to: number): void {
    const [left, right] = [this.#ruler.x(Math.min(from, to) - 0.5), this.#ruler.x(Math.max(from, to) + 0.5)];
    this.#brush.hidden = false;
    this.#brush.style.left = `${left}px`;
    this.#brush.style.width = `${right - left}px`;
  }

  #key(event: KeyboardEvent): void {
    const {
      timeline,
      model: { run },
    } = this.page;
    if (run === null || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement)
      return;
    const {
      cursor,
      steps,
      window: { t0, t1 },
    } = timeline;
    const pan = Math.max(1, Math.round((t1 - t0) / 10));
    const actions: Record<string, () => void> = {
      ArrowLeft: () => {
        if (event.shiftKey) timeline.panTo(t0 - pan);
        else timeline.step(cursor - 1);
      },
      ArrowRight: () => {
        if (event.shiftKey) timeline.panTo(t0 + pan);
        else timeline.step(cursor + 1);
      },
      PageUp: () => timeline.step(cursor - 10),
      PageDown: () => timeline.step(cursor + 10),
      Home: () => timeline.step(0),
      End: () => timeline.step(steps - 1),
      '+': () => timeline.zoom(0.7, cursor),
      '=': () => timeline.zoom(0.7, cursor),
      '-': () => timeline.zoom(1 / 0.7, cursor),
      '0': () => timeline.resetZoom(),
      Escape: () => timeline.unpin(),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    const before = timeline.cursor;
    action();
    if (timeline.cursor === before) return;
    // A plot that has the keyboard says its value itself.
    if (this.#trackAt(event.target) === null) this.say(stepName(run, timeline.cursor));
    for (const track of this.#tracks) track.hideTooltip();
  }
}
