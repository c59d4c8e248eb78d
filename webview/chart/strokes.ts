// Lines of a scene on a canvas.
import { points } from './scene.js';
import type { Line, Painter, Scene } from './scene.js';
import type { TimeWindow } from '../page/model.js';

type Point = { readonly x: number; readonly y: number };
/** A line and its points for one window on so many pixels. */
export type Drawn = { readonly line: Line; readonly data: readonly Point[] };

/** What a plot shows: lines of its scene, but for those that are hidden, in a window of steps. */
type Shown = { readonly scene: Scene; readonly hidden: ReadonlySet<string>; readonly window: TimeWindow };

/** The lines to draw, with as many points as have room. */
export const drawnLines = ({ scene, hidden, window: { t0, t1 } }: Shown, pixels: number): Drawn[] =>
  scene.lines
    .filter((line) => !hidden.has(line.id))
    .map((line) => ({ line, data: points(line.series, t0, t1, pixels) }));

/**
 * Points of one stroke. A path that turns in every pixel takes a browser five times as long as a whole than in pieces.
 */
const pointsOfStroke = 48;
/** A step whose neighbours are gaps would otherwise be invisible; among more points than these it is not looked for. */
const mostDots = 400;

const isAlone = (data: readonly Point[], i: number): boolean =>
  !Number.isFinite(data[i - 1]?.y ?? NaN) && !Number.isFinite(data[i + 1]?.y ?? NaN);

function paintLine(painter: Painter, { line: { colour, width, dash }, data }: Drawn): void {
  const { context } = painter;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = width;
  context.setLineDash([...dash]);
  /** Points of the stroke that is open, and how far its line has come before, which is where dashes go on. */
  let [pen, gone] = [0, 0];
  let last = { x: 0, y: 0 };
  const begin = (at: Point): void => {
    context.lineDashOffset = gone;
    context.beginPath();
    context.moveTo(at.x, at.y);
    pen = 1;
  };
  data.forEach((point, i) => {
    if (!Number.isFinite(point.y)) {
      if (pen > 1) context.stroke();
      [pen, gone] = [0, 0];
      return;
    }
    const at = { x: painter.x(point.x), y: painter.y(point.y) };
    if (data.length <= mostDots && isAlone(data, i)) {
      context.beginPath();
      context.arc(at.x, at.y, Math.max(1.5, width), 0, 2 * Math.PI);
      context.fill();
    } else if (pen === 0) begin(at);
    else {
      context.lineTo(at.x, at.y);
      if (dash.length > 0) gone += Math.hypot(at.x - last.x, at.y - last.y);
      if (++pen === pointsOfStroke) {
        context.stroke();
        begin(at);
      }
    }
    last = at;
  });
  if (pen > 1) context.stroke();
}

/** The topmost line comes last. */
export function paintLines(painter: Painter, lines: readonly Drawn[]): void {
  painter.context.lineJoin = 'round';
  for (const drawn of [...lines].reverse()) paintLine(painter, drawn);
}
