// The little sheet behind a "?": what is drawn, by which formula, and where to read about it.
import { el, math } from './dom.js';
import { formulaFor } from '../page/formulas.js';
import { t } from '../page/l10n.js';
import type { Formula } from '../page/formulas.js';
import { formulaOf } from '../page/stepLabels.js';
import type { RunSummary } from '../page/model.js';

export type Help = { readonly text: readonly string[]; readonly formula: Formula; readonly source: string };

let open: { readonly sheet: HTMLElement; readonly anchor: HTMLElement } | null = null;

/** Away at once, not when the browser tells that it is closed; the keyboard goes back to where it came from. */
export function closePopover(): void {
  if (open === null) return;
  const { sheet, anchor } = open;
  open = null;
  const focused = sheet.contains(document.activeElement);
  if (anchor.hasAttribute('aria-expanded')) anchor.setAttribute('aria-expanded', 'false');
  sheet.hidePopover();
  if (focused) anchor.focus();
  sheet.remove();
}

/** `role`: what the sheet is; one that only carries a menu is nothing by itself. */
export function popover(
  anchor: HTMLElement,
  name: string,
  content: readonly Node[],
  role: 'dialog' | 'presentation' = 'dialog',
): void {
  const again = open?.sheet.dataset['name'] === name;
  closePopover();
  if (again) return;
  const sheet = el(
    'div',
    {
      class: 'popover',
      attributes: {
        popover: 'auto',
        tabindex: '-1',
        role,
        'data-name': name,
        ...(role === 'dialog' ? { 'aria-label': name } : {}),
      },
    },
    ...content,
  );
  document.body.append(sheet);
  sheet.addEventListener('toggle', (event) => {
    if (event.newState === 'closed' && open?.sheet === sheet) closePopover();
  });
  sheet.showPopover();
  open = { sheet, anchor };
  // A sheet of another kind, as the help behind a menu, is not what the button opens.
  if (role === 'presentation') anchor.setAttribute('aria-expanded', 'true');
  (sheet.querySelector('button') ?? sheet).focus();
  const at = anchor.getBoundingClientRect();
  const { width, height } = sheet.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight;
  sheet.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  sheet.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
}

/** `run`: the one on screen, whose formulas are shown. */
export const helpPopover = (anchor: HTMLElement, title: string, help: Help, run: RunSummary | null): void =>
  popover(anchor, t('What {0} shows', title), [
    el('h3', {}, title),
    ...help.text.map((paragraph) => el('p', {}, math(paragraph))),
    el('p', { class: 'help-formula' }, math(formulaOf(run, formulaFor(help.formula, run?.cell ?? null)))),
    el('p', { class: 'help-source' }, help.source),
  ]);
