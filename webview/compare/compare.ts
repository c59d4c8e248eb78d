// Beside the tracks: other configs and pinned runs, their verdicts, and how they are laid over the run on screen.
import { tsvLine } from '../widgets/spreadsheetFields.js';
import { Copying } from '../widgets/clipboard.js';
import { el, textButton } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { menuButton } from '../widgets/menu.js';
import { helpPopover } from '../widgets/popover.js';
import { dropdown, setOptions } from '../widgets/controls.js';
import { namesOf } from './comparable.js';
import { comparedRows, swatchOf, verdictFacts } from './comparedRows.js';
import { mostPins } from './pins.js';
import type { Compared } from './compared.js';
import type { ComparedActs } from './comparedRows.js';
import type { Overlays } from '../chart/overlay.js';
import type { Pin, Pins } from './pins.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';

const help = (): Help => ({
  text: [
    t(
      'Pinned runs stay over whatever runs next, in the gradient flow, its table and its CSV. Up to {0} are ' +
        'kept, with their norms alone, also when the window is loaded again.',
      mostPins,
    ),
    t(
      'Other configs (“Compare with…”) run beside this one and follow edits as it does. Of another cell the curve is ' +
        'moved to begin where this run’s does: norms over other states differ in size, what is left of them compares.',
    ),
    t(
      'The difference draws every other curve divided by that of the run on screen: on the line at 1 they are ' +
        'the same. Runs of another length meet at their last steps, because what counts is how far the gradient ' +
        'has come.',
    ),
  ],
  formula: '‖g_t‖_{other} / ‖g_t‖_{run}',
  source: t('The norms are those of the gradient flow'),
});

export class Compare {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #pins: Pins;
  readonly #compared: Compared;
  readonly #act: ComparedActs;
  readonly #list = el('ul', { class: 'pins' });
  readonly #controls: HTMLElement;
  readonly #difference: HTMLInputElement;
  #key = '';

  constructor(page: Page, pins: Pins, compared: Compared, overlays: Overlays, act: ComparedActs) {
    this.#page = page;
    this.#pins = pins;
    this.#compared = compared;
    this.#act = act;
    const title = t('Compare');
    const copying = new Copying(() => Promise.resolve(this.#tsv()));
    const menu = menuButton(t('Menu of {0}', title), () => [
      copying.item,
      {
        label: t('What it shows'),
        act: () => helpPopover(menu, title, help(), page.model.run),
      },
    ]);
    this.#difference = el('input', { attributes: { type: 'checkbox' } });
    const differ = (on: boolean): void => {
      this.#difference.checked = overlays.difference = on;
      page.memory.choose('difference', on);
      overlays.changed();
    };
    this.#difference.addEventListener('change', () => differ(this.#difference.checked));
    if ((pins.pins.length > 0 || compared.kept) && page.memory.chosen('difference') === true) differ(true);
    const draws = dropdown(t('Curve of the other runs'), (value) =>
      pins.draw(value === 'singleSource' ? 'singleSource' : 'dh'),
    );
    setOptions(
      draws,
      [
        ['dh', t('total')],
        ['singleSource', t('last step alone')],
      ],
      pins.draws,
    );
    this.#controls = el(
      'div',
      { class: 'card-controls compare' },
      el('label', {}, el('span', {}, t('Curve')), draws),
      el('label', {}, this.#difference, el('span', {}, t('difference'))),
    );
    this.element = el(
      'section',
      { class: 'card', attributes: { 'data-card': 'compare', 'aria-label': title } },
      el('div', { class: 'card-head' }, el('h2', {}, title), el('span', { class: 'actions' }, copying.word, menu)),
      this.#controls,
      this.#list,
    );
    const others = (): void => {
      if (pins.pins.length === 0 && compared.runs.length === 0 && overlays.difference) differ(false);
      this.show();
    };
    pins.onChange(others);
    compared.onChange(others);
    page.themes.onChange(() => {
      this.#key = '';
      this.show();
    });
    this.show();
  }

  show(): void {
    const { pins } = this.#pins;
    const { runs } = this.#compared;
    const { run } = this.#page.model;
    this.element.hidden = (pins.length === 0 && runs.length === 0) || !this.#page.groups.shows('compare');
    const key = [
      ...(runs.length === 0 ? [] : [`${run?.runId ?? ''} ${run?.network?.shown ?? ''}`]),
      ...runs.map(({ run: other, ...told }) => JSON.stringify([told, other?.runId])),
      ...pins.map(({ id, name }) => `${id} ${name}`),
    ].join('\n');
    if (key === this.#key) return;
    this.#key = key;
    this.#list.replaceChildren(
      ...(run === null ? [] : comparedRows(this.#compared, run, this.#page.themes.current, this.#act)),
      ...pins.map((pin) => this.#row(pin)),
    );
  }

  #tsv(): string {
    const names = namesOf(this.#compared.runs);
    const compared = this.#compared.runs.flatMap(({ run }, i) =>
      run === null
        ? []
        : [['', names[i] ?? '', run.kind, String(run.perStepFactor ?? ''), String(run.log10Ratio ?? '')]],
    );
    const rows = this.#pins.pins.map(({ id, name, kind, perStepFactor, log10Ratio }) => [
      `#${id}`,
      name,
      kind,
      String(perStepFactor ?? ''),
      String(log10Ratio ?? ''),
    ]);
    return [[t('pin'), t('name'), t('verdict'), t('factor per step'), t('log10 of the ratio')], ...compared, ...rows]
      .map((cells) => `${tsvLine(cells)}\n`)
      .join('');
  }

  #row(pin: Pin): HTMLElement {
    const { colour, dash } = this.#pins.look(pin, this.#page.themes.current);
    const name = el('input', {
      class: 'pin-name',
      attributes: { type: 'text', 'aria-label': t('Name of pin #{0}', pin.id), spellcheck: 'false' },
    });
    name.value = pin.name;
    name.addEventListener('change', () => this.#pins.rename(pin.id, name.value.trim()));
    return el(
      'li',
      { attributes: { 'data-pin': String(pin.id) } },
      el(
        'div',
        { class: 'pin-head' },
        swatchOf(colour, dash),
        el('b', {}, `#${pin.id}`),
        name,
        textButton('✕', t('Remove pin #{0}', pin.id), () => this.#remove(pin.id)),
      ),
      verdictFacts(pin),
    );
  }

  /** The focus goes to the next pin, not to the beginning of the page. */
  #remove(id: number): void {
    const at = this.#pins.pins.findIndex((pin) => pin.id === id);
    this.#pins.remove(id);
    const next = this.#pins.pins[Math.min(at, this.#pins.pins.length - 1)];
    if (next !== undefined) this.#list.querySelector<HTMLElement>(`[data-pin="${next.id}"] button`)?.focus();
  }
}
