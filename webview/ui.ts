// The one door to the component toolkit: whoever wants to swap it changes this file alone.
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import type { Button, Dropdown, TextField } from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeProgressRing(),
  vsCodeTextField(),
);

export type UiButton = HTMLElement & Pick<Button, 'disabled'>;
export type UiDropdown = HTMLElement & Pick<Dropdown, 'value'>;
export type UiTextField = HTMLElement & Pick<TextField, 'value'>;

/** The tag names below are registered above, so the browser makes the toolkit's own elements. */
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
  // The toolkit reads its options in a later task; a value set before that is lost.
  setTimeout(() => {
    target.value = value;
  }, 0);
}

export function textField(name: string, placeholder: string, onCommit: (value: string) => void): UiTextField {
  const element = create('textField');
  // The toolkit names every field "Text field" when it enters the page.
  setTimeout(() => element.setAttribute('aria-label', name), 0);
  element.setAttribute('placeholder', placeholder);
  element.addEventListener('change', () => onCommit(element.value));
  return element;
}

export function progressRing(name: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-label', name);
  // The toolkit names every ring "Loading" when it enters the page.
  setTimeout(() => element.setAttribute('aria-label', name), 0);
  return element;
}
