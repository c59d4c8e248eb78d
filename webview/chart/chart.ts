// The only place that talks to chart.js: a plot over the shared time axis with a tooltip. It comes behind the first
// picture, which firstPlot.ts draws.
import { Chart, Interaction, LineController, LineElement, LinearScale, PointElement, Tooltip } from 'chart.js';
import type {
  ChartConfiguration,
  ChartDataset,
  InteractionModeFunction,
  LinearScaleOptions,
  Plugin,
  Point,
} from 'chart.js';
import { getRelativePosition } from 'chart.js/helpers';
import { t as say } from '../page/l10n.js';
import { onPaper } from '../page/inReport.js';
import { chartFont, gutter, labelGap, padding, paintScene, plotWidth, titleFits } from './plot.js';
import { drawnLines } from './strokes.js';
import type { Plot, PlotOptions } from './plot.js';
import type { Painter, TextBox } from './scene.js';
import type { Drawn } from './strokes.js';
import type { Theme } from '../page/theme.js';

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

/** Room of its own would move the plot. */
const layout = { autoPadding: false, padding };

const stepAt = (value: number, min: number, max: number): number =>
  Math.max(Math.ceil(min), Math.min(Math.round(value), Math.floor(max)));

/** Where the mouse was last, which the probe's own place, a whole step, does not tell. */
const pointers = new WeakMap<Chart, number>();

const tooltipStyle = (theme: Theme) => ({
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

type LineConfig = ChartConfiguration<'line', Point[]>;

/** The one dataset that chart.js knows: its tooltip follows it. Lines are painted from the scene. */
const probe = (): ChartDataset<'line', Point[]> => ({
  data: [{ x: NaN, y: NaN }],
  borderWidth: 0,
  pointRadius: 0,
  pointHoverRadius: 0,
  label: '',
});

function scales({ scene, window }: PlotOptions, timeLabels: boolean): NonNullable<LineConfig['options']>['scales'] {
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
      ticks: { ...ticks, display: timeLabels, padding: 4, callback: (value) => scene.timeLabel(Number(value)) },
      title: {
        display: timeLabels,
        text: say('timestep t'),
        color: theme.muted,
        font: chartFont(theme, 10),
        padding: 0,
      },
      afterBuildTicks: (scale) => {
        scale.ticks = scene.timeTicks(window, plotWidth(scale.chart.width)).map((value) => ({ value }));
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
      ticks: { ...ticks, padding: labelGap, callback: (value) => axis.label(Number(value)) },
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
        const labels = scale.ticks.map(({ label }) => String(label ?? ''));
        (scale.options as LinearScaleOptions).title.display = axis.title !== '' && titleFits(scale.ctx, theme, labels);
      },
    },
  };
}

function painterOf(chart: Chart): Painter | null {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return null;
  const { left, right, top, bottom } = chart.chartArea;
  return {
    context: chart.ctx,
    texts: [],
    left,
    right,
    top,
    bottom,
    x: (t) => x.getPixelForValue(t),
    y: (value) => y.getPixelForValue(value),
  };
}

/** False: there was none. */
function clearTooltip({ tooltip: shown }: Chart): boolean {
  if (shown === undefined || shown.opacity === 0) return false;
  shown.setActiveElements([], { x: 0, y: 0 });
  return true;
}

/** `lines`: those of a plot of this width. `rendered` hears which texts stand on it. */
function scenePlugin(
  current: () => PlotOptions,
  lines: (width: number) => readonly Drawn[],
  rendered: (texts: readonly TextBox[]) => void,
): Plugin<'line'> {
  let texts: readonly TextBox[] = [];
  return {
    id: 'scene',
    beforeDatasetsDraw: (chart) => {
      const painter = painterOf(chart);
      if (painter === null) return;
      paintScene(painter, current().scene, lines(plotWidth(chart.width)));
      texts = painter.texts;
    },
    // At the rim of the canvas chart.js would leave what it said of the step that the mouse came from.
    beforeEvent: (chart, args) => {
      if (!args.inChartArea && clearTooltip(chart)) args.changed = true;
    },
    // chart.js follows a change of its size by itself, a frame after everybody else.
    afterRender: () => rendered(texts),
  };
}

function tooltip(current: () => PlotOptions): NonNullable<NonNullable<LineConfig['options']>['plugins']>['tooltip'] {
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

export class TimeChart implements Plot {
  readonly #chart: Chart<'line', Point[]>;
  #options: PlotOptions;
  /** Null: not made of these options yet. */
  #lines: readonly Drawn[] | null = null;
  #frame: string;
  texts: readonly TextBox[] = [];

  constructor(canvas: HTMLCanvasElement, options: PlotOptions, rendered: () => void) {
    this.#options = options;
    this.#chart = new Chart(canvas, {
      type: 'line',
      data: { datasets: [probe()] },
      plugins: [
        scenePlugin(
          () => this.#options,
          (width) => (this.#lines ??= drawnLines(this.#options, width)),
          (texts) => {
            this.texts = texts;
            rendered();
          },
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
    // It has laid itself out and painted by now.
    this.#frame = this.#frameOf(options);
    this.#tellPlace();
  }

  show(options: PlotOptions): void {
    const {
      scene: { theme },
    } = this.#options;
    this.#options = options;
    this.#lines = null;
    // By itself it follows the width of the paper too late.
    if (onPaper()) this.#chart.resize();
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
    this.#tellPlace();
  }

  #tellPlace(): void {
    const { left, right } = this.#chart.chartArea;
    this.#chart.canvas.dataset['plot'] = `${left},${right}`;
  }

  #frameOf({ window, scene: { axis, timeTicks } }: PlotOptions): string {
    const { width, height } = this.#chart;
    return JSON.stringify([
      width,
      height,
      window.t0,
      window.t1,
      timeTicks(window, plotWidth(width)),
      axis.min,
      axis.max,
      axis.reverse,
      axis.title,
      axis.ticks(height).map((tick) => [tick, axis.label(tick)]),
    ]);
  }

  get width(): number {
    return plotWidth(this.#chart.width);
  }

  pixelY(value: number): number | null {
    const pixel = this.#chart.scales['y']?.getPixelForValue(value) ?? NaN;
    return pixel >= this.#chart.chartArea.top - 1 && pixel <= this.#chart.chartArea.bottom + 1 ? pixel : null;
  }

  hideTooltip(): void {
    if (clearTooltip(this.#chart)) this.#chart.draw();
  }

  valueAt(pixel: number): number {
    return this.#chart.scales['y']?.getValueForPixel(pixel) ?? NaN;
  }

  dispose(): void {
    this.#chart.destroy();
  }
}

/** A plot with its own time axis, `ratio` device pixels to each of its pixels, on a canvas of its own. */
export function plotPicture(options: PlotOptions, width: number, height: number, ratio: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const lines = drawnLines(options, width * ratio);
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
      layout: { ...layout, padding: { ...padding, bottom: 2 } },
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
