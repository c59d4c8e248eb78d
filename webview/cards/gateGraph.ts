// The computation graph of a cell of several gates: its nodes where their cell puts them, what goes forward, and what
// of the gradient goes back along each edge.
import { readable } from '../page/colours.js';
import { withAlpha } from '../page/colourMaths.js';
import { formatLog10, formatNumber } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { formulaOf } from '../page/stepLabels.js';
import { mathParts } from '../widgets/dom.js';
import { gateColour } from '../tracks/gateColours.js';
import { norm } from './stepGraph.js';
import type { Point, Sheet } from './card.js';
import type { CellFacts, OpenedGates, RunSummary } from '../page/model.js';
import type { Theme } from '../page/theme.js';

/** A node of the picture: one of the step's own, or one outside from which a gradient arrives. */
export type GraphNode = {
  readonly name: string;
  /** What stands in its box, where that is not its name. */
  readonly text?: string;
  readonly forward: string | null;
  readonly value: Float64Array | null;
  readonly backward: string;
  readonly gradient: Float64Array;
  readonly column: number;
  readonly row: number;
};

/** `share`: of the gradient of the states that arrives at the step; `kept`: it lies on the way beside the weights. */
export type GraphEdge = {
  readonly from: string;
  readonly to: string;
  readonly gradient: Float64Array;
  readonly share: number;
  readonly kept: boolean;
};

export type GateGraph = {
  readonly cell: CellFacts;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Norm of what arrives, of all states as independent coordinates. */
  readonly arrives: number;
  /** The state that is kept, as it goes back, and the node that hands it on: c_{t−1} and f ⊙ c_{t−1} of an LSTM. */
  readonly keptAt: string;
  readonly keeping: string;
};

/** Beside the states, from where their gradients arrive. */
const lastColumn = 5;
const lastRow = 4;

/** With the names and equations of its direction. */
export function gateGraph(opened: OpenedGates, run: Pick<RunSummary, 'cell' | 'layers'>): GateGraph {
  const { nodes, edges, keptAt, keeping, ...rest } = forwardGraph(opened, run.cell);
  const told = (formula: string): string => formulaOf(run, formula);
  return {
    ...rest,
    nodes: nodes.map((node) => ({
      ...node,
      name: told(node.name),
      ...(node.text === undefined ? {} : { text: told(node.text) }),
      forward: node.forward === null ? null : told(node.forward),
      backward: told(node.backward),
    })),
    edges: edges.map((edge) => ({ ...edge, from: told(edge.from), to: told(edge.to) })),
    keptAt: told(keptAt),
    keeping: told(keeping),
  };
}

function forwardGraph(opened: OpenedGates, cell: CellFacts): GateGraph {
  const { nodes, dhs, fromNext } = opened;
  const H = dhs.length;
  const placed = nodes.map(({ name, forward, value, backward, gradient, place: [column, row] }): GraphNode => ({
    name,
    forward,
    value,
    backward,
    gradient,
    column,
    row,
  }));
  const rowOf = (name: string): number => placed.find((node) => node.name === name)?.row ?? 0;
  const parts = cell.states.map((state, s) => ({ state, gradient: fromNext.subarray(s * H, (s + 1) * H) }));
  const lossRow = rowOf('h_t') + (rowOf('h_t') === lastRow ? -1 : 1);
  const outer = (name: string, text: string, backward: string, gradient: Float64Array, row: number): GraphNode => ({
    name,
    text,
    forward: null,
    value: null,
    backward,
    gradient,
    column: lastColumn,
    row,
  });
  const arrivals = [
    outer('dhs', '↑ dhs', say('from the loss'), dhs, lossRow),
    ...parts.map(({ state, gradient }) =>
      outer(`d${state}_{t+1}`, 't+1', say('from step t + 1'), gradient, rowOf(`${state}_t`)),
    ),
  ];
  const arrives = norm(
    Float64Array.of(
      norm(placed.find(({ name }) => name === 'h_t')?.gradient ?? new Float64Array(0)),
      ...parts.slice(1).map(({ gradient }) => norm(gradient)),
    ),
  );
  const state = cell.states.at(-1) ?? 'h';
  const spine = [
    `${state}_{t−1}`,
    nodes.find(({ keeps }) => keeps === true)?.name ?? '',
    `${state}_t`,
    `d${state}_{t+1}`,
  ];
  const edges = [
    ...opened.edges,
    { from: 'dhs', to: 'h_t', gradient: dhs },
    ...parts.map((part) => ({ from: `d${part.state}_{t+1}`, to: `${part.state}_t`, gradient: part.gradient })),
  ].map((edge): GraphEdge => ({
    ...edge,
    share: norm(edge.gradient) / arrives,
    kept: spine.includes(edge.to) && spine.indexOf(edge.from) === spine.indexOf(edge.to) + 1,
  }));
  return { cell, nodes: [...placed, ...arrivals], edges, arrives, keptAt: spine[0] ?? '', keeping: spine[1] ?? '' };
}

/** Of what arrives, how much goes straight on to the state that is kept. */
export const keptShare = ({ edges, keptAt }: GateGraph): number =>
  edges.find(({ kept, to }) => kept && to === keptAt)?.share ?? NaN;

const boxHeight = 22;
const [sideRoom, topRoom] = [23, 31];
const textSize = 11;
/** A line for all of the gradient, the widest that is drawn for more, and the thinnest. */
const [wholeWidth, mostWidth, leastWidth] = [13, 17, 1];
/** Between a box and its neighbour, so that the edge between them is seen. */
const leastGap = 9;

/** Where the boxes of a painted graph lie, by the names of their nodes. */
export type Boxes = ReadonlyMap<string, Box>;
type Box = {
  readonly column: number;
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly half: number;
  readonly text: string;
  readonly size: number;
};

function textWidth(context: CanvasRenderingContext2D, family: string, text: string, size: number): number {
  return mathParts(text).reduce((sum, { text: piece, place }) => {
    context.font = `${place === 'line' ? size : Math.round(size * 0.8)}px ${family}`;
    return sum + context.measureText(piece).width;
  }, 0);
}

/** Where there is room a node shows its equation, where there is little its name in smaller letters. */
function boxesOf({ nodes }: GateGraph, { context, width, height, theme }: Sheet): Boxes {
  const [columnWidth, rowHeight] = [(width - 2 * sideRoom) / lastColumn, (height - 2 * topRoom) / lastRow];
  const room = columnWidth - leastGap;
  return new Map(
    nodes.map(({ name, text, forward, column, row }) => {
      const short = (text ?? name).replaceAll(' ⊙ ', columnWidth < 80 ? '⊙' : ' ⊙ ').replace('1 − z', '1−z');
      const equation = forward === null || forward === name ? short : `${name} = ${forward}`;
      const measured = (words: string): number => textWidth(context, theme.fontFamily, words, textSize) + 10;
      const shown = measured(equation) <= room - 24 ? equation : short;
      const size = Math.max(8, Math.min(textSize, textSize * ((room - 4) / (measured(shown) - 6))));
      const x = sideRoom + column * columnWidth;
      // At the edges a box may reach as far as its room does.
      const half = Math.min(measured(shown) / 2, Math.max(room / 2, 14), x - 1, width - 1 - x);
      return [name, { column, row, x, y: topRoom + row * rowHeight, half: Math.max(half, 13), text: shown, size }];
    }),
  );
}

const emptyBox: Box = { column: 0, row: 0, x: 0, y: 0, half: 0, text: '', size: textSize };

/**
 * From the side of the one box to the side of the other; between boxes of one column from edge to edge. Where the next
 * column is close and another row far, it leaves above or below, and is not squeezed between two boxes.
 */
function way(from: Box, to: Box, shift: number): Path2D {
  const path = new Path2D();
  const down = Math.sign(to.y - from.y) * (boxHeight / 2);
  const columns = Math.round(from.column - to.column);
  const rows = Math.abs(from.row - to.row);
  if (columns === 0) {
    path.moveTo(from.x + shift, from.y + down);
    path.lineTo(to.x + shift, to.y - down);
    return path;
  }
  const [x0, x1] = [from.x - from.half, to.x + to.half];
  const isInner = to.column > 0 && from.column < lastColumn;
  if (isInner && columns === 1 && rows >= 2) {
    const [start, end, middle] = [from.x - from.half * 0.55 + shift, to.x + shift, (from.y + to.y) / 2];
    path.moveTo(start, from.y + down);
    path.bezierCurveTo(start, middle, end, middle, end, to.y - down);
    return path;
  }
  if (isInner && columns === 1 && rows === 1) {
    path.moveTo(from.x + shift, from.y + down);
    path.bezierCurveTo(from.x + shift, (from.y + 2 * to.y) / 3, from.x, to.y + shift, x1, to.y + shift);
    return path;
  }
  const bend = (x0 - x1) * 0.55;
  path.moveTo(x0, from.y + shift);
  path.bezierCurveTo(x0 - bend, from.y + shift, x1 + bend, to.y + shift, x1, to.y + shift);
  return path;
}

const lineWidth = (share: number): number =>
  share > 0 ? Math.max(leastWidth, Math.min(mostWidth, wholeWidth * share)) : 0;

/** Small heads on a wide band: the way that the gradient goes. */
function heads({ context, theme }: Sheet, from: Box, to: Box, width: number): void {
  const [x0, x1] = [from.x - from.half, to.x + to.half];
  const size = Math.min(4, width / 3);
  context.strokeStyle = theme.background;
  context.lineWidth = 1.5;
  context.beginPath();
  const count = Math.max(1, Math.floor((x0 - x1) / 40));
  for (let i = 1; i <= count; i++) {
    const x = x1 + ((x0 - x1) * i) / (count + 1);
    context.moveTo(x + size / 2, from.y - size);
    context.lineTo(x - size / 2, from.y);
    context.lineTo(x + size / 2, from.y + size);
  }
  context.stroke();
}

function paintEdges(sheet: Sheet, { edges }: GateGraph, boxes: Boxes): void {
  const { context, theme } = sheet;
  const ends = ({ from, to }: GraphEdge): readonly [Box, Box] => [
    boxes.get(from) ?? emptyBox,
    boxes.get(to) ?? emptyBox,
  ];
  // What the way of the state would carry if nothing were lost.
  context.strokeStyle = withAlpha(theme.orange, theme.highContrast ? 0.3 : 0.16);
  context.lineWidth = wholeWidth;
  for (const edge of edges) if (edge.kept) context.stroke(way(...ends(edge), 0));
  // Forward lines run beside the gradient, so that either can be followed.
  context.strokeStyle = theme.muted;
  context.lineWidth = 1;
  for (const edge of edges) context.stroke(way(...ends(edge), edge.kept ? -wholeWidth / 2 - 1.5 : -3));
  const drawn = edges
    .map((edge) => ({ edge, width: lineWidth(edge.share) }))
    .filter(({ width }) => width > 0)
    .sort((a, b) => Number(a.edge.kept) - Number(b.edge.kept) || b.width - a.width);
  for (const { edge, width } of drawn) {
    context.strokeStyle = edge.kept ? theme.orange : withAlpha(theme.red, theme.highContrast ? 1 : 0.85);
    context.lineWidth = width;
    const [from, to] = ends(edge);
    context.stroke(way(from, to, edge.kept ? 0 : Math.max(0, width / 2 - 1)));
    if (edge.kept && width >= 5) heads(sheet, from, to, width);
  }
  context.lineWidth = 1;
}

function tone({ cell }: GateGraph, { name, value }: GraphNode, theme: Theme): readonly [edge: string, tint: string] {
  if (cell.gates.includes(name)) {
    const colour = gateColour(cell, name, theme);
    return [colour, withAlpha(colour, 0.22)];
  }
  return name.endsWith('_t') && value !== null && cell.states.includes(name.slice(0, -2))
    ? [theme.blue, withAlpha(theme.blue, 0.22)]
    : [theme.muted, theme.background];
}

/** `log10`: of the norm of a gradient of this step; `chosen`: the node that is looked at. Tells where the boxes lie. */
export function paintGateGraph(
  sheet: Sheet,
  graph: GateGraph,
  log10: (gradient: Float64Array) => number,
  chosen: string,
): Boxes {
  const { context, theme } = sheet;
  const boxes = boxesOf(graph, sheet);
  paintEdges(sheet, graph, boxes);
  context.textBaseline = 'middle';
  for (const node of graph.nodes) {
    const { x, y, half, text, size } = boxes.get(node.name) ?? emptyBox;
    const [edge, tint] = tone(graph, node, theme);
    const isOuter = node.value === null;
    context.beginPath();
    context.roundRect(x - half, y - boxHeight / 2, 2 * half, boxHeight, 4);
    // An opaque ground first, so that lines end at the box.
    for (const fill of [theme.background, tint]) {
      context.fillStyle = fill;
      context.fill();
    }
    context.strokeStyle = node.name === chosen ? theme.blue : isOuter ? theme.grid : edge;
    context.lineWidth = node.name === chosen ? 2.5 : 1;
    context.stroke();
    context.fillStyle = theme.foreground;
    context.textAlign = 'left';
    let at = x - textWidth(context, theme.fontFamily, text, size) / 2;
    for (const { text: piece, place } of mathParts(text)) {
      context.font = `${place === 'line' ? size : Math.round(size * 0.8)}px ${theme.fontFamily}`;
      context.fillText(piece, at, y + (place === 'line' ? 0 : place === 'sub' ? 3 : -4));
      at += context.measureText(piece).width;
    }
  }
  context.font = `10px ${theme.fontFamily}`;
  context.textAlign = 'center';
  for (const { name, value, gradient } of graph.nodes) {
    const { x, y } = boxes.get(name) ?? emptyBox;
    // A ground of its own: no rim makes a number readable on a broad line.
    const label = (words: string, at: number, colour: string): void => {
      const half = context.measureText(words).width / 2;
      const middle = Math.max(half + 1, Math.min(sheet.width - 1 - half, x));
      context.fillStyle = withAlpha(theme.background, 0.88);
      context.beginPath();
      context.roundRect(middle - half - 2, at - 6, 2 * half + 4, 11, 3);
      context.fill();
      context.fillStyle = readable(colour, theme);
      context.fillText(words, middle, at);
    };
    if (value !== null) label(formatNumber(norm(value), 3), y - boxHeight / 2 - 8, theme.muted);
    label(formatLog10(log10(gradient), 3), y + boxHeight / 2 + 9, theme.red);
  }
  context.lineWidth = 1;
  return boxes;
}

/** The node at a point, or the nearest one within reach of it. */
export function gateNodeAt({ nodes }: GateGraph, boxes: Boxes, at: Point): GraphNode | undefined {
  return nodes
    .map((node) => {
      const { x, y, half } = boxes.get(node.name) ?? emptyBox;
      return { node, away: Math.max(Math.abs(at.x - x) - half, Math.abs(at.y - y) - boxHeight / 2) };
    })
    .filter(({ away }) => away <= 16)
    .sort((a, b) => a.away - b.away)[0]?.node;
}

/** From one node to the next in a direction: the nearest one that lies there rather than to its side. */
export function nodeTowards(
  { nodes }: GateGraph,
  from: GraphNode,
  [right, down]: readonly [number, number],
): GraphNode | undefined {
  return nodes
    .map((node) => {
      const [across, along] = [node.column - from.column, node.row - from.row];
      const ahead = across * right + along * down;
      return { node, ahead, aside: Math.abs(across * down) + Math.abs(along * right) };
    })
    .filter(({ ahead }) => ahead > 0)
    .sort((a, b) => a.ahead + 2 * a.aside - (b.ahead + 2 * b.aside))[0]?.node;
}
