// Beside the tracks: the Lyapunov exponents of the run, largest first, with the exact check of their sum.
import { ticksBetween } from '../chart/axis.js';
import { frameOf, paintFrame, paintNote } from './card.js';
import { lostSentences, unmeasured } from './bounds.js';
import { el, math } from '../widgets/dom.js';
import { formatFactor, formatNumber, formatTick } from '../page/format.js';
import { lyapunovFormula } from '../page/laterFormulas.js';
import { t } from '../page/l10n.js';
import { failureText } from '../widgets/failure.js';
import { Latest } from '../page/model.js';
import { named, sequenceNote } from '../page/tablePlan.js';
import type { Exponents } from '../page/model.js';
import type { CardView, Frame, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';

const leadingNote = (known: number, H: number): HTMLElement =>
  el(
    'span',
    { attributes: { 'data-name': 'known', 'data-value': String(known) } },
    t('The leading {0} of {1} exponents; the others are computed while this card is in sight.', known, H),
  );

const sumCheck = (all: Float64Array, error: number, isActivation: boolean): HTMLElement => {
  const told = [
    formatNumber(
      all.reduce((sum, value) => sum + value, 0),
      6,
    ),
    formatNumber(error, 2),
    all.filter((value) => value > 0).length,
    all.length,
  ] as const;
  return el(
    'span',
    { attributes: { 'data-name': 'sumError', 'data-value': String(error) } },
    math(
      isActivation
        ? t(
            'Σλ_i = {0} per step; it has to be ln|det Wh| + mean Σ ln f′(z). Difference: {1}. Directions ' +
              'with λ > 0: {2} of {3}.',
            ...told,
          )
        : t(
            'Σλ_i = {0} per step; it has to be the mean of ln|det J_t|. Difference: {1}. Directions with ' +
              'λ > 0: {2} of {3}.',
            ...told,
          ),
    ),
  );
};

export function lyapunovCard({ model }: Page): CardView {
  const notes = el('p', { class: 'note' });
  let [watched, needed] = [false, false];
  const latest = new Latest<null, Exponents | null>(
    () => model.analysis('exponents', {}),
    (answer) => {
      if (answer === null) return;
      // Whoever looks away lets the computation rest.
      if (answer.fraction < 1 && (watched || needed)) latest.again(null);
      model.setExponents(answer);
    },
    () => {
      explain();
    },
  );
  const ask = (): void => {
    if ((watched || needed) && model.exponentsMissing && !model.spectrumIsOlder && latest.failure === null)
      latest.request(null);
  };
  const values = (): Float64Array => model.spectrum?.lyapunov ?? new Float64Array(0);
  const finite = (): number[] => [...values()].filter(Number.isFinite);
  const range = (): { min: number; max: number } => {
    const [low, high] = [Math.min(0, ...finite()), Math.max(0, ...finite())];
    const air = Math.max((high - low) * 0.08, 0.02);
    return { min: low - air, max: high + air };
  };
  const frame = (sheet: Pick<Sheet, 'width' | 'height'>): Frame =>
    frameOf(sheet, { min: 0.5, max: values().length + 0.5 }, range());
  function told(i: number): readonly string[] {
    const value = values()[i] ?? NaN;
    return [`λ${i + 1}`, t('{0} per step', formatNumber(value)), t('×{0} per step', formatFactor(Math.exp(value)))];
  }
  function explain(): void {
    const { spectrum } = model;
    const all = values();
    if (spectrum === null) notes.replaceChildren();
    else if (latest.failure !== null) notes.replaceChildren(...failureText(latest.failure));
    else if (spectrum.lyapunov === null && (spectrum.fraction < 1 || model.exponentsMissing))
      notes.replaceChildren(
        t('Being computed: {0} %.', Math.floor((spectrum.fraction < 1 ? spectrum.fraction : model.restFraction) * 100)),
      );
    else if (spectrum.lyapunov === null && unmeasured(spectrum))
      notes.replaceChildren(t('Not defined: some Jacobian holds a number that is not finite.'));
    else if (spectrum.lyapunov === null)
      notes.replaceChildren(t('Not defined: the product of all Jacobians is exactly zero.'));
    else if (all[0] === -Infinity) notes.replaceChildren(t('Every Jacobian is zero: all exponents are −∞.'));
    else {
      const error = formatNumber(spectrum.lyapunovError ?? NaN, 2);
      notes.replaceChildren(
        ...(model.exponentsMissing ? [leadingNote(all.length, model.spectrumUnits), ' '] : []),
        ...(model.exponentsMissing ? [] : lostSentences(spectrum)).flatMap((sentence) => [
          el('span', { attributes: { 'data-name': 'lost' } }, math(sentence)),
          ' ',
        ]),
        ...(spectrum.lyapunovSumError === null
          ? []
          : [sumCheck(all, spectrum.lyapunovSumError, model.run?.cell.isActivation ?? true), ' ']),
        el(
          'span',
          { attributes: { 'data-name': 'lyapunovError', 'data-value': String(spectrum.lyapunovError ?? '') } },
          math(
            (spectrum.lyapunovBlock ?? 1) === 1
              ? t('Made orthogonal after each step, which leaves each λ_i an error of about {0}.', error)
              : t(
                  'Made orthogonal every {0} steps at most, which leaves each λ_i an error of about {1}.',
                  spectrum.lyapunovBlock ?? 1,
                  error,
                ),
          ),
        ),
      );
    }
  }
  return {
    id: 'lyapunov',
    title: t('Lyapunov spectrum'),
    height: 168,
    notes,
    help: {
      text: [
        t(
          'How fast each of H directions grows or fades per step, averaged over the run of sequence 1: e^λ is ' +
            'the factor. Above 0 gradients explode along that direction, below 0 they vanish.',
        ),
        t(
          'The directions start from Q = I, one for each part of the state. The largest exponent rules after many ' +
            'steps; over few, some direction between them may survive far better: its rate is that of the product ' +
            'of all Jacobians.',
        ),
        t('The sum of all exponents has a closed form, which is compared with the sum of the measured ones.'),
      ],
      formula: lyapunovFormula,
      source:
        'Engelken, Wolf & Abbott 2023, “Lyapunov spectra of chaotic recurrent neural networks”; Benettin et al. 1980',
    },
    inSight(seen) {
      watched = seen;
      ask();
    },
    available: () => {
      if (model.spectrumIsOlder) latest.forget();
      ask();
      explain();
      return model.spectrum !== null;
    },
    paint(sheet) {
      const { context, theme } = sheet;
      const all = values();
      if (finite().length === 0) {
        paintNote(
          sheet,
          all.length === 0
            ? (model.spectrum?.fraction ?? 1) < 1
              ? t('Being computed…')
              : t('no exponents')
            : t('every exponent is −∞'),
        );
        return;
      }
      const { min, max } = range();
      const plot = frame(sheet);
      const H = all.length;
      paintFrame(
        sheet,
        plot,
        {
          min: 0.5,
          max: H + 0.5,
          ticks: [...new Set([1, ...ticksBetween(1, H, 4, 1), H])].filter(
            (i) => i > 0 && (i === 1 || i === H || (H - i) / H > 0.12),
          ),
          label: String,
          title: t('direction i'),
        },
        { min, max, ticks: ticksBetween(min, max, 5), label: formatTick, title: t('λ per step') },
      );
      const zero = plot.y(0);
      context.strokeStyle = theme.muted;
      context.beginPath();
      context.moveTo(plot.left, zero);
      context.lineTo(plot.right, zero);
      context.stroke();
      const half = Math.max(0.5, Math.min(6, ((plot.right - plot.left) / H) * 0.36));
      all.forEach((value, i) => {
        context.fillStyle = value > 0 ? theme.orange : theme.blue;
        const y = Number.isFinite(value) ? plot.y(value) : plot.bottom;
        context.fillRect(plot.x(i + 1) - half, Math.min(y, zero), 2 * half, Math.max(1, Math.abs(y - zero)));
      });
    },
    readout({ x, y }, sheet) {
      const all = values();
      const plot = frame(sheet);
      if (x < plot.left || x > plot.right || y < plot.top || y > plot.bottom || all.length === 0) return null;
      const i = Math.max(
        0,
        Math.min(all.length - 1, Math.floor(((x - plot.left) / (plot.right - plot.left)) * all.length)),
      );
      return told(i);
    },
    readings(sheet) {
      const plot = frame(sheet);
      return Array.from(values(), (value, i) => ({
        at: { x: plot.x(i + 1), y: Number.isFinite(value) ? plot.y(value) : plot.bottom },
        lines: () => told(i),
      }));
    },
    older: () => model.spectrumIsOlder,
    async ready() {
      await model.ownSpectrum();
      needed = true;
      // A run that is replaced takes its exponents with it.
      ask();
      while (latest.busy) await new Promise((resolve) => setTimeout(resolve, 50));
      needed = false;
    },
    summary: () =>
      values().length === 0
        ? t('No exponents.')
        : model.exponentsMissing
          ? t(
              'The leading {0} of {1} exponents, from {2} to {3} per step.',
              values().length,
              model.spectrumUnits,
              formatNumber(values()[0] ?? NaN),
              formatNumber(values()[values().length - 1] ?? NaN),
            )
          : t(
              '{0} exponents, from {1} to {2} per step.',
              values().length,
              formatNumber(values()[0] ?? NaN),
              formatNumber(values()[values().length - 1] ?? NaN),
            ),
    table() {
      const all = values();
      return {
        rowHeading: named('i'),
        columns: [
          { title: 'λ_i', csv: 'lambda' },
          { title: t('factor per step'), csv: 'factor_per_step' },
        ],
        csvNotes: [sequenceNote(0)],
        rowCount: all.length,
        rowLabel: (row) => String(row + 1),
        rows: (from, to) =>
          Promise.resolve(
            [...all.slice(from, to)].map((value) => [
              { text: formatNumber(value), exact: String(value) },
              { text: formatFactor(Math.exp(value)), exact: String(Math.exp(value)) },
            ]),
          ),
      };
    },
  };
}
