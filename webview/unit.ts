// Beside the tracks: the unit under the cursor, opened: its computation graph with real numbers forward and backward.
import { readable, withAlpha } from './colours.js';
import { el, math, mathParts, plainMath } from './dom.js';
import { exactLog10, formatLog10, formatNumber } from './format.js';
import { t as say } from './l10n.js';
import { Latest } from './model.js';
import type { CardView, Sheet } from './card.js';
import type { Page } from './view.js';
import type { OpenedUnit } from './model.js';

const log10of2 = Math.log10(2);
/** Lists of so few numbers are written out. */
const fewNumbers = 4;
const boxHeight = 24;
/** From the activation's box to the copy node. */
const copyGap = 8;

const norm = (values: Float64Array): number => {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 || !Number.isFinite(largest) ? largest : largest * Math.sqrt(values.reduce((sum, value) => sum + (value / largest) ** 2, 0));
};

/** One node of the graph: its place in columns and rows, its value, the gradient that arrives at its output and how it comes about. */
type GraphNode = {
  readonly id: string;
  readonly name: string;
  readonly column: number;
  readonly row: number;
  readonly forward: string;
  readonly backward: string;
  value(unit: OpenedUnit): Float64Array | null;
  gradient(unit: OpenedUnit): Float64Array | null;
  /** Where the gradient goes on to, node by node. */
  readonly to: readonly string[];
};

const graph = (activation: string): readonly GraphNode[] => [
  { id: 'hPrev', name: 'h_{t−1}', column: 0, row: 0, forward: say('the state before'), backward: 'dh_{t−1} = dz·Wh^{T}', value: (u) => u.hPrev, gradient: (u) => u.dhPrev, to: [] },
  { id: 'x', name: 'x_t', column: 0, row: 2, forward: say('the input'), backward: 'dx = dz·Wx^{T}', value: (u) => u.x, gradient: (u) => u.dx, to: [] },
  { id: 'fromState', name: '·Wh', column: 1, row: 0, forward: 'h_{t−1}·Wh', backward: say('dz, as it is'), value: (u) => u.fromState, gradient: (u) => u.dz, to: ['hPrev'] },
  { id: 'fromInput', name: '·Wx', column: 1, row: 2, forward: 'x_t·Wx', backward: say('dz, as it is'), value: (u) => u.fromInput, gradient: (u) => u.dz, to: ['x'] },
  { id: 'z', name: '+ b', column: 2, row: 1, forward: 'z = h_{t−1}·Wh + x_t·Wx + b', backward: activation === 'tanh' ? 'dz = g ⊙ (1 − h^2)' : activation === 'relu' ? say('dz = g where h > 0, else 0') : 'dz = g', value: (u) => u.z, gradient: (u) => u.dz, to: ['fromState', 'fromInput'] },
  { id: 'h', name: activation, column: 3, row: 1, forward: `h_t = ${activation === 'identity' ? 'z' : `${activation}(z)`}`, backward: say('g = dhs + dh: the copy node adds'), value: (u) => u.h, gradient: (u) => u.g, to: ['z'] },
  { id: 'next', name: '→ t+1', column: 4, row: 0, forward: say('a copy of h_t to the next step'), backward: say('dh: what step t + 1 sends back'), value: (u) => u.h, gradient: (u) => u.fromNext, to: ['h'] },
  { id: 'loss', name: '↑ dhs', column: 4, row: 2, forward: say('a copy of h_t to the layer above'), backward: say('dhs: what the loss sends'), value: (u) => u.h, gradient: (u) => u.dhs, to: ['h'] },
];

export function unitCard({ model, timeline }: Page, changed: () => void): CardView {
  let unit: OpenedUnit | null = null;
  const latest = new Latest((params: { t: number; sequence: number }) => model.slice('unit', params), (answer) => {
    if (answer === null) return;
    unit = answer;
    explain();
    changed();
  });
  const notes = el('dl', { class: 'pairs formulas' });
  const ask = (): void => { if (model.run !== null) latest.request({ t: timeline.cursor, sequence: timeline.shownSequence }); };
  timeline.onChange((change) => { if (change !== 'window') ask(); });
  let asked = -1;
  const heading = el('p', { class: 'note place' });
  const nodes = (): readonly GraphNode[] => graph(model.run?.cell ?? 'tanh');
  const gradientLog10 = (values: Float64Array | null): number => (values === null || unit === null ? NaN : Math.log10(norm(values)) + unit.exponent * log10of2);
  const scaled = (value: number): string => (value === 0 ? '0' : `${value < 0 ? '−' : ''}${formatLog10(Math.log10(Math.abs(value)) + (unit?.exponent ?? 0) * log10of2, 3)}`);

  function explain(): void {
    if (unit === null) return;
    const { t, hPrev, x, dz, g, dhs, fromNext, dhPrev, dx, slope } = unit;
    heading.replaceChildren(math(say('t = {0} · sequence {1} · norms: grey forward, red backward', t, timeline.shownSequence + 1)));
    const row = (id: string, formula: string, log10: number, values: Float64Array | null): Node => {
      const few = values !== null && values.length <= fewNumbers;
      return el('div', {}, el('dt', {}, math(formula)), el('dd', { title: exactLog10(log10), attributes: { 'data-name': `unit-${id}`, 'data-value': exactLog10(log10) } }, formatLog10(log10)), few ? el('dd', { class: 'note' }, `[${[...values].map(scaled).join(', ')}]`) : null);
    };
    const outer = (a: Float64Array): number => Math.log10(norm(a)) + gradientLog10(dz);
    notes.replaceChildren(
      row('dhs', say('dhs: from the loss'), gradientLog10(dhs), dhs),
      row('dh', say('dh: from step t + 1'), gradientLog10(fromNext), fromNext),
      row('g', say('copy node: g = dhs + dh'), gradientLog10(g), g),
      row('dz', 'dz = g ⊙ f′(z)', gradientLog10(dz), dz),
      el('div', {}, el('dt', {}, say('mean slope f′(z)')), el('dd', {}, formatNumber(slope.reduce((sum, value) => sum + value, 0) / slope.length))),
      row('dWh', 'dWh += h_{t−1}^{T}·dz', outer(hPrev), null),
      row('dWx', 'dWx += x_t^{T}·dz', outer(x), null),
      row('db', 'db += dz', gradientLog10(dz), null),
      row('dhPrev', 'dh_{t−1} = dz·Wh^{T}', gradientLog10(dhPrev), dhPrev),
      row('dx', 'dx_t = dz·Wx^{T}', gradientLog10(dx), dx));
  }

  function place({ width, height }: Pick<Sheet, 'width' | 'height'>) {
    const boxWidth = Math.min(58, width / 5 - 10);
    const step = (width - boxWidth) / 4;
    const rows = [34, height / 2, height - 34] as const;
    return { boxWidth, x: (column: number) => boxWidth / 2 + column * step, y: (row: number) => rows[row] ?? height / 2 };
  }

  function paintMath({ context, theme }: Sheet, text: string, x: number, y: number, colour: string): void {
    context.fillStyle = colour;
    context.textAlign = 'left';
    const parts = mathParts(text).map((part) => ({ ...part, font: `${part.place === 'line' ? 11 : 9}px ${theme.fontFamily}` }));
    const widths = parts.map(({ text: piece, font }) => { context.font = font; return context.measureText(piece).width; });
    let at = x - widths.reduce((sum, value) => sum + value, 0) / 2;
    parts.forEach(({ text: piece, font, place: line }, i) => {
      context.font = font;
      context.fillText(piece, at, y + (line === 'line' ? 0 : line === 'sub' ? 3 : -4));
      at += widths[i] ?? 0;
    });
  }

  return {
    id: 'unit',
    title: say('The unit, opened'),
    height: 190,
    controls: heading,
    notes,
    help: {
      text: [
        say('The unit of the step under the cursor. Grey numbers are the norms of what each node computes, going right; red numbers the norms of the gradient that arrives there, going left. Wider red lines carry more, on a log scale.'),
        say('h_t goes to two places, up to the loss and on to the next step, so the gradients that come back from both are added: that is the copy node. Multiplying by Wh and by the slope of the activation, again and again, is what makes gradients vanish or explode.'),
        say('Of the chosen sequence; lists of up to four numbers are written out.'),
      ],
      formula: 'g = dhs + dh   dz = g ⊙ f′(z)   dh_{t−1} = dz·Wh^{T}',
      source: 'Werbos 1990; Rumelhart, Hinton & Williams 1986, “Learning representations by back-propagating errors”',
    },
    available() {
      const { run } = model;
      if (run !== null && run.runId !== asked) {
        asked = run.runId;
        ask();
      }
      return run !== null;
    },
    paint(sheet) {
      const { context, theme } = sheet;
      if (unit === null) return;
      const opened = unit;
      const { boxWidth, x, y } = place(sheet);
      const all = nodes();
      const logs = new Map(all.map((node) => [node.id, gradientLog10(node.gradient(opened))]));
      const finite = [...logs.values()].filter(Number.isFinite);
      const [low, high] = [Math.min(...finite), Math.max(...finite)];
      const weight = (id: string): number => { const log = logs.get(id) ?? NaN; return Number.isFinite(log) ? 1.5 + (high - low < 1e-9 ? 2 : (3.5 * (log - low)) / (high - low)) : 0; };
      const [copyX, copyY] = [x(3) + boxWidth / 2 + copyGap, y(1)];
      const stem = weight('h');
      context.lineWidth = 1;
      context.strokeStyle = theme.muted;
      line(context, copyX - copyGap, copyY - 3, copyX, copyY - 3);
      if (stem > 0) {
        context.strokeStyle = withAlpha(theme.red, 0.9);
        context.lineWidth = stem;
        line(context, copyX - copyGap, copyY + 3, copyX, copyY + 3);
      }
      for (const node of all) {
        for (const target of node.to) {
          const end = all.find(({ id }) => id === target);
          if (end === undefined) continue;
          // From box to box, so that the numbers above and below the boxes stay free; both branches meet at the copy node.
          const [x0, y0, x1, y1] = [x(node.column) - boxWidth / 2, y(node.row), end.id === 'h' ? copyX : x(end.column) + boxWidth / 2, y(end.row)];
          context.strokeStyle = theme.muted;
          context.lineWidth = 1;
          line(context, x0, y0 - 3, x1, y1 - 3);
          // What leaves a node on its way back is what arrives at the node before it; at the copy node both branches keep their own.
          const width = weight(end.id === 'h' ? node.id : end.id);
          if (width === 0) continue;
          context.strokeStyle = withAlpha(theme.red, 0.9);
          context.lineWidth = width;
          line(context, x0, y0 + 3, x1, y1 + 3);
        }
      }
      context.lineWidth = 1;
      context.textBaseline = 'middle';
      for (const node of all) {
        const [cx, cy] = [x(node.column), y(node.row)];
        const copies = node.column === 4;
        context.fillStyle = node.id === 'h' ? withAlpha(theme.blue, 0.3) : theme.background;
        context.strokeStyle = node.id === 'h' ? theme.blue : theme.muted;
        // An opaque ground first, so that lines end at the box.
        const fill = context.fillStyle;
        context.fillStyle = theme.background;
        context.beginPath();
        context.roundRect(cx - boxWidth / 2, cy - boxHeight / 2, boxWidth, boxHeight, 4);
        context.fill();
        context.fillStyle = fill;
        context.fill();
        context.stroke();
        paintMath(sheet, node.name, cx, cy, theme.foreground);
        context.font = `10px ${theme.fontFamily}`;
        context.textAlign = 'center';
        const value = node.value(opened);
        // A rim of background keeps the lines beneath from disturbing the numbers.
        const label = (text: string, y: number, colour: string): void => {
          context.strokeStyle = theme.background;
          context.lineWidth = 4;
          context.lineJoin = 'round';
          context.strokeText(text, cx, y);
          context.lineWidth = 1;
          context.fillStyle = readable(colour, theme);
          context.fillText(text, cx, y);
        };
        if (value !== null && !copies) label(formatNumber(norm(value), 3), cy - boxHeight / 2 - 8, theme.muted);
        label(formatLog10(logs.get(node.id) ?? NaN, 3), cy + boxHeight / 2 + 9, theme.red);
      }
      context.fillStyle = theme.orange;
      context.beginPath();
      context.arc(copyX, copyY, 4, 0, 2 * Math.PI);
      context.fill();
    },
    readout(at, size) {
      if (unit === null) return null;
      const { boxWidth, x, y } = place(size);
      const node = nodes().find(({ column, row }) => Math.abs(at.x - x(column)) <= boxWidth / 2 && Math.abs(at.y - y(row)) <= boxHeight);
      if (node === undefined) return null;
      const plain = (text: string): string => mathParts(text).map((part) => (part.place === 'sub' && part.text.length > 1 ? `(${part.text})` : part.place === 'sup' ? (part.text === 'T' ? 'ᵀ' : '²') : part.text)).join('');
      const value = node.value(unit);
      return [plain(node.forward), ...(value === null ? [] : [say('norm {0}', formatNumber(norm(value)))]), plain(node.backward), say('norm {0}', formatLog10(gradientLog10(node.gradient(unit))))];
    },
    summary: () => (unit === null ? '' : say('Computation graph at t = {0}: the gradient from the loss has norm {1}, from the next step {2}, together {3}; {4} goes on to the step before.',
      unit.t, formatLog10(gradientLog10(unit.dhs)), formatLog10(gradientLog10(unit.fromNext)), formatLog10(gradientLog10(unit.g)), formatLog10(gradientLog10(unit.dhPrev)))),
    table() {
      const opened = unit;
      const all = nodes();
      return {
        rowName: say('node'),
        columns: [say('‖value‖'), say('‖gradient‖'), say('values'), say('gradients')],
        rowCount: all.length,
        rowLabel: (row) => plainMath(all[row]?.name ?? ''),
        rows: (from, to) => Promise.resolve(all.slice(from, to).map((node) => {
          const [value, gradient] = opened === null ? [null, null] : [node.value(opened), node.gradient(opened)];
          const log10 = gradientLog10(gradient);
          const [length, factor] = [value === null ? NaN : norm(value), 2 ** (opened?.exponent ?? 0)];
          const list = (values: Float64Array | null, by: number): string => (values === null ? '' : [...values].map((number) => String(number * by)).join(' '));
          const short = (values: Float64Array | null, print: (number: number) => string): string => (values === null ? '' : values.length <= fewNumbers ? [...values].map(print).join(', ') : say('{0} numbers', values.length));
          return [{ text: formatNumber(length), exact: String(length) }, { text: formatLog10(log10), exact: exactLog10(log10) }, { text: short(value, (number) => formatNumber(number, 3)), exact: list(value, 1) }, { text: short(gradient, scaled), exact: list(gradient, factor) }];
        })),
      };
    },
  };
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
