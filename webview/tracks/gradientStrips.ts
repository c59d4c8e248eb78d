// Where the gradient has no place on a log axis: hatched strips at the bottom of its plot.
import { t as say } from '../page/l10n.js';
import { log10Of } from '../page/series.js';
import type { Painter } from '../chart/scene.js';
import type { Labels } from '../chart/labels.js';
import type { RunSummary, TimeWindow } from '../page/model.js';
import type { Theme } from '../page/theme.js';

/** Height of a strip, in pixels. */
const height = 9;

type Runs = readonly (readonly [first: number, last: number])[];

/** Runs of steps at which a series `is` something, both ends included, as far as its steps tell. */
function allRuns(is: (log10: number) => boolean, steps: Float64Array | null, values: Float64Array): Runs {
  const runs: [number, number][] = [];
  let before = false;
  values.forEach((value, i) => {
    const here = is(value);
    const last = runs[runs.length - 1];
    const t = steps?.[i] ?? i;
    if (here && before && last !== undefined) last[1] = t;
    else if (here) runs.push([t, t]);
    before = here;
  });
  return runs;
}

/** What has been found in the numbers of a run: every frame of a zoom asks for it again. */
const found = new WeakMap<Float64Array, Map<unknown, Runs>>();

/** The parts of these runs that lie in the window. */
function runsOf(
  is: (log10: number) => boolean,
  steps: Float64Array | null,
  values: Float64Array,
  { t0, t1 }: TimeWindow,
): Runs {
  const known = found.get(values) ?? new Map<unknown, Runs>();
  const runs = known.get(is) ?? allRuns(is, steps, values);
  found.set(values, known.set(is, runs));
  return runs
    .filter(([first, last]) => first < t1 && last >= t0)
    .map(([first, last]) => [Math.max(first, t0), Math.min(last, t1 - 1)]);
}

export type Strip = { readonly runs: Runs; readonly text: string; readonly colour: string };

const zero = (log10: number): boolean => log10 === -Infinity;
const noNumber = (log10: number): boolean => Number.isNaN(log10) || log10 === Infinity;

/**
 * Where the gradient has no place on a log axis: exactly zero, in total and of what comes from the last step alone, or
 * not finite.
 */
export const strips = (run: RunSummary, window: TimeWindow, theme: Theme, hidden: ReadonlySet<string>): Strip[] =>
  (
    [
      ['dh', zero, say('exactly 0'), theme.red],
      ['singleSource', zero, say('from the last step: exactly 0'), theme.blue],
      ['dh', noNumber, say('not finite'), theme.purple],
    ] as const
  )
    .filter(([id]) => !hidden.has(id))
    .map(([id, is, text, colour]) => ({ runs: runsOf(is, run.steps, log10Of(run, id), window), text, colour }))
    .filter(({ runs }) => runs.length > 0);

/** Paints them above one another, then what they are called; tells the height above them. */
export function paintStrips(painter: Painter, labels: Labels, drawn: readonly Strip[]): number {
  const { left, right, bottom } = painter;
  let floor = bottom - height;
  for (const { runs, colour } of drawn) {
    for (const [from, to] of runs) hatch(painter, painter.x(from - 0.5), painter.x(to + 0.5), floor + height, colour);
    floor -= height + 1;
  }
  for (const { runs, text, colour } of drawn) {
    const widest = runs.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))[0];
    if (widest === undefined) continue;
    const x = (Math.max(left, painter.x(widest[0] - 0.5)) + Math.min(right, painter.x(widest[1] + 0.5))) / 2;
    labels.put(
      text,
      colour,
      [0, -17].map((up) => ({ x, y: floor + up, align: 'center' })),
    );
  }
  return floor;
}

function hatch({ context }: Painter, x0: number, x1: number, bottom: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(x0, bottom - height, x1 - x0, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let x = Math.floor(x0 / 6) * 6 - height; x < x1; x += 6) {
    context.moveTo(x, bottom);
    context.lineTo(x + height, bottom - height);
  }
  context.stroke();
  context.restore();
}
