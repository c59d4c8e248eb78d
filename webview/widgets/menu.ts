// One button with three dots, and behind it all that can be done with a view: a list for the mouse and for the keys.
import { el } from './dom.js';
import { closePopover, popover } from './popover.js';

/** `about`: a second line that says more. */
export type MenuItem = {
  readonly label: string;
  readonly about?: string;
  /** Of an item that is turned on and off: whether it is on. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  act(): void;
};

const space = 'http://www.w3.org/2000/svg';

function dots(): SVGElement {
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  for (const x of [3.5, 8, 12.5]) {
    const dot = document.createElementNS(space, 'circle');
    for (const [name, value] of [
      ['cx', x],
      ['cy', 8],
      ['r', 1.25],
    ] as const)
      dot.setAttribute(name, String(value));
    svg.append(dot);
  }
  return svg;
}

function itemElement(item: MenuItem): HTMLElement {
  const { label, about, checked, disabled = false } = item;
  return el(
    'button',
    {
      attributes: {
        type: 'button',
        tabindex: '-1',
        role: checked === undefined ? 'menuitem' : 'menuitemcheckbox',
        ...(checked === undefined ? {} : { 'aria-checked': String(checked) }),
        ...(disabled ? { 'aria-disabled': 'true' } : {}),
      },
      // What comes next may be a sheet of its own, or a dialog of the editor, whose clicks do not reach this page.
      onClick: () => {
        if (disabled) return;
        closePopover();
        item.act();
      },
    },
    el('b', {}, label),
    ...(about === undefined ? [] : [el('span', {}, about)]),
  );
}

/** Whether a key writes a letter or a digit: what is typed, not what is commanded. */
const writes = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  /^[\p{L}\p{N}]$/u.test(key) && !ctrlKey && !metaKey && !altKey;

/**
 * Arrow keys go round, Home and End to the ends, a letter to the next item that begins with it, Tab leaves: as menus
 * of the editor do it.
 */
function walk(items: readonly HTMLElement[], event: KeyboardEvent): void {
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  event.stopPropagation();
  if (event.key === 'Tab') closePopover();
  if (writes(event)) {
    const letter = event.key.toLowerCase();
    [...items.slice(at + 1), ...items].find((item) => item.innerText.toLowerCase().startsWith(letter))?.focus();
    return;
  }
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}

/** `name`: of what it is the menu. `items` are asked for when it opens. */
export function menuButton(name: string, items: () => readonly MenuItem[]): HTMLButtonElement {
  const button = el(
    'button',
    {
      class: 'quiet more',
      title: name,
      attributes: { type: 'button', 'aria-label': name, 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
      onClick: () => {
        const elements = items().map(itemElement);
        const menu = el('div', { class: 'menu', attributes: { role: 'menu', 'aria-label': name } }, ...elements);
        menu.addEventListener('keydown', (event) => walk(elements, event));
        popover(button, name, [menu], 'presentation');
      },
    },
    dots(),
  );
  return button;
}
