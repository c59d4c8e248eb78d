// Beside the tracks: a weight tensor and its gradient as heatmaps, and the numbers of the cell that was clicked.
import { colourMap } from '../page/colours.js';
import { el, math, textButton } from '../widgets/dom.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { inNotebook, inReport } from '../page/inReport.js';
import { csvName, emptyField } from '../page/tablePlan.js';
import { dropdown, setOptions, textField } from '../widgets/controls.js';
import { columnOf, gateBlocks, paintColumns, roomBelow } from './gateBlocks.js';
import { weightHistograms } from './weightHistograms.js';
import { WeightChoice, bitmap, limitOf } from './weightSelection.js';
import type { CardView, Point, Sheet } from './card.js';
import type { GateBlocks } from './gateBlocks.js';
import type { Page } from '../chart/trackView.js';
import type { WeightsPicture } from '../page/model.js';
import type { Side, WeightName } from './weightSelection.js';

const gap = 14;
/** The editor has the text of the weights. */
const hasText = !(inReport || inNotebook);
/** What is chosen has a rim, which has to fit. */
const inset = 3;
/** Room for the titles above the maps, for rows beside them and, below the names of the columns, for the colours. */
const [above, before, below] = [18, 24, 30];
/** A useful size of one step of training, as a share of the weights (Karpathy's rule of thumb). */
const usualRatio = [1e-4, 1e-2] as const;

/** Said of every step, so that nothing moves when it is another. */
function tellStep(ratio: number): string {
  if (!Number.isFinite(ratio)) return '';
  if (ratio < usualRatio[0]) return t('hardly moves in a step');
  return ratio > usualRatio[1] ? t('a very large step') : t('a usual step');
}

export type RevealWeight = (place: {
  readonly tensor: WeightName;
  readonly row: number;
  readonly column: number;
  readonly focus: boolean;
}) => void;

export function weightCards(page: Page, changed: () => void, reveal: RevealWeight): CardView[] {
  const { model } = page;
  const choice = new WeightChoice(page, () => {
    askCell();
    changed();
  });
  type Asked = {
    readonly tensor: WeightName;
    readonly row: number;
    readonly column: number;
    readonly picture: WeightsPicture;
  };
  let cell: (Asked & { readonly value: number; readonly gradient: number }) | null = null;
  const cellNumbers = new Latest(
    ({ tensor, row: from, column, picture }: Asked) => {
      const at = from * picture.shape[1] + column;
      return model.slice('weightCells', { tensor, from: at, to: at + 1 });
    },
    (answer, asked) => {
      // A report that has pictures of the weights has no numbers of their cells.
      if (answer === null && !inReport) return;
      cell = { ...asked, value: answer?.values[0] ?? NaN, gradient: answer?.gradients[0] ?? NaN };
      explain();
    },
  );
  const choose = dropdown(t('Weights to show'), (value) => {
    choice.choose({ tensor: value });
    askCell();
    changed();
  });
  let offered = '';
  /** The tensors of the run's cell; set anew only where they are others, because a list that is open would close. */
  function offer(): void {
    const names = choice.parameters.map(({ name }) => name);
    const key = names.join(' ');
    if (key === offered) return;
    offered = key;
    // The style sheet has room for two letters; a longer name takes its own.
    choose.style.minWidth = `calc(${Math.max(...names.map(({ length }) => length))}ch + 44px)`;
    setOptions(
      choose,
      names.map((name) => [name, name] as const),
      choice.tensor,
    );
  }
  const rateField = textField(t('Learning rate'), '0.01', (text) => {
    const wanted = Number(text);
    rateField.classList.toggle('invalid', !(wanted > 0 && Number.isFinite(wanted)));
    if (!(wanted > 0 && Number.isFinite(wanted))) return;
    choice.choose({ rate: wanted });
    explain();
  });
  rateField.setAttribute('value', String(choice.rate));
  const ratios = el('dl', { class: 'pairs' });
  const numbers = el('dl', { class: 'pairs' });
  const cellTitle = el('h3', {});
  const show = textButton(t('show in the file'), t('show in the file'), () => lead(true));
  show.hidden = !hasText;

  /**
   * To the number in its file; `focus`: the keyboard goes there too, else the next click or key is still for the
   * picture.
   */
  function lead(focus: boolean): void {
    if (hasText) reveal({ tensor: choice.tensor, ...choice.place, focus });
  }

  function askCell(): void {
    const { picture, tensor, place } = choice;
    if (picture !== null) cellNumbers.request({ tensor, ...place, picture });
  }

  const row = (id: string, name: string, value: number, text = formatNumber(value), note: string | null = null): Node =>
    el(
      'div',
      {},
      el('dt', {}, math(name)),
      el('dd', { title: String(value), attributes: { 'data-name': id, 'data-value': String(value) } }, text),
      note === null ? null : el('dd', { class: 'note' }, note),
    );

  const role = () => choice.parameters.find(({ name }) => name === choice.tensor)?.role;
  /** A number for each unit, and no matrix. */
  const isList = (): boolean => role() === 'bias' || (role() === 'other' && choice.picture?.shape[0] === 1);
  /** `Wh[1, 2]`, `b[2]` */
  const placeName = (tensor: WeightName, row: number, column: number): string =>
    isList() ? `${tensor}[${column}]` : `${tensor}[${row}, ${column}]`;

  const blocks = (): GateBlocks | null => gateBlocks(model.run, choice.picture?.shape[1] ?? 0);

  /** What a number leads from and to. */
  function wayOf(tensor: WeightName, from: number, to: number): string {
    const name = placeName(tensor, from, to);
    const { gate, unit } = columnOf(blocks(), to);
    if (isList())
      return gate === null ? t('{0}: unit {1}', name, unit) : t('{0}: gate {1} of unit {2}', name, gate, unit);
    switch (role()) {
      case 'input':
        return gate === null
          ? t('{0}: input {1} → unit {2}', name, from, unit)
          : t('{0}: input {1} → gate {2} of unit {3}', name, from, gate, unit);
      case 'recurrent':
        return gate === null
          ? t('{0}: unit {1} → unit {2}', name, from, unit)
          : t('{0}: unit {1} → gate {2} of unit {3}', name, from, gate, unit);
      default:
        return name;
    }
  }

  function explain(): void {
    offer();
    const { pictures, tensor, place, rate } = choice;
    if (pictures === null) return;
    ratios.replaceChildren(
      ...[...pictures].map(([name, picture]) => {
        const ratio = (rate * picture.gradientNorm) / picture.norm;
        return row(
          `ratio-${name}`,
          `η·‖d${name}‖ / ‖${name}‖`,
          ratio,
          picture.norm === 0 ? '–' : formatNumber(ratio),
          picture.norm > 0 ? tellStep(ratio) : '',
        );
      }),
    );
    const { row: from, column: to } = place;
    cellTitle.replaceChildren(`${wayOf(tensor, from, to)} `, show);
    // Numbers of another cell, or of the run before, may not stand under this name.
    const known =
      cell !== null &&
      cell.picture === choice.picture &&
      cell.tensor === tensor &&
      cell.row === from &&
      cell.column === to
        ? cell
        : null;
    const number = (id: string, name: string, value: number | undefined): Node =>
      value === undefined
        ? el('div', {}, el('dt', {}, math(name)), el('dd', { attributes: { 'data-name': id, 'data-value': '' } }, '…'))
        : row(id, name, value);
    numbers.replaceChildren(
      number('cell-value', tensor, known?.value),
      number('cell-gradient', `d${tensor}`, known?.gradient),
      number('cell-step', `−η·d${tensor}`, known === null ? undefined : -rate * known.gradient),
    );
  }

  /** Where the two maps lie. */
  function layout({ width, height }: Pick<Sheet, 'width' | 'height'>, picture: WeightsPicture) {
    const [rows, columns] = picture.shape;
    const [roomX, roomY] = [(width - before - gap - inset) / 2, height - above - roomBelow(blocks()) - below];
    const size = Math.min(roomX / columns, roomY / rows);
    // A long thin tensor fills its room instead of becoming a thread.
    const [mapWidth, mapHeight] = [
      Math.max(size * columns, roomX * 0.9),
      Math.max(size * rows, Math.min(roomY, rows === 1 ? 36 : roomY * 0.5)),
    ];
    return { lefts: [before, before + roomX + gap] as const, top: above, mapWidth, mapHeight };
  }

  /** What the colours mean: the largest number at the ends, a quarter of it halfway, zero in the middle. */
  function paintBar({ context, theme }: Sheet, left: number, top: number, width: number, limit: number): void {
    const map = colourMap(theme);
    for (let x = 0; x < width; x++) {
      context.fillStyle = map.css(-1 + (2 * (x + 0.5)) / width);
      context.fillRect(left + x, top, Math.min(1, width - x), 6);
    }
    context.fillStyle = theme.muted;
    context.textAlign = 'left';
    context.fillText(formatNumber(-limit, 3), left, top + 15);
    context.textAlign = 'center';
    context.fillText('√|w|', left + width / 2, top + 15);
    context.textAlign = 'right';
    context.fillText(formatNumber(limit, 3), left + width, top + 15);
  }

  function cellAt(
    at: Point,
    size: Pick<Sheet, 'width' | 'height'>,
  ): { row: number; column: number; side: Side } | null {
    const { picture } = choice;
    if (picture === null) return null;
    const { lefts, top, mapWidth, mapHeight } = layout(size, picture);
    const side = at.x >= lefts[1] ? 1 : 0;
    const [x, y] = [(at.x - lefts[side]) / mapWidth, (at.y - top) / mapHeight];
    if (x < 0 || x >= 1 || y < 0 || y >= 1) return null;
    return {
      row: Math.floor(y * picture.shape[0]),
      column: Math.floor(x * picture.shape[1]),
      side: side === 0 ? 'values' : 'gradients',
    };
  }

  function choosePlace(place: { readonly row: number; readonly column: number }): void {
    choice.choose({ cell: place });
    askCell();
    changed();
  }

  const maps: CardView = {
    id: 'weights',
    title: t('Weights'),
    height: 204,
    controls: el(
      'div',
      { class: 'card-controls' },
      el('label', {}, el('span', {}, t('Tensor')), choose),
      el('label', {}, el('span', {}, math(t('Learning rate η'))), rateField),
    ),
    notes: el('div', {}, ratios, cellTitle, numbers),
    help: {
      text: [
        t(
          'A weight tensor on the left, its gradient on the right; rows are what the numbers come from, ' +
            'columns the unit they lead to. Blue is positive, orange negative, as strong as the root of the ' +
            'number, so that small ones show beside large ones. All tensors share one scale, their gradients ' +
            'another, so colours can be compared between them.',
        ),
        t(
          'Of a cell of several gates the columns stand in blocks, one for each gate, in which every unit has its ' +
            'column.',
        ),
        t(
          'The ratio says how far one step of plain gradient descent moves a tensor, compared with its size. ' +
            'Around 10⁻³ is usual: much less and it hardly learns, much more and it is torn about.',
        ),
        hasText
          ? t(
              'Click a cell to read its numbers and to have its text selected in the editor; or move with the ' +
                'arrow keys and press Enter.',
            )
          : t('Click a cell to read its numbers, or move with the arrow keys.'),
      ],
      formula: t('W ← W − η·dW   ratio = η·‖dW‖ / ‖W‖'),
      source: 'Karpathy, CS231n notes “Neural networks part 3: learning and evaluation”',
    },
    available: () => model.run !== null,
    prepare() {
      choice.ask();
      explain();
    },
    paint(sheet) {
      const { context, theme } = sheet;
      const { picture, tensor, place } = choice;
      if (picture === null) return;
      const { lefts, top, mapWidth, mapHeight } = layout(sheet, picture);
      const [rows, columns] = picture.shape;
      context.imageSmoothingEnabled = false;
      context.font = `10px ${theme.fontFamily}`;
      context.textBaseline = 'middle';
      (['values', 'gradients'] as const).forEach((side, i) => {
        const left = lefts[i] ?? 0;
        context.fillStyle = theme.foreground;
        context.textAlign = 'left';
        context.fillText(side === 'values' ? tensor : `d${tensor}`, left, 8);
        context.drawImage(bitmap(picture, side, theme), left, top, mapWidth, mapHeight);
        context.strokeStyle = theme.grid;
        context.strokeRect(left + 0.5, top + 0.5, mapWidth - 1, mapHeight - 1);
        const [w, h] = [mapWidth / columns, mapHeight / rows];
        const [x, y] = [left + place.column * w, top + place.row * h];
        context.strokeStyle = theme.background;
        context.lineWidth = 3;
        context.strokeRect(x - 1, y - 1, Math.max(3, w) + 2, Math.max(3, h) + 2);
        context.strokeStyle = theme.foreground;
        context.lineWidth = 1;
        context.strokeRect(x - 1, y - 1, Math.max(3, w) + 2, Math.max(3, h) + 2);
        paintColumns(sheet, blocks(), columns, { left, top, width: mapWidth, height: mapHeight });
        paintBar(sheet, left, top + mapHeight + roomBelow(blocks()) + 8, mapWidth, limitOf(picture, side));
      });
      context.textAlign = 'right';
      context.fillText('0', before - 5, top + 5);
      if (rows > 1) context.fillText(String(rows - 1), before - 5, top + mapHeight - 5);
    },
    readout(at, size) {
      const found = cellAt(at, size);
      const { picture, tensor } = choice;
      if (found === null || picture === null) return null;
      const [rows, columns] = picture.shape;
      const share =
        picture[found.side][
          Math.floor((found.row * picture.rows) / rows) * picture.columns +
            Math.floor((found.column * picture.columns) / columns)
        ] ?? NaN;
      const value = Number.isFinite(share) ? share * limitOf(picture, found.side) : share;
      return [
        `${found.side === 'values' ? '' : 'd'}${wayOf(tensor, found.row, found.column)}`,
        picture.rows < rows || picture.columns < columns
          ? t('largest nearby {0}', formatNumber(value))
          : formatNumber(value),
      ];
    },
    click(at, size) {
      const found = cellAt(at, size);
      if (found === null) return;
      choosePlace({ row: found.row, column: found.column });
      lead(false);
    },
    key(key) {
      if (key === 'Enter' && choice.picture !== null) {
        lead(true);
        return true;
      }
      const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
      const { picture, place } = choice;
      if (by === undefined || picture === null) return false;
      choosePlace({
        row: Math.max(0, Math.min(picture.shape[0] - 1, place.row + (by[0] ?? 0))),
        column: Math.max(0, Math.min(picture.shape[1] - 1, place.column + (by[1] ?? 0))),
      });
      return true;
    },
    summary() {
      const { picture, tensor } = choice;
      if (picture === null) return '';
      const [rows, columns] = picture.shape;
      return [
        t(
          '{0}, {1} by {2}, norm {3}, and its gradient, norm {4}.',
          tensor,
          rows,
          columns,
          formatNumber(picture.norm),
          formatNumber(picture.gradientNorm),
        ),
        hasText ? t('Arrow keys choose a cell, Enter selects its text in the editor.') : t('Arrow keys choose a cell.'),
      ].join(' ');
    },
    table() {
      const { picture, tensor } = choice;
      const { run } = model;
      const [rows, columns] = picture?.shape ?? [0, 1];
      const list = isList();
      const ofGates = blocks();
      return {
        rowHeading: !list
          ? { title: t('row,column'), csv: 'row_column' }
          : ofGates === null
            ? { title: t('unit'), csv: 'unit' }
            : { title: t('gate,unit'), csv: 'gate_unit' },
        columns: [tensor, `d${tensor}`].map((name) => ({ title: name, csv: csvName(name) })),
        rowCount: rows * columns,
        rowsAtOnce: 2 ** 16,
        rowLabel(i) {
          const { gate, unit } = columnOf(ofGates, i);
          return !list ? `${Math.floor(i / columns)},${i % columns}` : gate === null ? String(unit) : `${gate},${unit}`;
        },
        rows: async (from, to) => {
          const answer = run === null ? null : await model.sliceOf(run, 'weightCells', { tensor, from, to });
          return Array.from({ length: to - from }, (_, i) =>
            [answer?.values, answer?.gradients].map((values) =>
              values === undefined
                ? emptyField
                : { text: formatNumber(values[i] ?? NaN), exact: String(values[i] ?? NaN) },
            ),
          );
        },
      };
    },
    caption: () => `${choice.tensor}, d${choice.tensor}`,
    marked: () => choice.place.row * (choice.picture?.shape[1] ?? 1) + choice.place.column,
  };
  return [maps, weightHistograms(model, choice)];
}
