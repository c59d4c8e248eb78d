// The computation graph of one step: its nodes with what they compute and what comes back through them, where they
// stand, and the way they are painted.
import { readable } from '../page/colours.js';
import { withAlpha } from '../page/colourMaths.js';
import { mathParts } from '../widgets/dom.js';
import { formatLog10, formatNumber } from '../page/format.js';
import { carriedFormula } from '../page/laterFormulas.js';
import { t as say } from '../page/l10n.js';
import { formulaOf } from '../page/stepLabels.js';
import type { Point, Sheet } from './card.js';
import type { CellFacts, OpenedStep, RunSummary } from '../page/model.js';

/** One node of the graph: its place, its value, the gradient that arrives at its output and how it comes about. */
export type GraphNode = {
  readonly id: string;
  readonly name: string;
  /** Centre and width on a sheet that is `usualWidth` wide. */
  readonly x: number;
  readonly width: number;
  readonly row: 0 | 1 | 2;
  /** Where its norms stand: above and below, both beside it, the gradient alone on the outer side, or nowhere. */
  readonly labels: 'around' | 'left' | 'outside' | 'none';
  readonly forward: string;
  readonly backward: string;
  value(step: OpenedStep): Float64Array;
  gradient(step: OpenedStep): Float64Array;
  /** What goes on to the node before, where that is not all that arrives there. */
  readonly sends?: (step: OpenedStep) => Float64Array;
  /** Where the gradient goes on to, node by node. */
  readonly to: readonly string[];
};

const usualWidth = 284;
const boxHeight = 24;
/** Forward and backward lines run side by side, this far from the line between two nodes. */
const apart = 3;

export function graph(run: Pick<RunSummary, 'cell' | 'layers'>): readonly GraphNode[] {
  const { cell } = run;
  const nodes = nodesOf(cell).map((node) => ({
    ...node,
    name: formulaOf(run, node.name),
    forward: formulaOf(run, node.forward),
    backward: formulaOf(run, node.backward),
  }));
  if (!cell.hasD) return nodes;
  return nodes.flatMap((node) => {
    if (node.id === 'h')
      return [
        { ...beside, forward: formulaOf(run, beside.forward) },
        { ...node, to: [...node.to, beside.id] },
      ];
    return node.id === 'fromState' ? { ...node, sends: throughWeights } : node;
  });
}

/** What goes on beside the weights: D is diagonal, a factor for each unit. */
const besideWeights = (values: Float64Array, { carry }: OpenedStep): Float64Array =>
  values.map((value, j) => value * (carry[j] ?? NaN));

const throughWeights = (step: OpenedStep): Float64Array => {
  const passed = besideWeights(step.g, step);
  return step.dhPrev.map((value, k) => value - (passed[k] ?? NaN));
};

const beside: GraphNode = {
  id: 'beside',
  name: '·D',
  x: 148,
  width: 34,
  row: 0,
  labels: 'around',
  forward: 'h_{t−1}·D',
  backward: 'g·D',
  value: (u) => besideWeights(u.hPrev, u),
  gradient: (u) => besideWeights(u.g, u),
  sends: (u) => besideWeights(u.g, u),
  to: ['hPrev'],
};

const nodesOf = (cell: CellFacts): readonly GraphNode[] => [
  {
    id: 'hPrev',
    name: 'h_{t−1}',
    x: 25,
    width: 44,
    row: 0,
    labels: 'around',
    forward: say('the state before'),
    backward: carriedFormula(cell),
    value: (u) => u.hPrev,
    gradient: (u) => u.dhPrev,
    to: [],
  },
  {
    id: 'x',
    name: 'x_t',
    x: 25,
    width: 44,
    row: 2,
    labels: 'around',
    forward: say('the input'),
    backward: 'dx = dz·Wx^{T}',
    value: (u) => u.x,
    gradient: (u) => u.dx,
    to: [],
  },
  {
    id: 'fromState',
    name: '·Wh',
    x: 81,
    width: 44,
    row: 0,
    labels: 'around',
    forward: 'h_{t−1}·Wh',
    backward: say('dz, as it is'),
    value: (u) => u.fromState,
    gradient: (u) => u.dz,
    to: ['hPrev'],
  },
  {
    id: 'fromInput',
    name: '·Wx',
    x: 81,
    width: 44,
    row: 2,
    labels: 'around',
    forward: 'x_t·Wx',
    backward: say('dz, as it is'),
    value: (u) => u.fromInput,
    gradient: (u) => u.dz,
    to: ['x'],
  },
  {
    id: 'sum',
    name: '+',
    x: 118,
    width: boxHeight,
    row: 1,
    labels: 'left',
    forward: 'h_{t−1}·Wh + x_t·Wx',
    backward: say('dz, as it is, to both'),
    value: (u) => u.fromState.map((value, j) => value + (u.fromInput[j] ?? NaN)),
    gradient: (u) => u.dz,
    to: ['fromState', 'fromInput'],
  },
  {
    id: 'z',
    name: '+ b',
    x: 154,
    width: 34,
    row: 1,
    labels: 'around',
    forward: 'z = h_{t−1}·Wh + x_t·Wx + b',
    backward: cell.backward,
    value: (u) => u.z,
    gradient: (u) => u.dz,
    to: ['sum'],
  },
  {
    id: 'h',
    name: cell.name,
    x: 201,
    width: 46,
    row: 1,
    labels: 'around',
    forward: cell.forward,
    backward: say('g, from the copy node'),
    value: (u) => u.h,
    gradient: (u) => u.g,
    to: ['z'],
  },
  {
    id: 'copy',
    name: say('copy'),
    x: 248,
    width: 34,
    row: 1,
    labels: 'none',
    forward: say('h_t, twice: up and on'),
    backward: say('g = dhs + dh: the copy node adds'),
    value: (u) => u.h,
    gradient: (u) => u.g,
    to: ['h'],
  },
  {
    id: 'next',
    name: '→ t+1',
    x: 256,
    width: 50,
    row: 0,
    labels: 'outside',
    forward: say('a copy of h_t to the next step'),
    backward: say('dh: what step t + 1 sends back'),
    value: (u) => u.h,
    gradient: (u) => u.fromNext,
    to: ['copy'],
  },
  {
    id: 'loss',
    name: '↑ dhs',
    x: 256,
    width: 50,
    row: 2,
    labels: 'outside',
    forward: say('a copy of h_t to the layer above'),
    backward: say('dhs: what the loss sends'),
    value: (u) => u.h,
    gradient: (u) => u.dhs,
    to: ['copy'],
  },
];

export const norm = (values: Float64Array): number => {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 || !Number.isFinite(largest)
    ? largest
    : largest * Math.sqrt(values.reduce((sum, value) => sum + (value / largest) ** 2, 0));
};

type Box = { readonly x: number; readonly y: number; readonly half: number };
/** Where a node stands. */
export const boxOf = (node: GraphNode, { width, height }: Pick<Sheet, 'width' | 'height'>): Box => ({
  x: (node.x * width) / usualWidth,
  y: [36, height / 2, height - 36][node.row] ?? 0,
  half: node.width / 2,
});

export const nodeAt = (
  nodes: readonly GraphNode[],
  at: Point,
  size: Pick<Sheet, 'width' | 'height'>,
): GraphNode | undefined =>
  nodes.find((node) => {
    const { x, y, half } = boxOf(node, size);
    return Math.abs(at.x - x) <= half && Math.abs(at.y - y) <= boxHeight / 2;
  }) ??
  nodes.find((node) => {
    const { x, y, half } = boxOf(node, size);
    return Math.abs(at.x - x) <= half && Math.abs(at.y - y) <= boxHeight;
  });

function paintMath({ context, theme }: Sheet, text: string, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.textAlign = 'left';
  const parts = mathParts(text).map((part) => ({
    ...part,
    font: `${part.place === 'line' ? 11 : 9}px ${theme.fontFamily}`,
  }));
  const widths = parts.map(({ text: piece, font }) => {
    context.font = font;
    return context.measureText(piece).width;
  });
  let at = x - widths.reduce((sum, value) => sum + value, 0) / 2;
  parts.forEach(({ text: piece, font, place }, i) => {
    context.font = font;
    context.fillText(piece, at, y + (place === 'line' ? 0 : place === 'sub' ? 3 : -4));
    at += widths[i] ?? 0;
  });
}

/**
 * Between two neighbours: from side to side in one row, else from the top or bottom of the one to the side of the
 * other, or where that is above or below, to its bottom or top.
 */
function ends(from: Box, to: Box): readonly [number, number, number, number] {
  if (from.y === to.y) return [from.x - from.half, from.y, to.x + to.half, to.y];
  const down = Math.sign(to.y - from.y) * (boxHeight / 2);
  return to.x + to.half < from.x
    ? [from.x, from.y + down, to.x + to.half, to.y]
    : [from.x, from.y + down, to.x, to.y - down];
}

function line(
  context: CanvasRenderingContext2D,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  shift: number,
): void {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  // To the right of somebody who goes the way of the gradient.
  const [dx, dy] = [((y1 - y0) / length) * shift, (-(x1 - x0) / length) * shift];
  context.beginPath();
  context.moveTo(x0 + dx, y0 + dy);
  context.lineTo(x1 + dx, y1 + dy);
  context.stroke();
}

/** Over a node that stands between two of its row. */
function bow(context: CanvasRenderingContext2D, from: Box, to: Box, shift: number): void {
  const top = from.y - boxHeight / 2;
  context.beginPath();
  context.moveTo(from.x - from.half, from.y - 4 + shift);
  context.quadraticCurveTo((from.x + to.x) / 2, top - 46 + shift, to.x + to.half, to.y - 8 + shift);
  context.stroke();
}

/** `log10`: of the norm of a gradient of this step. */
export function paintGraph(
  sheet: Sheet,
  nodes: readonly GraphNode[],
  step: OpenedStep,
  log10: (gradient: Float64Array) => number,
): void {
  const { context, theme } = sheet;
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node, sheet)]));
  const logs = new Map(nodes.map((node) => [node.id, log10(node.gradient(step))]));
  const finite = [...logs.values()].filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const width = (log: number): number =>
    Number.isFinite(log) ? 1.5 + (high - low < 1e-9 ? 2 : (3.5 * (log - low)) / (high - low)) : 0;
  for (const node of nodes) {
    for (const target of node.to) {
      const [from, to] = [boxes.get(node.id), boxes.get(target)];
      if (from === undefined || to === undefined) continue;
      const over = [...boxes.values()].some(({ x, y }) => y === from.y && y === to.y && x > to.x && x < from.x);
      const draw = (shift: number): void =>
        over ? bow(context, from, to, shift) : line(context, ends(from, to), shift);
      context.strokeStyle = theme.muted;
      context.lineWidth = 1;
      draw(-apart);
      // What leaves a node on its way back is what arrives at the node before it; at the copy node both branches keep
      // their own.
      const wide = width(
        node.sends === undefined ? (logs.get(target === 'copy' ? node.id : target) ?? NaN) : log10(node.sends(step)),
      );
      if (wide === 0) continue;
      context.lineWidth = wide;
      context.strokeStyle = withAlpha(theme.red, 0.9);
      draw(apart);
    }
  }
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  for (const node of nodes) {
    const { x, y, half } = boxes.get(node.id) ?? { x: 0, y: 0, half: 0 };
    const [tone, tint] =
      node.id === 'h'
        ? [theme.blue, withAlpha(theme.blue, 0.3)]
        : node.id === 'copy'
          ? [theme.orange, withAlpha(theme.orange, 0.25)]
          : [theme.muted, theme.background];
    context.strokeStyle = tone;
    context.beginPath();
    context.roundRect(x - half, y - boxHeight / 2, 2 * half, boxHeight, node.id === 'sum' ? boxHeight / 2 : 4);
    // An opaque ground first, so that lines end at the box.
    for (const fill of [theme.background, tint]) {
      context.fillStyle = fill;
      context.fill();
    }
    context.stroke();
    paintMath(sheet, node.name, x, y, theme.foreground);
  }
  context.font = `10px ${theme.fontFamily}`;
  for (const node of nodes) {
    const { x, y, half } = boxes.get(node.id) ?? { x: 0, y: 0, half: 0 };
    // A rim of background keeps the lines beneath from disturbing the numbers.
    const label = (
      text: string,
      at: readonly [number, number],
      colour: string,
      align: CanvasTextAlign = 'center',
    ): void => {
      context.textAlign = align;
      context.strokeStyle = theme.background;
      context.lineWidth = 4;
      context.lineJoin = 'round';
      context.strokeText(text, ...at);
      context.lineWidth = 1;
      context.fillStyle = readable(colour, theme);
      context.fillText(text, ...at);
    };
    const [value, gradient] = [formatNumber(norm(node.value(step)), 3), formatLog10(logs.get(node.id) ?? NaN, 3)];
    const [above, below] = [y - boxHeight / 2 - 8, y + boxHeight / 2 + 9];
    if (node.labels === 'around') {
      label(value, [x, above], theme.muted);
      label(gradient, [x, below], theme.red);
    } else if (node.labels === 'left') {
      label(value, [x - half - 5, y - 6], theme.muted, 'right');
      label(gradient, [x - half - 5, y + 7], theme.red, 'right');
    } else if (node.labels === 'outside') label(gradient, [x, node.row === 0 ? above : below], theme.red);
  }
}
