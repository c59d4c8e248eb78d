// Beside the tracks: what became of the gradient from version to version while a training script rewrites its weights,
// and the way back to each.
import { ticksBetween } from '../chart/axis.js';
import { frameOf, paintFrame } from './card.js';
import { el, textButton } from '../widgets/dom.js';
import { formatFactor, formatLog10, formatNumber, formatTick } from '../page/format.js';
import { t } from '../page/l10n.js';
import { csvLayer, layerName } from '../page/layerNames.js';
import { versionAxisOf } from './versionAxis.js';
import { Latest } from '../page/model.js';
import { emptyField } from '../page/tablePlan.js';
import type { CardView, Frame, Sheet } from './card.js';
import type { VersionAxis } from './versionAxis.js';
import type { Overlay } from '../chart/overlay.js';
import type { Theme } from '../page/theme.js';
import type { Field } from '../page/tablePlan.js';
import type { PageState } from '../page/pageState.js';
import type { Page } from '../chart/trackView.js';
import type { HistoryList, HistoryVersion, TrainingNotes, VersionCurve } from '../../src/protocol/index.js';

type Ask = {
  readonly list: () => Promise<HistoryList>;
  readonly version: (runId: number) => Promise<VersionCurve | null>;
};
type Kind = HistoryVersion['kind'];

/** In the page's language where that is not English, whose regions write it in their own ways. */
function timeText(time: number): string {
  const { lang } = document.documentElement;
  return new Date(time).toLocaleTimeString(lang === 'en' ? undefined : lang);
}

/** The logarithms of a version are kept in float32. */
const float32Rounding = 2 ** -24;
/** Share of the height that the ratio has; the exponent has the rest. */
const upper = 0.6;
const tones = ({ red, yellow, green, orange, purple }: Theme): Readonly<Record<Kind, string>> => ({
  vanishing: red,
  fading: yellow,
  healthy: green,
  exploding: orange,
  nonfinite: purple,
});
const kindNames: Readonly<Record<Kind, () => string>> = {
  vanishing: () => t('vanishing'),
  fading: () => t('fading'),
  healthy: () => t('healthy'),
  exploding: () => t('exploding'),
  nonfinite: () => t('not finite'),
};

/** What a training script may say of itself. */
const noteNames: Readonly<Record<keyof TrainingNotes, () => string>> = {
  step: () => t('step of the script'),
  epoch: () => t('epoch'),
  loss: () => t('loss of the script'),
};
const axisNames: Readonly<Record<VersionAxis['by'], () => string>> = {
  version: () => t('version'),
  step: noteNames.step,
  epoch: noteNames.epoch,
};
const noteField = (value: number | null): Field =>
  value === null
    ? emptyField
    : { text: Number.isInteger(value) ? String(value) : formatNumber(value), exact: String(value) };
/** `step 1200 · loss 0.31`. */
const scriptText = ({ step, epoch, loss }: TrainingNotes): string =>
  [
    ...(epoch === null ? [] : [t('epoch {0}', noteField(epoch).text)]),
    ...(step === null ? [] : [t('step {0}', noteField(step).text)]),
    ...(loss === null ? [] : [t('loss {0}', noteField(loss).text)]),
  ].join(' · ');

/** ` ×0.907`, where there is one rate. */
const factorText = ({ perStepFactor }: HistoryVersion): string =>
  perStepFactor === null ? '' : ` ×${formatFactor(perStepFactor)}`;

/** A point whose shape says the verdict as its colour does: pointing down, a diamond, round, pointing up, square. */
function stamp(context: CanvasRenderingContext2D, kind: Kind, x: number, y: number, size: number): void {
  context.beginPath();
  if (kind === 'healthy') context.arc(x, y, size, 0, 2 * Math.PI);
  else if (kind === 'fading') {
    const points = [
      [0, -1.4],
      [1.4, 0],
      [0, 1.4],
      [-1.4, 0],
    ] as const;
    for (const [dx, dy] of points) context.lineTo(x + dx * size, y + dy * size);
  } else if (kind === 'nonfinite') context.rect(x - size, y - size, 2 * size, 2 * size);
  else {
    const up = kind === 'exploding' ? -1.4 * size : 1.4 * size;
    context.moveTo(x - 1.3 * size, y - up);
    context.lineTo(x + 1.3 * size, y - up);
    context.lineTo(x, y + up);
  }
  context.fill();
}

/** The versions, and the one that the user looks back at. */
export class VersionHistory {
  list: HistoryList = { forgotten: 0, skipped: 0, rewrites: 0, versions: [] };
  /** Null: the run on screen alone. */
  chosen: number | null = null;
  #curve: VersionCurve | null = null;
  /** Looked at before the page was loaded again: found when the first list is there. */
  #wanted: unknown;
  readonly #model: Page['model'];
  readonly #memory: PageState;
  readonly #listeners = new Set<() => void>();
  readonly #lists: Latest<null, HistoryList | null>;
  readonly #curves: Latest<number, VersionCurve | null>;

  constructor({ model, memory }: Page, ask: Ask, failed: (error: unknown) => void) {
    this.#model = model;
    this.#memory = memory;
    this.#wanted = memory.chosen('version');
    const safely = <R>(answer: Promise<R>): Promise<R | null> =>
      answer.catch((error: unknown) => {
        failed(error);
        return null;
      });
    this.#lists = new Latest(
      () => safely(ask.list()),
      (list) => {
        if (list === null) return;
        this.list = list;
        if (list.versions.length > 0) this.#takeUp(list.versions);
        if (this.chosen !== null && list.versions.every(({ runId }) => runId !== this.chosen)) this.choose(null);
        this.#tell();
      },
    );
    this.#curves = new Latest(
      (runId) => safely(ask.version(runId)),
      (curve, runId) => {
        if (runId !== this.chosen) return;
        this.#curve = curve;
        this.#tell();
      },
    );
    model.onChange((change) => {
      if (change !== 'status') this.#lists.request(null);
    });
    if (model.run !== null) this.#lists.request(null);
  }

  /** Place of the chosen version among those that are kept; the last one when none is. */
  get place(): number {
    const at = this.list.versions.findIndex(({ runId }) => runId === this.chosen);
    return at < 0 ? this.list.versions.length - 1 : at;
  }

  /** A program writes the files again and again: what becomes of the gradient is then what one looks for. */
  get followsTraining(): boolean {
    return this.list.rewrites > 1;
  }

  /** How the user counts: the first version of the session is 1, also when it was let go. */
  number(place: number): number {
    return this.list.forgotten + place + 1;
  }

  /** Which layer of a network a version tells of; '' where there is one layer. */
  layerOf({ layer }: HistoryVersion): string {
    if (layer === null) return '';
    const { network } = this.#model.run ?? { network: null };
    const name = network === null ? '' : layerName(network, layer);
    // The network may have fewer layers now.
    return name === '' ? t('layer {0}', layer) : name;
  }

  /** The same in a saved file. */
  csvLayerOf({ layer }: HistoryVersion): string {
    return layer === null ? '' : csvLayer(this.#model.run?.network ?? { layers: [] }, layer);
  }

  /** `version 2`; with its layer where that is another one than is looked at. */
  #nameOf(place: number): string {
    const name = t('version {0}', this.number(place));
    const version = this.list.versions[place];
    const isShown = version?.layer === this.#model.run?.network?.shown;
    const layer = version === undefined || isShown ? '' : this.layerOf(version);
    return layer === '' ? name : `${name} · ${layer}`;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks at a version by its place; the last one, or null, is the run on screen. */
  choose(place: number | null): void {
    const version =
      place === null || place >= this.list.versions.length - 1 ? undefined : this.list.versions[Math.max(0, place)];
    this.chosen = version?.runId ?? null;
    this.#memory.choose('version', version === undefined ? null : [version.runId, version.time]);
    if (this.chosen === null) this.#curve = null;
    else this.#curves.request(this.chosen);
    this.#tell();
  }

  /** Runs are numbered anew by each session of the editor, so the time has to be the same too. */
  #takeUp(versions: readonly HistoryVersion[]): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    const place = Array.isArray(wanted)
      ? versions.findIndex(({ runId, time }) => runId === wanted[0] && time === wanted[1])
      : -1;
    if (place >= 0) this.choose(place);
  }

  overlays(): readonly Overlay[] {
    if (this.chosen === null || this.#curve === null) return [];
    return [
      {
        id: 'version',
        name: this.#nameOf(this.place),
        csv: `version${this.number(this.place)}`,
        curve: this.#curve,
        colour: ({ foreground }) => foreground,
        width: 1.5,
        dash: [3, 2],
        draws: ['dh', 'singleSource'],
        uncertainty: (log10) => Math.abs(log10) * float32Rounding,
      },
    ];
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function historyCard(past: VersionHistory, changed: () => void): CardView {
  const versions = (): readonly HistoryVersion[] => past.list.versions;
  const told = el('span', { class: 'version-told' });
  const script = el('span', { class: 'version-script', title: t('What the training script says beside the weights') });
  const skippedNote = el('p', { class: 'note', attributes: { 'data-name': 'skipped' } });
  const range = el('input', {
    class: 'range',
    attributes: { type: 'range', min: '0', step: '1', 'aria-label': t('Version') },
  });
  const live = textButton(t('back to live'), t('back to live: the run on screen'), () => past.choose(null));
  live.classList.add('link');
  range.addEventListener('input', () => past.choose(range.valueAsNumber));
  past.onChange(changed);

  function controls(): void {
    const all = versions();
    const { place } = past;
    const version = all[place];
    range.max = String(Math.max(1, all.length - 1));
    range.value = String(place);
    range.style.setProperty('--share', String(place / Math.max(1, all.length - 1)));
    const text =
      version === undefined
        ? ''
        : t('version {0} of {1}, {2}', past.number(place), past.number(all.length - 1), timeText(version.time));
    const notes = version?.training ?? null;
    script.textContent = notes === null ? '' : scriptText(notes);
    script.hidden = notes === null;
    const { skipped } = past.list;
    skippedNote.hidden = skipped === 0;
    skippedNote.textContent =
      skipped === 0
        ? ''
        : skipped === 1
          ? t('At least 1 write of the files was skipped: the next one came before a run could follow.')
          : t('At least {0} writes of the files were skipped: others came before a run could follow.', skipped);
    const layer = version === undefined ? '' : past.layerOf(version);
    const whose = layer === '' ? '' : `${layer}: `;
    range.setAttribute('aria-valuetext', version === undefined ? '' : `${text}, ${whose}${kindNames[version.kind]()}`);
    told.textContent =
      version === undefined ? '' : `${text} · ${whose}${kindNames[version.kind]()}${factorText(version)}`;
    live.hidden = past.chosen === null;
  }

  const finite = (values: readonly (number | null)[]): number[] =>
    values.filter((value): value is number => value !== null && Number.isFinite(value));
  function span(values: readonly (number | null)[], least: number): { min: number; max: number } {
    const known = finite(values);
    const [low, high] = [known.reduce((a, b) => Math.min(a, b), 0), known.reduce((a, b) => Math.max(a, b), 0)];
    const air = Math.max((high - low) * 0.1, least);
    return { min: low - air, max: high + air };
  }
  const ratios = (): { min: number; max: number } =>
    span(
      versions().map(({ log10Ratio }) => log10Ratio),
      0.3,
    );
  const exponents = (): { min: number; max: number } =>
    span(
      versions().map(({ lambda1 }) => lambda1),
      0.02,
    );
  function frames({ width, height }: Pick<Sheet, 'width' | 'height'>): {
    readonly top: Frame;
    readonly bottom: Frame;
    readonly split: number;
  } {
    const { at } = along();
    const [first, last] = [at[0] ?? 0, at.at(-1) ?? 0];
    const air = (last - first) / Math.max(1, at.length - 1) / 2 || 0.5;
    const x = { min: first - air, max: last + air };
    const split = Math.round((height - 32) * upper);
    return {
      top: frameOf({ width, height: split + 32 }, x, ratios()),
      bottom: frameOf({ width, height: height - split }, x, exponents()),
      split,
    };
  }

  const along = (): VersionAxis => versionAxisOf(versions(), (place) => past.number(place));

  function line({ context }: Sheet, frame: Frame, values: readonly (number | null)[]): void {
    const { at } = along();
    context.beginPath();
    let pen = false;
    values.forEach((value, i) => {
      if (value === null || !Number.isFinite(value)) pen = false;
      else {
        const [x, y] = [frame.x(at[i] ?? NaN), frame.y(value)];
        if (pen) context.lineTo(x, y);
        else context.moveTo(x, y);
        pen = true;
      }
    });
    context.stroke();
  }

  return {
    id: 'history',
    title: t('History'),
    height: 210,
    controls: el('div', { class: 'history-controls' }, range, el('div', { class: 'history-told' }, told, script, live)),
    notes: skippedNote,
    help: {
      text: [
        t(
          'Every result since the panel was opened: above, what arrives of the gradient at the first step, ' +
            'coloured by the verdict; below, the largest Lyapunov exponent (from Q = I), where there was time to ' +
            'compute it. ' +
            'A training script that rewrites its weights draws its own line here, with its step, epoch and loss ' +
            'where the file holds them (“step”, “epoch”, “loss” beside the weights); the axis then counts its steps.',
        ),
        t(
          'Drag, click or use the arrow keys to look back: the curve of that version is laid over the run in ' +
            'the gradient flow. The last {0} versions are kept, with their norms at up to {1} steps.',
          200,
          512,
        ),
      ],
      formula: 'log_{10}(‖g_0‖ / ‖g_{T−1}‖)   λ_1',
      source: t('Measured on the single source at the last step, as the verdict is'),
    },
    available: () => {
      controls();
      return versions().length > 1;
    },
    paint(sheet) {
      const { context, theme, width, height } = sheet;
      const all = versions();
      const { top, bottom, split } = frames(sheet);
      const { by, at } = along();
      const [first, last] = [at[0] ?? 0, at.at(-1) ?? 0];
      const [r, e] = [ratios(), exponents()];
      const x = {
        min: first,
        max: last,
        ticks: ticksBetween(first, last, 5, by === 'epoch' ? 0 : 1),
        label: () => '',
        title: '',
      };
      paintFrame({ context, width, height: split + 32, theme }, top, x, {
        ...r,
        ticks: ticksBetween(r.min, r.max, 4),
        label: formatTick,
        title: t('log₁₀ ratio'),
      });
      context.save();
      context.translate(0, split);
      paintFrame(
        { context, width, height: height - split, theme },
        bottom,
        { ...x, label: String, title: axisNames[by]() },
        { ...e, ticks: ticksBetween(e.min, e.max, 3), label: formatTick, title: 'λ₁' },
      );
      context.strokeStyle = theme.blue;
      context.lineWidth = 1.5;
      line(
        sheet,
        bottom,
        all.map(({ lambda1 }) => lambda1),
      );
      context.restore();
      context.strokeStyle = theme.muted;
      context.lineWidth = 1;
      line(
        sheet,
        top,
        all.map(({ log10Ratio }) => log10Ratio),
      );
      const size = all.length > 100 ? 1.5 : 2.5;
      all.forEach(({ kind, log10Ratio }, i) => {
        const value =
          log10Ratio === null || Number.isNaN(log10Ratio) ? null : Math.max(r.min, Math.min(r.max, log10Ratio));
        context.fillStyle = tones(theme)[kind];
        stamp(context, kind, top.x(at[i] ?? NaN), value === null ? top.bottom - 3 : top.y(value), size);
      });
      const chosen = Math.round(top.x(at[past.place] ?? NaN)) + 0.5;
      context.strokeStyle = theme.foreground;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(chosen, top.top);
      context.lineTo(chosen, split + bottom.bottom);
      context.stroke();
      context.setLineDash([]);
    },
    readout(point, size) {
      const { top } = frames(size);
      const version = versions()[placeAt(point.x, top)];
      if (version === undefined || point.x < top.left || point.x > top.right) return null;
      return [
        t('version {0}', past.number(placeAt(point.x, top))),
        ...[past.layerOf(version)].filter((layer) => layer !== ''),
        kindNames[version.kind](),
        version.perStepFactor === null ? '–' : t('×{0} per step', formatFactor(version.perStepFactor)),
        version.log10Ratio === null ? '–' : t('×{0} in all', formatLog10(version.log10Ratio, 3)),
        ...(version.lambda1 === null ? [] : [`λ₁ = ${formatNumber(version.lambda1)}`]),
        ...(version.training === null ? [] : [scriptText(version.training)]),
      ];
    },
    click: (point, size) => past.choose(placeAt(point.x, frames(size).top)),
    key(key) {
      const to = {
        ArrowLeft: past.place - 1,
        ArrowRight: past.place + 1,
        Home: 0,
        End: versions().length - 1,
        Escape: versions().length - 1,
      }[key];
      if (to === undefined) return false;
      past.choose(Math.max(0, to));
      return true;
    },
    summary: () => {
      const all = versions();
      const [from, to] = [all[0], all[all.length - 1]];
      return from === undefined || to === undefined
        ? ''
        : t(
            '{0} versions, from {1} to {2}. Arrow keys look back.',
            all.length,
            kindNames[from.kind](),
            kindNames[to.kind](),
          );
    },
    table() {
      const all = versions();
      // Columns of what no version says would be empty.
      const noted = (['step', 'epoch', 'loss'] as const).filter((name) =>
        all.some(({ training }) => typeof training?.[name] === 'number'),
      );
      const ofNetwork = all.some(({ layer }) => layer !== null);
      return {
        rowHeading: { title: t('version'), csv: 'version' },
        columns: [
          ...noted.map((name) => ({ title: noteNames[name](), csv: name })),
          ...(ofNetwork ? [{ title: t('Layer'), csv: 'layer' }] : []),
          { title: t('verdict'), csv: 'verdict' },
          { title: t('log₁₀ ratio'), csv: 'log10_ratio' },
          { title: t('factor per step'), csv: 'factor_per_step' },
          { title: 'λ_1', csv: 'lambda_1' },
          { title: t('time'), csv: 'time' },
        ],
        rowCount: all.length,
        rowLabel: (row) => String(past.number(row)),
        rows: (from, to) =>
          Promise.resolve(
            all.slice(from, to).map((version) => {
              const { kind, log10Ratio, perStepFactor, lambda1, time, training } = version;
              return [
                ...noted.map((name) => noteField(training?.[name] ?? null)),
                ...(ofNetwork ? [{ text: past.layerOf(version), exact: past.csvLayerOf(version) }] : []),
                { text: kindNames[kind](), exact: kind },
                ...[log10Ratio, perStepFactor, lambda1].map((value) => ({
                  text: value === null ? '–' : formatNumber(value),
                  exact: value === null ? '' : String(value),
                })),
                { text: timeText(time), exact: new Date(time).toISOString() },
              ];
            }),
          ),
      };
    },
    marked: () => past.place,
  };

  /** The version that stands next to a pixel. */
  function placeAt(x: number, frame: Frame): number {
    const pixels = along().at.map((at) => Math.abs(frame.x(at) - x));
    return pixels.reduce((best, distance, i) => (distance < (pixels[best] ?? Infinity) ? i : best), 0);
  }
}
