// Beside the tracks: how many steps back dWh learns from.
import { ticksBetween } from '../chart/axis.js';
import { frameOf, paintFrame } from './card.js';
import { el, math } from '../widgets/dom.js';
import { formatPercent, powerOfTen } from '../page/format.js';
import { reachFormula } from '../page/laterFormulas.js';
import { t } from '../page/l10n.js';
import { failureText } from '../widgets/failure.js';
import { Latest } from '../page/model.js';
import { isReverse } from '../page/stepLabels.js';
import { csvName, named } from '../page/tablePlan.js';
import type { CardView, Frame, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';
import type { ReachValues } from '../page/model.js';

/** The part of dWh that may be missing where it counts as complete. */
const negligible = 0.01;
const fewestDecades = 3;
const mostDecades = 16;

/** A reverse direction learns from the losses before a step. */
function reachSentence(fromBefore: boolean, steps: number): string {
  if (fromBefore)
    return steps === 1
      ? t(
          '99 % of dWh comes from losses at most {0} step before the step they change. What lies further apart, Wh ' +
            'does not learn to connect.',
          steps,
        )
      : t(
          '99 % of dWh comes from losses at most {0} steps before the step they change. What lies further apart, Wh ' +
            'does not learn to connect.',
          steps,
        );
  return steps === 1
    ? t(
        '99 % of dWh comes from losses at most {0} step after the step they change. What lies further apart, Wh does ' +
          'not learn to connect.',
        steps,
      )
    : t(
        '99 % of dWh comes from losses at most {0} steps after the step they change. What lies further apart, Wh ' +
          'does not learn to connect.',
        steps,
      );
}

export function reachCard({ model }: Page, changed: () => void): CardView {
  let answer: ReachValues | null = null;
  let asked = -1;
  const notes = el('p', { class: 'note' });
  const latest = new Latest<null, ReachValues | null>(
    () => model.analysis('reach', {}),
    (values) => {
      if (values === null) return;
      answer = values;
      changed();
      if (values.fraction < 1) latest.again(null);
    },
    () => changed(),
  );
  /** dWh is exactly 0 and has no parts. */
  const zero = (): boolean =>
    answer !== null && answer.fraction === 1 && answer.missing[0] === 0 && answer.share.every((value) => value === 0);
  const known = (): number => answer?.share.findIndex(Number.isNaN) ?? 0;
  /** The whole of Wh stands first in any case. */
  const others = (): NonNullable<ReachValues['blocks']> =>
    (answer?.blocks ?? []).filter(({ parameter, gate }) => parameter !== 'Wh' || gate !== null);
  const count = (): number => (zero() ? 0 : known() < 0 ? (answer?.share.length ?? 0) : known());
  const horizon = (): number => answer?.missing.findIndex((value) => value <= negligible) ?? -1;

  function floor(): number {
    const logs = [...(answer?.share ?? [])].filter((value) => value > 0).map(Math.log10);
    return -Math.max(
      fewestDecades,
      Math.min(mostDecades, Math.ceil(-logs.reduce((least, value) => Math.min(least, value), 0))),
    );
  }
  function top(): number {
    const largest = [...(answer?.share ?? [])].reduce((most, value) => (value > most ? value : most), 0);
    return largest > 1 ? Math.ceil(Math.log10(largest)) : 0;
  }
  const frame = (sheet: Pick<Sheet, 'width' | 'height'>): Frame =>
    frameOf(sheet, { min: -0.5, max: Math.max(1, count()) - 0.5 }, { min: floor(), max: top() + 0.2 });

  /** The distance within which all but a hundredth of a part of the gradients lies. */
  const horizonsOfBlocks = (): string =>
    (answer?.blocks ?? [])
      .flatMap(({ parameter, gate, missing }) => {
        const at = missing.findIndex((value) => value <= negligible);
        const name = gate === null ? `d${parameter}` : `d${parameter} ${gate}`;
        return (gate === null) === (parameter === 'Wh') || at < 0 ? [] : [`${name} ${at}`];
      })
      .join(' · ');

  const told = (k: number): readonly string[] => [
    `k = ${k}`,
    `‖D‖ / ‖dWh‖ = ${formatPercent(answer?.share[k] ?? NaN)}`,
    t('without anything further away: {0} error', formatPercent(answer?.missing[k] ?? NaN)),
  ];

  function explain(): void {
    explainWhole();
    if (answer?.fraction !== 1 || latest.failure !== null || horizonsOfBlocks() === '') return;
    notes.append(' ', math(t('Steps back for 99 % by gate and parameter: {0}.', horizonsOfBlocks())));
  }

  function explainWhole(): void {
    if (latest.failure !== null) notes.replaceChildren(...failureText(latest.failure));
    else if (answer === null) notes.replaceChildren(t('Being computed…'));
    else if (answer.fraction < 1) notes.replaceChildren(t('Being computed: {0} %.', Math.floor(answer.fraction * 100)));
    else if (answer.share.length === 0)
      notes.replaceChildren(
        t('Not computed: for a run of this size it would take minutes, or more memory than there is.'),
      );
    else if (zero()) notes.replaceChildren(t('dWh is exactly 0.'));
    else if (count() === 0) notes.replaceChildren(t('dWh is not finite, so it has no parts to compare.'));
    else if (horizon() >= 0)
      notes.replaceChildren(
        el(
          'span',
          { attributes: { 'data-name': 'horizon', 'data-value': String(horizon()) } },
          math(reachSentence(model.run !== null && isReverse(model.run), horizon())),
        ),
      );
    else
      notes.replaceChildren(
        math(
          t(
            'Losses up to {0} steps away make all but {1} of dWh: it learns from further away than was computed.',
            count() - 1,
            formatPercent(answer.missing[count() - 1] ?? NaN),
          ),
        ),
      );
  }

  return {
    id: 'reach',
    title: t('Reach of dWh'),
    height: 168,
    notes,
    help: {
      text: [
        t(
          'The gradient of Wh, split by how many steps lie between a loss and the step it changes. Each bar is ' +
            'the size of one part of the sum, compared with the whole.',
        ),
        t(
          'The line is the error that dWh would have if nothing from further away had been added, as truncated ' +
            'backpropagation does. Parts may point against each other, so bars can be larger than the whole.',
        ),
      ],
      formula: reachFormula,
      source:
        'Williams & Peng 1990, “An efficient gradient-based algorithm for on-line training of recurrent ' +
        'network trajectories”',
    },
    available: () => model.run !== null,
    prepare() {
      const { run } = model;
      if (run !== null && run.runId !== asked) {
        asked = run.runId;
        answer = null;
        latest.forget();
        latest.request(null);
      }
      explain();
    },
    paint(sheet) {
      const { context, theme } = sheet;
      if (answer === null || count() === 0) return;
      const plot = frame(sheet);
      const [low, high] = [floor(), top()];
      paintFrame(
        sheet,
        plot,
        {
          min: 0,
          max: count(),
          ticks: ticksBetween(0, count() - 1, 5, 1),
          label: String,
          title: t('steps from the loss, k'),
        },
        { min: low, max: high, ticks: ticksBetween(low, high, 5, 1), label: powerOfTen, title: t('part of ‖dWh‖') },
      );
      const width = (plot.right - plot.left) / count();
      context.fillStyle = theme.blue;
      for (let k = 0; k < count(); k++) {
        const share = answer.share[k] ?? 0;
        const y = plot.y(Math.log10(share));
        if (share > 0 && y < plot.bottom)
          context.fillRect(plot.x(k) - Math.max(0.5, width * 0.36), y, Math.max(1, width * 0.72), plot.bottom - y);
      }
      context.save();
      context.beginPath();
      context.rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
      context.clip();
      context.strokeStyle = theme.orange;
      context.lineWidth = 1.5;
      context.beginPath();
      for (let k = 0; k < count(); k++)
        context.lineTo(
          plot.x(k),
          Math.min(plot.bottom + 9, plot.y(Math.log10(Math.max(1e-300, answer.missing[k] ?? 0)))),
        );
      context.stroke();
      context.restore();
      const at = horizon();
      if (at < 0) return;
      context.strokeStyle = theme.foreground;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(Math.round(plot.x(at)) + 0.5, plot.top);
      context.lineTo(Math.round(plot.x(at)) + 0.5, plot.bottom);
      context.stroke();
      context.setLineDash([]);
    },
    readout({ x, y }, sheet) {
      const plot = frame(sheet);
      if (answer === null || count() === 0 || x < plot.left || x > plot.right || y < plot.top || y > plot.bottom)
        return null;
      const k = Math.max(0, Math.min(count() - 1, Math.floor(((x - plot.left) / (plot.right - plot.left)) * count())));
      return told(k);
    },
    readings(sheet) {
      const plot = frame(sheet);
      return Array.from({ length: count() }, (_, k) => ({
        at: { x: plot.x(k), y: Math.min(plot.bottom, plot.y(Math.log10(answer?.share[k] ?? 0))) },
        lines: () => told(k),
      }));
    },
    summary: () => notes.textContent,
    table: () => ({
      rowHeading: named('k'),
      columns: [
        { title: '‖D_k‖/‖dWh‖', csv: 'share_dWh' },
        { title: t('missing beyond k'), csv: 'missing_beyond_k' },
        ...others().map(({ parameter, gate }) => ({
          title: `‖D_k‖/‖d${parameter}${gate === null ? '' : ` ${gate}`}‖`,
          csv: csvName(gate === null ? `share_d${parameter}` : `share_d${parameter}_${gate}`),
        })),
      ],
      rowCount: count(),
      rows: (from, to) =>
        Promise.resolve(
          Array.from({ length: to - from }, (_, i) =>
            [answer?.share, answer?.missing, ...others().map(({ share }) => share)].map((values) => {
              const value = values?.[from + i] ?? NaN;
              return {
                text: value >= 1e-4 || value === 0 ? formatPercent(value) : value.toExponential(2),
                exact: String(value),
              };
            }),
          ),
        ),
    }),
  };
}
