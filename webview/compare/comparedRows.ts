// The list of what is compared: the run on screen first, then each config with its verdict and what is to be said of
// it.
import { el, textButton } from '../widgets/dom.js';
import { formatFactor, formatLog10 } from '../page/format.js';
import { showBadge } from '../header/header.js';
import { t } from '../page/l10n.js';
import { menuButton } from '../widgets/menu.js';
import { namesOf, notesOf, toldLayer } from './comparable.js';
import type { RunSummary } from '../page/model.js';
import type { Compared } from './compared.js';
import type { Theme } from '../page/theme.js';

export type ComparedActs = (config: string, act: 'rerun' | 'reveal' | 'remove') => void;
type Told = Pick<RunSummary['verdict'], 'kind' | 'perStepFactor' | 'log10Ratio'>;

/** A line as it is drawn, as long as a word. */
export function swatchOf(colour: string, dash: readonly number[]): HTMLElement {
  const swatch = el('i', { class: 'swatch' });
  const [on, off] = [dash[0] ?? 1, dash[1] ?? 0];
  swatch.style.height = '2px';
  swatch.style.backgroundImage =
    `repeating-linear-gradient(to right, ${colour} 0 ${on}px, transparent ` + `${on}px ${on + off}px)`;
  return swatch;
}

/** The verdict, what a step does, and what the whole way does. */
export function verdictFacts({ kind, perStepFactor, log10Ratio }: Told): HTMLElement {
  const mark = el('span', {});
  showBadge(mark, kind, 'mark');
  return el(
    'div',
    { class: 'pin-facts' },
    mark,
    el(
      'span',
      { attributes: { 'data-value': String(perStepFactor) } },
      perStepFactor === null ? '–' : t('×{0} per step', formatFactor(perStepFactor)),
    ),
    el(
      'span',
      { class: 'outcome-name', attributes: { 'data-value': String(log10Ratio) } },
      log10Ratio === null ? '–' : t('×{0} in all', formatLog10(log10Ratio, 3)),
    ),
  );
}

/** None where nothing is compared. */
export function comparedRows(compared: Compared, own: RunSummary, theme: Theme, act: ComparedActs): HTMLElement[] {
  if (compared.runs.length === 0) return [];
  const names = namesOf(compared.runs);
  return [
    el(
      'li',
      { attributes: { 'data-compared': 'own' } },
      el(
        'div',
        { class: 'pin-head' },
        swatchOf(theme.red, []),
        el('b', { class: 'pin-label', title: own.name }, own.name),
        el('span', { class: 'note' }, [t('this run'), toldLayer(own)].filter((word) => word !== '').join(' · ')),
      ),
      verdictFacts(own.verdict),
    ),
    ...compared.runs.map((one, i) => {
      const { config, run } = one;
      const name = names[i] ?? '';
      const { colour, dash } = compared.look(i, theme);
      const open = textButton(name, t('Open the config of {0}', name), () => act(config, 'reveal'));
      open.classList.add('link', 'pin-label');
      return el(
        'li',
        { attributes: { 'data-compared': config } },
        el(
          'div',
          { class: 'pin-head' },
          swatchOf(colour, dash),
          open,
          menuButton(t('Menu of {0}', name), () => [
            { label: t('Run again'), act: () => act(config, 'rerun') },
            { label: t('Open config'), act: () => act(config, 'reveal') },
            { label: t('Compare no more'), act: () => act(config, 'remove') },
          ]),
        ),
        run === null ? null : verdictFacts(run),
        ...notesOf(one, own).map((note) => el('p', { class: 'note' }, note)),
      );
    }),
  ];
}
