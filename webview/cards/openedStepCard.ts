// Beside the tracks: the step under the cursor, opened: its computation graph with real numbers forward and backward.
import { el, math, mathParts, plainMath } from '../widgets/dom.js';
import { exactLog10, formatLog10, formatNumber } from '../page/format.js';
import { carriedFormula, gatesFormula, openedFormula } from '../page/laterFormulas.js';
import { t as say } from '../page/l10n.js';
import { isGated, Latest } from '../page/model.js';
import { formulaOf, positionOf } from '../page/stepLabels.js';
import { sequenceNote } from '../page/tablePlan.js';
import { fewNumbers, gradientLog10, nodeCells, nodeHeadings, scaledText } from './openedNumbers.js';
import { boxOf, graph, nodeAt, norm, paintGraph } from './stepGraph.js';
import type { CardView } from './card.js';
import type { Page } from '../chart/trackView.js';
import type { OpenedStep } from '../page/model.js';
import type { GraphNode } from './stepGraph.js';

export function openedStepCard({ model, timeline, groups }: Page, changed: () => void): CardView {
  let step: OpenedStep | null = null;
  const place = ({ t }: OpenedStep): number => (model.run === null ? t : positionOf(model.run, t));
  const latest = new Latest(
    (params: { t: number; sequence: number }) => model.slice('openedStep', params),
    (answer) => {
      if (answer === null) return;
      step = answer;
      explain();
      changed();
    },
  );
  const notes = el('dl', { class: 'pairs formulas' });
  /** The run, step and sequence that were asked for last. */
  let asked = '';
  const ask = (): void => {
    const wanted = { t: timeline.cursor, sequence: timeline.shownSequence };
    const key = `${model.run?.runId ?? -1} ${wanted.t} ${wanted.sequence}`;
    if (key === asked || model.run === null || isGated(model.run)) return;
    asked = key;
    latest.request(wanted);
  };
  timeline.onChange((change) => {
    if (change !== 'window' && groups.shows('openedStep')) ask();
  });
  const heading = el('p', { class: 'note place' });
  const nodes = (): readonly GraphNode[] => (model.run === null ? [] : graph(model.run));
  const log10Of = (values: Float64Array | null): number =>
    values === null || step === null ? NaN : gradientLog10(values, step.exponent);
  const scaled = (value: number): string => scaledText(value, step?.exponent ?? 0);

  /** What a node says in words. */
  function told(node: GraphNode, opened: OpenedStep): string[] {
    const plain = (text: string): string =>
      mathParts(text)
        .map((part) =>
          part.place === 'sub' && part.text.length > 1
            ? `(${part.text})`
            : part.place === 'sup'
              ? part.text === 'T'
                ? 'ᵀ'
                : '²'
              : part.text,
        )
        .join('');
    return [
      plain(node.forward),
      say('norm {0}', formatNumber(norm(node.value(opened)))),
      plain(node.backward),
      say('norm {0}', formatLog10(log10Of(node.gradient(opened)))),
    ];
  }

  function explain(): void {
    const cell = model.run?.cell;
    if (step === null || cell === undefined) return;
    const { hPrev, x, h, dz, g, dhs, fromNext, dhPrev, dx, slope, own } = step;
    heading.replaceChildren(
      math(say('t = {0} · sequence {1} · norms: grey forward, red backward', place(step), timeline.shownSequence + 1)),
    );
    const row = (id: string, formula: string, log10: number, values: Float64Array | null): Node => {
      const few = values !== null && values.length <= fewNumbers;
      return el(
        'div',
        {},
        el('dt', {}, math(formulaOf(model.run, formula))),
        el(
          'dd',
          { title: exactLog10(log10), attributes: { 'data-name': `step-${id}`, 'data-value': exactLog10(log10) } },
          formatLog10(log10),
        ),
        few ? el('dd', { class: 'note' }, `[${[...values].map(scaled).join(', ')}]`) : null,
      );
    };
    // What is small enough to be written out is, on its way forward too; the norms stand in the graph.
    const small = (id: string, formula: string, values: Float64Array): Node[] =>
      values.length > fewNumbers
        ? []
        : [
            el(
              'div',
              {},
              el('dt', {}, math(formulaOf(model.run, formula))),
              el(
                'dd',
                { attributes: { 'data-name': `step-${id}`, 'data-value': [...values].map(String).join(' ') } },
                `[${[...values].map((value) => formatNumber(value, 3)).join(', ')}]`,
              ),
            ),
          ];
    const outer = (a: Float64Array): number => Math.log10(norm(a)) + log10Of(dz);
    notes.replaceChildren(
      ...small('value-hPrev', 'h_{t−1}', hPrev),
      ...small('value-x', 'x_t', x),
      ...small('value-fromState', 'h_{t−1}·Wh', step.fromState),
      ...small('value-fromInput', 'x_t·Wx', step.fromInput),
      ...small('value-z', 'z_t', step.z),
      ...small('value-h', 'h_t', h),
      row('dhs', say('dhs: from the loss'), log10Of(dhs), dhs),
      row('dh', say('dh: from step t + 1'), log10Of(fromNext), fromNext),
      row('g', say('copy node: g = dhs + dh'), log10Of(g), g),
      row('dz', gatesFormula(cell), log10Of(dz), dz),
      el(
        'div',
        {},
        el('dt', {}, cell.isActivation ? say('mean slope f′(z)') : say('mean slope A = ∂h/∂z')),
        el('dd', {}, formatNumber(slope.reduce((sum, value) => sum + value, 0) / slope.length)),
      ),
      row('dWh', 'dWh += h_{t−1}^{T}·dz', outer(hPrev), null),
      row('dWx', 'dWx += x_t^{T}·dz', outer(x), null),
      row('db', 'db += dz', log10Of(dz), null),
      ...Object.entries(own).map(([name, values]) =>
        row(`d${name}`, `d${name} += g·∂h_t/∂${name}`, log10Of(values), values),
      ),
      row('dhPrev', carriedFormula(cell), log10Of(dhPrev), dhPrev),
      row('dx', 'dx_t = dz·Wx^{T}', log10Of(dx), dx),
    );
  }

  return {
    id: 'openedStep',
    title: say('The step, opened'),
    height: 200,
    controls: heading,
    notes,
    help: {
      text: [
        say(
          'The step under the cursor. Grey numbers are the norms of what each node computes, going ' +
            'right; red numbers the norms of the gradient that arrives there, going left. Wider red lines carry ' +
            'more, on a log scale.',
        ),
        say(
          'h_t goes to two places, up to the loss and on to the next step, so the gradients that come back ' +
            'from both are added: that is the copy node. Multiplying by Wh and by the slope of the activation, ' +
            'again and again, is what makes gradients vanish or explode.',
        ),
        say('Of the chosen sequence; lists of up to four numbers are written out.'),
      ],
      formula: openedFormula,
      source: 'Werbos 1990; Rumelhart, Hinton & Williams 1986, “Learning representations by back-propagating errors”',
    },
    // The graph is that of h = f(z).
    available: () => model.run !== null && !isGated(model.run),
    prepare: ask,
    caption: () => (step === null ? '' : `t = ${place(step)} · ${say('sequence {0}', timeline.shownSequence + 1)}`),
    paint: (sheet) => {
      if (step !== null) paintGraph(sheet, nodes(), step, log10Of);
    },
    readout(at, size) {
      if (step === null) return null;
      const node = nodeAt(nodes(), at, size);
      return node === undefined ? null : told(node, step);
    },
    readings(size) {
      const opened = step;
      return opened === null ? [] : nodes().map((node) => ({ at: boxOf(node, size), lines: () => told(node, opened) }));
    },
    summary: () =>
      step === null
        ? ''
        : say(
            'Computation graph at t = {0}: the gradient from the loss has norm {1}, from the next step {2}, ' +
              'together {3}; {4} goes on to the step before.',
            place(step),
            formatLog10(log10Of(step.dhs)),
            formatLog10(log10Of(step.fromNext)),
            formatLog10(log10Of(step.g)),
            formatLog10(log10Of(step.dhPrev)),
          ),
    table() {
      const opened = step;
      const all = nodes();
      return {
        rowHeading: { title: say('node'), csv: 'node' },
        columns: nodeHeadings(),
        csvNotes: opened === null ? [] : [`t ${place(opened)}; ${sequenceNote(timeline.shownSequence)}`],
        rowCount: all.length,
        rowLabel: (row) => plainMath(all[row]?.name ?? ''),
        rows: (from, to) =>
          Promise.resolve(
            all.slice(from, to).map((node) => {
              const [value, gradient] = opened === null ? [null, null] : [node.value(opened), node.gradient(opened)];
              return nodeCells(value, gradient, opened?.exponent ?? 0);
            }),
          ),
      };
    },
  };
}
