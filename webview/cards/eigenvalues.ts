// Beside the tracks: the eigenvalues of Wh against the unit circle.
import { isGated } from '../page/model.js';
import { ticksBetween } from '../chart/axis.js';
import { paintNote } from './card.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import type { CardView, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';

type Pair = readonly [number, number];
const minus = (text: string): string => text.replaceAll('-', '−');
const near = 8;
/** Of wider networks the eigenvalues are not computed, only the largest modulus bounded. */
export const mostDecomposed = 1024;

export function eigenvaluesCard({ model }: Page): CardView {
  const values = (): readonly Pair[] => model.spectrum?.eigenvaluesWh ?? [];

  /** Equal units on both axes: the longer side of the plot sees more. */
  function layout({ width, height }: Pick<Sheet, 'width' | 'height'>) {
    const [left, right, top, bottom] = [46, width - 6, 6, height - 32];
    const reach = 1.12 * values().reduce((most, [re, im]) => Math.max(most, Math.abs(re), Math.abs(im)), 1);
    const scale = Math.min(right - left, bottom - top) / (2 * reach);
    const [x0, y0] = [(left + right) / 2, (top + bottom) / 2];
    return {
      left,
      right,
      top,
      bottom,
      scale,
      x0,
      y0,
      x: (re: number) => x0 + re * scale,
      y: (im: number) => y0 - im * scale,
    };
  }

  return {
    id: 'eigenvalues',
    title: t('Eigenvalues of Wh'),
    height: 250,
    help: {
      text: [
        t(
          'Each point is an eigenvalue λ of the recurrent weights; the circle is |λ| = 1. For a linear cell, a ' +
            'component along an eigenvector is multiplied by λ on each step: inside the circle it fades, outside ' +
            'it grows, off the real axis it also turns.',
        ),
        t(
          'With a non-normal Wh or a saturating activation the norm of the gradient can do something else for ' +
            'many steps, so this picture explains but does not decide.',
        ),
      ],
      formula: 'Wh·v = λ·v',
      source:
        'Engelken, Wolf & Abbott 2023, “Lyapunov spectra of chaotic recurrent neural networks”; Pascanu et al. 2013',
    },
    // Where they are still to come the card keeps its place; beyond 1,024 units, or where they are not found, there are
    // none to draw.
    available: () =>
      values().length > 0 ||
      ((model.spectrum?.fraction ?? 1) < 1 &&
        model.spectrumUnits <= mostDecomposed &&
        model.run !== null &&
        !isGated(model.run)),
    paint(sheet) {
      const { context, theme } = sheet;
      if (values().length === 0) {
        paintNote(sheet, t('Being computed…'));
        return;
      }
      const { left, right, top, bottom, scale, x0, y0, x, y } = layout(sheet);
      context.strokeStyle = theme.grid;
      context.beginPath();
      context.moveTo(left, y0);
      context.lineTo(right, y0);
      context.moveTo(x0, top);
      context.lineTo(x0, bottom);
      context.stroke();
      context.strokeStyle = theme.muted;
      context.beginPath();
      context.arc(x0, y0, scale, 0, 2 * Math.PI);
      context.stroke();
      context.fillStyle = theme.muted;
      context.font = `10px ${theme.fontFamily}`;
      context.textBaseline = 'middle';
      const [across, up] = [(right - left) / 2 / scale, (bottom - top) / 2 / scale];
      context.textAlign = 'center';
      for (const tick of ticksBetween(-across, across, (right - left) / 48))
        context.fillText(minus(String(tick)), x(tick), bottom + 9);
      context.textAlign = 'right';
      for (const tick of ticksBetween(-up, up, (bottom - top) / 40))
        context.fillText(minus(String(tick)), left - 6, y(tick));
      context.textAlign = 'left';
      const [name, nameWidth] = ['|λ| = 1', context.measureText('|λ| = 1').width];
      // Outside the circle, at the first of four places where no point lies under it.
      const places = [
        [1, 1],
        [-1, 1],
        [1, -1],
        [-1, -1],
      ].map(([across = 1, upwards = 1]) => ({
        x: Math.max(left, Math.min(right - nameWidth, across > 0 ? x(0.72) + 2 : x(-0.72) - 2 - nameWidth)),
        y: Math.max(top + 6, Math.min(bottom - 6, y(0.72 * upwards) - 6 * upwards)),
      }));
      const free = places.find((place) =>
        values().every(
          ([re, im]) => x(re) < place.x - 5 || x(re) > place.x + nameWidth + 5 || Math.abs(y(im) - place.y) > 11,
        ),
      );
      if (free !== undefined) context.fillText(name, free.x, free.y);
      context.textAlign = 'center';
      context.fillText(t('real part'), x0, bottom + 23);
      context.save();
      context.translate(8, y0);
      context.rotate(-Math.PI / 2);
      context.fillText(t('imaginary part'), 0, 0);
      context.restore();
      for (const [re, im] of values()) {
        context.fillStyle = Math.hypot(re, im) > 1 ? theme.orange : theme.blue;
        context.beginPath();
        context.arc(x(re), y(im), 3, 0, 2 * Math.PI);
        context.fill();
      }
    },
    readout(at, size) {
      const { x, y } = layout(size);
      const found = values()
        .map(([re, im]) => ({ re, im, distance: Math.hypot(x(re) - at.x, y(im) - at.y) }))
        .filter(({ distance }) => distance <= near)
        .sort((a, b) => a.distance - b.distance)[0];
      if (found === undefined) return null;
      const { re, im } = found;
      return [
        `|λ| = ${formatNumber(Math.hypot(re, im))}`,
        `λ = ${formatNumber(re)} ${im < 0 ? '−' : '+'} ${formatNumber(Math.abs(im))}i`,
      ];
    },
    older: () => model.spectrumIsOlder,
    ready: () => model.ownSpectrum(),
    summary: () =>
      t(
        '{0} values in the complex plane, {1} outside the unit circle, largest modulus {2}.',
        values().length,
        values().filter(([re, im]) => Math.hypot(re, im) > 1).length,
        formatNumber(model.spectrum?.spectralRadiusWh ?? NaN),
      ),
    table: () => ({
      rowHeading: { title: 'λ', csv: 'lambda' },
      columns: [
        { title: t('real'), csv: 'real' },
        { title: t('imaginary'), csv: 'imaginary' },
        { title: '|λ|', csv: 'modulus' },
      ],
      rowCount: values().length,
      rows: (from, to) =>
        Promise.resolve(
          values()
            .slice(from, to)
            .map(([re, im]) =>
              [re, im, Math.hypot(re, im)].map((value) => ({ text: formatNumber(value), exact: String(value) })),
            ),
        ),
    }),
  };
}
