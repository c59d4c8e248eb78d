// The one time axis: which step the cursor is on, which steps are in view, which sequence and units are chosen.
import type { RunSummary, Shapes, TimeWindow, UnitOrder } from './model.js';
import { asInteger, asIntegers } from './pageState.js';
import { turned } from './stepLabels.js';
import type { PageState } from './pageState.js';

export type TimeChange = 'cursor' | 'window' | 'selection';
export const mostUnits = 8;
type TimedRun = Pick<RunSummary, 'shapes' | 'layers' | 'chunkStarts'>;
type Direction = TimedRun['layers'][0]['direction'];
const directions: readonly Direction[] = ['forward', 'reverse'];
export const unitOrders: readonly UnitOrder[] = ['index', 'similarity', 'saturation'];
/** Fewer steps than this in view are no picture any more. */
const leastSteps = 4;

export class Timeline {
  readonly #memory: PageState;
  /** Of the layer whose steps these are; null before the first run. */
  #direction: Direction | null;
  readonly #listeners = new Set<(change: TimeChange) => void>();
  #shapes: Shapes = { B: 0, T: 0, I: 0, H: 0 };
  #cursor: number | null = null;
  #pinned = false;
  /** Null: all steps, however many the next run has. */
  #window: TimeWindow | null = null;
  /** Null: all sequences. */
  #sequence: number | null = null;
  #units: readonly number[] | null = null;
  #order: UnitOrder;
  /** The number of steps of the run for which the page chose the window; null: the window is the user's. */
  #chosenFor: number | null;

  constructor(memory: PageState) {
    this.#memory = memory;
    const kept = memory.read('time');
    this.#cursor = asInteger(kept['cursor']);
    this.#pinned = kept['pinned'] === true;
    const [t0, t1] = [asInteger(kept['t0']), asInteger(kept['t1'])];
    if (t0 !== null && t1 !== null && t0 >= 0 && t1 > t0) this.#window = { t0, t1 };
    this.#direction = directions.find((direction) => direction === kept['direction']) ?? null;
    this.#sequence = asInteger(kept['sequence']);
    this.#units = asIntegers(kept['units']);
    // Nothing is kept before the first run, which is longer than none.
    this.#chosenFor = Object.keys(kept).length === 0 ? 0 : asInteger(kept['chosenFor']);
    this.#order = unitOrders.find((order) => order === kept['order']) ?? 'index';
  }

  get steps(): number {
    return this.#shapes.T;
  }
  get cursor(): number {
    return Math.max(0, Math.min(this.#cursor ?? this.steps - 1, this.steps - 1));
  }
  get pinned(): boolean {
    return this.#pinned;
  }
  get window(): TimeWindow {
    return this.#window ?? { t0: 0, t1: this.steps };
  }
  get zoomed(): boolean {
    return this.#window !== null;
  }
  get sequence(): number | null {
    return this.#sequence;
  }
  /** The sequence whose heatmaps and unit lines are drawn. */
  get shownSequence(): number {
    return this.#sequence ?? 0;
  }
  get units(): readonly number[] {
    return this.#units ?? Array.from({ length: Math.min(3, this.#shapes.H) }, (_, unit) => unit);
  }

  /** How the rows of the heatmaps are sorted. */
  get order(): UnitOrder {
    return this.#order;
  }

  onChange(listener: (change: TimeChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Fits what is remembered to the run on screen. `start` is where the cursor stands before the user moves it,
   * `telling` what is worth a look as long as the user has not zoomed. Steps of the other direction lie elsewhere: what
   * is looked at stays at its positions.
   */
  setRun(run: TimedRun, start: number, telling: TimeWindow | null): void {
    const {
      shapes,
      layers: [{ direction }],
    } = run;
    this.#shapes = shapes;
    if (this.#direction !== null && direction !== this.#direction) this.#turn(run);
    this.#direction = direction;
    // Of another length of run the window that was chosen for this one tells nothing.
    if (this.#chosenFor !== null && this.#chosenFor !== shapes.T) {
      this.#window = telling;
      this.#chosenFor = shapes.T;
    }
    this.#cursor ??= start;
    if (this.#window !== null) this.#window = this.#fit(this.#window.t0, this.#window.t1 - this.#window.t0);
    // The only one is all of them.
    if (this.#sequence !== null && (this.#sequence >= shapes.B || shapes.B === 1)) this.#sequence = null;
    if (this.#units?.some((unit) => unit >= shapes.H) === true) {
      const left = this.#units.filter((unit) => unit < shapes.H);
      this.#units = left.length === 0 ? null : left;
    }
  }

  #turn(run: TimedRun): void {
    const last = run.shapes.T - 1;
    const other = (t: number): number => turned(run, Math.max(0, Math.min(t, last)));
    if (this.#cursor !== null) this.#cursor = other(this.#cursor);
    if (this.#window === null) return;
    const ends = [other(this.#window.t0), other(this.#window.t1 - 1)];
    this.#window = { t0: Math.min(...ends), t1: Math.max(...ends) + 1 };
  }

  /** The mouse passes over step t. */
  hover(t: number): void {
    if (!this.#pinned) this.#moveTo(t);
  }

  pin(t: number): void {
    this.#pinned = true;
    this.#moveTo(t, true);
  }

  unpin(): void {
    if (!this.#pinned) return;
    this.#pinned = false;
    this.#tell('cursor');
  }

  /** By keyboard: the cursor stays where it was put, and the window follows it. */
  step(t: number): void {
    this.#pinned = true;
    this.#moveTo(t, true);
    const { t0, t1 } = this.window;
    if (this.cursor < t0) this.#show(this.#fit(this.cursor, t1 - t0));
    else if (this.cursor >= t1) this.#show(this.#fit(this.cursor - (t1 - t0) + 1, t1 - t0));
  }

  /** Scales the number of steps in view by `factor`, keeping step `around` where it is. */
  zoom(factor: number, around: number): void {
    const { t0, t1 } = this.window;
    const span = Math.max(Math.min(leastSteps, this.steps), Math.round((t1 - t0) * factor));
    const share = (around + 0.5 - t0) / (t1 - t0);
    this.#show(this.#fit(Math.round(around + 0.5 - share * span), span));
  }

  zoomTo(from: number, to: number): void {
    const span = Math.max(leastSteps, Math.abs(to - from) + 1);
    this.#show(this.#fit(Math.min(from, to), span));
  }

  /** Moves the window so that it starts at t0. */
  panTo(t0: number): void {
    const { window } = this;
    if (this.#window !== null) this.#show(this.#fit(Math.round(t0), window.t1 - window.t0));
  }

  resetZoom(): void {
    if (this.#window !== null) this.#show(null);
  }

  choose(selection: { sequence?: number | null; units?: readonly number[]; order?: UnitOrder }): void {
    if (selection.sequence !== undefined) this.#sequence = selection.sequence;
    if (selection.units !== undefined) this.#units = selection.units.slice(0, mostUnits);
    if (selection.order !== undefined) this.#order = selection.order;
    this.#tell('selection');
  }

  /** Adds a unit to the chosen ones (the oldest makes room) or takes it away; one always stays. */
  toggleUnit(unit: number): void {
    const { units } = this;
    if (!units.includes(unit)) this.choose({ units: [...units, unit].slice(-mostUnits) });
    else if (units.length > 1) this.choose({ units: units.filter((other) => other !== unit) });
  }

  #fit(t0: number, span: number): TimeWindow | null {
    if (span >= this.steps) return null;
    const start = Math.max(0, Math.min(t0, this.steps - span));
    return { t0: start, t1: start + span };
  }

  #show(window: TimeWindow | null): void {
    if (window?.t0 === this.#window?.t0 && window?.t1 === this.#window?.t1) return;
    this.#window = window;
    this.#chosenFor = null;
    this.#tell('window');
  }

  #moveTo(t: number, always = false): void {
    const next = Math.max(0, Math.min(t, this.steps - 1));
    if (next === this.#cursor && !always) return;
    this.#cursor = next;
    this.#tell('cursor');
  }

  #tell(change: TimeChange): void {
    this.#memory.write('time', {
      cursor: this.#cursor,
      direction: this.#direction,
      pinned: this.#pinned,
      t0: this.#window?.t0,
      t1: this.#window?.t1,
      chosenFor: this.#chosenFor,
      sequence: this.#sequence,
      units: this.#units,
      order: this.#order,
    });
    for (const listener of this.#listeners) listener(change);
  }
}
