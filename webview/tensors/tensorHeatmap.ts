// All numbers of a tensor as one picture: the last axis from left to right, all others from top to bottom.
import type { TensorLine, TensorPicture } from '../../src/protocol/index.js';
import { colourMap } from '../page/colours.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import type { Theme, ThemeWatch } from '../page/theme.js';
import { el, onFrame } from '../widgets/dom.js';

/** CSS pixels. A row of numbers is no thread, and a tall tensor does not leave the screen. */
const [lowest, highest, widestCell] = [24, 420, 28];
/** The picture asks for no more than this of either axis. */
const mostCells = 1024;

/** Cells of either axis. */
type Room = { readonly rows: number; readonly columns: number };
type Place = { readonly row: number; readonly column: number };

/** One large number may not leave the others dark: colours go by the root of the magnitude, with its sign. */
const tone = (share: number): number => Math.sign(share) * Math.sqrt(Math.abs(share));

export class TensorHeatmap {
  readonly element: HTMLElement;
  readonly #canvas = el('canvas', {
    attributes: { tabindex: '0', role: 'application', 'aria-roledescription': t('picture with keys') },
  });
  readonly #bar = el('canvas', { class: 'bar', attributes: { 'aria-hidden': 'true' } });
  readonly #ends = el('div', { class: 'ends' });
  readonly #readout = el('p', { class: 'readout', attributes: { role: 'status' } });
  readonly #themes: ThemeWatch;
  #picture: TensorPicture | null = null;
  /** The picture with a pixel for each cell, as the theme colours it; null until it is painted. */
  #cells: HTMLCanvasElement | null = null;
  #place: Place | null = null;
  readonly #drawSoon = onFrame(() => this.#draw());

  /** `resized`: there may be room for more cells. */
  constructor(themes: ThemeWatch, resized: () => void) {
    this.#themes = themes;
    this.element = el(
      'div',
      { class: 'heatmap' },
      this.#canvas,
      this.#readout,
      el('div', { class: 'scale' }, this.#bar, this.#ends),
    );
    this.#canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => this.#point(offsetX, offsetY));
    this.#canvas.addEventListener('pointerleave', () => this.#go(null));
    this.#canvas.addEventListener('keydown', (event) => this.#walk(event));
    themes.onChange(() => {
      this.#cells = null;
      this.paint();
    });
    // Painting sets the size of the canvas, and with it that of the element.
    const sized = onFrame(() => {
      this.paint();
      resized();
    });
    new ResizeObserver(sized).observe(this.element);
  }

  /** As many cells as there is room for. */
  get room(): Room {
    const ratio = devicePixelRatio;
    return {
      rows: Math.min(mostCells, Math.round(highest * ratio)),
      columns: Math.min(mostCells, Math.max(1, Math.round(this.element.clientWidth * ratio))),
    };
  }

  /** Whether there is room for more cells than were asked for, and the tensor has more. */
  hasRoomBeyond(asked: Room): boolean {
    const [picture, room] = [this.#picture, this.room];
    if (picture === null) return false;
    const [height, width] = picture.shape;
    return (
      (picture.rows < height && room.rows > asked.rows) || (picture.columns < width && room.columns > asked.columns)
    );
  }

  /** No picture until the next one is known; the element keeps its room. */
  clear(): void {
    this.#picture = this.#cells = null;
    this.#go(null);
    this.#canvas.removeAttribute('aria-label');
    for (const canvas of [this.#canvas, this.#bar])
      canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
    this.#ends.replaceChildren();
  }

  show(tensor: TensorLine, picture: TensorPicture): void {
    this.#picture = picture;
    this.#cells = null;
    this.#go(null);
    this.element.hidden = picture.values.length === 0;
    const [rows, columns] = picture.shape;
    this.#canvas.setAttribute(
      'aria-label',
      t(
        'Heatmap of {0}: {1} rows and {2} columns, the largest magnitude {3}. Arrow keys read single cells.',
        tensor.name,
        rows,
        columns,
        formatNumber(picture.limit),
      ),
    );
    this.paint();
  }

  paint(): void {
    const picture = this.#picture;
    if (picture === null || picture.values.length === 0) return;
    const map = colourMap(this.#themes.current);
    const ratio = devicePixelRatio;
    const [rows, columns] = picture.shape;
    const width = Math.max(1, Math.min(this.element.clientWidth, columns * widestCell));
    const height = Math.max(
      lowest,
      Math.min(highest, rows * widestCell, (rows / columns) * width * (columns > 8 ? 1 : 4)),
    );
    for (const [canvas, h, w] of [
      [this.#canvas, height, width],
      [this.#bar, 8, width],
    ] as const) {
      canvas.style.width = `${w}px`;
      canvas.style.height = `${h}px`;
      canvas.width = Math.max(1, Math.round(w * ratio));
      canvas.height = Math.max(1, Math.round(h * ratio));
    }
    this.#draw();
    const scale = this.#bar.getContext('2d');
    for (let x = 0; scale !== null && x < this.#bar.width; x++) {
      scale.fillStyle = map.css(-1 + (2 * (x + 0.5)) / this.#bar.width);
      scale.fillRect(x, 0, 1, this.#bar.height);
    }
    this.#ends.style.width = `${width}px`;
    this.#ends.replaceChildren(
      el('span', {}, formatNumber(-picture.limit, 3)),
      el('span', {}, '√|w|'),
      el('span', {}, formatNumber(picture.limit, 3)),
    );
  }

  /** The cells, and the frame around the one that is read. */
  #draw(): void {
    const [picture, context] = [this.#picture, this.#canvas.getContext('2d')];
    if (picture === null || picture.values.length === 0 || context === null) return;
    const theme = this.#themes.current;
    this.#cells ??= cellsOf(picture, theme);
    const { width, height } = this.#canvas;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#cells, 0, 0, width, height);
    if (this.#place === null) return;
    const [w, h] = [width / picture.columns, height / picture.rows];
    for (const [colour, line] of [
      [theme.background, 3],
      [theme.foreground, 1],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = line * devicePixelRatio;
      context.strokeRect(this.#place.column * w, this.#place.row * h, Math.max(w, 2), Math.max(h, 2));
    }
  }

  #point(x: number, y: number): void {
    const picture = this.#picture;
    const { clientWidth, clientHeight } = this.#canvas;
    if (picture === null || clientWidth === 0) return;
    const within = (share: number, most: number): number => Math.max(0, Math.min(most - 1, Math.floor(share * most)));
    this.#go({ row: within(y / clientHeight, picture.rows), column: within(x / clientWidth, picture.columns) });
  }

  #go(place: Place | null): void {
    const picture = this.#picture;
    this.#place = place;
    this.#readout.textContent = place === null || picture === null ? '\u00a0' : readout(picture, place);
    this.#drawSoon();
  }

  #walk(event: KeyboardEvent): void {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const picture = this.#picture;
    if (by === undefined || picture === null) return;
    event.preventDefault();
    const { row, column } = this.#place ?? { row: -(by[0] ?? 0), column: -(by[1] ?? 0) };
    this.#go({
      row: Math.max(0, Math.min(picture.rows - 1, row + (by[0] ?? 0))),
      column: Math.max(0, Math.min(picture.columns - 1, column + (by[1] ?? 0))),
    });
  }
}

function cellsOf({ rows, columns, values }: TensorPicture, theme: Theme): HTMLCanvasElement {
  const cells = el('canvas');
  [cells.width, cells.height] = [columns, rows];
  const pixels = new ImageData(colourMap(theme).pixels(values.map(tone), 1), columns, rows);
  cells.getContext('2d')?.putImageData(pixels, 0, 0);
  return cells;
}

/** The number of a cell, or the largest of those that it covers. */
function readout({ shape, rows, columns, values, limit }: TensorPicture, { row, column }: Place): string {
  const span = (at: number, cells: number, size: number): readonly [number, number] => [
    Math.ceil((at * size) / cells),
    Math.max(Math.ceil((at * size) / cells), Math.ceil(((at + 1) * size) / cells) - 1),
  ];
  const text = ([from, to]: readonly [number, number]): string => (from === to ? String(from) : `${from}–${to}`);
  const share = values[row * columns + column] ?? NaN;
  const value = formatNumber(Number.isFinite(share) && limit > 0 ? share * limit : share);
  const place = `[${text(span(row, rows, shape[0]))}, ${text(span(column, columns, shape[1]))}]`;
  return rows < shape[0] || columns < shape[1] ? t('{0}: largest {1}', place, value) : `${place}: ${value}`;
}
