// The tree of tensors: what the file says of each at once, what its numbers say when it is in sight.
import type { TensorLine, TensorNetwork } from '../../src/protocol/index.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { textField } from '../widgets/controls.js';
import { el, onFrame } from '../widgets/dom.js';
import { histogramShape } from './histogramShape.js';
import type { TensorModel } from './tensorModel.js';
import { openAtFirst, pathTo, rowsOf, tensorNodes, treeOf } from './tensorTree.js';
import type { TreeNode, TreeRow } from './tensorTree.js';

/** Rows that are on the page at once; others take their place when one of their ends comes nearer than `margin`. */
const [mostRows, margin] = [300, 40];
/** CSS pixels of a row, as the style sheet has it: what is not on the page takes as much room. */
const rowHeight = 24;
/** Letters that are typed within this time, ms, are one word. */
const wordTime = 800;

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

/** What a recurrent layer of the file is, and what runs it. */
export type RunNetwork = (network: TensorNetwork) => HTMLElement;

/** What the user has made of the list. `open`: keys of the groups that are open; null: as the list opens them. */
export type ListState = { readonly filter: string; readonly open: readonly string[] | null };

export class TensorTable {
  readonly element: HTMLElement;
  readonly #model: TensorModel;
  readonly #choose: (index: number) => void;
  readonly #runOf: RunNetwork;
  readonly #keep: (state: ListState) => void;
  /** As an earlier page had them, until the list is there. */
  #openBefore: ListState['open'];
  readonly #field = textField(t('Filter by name'), t('Filter by name'), () => undefined);
  readonly #body = el('tbody');
  readonly #count = el('p', { class: 'count', attributes: { role: 'status' } });
  readonly #scroll: HTMLElement;
  /** Of the nodes that are seen, and those that were: a group that is opened again has its rows. */
  readonly #elements = new Map<string, HTMLTableRowElement>();
  readonly #sight: IntersectionObserver;
  #listed: readonly TensorLine[] | null = null;
  #nodes: readonly TreeNode[] = [];
  #byIndex: ReadonlyMap<number, TreeNode> = new Map();
  #open = new Set<string>();
  /** What is to be seen, from top to bottom; the rows from `#first` on are on the page. */
  #seen: readonly TreeRow[] = [];
  #first = 0;
  #chosen: number | null = null;
  /** The row that the keyboard comes to. */
  #active: string | null = null;
  #word = { text: '', at: 0 };

  /** `kept`: what `keep` was told last, on an earlier page. */
  constructor(
    model: TensorModel,
    choose: (index: number) => void,
    runOf: RunNetwork,
    kept: ListState,
    keep: (state: ListState) => void,
  ) {
    this.#model = model;
    this.#choose = choose;
    this.#runOf = runOf;
    this.#keep = keep;
    this.#openBefore = kept.open;
    this.#field.value = kept.filter;
    this.#field.addEventListener('input', () => {
      this.#list();
      this.#keep({ filter: this.#field.value, open: null });
    });
    const head = [t('Name'), t('Type'), t('Shape'), t('Norm'), t('Min'), t('Max'), 'NaN', t('Histogram')];
    const table = el(
      'table',
      { attributes: { role: 'treegrid', 'aria-label': t('Tensors of the file') } },
      el('thead', {}, el('tr', {}, ...head.map((title) => el('th', { attributes: { scope: 'col' } }, title)))),
      this.#body,
    );
    this.#scroll = el('div', { class: 'table-scroll' }, table);
    this.element = el(
      'section',
      { class: 'list' },
      el('div', { class: 'find' }, this.#field, this.#count),
      this.#scroll,
    );
    this.element.setAttribute('aria-label', t('Tensors'));
    this.#sight = new IntersectionObserver((entries) => this.#see(entries), {
      root: this.#scroll,
      rootMargin: '100px 0px',
    });
    this.#body.addEventListener('keydown', (event) => this.#walk(event));
    this.#body.addEventListener('click', (event) => this.#click(event));
    this.#scroll.addEventListener(
      'scroll',
      onFrame(() => this.#scrolled()),
    );
    model.onFacts((index) => this.#fill(index));
  }

  /** Another file, or another writing of it. Whether the rows are others than the user has seen. */
  show(): boolean {
    const { tensors } = this.#model;
    if (this.#listed !== null && isSame(this.#listed, tensors)) {
      this.#listed = tensors;
      // What is in sight is asked for again.
      for (const row of this.#body.rows) {
        this.#sight.unobserve(row);
        this.#sight.observe(row);
      }
      return false;
    }
    this.#listed = tensors;
    const openBefore = this.#openBefore;
    this.#openBefore = null;
    this.#list(openBefore);
    return openBefore === null;
  }

  /** `reveal`: the groups above it are opened. */
  mark(index: number | null, reveal = false): void {
    const node = index === null ? undefined : this.#byIndex.get(index);
    if (reveal && node !== undefined) {
      for (const { key } of pathTo(node).slice(1)) this.#open.add(key);
      this.#lay();
    }
    for (const [at, chosen] of [
      [this.#chosen, false],
      [index, true],
    ] as const) {
      const row = at === null ? undefined : this.#rowOf(at);
      row?.classList.toggle('chosen', chosen);
      row?.setAttribute('aria-selected', String(chosen));
    }
    this.#chosen = index;
    if (node !== undefined && reveal) this.#activate(node.key);
  }

  #rowOf(index: number): HTMLTableRowElement | undefined {
    const node = this.#byIndex.get(index);
    return node === undefined ? undefined : this.#elements.get(node.key);
  }

  #list(openBefore: ListState['open'] = null): void {
    const tensors = this.#listed ?? [];
    const filter = this.#field.value.trim().toLowerCase();
    const left = tensors.flatMap(({ name }, index) => (name.toLowerCase().includes(filter) ? [{ index, name }] : []));
    this.#nodes = treeOf(left);
    this.#byIndex = tensorNodes(this.#nodes);
    const prefixes = new Set(this.#networks.keys());
    // Whoever looks for a name sees where it is.
    const anew = (): Set<string> =>
      filter === '' ? openAtFirst(this.#nodes, prefixes) : new Set(groupsOf(this.#nodes).map(({ key }) => key));
    this.#open = openBefore === null ? anew() : new Set(openBefore);
    this.#elements.clear();
    this.#count.textContent =
      left.length === tensors.length
        ? tensors.length === 1
          ? t('1 tensor')
          : t('{0} tensors', tensors.length)
        : t('{0} of {1} tensors', left.length, tensors.length);
    this.#first = 0;
    this.#lay();
    this.#scroll.scrollTop = 0;
  }

  get #networks(): ReadonlyMap<string, TensorNetwork> {
    const networks = this.#model.shown?.file?.networks ?? [];
    return new Map(networks.map((network) => [network.prefix, network]));
  }

  /** Puts the rows of what is open on the page, those that stood there among them. */
  #lay(): void {
    this.#seen = rowsOf(this.#nodes, this.#open);
    if (this.#active === null || !this.#seen.some(({ node }) => node.key === this.#active))
      this.#activate(this.#seen[0]?.node.key ?? null);
    this.#stretch(this.#first);
  }

  /** The rows from this one on are on the page; what lies above and below takes its room. */
  #stretch(from: number): void {
    const { length } = this.#seen;
    this.#first = Math.max(0, Math.min(from, length - mostRows));
    const rows = this.#seen.slice(this.#first, this.#first + mostRows).map((row) => this.#made(row));
    const below = length - this.#first - rows.length;
    this.#sight.disconnect();
    this.#body.replaceChildren(...spacer(this.#first), ...rows, ...spacer(below));
    for (const row of rows) this.#sight.observe(row);
    if (this.#chosen !== null) this.mark(this.#chosen);
  }

  #made(row: TreeRow): HTMLTableRowElement {
    const known = this.#elements.get(row.node.key);
    if (known !== undefined) return known;
    const made = this.#row(row);
    this.#elements.set(row.node.key, made);
    if (row.node.index !== null) this.#fill(row.node.index);
    return made;
  }

  /** Other rows come to the page when those at its ends come into sight. */
  #scrolled(): void {
    const { scrollTop, clientHeight } = this.#scroll;
    const [top, bottom] = [Math.floor(scrollTop / rowHeight), Math.ceil((scrollTop + clientHeight) / rowHeight)];
    const isShort = top < this.#first + margin && this.#first > 0;
    const end = this.#first + mostRows;
    if (isShort || (bottom > end - margin && end < this.#seen.length))
      this.#stretch(Math.round((top + bottom - mostRows) / 2));
  }

  #row({ node, position, siblings }: TreeRow): HTMLTableRowElement {
    const { index, level, key } = node;
    const isGroup = index === null;
    const row = el('tr', {
      class: isGroup ? 'group' : '',
      attributes: {
        role: 'row',
        tabindex: key === this.#active ? '0' : '-1',
        'data-key': key,
        'aria-level': String(level),
        'aria-posinset': String(position),
        'aria-setsize': String(siblings),
        ...(isGroup ? { 'aria-expanded': String(this.#open.has(key)) } : { 'aria-selected': 'false' }),
        ...(isGroup ? {} : { 'data-index': String(index) }),
      },
    });
    row.style.setProperty('--level', String(level - 1));
    const tensor = isGroup ? undefined : this.#listed?.[index];
    row.append(...(tensor === undefined ? this.#groupCells(node) : tensorCells(tensor, node)));
    return row;
  }

  #groupCells({ label, prefixes, tensors }: TreeNode): HTMLElement[] {
    const networks = this.#networks;
    const network = prefixes.map((prefix) => networks.get(prefix)).find((one) => one !== undefined);
    const count = tensors === 1 ? t('1 tensor') : t('{0} tensors', tensors);
    const told = network === undefined ? [count] : [el('b', {}, network.told), ` · ${count} `, this.#runOf(network)];
    return [
      el('th', { title: prefixes.at(-1) ?? label, attributes: { scope: 'row' } }, el('span', { class: 'name' }, label)),
      el('td', { class: 'told', attributes: { colspan: '7' } }, ...told),
    ];
  }

  #fill(index: number): void {
    const known = this.#model.factsOf(index);
    const cells = [...(this.#rowOf(index)?.querySelectorAll('td') ?? [])].slice(2);
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
      const { index } = (target as HTMLElement).dataset;
      if (index !== undefined) this.#model.want(Number(index), isIntersecting);
    }
  }

  /** The one row that Tab comes to. */
  #activate(key: string | null): void {
    for (const [at, place] of [
      [this.#active, '-1'],
      [key, '0'],
    ] as const) {
      const row = at === null ? undefined : this.#elements.get(at);
      row?.setAttribute('tabindex', place);
      row?.querySelector('vscode-button')?.setAttribute('tabindex', place);
    }
    this.#active = key;
  }

  #toggle(node: TreeNode, isOpen: boolean): void {
    if (isOpen) this.#open.add(node.key);
    else this.#open.delete(node.key);
    this.#keep({ filter: this.#field.value, open: [...this.#open] });
    this.#elements.get(node.key)?.setAttribute('aria-expanded', String(isOpen));
    const { activeElement } = document;
    this.#lay();
    // A row that was taken out of the page and put back has lost the keyboard.
    if (activeElement instanceof HTMLElement && activeElement.isConnected) activeElement.focus({ preventScroll: true });
  }

  #click(event: MouseEvent): void {
    const target = event.target as Element;
    if (target.closest('vscode-button') !== null) return;
    const key = target.closest('tr')?.dataset['key'];
    const node = this.#seen.find((row) => row.node.key === key)?.node;
    if (node === undefined) return;
    this.#go(node);
    if (node.index === null) this.#toggle(node, !this.#open.has(node.key));
  }

  /** The keyboard goes to a row; a tensor is chosen by that. */
  #go(node: TreeNode): void {
    const place = this.#seen.findIndex((row) => row.node === node);
    if (place < this.#first || place >= this.#first + mostRows) this.#stretch(place - Math.floor(mostRows / 2));
    this.#activate(node.key);
    this.#elements.get(node.key)?.focus();
    if (node.index !== null) this.#choose(node.index);
  }

  /** As trees of the editor do it. */
  #walk(event: KeyboardEvent): void {
    const { key, ctrlKey, altKey, metaKey } = event;
    const row = (event.target as Element).closest('tr');
    const at = this.#seen.findIndex(({ node }) => node.key === row?.dataset['key']);
    const node = this.#seen[at]?.node;
    if (node === undefined || event.target !== row || ctrlKey || altKey || metaKey) return;
    const isGroup = node.index === null;
    const isOpen = this.#open.has(node.key);
    const to = (place: number): void => {
      const next = this.#seen[place]?.node;
      if (next !== undefined) this.#go(next);
    };
    switch (key) {
      case 'ArrowDown':
        to(at + 1);
        break;
      case 'ArrowUp':
        to(at - 1);
        break;
      case 'Home':
        to(0);
        break;
      case 'End':
        to(this.#seen.length - 1);
        break;
      case 'ArrowRight':
        if (isGroup && !isOpen) this.#toggle(node, true);
        else if (isGroup) to(at + 1);
        break;
      case 'ArrowLeft':
        if (isGroup && isOpen) this.#toggle(node, false);
        else if (node.parent !== null) this.#go(node.parent);
        break;
      case 'Enter':
      case ' ':
        if (isGroup) this.#toggle(node, !isOpen);
        break;
      default:
        if (key.length !== 1) return;
        this.#type(key, at);
    }
    event.preventDefault();
  }

  /** To the next row whose name begins with what is typed; the same letter again goes on to the one behind. */
  #type(letter: string, at: number): void {
    const now = performance.now();
    const before = now - this.#word.at < wordTime ? this.#word.text : '';
    const text = (before === letter ? letter : before + letter).toLowerCase();
    this.#word = { text, at: now };
    const from = text.length > 1 ? at : at + 1;
    const rows = [...this.#seen.slice(from), ...this.#seen.slice(0, from)];
    const next = rows.find(({ node }) => node.label.toLowerCase().startsWith(text));
    if (next !== undefined) this.#go(next.node);
  }
}

/** The room of rows that are not on the page. */
function spacer(rows: number): HTMLElement[] {
  if (rows <= 0) return [];
  const row = el(
    'tr',
    { class: 'spacer', attributes: { 'aria-hidden': 'true' } },
    el('td', { attributes: { colspan: '8' } }),
  );
  row.style.height = `${rows * rowHeight}px`;
  return [row];
}

const groupsOf = (nodes: readonly TreeNode[]): TreeNode[] => {
  const found = nodes.filter(({ index }) => index === null);
  for (const node of found) for (const child of node.children) if (child.index === null) found.push(child);
  return found;
};

function tensorCells(tensor: TensorLine, { label }: TreeNode): HTMLElement[] {
  const { dtype, shape, told } = tensor;
  return [
    el(
      'th',
      { title: nameOf(tensor), attributes: { scope: 'row' } },
      el('span', { class: 'name' }, label === '' ? nameOf(tensor) : label),
    ),
    ...(told === null
      ? [
          el('td', {}, dtype ?? ''),
          el('td', {}, shapeText(shape ?? [])),
          ...[0, 1, 2, 3, 4].map(() => el('td', {}, '…')),
        ]
      : [el('td', { class: 'told', attributes: { colspan: '7' } }, told)]),
  ];
}
