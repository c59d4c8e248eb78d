// The fitted rate of the gradient: its dashed line, and its words.
import { formatFactor, formatSteps } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { log10Of } from '../page/series.js';
import type { RunSummary } from '../page/model.js';

export type Segment = RunSummary['verdict']['segments'][number];
type Ends = readonly [number, number] | null;
/**
 * Kept with each segment: the fit does not change while the window does, and sorting 20,000 heights takes longer than
 * painting them.
 */
const knownEnds = new WeakMap<Segment, Ends>();

export function fitEnds(run: RunSummary, segment: Segment): Ends {
  const ends = knownEnds.get(segment) ?? findEnds(run, segment);
  knownEnds.set(segment, ends);
  return ends;
}

/** The dashed line of a fitted segment: through the median of what the segment's points say about its height. */
function findEnds(run: RunSummary, segment: Segment): Ends {
  const slope = Math.log10(segment.perStepFactor);
  const heights: number[] = [];
  const { steps } = run;
  const singleSource = log10Of(run, 'singleSource');
  singleSource.forEach((value, i) => {
    const t = steps?.[i] ?? i;
    if (t >= segment.from && t <= segment.to && Number.isFinite(value)) heights.push(value - (segment.to - t) * slope);
  });
  const middle = heights.sort((a, b) => a - b)[Math.floor(heights.length / 2)];
  return middle === undefined || !Number.isFinite(slope)
    ? null
    : [middle + (segment.to - segment.from) * slope, middle];
}

export const factorText = (factor: number): string => {
  const told = formatFactor(factor);
  // Beyond this many steps the rate says nothing that the factor does not.
  if (Math.abs(Math.log(factor)) < 1e-5) return say('×{0} per step back', told);
  return factor < 1
    ? say('×{0} per step back · half-life {1} steps', told, formatSteps(Math.log(0.5) / Math.log(factor)))
    : say('×{0} per step back · doubles in {1} steps', told, formatSteps(Math.log(2) / Math.log(factor)));
};
