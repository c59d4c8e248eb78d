// The groups of views as a bar of tabs: by mouse, by arrow keys, and by their numbers from anywhere on the page.
import { el } from '../widgets/dom.js';
import { sayAloud } from '../widgets/aloud.js';
import { inReport } from '../page/inReport.js';
import { t } from '../page/l10n.js';
import type { GroupId, Groups } from '../page/groups.js';

/** Of the tab of a group, whose name the panel of the views has while it is shown. */
export const tabId = (group: GroupId): string => `tab-${group}`;

/** Where a digit is written and not a wish. */
const writes = (target: EventTarget | undefined): boolean =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLElement && target.tagName.startsWith('VSCODE-'));

export class Tabs {
  readonly element: HTMLElement;
  /** The tabs, and over their ends what leads on; the keyboard has its arrows. */
  readonly line: HTMLElement;
  readonly #groups: Groups;
  readonly #tabs: ReadonlyMap<GroupId, HTMLButtonElement>;
  readonly #panel: string;
  #shown: GroupId | null = null;
  /** Where the tabs stand in one line that is longer than the page: there are more before, or behind. */
  readonly #before = this.#hint('‹', -1);
  readonly #behind = this.#hint('›', 1);

  /** `panel`: the id of the element that the tabs change. */
  constructor(groups: Groups, panel: string) {
    this.#groups = groups;
    this.#panel = panel;
    this.#tabs = new Map(
      groups.all.map(({ id, name }) => [
        id,
        el(
          'button',
          {
            class: 'tab',
            id: tabId(id),
            attributes: { type: 'button', role: 'tab', 'data-group': id },
            onClick: () => groups.choose(id),
          },
          name,
        ),
      ]),
    );
    this.element = el(
      'div',
      { class: 'tabs', attributes: { role: 'tablist', 'aria-label': t('Views') } },
      ...this.#tabs.values(),
    );
    this.line = el('div', { class: 'tab-line' }, this.element, this.#before, this.#behind);
    this.element.addEventListener('scroll', () => this.#showHints());
    new ResizeObserver(() => this.#showHints()).observe(this.element);
    this.element.addEventListener('keydown', (event) => this.#walk(event));
    if (!inReport) addEventListener('keydown', (event) => this.#jump(event));
    groups.onChange(() => this.show());
    this.show();
  }

  show(): void {
    const { offered, shown } = this.#groups;
    for (const [id, tab] of this.#tabs) {
      const at = offered.findIndex((group) => group.id === id);
      const chosen = id === shown;
      tab.hidden = at < 0;
      tab.setAttribute('aria-selected', String(chosen));
      // All groups have one panel, which is that of the group on screen.
      if (chosen) tab.setAttribute('aria-controls', this.#panel);
      else tab.removeAttribute('aria-controls');
      tab.tabIndex = chosen ? 0 : -1;
      tab.title = `${tab.textContent} (${at + 1})`;
      // A tab that had the keyboard and is gone hands it on.
      if (tab.hidden && tab === document.activeElement) this.#tabs.get(shown)?.focus();
    }
    // Where they stand in one line that is longer than the page.
    const { element } = this;
    const tab = this.#tabs.get(shown);
    if (tab !== undefined && shown !== this.#shown && element.scrollWidth > element.clientWidth)
      element.scrollLeft = tab.offsetLeft - element.offsetLeft - (element.clientWidth - tab.offsetWidth) / 2;
    this.#shown = shown;
    this.#showHints();
  }

  #hint(text: string, by: number): HTMLButtonElement {
    return el(
      'button',
      {
        class: 'more-tabs',
        attributes: { type: 'button', tabindex: '-1', 'aria-hidden': 'true', 'data-by': String(by) },
        onClick: () => {
          this.element.scrollLeft += 0.7 * by * this.element.clientWidth;
        },
      },
      text,
    );
  }

  #showHints(): void {
    const { scrollLeft, scrollWidth, clientWidth } = this.element;
    this.#before.hidden = scrollLeft < 1;
    this.#behind.hidden = scrollLeft + clientWidth > scrollWidth - 1;
  }

  #walk(event: KeyboardEvent): void {
    const { offered, shown } = this.#groups;
    const at = offered.findIndex(({ id }) => id === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: offered.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#choose((to + offered.length) % offered.length, true);
  }

  #jump(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.composedPath().some(writes)) return;
    const digit = /^[1-9]$/.test(event.key) ? Number(event.key) : NaN;
    const group = this.#groups.offered[digit - 1];
    if (group === undefined) return;
    const focus = this.element.contains(document.activeElement);
    this.#choose(digit - 1, focus);
    // A tab that gets the focus says so itself.
    if (!focus) sayAloud(group.name);
  }

  #choose(place: number, focus: boolean): void {
    const group = this.#groups.offered[place];
    if (group === undefined) return;
    this.#groups.choose(group.id);
    if (focus) this.#tabs.get(group.id)?.focus();
  }
}
