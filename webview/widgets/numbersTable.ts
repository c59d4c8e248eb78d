// The numbers behind a chart as a real table: a screenful of rows around the cursor, so that 20,000 steps cost nothing.
import { csvComment, csvLine, tsvLine } from './spreadsheetFields.js';
import { copyByKey } from './clipboard.js';
import { el, math, textButton, withoutEscapes } from './dom.js';
import { t as say } from '../page/l10n.js';
import { unlessGone } from '../page/model.js';
import { runInShort } from '../page/runInShort.js';
import type { Copying } from './clipboard.js';
import type { RunSummary } from '../page/model.js';
import type { TablePlan } from '../page/tablePlan.js';

const rowsShown = 12;
const usualRowsAtOnce = 256;

export class TableTwin {
  readonly element: HTMLElement;
  readonly #caption: string;
  readonly #head = el('thead');
  readonly #body = el('tbody');
  readonly #place = el('span', { class: 'table-place' });
  #plan: TablePlan | null = null;
  #first = 0;
  #marked = -1;
  #turn = 0;

  /** `copying` also answers Ctrl+C in the table. */
  constructor(caption: string, copying: Copying) {
    this.#caption = caption;
    const table = el('table', {}, el('caption', { class: 'unseen' }, caption), this.#head, this.#body);
    this.element = el(
      'div',
      { class: 'twin' },
      el(
        'div',
        {
          class: 'table-scroll',
          attributes: { tabindex: '0', role: 'region', 'aria-label': say('Table of {0}', caption) },
        },
        table,
      ),
      el(
        'div',
        { class: 'table-nav' },
        textButton(say('◂ earlier'), say('Earlier rows of {0}', caption), () => this.#move(-rowsShown)),
        this.#place,
        textButton(say('later ▸'), say('Later rows of {0}', caption), () => this.#move(rowsShown)),
      ),
    );
    copyByKey(this.element, copying);
  }

  /** Shows the plan with row `marked` in sight. */
  show(plan: TablePlan, marked: number): void {
    this.#plan = plan;
    this.#marked = marked;
    if (marked < this.#first || marked >= this.#first + rowsShown) this.#first = marked - Math.floor(rowsShown / 2);
    void this.#paint();
  }

  #move(rows: number): void {
    this.#first += rows;
    void this.#paint();
  }

  async #paint(): Promise<void> {
    const plan = this.#plan;
    if (plan === null) return;
    const turn = ++this.#turn;
    const from = Math.max(0, Math.min(this.#first, plan.rowCount - rowsShown));
    const to = Math.min(plan.rowCount, from + rowsShown);
    this.#first = from;
    const rows = await unlessGone(plan.rows(from, to));
    // The plan of the newer run comes with it.
    if (rows === null || turn !== this.#turn) return;
    const label = plan.rowLabel ?? String;
    this.#head.replaceChildren(
      el(
        'tr',
        {},
        el('th', { attributes: { scope: 'col' } }, math(plan.rowHeading.title)),
        ...plan.columns.map((column) => el('th', { attributes: { scope: 'col' } }, math(column.title))),
      ),
    );
    this.#body.replaceChildren(
      ...rows.map((cells, i) => {
        const row = from + i;
        const tr = el(
          'tr',
          { class: row === this.#marked ? 'marked' : '', attributes: { 'data-row': String(row) } },
          el('th', { attributes: { scope: 'row' } }, label(row)),
        );
        for (const cell of cells)
          tr.append(el('td', { title: cell.exact, attributes: { 'data-value': cell.exact } }, cell.text));
        return tr;
      }),
    );
    this.#place.textContent = say(
      '{0} = {1} … {2} of {3}',
      plan.rowHeading.title,
      label(from),
      label(Math.max(from, to - 1)),
      plan.rowCount,
    );
    this.element.setAttribute('aria-label', this.#caption);
  }
}

/** Rows from ≤ row < to as tab-separated values under their headings, every digit. */
export async function toTsv(plan: TablePlan, from = 0, to = plan.rowCount): Promise<string> {
  const label = plan.rowLabel ?? String;
  const lines = [tsvLine([plan.rowHeading, ...plan.columns].map(({ title }) => withoutEscapes(title)))];
  const { rowsAtOnce = usualRowsAtOnce } = plan;
  for (let start = from; start < to; start += rowsAtOnce) {
    const rows = await plan.rows(start, Math.min(to, start + rowsAtOnce));
    rows.forEach((cells, i) => lines.push(tsvLine([label(start + i), ...cells.map((cell) => cell.exact)])));
  }
  return `${lines.join('\n')}\n`;
}

/** The whole table as comma-separated values, every digit, below comments on the run and on the columns. */
export async function toCsv(plan: TablePlan, run: RunSummary): Promise<string> {
  const label = plan.csvLabel ?? plan.rowLabel ?? String;
  const lines = [
    ...[runInShort(run), ...(plan.csvNotes ?? [])].map(csvComment),
    csvLine([plan.rowHeading, ...plan.columns].map(({ csv }) => csv)),
  ];
  const { rowsAtOnce = usualRowsAtOnce } = plan;
  for (let from = 0; from < plan.rowCount; from += rowsAtOnce) {
    const rows = await plan.rows(from, Math.min(plan.rowCount, from + rowsAtOnce));
    rows.forEach((cells, i) => lines.push(csvLine([label(from + i), ...cells.map((cell) => cell.exact)])));
  }
  return `${lines.join('\r\n')}\r\n`;
}
