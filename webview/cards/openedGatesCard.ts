// Beside the tracks: the step under the cursor of a cell of several gates as a graph: what each node of its equations
// computes, the gradient that arrives there, and how much of it goes on along each edge.
import { el, math, plainMath } from '../widgets/dom.js';
import { exactLog10, formatLog10, formatNumber, formatPercent } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { inReport } from '../page/inReport.js';
import { isGated, Latest } from '../page/model.js';
import { positionOf } from '../page/stepLabels.js';
import { emptyField, sequenceNote } from '../page/tablePlan.js';
import { gateGraph, gateNodeAt, keptShare, nodeTowards, paintGateGraph } from './gateGraph.js';
import { fewNumbers, gradientLog10, nodeCells, nodeHeadings, scaledText } from './openedNumbers.js';
import { norm } from './stepGraph.js';
import type { CardView } from './card.js';
import type { Boxes, GateGraph, GraphEdge, GraphNode } from './gateGraph.js';
import type { Page } from '../chart/trackView.js';
import type { OpenedGates } from '../page/model.js';
import type { Field } from '../page/tablePlan.js';

/** Steps of the arrow keys, in columns and rows. */
const arrows: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const edgeName = ({ from, to }: GraphEdge): string => `${from} → ${to}`;
const percent = (share: number): string => (Number.isFinite(share) ? formatPercent(share) : '–');

export function gatesCard({ model, timeline, groups }: Page, changed: () => void): CardView {
  let opened: OpenedGates | null = null;
  /** The run that it is of; and whether the last question had no answer. */
  let of = -1;
  let hasNone = false;
  let graph: GateGraph | null = null;
  let boxes: Boxes = new Map();
  /** Name of the node that is looked at; it stays while the cursor moves. */
  let chosen: string | null = null;
  const place = ({ t }: OpenedGates): number => (model.run === null ? t : positionOf(model.run, t));
  const latest = new Latest(
    (params: { t: number; sequence: number }) => model.slice('gates', params),
    (answer) => {
      const { run } = model;
      if (answer === null || run === null) {
        // Asked again with the next move; a report has not recorded it.
        asked = '';
        hasNone = true;
        changed();
        return;
      }
      hasNone = false;
      of = run.runId;
      opened = answer;
      graph = gateGraph(answer, run);
      const where = [place(answer), timeline.shownSequence + 1] as const;
      heading.replaceChildren(
        math(
          [
            say('t = {0} · sequence {1} · norms: grey forward, red backward', ...where),
            say('%: of what arrives at the step'),
          ].join(' · '),
        ),
      );
      explain();
      changed();
    },
  );
  const heading = el('p', { class: 'note place' });
  const notes = el('div', { class: 'opened-node' });
  /** Aloud, of the node that was chosen; the numbers at the cursor are told by whoever moves it. */
  const spoken = el('p', { class: 'unseen', attributes: { 'aria-live': 'polite' } });
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
  const exponent = (): number => opened?.exponent ?? 0;
  const log10Of = (gradient: Float64Array): number => gradientLog10(gradient, exponent());
  /** Where nothing is chosen, or a node that this cell has not, the one that hands on what is kept. */
  const chosenNode = (): GraphNode | undefined =>
    graph?.nodes.find(({ name }) => name === chosen) ?? graph?.nodes.find(({ name }) => name === graph?.keeping);
  const leaving = (node: GraphNode): readonly GraphEdge[] =>
    graph?.edges.filter(({ from }) => from === node.name) ?? [];

  /** Equations and numbers of the node that is looked at. */
  function explain(): void {
    const node = chosenNode();
    if (node === undefined) return;
    const row = (id: string, formula: string, told: string, exact: string, few: readonly string[]): Node =>
      el(
        'div',
        {},
        el('dt', {}, math(formula)),
        el('dd', { title: exact, attributes: { 'data-name': `gate-${id}`, 'data-value': exact } }, told),
        few.length === 0 || few.length > fewNumbers ? null : el('dd', { class: 'note' }, `[${few.join(', ')}]`),
      );
    const { name, forward, value, backward, gradient } = node;
    const rows = [
      ...(value === null || forward === null
        ? []
        : [
            row(
              'value',
              forward === name ? name : `${name} = ${forward}`,
              formatNumber(norm(value)),
              String(norm(value)),
              [...value].map((one) => formatNumber(one, 3)),
            ),
          ]),
      row(
        'gradient',
        value === null ? `${name}: ${backward}` : say('gradient: {0}', backward),
        formatLog10(log10Of(gradient)),
        exactLog10(log10Of(gradient)),
        [...gradient].map((one) => scaledText(one, exponent())),
      ),
      ...leaving(node).map((edge) =>
        row(
          `edge-${edge.to}`,
          say('goes on to {0}', edge.to),
          `${formatLog10(log10Of(edge.gradient), 3)} · ${percent(edge.share)}`,
          exactLog10(log10Of(edge.gradient)),
          [],
        ),
      ),
    ];
    notes.replaceChildren(el('dl', { class: 'pairs formulas' }, ...rows));
  }
  function choose(name: string | null): void {
    chosen = name;
    explain();
    const node = chosenNode();
    spoken.textContent = node === undefined ? '' : told(node).join(', ');
    changed();
  }

  /** What a node says in words: for the mouse, and for whoever does not see the picture. */
  const told = (node: GraphNode): readonly string[] => [
    plainMath(node.name),
    ...(node.forward === null || node.value === null
      ? []
      : [plainMath(node.forward), say('norm {0}', formatNumber(norm(node.value)))]),
    plainMath(node.backward),
    say('norm {0}', formatLog10(log10Of(node.gradient))),
    ...leaving(node).map((edge) => `→ ${plainMath(edge.to)}: ${percent(edge.share)}`),
  ];

  return {
    id: 'gates',
    title: say('The step, opened'),
    height: 340,
    controls: heading,
    notes: el('div', {}, notes, spoken),
    help: {
      text: [
        say(
          'The step under the cursor as its equations read, from what enters on the left to the next step on the ' +
            'right. Grey numbers are the norms of what each node computes, red numbers those of the gradient that ' +
            'arrives there.',
        ),
        say(
          'Red lines are as wide as the part of the gradient that goes back along them, measured by what arrives at ' +
            'the step. The orange band is the way on which the state is kept, past the weights: its pale rim is all ' +
            'of what arrives, so a thin core says that the gate is shut or that the gradient goes elsewhere.',
        ),
        say('A sum hands its whole gradient to each of its parts, so the shares of a step may add up to more than 1.'),
        say('Click a node, or choose one with the arrow keys: its equations and numbers stand below the picture.'),
        say('Of the chosen sequence; lists of up to four numbers are written out.'),
      ],
      formula: (cell) => (cell === null ? '' : `${cell.forward}   ${cell.backward}`),
      source: 'Hochreiter & Schmidhuber 1997; Gers et al. 2000; Cho et al. 2014',
    },
    // A report of a large run has not recorded it.
    available: () => isShown() && !(inReport && hasNone && opened === null),
    older: () => opened !== null && of !== model.run?.runId,
    prepare: ask,
    caption: () => (opened === null ? '' : `t = ${place(opened)} · ${say('sequence {0}', timeline.shownSequence + 1)}`),
    paint(sheet) {
      if (graph !== null) boxes = paintGateGraph(sheet, graph, log10Of, chosenNode()?.name ?? '');
    },
    readout(at) {
      const node = graph === null ? undefined : gateNodeAt(graph, boxes, at);
      return node === undefined ? null : told(node);
    },
    click(at) {
      const node = graph === null ? undefined : gateNodeAt(graph, boxes, at);
      if (node !== undefined) choose(node.name);
    },
    key(key) {
      if (graph === null) return false;
      if (key === 'Escape' && chosen !== null) {
        choose(null);
        return true;
      }
      const by = arrows[key];
      if (by === undefined) return false;
      const node = chosenNode();
      const next = node === undefined ? undefined : nodeTowards(graph, node, by);
      if (next !== undefined) choose(next.name);
      return true;
    },
    summary() {
      if (opened === null || graph === null) return '';
      const node = chosenNode();
      return [
        say(
          'Graph of the step at t = {0}: the gradient from the loss has norm {1}, from the next step {2}; {3} of ' +
            'what arrives goes straight on to {4}.',
          place(opened),
          formatLog10(log10Of(opened.dhs)),
          formatLog10(log10Of(opened.fromNext)),
          percent(keptShare(graph)),
          plainMath(graph.keptAt),
        ),
        ...(node === undefined ? [] : [`${told(node).join(', ')}.`]),
      ].join(' ');
    },
    table() {
      const all: readonly (GraphNode | GraphEdge)[] = graph === null ? [] : [...graph.nodes, ...graph.edges];
      const cells = (row: GraphNode | GraphEdge): Field[] => {
        const [value, share] = 'from' in row ? [null, row.share] : [row.value, null];
        return [
          ...nodeCells(value, row.gradient, exponent()),
          share === null || !Number.isFinite(share) ? emptyField : { text: percent(share), exact: String(share) },
        ];
      };
      return {
        rowHeading: { title: say('node, or edge back'), csv: 'node' },
        columns: [...nodeHeadings(), { title: say('share of what arrives'), csv: 'share_of_arriving' }],
        csvNotes: opened === null ? [] : [`t ${place(opened)}; ${sequenceNote(timeline.shownSequence)}`],
        rowCount: all.length,
        rowLabel(row) {
          const at = all[row];
          return at === undefined ? '' : plainMath('from' in at ? edgeName(at) : at.name);
        },
        rows: (from, to) => Promise.resolve(all.slice(from, to).map(cells)),
      };
    },
  };
}
