// The bar of what-ifs under the toolbar: what can be changed, what it makes of the verdict, and the way into the files.
import { el, math, textButton } from '../widgets/dom.js';
import { formatFactor, formatLog10, formatNumber } from '../page/format.js';
import { showBadge } from '../header/header.js';
import { t } from '../page/l10n.js';
import { helpPopover } from '../widgets/popover.js';
import { Slider, logScale, print } from '../widgets/slider.js';
import { ways } from './whatIfState.js';
import { button, dropdown, setOptions } from '../ui.js';
import type { RunSummary } from '../page/model.js';
import type { Scale } from '../widgets/slider.js';
import type { Tried, TriedRun, WhatIf } from './whatIfState.js';
import type { UiButton, UiDropdown } from '../ui.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';

type Key = keyof WhatIf;
type Measure = NonNullable<WhatIf['rescale']>['measure'];

const mostSeed = 9999;
/** Sliders of Wh end here, or at half as much again as what is in the file or was typed. */
const leastReach = 2;
const clipReach = [-3, 3] as const;
const quietMs = 700;

const linear = (min: number, max: number, allows: (value: number) => boolean, step = 0.01): Scale => ({
  min,
  max,
  step,
  allows,
  print,
});
const finite = Number.isFinite;

const help = (): Help => ({
  text: [
    t(
      'Every change runs the same sequences again, with the files left as they are. The changed gradient is ' +
        'laid over the original in the gradient flow, and the verdict is told as before → after.',
    ),
    t(
      'Wh is initialised first and rescaled then; its spectral radius and largest singular value move ' +
        'together, because one factor sets both. Clipping scales the gradients of the parameters, not what flows ' +
        'back through time. Truncation and the place of the loss change the total gradient; the verdict stands ' +
        'on the pure trip from the last step.',
    ),
    t(
      'Apply writes it all into the config and the files that hold the weights as one edit, which one undo takes back.',
    ),
  ],
  formula: 'Wh′ = Wh·ρ′/ρ(Wh)   Wx′ = s·Wx   b′ = b + β',
  source: 'Pascanu, Mikolov & Bengio 2013; Saxe, McClelland & Ganguli 2014; Le, Jaitly & Hinton 2015',
});

/** What is compared of the run and of what is tried. */
type Compared = Pick<TriedRun, 'verdict' | 'log10' | 'clipFactor' | 'lossValue'>;
const comparedOf = ({ verdict, clipFactor, lossValue, layers: [{ log10 }] }: RunSummary): Compared => ({
  verdict,
  clipFactor,
  lossValue,
  log10,
});

/** Before → after. */
type Outcome = {
  readonly id: string;
  readonly name: string;
  read(run: Compared): number;
  readonly print: (value: number) => string;
};
const outcomes = (): readonly Outcome[] => [
  {
    id: 'factor',
    name: t('per step back'),
    read: ({ verdict }) => verdict.perStepFactor ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatFactor(value)}`),
  },
  {
    id: 'ratio',
    name: t('arrives at the first step'),
    read: ({ verdict }) => verdict.log10Ratio ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatLog10(value, 3)}`),
  },
  { id: 'total', name: '‖g_0‖', read: ({ log10 }) => log10.dh[0] ?? NaN, print: (value) => formatLog10(value, 3) },
  {
    id: 'clip',
    name: t('clip'),
    read: ({ clipFactor }) => clipFactor ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatFactor(value)}`),
  },
  { id: 'loss', name: t('loss'), read: ({ lossValue }) => lossValue ?? NaN, print: (value) => formatNumber(value) },
];

export type WhatIfActions = { apply(whatIf: WhatIf): Promise<boolean>; pin(): void };

export class WhatIfBar {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #tried: Tried;
  readonly #fields = new Map<Key, HTMLElement>();
  readonly #way: UiDropdown;
  readonly #seed: HTMLInputElement;
  readonly #cell: UiDropdown;
  readonly #lossKind: UiDropdown;
  readonly #measures: Readonly<Record<Measure, Slider>>;
  readonly #inputs: Slider;
  readonly #bias: Slider;
  readonly #clip: Slider;
  readonly #truncate: Slider;
  readonly #lossStep: Slider;
  readonly #before = el('span', { class: 'mark' });
  readonly #after = el('span', { class: 'mark' });
  readonly #numbers = el('span', { class: 'outcomes' });
  readonly #note = el('p', { class: 'note whatif-note', attributes: { role: 'status' } });
  readonly #spoken = el('p', { class: 'unseen', attributes: { 'aria-live': 'polite' } });
  readonly #reset: UiButton;
  readonly #pin: UiButton;
  readonly #apply: UiButton;
  #options = '';
  readonly #reaches: Record<Measure, number> = { spectralRadius: leastReach, sigmaMax: leastReach };
  #pinsFull = false;
  #speak: ReturnType<typeof setTimeout> | null = null;

  constructor(page: Page, tried: Tried, actions: WhatIfActions) {
    this.#page = page;
    this.#tried = tried;
    const change = (part: Partial<WhatIf>): void => tried.change(part);
    const rescale =
      (measure: Measure) =>
      (to: number): void =>
        change({ rescale: { measure, to } });
    const positive = (value: number): boolean => value >= 0 && finite(value);
    this.#way = dropdown(t('Initialisation of Wh'), (value) => {
      const way = ways.find((other) => other === value);
      change({ initialise: way === undefined ? null : { way, seed: this.#seedNow() } });
    });
    this.#seed = el('input', {
      class: 'number',
      attributes: {
        type: 'number',
        min: '0',
        max: String(mostSeed),
        step: '1',
        value: '1',
        'aria-label': t('Seed of the initialisation'),
      },
    });
    this.#seed.addEventListener('input', () => {
      const { initialise } = tried.whatIf;
      if (initialise !== null) change({ initialise: { ...initialise, seed: this.#seedNow() } });
    });
    this.#cell = dropdown(t('Activation'), (value) => {
      const now = page.model.run?.cell;
      const cell = now?.alternatives.find((other) => other === value) ?? null;
      change({ cell: cell === now?.name ? null : cell });
    });
    this.#measures = {
      spectralRadius: new Slider(
        t('Spectral radius of Wh'),
        linear(0, leastReach, positive),
        rescale('spectralRadius'),
      ),
      sigmaMax: new Slider(t('Largest singular value of Wh'), linear(0, leastReach, positive), rescale('sigmaMax')),
    };
    this.#inputs = new Slider(t('Factor of Wx'), { ...logScale(-2, 1), allows: positive }, (value) =>
      change({ inputScale: value === 1 ? null : value }),
    );
    this.#bias = new Slider(t('Shift of the bias'), linear(-2, 2, finite), (value) =>
      change({ biasShift: value === 0 ? null : value }),
    );
    this.#clip = new Slider(
      t('Clip norm'),
      { ...logScale(...clipReach), allows: (value) => value > 0 && finite(value) },
      (value, typed) => {
        // The end of the slider is no clipping; a number that is typed is that number.
        const wanted = !typed && value >= 10 ** clipReach[1] ? 'off' : value;
        change({ clipNorm: wanted === 'off' && page.model.run?.clipFactor === null ? null : wanted });
      },
    );
    this.#truncate = new Slider(
      t('Truncation after k steps'),
      linear(1, 2, (value) => Number.isInteger(value) && value >= 1, 1),
      (value) => {
        const { run } = page.model;
        const wanted = value >= (run?.shapes.T ?? 1) ? 'off' : value;
        change({ truncate: wanted === (run?.truncate ?? 'off') ? null : wanted });
      },
    );
    this.#lossKind = dropdown(t('Where the loss sits'), (value) => {
      const T = page.model.run?.shapes.T ?? 1;
      change({
        lossAt:
          value === 'last' || value === 'every'
            ? value
            : value === 'step'
              ? Math.min(T - 1, page.timeline.cursor)
              : null,
      });
    });
    this.#lossStep = new Slider(
      t('Step that the loss sits on'),
      linear(0, 1, (value) => Number.isInteger(value) && value >= 0, 1),
      (value) => change({ lossAt: value }),
    );

    const field = (key: Key, name: string, ...content: readonly HTMLElement[]): HTMLElement => {
      const back = textButton('↺', t('{0}: as in the files', name), () => change({ [key]: null }));
      back.classList.add('back');
      const element = el(
        'div',
        { class: 'field', attributes: { 'data-field': key } },
        el('span', { class: 'field-name' }, math(name)),
        ...content,
        back,
      );
      this.#fields.set(key, element);
      return element;
    };
    const measureField = (measure: Measure, name: string): HTMLElement => {
      const element = field('rescale', name, this.#measures[measure].element);
      element.dataset['measure'] = measure;
      return element;
    };
    const radius = measureField('spectralRadius', 'ρ(Wh)');
    const helpButton = textButton('?', t('What the what-ifs do'), () =>
      helpPopover(helpButton, t('What if'), help(), page.model.run?.cell ?? null),
    );
    this.#reset = button(t('Reset'), 'secondary', t('Everything as in the files'), () => tried.reset());
    this.#pin = button(t('Pin'), 'secondary', t('Keep this curve to compare others with it'), () => actions.pin());
    this.#apply = button(t('Apply'), 'primary', t('Write this into the config and the weights, as one edit'), () => {
      void actions.apply(tried.whatIf).then((done) => {
        if (done) tried.markApplied();
      });
    });
    this.element = el(
      'section',
      { class: 'whatif', id: 'whatif', attributes: { 'aria-label': t('What if') } },
      el(
        'div',
        { class: 'fields' },
        radius,
        measureField('sigmaMax', 'σ_max(Wh)'),
        field('initialise', 'Wh', this.#way, el('label', { class: 'seed' }, el('span', {}, t('seed')), this.#seed)),
        field('cell', t('Activation'), this.#cell),
        field('inputScale', 'Wx ×', this.#inputs.element),
        field('biasShift', 'b +', this.#bias.element),
        field('clipNorm', t('Clip'), this.#clip.element),
        field('truncate', t('Truncate'), this.#truncate.element),
        field('lossAt', t('Loss at'), this.#lossKind, this.#lossStep.element),
      ),
      el(
        'div',
        { class: 'outcome' },
        el(
          'span',
          { class: 'turn' },
          this.#before,
          el('span', { class: 'arrow', attributes: { 'aria-label': t('becomes') } }, '→'),
          this.#after,
        ),
        this.#numbers,
        this.#note,
        el('span', { class: 'decide' }, this.#reset, this.#pin, this.#apply, helpButton),
      ),
      this.#spoken,
    );
    this.element.hidden = true;
    tried.onChange(() => this.show());
  }

  /** Six pins are enough. */
  set pinsFull(full: boolean) {
    this.#pinsFull = full;
    this.show();
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  set open(open: boolean) {
    if (open === this.open) return;
    this.element.hidden = !open;
    if (!open) this.#tried.stop();
    else {
      this.#tried.start();
      this.show();
    }
  }

  show(): void {
    const { run } = this.#page.model;
    if (run === null || !this.open) return;
    const { whatIf } = this.#tried;
    this.#showFields(run, whatIf);
    for (const element of this.element.querySelectorAll<HTMLElement>('.field')) {
      const key = element.dataset['field'] as Key;
      const changed = key === 'rescale' ? whatIf.rescale?.measure === element.dataset['measure'] : whatIf[key] !== null;
      element.classList.toggle('changed', changed);
    }
    this.#showOutcome(run);
  }

  #seedNow(): number {
    const seed = Math.round(this.#seed.valueAsNumber);
    return Number.isFinite(seed) ? Math.max(0, Math.min(mostSeed, seed)) : 0;
  }

  #showFields(run: RunSummary, whatIf: WhatIf): void {
    const { T } = run.shapes;
    const lossAt = whatIf.lossAt;
    this.#setOptions(run, whatIf);
    this.#seed.disabled = whatIf.initialise === null || whatIf.initialise.way === 'identity';
    if (whatIf.initialise !== null && document.activeElement !== this.#seed)
      this.#seed.value = String(whatIf.initialise.seed);
    for (const measure of ['spectralRadius', 'sigmaMax'] as const) {
      const told =
        whatIf.rescale?.measure === measure ? whatIf.rescale.to : (this.#tried.run?.measures[measure] ?? null);
      const slider = this.#measures[measure];
      slider.scale = linear(0, this.#reach(measure, told), (value) => value >= 0 && finite(value));
      slider.show(told);
    }
    this.#inputs.show(whatIf.inputScale ?? 1);
    this.#bias.show(whatIf.biasShift ?? 0);
    const clipped = whatIf.clipNorm ?? run.clipNorm ?? 'off';
    this.#clip.show(clipped === 'off' ? 10 ** clipReach[1] : clipped, clipped === 'off' ? t('off') : print(clipped));
    this.#truncate.scale = linear(1, Math.max(2, T), (value) => Number.isInteger(value) && value >= 1, 1);
    const k = whatIf.truncate ?? run.truncate ?? 'off';
    this.#truncate.show(k === 'off' ? T : k, k === 'off' ? t('off') : String(k));
    this.#lossStep.scale = linear(
      0,
      Math.max(1, T - 1),
      (value) => Number.isInteger(value) && value >= 0 && value < T,
      1,
    );
    const [only, ...others] = run.lossSteps;
    const inFile = only !== undefined && others.length === 0 && only[0] === only[1] ? only[0] : null;
    const at = typeof lossAt === 'number' ? lossAt : lossAt === 'last' ? T - 1 : lossAt === null ? inFile : null;
    this.#lossStep.show(at, at === null ? '–' : `t = ${at}`);
    const fixed = run.lossValue !== null;
    this.#lossStep.disabled = fixed;
    this.#lossKind.toggleAttribute('disabled', fixed);
    this.#fields
      .get('lossAt')
      ?.setAttribute(
        'title',
        fixed ? t('The loss of this experiment has targets for its own steps, so it cannot be moved.') : '',
      );
  }

  /** Where a slider of Wh ends. It stays while it is dragged, else it would run away from under the mouse. */
  #reach(measure: Measure, told: number | null): number {
    const reach = this.#reaches[measure];
    if (told === null || !finite(told) || (this.#tried.active && told <= reach)) return reach;
    return (this.#reaches[measure] = Math.max(leastReach, Math.ceil(1.5 * told)));
  }

  /** The toolkit reads its options late, so menus are filled only when something about them is another. */
  #setOptions(run: RunSummary, whatIf: WhatIf): void {
    const lossKind = whatIf.lossAt === null ? 'file' : typeof whatIf.lossAt === 'number' ? 'step' : whatIf.lossAt;
    const key = JSON.stringify([run.cell.name, whatIf.initialise?.way, whatIf.cell, lossKind]);
    if (key === this.#options) return;
    this.#options = key;
    const file = t('as is');
    setOptions(
      this.#way,
      [
        ['file', file],
        ['orthogonal', t('orthogonal')],
        ['identity', t('identity matrix')],
        ['glorot', 'Glorot'],
        ['he', 'He'],
      ],
      whatIf.initialise?.way ?? 'file',
    );
    setOptions(
      this.#cell,
      run.cell.alternatives.map((cell) => [cell, cell]),
      whatIf.cell ?? run.cell.name,
    );
    setOptions(
      this.#lossKind,
      [
        ['file', file],
        ['last', t('last step')],
        ['every', t('every step')],
        ['step', t('one step')],
      ],
      lossKind,
    );
  }

  #showOutcome(run: RunSummary): void {
    const { shown, refusal, active, applied } = this.#tried;
    showBadge(this.#before, run.verdict.kind, 'mark');
    if (shown !== null) showBadge(this.#after, shown.verdict.kind, 'mark');
    this.#after.hidden = this.#numbers.hidden = shown === null;
    this.element.classList.toggle('active', active);
    this.#reset.disabled = !active;
    this.#apply.disabled = shown === null || applied;
    this.#pin.disabled = this.#apply.disabled || this.#pinsFull;
    this.#numbers.replaceChildren(
      ...(shown === null
        ? []
        : outcomes().map((outcome) => ({ ...outcome, was: outcome.read(comparedOf(run)), is: outcome.read(shown) }))
      )
        .filter(({ was, is }) => !(Number.isNaN(was) && Number.isNaN(is)))
        .map(({ id, name, was, is, print: told }) =>
          el(
            'span',
            { attributes: { 'data-outcome': id, 'data-before': String(was), 'data-after': String(is) } },
            el('span', { class: 'outcome-name' }, math(name)),
            ' ',
            told(was),
            ' → ',
            el('b', {}, told(is)),
          ),
        ),
    );
    this.#note.textContent =
      refusal ??
      (applied
        ? t('Written into the files; undo takes it back there. The next run shows it.')
        : active
          ? ''
          : t('Move something: the files stay as they are.'));
    this.#note.classList.toggle('refused', refusal !== null);
    this.#note.hidden = this.#note.textContent === '';
    this.#sayLater(shown, run);
  }

  /** The result aloud, once the drag rests. */
  #sayLater(shown: TriedRun | null, run: RunSummary): void {
    if (this.#speak !== null) clearTimeout(this.#speak);
    this.#speak = setTimeout(() => {
      const [factor] = outcomes();
      const told =
        factor === undefined || shown === null
          ? ''
          : t(
              '{0} becomes {1}: {2} instead of {3} per step back.',
              this.#before.textContent,
              this.#after.textContent,
              factor.print(factor.read(shown)),
              factor.print(factor.read(comparedOf(run))),
            );
      if (this.#spoken.textContent !== told) this.#spoken.textContent = told;
    }, quietMs);
  }
}
