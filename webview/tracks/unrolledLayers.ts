// The unrolled network of several layers: a row of steps for each layer in each direction, the last layer on top. The
// gradient goes down through the layers and along each row, as wide as it is large; the numbers are those of the
// network map.
import { readable } from '../page/colours.js';
import { formatLog10 } from '../page/format.js';
import { layerName, layersFromTop } from '../page/layerNames.js';
import { Latest } from '../page/model.js';
import { columnAt } from '../chart/scene.js';
import { positionOf } from '../page/stepLabels.js';
import { arrow, stream, subscript } from './unrolledMarks.js';
import type { Model, NetworkMap, NetworkSummary, RunSummary, TimeWindow } from '../page/model.js';
import type { Theme } from '../page/theme.js';

const [fewestDecades, mostDecades] = [3, 12];
/** Columns that say how large the gradient is in all of the run: the scale stays while the lens moves. */
const scaleColumns = 1024;
/** Pixels from one row to the next, at least; further layers stand above and below the chosen one. */
const leastPitch = 18;
/** Below the rows: what enters. */
const footRoom = 16;

type Asked = { readonly runId: number; readonly window: TimeWindow; readonly maxColumns: number };
type Known = { readonly runId: number; readonly map: NetworkMap };

/** Which rows are shown, and where. */
export type Rows = { readonly shown: readonly number[]; readonly pitch: number; readonly box: number };

/** The rows around the one that is looked at, as many as there is room for. */
export function rowsIn(network: NetworkSummary, height: number): Rows {
  const all = layersFromTop(network);
  const count = Math.max(1, Math.min(all.length, Math.floor((height - footRoom) / leastPitch)));
  const middle = Math.max(0, all.indexOf(network.shown));
  const first = Math.max(0, Math.min(all.length - count, middle - Math.floor(count / 2)));
  const pitch = Math.min(44, (height - footRoom) / count);
  return { shown: all.slice(first, first + count), pitch, box: Math.max(12, Math.min(24, pitch - 8)) };
}

/** Middle of a row, from the upper edge of the rows. */
export const rowMiddle = ({ pitch, box }: Rows, row: number): number => row * pitch + box / 2 + 1;

export class UnrolledLayers {
  readonly #lens: Latest<Asked, NetworkMap | null>;
  readonly #whole: Latest<Asked, NetworkMap | null>;
  #known: Known | null = null;
  #scale: { readonly runId: number; readonly high: number; readonly decades: number } | null = null;
  #asked = '';

  constructor(model: Model, changed: () => void) {
    const ask = ({ window, maxColumns }: Asked): Promise<NetworkMap | null> =>
      model.slice('networkMap', { window, maxColumns });
    this.#lens = new Latest(ask, (map, { runId }) => {
      if (map === null) this.#asked = '';
      if (map === null || runId !== model.run?.runId) return;
      this.#known = { runId, map };
      changed();
    });
    this.#whole = new Latest(ask, (map, { runId }) => {
      if (map === null || runId !== model.run?.runId) return;
      const finite = [...map.values, ...map.down].filter(Number.isFinite);
      const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
      const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
      this.#scale = { runId, high, decades: Math.min(mostDecades, Math.max(fewestDecades, high - low)) };
      changed();
    });
  }

  static of({ network }: RunSummary): NetworkSummary | null {
    return network !== null && network.layers.length > 1 ? network : null;
  }

  /** Steps under the lens, and the one behind it, whose gradient comes in. */
  ask({ runId, shapes: { T } }: RunSummary, first: number, count: number): void {
    const key = `${runId} ${first} ${count}`;
    if (key === this.#asked) return;
    this.#asked = key;
    const window = { t0: first, t1: Math.min(T, first + count + 1) };
    this.#lens.request({ runId, window, maxColumns: window.t1 - window.t0 });
    if (this.#scale?.runId !== runId)
      this.#whole.request({ runId, window: { t0: 0, t1: T }, maxColumns: scaleColumns });
  }

  /** log10 of ‖ds_t‖ of a layer, or of what it sends down; NaN while it is not known, or where a report left it out. */
  log10(run: RunSummary, part: 'values' | 'down', layer: number, t: number): number {
    const known = this.#known;
    if (known?.runId !== run.runId) return NaN;
    const { map } = known;
    if (t < map.window.t0 || t >= map.window.t1) return NaN;
    const { column, from, to } = columnAt(map, t);
    return from === to ? (map[part][layer * map.columns + column] ?? NaN) : NaN;
  }

  #strength(run: RunSummary, part: 'values' | 'down', layer: number, t: number): number | null {
    const value = this.log10(run, part, layer, t);
    if (this.#scale?.runId !== run.runId || !Number.isFinite(value)) return null;
    return Math.max(0, 1 + (value - this.#scale.high) / this.#scale.decades);
  }

  /** `top`: upper edge of the rows; `passes`: whether a gradient may go from t to t − 1. */
  paint(
    context: CanvasRenderingContext2D,
    run: RunSummary,
    theme: Theme,
    rows: Rows,
    place: {
      readonly top: number;
      readonly boxWidth: number;
      readonly first: number;
      readonly count: number;
      readonly cursor: number;
      readonly x: (t: number) => number;
      readonly passes: (t: number) => boolean;
      readonly isFilled: (t: number) => boolean;
      readonly isReached: (t: number) => boolean;
    },
  ): void {
    const network = UnrolledLayers.of(run);
    if (network === null) return;
    const { top, boxWidth, first, count, cursor, x, passes, isFilled, isReached } = place;
    const { box } = rows;
    const at = (row: number): number => top + rowMiddle(rows, row);
    const choice = (index: number) => network.layers[index];
    const shownWay = choice(network.shown)?.direction;
    const last = first + count;
    const bottom = at(rows.shown.length - 1) + box / 2;
    for (let t = first; t < last; t++) {
      rows.shown.forEach((index, row) => {
        const own = choice(index);
        if (own === undefined) return;
        // Down to the first row of the layer below, or out of the network; each direction beside the other.
        const below = rows.shown.findIndex((other) => (choice(other)?.layer ?? 0) < own.layer);
        const aside = x(t) + (own.direction === 'forward' ? 6 : 14);
        const end = below < 0 ? bottom + 9 : at(below) - box / 2 - 1;
        const start = at(row) + box / 2;
        if (isReached(t))
          stream(
            context,
            { from: start, to: end, across: aside, upright: true },
            this.#strength(run, 'down', index, t),
            this.#strength(run, 'down', index, t),
            theme,
            6,
          );
        context.strokeStyle = isFilled(t) ? theme.muted : theme.grid;
        context.lineWidth = 1;
        arrow(context, {
          from: end,
          to: start + 1,
          across: x(t) - (own.direction === 'forward' ? 6 : 14),
          upright: true,
        });
        if (t + 1 >= run.shapes.T) return;
        const [right, next] = [x(t) + boxWidth / 2 + 2, x(t + 1) - boxWidth / 2 - 2];
        // The time axis is that of the layer that is looked at; the other direction runs against it.
        const isAlong = own.direction === shownWay;
        context.strokeStyle = isFilled(isAlong ? t + 1 : t) ? theme.muted : theme.grid;
        arrow(context, { from: isAlong ? right : next, to: isAlong ? next : right, across: at(row) - box / 4 });
        const [from, to] = isAlong ? [t + 1, t] : [t, t + 1];
        if (!passes(t + 1)) return;
        if (isReached(to))
          stream(
            context,
            { from: isAlong ? next : right, to: isAlong ? right : next, across: at(row) + box / 4 },
            this.#strength(run, 'values', index, from),
            this.#strength(run, 'values', index, to),
            theme,
            8,
          );
      });
    }
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (let t = first; t < last; t++) {
      rows.shown.forEach((index, row) => {
        const isHere = t === cursor && index === network.shown;
        context.fillStyle = theme.background;
        context.strokeStyle = index === network.shown ? theme.blue : theme.muted;
        context.lineWidth = isHere ? 2.5 : 1;
        context.beginPath();
        context.roundRect(x(t) - boxWidth / 2, at(row) - box / 2, boxWidth, box, 4);
        context.fill();
        context.stroke();
        if (!isReached(t)) return;
        context.font = `10px ${theme.fontFamily}`;
        context.fillStyle = readable(theme.red, theme);
        context.fillText(formatLog10(this.log10(run, 'values', index, t), 3), x(t), at(row) + 0.5);
      });
      context.fillStyle = t === cursor ? theme.foreground : theme.muted;
      context.font = `${t === cursor ? '600 ' : ''}10px ${theme.fontFamily}`;
      context.fillText(`x${subscript(positionOf(run, t))}`, x(t) - 22, bottom + 8);
    }
    context.lineWidth = 1;
  }

  /** As a tooltip tells them. */
  readings(run: RunSummary, t: number): string[] {
    const network = UnrolledLayers.of(run);
    return network === null
      ? []
      : layersFromTop(network).map(
          (index) => `${layerName(network, index)}: ‖ds‖ = ${formatLog10(this.log10(run, 'values', index, t))}`,
        );
  }
}
