// The chosen tensor: everything that is known of its numbers, and its heatmap.
import { errorMessage } from '../../src/protocol/index.js';
import type { TensorFacts, TensorLine, TensorPicture } from '../../src/protocol/index.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import type { ThemeWatch } from '../page/theme.js';
import { el } from '../widgets/dom.js';
import { histogramShape } from './histogramShape.js';
import { TensorHeatmap } from './tensorHeatmap.js';
import type { TensorModel } from './tensorModel.js';
import { nameOf, shapeText } from './tensorTable.js';

/** A picture that is wanted, and how large at most. */
type Wanted = {
  readonly index: number;
  readonly tensor: TensorLine;
  readonly rows: number;
  readonly columns: number;
};

export class TensorDetail {
  readonly element: HTMLElement;
  readonly #model: TensorModel;
  readonly #title = el('h2', {}, t('Choose a tensor'));
  readonly #facts = el('dl', { class: 'facts-list' });
  readonly #spread = el('figure', { class: 'spread' });
  readonly #wrong = el('p', { class: 'wrong', attributes: { role: 'alert' } });
  readonly #heatmap: TensorHeatmap;
  #index: number | null = null;
  /** Name of the tensor in the heatmap; null while it is empty. */
  #pictured: string | null = null;
  /** Why there is no picture of the tensor. */
  #noPicture: string | null = null;
  #wanted: Wanted | null = null;
  /** Somebody who runs through the list waits for one picture only, that of the tensor where they stop. */
  readonly #pictures = new Latest(
    (wanted: Wanted) => this.#ask(wanted),
    (answer, wanted) => {
      if (answer !== null && this.#wanted === wanted) this.#hear(answer, wanted);
    },
  );

  constructor(model: TensorModel, themes: ThemeWatch) {
    this.#model = model;
    this.#heatmap = new TensorHeatmap(themes, () => this.#refine());
    this.element = el(
      'section',
      { class: 'detail', attributes: { 'aria-label': t('Chosen tensor') } },
      this.#title,
      this.#wrong,
      this.#facts,
      this.#spread,
      this.#heatmap.element,
    );
    this.#heatmap.element.hidden = true;
    model.onFacts((index) => {
      if (index === this.#index) this.#tell();
    });
  }

  /** Null: none. */
  show(index: number | null): void {
    this.#index = index;
    this.#noPicture = null;
    this.#tell();
    const tensor = index === null ? undefined : this.#model.tensors[index];
    // A picture may take seconds: until then nobody may take that of another tensor for it.
    if (tensor?.name !== this.#pictured) this.#empty();
    this.#model.choose(index);
    this.#wanted = null;
    if (index === null || tensor === undefined || tensor.shape === null) {
      this.#heatmap.element.hidden = true;
      return;
    }
    this.#heatmap.element.hidden = false;
    this.#want(index, tensor);
  }

  #want(index: number, tensor: TensorLine): void {
    this.#wanted = { index, tensor, ...this.#heatmap.room };
    this.#pictures.request(this.#wanted);
  }

  /** A picture that was asked for when the page was narrow is asked for again when it is wider. */
  #refine(): void {
    const wanted = this.#wanted;
    if (wanted !== null && this.#heatmap.hasRoomBeyond(wanted)) this.#want(wanted.index, wanted.tensor);
  }

  /** The picture, or why there is none. Null: nobody waits for it any more. */
  async #ask(wanted: Wanted): Promise<TensorPicture | string | null> {
    if (this.#wanted !== wanted) return null;
    return this.#model.picture(wanted.index, wanted.rows, wanted.columns).catch(errorMessage);
  }

  #hear(answer: TensorPicture | string, { tensor }: Wanted): void {
    if (typeof answer !== 'string') {
      this.#pictured = tensor.name;
      this.#heatmap.show(tensor, answer);
      this.#refine();
      return;
    }
    this.#empty();
    this.#heatmap.element.hidden = true;
    this.#noPicture = answer;
    this.#tell();
  }

  #empty(): void {
    this.#pictured = null;
    this.#heatmap.clear();
  }

  #tell(): void {
    const tensor = this.#index === null ? undefined : this.#model.tensors[this.#index];
    const known = this.#index === null ? null : this.#model.factsOf(this.#index);
    this.#title.textContent = tensor === undefined ? t('Choose a tensor') : nameOf(tensor);
    const wrong = tensor?.told ?? this.#noPicture ?? known?.why ?? '';
    // An alert that is written again is read aloud again.
    if (this.#wrong.textContent !== wrong) this.#wrong.textContent = wrong;
    const row = (name: string, id: string, text: string, exact = text): HTMLElement =>
      el(
        'div',
        {},
        el('dt', {}, name),
        el('dd', { title: exact, attributes: { 'data-name': id, 'data-value': exact } }, text),
      );
    const number = (name: string, id: string, value: number | undefined): HTMLElement =>
      value === undefined ? row(name, id, '…', '') : row(name, id, formatNumber(value), String(value));
    const facts = known?.facts ?? undefined;
    const counted = (name: string, id: string, key: 'zeros' | 'notANumber' | 'infinite'): HTMLElement =>
      row(name, id, facts === undefined ? '…' : facts[key].toLocaleString('en'), String(facts?.[key] ?? ''));
    const size = tensor?.shape?.reduce((product, length) => product * length, 1);
    this.#facts.replaceChildren(
      ...(tensor === undefined || tensor.shape === null || size === undefined
        ? []
        : [
            row(t('Type'), 'dtype', tensor.dtype ?? ''),
            row(t('Shape'), 'shape', shapeText(tensor.shape)),
            row(t('Numbers'), 'count', size.toLocaleString('en'), String(size)),
            number(t('Norm'), 'norm', facts?.norm),
            number(t('Mean'), 'mean', facts?.mean),
            number(t('Min'), 'min', facts?.min),
            number(t('Max'), 'max', facts?.max),
            counted(t('Exact zeros'), 'zeros', 'zeros'),
            counted('NaN', 'nan', 'notANumber'),
            counted(t('Infinite'), 'infinite', 'infinite'),
          ]),
    );
    this.#spread.replaceChildren(...(facts === undefined || Number.isNaN(facts.low) ? [] : spread(facts)));
  }
}

const spread = (facts: TensorFacts): Node[] => [
  histogramShape(facts),
  el('figcaption', {}, el('span', {}, formatNumber(facts.low, 3)), el('span', {}, formatNumber(facts.high, 3))),
];
