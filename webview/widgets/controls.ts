// Buttons, menus and fields that look like the editor's. They are there before the component toolkit is: base.css gives
// them the same place until then, and what is chosen meanwhile is kept.

export type UiButton = HTMLElement & { disabled: boolean };
export type UiDropdown = HTMLElement & { value: string };
export type UiTextField = HTMLElement & { value: string };

/** The tag names that the toolkit registers. */
const tags = { button: 'vscode-button', dropdown: 'vscode-dropdown', textField: 'vscode-text-field' } as const;
type Made = { button: UiButton; dropdown: UiDropdown; textField: UiTextField };
const create = <K extends keyof Made>(kind: K): Made[K] => document.createElement(tags[kind]) as unknown as Made[K];

export function button(
  label: string,
  appearance: 'primary' | 'secondary',
  title: string,
  onClick: () => void,
): UiButton {
  const element = create('button');
  element.setAttribute('appearance', appearance);
  element.title = title;
  element.append(label);
  element.addEventListener('click', onClick);
  return element;
}

export function dropdown(name: string, onChange: (value: string) => void): UiDropdown {
  const element = create('dropdown');
  element.setAttribute('aria-label', name);
  element.addEventListener('change', () => onChange(element.value));
  return element;
}

/** What is to be chosen as soon as the toolkit has read the options of a menu. */
const wanted = new WeakMap<UiDropdown, string>();

function chooseLater(target: UiDropdown, value: string): void {
  const isWaiting = wanted.has(target);
  wanted.set(target, value);
  // Until then this option is all of the menu that is seen.
  for (const option of target.children) option.toggleAttribute('data-chosen', option.getAttribute('value') === value);
  if (isWaiting) return;
  void customElements.whenDefined(tags.dropdown).then(() =>
    // The toolkit reads its options in a later task; a value set before that is lost.
    setTimeout(() => {
      target.value = wanted.get(target) ?? value;
      wanted.delete(target);
    }, 0),
  );
}

/** Chooses for the user, who hears nothing of it. */
export function choose(target: UiDropdown, value: string): void {
  if (wanted.has(target) || customElements.get(tags.dropdown) === undefined) chooseLater(target, value);
  else if (target.value !== value) target.value = value;
}

export function setOptions(
  target: UiDropdown,
  options: readonly (readonly [value: string, label: string])[],
  value: string,
): void {
  target.replaceChildren(
    ...options.map(([optionValue, label]) => {
      const option = document.createElement('vscode-option');
      option.setAttribute('value', optionValue);
      option.textContent = label;
      return option;
    }),
  );
  chooseLater(target, value);
}

/** The toolkit names every field "Text field" and every ring "Loading" whenever it enters the page. */
function keepName(element: HTMLElement, name: string): void {
  const label = 'aria-label';
  const write = (): void => {
    if (element.getAttribute(label) !== name) element.setAttribute(label, name);
  };
  new MutationObserver(write).observe(element, { attributes: true, attributeFilter: [label] });
  write();
}

export function textField(name: string, placeholder: string, onCommit: (value: string) => void): UiTextField {
  const element = create('textField');
  keepName(element, name);
  element.setAttribute('placeholder', placeholder);
  element.addEventListener('change', () => onCommit(element.value));
  return element;
}

export function progressRing(name: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  keepName(element, name);
  return element;
}
