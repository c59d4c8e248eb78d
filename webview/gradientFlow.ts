// Track: how large the gradient is at every step, and how fast it shrinks or grows on its way back.
import { endsInWords, logAxis, logLine, logTable } from './lines.js';
import { formatFactor, formatLog10, formatSteps, powerOfTen } from './format.js';
import { Latest } from './model.js';
import { borders } from './view.js';
import { plotText } from './scene.js';
import { withAlpha } from './colours.js';
import type { Line, Painter, Scene } from './scene.js';
import type { RunSummary, TimeWindow } from './model.js';
import type { Page, PlotSize, View } from './view.js';
import type { TablePlan } from './table.js';
import type { Theme } from './theme.js';

const mostSequences = 32;
/** Height of the strip at the bottom that stands for exact zeros, in pixels. */
const zeroStrip = 9;

type SequenceLines = { readonly t: Float64Array; readonly values: readonly Float64Array[] };
type Ask = { readonly first: number; readonly count: number; readonly window: TimeWindow; readonly maxPoints: number };

/** The dashed line of a fitted segment: through the median of what the segment's points say about its height. */
function fitEnds(run: RunSummary, segment: RunSummary['verdict']['segments'][number]): readonly [number, number] | null {
  const slope = Math.log10(segment.perStepFactor);
  const heights: number[] = [];
  for (let t = segment.from; t <= segment.to; t++) {
    const value = run.log10.singleSource[t] ?? NaN;
    if (Number.isFinite(value)) heights.push(value - (segment.to - t) * slope);
  }
  const middle = heights.sort((a, b) => a - b)[Math.floor(heights.length / 2)];
  return middle === undefined || !Number.isFinite(slope) ? null : [middle + (segment.to - segment.from) * slope, middle];
}

const factorText = (factor: number): string => {
  const half = factor < 1 ? ` · half-life ${formatSteps(Math.log(0.5) / Math.log(factor))} steps` : factor > 1 ? ` · doubles in ${formatSteps(Math.log(2) / Math.log(factor))} steps` : '';
  return `×${formatFactor(factor)} per step back${half}`;
};

/** Runs of steps at which a series is exactly zero, both ends included. */
function zeroRuns(values: Float64Array, window: TimeWindow): [number, number][] {
  const runs: [number, number][] = [];
  for (let t = window.t0; t < window.t1; t++) {
    if (values[t] !== -Infinity) continue;
    const last = runs[runs.length - 1];
    if (last?.[1] === t - 1) last[1] = t;
    else runs.push([t, t]);
  }
  return runs;
}

export function gradientFlow({ model, timeline }: Page): View {
  let sequences: SequenceLines | null = null;
  let changed = (): void => undefined;
  const latest = new Latest((params: Ask) => model.slice('sequenceLines', params), (answer) => {
    if (answer === null) return;
    sequences = answer;
    changed();
  });

  function lines(run: RunSummary, theme: Theme): Line[] {
    const { log10, verdict } = run;
    const out: Line[] = [logLine({ id: 'dh', legend: '‖g_t‖ total', colour: theme.red, width: 2.5 }, log10.dh)];
    verdict.segments.forEach((segment, i) => {
      const ends = fitEnds(run, segment);
      if (ends !== null) out.push(logLine({ id: 'fit', legend: i === 0 ? 'fitted rate' : null, colour: theme.orange, dash: [5, 4], series: { t: Float64Array.of(segment.from, segment.to), values: ends }, at: null, inRange: false }, log10.dh));
    });
    out.push(
      logLine({ id: 'singleSource', legend: 'from the last step alone', colour: theme.blue, width: 1.5, dash: [2, 2] }, log10.singleSource),
      logLine({ id: 'dx', legend: '‖dx_t‖', colour: theme.green, width: 1, dash: [7, 3] }, log10.dx),
    );
    const faint = withAlpha(theme.red, theme.highContrast ? 0.75 : 0.4);
    sequences?.values.forEach((values, b) => {
      const chosen = timeline.sequence === b;
      out.push(logLine({ id: 'sequences', legend: b === 0 ? 'each sequence' : null, colour: chosen ? theme.red : faint, width: chosen ? 1.5 : 1, series: { t: sequences?.t ?? null, values }, at: null, inRange: false }, values));
    });
    return out;
  }

  function paintOver(painter: Painter, run: RunSummary, window: TimeWindow, theme: Theme): void {
    const { context, left, right, top, bottom } = painter;
    const { dtypeRange, verdict } = run;
    context.save();
    const zeros = zeroRuns(run.log10.dh, window);
    for (const [from, to] of zeros) hatch(painter, painter.x(from - 0.5), painter.x(to + 0.5), theme.red);
    const widest = zeros.sort((a, b) => b[1] - b[0] - (a[1] - a[0]))[0];
    if (widest !== undefined) {
      const [x0, x1] = [Math.max(left, painter.x(widest[0] - 0.5)), Math.min(right, painter.x(widest[1] + 0.5))];
      const text = 'exactly 0';
      const half = 30;
      plotText(painter, theme, text, Math.max(left + half, Math.min(right - half, (x0 + x1) / 2)), bottom - zeroStrip - 8, theme.red, 'center', 10);
    }
    for (const [level, name] of [[dtypeRange.log10Smallest, 'smallest'], [dtypeRange.log10Largest, 'largest']] as const) {
      const y = Math.round(painter.y(level)) + 0.5;
      if (y < top || y > bottom) continue;
      context.strokeStyle = theme.yellow;
      context.setLineDash([1, 3]);
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      context.stroke();
      context.setLineDash([]);
      const above = name === 'smallest' ? y + 9 < bottom : y - 9 > top;
      plotText(painter, theme, `${run.dtype} ${name} ${powerOfTen(level)}`, right - 6, name === 'smallest' ? (above ? y + 9 : y - 9) : above ? y - 9 : y + 9, theme.yellow, 'right', 10);
    }
    const marks = ([[verdict.crossedAt, 'bound passed', theme.foreground], [verdict.zeroAt, `${run.dtype} reaches 0`, theme.yellow], [verdict.infiniteAt, `${run.dtype} overflows`, theme.yellow]] as const);
    const seen = marks.flatMap(([t, text, colour]) => (t !== null && t >= window.t0 && t < window.t1 ? [{ t, text, colour }] : []));
    seen.forEach(({ t, text, colour }, i) => marker(painter, theme, t, `${text} at t = ${t}`, colour, i));
    for (const segment of verdict.segments) fitLabel(painter, run, segment, window, theme);
    context.restore();
  }

  return {
    id: 'flow',
    title: 'Gradient flow',
    formula: () => '‖∂L/∂h_t‖ over batch and units, log axis',
    height: 216,
    help: {
      text: [
        'How much of the loss still reaches the hidden state of each step. Read it from right to left, the way the gradient travels: a line that falls towards the left vanishes, one that rises explodes.',
        'The total g_t contains what the loss sends into each step directly. With a loss at every step this hides the decay of what comes from far away, so the verdict is measured on the line from the last step alone.',
        'Norms carry their exponent, so they are right far below what the number format can hold. Dotted levels show where plain arithmetic would lose them.',
      ],
      formula: 'g_t = dhs_t + (g_{t+1} ⊙ f′(z_{t+1}))·Wh^{T}',
      source: 'Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, “On the difficulty of training recurrent neural networks”',
    },
    available: () => true,
    refresh(window, size: PlotSize, onChange) {
      changed = onChange;
      const B = model.run?.shapes.B ?? 0;
      if (B > 1) latest.request({ first: 0, count: Math.min(B, mostSequences), window, maxPoints: size.columns });
      else sequences = null;
    },
    scene(run, window, theme): Scene {
      const all = lines(run, theme);
      const axis = logAxis(all, window.t0, window.t1, 'norm');
      const hasZeros = zeroRuns(run.log10.dh, window).length > 0;
      return {
        axis: hasZeros ? { ...axis, min: axis.min - (axis.max - axis.min) * 0.1 } : axis,
        lines: all,
        under: () => undefined,
        over: (painter) => paintOver(painter, run, window, theme),
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout: (run, t) => [`t = ${t}`, `‖g‖ = ${formatLog10(run.log10.dh[t] ?? NaN)}`, `last step alone = ${formatLog10(run.log10.singleSource[t] ?? NaN)}`, `‖dx‖ = ${formatLog10(run.log10.dx[t] ?? NaN)}`],
    summary: (run) => `Gradient norm per timestep on a log axis: ${endsInWords(run.log10.dh)}. ${run.verdict.perStepFactor === null ? '' : `Fitted rate ${factorText(run.verdict.perStepFactor)}.`}`,
    table: (run): TablePlan => logTable([
      { name: '‖g_t‖', values: run.log10.dh },
      { name: 'last step alone', values: run.log10.singleSource },
      { name: '‖dx_t‖', values: run.log10.dx },
    ], run.shapes.T),
    click: () => undefined,
  };
}

function hatch({ context, bottom }: Painter, x0: number, x1: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(x0, bottom - zeroStrip, x1 - x0, zeroStrip);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let x = Math.floor(x0 / 6) * 6 - zeroStrip; x < x1; x += 6) {
    context.moveTo(x, bottom);
    context.lineTo(x + zeroStrip, bottom - zeroStrip);
  }
  context.stroke();
  context.restore();
}

function marker(painter: Painter, theme: Theme, t: number, text: string, colour: string, row: number): void {
  const { context, left, right, top } = painter;
  const x = Math.round(painter.x(t)) + 0.5;
  const y = top + 9 + row * 15;
  context.save();
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x - 4, y - 4);
  context.lineTo(x + 4, y - 4);
  context.lineTo(x, y + 3);
  context.fill();
  context.restore();
  const toRight = x < (left + right) / 2;
  plotText(painter, theme, text, x + (toRight ? 8 : -8), y, colour, toRight ? 'left' : 'right', 10);
}

function fitLabel(painter: Painter, run: RunSummary, segment: RunSummary['verdict']['segments'][number], window: TimeWindow, theme: Theme): void {
  const ends = fitEnds(run, segment);
  const [from, to] = [Math.max(segment.from, window.t0), Math.min(segment.to, window.t1 - 1)];
  if (ends === null || to <= from) return;
  const text = run.verdict.segments.length === 1 ? factorText(segment.perStepFactor) : `×${formatFactor(segment.perStepFactor)}`;
  painter.context.save();
  painter.context.font = `11px ${theme.fontFamily}`;
  const width = painter.context.measureText(text).width;
  painter.context.restore();
  const [x0, x1] = [painter.x(from), painter.x(to)];
  if (x1 - x0 < (run.verdict.segments.length === 1 ? 60 : width)) return;
  const slope = Math.log10(segment.perStepFactor);
  // Above the line, at its lower end, where a line that rises to one side leaves room.
  const share = slope < 0 ? 0.3 : 0.7;
  const x = Math.max(painter.left + width / 2 + 4, Math.min(painter.right - width / 2 - 4, x0 + share * (x1 - x0)));
  const lineAt = (pixel: number): number => painter.y(ends[1] + (segment.to - (from + ((pixel - x0) / (x1 - x0)) * (to - from))) * slope);
  const above = Math.min(lineAt(x - width / 2), lineAt(x + width / 2)) - 11;
  const below = Math.max(lineAt(x - width / 2), lineAt(x + width / 2)) + 12;
  plotText(painter, theme, text, x, above > painter.top + 8 ? above : Math.min(painter.bottom - 10, below), theme.orange, 'center');
}
