// Track: how large the gradient is at every step, and how fast it shrinks or grows on its way back.
import { withoutEscapes } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import { endsInWords, logAxis, logLine, unseenText } from './logLines.js';
import { plotNote, withNeighbours } from '../chart/scene.js';
import { printNear } from '../page/nearest.js';
import { formatFactor, formatLog10, formatSteps, powerOfTen } from '../page/format.js';
import { flowFormula } from '../page/formulas.js';
import { Latest } from '../page/model.js';
import { borders, limits } from '../chart/trackView.js';
import { Labels } from '../chart/labels.js';
import { withAlpha } from '../page/colourMaths.js';
import { LayerLines } from './layerLines.js';
import { flowTable, mostSequences, ratioAt, stateNorms } from './gradientFlowTable.js';
import { nearAt, overlayLines, stepsOf } from '../chart/overlay.js';
import { dxHeading, ownerOfDx } from '../page/layerNames.js';
import { log10Of, nearStepValue, reading } from '../page/series.js';
import { isReverse, positionOf, stepName } from '../page/stepLabels.js';
import type { LogSeries } from '../page/series.js';
import type { Overlays } from '../chart/overlay.js';
import type { Line, Painter, Scene } from '../chart/scene.js';
import type { Place } from '../chart/labels.js';
import type { Band, RunSummary, TimeWindow } from '../page/model.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Fact, Page, PlotSize, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

/** Height of the strip at the bottom that stands for exact zeros, in pixels. */
const zeroStrip = 9;

/** Of the sequences from `first` on. */
type SequenceLines = { readonly first: number; readonly t: Float64Array; readonly values: readonly Float64Array[] };
type Ask = { readonly first: number; readonly count: number; readonly window: TimeWindow; readonly maxPoints: number };

type Segment = RunSummary['verdict']['segments'][number];
type Ends = readonly [number, number] | null;
/**
 * Kept with each segment: the fit does not change while the window does, and sorting 20,000 heights takes longer than
 * painting them.
 */
const knownEnds = new WeakMap<Segment, Ends>();

function fitEnds(run: RunSummary, segment: Segment): Ends {
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

const factorText = (factor: number): string => {
  const told = formatFactor(factor);
  // Beyond this many steps the rate says nothing that the factor does not.
  if (Math.abs(Math.log(factor)) < 1e-5) return say('×{0} per step back', told);
  return factor < 1
    ? say('×{0} per step back · half-life {1} steps', told, formatSteps(Math.log(0.5) / Math.log(factor)))
    : say('×{0} per step back · doubles in {1} steps', told, formatSteps(Math.log(2) / Math.log(factor)));
};

/** A mark of the verdict that lies so many decades from the line of the total does not belong to it. */
const apart = 1;

/** Whether the verdict, which goes by the last step alone, marks steps where the total tells something else. */
function judgesAnother(run: RunSummary): boolean {
  const { onePercentAt, verdict, steps } = run;
  // Both begin at the source, each at a height of its own.
  const lost = (name: 'dh' | 'singleSource', t: number): number => {
    const values = log10Of(run, name);
    return nearStepValue(steps, values, t) - nearStepValue(steps, values, verdict.source);
  };
  return [onePercentAt, verdict.crossedAt, verdict.zeroAt, verdict.infiniteAt].some(
    (t) => t !== null && Math.abs(lost('dh', t) - lost('singleSource', t)) > apart,
  );
}

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

type Strip = { readonly runs: Runs; readonly text: string; readonly colour: string };

const zero = (log10: number): boolean => log10 === -Infinity;
const noNumber = (log10: number): boolean => Number.isNaN(log10) || log10 === Infinity;

/**
 * Where the gradient has no place on a log axis: exactly zero, in total and of what comes from the last step alone, or
 * not finite.
 */
const strips = (run: RunSummary, window: TimeWindow, theme: Theme, hidden: ReadonlySet<string>): Strip[] =>
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

/** `events`: what is fitted, and what happens at which step. */
export function gradientFlow(page: Page, overlays: Overlays, events: (run: RunSummary) => Promise<TablePlan>): View {
  const { model, timeline, themes } = page;
  let sequences: SequenceLines | null = null;
  let changed = (): void => undefined;
  const layers = new LayerLines(page, () => changed());
  /** Of a batch with too many lines only the chosen sequence has one. */
  const few = (): boolean => (model.run?.shapes.B ?? 0) <= mostSequences;
  const latest = new Latest(
    (params: Ask) => model.slice('sequenceLines', params),
    (answer, { first }) => {
      if (answer === null || !(few() || timeline.sequence === first)) return;
      sequences = { ...answer, first };
      changed();
    },
  );

  let spread: Band | null = null;
  const latestBand = new Latest(
    (params: { window: TimeWindow; maxPoints: number }) => model.slice('band', params),
    (answer) => {
      if (answer === null) return;
      spread = answer;
      changed();
    },
  );

  /** From the smallest to the largest norm of the batch. */
  function paintBand(painter: Painter, theme: Theme): void {
    if (spread === null) return;
    const { context, bottom } = painter;
    const { t, low, high } = spread;
    context.fillStyle = withAlpha(theme.red, theme.highContrast ? 0.32 : 0.14);
    context.beginPath();
    t.forEach((step, i) => {
      if ((high[i] ?? NaN) > -Infinity) context.lineTo(painter.x(step), painter.y(high[i] ?? NaN));
    });
    for (let i = t.length - 1; i >= 0; i--)
      if ((high[i] ?? NaN) > -Infinity)
        context.lineTo(painter.x(t[i] ?? NaN), low[i] === -Infinity ? bottom : painter.y(low[i] ?? NaN));
    context.fill();
  }

  /** What the band takes of the axis. */
  function bandLines(banded: boolean): Line[] {
    if (!banded || spread === null) return [];
    const { t, low, high } = spread;
    return [low, high].map((values) => logLine({ id: 'band', legend: null, colour: '' }, values, t));
  }

  /** Where the sentence says that nothing is learned: with one loss, at the source, what lies before its horizon. */
  function paintHardlyLearned(painter: Painter, run: RunSummary, theme: Theme): void {
    if (!isFromSource(run) || run.onePercentAt === null || overlays.all.length > 0) return;
    const { context, left, top, bottom } = painter;
    const end = painter.x(run.onePercentAt - 0.5);
    if (end <= left) return;
    context.fillStyle = withAlpha(theme.orange, theme.highContrast ? 0.16 : 0.07);
    context.fillRect(left, top, end - left, bottom - top);
  }

  const isTrying = (): boolean => overlays.all.some(({ id }) => id === 'whatIf');
  overlays.onChange(() => changed());

  function ratioLines(run: RunSummary, theme: Theme): Line[] {
    return overlays.all.flatMap((overlay) =>
      overlayLines(overlay, run, theme, (line, values) => {
        const name = line.id.endsWith('singleSource') ? 'singleSource' : 'dh';
        const steps = stepsOf(overlay.curve, run.shapes.T);
        const ratios = values.map((value, i) => {
          const own = nearStepValue(run.steps, log10Of(run, name), steps?.[i] ?? i);
          return value === -Infinity && own === -Infinity ? NaN : value - own;
        });
        return logLine(
          {
            ...line,
            series: { values: ratios, t: steps },
            at: (t) => ratioAt(overlay, run, run.shapes.T, name, t),
            print: (value) => (Number.isNaN(value) ? '–' : `×${formatLog10(value, 3)}`),
          },
          ratios,
          steps,
        );
      }),
    );
  }

  function lines(run: RunSummary, theme: Theme): Line[] {
    const { steps, verdict } = run;
    const own = (line: Parameters<typeof logLine>[0] & { readonly id: LogSeries }): Line =>
      logLine(line, log10Of(run, line.id), steps);
    const { purple, yellow } = theme;
    const total = { id: 'dh', legend: say('‖g_t‖ total') } as const;
    const lastStep = { id: 'singleSource', legend: say('from the last step alone'), dash: [2, 2] } as const;
    const over = overlays.all.flatMap((overlay) => overlayLines(overlay, run, theme, logLine));
    if (isTrying()) {
      // What the run itself does steps back; its details would only be in the way.
      const faded = (colour: string): string => withAlpha(colour, theme.highContrast ? 0.9 : 0.6);
      return [
        ...over,
        own({ ...total, colour: faded(theme.red), dash: [6, 4] }),
        own({ ...lastStep, colour: faded(theme.blue), width: 1 }),
      ];
    }
    const out: Line[] = [own({ ...total, colour: theme.red, width: 2.5 })];
    // Where the gradient is exactly 0 there is no line to draw.
    let named = false;
    verdict.segments.forEach((segment) => {
      const ends = fitEnds(run, segment);
      if (ends === null) return;
      out.push(
        logLine(
          {
            id: 'fit',
            legend: named ? null : say('fitted rate'),
            colour: theme.orange,
            dash: [5, 4],
            series: { t: Float64Array.of(segment.from, segment.to), values: ends },
            at: null,
          },
          log10Of(run, 'dh'),
          steps,
        ),
      );
      named = true;
    });
    out.push(
      own({ ...lastStep, colour: theme.blue }),
      ...stateNorms(run).map((norm) =>
        own({ ...norm, ...(norm.id === 'dc' ? { colour: purple, dash: [4, 2] } : { colour: yellow, dash: [8, 3] }) }),
      ),
      own({ id: 'dx', legend: dxHeading(run).title, colour: theme.green, width: 1, dash: [7, 3] }),
    );
    const faint = withAlpha(theme.red, theme.highContrast ? 0.75 : 0.4);
    // Their name has its place in the legend before they come, so that nothing moves when they do.
    const none = few() && run.shapes.B > 1 ? [new Float64Array(0)] : [];
    const { first = 0 } = sequences ?? {};
    (sequences?.values ?? none).forEach((values, b) => {
      const chosen = !few() || timeline.sequence === b;
      out.push(
        logLine(
          {
            id: 'sequences',
            legend: b > 0 ? null : few() ? say('each sequence') : say('sequence {0}', first + 1),
            colour: chosen ? theme.red : faint,
            width: chosen ? 1.5 : 1,
            series: { t: sequences?.t ?? new Float64Array(0), values },
            at: null,
          },
          values,
          null,
        ),
      );
    });
    return [...out, ...over];
  }

  function paintOver(
    painter: Painter,
    run: RunSummary,
    window: TimeWindow,
    theme: Theme,
    hidden: ReadonlySet<string>,
  ): void {
    const { context, left, right, top, bottom } = painter;
    const { dtypeRange, verdict } = run;
    const stepAt = (pixel: number): number =>
      Math.round(window.t0 - 0.5 + ((pixel - left) / (right - left)) * (window.t1 - window.t0));
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
    const marked = marks.flatMap(([t, text, colour]) =>
      t !== null && t >= window.t0 && t < window.t1 ? [{ t, text: text(positionOf(run, t)), colour }] : [],
    );
    const uprights = marked.map(({ t }) => painter.x(t));
    const labels = new Labels(
      painter,
      theme,
      [
        ...(['dh', 'singleSource', 'dx'] as const)
          .filter((id) => !hidden.has(id))
          .map((id) => log10Of(run, id))
          .map((values) => (pixel: number) => painter.y(nearStepValue(run.steps, values, stepAt(pixel)))),
        ...overlays.all.map(
          ({ curve }) =>
            (pixel: number) =>
              painter.y(nearAt(curve, 'dh', stepAt(pixel), run.shapes.T)),
        ),
      ],
      uprights,
    );
    let floor = bottom - 9;
    const drawn = strips(run, window, theme, hidden);
    for (const { runs, colour } of drawn) {
      for (const [from, to] of runs) hatch(painter, painter.x(from - 0.5), painter.x(to + 0.5), floor + 9, colour);
      floor -= zeroStrip + 1;
    }
    for (const { runs, text, colour } of drawn) {
      const widest = runs.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))[0];
      const x =
        widest === undefined
          ? NaN
          : (Math.max(left, painter.x(widest[0] - 0.5)) + Math.min(right, painter.x(widest[1] + 0.5))) / 2;
      if (widest !== undefined)
        labels.put(
          text,
          colour,
          [0, -17].map((up) => ({ x, y: floor + up, align: 'center' })),
        );
    }

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
          ? say('{0} smallest {1}', run.dtype, powerOfTen(Math.floor(level)))
          : say('{0} largest {1}', run.dtype, powerOfTen(Math.floor(level))),
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
    if (!hidden.has('fit') && !isTrying())
      for (const segment of verdict.segments) fitLabel(painter, labels, run, segment, window, theme);
    for (const { t, text, colour } of marked) marker(painter, labels, t, text, colour, floor, uprights);
  }

  return {
    id: 'flow',
    title: say('Gradient flow'),
    formula: () =>
      [
        layers.on(model.run)
          ? say('‖∂L/∂s_t‖ of every layer, log axis')
          : say('‖∂L/∂h_t‖ over batch and units, log axis'),
        ...((model.run?.shapes.B ?? 1) > 1 && overlays.all.length === 0 && !layers.on(model.run)
          ? [say('band: range of the batch')]
          : []),
      ].join(' · '),
    height: 216,
    hiddenAtFirst: (run) => [
      ...(run !== null && judgesAnother(run) ? [] : ['singleSource']),
      ...['fit', 'dc', 'ds', 'dx', 'sequences'],
    ],
    controls: layers.element,
    help: {
      text: [
        say(
          'How much of the loss still reaches the hidden state of each step. Read it from right to left, the ' +
            'way the gradient travels: a line that falls towards the left vanishes, one that rises explodes.',
        ),
        say(
          'The total g_t contains what the loss sends into each step directly. With a loss at every step this ' +
            'hides the decay of what comes from far away, so the verdict is measured on the line from the last ' +
            'step alone.',
        ),
        say(
          'The fitted rate is the median slope of ln ‖g_t‖ between all pairs of steps, so that single steps ' +
            'cannot bend it; the half-life and the horizon follow from it. Less than a thousandth of the start ' +
            'is called vanishing, more than 70 times the start exploding, unless your settings name other bounds.',
        ),
        say(
          'Norms carry their exponent, so they are right far below what the number format can hold. Dotted ' +
            'levels show where plain arithmetic would lose them.',
        ),
        say(
          'Of a network “All layers” lays the lines of all layers over one another, those of a reverse direction ' +
            'broken: ‖∂L/∂s_t‖, the state as the next step receives it. The bold one is the layer that is looked at.',
        ),
      ],
      formula: (cell) => `${flowFormula(cell)}   ${say('half-life = ln 2 / |ln rate|')}`,
      source:
        'Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, “On the difficulty of training ' +
        'recurrent neural networks”; rate: Sen 1968; bounds: Zhang et al. 2021, “AUTOTRAINER”',
    },
    available(run) {
      layers.show(run);
      return true;
    },
    refresh(window, size: PlotSize, onChange) {
      changed = onChange;
      layers.ask(withNeighbours(window, timeline.steps), size.columns);
      const B = model.run?.shapes.B ?? 0;
      const wider = withNeighbours(window, timeline.steps);
      if (B > 1 && (few() || timeline.sequence !== null))
        latest.request({
          first: few() ? 0 : (timeline.sequence ?? 0),
          count: few() ? B : 1,
          window: wider,
          maxPoints: size.columns,
        });
      else sequences = null;
      if (B > 1) latestBand.request({ window: wider, maxPoints: size.columns });
      else spread = null;
    },
    scene(run, window, theme, hidden): Scene {
      if (overlays.difference && overlays.all.length > 0) {
        const ratios = ratioLines(run, theme);
        return {
          axis: logAxis(
            [
              ...ratios,
              { ...logLine({ id: 'one', legend: null, colour: '' }, new Float64Array(1), Float64Array.of(window.t0)) },
            ],
            window,
            say('times this run'),
            hidden,
          ),
          lines: ratios,
          under: (painter) => unityLine(painter, theme),
          over: () => undefined,
          ...borders(run, window),
          theme,
        };
      }
      if (layers.on(run)) {
        const over = overlays.all.flatMap((overlay) => overlayLines(overlay, run, theme, logLine));
        const all = [...layers.lines(run, theme), ...over];
        return {
          axis: logAxis(all, window, say('norm'), hidden),
          lines: all,
          under: () => undefined,
          over: (painter) =>
            plotNote(
              painter,
              theme,
              unseenText(
                all.filter(({ id }) => !hidden.has(id)),
                window,
                say('no gradient enters anywhere'),
              ),
            ),
          ...borders(run, window),
          theme,
        };
      }
      const all = lines(run, theme);
      const banded = overlays.all.length === 0 && !hidden.has('dh');
      const axis = logAxis([...all, ...bandLines(banded)], window, say('norm'), hidden);
      // Room at the bottom for what has no place on a log axis.
      const count = strips(run, window, theme, hidden).length;
      return {
        axis: count > 0 ? { ...axis, min: axis.min - (axis.max - axis.min) * (0.04 + 0.07 * count) } : axis,
        lines: all,
        under: (painter) => {
          paintHardlyLearned(painter, run, theme);
          if (banded) paintBand(painter, theme);
        },
        over: (painter) => {
          paintOver(painter, run, window, theme, hidden);
          // What is zero or not finite has its strip.
          if (count === 0)
            plotNote(
              painter,
              theme,
              unseenText(
                all.filter(({ id, inRange }) => inRange && !hidden.has(id)),
                window,
                '',
              ),
            );
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout(run, t) {
      const read = (name: LogSeries): string => reading(run.steps, log10Of(run, name), t, formatLog10);
      const owner = ownerOfDx(run);
      return [
        stepName(run, t),
        ...(layers.on(run) ? layers.readings(run, themes.current, t) : []),
        `‖g‖ = ${read('dh')}`,
        ...stateNorms(run).map(({ id }) => `‖${id}‖ = ${read(id)}`),
        say('last step alone = {0}', read('singleSource')),
        `${owner === null ? '' : `${owner}: `}‖dx‖ = ${read('dx')}`,
        ...overlays.all.map(
          (overlay) =>
            `${withoutEscapes(overlay.name)}: ` +
            printNear(stepsOf(overlay.curve, run.shapes.T), formatLog10)(
              nearAt(overlay.curve, 'dh', t, run.shapes.T),
              t,
            ),
        ),
      ];
    },
    summary: (run) =>
      [
        say('Gradient norm per timestep on a log axis: {0}.', endsInWords(run, 'dh')),
        ...(run.verdict.perStepFactor === null ? [] : [say('Fitted rate {0}.', factorText(run.verdict.perStepFactor))]),
      ].join(' '),
    table: (run) => flowTable(model, run, overlays, layers),
    details: { title: say('Rates and events'), table: events },
    facts: (run, hidden) => [...limits(run), ...(hidden.has('singleSource') || layers.on(run) ? [] : [startsAtOne()])],
    click: () => undefined,
  };
}

/** Why the line may lie far above the total. */
const startsAtOne = (): Fact => ({
  id: 'source',
  text: say('last step alone: its slope counts'),
  title: say(
    'This line starts with 1 in every unit at the last step, whatever the loss is. So it may lie above the total; ' +
      'how fast it falls is what each step does to the gradient.',
  ),
});

/** Where an overlay is as large as the run itself. */
function unityLine(painter: Painter, theme: Theme): void {
  const { context, left, right } = painter;
  const at = Math.round(painter.y(0)) + 0.5;
  context.strokeStyle = theme.muted;
  context.beginPath();
  context.moveTo(left, at);
  context.lineTo(right, at);
  context.stroke();
}

function hatch({ context }: Painter, x0: number, x1: number, bottom: number, colour: string): void {
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

/** Whether the only loss sits where the verdict's source does: only then is nothing learned before the horizon. */
const isFromSource = ({ lossCount, lossSteps, verdict }: RunSummary): boolean =>
  lossCount === 1 && lossSteps[0]?.[0] === verdict.source;

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
