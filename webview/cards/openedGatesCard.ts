// Beside the tracks: the step under the cursor of a cell of several gates, node by node: what each of its equations
// computes, and the gradient that arrives there.
import { el, math, plainMath } from '../widgets/dom.js';
import { paintMath } from '../chart/pngExport.js';
import { readable } from '../page/colours.js';
import { withAlpha } from '../page/colourMaths.js';
import { formatLog10, formatNumber } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { isGated, Latest } from '../page/model.js';
import { gradientLog10, nodeCells, nodeHeadings } from './openedNumbers.js';
import { norm } from './stepGraph.js';
import type { CardView, Point, Sheet } from './card.js';
import type { Page } from '../chart/trackView.js';
import type { OpenedGates } from '../page/model.js';

/** A row of the list: a node, or a part of a gradient. */
type Row = {
  readonly name: string;
  readonly forward: string | null;
  readonly value: Float64Array | null;
  readonly backward: string;
  readonly gradient: Float64Array;
};

/** The last of them are the two that arrive at the step. */
const rowHeight = 15;
const mostRows = 24;
/** Where the columns of the list end, as shares of the width. */
const [valueAt, gradientAt] = [0.5, 0.74];

function rowsOf({ nodes, paths, dhs, fromNext }: OpenedGates): readonly Row[] {
  const part = (name: string, backward: string, gradient: Float64Array): Row => ({
    name,
    forward: null,
    value: null,
    backward,
    gradient,
  });
  const H = dhs.length;
  return [
    ...nodes,
    part('dhs', say('from the loss'), dhs),
    part('dh_{t+1}', say('from step t + 1'), fromNext.subarray(0, H)),
    ...(fromNext.length > H ? [part('dc_{t+1}', say('from step t + 1'), fromNext.subarray(H))] : []),
    ...paths.map(({ name, gradient }) =>
      name === 'beside'
        ? part('D → t−1', say('to step t − 1, beside the weights'), gradient)
        : part(`${name} → t−1`, say('to step t − 1 through gate {0}', name), gradient),
    ),
  ];
}

export function gatesCard({ model, timeline, groups }: Page, changed: () => void): CardView {
  let opened: OpenedGates | null = null;
  const latest = new Latest(
    (params: { t: number; sequence: number }) => model.slice('gates', params),
    (answer) => {
      if (answer === null) return;
      opened = answer;
      heading.replaceChildren(
        math(say('t = {0} · sequence {1} · norms: grey forward, red backward', answer.t, timeline.shownSequence + 1)),
      );
      changed();
    },
  );
  const heading = el('p', { class: 'note place' });
  /** The run, step and sequence that were asked for last. */
  let asked = '';
  const isShown = (): boolean => model.run !== null && isGated(model.run);
  const ask = (): void => {
    const wanted = { t: timeline.cursor, sequence: timeline.shownSequence };
    const key = `${model.run?.runId ?? -1} ${wanted.t} ${wanted.sequence}`;
    if (key === asked || !isShown()) return;
    asked = key;
    latest.request(wanted);
  };
  timeline.onChange((change) => {
    if (change !== 'window' && groups.shows('gates')) ask();
  });
  const rows = (): readonly Row[] => (opened === null ? [] : rowsOf(opened));
  const log10Of = (gradient: Float64Array): number => gradientLog10(gradient, opened?.exponent ?? 0);
  const height = (count: number, sheet: Pick<Sheet, 'height'>): number =>
    Math.min(rowHeight, sheet.height / Math.max(1, count));

  return {
    id: 'gates',
    title: say('The step, opened'),
    height: rowHeight * mostRows,
    controls: heading,
    help: {
      text: [
        say(
          'The step under the cursor, a row for each node of its equations, from the inputs down to h_t. Grey ' +
            'numbers are the norms of what a node computes, red ones and bars (log scale) those of the gradient ' +
            'that arrives there.',
        ),
        say(
          'The last rows are the gradients that arrive at the step, and what goes on to the step before by each ' +
            'path; these add up to the gradients of the states before.',
        ),
        say('Of the chosen sequence; lists of up to four numbers are written out.'),
      ],
      formula: (cell) => (cell === null ? '' : `${cell.forward}   ${cell.backward}`),
      source: 'Hochreiter & Schmidhuber 1997; Gers et al. 2000; Cho et al. 2014',
    },
    available: isShown,
    prepare: ask,
    caption: () => (opened === null ? '' : `t = ${opened.t} · ${say('sequence {0}', timeline.shownSequence + 1)}`),
    paint(sheet) {
      const { context, width, theme } = sheet;
      const all = rows();
      const step = height(all.length, sheet);
      const logs = all.map(({ gradient }) => log10Of(gradient));
      const finite = logs.filter(Number.isFinite);
      const [low, high] = [Math.min(...finite), Math.max(...finite)];
      context.textBaseline = 'middle';
      all.forEach(({ name, value }, i) => {
        const y = (i + 0.5) * step;
        const log10 = logs[i] ?? NaN;
        if (Number.isFinite(log10)) {
          const share = high - low < 1e-9 ? 1 : 0.05 + (0.95 * (log10 - low)) / (high - low);
          context.fillStyle = withAlpha(theme.red, 0.6);
          context.fillRect(width * gradientAt + 8, y - step * 0.3, (width * (1 - gradientAt) - 12) * share, step * 0.6);
        }
        context.textAlign = 'left';
        context.fillStyle = theme.foreground;
        paintMath(context, theme.fontFamily, 11, name, 4, y);
        context.font = `10px ${theme.fontFamily}`;
        context.textAlign = 'right';
        context.fillStyle = theme.muted;
        if (value !== null) context.fillText(formatNumber(norm(value), 3), width * valueAt, y);
        context.fillStyle = readable(theme.red, theme);
        context.fillText(formatLog10(log10, 3), width * gradientAt, y);
      });
      context.textAlign = 'left';
    },
    readout({ y }: Point, sheet) {
      const all = rows();
      const row = all[Math.floor(y / height(all.length, sheet))];
      if (row === undefined) return null;
      return [
        plainMath(row.name),
        ...(row.forward === null || row.value === null
          ? []
          : [plainMath(row.forward), say('norm {0}', formatNumber(norm(row.value)))]),
        plainMath(row.backward),
        say('norm {0}', formatLog10(log10Of(row.gradient))),
      ];
    },
    summary: () =>
      opened === null
        ? ''
        : say(
            'Nodes of the step at t = {0}: the gradient from the loss has norm {1}, from the next step {2}.',
            opened.t,
            formatLog10(log10Of(opened.dhs)),
            formatLog10(log10Of(opened.fromNext)),
          ),
    table() {
      const all = rows();
      const exponent = opened?.exponent ?? 0;
      return {
        rowHeading: { title: say('node'), csv: 'node' },
        columns: nodeHeadings(),
        rowCount: all.length,
        rowLabel: (row) => plainMath(all[row]?.name ?? ''),
        rows: (from, to) =>
          Promise.resolve(all.slice(from, to).map(({ value, gradient }) => nodeCells(value, gradient, exponent))),
      };
    },
  };
}
