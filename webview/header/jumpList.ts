// Every view by its name: type a few letters, Enter goes there.
import { el } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { closePopover, popover } from '../widgets/popover.js';

export type Place = { readonly id: string; readonly title: string; readonly group: string };

/** How long a view that was just found is kept in sight, in ms: views above it may take their heights meanwhile. */
const settling = 3_000;

/** Until it has settled, or the user does anything in the page. */
function keepInSight(view: Element): void {
  const keeping = new ResizeObserver(() => view.scrollIntoView({ block: 'start' }));
  for (const other of document.querySelectorAll('[data-track], [data-card]')) keeping.observe(other);
  const end = (): void => keeping.disconnect();
  for (const act of ['wheel', 'pointerdown', 'keydown']) addEventListener(act, end, { once: true, capture: true });
  setTimeout(end, settling);
}

/** `show` is told the id of the view that was chosen, and `seek` when its group has been shown from its beginning. */
export function jumpList(
  anchor: HTMLElement,
  places: readonly Place[],
  { show, seek }: Readonly<Record<'show' | 'seek', (id: string) => void>>,
): void {
  const choose = (id: string): void => {
    closePopover();
    show(id);
    queueMicrotask(() => {
      seek(id);
      const view = document.activeElement?.closest('[data-track], [data-card]');
      if (view !== null && view !== undefined) keepInSight(view);
    });
  };
  const items = places.map(({ id, title, group }) =>
    el(
      'button',
      { attributes: { type: 'button', 'data-view': id }, onClick: () => choose(id) },
      el('b', {}, title),
      el('span', {}, group),
    ),
  );
  const none = el('p', { class: 'note' }, t('No view has this name.'));
  none.hidden = true;
  const field = el('input', {
    class: 'jump-field',
    attributes: {
      type: 'text',
      'aria-label': t('Name of a view'),
      placeholder: t('Name of a view'),
      spellcheck: 'false',
    },
  });
  const shown = (): HTMLElement[] => items.filter((item) => !item.hidden);
  field.addEventListener('input', () => {
    const wanted = field.value.trim().toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    // What is called so stands before what is called something with it, and that before what is in a group of the name.
    const place = (item: HTMLElement): number => {
      const at = item.querySelector('b')?.textContent.toLowerCase().indexOf(wanted) ?? -1;
      return at === 0 ? 0 : at > 0 ? 1 : 2;
    };
    none.before(...items.toSorted((a, b) => place(a) - place(b)));
    none.hidden = shown().length > 0;
  });
  const list = el('div', { class: 'menu jump' }, field, ...items, none);
  list.addEventListener('keydown', (event) => {
    const all: HTMLElement[] = [field, ...shown()];
    const at = all.indexOf(document.activeElement as HTMLElement);
    event.stopPropagation();
    if (event.key === 'Enter' && at === 0) all[1]?.click();
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to === undefined && !(event.key === 'Enter' && at === 0)) return;
    event.preventDefault();
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
  });
  popover(anchor, t('Go to view'), [list]);
  field.focus();
}
