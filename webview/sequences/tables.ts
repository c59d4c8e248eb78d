// The tables of the preview: what normalising did to each column, the first rows, the targets, the vocabulary.
import type { SequenceFacts, Spread } from '../../src/protocol/index.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { el } from '../widgets/dom.js';

type Cell = { readonly text: string; readonly exact?: string; readonly class?: string };

const numberCell = (value: number): Cell => ({ text: formatNumber(value), exact: String(value) });

function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const scroll = el(
    'div',
    { class: 'table-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': caption } },
    el(
      'table',
      {},
      el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, ...head.map((title) => el('th', { attributes: { scope: 'col' } }, title)))),
      el(
        'tbody',
        {},
        ...rows.map((cells) =>
          el(
            'tr',
            {},
            ...cells.map(({ text, exact = text, class: name = '' }, i) =>
              i === 0 && text !== ''
                ? el('th', { class: name, attributes: { scope: 'row' } }, text)
                : el('td', { class: name, title: exact, attributes: { 'data-value': exact } }, text),
            ),
          ),
        ),
      ),
    ),
  );
  return scroll;
}

const section = (name: string, title: string, ...parts: HTMLElement[]): HTMLElement =>
  el('section', { class: name }, el('h2', {}, title), ...parts);

/** What is nothing beside the others is rounding alone. */
function spreadCells({ mean, deviation, min, max }: Spread): Cell[] {
  const size = Math.max(Math.abs(min), Math.abs(max));
  const told = (value: number): Cell =>
    Math.abs(value) < 1e-9 * size ? { text: '0', exact: String(value) } : numberCell(value);
  return [mean, deviation, min, max].map(told);
}

const signed = (shift: number): string => `${shift < 0 ? '+' : '−'} ${formatNumber(Math.abs(shift))}`;

/** By what columns were shifted and divided, and what that made of them. */
export function normalisation({ table: facts }: SequenceFacts): HTMLElement | null {
  if (facts === null) return null;
  const { normalise, rows, first, scaled } = facts;
  const isNone = normalise === 'none';
  const [part, all] = [first.toLocaleString('en'), rows.toLocaleString('en')];
  const told = isNone
    ? t('Numbers are run as they stand in the file.')
    : normalise === 'zScore'
      ? t(
          'The mean of the first {0} of {1} rows is taken from each column, which is divided by their deviation.',
          part,
          all,
        )
      : t(
          'The minimum of the first {0} of {1} rows is taken from each column, which is divided by their range.',
          part,
          all,
        );
  const head = [t('Column'), ...(isNone ? [] : [t('Rows')]), t('mean'), t('deviation'), t('min'), t('max')];
  const lines = scaled.flatMap(({ name, shift, by, before, after, all: whole }) =>
    isNone
      ? [[{ text: name }, ...spreadCells(before)]]
      : [
          [{ text: name }, { text: t('the first {0}, in the file', part) }, ...spreadCells(before)],
          [
            { text: `(x ${signed(shift)}) / ${formatNumber(by)}`, class: 'facts' },
            { text: t('the first {0}, as they are run', part) },
            ...spreadCells(after),
          ],
          [{ text: '' }, { text: t('all {0}, as they are run', all), class: 'last' }, ...spreadCells(whole)],
        ],
  );
  return section(
    'normalisation',
    t('Normalisation'),
    el('p', { class: 'facts' }, told),
    table(t('Normalisation'), head, lines),
  );
}

/** As they stand in the file, and as they are run. */
export function firstRows({ rows, shown, I, text }: SequenceFacts): HTMLElement | null {
  // A token is a one at its place: its vector says nothing that its name does not.
  if (rows.length === 0 || (text !== null && !text.embedded)) return null;
  const hasStored = rows.some(({ stored }) => stored !== null);
  const hasNames = rows.some(({ label }) => label !== null && label !== '');
  const head = [
    t('Step'),
    ...(hasNames ? [t('Name')] : []),
    ...(hasStored ? shown.map((name) => t('{0} in the file', name)) : []),
    ...shown.map((name) => (hasStored ? t('{0} as it is run', name) : name)),
  ];
  const lines = rows.map(({ label, stored, run }, step) => [
    { text: String(step) },
    ...(hasNames ? [{ text: label ?? '' }] : []),
    ...(hasStored ? (stored ?? []).map((field) => ({ text: field })) : []),
    ...run.map(numberCell),
  ]);
  const more = I > shown.length ? [el('p', { class: 'facts' }, t('{0} of {1} inputs', shown.length, I))] : [];
  return section('rows', t('First rows of sequence 1'), table(t('First rows of sequence 1'), head, lines), ...more);
}

export function targets({ targets: facts }: SequenceFacts): HTMLElement | null {
  if (facts === null) return null;
  const { steps, places, present } = facts;
  const width = steps.reduce((most, { values }) => Math.max(most, values?.length ?? 0), 0);
  const told =
    present === places
      ? t('Every place of the loss has a target: {0}.', places.toLocaleString('en'))
      : t('{0} of {1} places of the loss have a target.', present.toLocaleString('en'), places.toLocaleString('en'));
  const head = [
    t('Step'),
    ...Array.from({ length: width }, (_, i) => (width === 1 ? t('Target') : t('Target {0}', i))),
  ];
  const lines = steps.map(({ step, values }) => [
    { text: String(step) },
    ...Array.from({ length: width }, (_, i): Cell => {
      const value = values?.[i];
      return value === undefined ? { text: t('none') } : numberCell(value);
    }),
  ]);
  return section(
    'targets',
    t('Targets of sequence 1'),
    el('p', { class: 'facts' }, told),
    table(t('Targets of sequence 1'), head, lines),
  );
}

export function vocabulary({ text }: SequenceFacts): HTMLElement | null {
  if (text === null) return null;
  const { vocabulary: tokens, size, made, embedded } = text;
  const origin = made ? t('Made of the text: {0} tokens.', size) : t('Of its file: {0} tokens.', size);
  const form = embedded ? t('Each is a row of the embedding.') : t('Each is a one at its place.');
  const signs = tokens.map((token) => el('code', {}, JSON.stringify(token).slice(1, -1).replaceAll(' ', '␣')));
  return section(
    'vocabulary',
    t('Vocabulary'),
    el('p', { class: 'facts' }, `${origin} ${form}`),
    el('p', { class: 'tokens' }, ...signs.flatMap((sign) => [sign, ' ']), size > tokens.length ? '…' : ''),
  );
}
