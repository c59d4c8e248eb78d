// What the user may choose for the whole page: the sequence, the units that are drawn, and the order of the rows.
import { el } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { parseUnits, printUnits } from '../page/format.js';
import { choose, dropdown, setOptions, textField } from '../widgets/controls.js';
import { mostUnits, unitOrders } from '../page/timeline.js';
import type { GroupId } from '../page/groups.js';
import type { Page } from '../chart/trackView.js';

/** More than these are no list to choose from; the CSV and JSON have them all. */
const mostSequences = 256;

/** Where what is chosen here shows. */
const groups: ReadonlySet<GroupId> = new Set(['gradient', 'states', 'gates', 'dynamics', 'attribution', 'all']);

export class Toolbar {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #sequence = dropdown(t('Sequence'), (value) =>
    this.#page.timeline.choose({ sequence: value === 'all' ? null : Number(value) }),
  );
  readonly #units = textField(t('Units drawn as lines'), '0,3,7-9', (value) => this.#chooseUnits(value));
  /** Why the lines are not those that were typed. */
  readonly #unitsNote = el('p', { class: 'note', attributes: { role: 'status' } });
  #notedUnits = '';
  readonly #order = dropdown(t('Rows: order of the units'), (value) =>
    this.#page.timeline.choose({ order: unitOrders.find((order) => order === value) ?? 'index' }),
  );
  /** The name of the last order: where the saturation of a cell is not measured, its rows go by the size of h. */
  #strength = '';
  #batch = -1;

  constructor(page: Page) {
    this.#page = page;
    this.#unitsNote.hidden = true;
    this.element = el(
      'div',
      { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': t('What is drawn') } },
      el('label', {}, el('span', {}, t('Sequence')), this.#sequence),
      el('label', {}, el('span', {}, t('Units')), this.#units),
      el('label', {}, el('span', {}, t('Rows')), this.#order),
      this.#unitsNote,
    );
    this.#order.classList.add('wide');
    this.#sequence.classList.add('sequence');
    page.timeline.onChange(() => this.show());
    page.groups.onChange(() => this.show());
  }

  show(): void {
    const {
      model: { run, status },
      timeline,
    } = this.#page;
    this.element.hidden = run === null || !groups.has(this.#page.groups.shown);
    if (run === null) return;
    const units = printUnits(timeline.units);
    if (units !== this.#notedUnits) this.#note('');
    const sequence = timeline.sequence === null ? 'all' : String(timeline.sequence);
    const strength = run.layers[0].saturation === null ? t('by mean |h|') : t('by saturation');
    if (this.#strength !== strength) {
      this.#strength = strength;
      setOptions(
        this.#order,
        [
          ['index', t('as they are')],
          ['similarity', t('by similarity')],
          ['saturation', strength],
        ],
        timeline.order,
      );
    }
    const { B } = run.shapes;
    if (this.#batch !== B) {
      this.#batch = B;
      setOptions(
        this.#sequence,
        [
          ['all', t('all ({0})', B)],
          ...Array.from(
            {
              length: B === 1 ? 0 : Math.min(status?.recordedSequences ?? B, B, mostSequences),
            },
            (_, b): [string, string] => [String(b), String(b + 1)],
          ),
        ],
        sequence,
      );
    } else choose(this.#sequence, sequence);
    if (document.activeElement !== this.#units) {
      this.#units.value = units;
      if (this.#units.classList.contains('invalid')) this.#note('');
      this.#units.classList.remove('invalid');
    }
  }

  #chooseUnits(text: string): void {
    const {
      model: { run },
      timeline,
    } = this.#page;
    const H = run?.shapes.H ?? 0;
    const typed = parseUnits(text, H);
    const units = typed?.slice(0, mostUnits) ?? timeline.units;
    if (printUnits(units) !== printUnits(timeline.units)) timeline.choose({ units });
    this.#units.classList.toggle('invalid', typed === null);
    this.#note(
      typed === null
        ? t('Units are numbers from 0 to {0}, as in 0,3,7-9', H - 1)
        : typed.length > mostUnits
          ? t(
              'Only the first {0} of these {1} units are drawn: more lines could not be told apart.',
              mostUnits,
              typed.length,
            )
          : '',
    );
  }

  /** Stands until other units are chosen. */
  #note(text: string): void {
    this.#notedUnits = printUnits(this.#page.timeline.units);
    if (this.#unitsNote.textContent === text) return;
    this.#unitsNote.textContent = this.#units.title = text;
    this.#unitsNote.hidden = text === '';
  }
}
