// The little sheet behind a "?": what is drawn, by which formula, and where to read about it.
import { el, math } from './dom.js';
import { formulaFor } from '../page/formulas.js';
import { t } from '../page/l10n.js';
import type { Formula } from '../page/formulas.js';
import type { CellFacts } from '../page/model.js';

export type Help = { readonly text: readonly string[]; readonly formula: Formula; readonly source: string };

let open: HTMLElement | null = null;

export function popover(anchor: HTMLElement, name: string, content: readonly Node[]): void {
  const again = open?.dataset['name'] === name;
  open?.hidePopover();
  if (again) return;
  const sheet = el(
    'div',
    {
      class: 'popover',
      attributes: { popover: 'auto', tabindex: '-1', role: 'dialog', 'aria-label': name, 'data-name': name },
    },
    ...content,
  );
  document.body.append(sheet);
  sheet.addEventListener('toggle', (event) => {
    if (event.newState !== 'closed') return;
    if (open === sheet) open = null;
    if (sheet.contains(document.activeElement)) anchor.focus();
    sheet.remove();
  });
  sheet.showPopover();
  open = sheet;
  (sheet.querySelector('button') ?? sheet).focus();
  const at = anchor.getBoundingClientRect();
  const { width, height } = sheet.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight;
  sheet.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  sheet.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
}

/** For menus: what was chosen goes on in a dialog of the editor, and a click there does not reach this page. */
export const closePopover = (): void => open?.hidePopover();

/** `cell`: of the run on screen, whose formulas are shown. */
export const helpPopover = (anchor: HTMLElement, title: string, help: Help, cell: CellFacts | null): void =>
  popover(anchor, t('What {0} shows', title), [
    el('h3', {}, title),
    ...help.text.map((paragraph) => el('p', {}, math(paragraph))),
    el('p', { class: 'help-formula' }, math(formulaFor(help.formula, cell))),
    el('p', { class: 'help-source' }, help.source),
  ]);
