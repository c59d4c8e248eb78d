// The plot of the first picture: to the pixel what chart.js draws, which comes behind it (chart.ts). It has no tooltip.
import { chartFont, gutter, labelGap, padding, paintScene, plotWidth, titleFits } from './plot.js';
import { drawnLines } from './strokes.js';
import type { Plot, PlotOptions } from './plot.js';
import type { Painter, TextBox } from './scene.js';

/** Sizes have one decimal, as chart.js takes them. */
const toTenths = (size: number): number => Math.round(size * 10) / 10;

export class FirstPlot implements Plot {
  readonly #canvas: HTMLCanvasElement;
  #options: PlotOptions;
  texts: readonly TextBox[] = [];
  #size = { width: 0, height: 0 };

  constructor(canvas: HTMLCanvasElement, options: PlotOptions) {
    this.#canvas = canvas;
    this.#options = options;
    this.show(options);
  }

  show(options: PlotOptions): void {
    this.#options = options;
    const { width, height } = this.#canvas.getBoundingClientRect();
    this.#size = { width: toTenths(width), height: toTenths(height) };
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    this.#canvas.width = Math.floor(toTenths(this.#size.width * devicePixelRatio));
    this.#canvas.height = Math.floor(toTenths(this.#size.height * devicePixelRatio));
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const painter = this.#painter(context);
    this.#paintAxes(painter);
    paintScene(painter, options.scene, drawnLines(options, this.width));
    this.texts = painter.texts;
    this.#canvas.dataset['plot'] = `${painter.left},${painter.right}`;
  }

  get width(): number {
    return plotWidth(this.#size.width);
  }

  pixelY(value: number): number | null {
    const { top, bottom } = this.#place;
    const pixel = this.#y(value);
    return pixel >= top - 1 && pixel <= bottom + 1 ? pixel : null;
  }

  valueAt(pixel: number): number {
    const { min, max, reverse } = this.#options.scene.axis;
    const { top, bottom } = this.#place;
    const share = (pixel - top) / (bottom - top);
    return min + (reverse ? share : 1 - share) * (max - min);
  }

  hideTooltip(): void {
    // There is none.
  }

  dispose(): void {
    for (const size of ['width', 'height']) this.#canvas.removeAttribute(size);
  }

  get #place(): Pick<Painter, 'left' | 'right' | 'top' | 'bottom'> {
    const { width, height } = this.#size;
    return { left: gutter.left, right: width - gutter.right, top: padding.top, bottom: height - padding.bottom };
  }

  #y(value: number): number {
    const { min, max, reverse } = this.#options.scene.axis;
    const { top, bottom } = this.#place;
    const share = (value - min) / (max - min);
    return top + (reverse ? share : 1 - share) * (bottom - top);
  }

  #painter(context: CanvasRenderingContext2D): Painter {
    const place = this.#place;
    const { t0, t1 } = this.#options.window;
    return {
      context,
      texts: [],
      ...place,
      x: (t) => place.left + ((t - (t0 - 0.5)) / (t1 - t0)) * (place.right - place.left),
      y: (value) => this.#y(value),
    };
  }

  #paintAxes(painter: Painter): void {
    const { context, left, right, top, bottom } = painter;
    const {
      scene: { axis, theme, timeTicks },
      window,
    } = this.#options;
    const ticks = axis.ticks(this.#size.height).map((value) => ({ at: painter.y(value), label: axis.label(value) }));
    /** The nearest edge of a device pixel, and the place where a line of one pixel is sharp. */
    const edge = (pixel: number): number => Math.round(pixel * devicePixelRatio) / devicePixelRatio;
    const sharp = (pixel: number): number => edge(pixel - 0.5) + 0.5;
    const line = (x0: number, y0: number, x1: number, y1: number): void => {
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    };
    context.lineWidth = 1;
    context.strokeStyle = theme.grid;
    for (const t of timeTicks(window, right - left)) line(sharp(painter.x(t)), top, sharp(painter.x(t)), edge(bottom));
    for (const { at } of ticks) line(edge(left), sharp(at), right, sharp(at));
    const { size, family } = chartFont(theme, 10);
    context.save();
    context.font = `${size}px ${family}`;
    context.fillStyle = theme.muted;
    context.textBaseline = 'middle';
    if (
      axis.title !== '' &&
      titleFits(
        context,
        theme,
        ticks.map(({ label }) => label),
      )
    ) {
      context.save();
      // One line of text is 1.2 times as high as its letters.
      context.translate(padding.left + 0.6 * size, (top + bottom) / 2);
      context.rotate(-Math.PI / 2);
      context.textAlign = 'center';
      context.fillText(axis.title, 0, 0, bottom - top);
      context.restore();
    }
    context.textAlign = 'right';
    for (const { at, label } of ticks) context.fillText(label, left - labelGap, at);
    context.restore();
  }
}
