// A small table under a track's table: all of its rows at once, to be copied and saved by itself.
import { Copying, copyByKey } from './clipboard.js';
import { el, math } from './dom.js';
import { menuButton } from './menu.js';
import { t } from '../page/l10n.js';
import { toTsv } from './numbersTable.js';
import type { TablePlan } from '../page/tablePlan.js';

export class DetailsTable {
  readonly element: HTMLElement;
  readonly #head = el('thead');
  readonly #body = el('tbody');

  constructor(title: string, plan: () => Promise<TablePlan> | null, saveCsv: () => void) {
    const copying = new Copying(async () => {
      const current = await plan();
      return current === null ? '' : toTsv(current);
    });
    this.element = el(
      'div',
      { class: 'details' },
      el(
        'div',
        { class: 'details-head' },
        el('h3', {}, title),
        el(
          'span',
          { class: 'details-actions' },
          copying.word,
          menuButton(t('Menu of {0}', title), () => [copying.item, { label: t('Save as CSV'), act: saveCsv }]),
        ),
      ),
      el(
        'div',
        {
          class: 'details-scroll',
          attributes: { tabindex: '0', role: 'region', 'aria-label': t('Table of {0}', title) },
        },
        el('table', {}, el('caption', { class: 'unseen' }, title), this.#head, this.#body),
      ),
    );
    copyByKey(this.element, copying);
  }

  async show(coming: Promise<TablePlan>): Promise<void> {
    const plan = await coming;
    const rows = await plan.rows(0, plan.rowCount);
    this.#head.replaceChildren(
      el(
        'tr',
        {},
        ...[plan.rowHeading, ...plan.columns].map(({ title }) =>
          el('th', { attributes: { scope: 'col' } }, math(title)),
        ),
      ),
    );
    this.#body.replaceChildren(
      ...rows.map((cells, row) =>
        el(
          'tr',
          { attributes: { 'data-detail': String(row) } },
          el('th', { attributes: { scope: 'row' } }, plan.rowLabel?.(row) ?? String(row)),
          ...cells.map((cell) => el('td', { title: cell.exact, attributes: { 'data-value': cell.exact } }, cell.text)),
        ),
      ),
    );
  }
}
