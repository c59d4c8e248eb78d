// Beside the tracks: the numbers of the step under the cursor.
import { tsvLine } from '../widgets/spreadsheetFields.js';
import { Copying } from '../widgets/clipboard.js';
import { el, math } from '../widgets/dom.js';
import { exactLog10, formatLog10, formatNumber, formatPercent } from '../page/format.js';
import { ofAllStates, stepFormula } from '../page/formulas.js';
import { t as say } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { olderTitle, olderWord } from '../widgets/staleMark.js';
import { menuButton } from '../widgets/menu.js';
import { helpPopover } from '../widgets/popover.js';
import { ownerOfDx } from '../page/layerNames.js';
import { gradientNames, log10Of, readField, stepValue } from '../page/series.js';
import { gradientField, stateField } from '../page/stepCache.js';
import { formulaOf, positionOf, stepLabel } from '../page/stepLabels.js';
import { emptyField } from '../page/tablePlan.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';
import type { RunSummary, StepValues } from '../page/model.js';
import type { LogSeries } from '../page/series.js';
import type { Field } from '../page/tablePlan.js';
import type { StepCache } from '../page/stepCache.js';

/** `of`: whose number it is, where that is not the whole run; `older`: of the run before. */
type Row = {
  readonly name: string;
  readonly id: string;
  read(run: RunSummary, t: number): Field;
  of?(run: RunSummary): string | null;
  older?(): boolean;
};

const number = (value: number): Field => ({ text: formatNumber(value), exact: String(value) });
const share = (value: number): Field => ({ text: formatPercent(value), exact: String(value) });
const log = (value: number): Field => ({ text: formatLog10(value), exact: exactLog10(value) });
const readNorm =
  (name: LogSeries): Row['read'] =>
  (run, t) =>
    readField(run.steps, log10Of(run, name), t, log);

const help = (): Help => ({
  text: [
    say(
      'Every number of the step under the cursor. g_t is the total gradient of the state: what the loss sends ' +
        'in directly and what the next step sends back. dz_t is what remains of it before the activation; the ' +
        'inputs, the weights and the step before all receive their share from there.',
    ),
    say(
      'Norms are taken over the batch and the units. dWh_t and its neighbours are this step’s terms of the sums ' +
        'that train the shared weights. What is lost since the loss is measured on the gradient from the last ' +
        'step alone, as the verdict is. Move the cursor with the arrow keys, or click a plot.',
    ),
  ],
  formula: stepFormula,
  source: 'Werbos 1990, “Backpropagation through time: what it does and how to do it”',
});

/** Into a layer below the last one something enters at every step, from the layer above. */
function hasLosses({ lossCount, network }: RunSummary): boolean {
  const layers = network?.layers ?? [];
  const shown = layers[network?.shown ?? 0]?.layer ?? 0;
  return lossCount > 0 && layers.every(({ layer }) => layer <= shown);
}

/**
 * The step of the loss at t or next behind it, whose gradient is the first to arrive there; null behind the last one.
 * Without losses of its own that of the single source.
 */
function nearestLoss(run: RunSummary, t: number): number | null {
  const { source } = run.verdict;
  if (!hasLosses(run)) return source;
  const behind = run.lossSteps.find(([, to]) => to >= t);
  return behind === undefined ? null : Math.min(source, Math.max(t, behind[0]));
}

const lostSince = (run: RunSummary): string =>
  hasLosses(run)
    ? run.lossCount > 1
      ? say('lost since the nearest loss')
      : say('lost since the loss')
    : say('lost since the last step');

export class AtStep {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #title = el('h2', {});
  readonly #list = el('dl', { class: 'pairs' });
  readonly #cells = new Map<string, { readonly name: string; readonly value: HTMLElement; readonly of: HTMLElement }>();
  readonly #units = el('tbody');
  readonly #unitsTitle = el('h3', { id: 'units-title' });
  readonly #latest: Latest<{ t: number; sequence: number }, StepValues | null>;
  #values: StepValues | null = null;

  constructor(page: Page, steps: StepCache) {
    this.#page = page;
    this.#latest = new Latest(
      ({ t, sequence }) => steps.at(t, sequence),
      (step) => {
        // A report has the numbers of some steps: those of another may not stand under the name of one that it has not.
        this.#values = step;
        this.#showUnits();
      },
    );
    const head = el(
      'thead',
      {},
      el('tr', {}, ...[say('unit'), 'h', 'g'].map((name) => el('th', { attributes: { scope: 'col' } }, name))),
    );
    const name = say('Numbers at the cursor');
    const copying = new Copying(() => Promise.resolve(this.#tsv()));
    const menu = menuButton(say('Menu of {0}', name), () => [
      copying.item,
      {
        label: say('What it shows'),
        act: () => helpPopover(menu, name, help(), page.model.run),
      },
    ]);
    this.element = el(
      'section',
      { class: 'card at-step', attributes: { 'aria-label': name } },
      el('div', { class: 'card-head' }, this.#title, el('span', { class: 'actions' }, copying.word, menu)),
      this.#list,
      this.#unitsTitle,
      el('table', { class: 'unit-values', attributes: { 'aria-labelledby': 'units-title' } }, head, this.#units),
    );
    page.timeline.onChange((change) => {
      if (change !== 'window' && page.groups.shows('atStep')) this.show();
    });
  }

  /** Elements for rows that have none; what another cell had goes. */
  #arrange(rows: readonly Row[]): void {
    if (rows.length === this.#cells.size && rows.every(({ id, name }) => this.#cells.get(id)?.name === name)) return;
    this.#cells.clear();
    this.#list.replaceChildren(
      ...rows.map((row) => {
        const value = el('dd', { attributes: { 'data-name': row.id } });
        const of = el('span', { class: 'of' });
        this.#cells.set(row.id, { name: row.name, value, of });
        return el('div', {}, el('dt', {}, math(row.name), of), value);
      }),
    );
  }

  show(): void {
    const {
      model: { run },
      timeline,
    } = this.#page;
    if (run === null) return;
    const { cursor } = timeline;
    const label = stepLabel(run, cursor, timeline.shownSequence);
    const position = positionOf(run, cursor);
    const at = label === '' ? String(position) : `${position} · ${label}`;
    this.#title.textContent = timeline.pinned ? say('At t = {0} · pinned', at) : say('At t = {0}', at);
    const rows = this.#rows(run);
    this.#arrange(rows);
    for (const row of rows) {
      const target = this.#cells.get(row.id);
      if (target === undefined) continue;
      const { value, of } = target;
      const cell = row.read(run, cursor);
      const older = row.older?.() === true;
      value.textContent = cell.text;
      value.title = older ? olderTitle() : cell.exact;
      value.dataset['value'] = cell.exact;
      value.parentElement?.classList.toggle('older', older);
      const whose = older ? olderWord() : (row.of?.(run) ?? '');
      of.textContent = whose === '' ? '' : ` ${whose}`;
      of.classList.toggle('older-mark', older);
    }
    this.#latest.request({ t: cursor, sequence: timeline.shownSequence });
    this.#showUnits();
  }

  #rows(shown: RunSummary): readonly Row[] {
    const { model } = this.#page;
    return [
      { id: 'h', name: '‖h_t‖', read: (run, t) => readField(run.steps, run.layers[0].hNorm, t, number) },
      // Of a cell that is more than f(z) h alone does not tell where it is flat.
      ...(shown.cell.isActivation
        ? [
            {
              id: 'saturation',
              name: say('saturated units'),
              read: ({ steps, layers: [{ saturation }] }: RunSummary, t: number) =>
                saturation === null
                  ? { text: say('none possible'), exact: '' }
                  : readField(steps, saturation, t, share),
            },
          ]
        : []),
      { id: 'g', name: '‖g_t‖ = ‖∂L/∂h_t‖', read: readNorm('dh') },
      {
        id: 'lost',
        name: lostSince(shown),
        read: (run, t) =>
          readField(run.steps, log10Of(run, 'singleSource'), t, (value) => {
            const from = nearestLoss(run, t);
            if (from === null) return emptyField;
            const lost = stepValue(run.steps, log10Of(run, 'singleSource'), from) - value;
            if (Number.isNaN(lost)) return emptyField;
            if (lost === Infinity) return { text: say('everything'), exact: 'Infinity' };
            return {
              text:
                lost < -0.05
                  ? say('grown by {0} decades', (-lost).toFixed(1))
                  : say('{0} decades', Math.abs(lost).toFixed(1)),
              exact: String(lost),
            };
          }),
      },
      {
        id: 'jacobian',
        name: formulaOf(shown, ofAllStates('σ_{max}(∂h_t/∂h_{t−1})', shown.cell)),
        read: (_run, t) => {
          const {
            sigmaMax: { steps, values },
            spectrum,
          } = model;
          return spectrum === null || (spectrum.fraction < 1 && Number.isNaN(stepValue(steps, values, t)))
            ? { text: '…', exact: '' }
            : readField(steps, values, t, number);
        },
        // The spectrum is that of the first sequence alone.
        of: ({ shapes: { B } }) => (B > 1 ? say('sequence {0}', 1) : null),
        older: () => model.spectrumIsOlder,
      },
      {
        id: 'dx',
        name: '‖dx_t‖',
        read: readNorm('dx'),
        of: ownerOfDx,
      },
      ...gradientNames(shown).map((name): Row => ({
        id: name,
        name: `‖${name}_t‖`,
        read: readNorm(name),
      })),
    ];
  }

  /** The numbers of the whole step, then those of the units. */
  #tsv(): string | null {
    const {
      model: { run },
      timeline: { cursor, units },
    } = this.#page;
    if (run === null) return null;
    const known = this.#values?.t === cursor ? this.#values : null;
    return [
      ['t', String(positionOf(run, cursor))],
      ...this.#rows(run).map((row) => [
        [row.name, row.of?.(run) ?? ''].join(' ').trim(),
        row.older?.() === true ? '' : row.read(run, cursor).exact,
      ]),
      [say('unit'), 'h', 'g'],
      ...units.map((unit) => [
        String(unit),
        ...(known === null ? ['', ''] : [stateField(known, unit).exact, gradientField(known, unit).exact]),
      ]),
    ]
      .map((cells) => `${tsvLine(cells)}\n`)
      .join('');
  }

  #showUnits(): void {
    const { timeline } = this.#page;
    this.#unitsTitle.textContent = say('Chosen units, sequence {0}', timeline.shownSequence + 1);
    // The last answer stays until the next one is there: a blink of dashes at every move would be worse.
    const known = this.#values;
    this.#units.replaceChildren(
      ...timeline.units.map((unit) => {
        const cells = known === null ? [emptyField, emptyField] : [stateField(known, unit), gradientField(known, unit)];
        return el(
          'tr',
          {},
          el('th', { attributes: { scope: 'row' } }, String(unit)),
          ...cells.map((cell) => el('td', { title: cell.exact, attributes: { 'data-value': cell.exact } }, cell.text)),
        );
      }),
    );
  }
}
