// What the cards of weights share: the pictures of the run, which tensor is shown, which cell is chosen, and the
// bitmaps of both maps.
import { colourMap } from '../page/colours.js';
import { asInteger } from '../page/pageState.js';
import { Latest } from '../page/model.js';
import { inReadingOrder } from '../page/series.js';
import type { Page } from '../chart/trackView.js';
import type { CellFacts, WeightsPicture } from '../page/model.js';
import type { Theme } from '../page/theme.js';

export type WeightName = string;
const mostCells = 256;

export type Side = 'values' | 'gradients';
type Pictures = ReadonlyMap<WeightName, WeightsPicture>;

export const limitOf = (picture: WeightsPicture, side: Side): number =>
  side === 'values' ? picture.limit : picture.gradientLimit;

type Bitmaps = { readonly theme: Theme; readonly sides: Map<Side, HTMLCanvasElement> };
const bitmaps = new WeakMap<WeightsPicture, Bitmaps>();

/**
 * Painted once for each picture and theme. One large number may not leave the others dark: colours go by the root of
 * |w|, with its sign.
 */
export function bitmap(picture: WeightsPicture, side: Side, theme: Theme): HTMLCanvasElement {
  const kept = bitmaps.get(picture);
  const known: Bitmaps = kept?.theme === theme ? kept : { theme, sides: new Map() };
  bitmaps.set(picture, known);
  const canvas = known.sides.get(side) ?? colour(picture, side, theme);
  known.sides.set(side, canvas);
  return canvas;
}

function colour(picture: WeightsPicture, side: Side, theme: Theme): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = picture.columns;
  canvas.height = picture.rows;
  canvas.getContext('2d')?.putImageData(
    new ImageData(
      colourMap(theme).pixels(
        picture[side].map((share) => Math.sign(share) * Math.sqrt(Math.abs(share))),
        1,
      ),
      picture.columns,
      picture.rows,
    ),
    0,
    0,
  );
  return canvas;
}

export class WeightChoice {
  pictures: Pictures | null = null;
  /** As it was chosen last; a run of another cell may not have it. */
  #wanted: WeightName | null;
  cell: { readonly row: number; readonly column: number };
  /** Learning rate. */
  rate: number;
  #asked = -1;
  readonly #memory: Page['memory'];
  readonly #latest: Latest<readonly WeightName[], (WeightsPicture | null)[]>;
  readonly #model: Page['model'];

  constructor({ model, memory }: Page, changed: () => void) {
    this.#model = model;
    this.#memory = memory;
    const kept = memory.chosen('weights');
    const { tensor, row, column, rate } =
      typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    this.#wanted = typeof tensor === 'string' ? tensor : null;
    this.cell = { row: Math.max(0, asInteger(row) ?? 0), column: Math.max(0, asInteger(column) ?? 0) };
    this.rate = typeof rate === 'number' && rate > 0 && Number.isFinite(rate) ? rate : 0.01;
    this.#latest = new Latest(
      (names) =>
        Promise.all(
          names.map((name) => model.slice('weights', { tensor: name, maxRows: mostCells, maxColumns: mostCells })),
        ),
      (pictures, names) => {
        const known = new Map<WeightName, WeightsPicture>();
        for (const [i, name] of names.entries()) {
          const picture = pictures[i] ?? null;
          if (picture === null) return;
          known.set(name, picture);
        }
        this.pictures = known;
        changed();
      },
    );
  }

  choose(choice: {
    tensor?: WeightName;
    cell?: { readonly row: number; readonly column: number };
    rate?: number;
  }): void {
    const { tensor = this.#wanted, cell = this.cell, rate = this.rate } = choice;
    this.#wanted = tensor;
    this.cell = cell;
    this.rate = rate;
    this.#memory.choose('weights', { tensor: this.tensor, ...this.cell, rate: this.rate });
  }

  get picture(): WeightsPicture | null {
    return this.pictures?.get(this.tensor) ?? null;
  }

  /** The parameters of the run, in the order in which they are offered. */
  get parameters(): CellFacts['parameters'] {
    return inReadingOrder(this.#model.run?.cell.parameters ?? []);
  }

  /** The one that is shown: as chosen, or the first of the cell. */
  get tensor(): WeightName {
    const names = this.parameters.map(({ name }) => name);
    return names.find((name) => name === this.#wanted) ?? names[0] ?? '';
  }

  ask(): void {
    const { run } = this.#model;
    if (run !== null && run.runId !== this.#asked) {
      this.#asked = run.runId;
      this.#latest.request(this.parameters.map(({ name }) => name));
    }
  }

  /** The chosen cell, brought inside the tensor that is shown. */
  get place(): { readonly row: number; readonly column: number } {
    const [rows = 1, columns = 1] = this.picture?.shape ?? [];
    return { row: Math.min(this.cell.row, rows - 1), column: Math.min(this.cell.column, columns - 1) };
  }
}
