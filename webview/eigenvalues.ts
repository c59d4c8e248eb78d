// Beside the tracks: the eigenvalues of Wh against the unit circle.
import { Chart } from 'chart.js';
import type { ChartConfiguration, Plugin, Point } from 'chart.js';
import { chartFont, tooltipStyle } from './chart.js';
import { el, onFrame, textButton } from './dom.js';
import { fileName, formatNumber } from './format.js';
import { helpPopover } from './popover.js';
import { TableTwin, toCsv } from './table.js';
import { ticksBetween } from './axis.js';
import type { Page } from './view.js';
import type { SaveFile } from './picture.js';
import type { TablePlan } from './table.js';
import type { Theme } from './theme.js';

type Pair = readonly [number, number];
const name = 'Eigenvalues of Wh';
const help = {
  text: [
    'Each point is an eigenvalue λ of the recurrent weights; the circle is |λ| = 1. For a linear cell, a component along an eigenvector is multiplied by λ on each step: inside the circle it fades, outside it grows, off the real axis it also turns.',
    'With a non-normal Wh or a saturating activation the norm of the gradient can do something else for many steps, so this picture explains but does not decide.',
  ],
  formula: 'Wh·v = λ·v',
  source: 'Engelken, Wolf & Abbott 2023, “Lyapunov spectra of chaotic recurrent neural networks”; Pascanu et al. 2013',
};

const minus = (text: string): string => text.replaceAll('-', '−');

function circle(theme: Theme): Plugin<'scatter'> {
  return {
    id: 'circle',
    beforeDatasetsDraw({ ctx, scales: { x, y }, chartArea: { left, right, top, bottom } }) {
      if (x === undefined || y === undefined) return;
      const [x0, y0, radius] = [x.getPixelForValue(0), y.getPixelForValue(0), x.getPixelForValue(1) - x.getPixelForValue(0)];
      ctx.save();
      ctx.strokeStyle = theme.grid;
      ctx.beginPath();
      ctx.moveTo(left, y0);
      ctx.lineTo(right, y0);
      ctx.moveTo(x0, top);
      ctx.lineTo(x0, bottom);
      ctx.stroke();
      ctx.strokeStyle = theme.muted;
      ctx.beginPath();
      ctx.arc(x0, y0, radius, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.fillStyle = theme.muted;
      ctx.font = `10px ${theme.fontFamily}`;
      ctx.textAlign = 'left';
      ctx.fillText('|λ| = 1', Math.min(x0 + radius * 0.72, right - 40), Math.max(top + 10, y0 - radius * 0.72 - 4));
      ctx.restore();
    },
  };
}

export class Eigenvalues {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #save: SaveFile;
  readonly #canvas = el('canvas', { attributes: { role: 'img', tabindex: '0' } });
  readonly #plot = el('div', { class: 'square' }, this.#canvas);
  readonly #twin = new TableTwin(name);
  readonly #draw = onFrame(() => this.#paint());
  #chart: Chart<'scatter', Point[]> | null = null;

  constructor(page: Page, save: SaveFile) {
    this.#page = page;
    this.#save = save;
    this.#twin.element.hidden = true;
    const tableButton = textButton('table', `Table of ${name}`, () => {
      this.#twin.element.hidden = !this.#twin.element.hidden;
      tableButton.setAttribute('aria-expanded', String(!this.#twin.element.hidden));
      this.#draw();
    });
    tableButton.setAttribute('aria-expanded', 'false');
    const helpButton = textButton('?', `What ${name} shows`, () => helpPopover(helpButton, name, help));
    this.element = el('section', { class: 'card', attributes: { 'aria-label': name } },
      el('div', { class: 'card-head' }, el('h2', {}, name), el('span', { class: 'actions' }, tableButton, textButton('PNG', `Save ${name} as PNG`, () => this.#savePng()), textButton('CSV', `Save ${name} as CSV`, () => void this.#saveCsv()), helpButton)),
      this.#plot, this.#twin.element);
    page.themes.onChange(this.#draw);
    new ResizeObserver(this.#draw).observe(this.#plot);
  }

  show(): void {
    this.#draw();
  }

  #values(): readonly Pair[] {
    return this.#page.model.spectrum?.eigenvaluesWh ?? [];
  }

  #plan(): TablePlan {
    const values = this.#values();
    return {
      rowName: 'λ',
      columns: ['real', 'imaginary', '|λ|'],
      rowCount: values.length,
      rows: (from, to) => Promise.resolve(values.slice(from, to).map(([re, im]) => [re, im, Math.hypot(re, im)].map((value) => ({ text: formatNumber(value), exact: String(value) })))),
    };
  }

  #config(options: { readonly width: number; readonly height: number }): ChartConfiguration<'scatter', Point[]> {
    const theme = this.#page.themes.current;
    const values = this.#values();
    const reach = 1.12 * values.reduce((most, [re, im]) => Math.max(most, Math.abs(re), Math.abs(im)), 1);
    // Equal units on both axes: the longer side of the plot sees more.
    const [x, y] = [reach * Math.max(1, options.width / options.height), reach * Math.max(1, options.height / options.width)];
    const axis = (text: string, limit: number, pixels: number) => ({
      type: 'linear' as const,
      min: -limit,
      max: limit,
      border: { display: false },
      grid: { display: false },
      ticks: { color: theme.muted, font: chartFont(theme, 10), maxRotation: 0, callback: (value: string | number) => minus(String(value)) },
      title: { display: true, text, color: theme.muted, font: chartFont(theme, 10), padding: 0 },
      afterBuildTicks: (scale: { ticks: { value: number }[] }) => { scale.ticks = ticksBetween(-limit, limit, pixels / 44).map((value) => ({ value })); },
    });
    return {
      type: 'scatter',
      data: { datasets: [{ data: values.map(([re, im]) => ({ x: re, y: im })), backgroundColor: theme.blue, borderWidth: 0, pointRadius: 3, pointHoverRadius: 5 }] },
      plugins: [circle(theme)],
      options: {
        responsive: true, maintainAspectRatio: false, animation: false, parsing: false, normalized: true,
        events: ['mousemove', 'mouseout'],
        scales: { x: axis('real part', x, options.width), y: axis('imaginary part', y, options.height) },
        plugins: { tooltip: { ...tooltipStyle(theme), callbacks: { label: ({ parsed }) => {
          const [re, im] = [parsed.x ?? NaN, parsed.y ?? NaN];
          return `${formatNumber(re)} ${im < 0 ? '−' : '+'} ${formatNumber(Math.abs(im))}i, |λ| = ${formatNumber(Math.hypot(re, im))}`;
        } } } },
      },
    };
  }

  #paint(): void {
    const { model: { spectrum } } = this.#page;
    this.element.hidden = spectrum === null;
    if (spectrum === null || this.#plot.clientWidth === 0) return;
    // The two axes together take about 40 pixels of each side away.
    const config = this.#config({ width: Math.max(40, this.#plot.clientWidth - 44), height: Math.max(40, this.#plot.clientHeight - 34) });
    this.#chart?.destroy();
    this.#chart = new Chart<'scatter', Point[]>(this.#canvas, config);
    const outside = this.#values().filter(([re, im]) => Math.hypot(re, im) > 1).length;
    this.#canvas.setAttribute('aria-label', `${name} in the complex plane: ${this.#values().length} values, ${outside} outside the unit circle, largest modulus ${formatNumber(spectrum.spectralRadiusWh)}.`);
    if (!this.#twin.element.hidden) this.#twin.show(this.#plan(), 0);
  }

  async #saveCsv(): Promise<void> {
    this.#save({ suggestedName: fileName(this.#page.model.run?.name ?? '', 'eigenvalues', 'csv'), content: await toCsv(this.#plan()) });
  }

  #savePng(): void {
    const theme = this.#page.themes.current;
    const [size, ratio] = [420, 2];
    const canvas = el('canvas');
    canvas.width = canvas.height = size;
    const config = this.#config({ width: size - 44, height: size - 34 });
    const chart = new Chart<'scatter', Point[]>(canvas, { ...config, options: { ...config.options, responsive: false, devicePixelRatio: ratio, events: [] } });
    const sheet = el('canvas');
    sheet.width = sheet.height = size * ratio;
    const context = sheet.getContext('2d');
    if (context !== null) {
      context.fillStyle = theme.background;
      context.fillRect(0, 0, sheet.width, sheet.height);
      context.drawImage(canvas, 0, 0);
    }
    chart.destroy();
    sheet.toBlob((blob) => {
      void blob?.arrayBuffer().then((buffer) => this.#save({ suggestedName: fileName(this.#page.model.run?.name ?? '', 'eigenvalues', 'png'), content: new Uint8Array(buffer) }));
    }, 'image/png');
  }
}
