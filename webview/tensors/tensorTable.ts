// The list of tensors: what the file says of each at once, what its numbers say when it is in sight.
import type { TensorLine } from '../../src/protocol/index.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { textField } from '../widgets/controls.js';
import { el } from '../widgets/dom.js';
import { histogramShape } from './histogramShape.js';
import type { TensorModel } from './tensorModel.js';

/** Rows that are made at once; the next ones when the last of these comes near. */
const rowsAtOnce = 200;

export const shapeText = (shape: readonly number[]): string =>
  shape.length === 0 ? t('one number') : shape.map((size) => size.toLocaleString('en')).join(' × ');

export const nameOf = ({ name }: TensorLine): string => (name === '' ? t('(without a name)') : name);

/** The same tensors in another writing of the file: their rows stay, and the focus with them. */
const isSame = (a: readonly TensorLine[], b: readonly TensorLine[]): boolean =>
  a.length === b.length &&
  a.every((one, i) => {
    const other = b[i];
    return one.name === other?.name && one.dtype === other.dtype && String(one.shape) === String(other.shape);
  });

export class TensorTable {
  readonly element: HTMLElement;
  readonly #model: TensorModel;
  readonly #choose: (index: number) => void;
  readonly #body = el('tbody');
  readonly #count = el('p', { class: 'count', attributes: { role: 'status' } });
  readonly #scroll: HTMLElement;
  readonly #rows = new Map<number, HTMLTableRowElement>();
  readonly #sight: IntersectionObserver;
  #listed: readonly TensorLine[] | null = null;
  /** Indices of the tensors that the filter leaves. */
  #left: readonly number[] = [];
  #filter = '';
  #chosen: number | null = null;

  constructor(model: TensorModel, choose: (index: number) => void) {
    this.#model = model;
    this.#choose = choose;
    const field = textField(t('Filter by name'), t('Filter by name'), () => undefined);
    field.addEventListener('input', () => {
      this.#filter = field.value.trim().toLowerCase();
      this.#list();
    });
    const head = [t('Name'), t('Type'), t('Shape'), t('Norm'), t('Min'), t('Max'), 'NaN', t('Histogram')];
    const table = el(
      'table',
      {},
      el('caption', { class: 'unseen' }, t('Tensors of the file')),
      el('thead', {}, el('tr', {}, ...head.map((title) => el('th', { attributes: { scope: 'col' } }, title)))),
      this.#body,
    );
    this.#scroll = el('div', { class: 'table-scroll' }, table);
    this.element = el('section', { class: 'list' }, el('div', { class: 'find' }, field, this.#count), this.#scroll);
    this.element.setAttribute('aria-label', t('Tensors'));
    this.#sight = new IntersectionObserver((entries) => this.#see(entries), {
      root: this.#scroll,
      rootMargin: '100px 0px',
    });
    this.#body.addEventListener('keydown', (event) => this.#walk(event));
    model.onFacts((index) => this.#fill(index));
  }

  /** Another file, or another writing of it. */
  show(): void {
    const { tensors } = this.#model;
    if (this.#listed !== null && isSame(this.#listed, tensors)) {
      this.#listed = tensors;
      // What is in sight is asked for again.
      for (const row of this.#rows.values()) {
        this.#sight.unobserve(row);
        this.#sight.observe(row);
      }
      return;
    }
    this.#listed = tensors;
    this.#list();
  }

  mark(index: number | null): void {
    for (const [row, chosen] of [
      [this.#chosen, false],
      [index, true],
    ] as const) {
      const element = row === null ? undefined : this.#rows.get(row);
      element?.classList.toggle('chosen', chosen);
      element?.querySelector('button')?.setAttribute('aria-pressed', String(chosen));
    }
    this.#chosen = index;
  }

  #list(): void {
    const tensors = this.#listed ?? [];
    this.#left = tensors.flatMap(({ name }, index) => (name.toLowerCase().includes(this.#filter) ? [index] : []));
    this.#sight.disconnect();
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#count.textContent =
      this.#left.length === tensors.length
        ? tensors.length === 1
          ? t('1 tensor')
          : t('{0} tensors', tensors.length)
        : t('{0} of {1} tensors', this.#left.length, tensors.length);
    this.#more();
    this.#scroll.scrollTop = 0;
  }

  #more(): void {
    const tensors = this.#listed ?? [];
    for (const index of this.#left.slice(this.#rows.size, this.#rows.size + rowsAtOnce)) {
      const tensor = tensors[index];
      if (tensor === undefined) continue;
      const row = this.#row(tensor, index);
      this.#rows.set(index, row);
      this.#body.append(row);
      this.#fill(index);
      this.#sight.observe(row);
    }
    this.mark(this.#chosen);
  }

  #row(tensor: TensorLine, index: number): HTMLTableRowElement {
    const { dtype, shape, told } = tensor;
    const name = nameOf(tensor);
    const button = el(
      'button',
      { class: 'name', title: name, attributes: { type: 'button', 'aria-pressed': 'false' } },
      name,
    );
    button.addEventListener('click', () => this.#choose(index));
    const row = el(
      'tr',
      { attributes: { 'data-index': String(index) } },
      el('th', { attributes: { scope: 'row' } }, button),
      ...(told === null
        ? [
            el('td', {}, dtype ?? ''),
            el('td', {}, shapeText(shape ?? [])),
            ...[0, 1, 2, 3, 4].map(() => el('td', {}, '…')),
          ]
        : [el('td', { class: 'told', attributes: { colspan: '7' } }, told)]),
    );
    return row;
  }

  #fill(index: number): void {
    const known = this.#model.factsOf(index);
    const cells = [...(this.#rows.get(index)?.querySelectorAll('td') ?? [])].slice(2);
    if (known === null || cells.length < 5) return;
    const { facts, why } = known;
    if (facts === null) {
      cells.forEach((cell, i) => {
        cell.textContent = i === 0 ? '⚠' : '';
        cell.title = why ?? '';
      });
      return;
    }
    const [norm, min, max, bad, histogram] = cells;
    for (const [cell, value] of [
      [norm, facts.norm],
      [min, facts.min],
      [max, facts.max],
    ] as const) {
      if (cell === undefined) continue;
      cell.textContent = formatNumber(value);
      cell.title = String(value);
      cell.dataset['value'] = String(value);
    }
    if (bad !== undefined) {
      bad.textContent = String(facts.notANumber);
      bad.classList.toggle('bad', facts.notANumber > 0);
    }
    histogram?.replaceChildren(histogramShape(facts));
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const index = Number((target as HTMLElement).dataset['index']);
      this.#model.want(index, isIntersecting);
      if (isIntersecting && target === this.#body.lastElementChild && this.#rows.size < this.#left.length) this.#more();
    }
  }

  /** Arrow keys go from row to row, as in a list of the editor. */
  #walk(event: KeyboardEvent): void {
    const buttons = [...this.#body.querySelectorAll('button')];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    const next = to === undefined || at < 0 ? undefined : buttons[to];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}
