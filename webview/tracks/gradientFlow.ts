// Track: how large the gradient is at every step, and how fast it shrinks or grows on its way back.
import { withoutEscapes } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import { endsInWords, logAxis, logLine, unseenText } from './logLines.js';
import { plotNote, withNeighbours } from '../chart/scene.js';
import { printNear } from '../page/nearest.js';
import { formatLog10 } from '../page/format.js';
import { flowFormula } from '../page/formulas.js';
import { Latest } from '../page/model.js';
import { borders, limits } from '../chart/trackView.js';
import { withAlpha } from '../page/colourMaths.js';
import { factorText, fitEnds } from './fittedRate.js';
import { isFromSource, paintMarks } from './gradientMarks.js';
import { strips } from './gradientStrips.js';
import { LayerLines } from './layerLines.js';
import { flowTable, mostSequences, ratioAt, stateNorms } from './gradientFlowTable.js';
import { nearAt, overlayLines, stepsOf } from '../chart/overlay.js';
import { dxHeading, ownerOfDx } from '../page/layerNames.js';
import { log10Of, nearStepValue, reading } from '../page/series.js';
import { stepName } from '../page/stepLabels.js';
import type { LogSeries } from '../page/series.js';
import type { Overlays } from '../chart/overlay.js';
import type { Line, Painter, Scene } from '../chart/scene.js';
import type { Band, RunSummary, TimeWindow } from '../page/model.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Fact, Page, PlotSize, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

/** Of the sequences from `first` on. */
type SequenceLines = { readonly first: number; readonly t: Float64Array; readonly values: readonly Float64Array[] };
type Ask = { readonly first: number; readonly count: number; readonly window: TimeWindow; readonly maxPoints: number };

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
          paintMarks(painter, { run, window, theme, hidden }, overlays.all, !isTrying());
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
