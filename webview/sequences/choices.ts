// What can be chosen of a table, a text or a file of several arrays: columns, windows, what is done to the numbers.
import type { SequenceChoice, SequenceFacts } from '../../src/protocol/index.js';
import { t } from '../page/l10n.js';
import { dropdown, setOptions, textField } from '../widgets/controls.js';
import type { UiTextField } from '../widgets/controls.js';
import { el } from '../widgets/dom.js';

type Options = SequenceChoice['options'];
type NumberKey = 'window' | 'stride' | 'normaliseOver';

const normalisations = ['none', 'zScore', 'minMax'] as const;
const units = ['characters', 'words'] as const;

const without = (options: Options, key: keyof Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name !== key));

export class SequenceChoices {
  readonly element = el('section', { class: 'choices' });
  readonly #changed: (choice: SequenceChoice) => void;
  readonly #columns = el('fieldset', { class: 'columns-choice' });
  readonly #array = dropdown(t('Array'), (array) => this.#choose({ ...this.#choice, array }));
  readonly #normalise = dropdown(t('Normalise'), (kind) =>
    this.#option('normalise', normalisations.find((one) => one === kind) ?? 'none'),
  );
  readonly #raw = el('p', { class: 'raw', attributes: { role: 'status' } });
  readonly #unit = dropdown(t('Read as'), (unit) =>
    this.#option('tokens', units.find((one) => one === unit) ?? 'characters'),
  );
  readonly #numbers: Readonly<Record<NumberKey, UiTextField>>;
  #choice: SequenceChoice = { options: {}, array: null };
  /** What was chosen last, until it is answered. */
  #unanswered: string | null = null;
  #drawn = '';

  constructor(changed: (choice: SequenceChoice) => void) {
    this.#changed = changed;
    this.#numbers = {
      window: textField(t('Steps of a window'), t('all rows'), (text) => this.#type('window', text)),
      stride: textField(t('Steps between windows'), t('no overlap'), (text) => this.#type('stride', text)),
      normaliseOver: textField(
        t('Share of the rows, from the first on, that mean, deviation, min and max are taken from'),
        '0.7',
        (text) => this.#type('normaliseOver', text),
      ),
    };
    this.element.setAttribute('aria-label', t('How the file is read'));
  }

  get choice(): SequenceChoice {
    return this.#choice;
  }

  /** `facts`: of the last reading that gave any; `asked`: what it was asked with. */
  show(facts: SequenceFacts, choice: SequenceChoice, asked: SequenceChoice): void {
    // An answer to an older choice takes nothing of the newest one back.
    if (this.#unanswered !== null && this.#unanswered !== JSON.stringify(asked)) return;
    this.#unanswered = null;
    this.#choice = choice;
    const { table, text, arrays, isConfig } = facts;
    this.element.hidden = isConfig || (table === null && text === null && arrays.length === 0);
    if (this.element.hidden) return;
    const drawn = JSON.stringify([table?.columns.map(({ name, numeric }) => [name, numeric]), text === null, arrays]);
    // What stands there stays, and the focus with it.
    if (drawn !== this.#drawn) this.#build(facts);
    this.#drawn = drawn;
    const chosen = new Set(table?.columns.flatMap(({ name, chosen: is }) => (is ? [name] : [])));
    for (const box of this.#columns.querySelectorAll('input')) box.checked = chosen.has(box.value);
    for (const [key, field] of Object.entries(this.#numbers) as [NumberKey, UiTextField][])
      if (document.activeElement !== field) field.value = String(choice.options[key] ?? '');
    const raw = table?.raw ?? '';
    // A status that is written again is read aloud again.
    if (this.#raw.textContent !== raw) this.#raw.textContent = raw;
    this.#raw.hidden = raw === '';
    this.#numbers.normaliseOver.toggleAttribute('disabled', (choice.options.normalise ?? 'none') === 'none');
  }

  #build({ table, text, arrays, array }: SequenceFacts): void {
    const labelled = (name: string, control: HTMLElement): HTMLElement =>
      el('label', {}, el('span', {}, name), control);
    this.#columns.replaceChildren(
      el('legend', {}, t('Columns')),
      ...(table?.columns ?? []).map(({ name, numeric }) => {
        const box = el('input', { attributes: { type: 'checkbox', value: name } });
        box.disabled = !numeric;
        box.addEventListener('change', () => this.#chooseColumns());
        return el('label', { title: numeric ? name : t('{0}: no numbers', name) }, box, el('span', {}, name));
      }),
    );
    if (arrays.length > 0)
      setOptions(
        this.#array,
        arrays.map((name) => [name, name]),
        array ?? arrays[0] ?? '',
      );
    const { options } = this.#choice;
    setOptions(
      this.#normalise,
      [
        ['none', t('not at all')],
        ['zScore', t('by mean and deviation')],
        ['minMax', t('by min and max')],
      ],
      options.normalise ?? 'none',
    );
    setOptions(
      this.#unit,
      [
        ['characters', t('characters')],
        ['words', t('words')],
      ],
      text?.unit ?? 'characters',
    );
    const cuts = [labelled(t('Window'), this.#numbers.window), labelled(t('Stride'), this.#numbers.stride)];
    this.element.replaceChildren(
      ...(arrays.length > 0 ? [labelled(t('Array'), this.#array)] : []),
      ...(table === null ? [] : [this.#columns]),
      ...(text === null ? [] : [labelled(t('Read as'), this.#unit)]),
      ...(table === null && text === null ? [] : cuts),
      ...(table === null
        ? []
        : [
            labelled(t('Normalise'), this.#normalise),
            labelled(t('Computed from the first (share of rows)'), this.#numbers.normaliseOver),
          ]),
      this.#raw,
    );
  }

  #chooseColumns(): void {
    const boxes = [...this.#columns.querySelectorAll('input')];
    const columns = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    const rest = without(this.#choice.options, 'columns');
    // All of them is what a table gives by itself.
    const isAll = boxes.every(({ checked, disabled }) => checked || disabled);
    this.#choose({ ...this.#choice, options: isAll ? rest : { ...rest, columns } });
  }

  #type(key: NumberKey, text: string): void {
    const value = Number(text.trim().replace(',', '.'));
    const field = this.#numbers[key];
    const isWrong = !Number.isFinite(value);
    field.classList.toggle('invalid', isWrong);
    if (isWrong) return;
    const rest = without(this.#choice.options, key);
    this.#choose({ ...this.#choice, options: text.trim() === '' ? rest : { ...rest, [key]: value } });
  }

  #option<K extends keyof Options>(key: K, value: Options[K]): void {
    this.#choose({ ...this.#choice, options: { ...this.#choice.options, [key]: value } });
  }

  #choose(choice: SequenceChoice): void {
    if (JSON.stringify(choice) === JSON.stringify(this.#choice)) return;
    this.#choice = choice;
    this.#unanswered = JSON.stringify(choice);
    this.#changed(choice);
  }
}
