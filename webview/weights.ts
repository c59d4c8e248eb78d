// Beside the tracks: a weight tensor and its gradient as heatmaps and histograms, and the numbers of the cell that was clicked.
import { frameOf, paintFrame } from './card.js';
import { ticksBetween } from './axis.js';
import { colourMap } from './colours.js';
import { el, math, textButton } from './dom.js';
import { formatNumber } from './format.js';
import { t } from './l10n.js';
import { Latest } from './model.js';
import { inReport } from './report.js';
import { dropdown, setOptions, textField } from './ui.js';
import type { CardView, Point, Sheet } from './card.js';
import type { Page } from './view.js';
import type { Histogram, WeightName, WeightsPicture } from './model.js';
import type { Theme } from './theme.js';

const names = ['Wh', 'Wx', 'b'] as const;
const mostCells = 256;
const gap = 14;
/** Room for the titles above the maps and the names of the axes. */
const [above, before, below] = [16, 24, 20];
/** A useful size of one step of training, as a share of the weights (Karpathy's rule of thumb). */
const usualRatio = [1e-4, 1e-2] as const;

export type RevealWeight = (place: { readonly tensor: WeightName; readonly row: number; readonly column: number }) => void;
type Pictures = Readonly<Record<WeightName, WeightsPicture>>;
type Side = 'values' | 'gradients';

function bitmap(picture: WeightsPicture, side: Side, theme: Theme): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = picture.columns;
  canvas.height = picture.rows;
  const limit = side === 'values' ? picture.limit : picture.gradientLimit;
  canvas.getContext('2d')?.putImageData(new ImageData(colourMap(theme).pixels(picture[side], limit > 0 && Number.isFinite(limit) ? 1 / limit : 1), picture.columns, picture.rows), 0, 0);
  return canvas;
}

/** What the two cards share: the pictures of the run, which tensor is shown, which cell is chosen. */
class Choice {
  pictures: Pictures | null = null;
  tensor: WeightName = 'Wh';
  cell: { readonly row: number; readonly column: number } = { row: 0, column: 0 };
  #asked = -1;
  readonly #latest: Latest<null, (WeightsPicture | null)[]>;
  readonly #model: Page['model'];

  constructor({ model }: Page, changed: () => void) {
    this.#model = model;
    this.#latest = new Latest(() => Promise.all(names.map((tensor) => model.slice('weights', { tensor, maxRows: mostCells, maxColumns: mostCells }))), ([Wh, Wx, b]) => {
      if (Wh === null || Wx === null || b === null || Wh === undefined || Wx === undefined || b === undefined) return;
      this.pictures = { Wh, Wx, b };
      changed();
    });
  }

  get picture(): WeightsPicture | null { return this.pictures?.[this.tensor] ?? null; }

  ask(): boolean {
    const { run } = this.#model;
    if (run !== null && run.runId !== this.#asked) {
      this.#asked = run.runId;
      this.#latest.request(null);
    }
    return run !== null;
  }

  /** The chosen cell, brought inside the tensor that is shown. */
  get place(): { readonly row: number; readonly column: number } {
    const [rows = 1, columns = 1] = this.picture?.shape ?? [];
    return { row: Math.min(this.cell.row, rows - 1), column: Math.min(this.cell.column, columns - 1) };
  }
}

export function weightCards(page: Page, changed: () => void, reveal: RevealWeight): CardView[] {
  const { model } = page;
  const choice = new Choice(page, changed);
  let rate = 0.01;
  let cell: { readonly value: number; readonly gradient: number } | null = null;
  const cellNumbers = new Latest((at: number) => model.slice('weightCells', { tensor: choice.tensor, from: at, to: at + 1 }), (answer) => {
    if (answer === null) return;
    cell = { value: answer.values[0] ?? NaN, gradient: answer.gradients[0] ?? NaN };
    explain();
  });
  const choose = dropdown(t('Weights to show'), (value) => {
    choice.tensor = names.find((name) => name === value) ?? 'Wh';
    askCell();
    changed();
  });
  setOptions(choose, [['Wh', 'Wh'], ['Wx', 'Wx'], ['b', 'b']], 'Wh');
  const rateField = textField(t('Learning rate'), '0.01', (text) => {
    const wanted = Number(text);
    rateField.classList.toggle('invalid', !(wanted > 0 && Number.isFinite(wanted)));
    if (!(wanted > 0 && Number.isFinite(wanted))) return;
    rate = wanted;
    explain();
  });
  rateField.setAttribute('value', String(rate));
  const ratios = el('dl', { class: 'pairs' });
  const numbers = el('dl', { class: 'pairs' });
  const cellTitle = el('h3', {});
  const show = textButton(t('show in the file'), t('Select this number in its file'), () => reveal({ tensor: choice.tensor, ...choice.place }));
  show.hidden = inReport;

  function askCell(): void {
    const { row, column } = choice.place;
    cellNumbers.request(row * (choice.picture?.shape[1] ?? 1) + column);
  }

  const row = (id: string, name: string, value: number, text = formatNumber(value), note = ''): Node =>
    el('div', {}, el('dt', {}, math(name)), el('dd', { title: String(value), attributes: { 'data-name': id, 'data-value': String(value) } }, text), note === '' ? null : el('dd', { class: 'note' }, note));

  function explain(): void {
    const { pictures, tensor, place } = choice;
    if (pictures === null) return;
    ratios.replaceChildren(...names.map((name) => {
      const ratio = (rate * pictures[name].gradientNorm) / pictures[name].norm;
      return row(`ratio-${name}`, `η·‖d${name}‖ / ‖${name}‖`, ratio, pictures[name].norm === 0 ? '–' : formatNumber(ratio), pictures[name].norm > 0 && ratio < usualRatio[0] ? t('hardly moves in a step') : pictures[name].norm > 0 && ratio > usualRatio[1] ? t('a very large step') : '');
    }));
    const { row: from, column: to } = place;
    const way = tensor === 'b' ? t('b[{0}]: unit {0}', to) : tensor === 'Wx' ? t('Wx[{0}, {1}]: input {0} → unit {1}', from, to) : t('Wh[{0}, {1}]: unit {0} → unit {1}', from, to);
    cellTitle.replaceChildren(`${way} `, show);
    if (cell !== null) numbers.replaceChildren(row('cell-value', tensor, cell.value), row('cell-gradient', `d${tensor}`, cell.gradient), row('cell-step', `−η·d${tensor}`, -rate * cell.gradient));
  }

  /** Where the two maps lie. */
  function layout({ width, height }: Pick<Sheet, 'width' | 'height'>, picture: WeightsPicture) {
    const [rows, columns] = picture.shape;
    const [roomX, roomY] = [(width - before - gap) / 2, height - above - below];
    const size = Math.min(roomX / columns, roomY / rows);
    // A long thin tensor fills its room instead of becoming a thread.
    const [mapWidth, mapHeight] = [Math.max(size * columns, roomX * 0.9), Math.max(size * rows, Math.min(roomY, rows === 1 ? 36 : roomY * 0.5))];
    return { lefts: [before, before + roomX + gap] as const, top: above, mapWidth, mapHeight };
  }

  function cellAt(at: Point, size: Pick<Sheet, 'width' | 'height'>): { row: number; column: number; side: Side } | null {
    const { picture } = choice;
    if (picture === null) return null;
    const { lefts, top, mapWidth, mapHeight } = layout(size, picture);
    const side = at.x >= lefts[1] ? 1 : 0;
    const [x, y] = [(at.x - lefts[side]) / mapWidth, (at.y - top) / mapHeight];
    if (x < 0 || x >= 1 || y < 0 || y >= 1) return null;
    return { row: Math.floor(y * picture.shape[0]), column: Math.floor(x * picture.shape[1]), side: side === 0 ? 'values' : 'gradients' };
  }

  function choosePlace(place: { readonly row: number; readonly column: number }): void {
    choice.cell = place;
    askCell();
    changed();
  }

  const maps: CardView = {
    id: 'weights',
    title: t('Weights'),
    height: 176,
    controls: el('div', { class: 'card-controls' }, el('label', {}, el('span', {}, t('Tensor')), choose), el('label', {}, el('span', {}, math(t('Learning rate η'))), rateField)),
    notes: el('div', {}, ratios, cellTitle, numbers),
    help: {
      text: [
        t('A weight tensor on the left, its gradient on the right; rows are what the numbers come from, columns the unit they lead to. Blue is positive, orange negative. All three tensors share one scale, their gradients another, so colours can be compared between them.'),
        t('The ratio says how far one step of plain gradient descent moves a tensor, compared with its size. Around 10⁻³ is usual: much less and it hardly learns, much more and it is torn about.'),
        t('Click a cell, or move with the arrow keys, to read its numbers.'),
      ],
      formula: t('W ← W − η·dW   ratio = η·‖dW‖ / ‖W‖'),
      source: 'Karpathy, CS231n notes “Neural networks part 3: learning and evaluation”',
    },
    available() {
      const there = choice.ask();
      explain();
      return there;
    },
    paint(sheet) {
      const { context, theme } = sheet;
      const { picture, tensor, place } = choice;
      if (picture === null) return;
      const { lefts, top, mapWidth, mapHeight } = layout(sheet, picture);
      const [rows, columns] = picture.shape;
      context.imageSmoothingEnabled = false;
      context.font = `10px ${theme.fontFamily}`;
      context.textBaseline = 'middle';
      (['values', 'gradients'] as const).forEach((side, i) => {
        const left = lefts[i] ?? 0;
        const limit = side === 'values' ? picture.limit : picture.gradientLimit;
        context.fillStyle = theme.muted;
        context.textAlign = 'left';
        context.fillText(`${side === 'values' ? tensor : `d${tensor}`}  ±${formatNumber(limit, 3)}`, left, 7);
        context.drawImage(bitmap(picture, side, theme), left, top, mapWidth, mapHeight);
        context.strokeStyle = theme.grid;
        context.strokeRect(left + 0.5, top + 0.5, mapWidth - 1, mapHeight - 1);
        const [w, h] = [mapWidth / columns, mapHeight / rows];
        const [x, y] = [left + place.column * w, top + place.row * h];
        context.strokeStyle = theme.background;
        context.lineWidth = 3;
        context.strokeRect(x - 1, y - 1, Math.max(3, w) + 2, Math.max(3, h) + 2);
        context.strokeStyle = theme.foreground;
        context.lineWidth = 1;
        context.strokeRect(x - 1, y - 1, Math.max(3, w) + 2, Math.max(3, h) + 2);
        context.fillStyle = theme.muted;
        context.textAlign = 'center';
        context.fillText(t('to unit'), left + mapWidth / 2, top + mapHeight + 11);
        context.textAlign = 'left';
        context.fillText('0', left, top + mapHeight + 11);
        context.textAlign = 'right';
        context.fillText(String(columns - 1), left + mapWidth, top + mapHeight + 11);
      });
      context.textAlign = 'right';
      context.fillText('0', before - 5, top + 5);
      if (rows > 1) context.fillText(String(rows - 1), before - 5, top + mapHeight - 5);
    },
    readout(at, size) {
      const found = cellAt(at, size);
      const { picture, tensor } = choice;
      if (found === null || picture === null) return null;
      const [rows, columns] = picture.shape;
      const value = picture[found.side][Math.floor((found.row * picture.rows) / rows) * picture.columns + Math.floor((found.column * picture.columns) / columns)] ?? NaN;
      return [tensor === 'b' ? `${found.side === 'values' ? 'b' : 'db'}[${found.column}]` : `${found.side === 'values' ? '' : 'd'}${tensor}[${found.row}, ${found.column}]`, picture.rows < rows || picture.columns < columns ? t('largest nearby {0}', formatNumber(value)) : formatNumber(value)];
    },
    click(at, size) {
      const found = cellAt(at, size);
      if (found !== null) choosePlace({ row: found.row, column: found.column });
    },
    key(key) {
      const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
      const { picture, place } = choice;
      if (by === undefined || picture === null) return false;
      choosePlace({ row: Math.max(0, Math.min(picture.shape[0] - 1, place.row + (by[0] ?? 0))), column: Math.max(0, Math.min(picture.shape[1] - 1, place.column + (by[1] ?? 0))) });
      return true;
    },
    summary() {
      const { picture, tensor } = choice;
      return picture === null ? '' : t('{0}, {1} by {2}, norm {3}, and its gradient, norm {4}. Arrow keys choose a cell.', tensor, picture.shape[0], picture.shape[1], formatNumber(picture.norm), formatNumber(picture.gradientNorm));
    },
    table() {
      const { picture, tensor } = choice;
      const [rows, columns] = picture?.shape ?? [0, 1];
      return {
        rowName: tensor === 'b' ? t('unit') : t('row,column'),
        columns: [tensor, `d${tensor}`],
        rowCount: rows * columns,
        rowLabel: (i) => (tensor === 'b' ? String(i) : `${Math.floor(i / columns)},${i % columns}`),
        rows: async (from, to) => {
          const answer = await model.slice('weightCells', { tensor, from, to });
          return Array.from({ length: to - from }, (_, i) => [answer?.values, answer?.gradients].map((values) => ({ text: formatNumber(values?.[i] ?? NaN), exact: String(values?.[i] ?? NaN) })));
        },
      };
    },
    marked: () => choice.place.row * (choice.picture?.shape[1] ?? 1) + choice.place.column,
  };
  model.onChange((change) => { if (change === 'run') askCell(); });

  const halves = ({ width, height }: Pick<Sheet, 'width' | 'height'>, picture: WeightsPicture) =>
    ([['values', picture.valueHistogram], ['gradients', picture.gradientHistogram]] as const).map(([side, histogram], i) => {
      const most = histogram.counts.reduce((a, b) => Math.max(a, b), 1);
      const half = (width - 8) / 2;
      const frame = frameOf({ width: half, height }, { min: histogram.low, max: histogram.high }, { min: 0, max: most * 1.05 }, 38);
      return { side, histogram, most, frame, shift: i * (half + 8), half };
    });

  const histograms: CardView = {
    id: 'weightHistograms',
    title: t('Histograms'),
    height: 128,
    help: {
      text: [t('How the numbers of the chosen tensor, and of its gradient, are spread. Each histogram is symmetric about zero with its own scale, so that a shift or a heavy side shows. Gradients that pile up in the middle bin leave most weights untouched.')],
      formula: t('count of W_{ij} in 41 equal bins between −max|W| and max|W|'),
      source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
    },
    available: () => model.run !== null,
    paint(sheet) {
      const { context, theme, height } = sheet;
      const { picture, tensor } = choice;
      if (picture === null) return;
      for (const { side, histogram, most, frame, shift, half } of halves(sheet, picture)) {
        context.save();
        context.translate(shift, 0);
        paintFrame({ context, width: half, height, theme }, frame, { min: histogram.low, max: histogram.high, ticks: [histogram.low, 0, histogram.high], label: (value) => formatNumber(value, 2), title: side === 'values' ? tensor : `d${tensor}` },
          { min: 0, max: most, ticks: ticksBetween(0, most, 3, 1), label: String, title: side === 'values' ? t('count') : '' });
        const width = (frame.right - frame.left) / histogram.counts.length;
        histogram.counts.forEach((count, i) => {
          const middle = histogram.low + ((i + 0.5) / histogram.counts.length) * (histogram.high - histogram.low);
          context.fillStyle = Math.abs(middle) < (histogram.high - histogram.low) / (2 * histogram.counts.length) ? theme.muted : middle < 0 ? colourMap(theme).css(-1) : colourMap(theme).css(1);
          context.fillRect(frame.left + i * width, frame.y(count), Math.max(1, width - 0.5), frame.bottom - frame.y(count));
        });
        context.restore();
      }
    },
    readout(at, size) {
      const { picture, tensor } = choice;
      if (picture === null) return null;
      for (const { side, histogram, frame, shift } of halves(size, picture)) {
        const x = at.x - shift;
        if (x < frame.left || x >= frame.right || at.y < frame.top || at.y > frame.bottom) continue;
        const bin = Math.floor(((x - frame.left) / (frame.right - frame.left)) * histogram.counts.length);
        return [side === 'values' ? tensor : `d${tensor}`, binName(histogram, bin), t('{0} numbers', histogram.counts[bin] ?? 0)];
      }
      return null;
    },
    summary: () => t('Values of {0} and of its gradient in {1} bins.', choice.tensor, choice.picture?.valueHistogram.counts.length ?? 0),
    table() {
      const { picture, tensor } = choice;
      const bins = picture?.valueHistogram.counts.length ?? 0;
      return {
        rowName: t('bin'),
        columns: [t('{0} from', tensor), t('count'), t('{0} from', `d${tensor}`), t('count')],
        rowCount: bins,
        rows: (from, to) => Promise.resolve(Array.from({ length: to - from }, (_, i) => (picture === null ? [] : [picture.valueHistogram, picture.gradientHistogram].flatMap(({ low, high, counts }) => {
          const [edge, count] = [low + ((from + i) / bins) * (high - low), counts[from + i] ?? 0];
          return [{ text: formatNumber(edge), exact: String(edge) }, { text: String(count), exact: String(count) }];
        })))),
      };
    },
  };
  return [maps, histograms];
}

function binName({ low, high, counts }: Histogram, bin: number): string {
  const edge = (i: number): string => formatNumber(low + (i / counts.length) * (high - low), 3);
  return `${edge(bin)} … ${edge(bin + 1)}`;
}
