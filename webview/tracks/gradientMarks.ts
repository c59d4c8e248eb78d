// What is written on the gradient flow: the steps that the verdict names, the range of the run's dtype, the rates.
import { t as say } from '../page/l10n.js';
import { formatFactor, powerOfTen } from '../page/format.js';
import { Labels } from '../chart/labels.js';
import { nearAt } from '../chart/overlay.js';
import { log10Of, nearStepValue } from '../page/series.js';
import { isReverse, positionOf } from '../page/stepLabels.js';
import { factorText, fitEnds } from './fittedRate.js';
import { paintStrips, strips } from './gradientStrips.js';
import type { Segment } from './fittedRate.js';
import type { Overlay } from '../chart/overlay.js';
import type { Painter } from '../chart/scene.js';
import type { Place } from '../chart/labels.js';
import type { RunSummary, TimeWindow } from '../page/model.js';
import type { Theme } from '../page/theme.js';

/** Whether the only loss sits where the verdict's source does: only then is nothing learned before the horizon. */
export const isFromSource = ({ lossCount, lossSteps, verdict }: RunSummary): boolean =>
  lossCount === 1 && lossSteps[0]?.[0] === verdict.source;

/** What is painted: of which run, over which steps. */
export type Shown = {
  readonly run: RunSummary;
  readonly window: TimeWindow;
  readonly theme: Theme;
  /** Ids of the lines that are not shown. */
  readonly hidden: ReadonlySet<string>;
};

/** `fits`: whether the fitted rates are shown where their line is. */
export function paintMarks(painter: Painter, shown: Shown, overlays: readonly Overlay[], fits: boolean): void {
  const { run, window, theme, hidden } = shown;
  const marks = marksOf(shown);
  const uprights = marks.map(({ t }) => painter.x(t));
  const labels = labelsBeside(painter, shown, overlays, uprights);
  const floor = paintStrips(painter, labels, strips(run, window, theme, hidden));
  paintRange(painter, labels, run, theme);
  if (fits && !hidden.has('fit'))
    for (const segment of run.verdict.segments) fitLabel(painter, labels, run, segment, window, theme);
  for (const { t, text, colour } of marks) marker(painter, labels, t, text, colour, floor, uprights);
}

type Mark = { readonly t: number; readonly text: string; readonly colour: string };

/** The steps of the window that the verdict names. */
function marksOf({ run, window, theme }: Shown): Mark[] {
  const { verdict } = run;
  // A text is told the position of its step.
  const marks: readonly (readonly [t: number | null, text: (t: number) => string, colour: string])[] = [
    [
      run.onePercentAt,
      (t) =>
        !isFromSource(run)
          ? say('1 % horizon: t = {0}', t)
          : isReverse(run)
            ? say('hardly learned after t = {0}', t)
            : say('hardly learned before t = {0}', t),
      isFromSource(run) ? theme.orange : theme.blue,
    ],
    [verdict.crossedAt, (t) => say('bound passed at t = {0}', t), theme.foreground],
    [verdict.zeroAt, (t) => say('{0} reaches 0 at t = {1}', run.dtype, t), theme.yellow],
    [verdict.infiniteAt, (t) => say('{0} overflows at t = {1}', run.dtype, t), theme.yellow],
  ];
  return marks.flatMap(([t, text, colour]) =>
    t !== null && t >= window.t0 && t < window.t1 ? [{ t, text: text(positionOf(run, t)), colour }] : [],
  );
}

/** Room for texts beside the lines that are shown and the upright lines of the marks. */
function labelsBeside(
  painter: Painter,
  { run, window, theme, hidden }: Shown,
  overlays: readonly Overlay[],
  uprights: readonly number[],
): Labels {
  const { left, right } = painter;
  const stepAt = (pixel: number): number =>
    Math.round(window.t0 - 0.5 + ((pixel - left) / (right - left)) * (window.t1 - window.t0));
  return new Labels(
    painter,
    theme,
    [
      ...(['dh', 'singleSource', 'dx'] as const)
        .filter((id) => !hidden.has(id))
        .map((id) => log10Of(run, id))
        .map((values) => (pixel: number) => painter.y(nearStepValue(run.steps, values, stepAt(pixel)))),
      ...overlays.map(
        ({ curve }) =>
          (pixel: number) =>
            painter.y(nearAt(curve, 'dh', stepAt(pixel), run.shapes.T)),
      ),
    ],
    uprights,
  );
}

/** Dotted levels beyond which plain arithmetic in the run's dtype has zeros or infinities. */
function paintRange(painter: Painter, labels: Labels, { dtype, dtypeRange }: RunSummary, theme: Theme): void {
  const { context, left, right, top, bottom } = painter;
  for (const [level, name] of [
    [dtypeRange.log10Smallest, 'smallest'],
    [dtypeRange.log10Largest, 'largest'],
  ] as const) {
    const y = Math.round(painter.y(level)) + 0.5;
    if (y < top || y > bottom) continue;
    context.save();
    context.strokeStyle = theme.yellow;
    context.setLineDash([1, 3]);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(right, y);
    context.stroke();
    context.restore();
    const outside = name === 'smallest' ? 9 : -9;
    labels.put(
      name === 'smallest'
        ? say('{0} smallest {1}', dtype, powerOfTen(Math.floor(level)))
        : say('{0} largest {1}', dtype, powerOfTen(Math.floor(level))),
      theme.yellow,
      [outside, -outside].flatMap(
        (shift) =>
          [
            { x: right - 6, y: y + shift, align: 'right' },
            { x: (left + right) / 2, y: y + shift, align: 'center' },
            { x: left + 6, y: y + shift, align: 'left' },
          ] as const,
      ),
    );
  }
}

/** A notch at the edge of the plot that names a step. */
function marker(
  painter: Painter,
  labels: Labels,
  t: number,
  text: string,
  colour: string,
  floor: number,
  uprights: readonly number[],
): void {
  const { context, top } = painter;
  const x = Math.round(painter.x(t)) + 0.5;
  context.save();
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x - 4, top);
  context.lineTo(x + 4, top);
  context.lineTo(x, top + 6);
  context.fill();
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  context.setLineDash([1, 4]);
  context.beginPath();
  context.moveTo(x, top + 6);
  context.lineTo(x, painter.bottom);
  context.stroke();
  context.restore();
  const rows = [top + 9, top + 26, floor, floor - 17, top + 43, floor - 34];
  const around = (...lines: (readonly number[])[]): readonly Place[] =>
    rows.flatMap((y) =>
      lines.flatMap((all): Place[] => [
        { x: Math.min(...all) - 8, y, align: 'right' },
        { x: Math.max(...all) + 8, y, align: 'left' },
      ]),
    );
  // Beside its own line, or beyond another one that stands close to it; where a text has no room there, beyond all that
  // are not so far that it would seem to belong to them.
  const within = (pixels: number): number[] => [x, ...uprights.filter((other) => Math.abs(other - x) < pixels)];
  labels.put(text, colour, around([x], within(24)), around(within(80)));
}

function fitLabel(
  painter: Painter,
  labels: Labels,
  run: RunSummary,
  segment: Segment,
  window: TimeWindow,
  theme: Theme,
): void {
  const ends = fitEnds(run, segment);
  const [from, to] = [Math.max(segment.from, window.t0), Math.min(segment.to, window.t1 - 1)];
  const [x0, x1] = [painter.x(from), painter.x(to)];
  const alone = run.verdict.segments.length === 1;
  if (ends === null || x1 - x0 < 60) return;
  const slope = Math.log10(segment.perStepFactor);
  const heightAt = (t: number): number => painter.y(ends[1] + (segment.to - t) * slope);
  const factor = formatFactor(segment.perStepFactor);
  labels.put(
    labels.fitting([
      ...(alone ? [factorText(segment.perStepFactor), say('×{0} per step back', factor)] : []),
      `×${factor}`,
    ]),
    theme.orange,
    [0.3, 0.5, 0.7]
      .flatMap((share) => {
        const t = from + share * (to - from);
        return ([-1, 1] as const).flatMap((side) =>
          [14, 30, 46].map((distance): Place => ({
            x: painter.x(t),
            y: heightAt(t) + side * distance,
            align: 'center',
          })),
        );
      })
      .concat(
        [0.3, 0.5, 0.7].flatMap((down) =>
          [0.3, 0.6].map((across): Place => ({
            x: painter.left + across * (painter.right - painter.left),
            y: painter.top + down * (painter.bottom - painter.top),
            align: 'center',
          })),
        ),
        { x: painter.left + 6, y: painter.top + 10, align: 'left' },
        { x: painter.right - 6, y: painter.bottom - 12, align: 'right' },
      ),
    [],
    11,
  );
}
