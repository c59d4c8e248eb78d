// The bar of what-ifs under the toolbar: what can be changed, what it makes of the verdict, and the way into the files.
import { el, math, textButton } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { helpPopover } from '../widgets/popover.js';
import { Slider, logScale } from '../widgets/slider.js';
import { WhatIfMenus } from './whatIfMenus.js';
import { WhatIfOutcome } from './whatIfOutcome.js';
import { button } from '../widgets/controls.js';
import { formatSetting } from '../page/format.js';
import { positionOf } from '../page/stepLabels.js';
import type { RunSummary } from '../page/model.js';
import type { Scale } from '../widgets/slider.js';
import type { WhatIfState, WhatIf } from './whatIfState.js';
import type { UiButton } from '../widgets/controls.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';

type Key = keyof WhatIf;
type Measure = NonNullable<WhatIf['rescale']>['measure'];

const mostSeed = 9999;
/** Sliders of Wh end here, or at half as much again as what is in the file or was typed. */
const leastReach = 2;
const clipReach = [-3, 3] as const;

const finite = Number.isFinite;
/** Whole numbers from `min` on, or any from 0, or any. */
const linear = (min: number, max: number, kind: 'whole' | 'positive' | 'any'): Scale => ({
  min,
  max,
  step: kind === 'whole' ? 1 : 0.01,
  allows: {
    whole: (value: number) => Number.isInteger(value) && value >= min,
    positive: (value: number) => value >= 0 && finite(value),
    any: finite,
  }[kind],
  wanted: {
    whole: t('Expected a whole number that is {0} or larger.', min),
    positive: t('Expected a number that is 0 or larger, as in 0.5.'),
    any: t('Expected a number, as in −0.5.'),
  }[kind],
  print: formatSetting,
});
/** Steps of a run. */
const stepsOf = (T: number): Scale => ({
  ...linear(0, Math.max(1, T - 1), 'whole'),
  allows: (value) => Number.isInteger(value) && value >= 0 && value < T,
  wanted: t('Expected a step from 0 to {0}.', T - 1),
});

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
      'Of a network one layer is changed, or all of them, and everything is run again. A measure of Wh is that ' +
        "of each gate's own block. Keras' and PyTorch's defaults start Wx and the biases anew, too.",
    ),
    t(
      'Apply writes it all into the config and the files that hold the weights as one edit, which one undo takes back.',
    ),
  ],
  formula: 'Wh′ = Wh·ρ′/ρ(Wh)   Wx′ = s·Wx   b′ = b + β',
  source: 'Pascanu, Mikolov & Bengio 2013; Saxe, McClelland & Ganguli 2014; Le, Jaitly & Hinton 2015',
});

/** What is shown at first glance, and what has been changed; the rest is behind a button. */
const firstGlance = (gated: boolean): readonly Key[] =>
  gated ? ['layers', 'biasShift', 'initialise'] : ['layers', 'rescale', 'initialise', 'cell'];

export type WhatIfActions = { apply(whatIf: WhatIf): Promise<boolean>; pin(): void };

export class WhatIfBar {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #tried: WhatIfState;
  readonly #fields = new Map<Key, HTMLElement>();
  readonly #grid: HTMLElement;
  readonly #menus: WhatIfMenus;
  readonly #outcome = new WhatIfOutcome();
  readonly #more: HTMLButtonElement;
  #showsMore: boolean;
  readonly #seed: HTMLInputElement;
  readonly #measures: Readonly<Record<Measure, Slider>>;
  readonly #inputs: Slider;
  readonly #bias: Slider;
  readonly #clip: Slider;
  readonly #truncate: Slider;
  readonly #lossStep: Slider;
  readonly #reset: UiButton;
  readonly #pin: UiButton;
  readonly #apply: UiButton;
  readonly #help: HTMLButtonElement;
  readonly #reaches: Record<Measure, number> = { spectralRadius: leastReach, sigmaMax: leastReach };
  #pinsFull = false;

  constructor(page: Page, tried: WhatIfState, actions: WhatIfActions) {
    this.#page = page;
    this.#tried = tried;
    this.#showsMore = page.memory.chosen('more what-ifs') === true;
    const change = (part: Partial<WhatIf>): void => tried.change(part);
    const rescale =
      (measure: Measure) =>
      (to: number): void =>
        change({ rescale: { measure, to } });
    const remember = (): (() => void) => {
      const { whatIf } = tried;
      return () => change(whatIf);
    };
    this.#menus = new WhatIfMenus(page, tried, () => this.#seedNow());
    const { layers, biasGate, whGate, drop, way, cell, lossKind } = this.#menus;
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
    this.#measures = {
      spectralRadius: new Slider(
        t('Spectral radius of Wh'),
        linear(0, leastReach, 'positive'),
        rescale('spectralRadius'),
        remember,
      ),
      sigmaMax: new Slider(
        t('Largest singular value of Wh'),
        linear(0, leastReach, 'positive'),
        rescale('sigmaMax'),
        remember,
      ),
    };
    const { allows, wanted } = linear(0, 1, 'positive');
    this.#inputs = new Slider(
      t('Factor of Wx'),
      { ...logScale(-2, 1), allows, wanted },
      (value) => change({ inputScale: value === 1 ? null : value }),
      remember,
    );
    this.#bias = new Slider(
      t('Shift of the bias'),
      linear(-2, 2, 'any'),
      (value) =>
        change({
          biasShift: value === 0 ? null : value,
          biasGate: page.model.run === null ? null : this.#menus.shiftedGate(page.model.run),
        }),
      remember,
    );
    this.#clip = new Slider(
      t('Clip norm'),
      logScale(...clipReach),
      (value, typed) => {
        // The end of the slider is no clipping; a number that is typed is that number.
        const wanted = !typed && value >= 10 ** clipReach[1] ? 'off' : value;
        change({ clipNorm: wanted === 'off' && page.model.run?.clipFactor === null ? null : wanted });
      },
      remember,
    );
    this.#truncate = new Slider(
      t('Truncation after k steps'),
      linear(1, 2, 'whole'),
      (value) => {
        const { run } = page.model;
        const wanted = value >= (run?.shapes.T ?? 1) ? 'off' : value;
        change({ truncate: wanted === (run?.truncate ?? 'off') ? null : wanted });
      },
      remember,
    );
    this.#lossStep = new Slider(
      t('Step that the loss sits on'),
      stepsOf(2),
      (value) => change({ lossAt: value }),
      remember,
    );

    const field = (key: Key, name: string, ...content: readonly HTMLElement[]): HTMLElement => {
      const back = textButton('↺', t('{0}: as in the files', name), () => {
        change({ [key]: null });
        // It is not there any more; what it took back is.
        const first = content.find((own) => !own.hidden);
        (first?.querySelector('input') ?? first)?.focus();
      });
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
    this.#more = textButton(t('More…'), t('More that can be changed'), () => {
      this.#showsMore = !this.#showsMore;
      page.memory.choose('more what-ifs', this.#showsMore);
      this.show();
    });
    this.#more.classList.add('link');
    this.#more.setAttribute('aria-controls', 'whatif-fields');
    this.#grid = el(
      'div',
      { class: 'fields', id: 'whatif-fields' },
      field('layers', t('Layers'), layers),
      measureField('spectralRadius', 'ρ(Wh)'),
      measureField('sigmaMax', 'σ_max(Wh)'),
      field('whGate', t('Wh gate'), whGate),
      field('initialise', 'Wh', way, el('label', { class: 'seed' }, el('span', {}, t('seed')), this.#seed)),
      field('cell', t('Activation'), cell),
      field('inputScale', 'Wx ×', this.#inputs.element),
      field('biasShift', 'b +', biasGate, this.#bias.element),
      field('clipNorm', t('Clip'), this.#clip.element),
      field('truncate', t('Truncate'), this.#truncate.element),
      field('lossAt', t('Loss at'), lossKind, this.#lossStep.element),
      field('drop', t('Last layer'), drop),
      this.#more,
    );
    this.#help = textButton('?', t('What the what-ifs do'), () =>
      helpPopover(this.#help, t('What if'), help(), page.model.run),
    );
    this.#reset = button(t('Reset'), 'secondary', t('Everything as in the files'), () => tried.reset());
    this.#pin = button(t('Pin'), 'secondary', t('Keep this curve to compare others with it'), () => actions.pin());
    this.#apply = button(t('Apply'), 'primary', t('Write this into the config and the weights, as one edit'), () => {
      const { whatIf } = tried;
      const before = page.model.run?.runId;
      void actions.apply(tried.asked).then((done) => {
        // What was changed meanwhile is tried on the run that comes.
        if (!done || tried.whatIf !== whatIf) return;
        // The run may be there before the answer, which waits for the editor.
        if (page.model.run?.runId === before) tried.markApplied();
        else tried.reset();
      });
    });
    this.element = el(
      'section',
      { class: 'whatif', id: 'whatif', attributes: { 'aria-label': t('What if') } },
      this.#grid,
      el(
        'div',
        { class: 'outcome' },
        ...this.#outcome.elements,
        el('span', { class: 'decide' }, this.#reset, this.#pin, this.#apply, this.#help),
      ),
      this.#outcome.spoken,
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
    this.#arrange(run, whatIf);
    for (const element of this.element.querySelectorAll<HTMLElement>('.field')) {
      const key = element.dataset['field'] as Key;
      const changed =
        key === 'rescale'
          ? whatIf.rescale?.measure === element.dataset['measure']
          : whatIf[key] !== null && !(key === 'whGate' && whatIf.rescale === null) && key !== 'layers';
      element.classList.toggle('changed', changed);
    }
    const { shown, active, applied } = this.#tried;
    this.element.classList.toggle('active', active);
    const focused = [this.#reset, this.#pin, this.#apply].find((own) => own === document.activeElement);
    this.#reset.disabled = !active;
    this.#apply.disabled = shown === null || applied;
    this.#pin.disabled = this.#apply.disabled || this.#pinsFull;
    // A button that is disabled loses the keyboard to the page's beginning; beside it the way goes on.
    if (focused?.disabled === true) this.#help.focus();
    this.#outcome.show(run, this.#tried);
  }

  /** What this cell and this network have; of a cell of several gates the bias of one comes first. */
  #arrange(run: RunSummary, whatIf: WhatIf): void {
    const gated = run.cell.gates.length > 1;
    const layers = run.network?.layers ?? [];
    const changesWeights = (['initialise', 'rescale', 'inputScale', 'biasShift'] as const).some(
      (key) => whatIf[key] !== null,
    );
    const has: Partial<Record<Key, boolean>> = {
      // Also where the layer whose weights were changed is not there any more.
      layers: layers.length > 1 || (changesWeights && typeof whatIf.layers === 'number' && whatIf.layers > 0),
      whGate: gated,
      cell: run.cell.alternatives.length > 1,
      drop: layers.some(({ layer }) => layer > 0) || whatIf.drop !== null,
    };
    this.#grid.classList.toggle('gated', gated);
    this.#menus.biasGate.hidden = !gated;
    this.#more.setAttribute('aria-expanded', String(this.#showsMore));
    const more = this.#showsMore ? t('Less') : t('More…');
    this.#more.textContent = more;
    this.#more.setAttribute('aria-label', more);
    const atFirst = firstGlance(gated);
    for (const element of this.#grid.querySelectorAll<HTMLElement>('.field')) {
      const key = element.dataset['field'] as Key;
      if (key === 'rescale')
        element.title =
          gated && whatIf.whGate === null
            ? t("Each gate's own block of Wh gets this; what stands here is the largest.")
            : '';
      const atHand = this.#showsMore || atFirst.includes(key) || whatIf[key] !== null;
      element.hidden = has[key] === false || !atHand;
    }
    // In the order of the keyboard too.
    const bias = this.#fields.get('biasShift');
    const [first, clip] = [this.#fields.get('layers'), this.#fields.get('clipNorm')];
    if (bias !== undefined && first !== undefined && clip !== undefined)
      if (gated && first.nextElementSibling !== bias) first.after(bias);
      else if (!gated && clip.previousElementSibling !== bias) clip.before(bias);
  }

  /** Of the gate whose block is rescaled, or the largest of all blocks. */
  #measured({ cell: { gates } }: RunSummary, measure: Measure): number | null {
    const all = this.#tried.measures;
    const { whGate } = this.#tried.whatIf;
    const own = all.filter((_, g) => whGate === null || gates[g] === whGate).map((measures) => measures[measure]);
    const known = own.filter((value) => value !== null);
    return known.length === 0 || known.length < own.length ? null : Math.max(...known);
  }

  #seedNow(): number {
    const seed = Math.round(this.#seed.valueAsNumber);
    return Number.isFinite(seed) ? Math.max(0, Math.min(mostSeed, seed)) : 0;
  }

  #showFields(run: RunSummary, whatIf: WhatIf): void {
    const { T } = run.shapes;
    const lossAt = whatIf.lossAt;
    this.#menus.show(run, whatIf);
    this.#seed.disabled = whatIf.initialise === null || whatIf.initialise.way === 'identity';
    if (whatIf.initialise !== null && document.activeElement !== this.#seed)
      this.#seed.value = String(whatIf.initialise.seed);
    for (const measure of ['spectralRadius', 'sigmaMax'] as const) {
      const told = whatIf.rescale?.measure === measure ? whatIf.rescale.to : this.#measured(run, measure);
      const slider = this.#measures[measure];
      slider.scale = linear(0, this.#reach(measure, told), 'positive');
      slider.show(told);
      // Before it is measured there is nothing to move from; whoever is on it already stays there.
      const isUnknown = told === null && this.#tried.refusal === null;
      slider.disabled = isUnknown && !slider.element.contains(document.activeElement);
    }
    this.#inputs.show(whatIf.inputScale ?? 1);
    this.#bias.show(whatIf.biasShift ?? 0);
    const clipped = whatIf.clipNorm ?? run.clipNorm ?? 'off';
    this.#clip.show(
      clipped === 'off' ? 10 ** clipReach[1] : clipped,
      clipped === 'off' ? t('off') : formatSetting(clipped),
    );
    this.#truncate.scale = linear(1, Math.max(2, T), 'whole');
    const k = whatIf.truncate ?? run.truncate ?? 'off';
    this.#truncate.show(k === 'off' ? T : k, k === 'off' ? t('off') : String(k));
    this.#lossStep.scale = stepsOf(T);
    const [only, ...others] = run.lossSteps;
    const inFile = only !== undefined && others.length === 0 && only[0] === only[1] ? positionOf(run, only[0]) : null;
    const at = typeof lossAt === 'number' ? lossAt : lossAt === 'last' ? T - 1 : lossAt === null ? inFile : null;
    this.#lossStep.show(at, at === null ? '–' : `t = ${at}`);
    const fixed = run.lossValue !== null;
    this.#lossStep.disabled = fixed;
    this.#menus.lossKind.toggleAttribute('disabled', fixed);
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
}
