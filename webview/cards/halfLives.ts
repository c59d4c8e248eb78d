// Card: which units of a gated layer remember for how long.
import { ticksBetween } from '../chart/axis.js';
import { frameOf, paintFrame, paintNote } from './card.js';
import { el } from '../widgets/dom.js';
import { formatNumber, formatSteps } from '../page/format.js';
import { t } from '../page/l10n.js';
import { sequenceNote } from '../page/tablePlan.js';
import type { CardView, Frame, Sheet } from './card.js';
import type { GateSource } from '../page/gateSource.js';
import type { Kept } from '../page/model.js';
import type { Page } from '../chart/trackView.js';

/** Bins of half a power of two, from half a step on; the last holds all that is longer. */
const [first, perDoubling, bins] = [-1, 2, 26];
const binOf = (steps: number): number =>
  steps === Infinity
    ? bins - 1
    : Math.max(0, Math.min(bins - 1, Math.floor((Math.log2(Math.max(steps, 1e-9)) - first) * perDoubling)));
const startOf = (bin: number): number => 2 ** (first + bin / perDoubling);
/** At powers of eight: 1, 8, 64 … steps, far enough from each other for the narrowest card. */
const ticks: readonly number[] = Array.from({ length: 5 }, (_, i) => (3 * i - first) * perDoubling);

/** The sentence below the picture: of the run, or of what is tried. `median`: in steps. */
function toldOf(ofRun: boolean, median: number, long: number, all: number): string {
  const steps = formatSteps(median);
  if (median === Infinity)
    return ofRun
      ? t('The median unit loses nothing; {0} of {1} units keep more than half over the whole run.', long, all)
      : t(
          'What if: the median unit loses nothing; {0} of {1} units keep more than half over the whole run.',
          long,
          all,
        );
  return ofRun
    ? t(
        'The median unit has lost half after {0} steps; {1} of {2} units keep more than half over the whole run.',
        steps,
        long,
        all,
      )
    : t(
        'What if: the median unit has lost half after {0} steps; {1} of {2} units keep more than half over the ' +
          'whole run.',
        steps,
        long,
        all,
      );
}

export function halfLivesCard({ model, timeline }: Page, source: GateSource, changed: () => void): CardView {
  const notes = el('p', { class: 'note' });
  source.whole.onChange(changed);
  source.onTried(() => {
    explain();
    changed();
  });
  const known = (kept: Kept | null): Float64Array =>
    (kept?.halfLives ?? new Float64Array(0)).filter((v) => !Number.isNaN(v));
  const tried = (): Kept | null => source.tried?.kept ?? null;
  /** Of what is tried, while that is there. */
  const shown = (): Kept | null => tried() ?? source.whole.answer;
  const halfLives = (): Float64Array => known(shown());
  const countsOf = (kept: Kept | null): number[] => {
    const all = new Array<number>(bins).fill(0);
    for (const steps of known(kept)) all[binOf(steps)] = (all[binOf(steps)] ?? 0) + 1;
    return all;
  };
  const counts = (): number[] => countsOf(shown());
  /** Of the run, while something else is tried. */
  const own = (): number[] | null => (tried() === null ? null : countsOf(source.whole.answer));
  const most = (): number => Math.max(1, ...counts(), ...(own() ?? [])) * 1.05;
  const frame = (sheet: Pick<Sheet, 'width' | 'height'>): Frame =>
    frameOf(sheet, { min: 0, max: bins }, { min: 0, max: most() });

  const told = (bin: number): readonly string[] => [
    bin === bins - 1
      ? t('{0} steps or more', formatSteps(startOf(bin)))
      : t('{0} to {1} steps', formatSteps(startOf(bin)), formatSteps(startOf(bin + 1))),
    t('{0} units', counts()[bin] ?? 0),
  ];

  function explain(): void {
    const all = halfLives().sort();
    const steps = shown()?.steps ?? 0;
    const long = all.filter((halfLife) => halfLife >= steps).length;
    notes.textContent =
      all.length === 0
        ? source.whole.missing
          ? t('Not computed: there is not enough memory.')
          : t('Being computed…')
        : toldOf(tried() === null, all[all.length >> 1] ?? NaN, long, all.length);
  }

  return {
    id: 'halfLives',
    title: t('How long units remember'),
    height: 168,
    notes,
    help: {
      text: [
        t(
          'The half-life of each unit at its mean rate: after so many steps the product of its keeping gate is down ' +
            'to one half. A network that has to connect steps far apart needs units at the right.',
        ),
        t('Of the chosen sequence. Bins are half a power of two wide.'),
      ],
      formula: 'half-life = ln 2 / −mean ln f',
      source: 'Tallec & Ollivier 2018, “Can recurrent neural networks warp time?”',
    },
    older: () => source.whole.older,
    available: () => (model.run?.cell.keeper ?? null) !== null,
    prepare() {
      if (model.run !== null) source.askWhole(timeline.shownSequence, model.run.shapes.T);
      explain();
    },
    paint(sheet) {
      const { context, theme } = sheet;
      const all = counts();
      if (halfLives().length === 0) {
        paintNote(sheet, notes.textContent);
        return;
      }
      const plot = frame(sheet);
      const largest = most();
      paintFrame(
        sheet,
        plot,
        {
          min: 0,
          max: bins,
          ticks,
          label: (bin) => String(startOf(bin)),
          title: t('half-life, steps'),
        },
        { min: 0, max: largest, ticks: ticksBetween(0, largest, 4, 1), label: String, title: t('units') },
      );
      context.fillStyle = theme.green;
      const width = (plot.right - plot.left) / bins;
      all.forEach((count, bin) => {
        const y = plot.y(count);
        context.fillRect(plot.x(bin) + 1, y, Math.max(1, width - 2), plot.bottom - y);
      });
      // What the run itself has is an outline behind what is tried.
      context.strokeStyle = theme.foreground;
      context.setLineDash([3, 2]);
      own()?.forEach((count, bin) => {
        const y = plot.y(count);
        if (count > 0) context.strokeRect(plot.x(bin) + 1.5, y + 0.5, Math.max(1, width - 3), plot.bottom - y);
      });
      context.setLineDash([]);
      const steps = shown()?.steps ?? 0;
      const x = Math.round(plot.x(Math.min(bins, (Math.log2(Math.max(1, steps)) - first) * perDoubling))) + 0.5;
      context.strokeStyle = theme.muted;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(x, plot.top);
      context.lineTo(x, plot.bottom);
      context.stroke();
      context.setLineDash([]);
    },
    readout({ x, y }, sheet) {
      const plot = frame(sheet);
      if (x < plot.left || x > plot.right || y < plot.top || y > plot.bottom) return null;
      const bin = Math.max(0, Math.min(bins - 1, Math.floor(((x - plot.left) / (plot.right - plot.left)) * bins)));
      return told(bin);
    },
    readings(sheet) {
      const plot = frame(sheet);
      return halfLives().length === 0
        ? []
        : counts().map((count, bin) => ({ at: { x: plot.x(bin + 0.5), y: plot.y(count) }, lines: () => told(bin) }));
    },
    summary: () => notes.textContent,
    table: () => ({
      rowHeading: { title: t('unit'), csv: 'unit' },
      columns: [
        { title: t('half-life'), csv: 'half_life_steps' },
        ...(tried() === null ? [] : [{ title: t('half-life, what if'), csv: 'half_life_steps_what_if' }]),
      ],
      csvNotes: [sequenceNote(timeline.shownSequence)],
      rowCount: source.whole.answer?.halfLives.length ?? 0,
      rows: (from, to) =>
        Promise.resolve(
          Array.from({ length: to - from }, (_, i) =>
            [source.whole.answer, tried()]
              .filter((kept) => kept !== null)
              .map(({ halfLives: all }) => {
                const steps = all[from + i] ?? NaN;
                return { text: steps === Infinity ? '∞' : formatNumber(steps), exact: String(steps) };
              }),
          ),
        ),
    }),
  };
}
