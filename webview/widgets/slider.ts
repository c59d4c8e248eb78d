// A number that can be dragged, moved by keys, or typed.
import { el } from './dom.js';
import { formatSetting } from '../page/format.js';
import { t } from '../page/l10n.js';

/** Which numbers there are and how the slider spreads them. */
export type Scale = {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Position of a number on the slider, and back. */
  readonly toSlider?: (value: number) => number;
  readonly fromSlider?: (position: number) => number;
  /** Whether a typed number is allowed, and what is said of one that is not. */
  readonly allows: (value: number) => boolean;
  readonly wanted: string;
  readonly print: (value: number) => string;
};

/** Powers of ten between two exponents. */
export const logScale = (low: number, high: number): Scale => ({
  min: low,
  max: high,
  step: 0.01,
  print: formatSetting,
  toSlider: (value) => Math.log10(Math.max(value, 10 ** low)),
  fromSlider: (position) => Number((10 ** position).toPrecision(3)),
  allows: (value) => value > 0 && Number.isFinite(value),
  wanted: t('Expected a number larger than 0, as in 0.5.'),
});

/** So long nobody has written another letter: then what is written counts, ms. */
const pause = 150;

/** Makes ids. */
let counted = 0;

export class Slider {
  readonly element: HTMLElement;
  readonly #range: HTMLInputElement;
  readonly #typed: HTMLInputElement;
  readonly #why = el('span', { class: 'why', attributes: { role: 'status' } });
  readonly #remember: () => () => void;
  /** What stood in the field before somebody wrote into it, and the way back to it. */
  #before: { readonly text: string; readonly restore: () => void } | null = null;
  #pause: ReturnType<typeof setTimeout> | null = null;
  readonly #changed: (value: number, typed: boolean) => void;
  #scale: Scale;
  /**
   * What the field held when it was last filled or taken: rounded as it is, no new number until somebody writes
   * another.
   */
  #told = '';

  /**
   * `name` says aloud what is moved. `changed` hears every number that the user chooses, and whether it was typed: then
   * it may lie beyond the ends. `remember` gives the way back to what holds now.
   */
  constructor(
    name: string,
    scale: Scale,
    changed: (value: number, typed: boolean) => void,
    remember: () => () => void,
  ) {
    this.#scale = scale;
    this.#changed = changed;
    this.#remember = remember;
    this.#range = el('input', { class: 'range', attributes: { type: 'range', 'aria-label': name } });
    this.#typed = el('input', {
      class: 'number',
      attributes: {
        type: 'text',
        inputmode: 'decimal',
        spellcheck: 'false',
        autocomplete: 'off',
        'aria-label': t('{0}, as a number', name),
      },
    });
    this.#why.id = `why-${++counted}`;
    this.#why.hidden = true;
    this.element = el('span', { class: 'slider' }, this.#range, this.#typed, this.#why);
    this.scale = scale;
    this.#range.addEventListener('input', () => {
      const position = this.#range.valueAsNumber;
      changed(this.#scale.fromSlider?.(position) ?? position, false);
    });
    // What is written counts while it is written; Enter and leaving the field make it what Escape comes back to.
    this.#typed.addEventListener('input', () => {
      this.#before ??= { text: this.#told, restore: this.#remember() };
      if (this.#pause !== null) clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#commit(), pause);
    });
    this.#typed.addEventListener('change', () => this.#accept());
    this.#typed.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#accept();
      if (event.key !== 'Escape' || this.#before === null) return;
      event.preventDefault();
      event.stopPropagation();
      this.#goBack();
    });
  }

  set scale(scale: Scale) {
    this.#scale = scale;
    Object.assign(this.#range, { min: String(scale.min), max: String(scale.max), step: String(scale.step) });
  }

  set disabled(disabled: boolean) {
    this.#range.disabled = this.#typed.disabled = disabled;
  }

  /**
   * Shows a number; `text` where it stands for something else than itself. A field that is being typed into is left
   * alone.
   */
  show(value: number | null, text?: string): void {
    const told = text ?? (value === null ? '–' : this.#scale.print(value));
    if (value !== null) this.#range.value = String(this.#scale.toSlider?.(value) ?? value);
    this.#range.setAttribute('aria-valuetext', told);
    this.#range.style.setProperty(
      '--share',
      String((this.#range.valueAsNumber - this.#scale.min) / (this.#scale.max - this.#scale.min)),
    );
    if (document.activeElement !== this.#typed) {
      this.#typed.value = this.#told = told;
      this.#mark(false);
    }
  }

  #accept(): void {
    this.#commit();
    this.#before = null;
  }

  #goBack(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    const before = this.#before;
    this.#pause = this.#before = null;
    if (before === null) return;
    const isAnother = this.#told !== before.text;
    this.#typed.value = this.#told = before.text;
    this.#mark(false);
    if (isAnother) before.restore();
  }

  #commit(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    const text = this.#typed.value;
    if (text === this.#before?.text && text !== this.#told) {
      // Rounded as it is, it stands for what held before.
      this.#goBack();
      return;
    }
    if (text === this.#told) {
      this.#mark(false);
      return;
    }
    const value = Number(text.trim().replace('−', '-').replace(',', '.'));
    const allowed = text.trim() !== '' && this.#scale.allows(value);
    this.#mark(!allowed);
    if (!allowed) return;
    this.#told = text;
    this.#changed(value, true);
  }

  #mark(invalid: boolean): void {
    this.#typed.classList.toggle('invalid', invalid);
    this.#why.hidden = !invalid;
    this.#why.textContent = invalid ? this.#scale.wanted : '';
    for (const [name, value] of [
      ['aria-invalid', 'true'],
      ['aria-describedby', this.#why.id],
    ] as const)
      if (invalid) this.#typed.setAttribute(name, value);
      else this.#typed.removeAttribute(name);
  }
}
