// Track: the unrolled network. A strip of all steps in view, and under it, as through a lens, those around the cursor.
import { colourMap, readable } from '../page/colours.js';
import { withAlpha } from '../page/colourMaths.js';
import { exactLog10, formatLog10, formatNumber } from '../page/format.js';
import { networkFormula } from '../page/laterFormulas.js';
import { inReport } from '../page/inReport.js';
import { t as say } from '../page/l10n.js';
import { Player } from './player.js';
import { plotText } from '../chart/scene.js';
import { nearStepValue, reading, seriesRows, stepValue } from '../page/series.js';
import { gradientField, stateField, stepsAtOnce } from '../page/stepCache.js';
import { borders } from '../chart/trackView.js';
import { chunkAt, isReverse, positionOf, stepName } from '../page/stepLabels.js';
import { rowMiddle, rowsIn, UnrolledLayers } from './unrolledLayers.js';
import { arrow, stream, subscript } from './unrolledMarks.js';
import { layerCells, layerHeadings } from './layerLines.js';
import { layerName } from '../page/layerNames.js';
import { Latest, unlessGone } from '../page/model.js';
import { sequenceNote, unitHeading } from '../page/tablePlan.js';
import type { NetworkSummary, RunSummary, StepValues, TimeWindow } from '../page/model.js';
import type { Painter } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { StepCache } from '../page/stepCache.js';
import type { Theme } from '../page/theme.js';

/** Pixels that a step with its arrow needs, at least. */
const leastSlot = 76;
/** … and where every number is written out. */
const wideSlot = 124;
const strip = 14;
/** Rows of layers begin so far below the upper edge. */
const rowsFrom = strip + 18;
/** Networks of so few units show every number. */
const fewUnits = 4;
const fewestDecades = 3;
const mostDecades = 12;

const slotOf = (run: RunSummary | null): number =>
  run !== null && run.shapes.H <= fewUnits && UnrolledLayers.of(run) === null ? wideSlot : leastSlot;

type Lens = { readonly first: number; readonly count: number };
type Layout = { readonly lens: Lens; readonly slot: number; readonly x: (t: number) => number };

/** 1 for the largest gradient of the run, 0 for one that lies `decades` below; null for an exact zero. */
function strengths({ steps, layers: [{ log10 }] }: RunSummary): (t: number) => number | null {
  let [high, low] = [-Infinity, Infinity];
  for (const value of log10.dh) {
    if (Number.isFinite(value)) [high, low] = [Math.max(high, value), Math.min(low, value)];
  }
  const decades = Math.min(mostDecades, Math.max(fewestDecades, high - low));
  return (t) => {
    const value = nearStepValue(steps, log10.dh, t);
    return Number.isFinite(value) ? Math.max(0, 1 + (value - high) / decades) : null;
  };
}

export function network(page: Page, steps: StepCache, chooseLayer: (layer: number) => void): View {
  const { model, timeline } = page;
  let changed = (): void => undefined;
  let visible = false;
  const layers = new UnrolledLayers(model, () => changed());
  let first = 0;
  type Asked = { readonly run: RunSummary; readonly lens: Lens; readonly sequence: number };
  let known: readonly (StepValues | null)[] = [];
  let asked: Asked | null = null;
  const latest = new Latest(
    ({ run, lens, sequence }: Asked) => unlessGone(steps.range(run, lens.first, lens.first + lens.count, sequence)),
    (values, { run, sequence }) => {
      if (values === null || run.runId !== model.run?.runId || sequence !== timeline.shownSequence) return;
      known = values;
      changed();
    },
  );
  let area: { readonly left: number; readonly width: number } = { left: 64, width: 1 };
  const player = new Player(page, () => changed());
  timeline.onChange((change) => {
    if (change === 'cursor' && visible) changed();
  });
  model.onChange((change) => {
    if (change === 'run') [known, asked] = [[], null];
  });

  /**
   * The steps under the lens. It stays where it is as long as the cursor is under it, so that steps do not run away
   * from the mouse.
   */
  function layout(window: TimeWindow): Layout {
    const count = Math.max(1, Math.min(window.t1 - window.t0, Math.floor(area.width / slotOf(model.run))));
    const { cursor } = timeline;
    if (cursor < first || cursor >= first + count) first = cursor - Math.floor(count / 2);
    first = Math.max(window.t0, Math.min(first, window.t1 - count));
    const slot = area.width / count;
    const from = first;
    return { lens: { first: from, count }, slot, x: (t) => area.left + (t - from + 0.5) * slot };
  }

  function ask(lens: Lens, H: number): void {
    const { run } = model;
    const sequence = timeline.shownSequence;
    if (
      H > fewUnits ||
      run === null ||
      (asked?.run.runId === run.runId &&
        asked.lens.first === lens.first &&
        asked.lens.count === lens.count &&
        asked.sequence === sequence)
    )
      return;
    // Another sequence has other numbers for the same steps.
    if (asked?.sequence !== sequence) known = [];
    asked = { run, lens, sequence };
    latest.request(asked);
  }

  const filled = (t: number): boolean => player.sweep !== 'forward' || t <= timeline.cursor;
  const reached = (t: number): boolean =>
    player.sweep === null || (player.sweep === 'backward' && t >= timeline.cursor);
  /** Whether a gradient may pass from t to t − 1. */
  const passes = (run: RunSummary, t: number): boolean => {
    const [start, end] = chunkAt(run, t);
    return t > start && (run.truncate === null || (isReverse(run) ? end - t : t - start) % run.truncate !== 0);
  };
  const loss = ({ lossSteps }: RunSummary, t: number): boolean => lossSteps.some(([from, to]) => from <= t && t <= to);

  let plotHeight = 1;
  /** The layer whose row lies at a height of the plot, from 0 to 1; null above the rows. */
  function rowAt(stacked: NetworkSummary, value: number): number | null {
    const rows = rowsIn(stacked, plotHeight - rowsFrom);
    const at = value * plotHeight - rowsFrom;
    return at < 0 ? null : (rows.shown[Math.min(rows.shown.length - 1, Math.floor(at / rows.pitch))] ?? null);
  }

  /** All steps in view: the norm of the state above, the gradient below. */
  function paintStrip(
    { context, x, top }: Pick<Painter, 'context' | 'top'> & { readonly x: (t: number) => number },
    run: RunSummary,
    window: TimeWindow,
    theme: Theme,
  ): void {
    const strength = strengths(run);
    const map = colourMap(theme);
    const full = Math.sqrt(run.shapes.B * run.shapes.H);
    const columns = Math.min(window.t1 - window.t0, Math.ceil(x(window.t1 - 0.5) - x(window.t0 - 0.5)));
    const half = strip / 2 - 0.5;
    for (let column = 0; column < columns; column++) {
      const [from, to] = [
        window.t0 + Math.floor((column * (window.t1 - window.t0)) / columns),
        window.t0 + Math.floor(((column + 1) * (window.t1 - window.t0)) / columns),
      ];
      const [x0, x1] = [x(from - 0.5), x(to - 0.5)];
      context.fillStyle = map.css(
        filled(from) ? Math.min(1, 0.15 + (0.85 * nearStepValue(run.steps, run.layers[0].hNorm, from)) / full) : 0,
      );
      context.fillRect(x0, top, x1 - x0 + 0.5, half);
      context.fillStyle = withAlpha(theme.red, reached(from) ? 0.08 + 0.92 * (strength(from) ?? 0) : 0);
      context.fillRect(x0, top + half + 1, x1 - x0 + 0.5, half);
    }
  }

  function paintLens(
    { context, x, top }: Pick<Painter, 'context' | 'top'> & { readonly x: (t: number) => number },
    { first: from, count }: Lens,
    theme: Theme,
  ): void {
    const [x0, x1, y] = [x(from - 0.5), x(from + count - 0.5), top + strip + 2];
    context.fillStyle = withAlpha(theme.muted, 0.1);
    context.strokeStyle = theme.grid;
    context.beginPath();
    context.moveTo(x0, y);
    context.lineTo(x1, y);
    context.lineTo(area.left + area.width, y + 12);
    context.lineTo(area.left, y + 12);
    context.closePath();
    context.fill();
    context.stroke();
  }

  function paintSteps(painter: Painter, run: RunSummary, window: TimeWindow, theme: Theme): void {
    const { context, top, bottom } = painter;
    const plan = layout(window);
    const { lens, slot, x } = plan;
    const { H } = run.shapes;
    const place = { context, top, x: (t: number) => painter.x(t) };
    const stacked = UnrolledLayers.of(run);
    if (stacked !== null) {
      layers.ask(run, lens.first, lens.count);
      paintStrip(place, run, window, theme);
      paintLens(place, lens, theme);
      paintCursor(painter, timeline.cursor, theme);
      layers.paint(context, run, theme, rowsIn(stacked, bottom - top - rowsFrom), {
        top: top + rowsFrom,
        boxWidth: Math.min(56, slot - 24),
        ...lens,
        cursor: timeline.cursor,
        x,
        passes: (t) => passes(run, t),
        isFilled: filled,
        isReached: reached,
      });
      return;
    }
    ask(lens, H);
    const strength = strengths(run);
    const small = H <= fewUnits && known.length > 0;
    const boxHeight = small ? 20 + 12 * H : 34;
    const boxWidth = Math.min(small ? 104 : 56, slot - 22);
    const from = top + strip + 30;
    const middle = from + boxHeight / 2;
    paintStrip(place, run, window, theme);
    paintLens(place, lens, theme);
    paintCursor(painter, timeline.cursor, theme);
    const text = (
      value: string,
      at: number,
      y: number,
      colour: string,
      size = 10,
      align: CanvasTextAlign = 'center',
    ): void => plotText(painter, theme, value, at, y, colour, align, size);
    for (let t = lens.first; t < lens.first + lens.count; t++) {
      const [left, right] = [x(t) - boxWidth / 2, x(t) + boxWidth / 2];
      const next = x(t + 1) - boxWidth / 2;
      if (t + 1 < run.shapes.T) {
        // Forward, above: the state that is handed on.
        context.strokeStyle = filled(t + 1) ? theme.muted : theme.grid;
        context.lineWidth = 1;
        arrow(context, { from: right + 2, to: next - 3, across: middle - 8 });
        // Backward, below: as wide at each step as its gradient is large.
        if (!passes(run, t + 1)) text('✕', (right + next) / 2, middle + 8, theme.muted);
        else if (reached(t)) {
          const way = { from: next - 2, to: right + 3, across: middle + 8 };
          stream(context, way, strength(t + 1), strength(t), theme);
        }
      }
      const here = t === timeline.cursor;
      context.fillStyle = filled(t)
        ? colourMap(theme).css(
            Math.min(0.75, (0.75 * nearStepValue(run.steps, run.layers[0].hNorm, t)) / Math.sqrt(run.shapes.B * H)),
          )
        : theme.background;
      context.strokeStyle = here ? theme.foreground : theme.muted;
      context.lineWidth = here ? 2 : 1;
      context.beginPath();
      context.roundRect(left, from, right - left, boxHeight, 4);
      context.fill();
      context.stroke();
      context.lineWidth = 1;
      // Text on the tint of the state needs no rim, and the foreground stays readable on it.
      context.fillStyle = theme.foreground;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.font = `11px ${theme.fontFamily}`;
      const name = `h${subscript(positionOf(run, t))}`;
      // The lens may have moved since they were asked for.
      const values = small ? known.find((step) => step?.t === t) : null;
      context.fillText(name, x(t), values === null || values === undefined ? middle : from + 10);
      context.font = `10px ${theme.fontFamily}`;
      if (values !== null && values !== undefined) {
        if (reached(t)) {
          // Red cannot be read on the tint of the state.
          context.fillStyle = theme.background;
          context.beginPath();
          context.roundRect(x(t) + 1, from + 16, boxWidth / 2 - 4, 12 * H + 1, 3);
          context.fill();
          context.fillStyle = theme.foreground;
        }
        for (let unit = 0; unit < H; unit++) {
          const y = from + 23 + 12 * unit;
          if (filled(t)) context.fillText(formatNumber(values.h[unit] ?? NaN, 3), x(t) - boxWidth / 4, y);
          if (!reached(t)) continue;
          context.fillStyle = readable(theme.red, theme);
          context.fillText(gradientField(values, unit, 3).text, x(t) + boxWidth / 4, y);
          context.fillStyle = theme.foreground;
        }
      }
      if (loss(run, t) && reached(t)) text(say('↓ loss'), x(t), from - 8, theme.orange);
      text('↑ x', x(t), from + boxHeight + 9, filled(t) ? theme.muted : theme.grid);
      // Half a line says nothing.
      const fits = (height: number): boolean => height + 5 <= bottom;
      let y = from + boxHeight + 23;
      if (filled(t) && fits(y))
        text(
          `‖h‖ ${reading(run.steps, run.layers[0].hNorm, t, (value) => formatNumber(value, 3))}`,
          x(t),
          y,
          theme.muted,
        );
      y += 13;
      if (reached(t) && fits(y))
        text(
          `‖g‖ ${reading(run.steps, run.layers[0].log10.dh, t, (value) => formatLog10(value, 3))}`,
          x(t),
          y,
          theme.red,
        );
    }
  }

  return {
    id: 'network',
    title: say('Unrolled network'),
    formula: () =>
      [
        say('h_t → h_{t+1}, gradient ← as wide and as strong as ‖g_t‖ on a log scale'),
        ...(player.sweep === null ? [] : [player.sweep === 'forward' ? say('forward sweep') : say('backward sweep')]),
      ].join(' · '),
    height: 150,
    controls: player.controls,
    help: {
      text: [
        say(
          'The same network at every step. The strip on top holds all steps in view, state above and gradient ' +
            'below; the steps under it are those around the cursor, as through a lens. The forward sweep fills ' +
            'the states from left to right, the backward sweep sends the gradient from right to left.',
        ),
        say(
          'The red stream is at each step as wide and as strong as the norm of its gradient on a log scale ' +
            'over at most twelve decades; where it is cut (✕) a chunk or truncated backpropagation ends. Choose ' +
            'a step to open it beside the tracks.',
        ),
        [
          say(
            'Of a network of several layers each stands in a row of its own, the last one on top, with ‖∂L/∂s_t‖ in ' +
              'its boxes; the gradient also goes down, from layer to layer.',
          ),
          ...(inReport ? [] : [say('Choose a box to look at its layer.')]),
        ].join(' '),
        say('Networks of up to four units show every number: the state on the left, its gradient in red on the right.'),
      ],
      formula: networkFormula,
      source: 'Werbos 1990, “Backpropagation through time: what it does and how to do it”',
    },
    available: () => true,
    refresh(_window, _size, onChange) {
      changed = onChange;
      visible = true;
    },
    scene(run, window, theme) {
      const stacked = UnrolledLayers.of(run);
      return {
        // Of several layers the axis is the height of the plot, and its labels are the names of the rows.
        axis: {
          min: 0,
          max: 1,
          reverse: stacked !== null,
          title: '',
          ticks: (height) => {
            plotHeight = height;
            if (stacked === null) return [];
            const rows = rowsIn(stacked, height - rowsFrom);
            return rows.shown.map((_, row) => (rowsFrom + rowMiddle(rows, row)) / height);
          },
          label: (value) => (stacked === null ? '' : layerName(stacked, rowAt(stacked, value) ?? stacked.shown)),
        },
        lines: [],
        under: () => undefined,
        over: (painter) => {
          area = { left: painter.left, width: painter.right - painter.left };
          // A background of its own: grid lines belong to the axis of time, which the steps do not follow.
          painter.context.fillStyle = theme.background;
          painter.context.fillRect(painter.left, painter.top, area.width, painter.bottom - painter.top);
          paintSteps(painter, run, window, theme);
        },
        ...borders(run, window),
        theme,
      };
    },
    stepAt(x, y) {
      if (y < strip + 22 || x < area.left || x > area.left + area.width) return null;
      const { lens, slot } = layout(timeline.window);
      return Math.max(
        lens.first,
        Math.min(lens.first + lens.count - 1, lens.first + Math.floor((x - area.left) / slot)),
      );
    },
    colourBar: () => null,
    readout: (run) => [
      stepName(run, timeline.cursor),
      ...layers.readings(run, timeline.cursor),
      `‖h‖ = ${reading(run.steps, run.layers[0].hNorm, timeline.cursor, formatNumber)}`,
      `‖g‖ = ${reading(run.steps, run.layers[0].log10.dh, timeline.cursor, formatLog10)}`,
    ],
    summary(run) {
      const { sweep } = player;
      const at = positionOf(run, timeline.cursor);
      const network = say(
        'The network unrolled over {0} steps; those around t = {1} with their states and gradients.',
        run.shapes.T,
        at,
      );
      if (sweep === null) return `${network} ${say('Both sweeps are complete.')}`;
      return (
        `${network} ` +
        (sweep === 'forward'
          ? say('The forward sweep has reached t = {0}.', at)
          : say('The backward sweep has reached t = {0}.', at))
      );
    },
    table(run) {
      const { H } = run.shapes;
      const { shownSequence: sequence } = timeline;
      const units = H <= fewUnits ? Array.from({ length: H }, (_, unit) => unit) : [];
      return {
        columns: [
          { title: '‖h_t‖', csv: 'h_norm' },
          { title: '‖g_t‖', csv: 'g_norm' },
          ...units.map((unit) => unitHeading('h', unit)),
          ...units.map((unit) => unitHeading('g', unit)),
          ...layerHeadings(run),
        ],
        csvNotes: H <= fewUnits ? [sequenceNote(sequence)] : [],
        ...seriesRows(model, run, stepsAtOnce(run), async (series, rows) => {
          const [from, to] = [rows[0] ?? 0, (rows.at(-1) ?? -1) + 1];
          const exact = units.length === 0 ? [] : await steps.range(run, from, to, sequence);
          const ofLayers = await layerCells(model, run, from, to);
          return rows.map((t) => {
            const values = exact[t - from] ?? null;
            const [hNorm, log10] = [
              stepValue(series.steps, series.layers[0].hNorm, t),
              stepValue(series.steps, series.layers[0].log10.dh, t),
            ];
            return [
              { text: formatNumber(hNorm), exact: String(hNorm) },
              { text: formatLog10(log10), exact: exactLog10(log10) },
              ...units.map((unit) => (values === null ? { text: '–', exact: '' } : stateField(values, unit))),
              ...units.map((unit) => (values === null ? { text: '–', exact: '' } : gradientField(values, unit))),
              ...(ofLayers[t - from] ?? []),
            ];
          });
        }),
      };
    },
    click(value) {
      const stacked = model.run === null ? null : UnrolledLayers.of(model.run);
      const layer = stacked === null ? null : rowAt(stacked, value);
      if (layer !== null && layer !== stacked?.shown) chooseLayer(layer);
    },
  };
}

/**
 * The line that goes through all tracks stops at the strip: what lies below is no axis of time, and it would cross out
 * a number.
 */
function paintCursor(painter: Painter, cursor: number, theme: Theme): void {
  const { context, top, left, right } = painter;
  const at = Math.round(painter.x(cursor)) + 0.5;
  if (at < left || at > right) return;
  context.strokeStyle = theme.foreground;
  context.beginPath();
  context.moveTo(at, top);
  context.lineTo(at, top + strip + 2);
  context.stroke();
}
