// A chart over the shared time axis, drawn from a scene: on the screen, and as a picture of its own.
import { withAlpha } from '../page/colourMaths.js';
import { Tip } from '../widgets/tip.js';
import { areaOf, gutter, paintFrame, painterOf } from './frame.js';
import { paintLines, drawnLines } from './strokes.js';
import type { Painter, Scene } from './scene.js';
import type { Area } from './frame.js';
import type { Drawn } from './strokes.js';
import type { Theme } from '../page/theme.js';
import type { TimeWindow } from '../page/model.js';

/**
 * What a tooltip says about step t at height `value` of the y axis and `across` (0 … 1) the plot: a heading and its
 * lines.
 */
export type Readout = (t: number, value: number, across: number) => readonly string[];

export type TimeChartOptions = {
  readonly scene: Scene;
  readonly window: TimeWindow;
  readonly readout: Readout;
  readonly hidden: ReadonlySet<string>;
};

/** Lines that stand closer than this are a grey area. */
const leastApart = 5;
/** … and stripes that are narrower cannot be told apart. */
const leastStripe = 1.5;

/**
 * Pixels between neighbours, where they are closest: every few steps, or also a border of chunks that starts the count
 * again.
 */
const apart = (painter: Painter, steps: readonly number[]): number =>
  steps.slice(1, 16).reduce((least, step, i) => Math.min(least, step - (steps[i] ?? 0)), Infinity) *
  (painter.x(1) - painter.x(0));

/** Vertical lines between step t−1 and step t; none when they would stand too close. */
function verticals(painter: Painter, steps: readonly number[], colour: string, dash: number[]): void {
  const { context } = painter;
  if (apart(painter, steps) < leastApart) return;
  context.save();
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  for (const t of steps) {
    const x = Math.round(painter.x(t - 0.5)) + 0.5;
    if (x < painter.left || x > painter.right) continue;
    context.moveTo(x, painter.top);
    context.lineTo(x, painter.bottom);
  }
  context.stroke();
  context.restore();
}

/** Where cuts stand too close for lines, every other piece between two of them is shaded. */
function stripes(painter: Painter, cuts: readonly number[], theme: Theme): void {
  const width = apart(painter, cuts);
  if (width >= leastApart || width < leastStripe) return;
  const { context, left, right, top, bottom } = painter;
  context.fillStyle = withAlpha(theme.foreground, theme.highContrast ? 0.18 : 0.1);
  for (let i = 0; i < cuts.length; i += 2) {
    const [from, to] = [painter.x((cuts[i] ?? 0) - 0.5), painter.x((cuts[i + 1] ?? Infinity) - 0.5)];
    if (to > left && from < right) context.fillRect(from, top, Math.min(to, right) - from, bottom - top);
  }
}

/** Half of a thick line may stand out of the plot. */
const lineAir = 1.5;

function clipped(painter: Painter, air: number, draw: () => void): void {
  const { context, left, top, right, bottom } = painter;
  context.save();
  context.beginPath();
  context.rect(left - air, top - air, right - left + 2 * air, bottom - top + 2 * air);
  context.clip();
  draw();
  context.restore();
}

type Sheet = { readonly width: number; readonly height: number; readonly ratio: number };

/** Paints the whole chart on a canvas that it makes as large as the sheet. */
function paintChart(
  canvas: HTMLCanvasElement,
  { width, height, ratio }: Sheet,
  { scene, window }: TimeChartOptions,
  lines: readonly Drawn[],
  timeLabels: boolean,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const [columns, rows] = [Math.floor(width * ratio), Math.floor(height * ratio)];
  // A canvas that is told its size is empty and black for a moment.
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const painter = painterOf(context, areaOf(width, height, timeLabels), scene.axis, window);
  paintFrame(painter, scene, window, timeLabels, height, ratio);
  clipped(painter, 0, () => {
    scene.under(painter);
    stripes(painter, scene.cuts, scene.theme);
  });
  clipped(painter, lineAir, () => paintLines(painter, lines));
  clipped(painter, 0, () => {
    verticals(painter, scene.cuts, scene.theme.muted, [1, 3]);
    verticals(painter, scene.borders, scene.theme.muted, []);
    scene.over(painter);
  });
}

export class TimeChart {
  readonly #canvas: HTMLCanvasElement;
  readonly #tip: Tip;
  readonly #resized: ResizeObserver;
  readonly #end = new AbortController();
  #options: TimeChartOptions;
  #width: number;
  #height: number;
  /** Where the mouse rests on the canvas. */
  #pointer: { readonly x: number; readonly y: number } | null = null;

  /** `rendered` is called when the plot was painted because its place has changed, and for no other reason. */
  constructor(canvas: HTMLCanvasElement, place: HTMLElement, options: TimeChartOptions, rendered: () => void) {
    this.#canvas = canvas;
    this.#options = options;
    this.#tip = new Tip(place);
    [this.#width, this.#height] = [place.clientWidth, place.clientHeight];
    this.#resized = new ResizeObserver(() => {
      const [width, height] = [place.clientWidth, place.clientHeight];
      if (width === this.#width && height === this.#height) return;
      [this.#width, this.#height] = [width, height];
      this.#paint();
      rendered();
    });
    this.#resized.observe(place);
    const { signal } = this.#end;
    canvas.addEventListener(
      'pointermove',
      ({ offsetX, offsetY }) => {
        this.#pointer = { x: offsetX, y: offsetY };
        this.#tell();
      },
      { signal },
    );
    canvas.addEventListener('pointerleave', () => this.hideTooltip(), { signal });
    this.#paint();
  }

  show(options: TimeChartOptions): void {
    this.#options = options;
    this.#paint();
    // Under a mouse that rests the numbers may be others.
    this.#tell();
  }

  #paint(): void {
    const { scene, hidden, window } = this.#options;
    const sheet = { width: this.#width, height: this.#height, ratio: devicePixelRatio };
    paintChart(this.#canvas, sheet, this.#options, drawnLines(scene, hidden, window, this.plotWidth), false);
    const { left, right } = this.#area;
    this.#canvas.dataset['plot'] = `${left},${right}`;
  }

  get #area(): Area {
    return areaOf(this.#width, this.#height, false);
  }

  get plotWidth(): number {
    return Math.max(1, this.#width - gutter.left - gutter.right);
  }

  /** Pixel of a value from the top of the canvas, or null when it is not in view. */
  pixelY(value: number): number | null {
    const { min, max, reverse } = this.#options.scene.axis;
    const { top, bottom } = this.#area;
    const share = (value - min) / (max - min);
    const pixel = reverse ? top + share * (bottom - top) : bottom - share * (bottom - top);
    return pixel >= top - 1 && pixel <= bottom + 1 ? pixel : null;
  }

  valueAt(pixel: number): number {
    const { min, max, reverse } = this.#options.scene.axis;
    const { top, bottom } = this.#area;
    const share = (pixel - top) / (bottom - top);
    return min + (reverse ? share : 1 - share) * (max - min);
  }

  #tell(): void {
    if (this.#pointer === null) return;
    const { x, y } = this.#pointer;
    const { left, right, top, bottom } = this.#area;
    const { t0, t1 } = this.#options.window;
    const across = (x - left) / (right - left);
    const isOnPlot = x >= left && x <= right && y >= top && y <= bottom;
    const t = Math.max(t0, Math.min(Math.floor(t0 + across * (t1 - t0)), t1 - 1));
    this.#tip.tell(this.#pointer, isOnPlot ? this.#options.readout(t, this.valueAt(y), across) : null);
  }

  /** The keyboard moved the cursor: what the tooltip of the resting mouse says would contradict it. */
  hideTooltip(): void {
    this.#pointer = null;
    this.#tip.hide();
  }

  /** The same picture with its own time axis, `ratio` device pixels to each of its pixels, on a canvas of its own. */
  picture(width: number, height: number, ratio: number): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    const { scene, hidden, window } = this.#options;
    const lines = drawnLines(scene, hidden, window, width * ratio);
    paintChart(canvas, { width, height, ratio }, this.#options, lines, true);
    return canvas;
  }

  dispose(): void {
    this.#end.abort();
    this.#resized.disconnect();
    this.#tip.remove();
    this.#pointer = null;
  }
}
