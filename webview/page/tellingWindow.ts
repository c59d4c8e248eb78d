// Where a long run is worth a look: the steps that the gradient still reaches.
import { log10Of } from './series.js';
import type { RunSummary, TimeWindow } from './model.js';

/** Shorter runs are seen as a whole. */
const longRun = 500;
/** What has shrunk by so many decades is out of the picture. */
const decades = 8;
/** The window is worth its while where it is at most this part of the run. */
const mostOfTheRun = 0.25;
/** Room before what is told, as a part of it. */
const margin = 0.25;

/** Null where all of the run is. */
export function tellingWindow(run: RunSummary): TimeWindow | null {
  const {
    shapes: { T },
    steps,
  } = run;
  if (T < longRun) return null;
  const values = log10Of(run, 'dh');
  const largest = values.reduce((most, value) => (Number.isFinite(value) && value > most ? value : most), -Infinity);
  const places = [...values.keys()].filter((i) => (values[i] ?? NaN) >= largest - decades);
  const [first, last] = [places[0], places.at(-1)].map((i) => (i === undefined ? NaN : (steps?.[i] ?? i)));
  if (first === undefined || last === undefined || !Number.isFinite(last - first)) return null;
  const span = last - first + 1;
  // What explodes is largest far from the loss, and the way there tells how.
  if (span > mostOfTheRun * T || last < run.verdict.source) return null;
  const air = Math.ceil(Math.max(span * margin, 8));
  return { t0: Math.max(0, first - air), t1: Math.min(T, last + air + 1) };
}
