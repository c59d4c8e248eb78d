// The only place that talks to chart.js: a chart over the shared time axis, drawn from a scene.
import { Chart, Interaction, LineController, LineElement, LinearScale, PointElement, Tooltip } from 'chart.js';
import type {
  ChartConfiguration,
  ChartDataset,
  InteractionModeFunction,
  LinearScaleOptions,
  Plugin,
  Point,
  Scale,
} from 'chart.js';
import { getRelativePosition } from 'chart.js/helpers';
import { timeTicks } from './axis.js';
import { withAlpha } from '../page/colourMaths.js';
import { t as say } from '../page/l10n.js';
import { paintLines, drawnLines } from './strokes.js';
import type { Painter, Scene } from './scene.js';
import type { Drawn } from './strokes.js';
import type { Theme } from '../page/theme.js';
import type { TimeWindow } from '../page/model.js';

declare module 'chart.js' {
  interface InteractionModeMap {
    /** Hands the tooltip one invisible point that stands on the step under the mouse. */
    probe: InteractionModeFunction;
  }
}

Chart.register(LineController, LineElement, PointElement, LinearScale, Tooltip);
Chart.defaults.animation = false;
Interaction.modes.probe = (chart, event) => {
  const { x, y } = getRelativePosition(event, chart);
  const { left, right, top, bottom } = chart.chartArea;
  const scale = chart.scales['x'];
  const element = chart.getDatasetMeta(0).data[0];
  if (scale === undefined || element === undefined || x < left || x > right || y < top || y > bottom) return [];
  pointers.set(chart, (x - left) / (right - left));
  element.x = scale.getPixelForValue(stepAt(scale.getValueForPixel(x) ?? 0, scale.min, scale.max));
  element.y = y;
  return [{ element, datasetIndex: 0, index: 0 }];
};

/** Every plot begins and ends at the same place, so that the eye can run straight down. */
export const gutter = { left: 64, right: 16 } as const;

/** What an axis needs beside its labels: their distance from the plot and the title. */
const titleRoom = 6 + 12;
/**
 * Room for half a tick label above and below; left of the axis title; the same in every chart, so chart.js may not add
 * its own.
 */
const layout = { autoPadding: false, padding: { left: 6, right: gutter.right, top: 7, bottom: 7 } };

const stepAt = (value: number, min: number, max: number): number =>
  Math.max(Math.ceil(min), Math.min(Math.round(value), Math.floor(max)));

/**
 * What a tooltip says about step t at height `value` of the y axis and `across` (0 … 1) the plot: a heading and its
 * lines.
 */
export type Readout = (t: number, value: number, across: number) => readonly string[];
/** Where the mouse was last, which the probe's own place, a whole step, does not tell. */
const pointers = new WeakMap<Chart, number>();

export const chartFont = (theme: Theme, size = 11): { family: string; size: number } => ({
  family: theme.fontFamily,
  size,
});

export const tooltipStyle = (theme: Theme) => ({
  displayColors: false,
  backgroundColor: theme.tooltipBackground,
  borderColor: theme.border,
  borderWidth: 1,
  cornerRadius: 3,
  caretSize: 0,
  caretPadding: 12,
  padding: { x: 8, y: 6 },
  titleColor: theme.foreground,
  titleFont: { ...chartFont(theme), weight: 600 },
  titleMarginBottom: 3,
  bodyColor: theme.foreground,
  bodyFont: chartFont(theme),
  animation: false as const,
});

export type TimeChartOptions = {
  readonly scene: Scene;
  readonly window: TimeWindow;
  readonly readout: Readout;
  readonly hidden: ReadonlySet<string>;
};
type LineConfig = ChartConfiguration<'line', Point[]>;

/** The one dataset that chart.js knows: its tooltip follows it. Lines are painted from the scene. */
const probe = (): ChartDataset<'line', Point[]> => ({
  data: [{ x: NaN, y: NaN }],
  borderWidth: 0,
  pointRadius: 0,
  pointHoverRadius: 0,
  label: '',
});

function scales(
  { scene, window }: TimeChartOptions,
  timeLabels: boolean,
): NonNullable<LineConfig['options']>['scales'] {
  const { theme, axis } = scene;
  const grid = { color: theme.grid, tickLength: 0, drawTicks: false };
  const ticks = { color: theme.muted, font: chartFont(theme, 10), autoSkip: false, maxRotation: 0 };
  return {
    x: {
      type: 'linear',
      min: window.t0 - 0.5,
      max: window.t1 - 0.5,
      border: { display: false },
      grid,
      ticks: { ...ticks, display: timeLabels, padding: 4, callback: (value) => String(value) },
      title: {
        display: timeLabels,
        text: say('timestep t'),
        color: theme.muted,
        font: chartFont(theme, 10),
        padding: 0,
      },
      afterBuildTicks: (scale) => {
        scale.ticks = timeTicks(window.t0, window.t1, scale.chart.width - gutter.left - gutter.right).map((value) => ({
          value,
        }));
      },
      afterFit: (scale) => {
        if (!timeLabels) scale.height = 0;
        scale.paddingLeft = scale.paddingRight = 0;
      },
    },
    y: {
      type: 'linear',
      min: axis.min,
      max: axis.max,
      reverse: axis.reverse,
      border: { display: false },
      grid,
      ticks: { ...ticks, padding: 6, callback: (value) => axis.label(Number(value)) },
      title: {
        display: axis.title !== '',
        text: axis.title,
        color: theme.muted,
        font: chartFont(theme, 10),
        padding: 0,
      },
      afterBuildTicks: (scale) => {
        scale.ticks = axis.ticks(scale.chart.height).map((value) => ({ value }));
      },
      afterFit: (scale) => {
        scale.width = gutter.left - layout.padding.left;
        // The layout's own padding holds half a label already.
        scale.paddingTop = scale.paddingBottom = 0;
        // The title gives way to labels that would run into it, as 10⁻¹⁰⁰⁰⁰⁰⁰ does.
        (scale.options as LinearScaleOptions).title.display =
          axis.title !== '' && widest(scale, theme) <= scale.width - titleRoom;
      },
    },
  };
}

/** In pixels, of the labels of an axis. */
function widest({ ctx, ticks }: Scale, theme: Theme): number {
  ctx.save();
  const { size, family } = chartFont(theme, 10);
  ctx.font = `${size}px ${family}`;
  const width = ticks.reduce((most, { label }) => Math.max(most, ctx.measureText(String(label ?? '')).width), 0);
  ctx.restore();
  return width;
}

function painterOf(chart: Chart): Painter | null {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return null;
  const { left, right, top, bottom } = chart.chartArea;
  return {
    context: chart.ctx,
    left,
    right,
    top,
    bottom,
    x: (t) => x.getPixelForValue(t),
    y: (value) => y.getPixelForValue(value),
  };
}

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

function scenePlugin(
  current: () => TimeChartOptions,
  lines: () => readonly Drawn[],
  rendered: () => void,
): Plugin<'line'> {
  const paint = (chart: Chart, draw: (painter: Painter, scene: Scene) => void, air = 0): void => {
    const painter = painterOf(chart);
    if (painter === null) return;
    const { context, left, top, right, bottom } = painter;
    context.save();
    context.beginPath();
    context.rect(left - air, top - air, right - left + 2 * air, bottom - top + 2 * air);
    context.clip();
    draw(painter, current().scene);
    context.restore();
  };
  return {
    id: 'scene',
    beforeDatasetsDraw: (chart) => {
      paint(chart, (painter, scene) => {
        scene.under(painter);
        stripes(painter, scene.cuts, scene.theme);
      });
      paint(chart, (painter) => paintLines(painter, lines()), lineAir);
    },
    afterDatasetsDraw: (chart) =>
      paint(chart, (painter, scene) => {
        verticals(painter, scene.cuts, scene.theme.muted, [1, 3]);
        verticals(painter, scene.borders, scene.theme.muted, []);
        scene.over(painter);
      }),
    // chart.js follows a change of its size by itself, a frame after everybody else.
    afterRender: rendered,
  };
}

function tooltip(
  current: () => TimeChartOptions,
): NonNullable<NonNullable<LineConfig['options']>['plugins']>['tooltip'] {
  const at = (chart: Chart, element: { x: number; y: number }): readonly string[] => {
    const { x, y } = chart.scales;
    return x === undefined || y === undefined
      ? []
      : current().readout(
          Math.round(x.getValueForPixel(element.x) ?? 0),
          y.getValueForPixel(element.y) ?? 0,
          pointers.get(chart) ?? 0,
        );
  };
  return {
    ...tooltipStyle(current().scene.theme),
    yAlign: 'center',
    callbacks: {
      title: (items) => {
        const item = items[0];
        return item === undefined ? '' : (at(item.chart, item.element)[0] ?? '');
      },
      label: (item) => at(item.chart, item.element).slice(1),
    },
  };
}

export class TimeChart {
  readonly #chart: Chart<'line', Point[]>;
  #options: TimeChartOptions;
  #lines: readonly Drawn[] = [];
  #frame = '';

  /** `rendered` is called whenever the plot was painted, also when chart.js did so by itself. */
  constructor(canvas: HTMLCanvasElement, options: TimeChartOptions, rendered: () => void) {
    this.#options = options;
    this.#chart = new Chart(canvas, {
      type: 'line',
      data: { datasets: [probe()] },
      plugins: [
        scenePlugin(
          () => this.#options,
          () => this.#lines,
          rendered,
        ),
      ],
      options: {
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        parsing: false,
        normalized: true,
        events: ['mousemove', 'mouseout'],
        interaction: { mode: 'probe', intersect: false },
        hover: { mode: 'probe', intersect: false },
        layout,
        elements: { point: { radius: 0 } },
        scales: scales(options, false) ?? {},
        plugins: { tooltip: tooltip(() => this.#options) ?? {} },
      },
    });
    this.show(options);
  }

  show(options: TimeChartOptions): void {
    const {
      scene: { theme },
    } = this.#options;
    this.#options = options;
    this.#lines = drawnLines(options.scene, options.hidden, options.window, this.plotWidth);
    const frame = this.#frameOf(options);
    // An answer on the same axes, such as a finer heatmap, needs no new layout.
    if (frame === this.#frame && theme === options.scene.theme) {
      this.#chart.draw();
      return;
    }
    this.#frame = frame;
    this.#chart.options.scales = scales(options, false) ?? {};
    if (this.#chart.options.plugins !== undefined)
      this.#chart.options.plugins.tooltip = tooltip(() => this.#options) ?? {};
    this.#chart.update('none');
    const { left, right } = this.#chart.chartArea;
    this.#chart.canvas.dataset['plot'] = `${left},${right}`;
  }

  #frameOf({ window, scene: { axis } }: TimeChartOptions): string {
    const { width, height } = this.#chart;
    return JSON.stringify([
      width,
      height,
      window.t0,
      window.t1,
      axis.min,
      axis.max,
      axis.reverse,
      axis.title,
      axis.ticks(height).map((tick) => [tick, axis.label(tick)]),
    ]);
  }

  get plotWidth(): number {
    return Math.max(1, this.#chart.width - gutter.left - gutter.right);
  }

  /** Pixel of a value from the top of the canvas, or null when it is not in view. */
  pixelY(value: number): number | null {
    const pixel = this.#chart.scales['y']?.getPixelForValue(value) ?? NaN;
    return pixel >= this.#chart.chartArea.top - 1 && pixel <= this.#chart.chartArea.bottom + 1 ? pixel : null;
  }

  /** The keyboard moved the cursor: what the tooltip of the resting mouse says would contradict it. */
  hideTooltip(): void {
    const { tooltip: shown } = this.#chart;
    if (shown === undefined || shown.opacity === 0) return;
    shown.setActiveElements([], { x: 0, y: 0 });
    this.#chart.draw();
  }

  valueAt(pixel: number): number {
    return this.#chart.scales['y']?.getValueForPixel(pixel) ?? NaN;
  }

  /** The same picture with its own time axis, `ratio` device pixels to each of its pixels, on a canvas of its own. */
  picture(width: number, height: number, ratio: number): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const options = this.#options;
    const lines = drawnLines(options.scene, options.hidden, options.window, width * ratio);
    const chart = new Chart<'line', Point[]>(canvas, {
      type: 'line',
      data: { datasets: [probe()] },
      plugins: [
        scenePlugin(
          () => options,
          () => lines,
          () => undefined,
        ),
      ],
      options: {
        responsive: false,
        animation: false,
        parsing: false,
        normalized: true,
        events: [],
        devicePixelRatio: ratio,
        layout: { ...layout, padding: { ...layout.padding, bottom: 2 } },
        elements: { point: { radius: 0 } },
        scales: scales(options, true) ?? {},
        plugins: { tooltip: { enabled: false } },
      },
    });
    const copy = document.createElement('canvas');
    copy.width = canvas.width;
    copy.height = canvas.height;
    copy.getContext('2d')?.drawImage(canvas, 0, 0);
    chart.destroy();
    return copy;
  }

  dispose(): void {
    this.#chart.destroy();
  }
}
