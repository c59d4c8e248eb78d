// What comes of a what-if: before → after, in the bar and aloud.
import { el, math } from '../widgets/dom.js';
import { formatFactor, formatLog10, formatNumber } from '../page/format.js';
import { showBadge } from '../header/header.js';
import { t } from '../page/l10n.js';
import { layerName } from '../page/layerNames.js';
import { isReverse, positionOf } from '../page/stepLabels.js';
import type { RunSummary } from '../page/model.js';
import type { WhatIfState, TriedRun } from './whatIfState.js';

const quietMs = 700;

/** What is compared of the run and of what is tried. */
type Compared = Pick<TriedRun, 'log10' | 'clipFactor' | 'lossValue'> & {
  readonly verdict: Pick<RunSummary['verdict'], 'kind' | 'perStepFactor' | 'log10Ratio'>;
};
/** Where all layers are changed the verdict is that of the network. */
const comparedOf = (
  { verdict, network, clipFactor, lossValue, layers: [{ log10 }] }: RunSummary,
  ofNetwork: boolean,
): Compared => ({
  verdict: ofNetwork ? (network?.verdict ?? verdict) : verdict,
  clipFactor,
  lossValue,
  log10,
});

/** Where the way of the verdict ends: that of a reverse direction at the last position of its last chunk. */
const arrivesAt = (run: RunSummary): number => positionOf(run, run.verdict.first);

/** Before → after. */
type Outcome = {
  readonly id: string;
  readonly name: string;
  read(run: Compared): number;
  readonly print: (value: number) => string;
};
const outcomes = (run: RunSummary): readonly Outcome[] => [
  {
    id: 'factor',
    name: t('per step back'),
    read: ({ verdict }) => verdict.perStepFactor ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatFactor(value)}`),
  },
  {
    id: 'ratio',
    name: isReverse(run) ? t('arrives at t = {0}', arrivesAt(run)) : t('arrives at the first step'),
    read: ({ verdict }) => verdict.log10Ratio ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatLog10(value, 3)}`),
  },
  {
    id: 'total',
    name: `‖g_{${positionOf(run, 0)}}‖`,
    read: ({ log10 }) => log10.dh[0] ?? NaN,
    print: (value) => formatLog10(value, 3),
  },
  {
    id: 'clip',
    name: t('clip'),
    read: ({ clipFactor }) => clipFactor ?? NaN,
    print: (value) => (Number.isNaN(value) ? '–' : `×${formatFactor(value)}`),
  },
  { id: 'loss', name: t('loss'), read: ({ lossValue }) => lossValue ?? NaN, print: (value) => formatNumber(value) },
];

/** Whose curve and verdict it is, where that is not the layer that is looked at. */
function toldOf({ network }: RunSummary, { shown, whatIf }: WhatIfState): string {
  if (network === null || shown === null) return '';
  if (shown.layer !== network.shown && whatIf.drop !== null)
    return t('The layer that is looked at is left out: the curve is that of {0}.', layerName(network, shown.layer));
  return shown.ofNetwork ? t('The verdict is that of the whole network.') : '';
}

export class WhatIfOutcome {
  /** Verdicts, numbers and a note, for the line of the bar that they stand in. */
  readonly elements: readonly HTMLElement[];
  readonly spoken = el('p', { class: 'unseen', attributes: { 'aria-live': 'polite' } });
  readonly #before = el('span', { class: 'mark' });
  readonly #after = el('span', { class: 'mark' });
  readonly #numbers = el('span', { class: 'outcomes' });
  readonly #note = el('p', { class: 'note whatif-note', attributes: { role: 'status' } });
  #speak: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    const arrow = el('span', { class: 'arrow', attributes: { 'aria-label': t('becomes') } }, '→');
    const turn = el('span', { class: 'turn' }, this.#before, arrow, this.#after);
    this.elements = [turn, this.#numbers, this.#note];
  }

  show(run: RunSummary, tried: WhatIfState): void {
    const { shown, refusal, active, applied } = tried;
    const was = comparedOf(run, shown?.ofNetwork ?? false);
    showBadge(this.#before, was.verdict.kind, 'mark');
    if (shown !== null) showBadge(this.#after, shown.verdict.kind, 'mark');
    this.#after.hidden = this.#numbers.hidden = shown === null;
    this.#numbers.replaceChildren(
      ...(shown === null
        ? []
        : outcomes(run).map((outcome) => ({ ...outcome, was: outcome.read(was), is: outcome.read(shown) }))
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
    const note =
      refusal ??
      (applied
        ? t('Written into the files; undo takes it back there. The next run shows it.')
        : active
          ? toldOf(run, tried)
          : t('Move something: the files stay as they are.'));
    // What is written is read aloud, also where it is the same.
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.#note.classList.toggle('refused', refusal !== null);
    this.#note.hidden = note === '';
    this.#sayLater(shown, run);
  }

  /** The result aloud, once the drag rests. */
  #sayLater(shown: TriedRun | null, run: RunSummary): void {
    if (this.#speak !== null) clearTimeout(this.#speak);
    this.#speak = setTimeout(() => {
      const [factor] = outcomes(run);
      const told =
        factor === undefined || shown === null
          ? ''
          : t(
              '{0} becomes {1}: {2} instead of {3} per step back.',
              this.#before.textContent,
              this.#after.textContent,
              factor.print(factor.read(shown)),
              factor.print(factor.read(comparedOf(run, shown.ofNetwork))),
            );
      if (this.spoken.textContent !== told) this.spoken.textContent = told;
    }, quietMs);
  }
}
