// Beside the tracks: what the numbers of Wh and the Jacobians prove about the gradient, and what they do not.
import { el, math } from '../widgets/dom.js';
import { mostDecomposed } from './eigenvalues.js';
import { exactLog10, formatFactor, formatLog10, formatNumber } from '../page/format.js';
import { ofAllStates } from '../page/formulas.js';
import { t } from '../page/l10n.js';
import { OlderMark } from '../widgets/staleMark.js';
import { menuButton } from '../widgets/menu.js';
import { helpPopover } from '../widgets/popover.js';
import type { Help } from '../widgets/popover.js';
import type { Page } from '../chart/trackView.js';
import { isGated } from '../page/model.js';
import { formulaOf } from '../page/stepLabels.js';
import type { SpectrumSummary } from '../page/model.js';

function boundSentence(bound: number): string {
  if (Number.isNaN(bound)) return t('Proves nothing: Wh holds a number that is not finite.');
  if (bound === 0) return t('Wh is zero: no gradient passes a single step.');
  if (bound < 1)
    return t(
      'Proves vanishing: the gradient shrinks at least by ×{0} on every step back, whatever the input.',
      formatFactor(bound),
    );
  if (bound === 1) return t('Proves that the gradient cannot grow on its way back. It may still vanish.');
  return t(
    'Proves nothing by itself: above 1 an explosion is not ruled out, but saturation or the input may still ' +
      'make the gradient vanish.',
  );
}

/** The spectral radius bounds only what happens after very many steps of a linear cell, so it never decides. */
function radiusSentence([low, high]: readonly [number, number], verdict: string | null): string {
  if (Number.isNaN(high)) return t('Wh holds a number that is not finite.');
  if (verdict === 'exploding' && high < 1)
    return t(
      'Information only, and misleading here: below 1, and yet the gradient explodes, because Wh is not normal ' +
        'and enlarges some directions before they fade.',
    );
  if (verdict === 'vanishing' && low >= 1)
    return t('Information only, and misleading here: not below 1, and yet the gradient vanishes.');
  return t(
    'Information only. It decides nothing: a matrix with ρ = 0 can still double the gradient on each of H − 1 steps.',
  );
}

/** Why there are two ends and not one number. */
const boundsSentence = (H: number): string =>
  H > mostDecomposed
    ? t('Both ends are proven; the eigenvalues themselves are not computed for more than {0} units.', mostDecomposed)
    : t('Both ends are proven; the eigenvalues themselves were not found in a bounded number of sweeps.');

/** Some Jacobian, or Wh itself, holds a number that is not finite. */
export const unmeasured = ({ logProductSigmaMax }: SpectrumSummary): boolean => Number.isNaN(logProductSigmaMax);

/** `ln`: of the product's largest singular value, evenly over its steps. */
function survivalSentence(ln: number): string {
  if (Math.abs(ln) < 1e-4) return t('Measured on sequence 1: the best-surviving direction keeps its size.');
  const factor = formatFactor(Math.exp(ln));
  return ln < 0
    ? t('Measured on sequence 1: the best-surviving direction fades by ×{0} per step.', factor)
    : t('Measured on sequence 1: one direction grows by ×{0} per step.', factor);
}

/** An exponent from Q = I tells the rate of no direction but its own: over few steps others may do far better. */
const lyapunovSentence = (lambda: number): string =>
  lambda === -Infinity
    ? t('Every Jacobian is zero: no gradient passes a single step.')
    : t(
        'Measured on sequence 1, from Q = I. Over few steps another direction may survive better: its rate stands ' +
          'below.',
      );

/** How many directions are lost, where that is some of them. */
export function lostSentences({
  lyapunov,
  lyapunovError,
}: Pick<SpectrumSummary, 'lyapunov' | 'lyapunovError'>): string[] {
  const all = Array.from(lyapunov ?? []);
  const lost = all.filter((value) => value === -Infinity).length;
  if (lost === 0 || lost === all.length) return [];
  if (lyapunovError === Infinity)
    return [
      t(
        'Rounding has lost the directions of {0} of {1} exponents, which are shown as −∞: no Jacobian is singular, ' +
          'so they are finite.',
        lost,
        all.length,
      ),
    ];
  return [
    t(
      '{0} of {1} exponents are −∞: some Jacobian is singular (a unit is off, or Wh is singular), and what goes ' +
        'along these directions is lost.',
      lost,
      all.length,
    ),
  ];
}

const help = (): Help => ({
  text: [
    t(
      'What the weights alone settle for every input, beside what this run measured. No step back multiplies a ' +
        'gradient by more than σ_{max}(Wh)·γ, where γ is the steepest slope of the activation: 1 for tanh, relu ' +
        'and identity. Below 1 the gradient must vanish; above 1 it may explode, but need not.',
    ),
    t(
      'This is often told with the spectral radius, but holds for the largest singular value only. A matrix ' +
        'whose eigenvalues are all 0 can enlarge the gradient on each of H − 1 steps before nothing is left.',
    ),
  ],
  formula: '‖∂h_{t+l}/∂h_t‖_2 ≤ (σ_{max}(Wh)·γ)^{l}   γ = max |f′|',
  source:
    'Pascanu, Mikolov & Bengio 2013, “On the difficulty of training recurrent neural networks”; Engelken, Wolf ' +
    '& Abbott 2023',
});

export class BoundsCard {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #list = el('dl', { class: 'pairs' });
  readonly #older = new OlderMark(() => this.element);

  constructor(page: Page) {
    this.#page = page;
    const title = t('What this proves');
    const menu = menuButton(t('Menu of {0}', title), () => [
      {
        label: t('What it shows'),
        act: () => helpPopover(menu, title, help(), page.model.run),
      },
    ]);
    this.element = el(
      'section',
      { class: 'card proofs', attributes: { 'aria-label': title } },
      el(
        'div',
        { class: 'card-head' },
        el('h2', {}, title),
        this.#older.element,
        el('span', { class: 'actions' }, menu),
      ),
      this.#list,
    );
    // A cancelled analysis ends with nothing but a status.
    page.model.onChange((change) => {
      if (change === 'status' && page.model.spectrum === null) this.show();
    });
  }

  show(): void {
    const {
      model: { run, spectrum, status, spectrumIsOlder },
    } = this.#page;
    this.#list.classList.toggle('few', run !== null && isGated(run));
    this.#older.show(spectrumIsOlder);
    if (spectrum === null)
      this.#list.replaceChildren(
        el(
          'div',
          {},
          el(
            'dt',
            {},
            (status?.running ?? null) === null
              ? t('Not computed: the run ended before. Run again to see it.')
              : t('Being computed…'),
          ),
        ),
      );
    else this.#list.replaceChildren(...this.#rows(spectrum));
  }

  #rows(spectrum: SpectrumSummary): Node[] {
    const {
      sigmaMaxWh,
      sigmaMaxWhUpper,
      spectralRadiusWh,
      spectralRadiusBounds,
      lyapunov,
      lyapunovSumError,
      lyapunovError,
      logProductSigmaMax,
      productSteps,
      fraction,
    } = spectrum;
    const row = (id: string, name: string, text: string, exact: string, note: string): Node =>
      el(
        'div',
        {},
        el('dt', {}, math(name)),
        el('dd', { title: exact, attributes: { 'data-name': id, 'data-value': exact } }, text),
        el('dd', { class: 'note' }, math(note)),
      );
    const pending = (id: string, name: string): Node =>
      row(id, name, '…', '', t('Being computed: {0} %.', Math.floor(fraction * 100)));
    const missing = this.#page.model.exponentsMissing;
    // What is not known yet while the rest is: NaN, or no exponents.
    const known = (value: number, id: string, name: string, made: () => Node): Node =>
      (fraction < 1 || (missing && id === 'lyapunov')) && Number.isNaN(value) ? pending(id, name) : made();
    // The largest slope of the cell: where it has one, σ_max(Wh)·γ bounds every Jacobian.
    const { run } = this.#page.model;
    const gamma = run?.cell.gamma ?? null;
    const product = formulaOf(run, ofAllStates('‖∂h_{T−1}/∂h_{−1}‖_2', run?.cell ?? null));
    const bound = sigmaMaxWh * (gamma ?? NaN);
    const lnBest = logProductSigmaMax / productSteps;
    const proven =
      Number.isFinite(sigmaMaxWhUpper) && sigmaMaxWh > 0
        ? t(
            'Proven with all rounding: σ_{max}(Wh) exceeds this by at most {0}.',
            formatNumber(sigmaMaxWhUpper - sigmaMaxWh, 2),
          )
        : null;
    const radius =
      spectralRadiusBounds === null
        ? formatNumber(spectralRadiusWh)
        : `${formatNumber(spectralRadiusBounds[0])} … ${formatNumber(spectralRadiusBounds[1])}`;
    const radiusNote = [
      radiusSentence(
        spectralRadiusBounds ?? [spectralRadiusWh, spectralRadiusWh],
        this.#page.model.run?.verdict.kind ?? null,
      ),
      ...(spectralRadiusBounds === null ? [] : [boundsSentence(this.#page.model.spectrumUnits)]),
    ].join(' ');
    const first = lyapunov?.[0];
    return [
      ...(gamma === null
        ? []
        : [
            known(sigmaMaxWh, 'sigmaMax', 'σ_{max}(Wh)·γ', () =>
              row(
                'sigmaMax',
                'σ_{max}(Wh)·γ',
                formatNumber(bound),
                String(bound),
                [boundSentence(bound), ...(proven === null ? [] : [proven])].join(' '),
              ),
            ),
          ]),
      // Gates side by side have no eigenvalues together.
      ...(run === null || isGated(run)
        ? []
        : [
            known(spectralRadiusWh, 'spectralRadius', t('spectral radius ρ(Wh)'), () =>
              row('spectralRadius', t('spectral radius ρ(Wh)'), radius, String(spectralRadiusWh), radiusNote),
            ),
          ]),
      known(first ?? NaN, 'lyapunov', t('Lyapunov λ_1 per step'), () =>
        first === undefined
          ? row(
              'lyapunov',
              t('Lyapunov λ_1 per step'),
              '–',
              '',
              unmeasured(spectrum)
                ? t('Not defined: some Jacobian holds a number that is not finite.')
                : t('Not defined: the product of all Jacobians is exactly zero.'),
            )
          : row(
              'lyapunov',
              t('Lyapunov λ_1 per step'),
              formatNumber(first),
              String(first),
              [
                lyapunovSentence(first),
                ...(missing ? [] : lostSentences(spectrum)),
                ...(lyapunovSumError === null
                  ? []
                  : [t('Σλ agrees with its closed form to {0}.', formatNumber(lyapunovSumError, 2))]),
                ...(lyapunovError === null
                  ? []
                  : [t('Each exponent has an error of about {0}.', formatNumber(lyapunovError, 2))]),
              ].join(' '),
            ),
      ),
      known(logProductSigmaMax, 'product', product, () =>
        missing && Number.isNaN(logProductSigmaMax)
          ? row(
              'product',
              product,
              '–',
              '',
              t('Comes with all exponents, which are computed while their card is in sight.'),
            )
          : row(
              'product',
              product,
              formatLog10(logProductSigmaMax / Math.LN10),
              exactLog10(logProductSigmaMax / Math.LN10),
              Number.isNaN(logProductSigmaMax)
                ? t('Not defined: some Jacobian holds a number that is not finite.')
                : [
                    t(
                      'The product of all Jacobians: at most this share of a change in the initial state reaches ' +
                        'the last step.',
                    ),
                    ...(Number.isFinite(lnBest) ? [survivalSentence(lnBest)] : []),
                  ].join(' '),
            ),
      ),
    ];
  }
}
