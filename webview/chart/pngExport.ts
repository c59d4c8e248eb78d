// Tracks as a PNG for a paper: title, legend and time axis on the picture, two pixels for each on the screen.
import { colourMap } from '../page/colours.js';
import { mathParts } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { olderWord } from '../widgets/staleMark.js';
import { formulaOf } from '../page/stepLabels.js';
import { plotPicture } from './chart.js';
import { layerName } from '../page/layerNames.js';
import { sizeFacts } from '../page/sizeFacts.js';
import { verdictName } from '../page/verdictNames.js';
import type { RunSummary } from '../page/model.js';
import type { Page } from './trackView.js';
import type { PlotOptions } from './plot.js';
import type { Line } from './scene.js';
import type { View } from './trackView.js';

/** What can be saved as a picture: a track with its legend, and its plot; null while it is folded. */
export type Pictured = {
  readonly view: View;
  readonly legend: readonly Line[];
  /** Ids of the lines that are not drawn. */
  readonly hidden: ReadonlySet<string>;
  plotted(): PlotOptions | null;
  /** Of the plot, in CSS pixels. */
  readonly height: number;
};

export type SaveFile = (file: { readonly suggestedName: string; readonly content: string | Uint8Array }) => void;

const ratio = 2;
const width = 900;
const headHeight = 40;
/** Of the time axis below a plot. */
const axisHeight = 34;
/** Of the line that names the run, above all. */
const runHeight = 20;
/** Where the legend begins, and the height of each further line of it. */
const [legendLeft, rowHeight] = [64, 17];

/** Writes `math` text with its sub- and superscripts; returns where it ends. */
export function paintMath(
  context: CanvasRenderingContext2D,
  family: string,
  size: number,
  text: string,
  x: number,
  y: number,
): number {
  let end = x;
  for (const part of mathParts(text)) {
    const inLine = part.place === 'line';
    context.font = `${inLine ? size : Math.round(size * 0.75)}px ${family}`;
    context.fillText(part.text, end, y + (inLine ? 0 : part.place === 'sub' ? size * 0.28 : -size * 0.35));
    end += context.measureText(part.text).width;
  }
  context.font = `${size}px ${family}`;
  return end;
}

/** What stays together in the legend: paints itself from x on and says where it ends. */
type Piece = (context: CanvasRenderingContext2D, x: number, y: number) => number;

function legendOf(track: Pictured, { model: { run }, themes: { current: theme } }: Page): Piece[] {
  const word =
    (text: string): Piece =>
    (context, x, y) =>
      paintMath(context, theme.fontFamily, 11, text, x, y);
  const bar = track.view.colourBar(theme);
  const notFinite = track.view.notFinite?.() ?? null;
  return [
    ...track.legend.map((line): Piece => (context, x, y) => {
      context.strokeStyle = line.colour;
      context.lineWidth = line.width;
      context.setLineDash([...line.dash]);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 22, y);
      context.stroke();
      context.setLineDash([]);
      return word(line.legend ?? '')(context, x + 28, y);
    }),
    ...(run === null ? [] : (track.view.facts?.(run, track.hidden) ?? [])).map(({ text }) => word(text)),
    ...(bar === null
      ? []
      : [
          (context: CanvasRenderingContext2D, x: number, y: number): number => {
            const start = word(bar.low)(context, x, y) + 6;
            const from = bar.from ?? -1;
            for (let i = 0; i < 120; i++) {
              context.fillStyle = bar.map.css(from + ((1 - from) * i) / 120);
              context.fillRect(start + i, y - 4, 1, 8);
            }
            context.fillStyle = theme.muted;
            return word(bar.middle === '' ? bar.high : `${bar.high}   ${t('middle {0}', bar.middle)}`)(
              context,
              start + 126,
              y,
            );
          },
        ]),
    ...(notFinite === null
      ? []
      : [
          (context: CanvasRenderingContext2D, x: number, y: number): number => {
            context.fillStyle = colourMap(theme).css(NaN);
            context.fillRect(x, y - 4, 22, 8);
            context.fillStyle = theme.muted;
            return word(notFinite)(context, x + 28, y);
          },
        ]),
  ];
}

/** Pieces in lines that are no longer than the picture is wide. */
function inRows(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const scratch = document.createElement('canvas').getContext('2d');
  let row: Piece[] = [];
  const rows = [row];
  let x = legendLeft;
  for (const piece of pieces) {
    const length = scratch === null ? 0 : piece(scratch, 0, 0);
    if (row.length > 0 && x + length > width - 12) {
      rows.push((row = []));
      x = legendLeft;
    }
    row.push(piece);
    x += length + 18;
  }
  return rows;
}

function paintHead(
  context: CanvasRenderingContext2D,
  track: Pictured,
  { model: { run }, themes: { current: theme } }: Page,
  rows: ReturnType<typeof inRows>,
): void {
  const font = (size: number, weight = ''): string => `${weight} ${size}px ${theme.fontFamily}`.trim();
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = theme.foreground;
  context.font = font(13, '600');
  context.fillText(track.view.title, 12, 13);
  const after = 12 + context.measureText(track.view.title).width + 10;
  context.fillStyle = theme.muted;
  paintMath(
    context,
    theme.fontFamily,
    11,
    [...(track.view.older?.() === true ? [olderWord()] : []), formulaOf(run, track.view.formula())].join(' · '),
    after,
    13,
  );
  rows.forEach((row, i) => {
    let x = legendLeft;
    for (const piece of row) x = piece(context, x, 31 + i * rowHeight) + 18;
  });
}

export async function pngOf(canvas: HTMLCanvasElement): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  if (blob === null) throw new Error(t('The picture is too large for a PNG.'));
  return new Uint8Array(await blob.arrayBuffer());
}

/** What the picture is of, and what was found; of a network also which layer its curves are those of. */
function runLine(run: RunSummary): string {
  const { name, network, verdict } = run;
  return [
    name,
    ...sizeFacts(run),
    verdictName((network?.verdict ?? verdict).kind),
    ...(network === null || network.layers.length === 1
      ? []
      : [`${layerName(network, network.shown)}: ${verdictName(verdict.kind)}`]),
  ].join(' · ');
}

/** All given tracks that are unfolded, one under the other, as one PNG. */
export async function savePicture(
  tracks: readonly Pictured[],
  page: Page,
  suggestedName: string,
  save: SaveFile,
): Promise<void> {
  const parts = tracks.flatMap((track) => {
    const plotted = track.plotted();
    const rows = inRows(legendOf(track, page));
    if (plotted === null) return [];
    const plot = plotPicture(plotted, width, track.height + axisHeight, ratio);
    return [{ track, plot, rows, head: (headHeight + (rows.length - 1) * rowHeight) * ratio }];
  });
  const canvas = document.createElement('canvas');
  canvas.width = width * ratio;
  canvas.height = runHeight * ratio + parts.reduce((sum, { plot, head }) => sum + plot.height + head, 0);
  const context = canvas.getContext('2d');
  if (context === null || parts.length === 0) return;
  context.fillStyle = page.themes.current.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const { run } = page.model;
  if (run !== null) {
    context.save();
    context.scale(ratio, ratio);
    context.textBaseline = 'middle';
    context.fillStyle = page.themes.current.muted;
    context.font = `11px ${page.themes.current.fontFamily}`;
    context.fillText(runLine(run), 12, runHeight / 2 + 2, width - 24);
    context.restore();
  }
  let y = runHeight * ratio;
  for (const { track, plot, rows, head } of parts) {
    context.save();
    context.translate(0, y);
    context.scale(ratio, ratio);
    paintHead(context, track, page, rows);
    context.restore();
    context.drawImage(plot, 0, y + head);
    y += plot.height + head;
  }
  save({ suggestedName, content: await pngOf(canvas) });
}
