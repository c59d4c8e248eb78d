// Beside the tracks: the eigenvalues of Wh against the unit circle.
import { isGated, Latest } from '../page/model.js';
import { ticksBetween } from '../chart/axis.js';
import { paintNote } from './card.js';
import { formatNumber, formatTick } from '../page/format.js';
import { t } from '../page/l10n.js';
import { withAlpha } from '../page/colourMaths.js';
import { gateColour } from '../tracks/gateColours.js';
import { dropdown, setOptions } from '../widgets/controls.js';
import { el } from '../widgets/dom.js';
import { failureText } from '../widgets/failure.js';
import type { CardView, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';
import type { GateEigenvaluesAnswer } from '../page/model.js';

const near = 8;
/** Of wider networks the eigenvalues are not computed, only the largest modulus bounded. */
export const mostDecomposed = 1024;

/** A point of the picture, and the gate to whose block it belongs; none of a Wh that has one. */
type Eigenvalue = readonly [re: number, im: number, gate: string | null];

/** Signs of the gates, in their order: they are told apart where colours are few, too. */
const signs: readonly ((context: CanvasRenderingContext2D, x: number, y: number) => void)[] = [
  (context, x, y) => context.arc(x, y, 3, 0, 2 * Math.PI),
  (context, x, y) => context.rect(x - 2.7, y - 2.7, 5.4, 5.4),
  (context, x, y) => polygon(context, x, y, [-3.4, 2.8, 3.4, 2.8, 0, -3.6]),
  (context, x, y) => polygon(context, x, y, [-3.8, 0, 0, 3.8, 3.8, 0, 0, -3.8]),
];
function polygon(context: CanvasRenderingContext2D, x: number, y: number, corners: readonly number[]): void {
  for (let i = 0; i < corners.length; i += 2) context.lineTo(x + (corners[i] ?? 0), y + (corners[i + 1] ?? 0));
  context.closePath();
}

export function eigenvaluesCard({ model, memory }: Page, changed: () => void): CardView {
  const kept = memory.chosen('eigenvalues of');
  /** The gate whose block is looked at; '' for all of them. */
  let chosen = typeof kept === 'string' ? kept : '';
  let answer: GateEigenvaluesAnswer | null = null;
  let of = -1;
  let asked = -1;
  const latest = new Latest<number, GateEigenvaluesAnswer | null>(
    () => model.analysis('gateEigenvalues', {}),
    (values, runId) => {
      if (runId !== model.run?.runId) return;
      [answer, of] = [values, runId];
      changed();
      if (values !== null && values.fraction < 1) latest.again(runId);
    },
    () => {
      if (latest.failure !== null) failed.replaceChildren(...failureText(latest.failure));
      changed();
    },
  );
  const failed = el('p', { class: 'note' });
  const gated = (): boolean => model.run !== null && isGated(model.run);
  const gateNow = (): string => (model.run?.cell.gates.includes(chosen) === true ? chosen : '');
  const choice = dropdown(t('Gate'), (value) => {
    if (value === gateNow()) return;
    chosen = value;
    memory.choose('eigenvalues of', value);
    changed();
  });
  const controls = el('label', { class: 'card-controls' }, t('Gate'), choice);
  let offered = '';
  function offer(): void {
    controls.hidden = !gated();
    const gates = model.run?.cell.gates ?? [];
    if (!gated() || offered === gates.join()) return;
    offered = gates.join();
    setOptions(choice, [['', t('all gates')], ...gates.map((name) => [name, name] as const)], gateNow());
  }
  function ask(): void {
    const { run } = model;
    offer();
    failed.hidden = !gated() || latest.failure === null;
    if (run === null || !isGated(run) || run.runId === asked || run.shapes.H > mostDecomposed) return;
    asked = run.runId;
    latest.request(run.runId);
  }
  const values = (): readonly Eigenvalue[] =>
    gated()
      ? of !== model.run?.runId
        ? []
        : (answer?.gates ?? [])
            .filter(({ gate }) => gateNow() === '' || gate === gateNow())
            .flatMap(({ gate, values: all }) => all.map(([re, im]): Eigenvalue => [re, im, gate]))
      : (model.spectrum?.eigenvaluesWh ?? []).map(([re, im]): Eigenvalue => [re, im, null]);
  /** They are still to come. */
  const coming = (): boolean =>
    gated()
      ? (of !== model.run?.runId || (answer !== null && answer.fraction < 1)) && latest.failure === null
      : (model.spectrum?.fraction ?? 1) < 1;

  const told = ([re, im, gate]: Eigenvalue): readonly string[] => [
    ...(gate === null ? [] : [t('gate {0}', gate)]),
    `|λ| = ${formatNumber(Math.hypot(re, im))}`,
    `λ = ${formatNumber(re)} ${im < 0 ? '−' : '+'} ${formatNumber(Math.abs(im))}i`,
  ];

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
        t(
          'Of a cell of several gates each block of Wh has its own sign; the circle says little there, because every ' +
            'block acts behind its gate.',
        ),
      ],
      formula: 'Wh·v = λ·v',
      source:
        'Engelken, Wolf & Abbott 2023, “Lyapunov spectra of chaotic recurrent neural networks”; Pascanu et al. 2013',
    },
    controls,
    notes: failed,
    prepare: ask,
    // Where they are still to come the card keeps its place; beyond 1,024 units, or where they are not found, there are
    // none to draw.
    available: () =>
      values().length > 0 ||
      (gated() && latest.failure !== null) ||
      (model.run !== null && coming() && (gated() ? model.run.shapes.H : model.spectrumUnits) <= mostDecomposed),
    paint(sheet) {
      const { context, theme } = sheet;
      if (values().length === 0) {
        if (coming()) paintNote(sheet, t('Being computed…'));
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
        context.fillText(formatTick(tick), x(tick), bottom + 9);
      context.textAlign = 'right';
      for (const tick of ticksBetween(-up, up, (bottom - top) / 40))
        context.fillText(formatTick(tick), left - 6, y(tick));
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
      const cell = model.run?.cell;
      const point = (at: readonly [number, number], colour: string, gate: string | null): void => {
        context.fillStyle = colour;
        context.beginPath();
        (signs[Math.max(0, cell?.gates.indexOf(gate ?? '') ?? 0) % signs.length] ?? signs[0])?.(context, ...at);
        context.fill();
      };
      const colourOf = (gate: string): string =>
        cell === undefined ? theme.blue : withAlpha(gateColour(cell, gate, theme), 0.85);
      for (const [re, im, gate] of values())
        point(
          [x(re), y(im)],
          gate !== null ? colourOf(gate) : Math.hypot(re, im) > 1 ? theme.orange : theme.blue,
          gate,
        );
      if (!gated() || cell === undefined) return;
      // Which sign is which gate's, in the upper left corner.
      context.textAlign = 'left';
      let at = left + 4;
      for (const gate of cell.gates.filter((name) => gateNow() === '' || name === gateNow())) {
        point([at + 3, top + 7], colourOf(gate), gate);
        context.fillStyle = theme.foreground;
        context.fillText(gate, at + 10, top + 7);
        at += 18 + context.measureText(gate).width;
      }
    },
    readout(at, size) {
      const { x, y } = layout(size);
      const found = values()
        .map((value) => ({ value, distance: Math.hypot(x(value[0]) - at.x, y(value[1]) - at.y) }))
        .filter(({ distance }) => distance <= near)
        .sort((a, b) => a.distance - b.distance)[0];
      return found === undefined ? null : told(found.value);
    },
    readings(size) {
      const { x, y } = layout(size);
      return values().map((value) => ({ at: { x: x(value[0]), y: y(value[1]) }, lines: () => told(value) }));
    },
    older: () => !gated() && model.spectrumIsOlder,
    async ready() {
      if (!gated()) await model.ownSpectrum();
      ask();
      const runId = model.run?.runId;
      while (gated() && coming() && model.run?.runId === runId) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    summary: () =>
      t(
        '{0} values in the complex plane, {1} outside the unit circle, largest modulus {2}.',
        values().length,
        values().filter(([re, im]) => Math.hypot(re, im) > 1).length,
        formatNumber(
          gated()
            ? values().reduce((most, [re, im]) => Math.max(most, Math.hypot(re, im)), 0)
            : (model.spectrum?.spectralRadiusWh ?? NaN),
        ),
      ),
    table: () => ({
      rowHeading: { title: 'λ', csv: 'lambda' },
      columns: [
        { title: t('real'), csv: 'real' },
        { title: t('imaginary'), csv: 'imaginary' },
        { title: '|λ|', csv: 'modulus' },
        ...(gated() ? [{ title: t('gate'), csv: 'gate' }] : []),
      ],
      rowCount: values().length,
      rows: (from, to) =>
        Promise.resolve(
          values()
            .slice(from, to)
            .map(([re, im, gate]) => [
              ...[re, im, Math.hypot(re, im)].map((value) => ({ text: formatNumber(value), exact: String(value) })),
              ...(gate === null ? [] : [{ text: gate, exact: gate }]),
            ]),
        ),
    }),
  };
}
