// Tracks as a PNG for a paper: title, legend and time axis on the picture, two pixels for each on the screen.
import { colourMap } from './colours.js';
import { mathParts } from './dom.js';
import { t } from './l10n.js';
import { olderWord } from './older.js';
import type { Page } from './view.js';
import type { Track } from './track.js';

export type SaveFile = (file: { readonly suggestedName: string; readonly content: string | Uint8Array }) => void;

const ratio = 2;
const width = 900;
const headHeight = 40;

/** Writes `math` text with its sub- and superscripts; returns where it ends. */
export function paintMath(context: CanvasRenderingContext2D, family: string, size: number, text: string, x: number, y: number): number {
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

function paintHead(context: CanvasRenderingContext2D, track: Track, { model, themes: { current: theme } }: Page): void {
  const font = (size: number, weight = ''): string => `${weight} ${size}px ${theme.fontFamily}`.trim();
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = theme.foreground;
  context.font = font(13, '600');
  context.fillText(track.view.title, 12, 13);
  const after = 12 + context.measureText(track.view.title).width + 10;
  context.fillStyle = theme.muted;
  paintMath(context, theme.fontFamily, 11, [...(track.view.older?.() === true ? [olderWord()] : []), track.view.formula()].join(' · '), after, 13);
  let x = 64;
  for (const line of track.legend) {
    context.strokeStyle = line.colour;
    context.lineWidth = line.width;
    context.setLineDash([...line.dash]);
    context.beginPath();
    context.moveTo(x, 31);
    context.lineTo(x + 22, 31);
    context.stroke();
    context.setLineDash([]);
    x = paintMath(context, theme.fontFamily, 11, line.legend ?? '', x + 28, 31) + 18;
  }
  const { run } = model;
  for (const { text } of run === null ? [] : (track.view.facts?.(run) ?? [])) x = paintMath(context, theme.fontFamily, 11, text, x, 31) + 18;
  const bar = track.view.colourBar(theme);
  if (bar !== null) {
    context.fillText(bar.low, x, 31);
    x += context.measureText(bar.low).width + 6;
    for (let i = 0; i < 120; i++) {
      const from = bar.from ?? -1;
      context.fillStyle = bar.map.css(from + ((1 - from) * i) / 120);
      context.fillRect(x + i, 27, 1, 8);
    }
    context.fillStyle = theme.muted;
    const end = bar.middle === '' ? bar.high : `${bar.high}   ${t('middle {0}', bar.middle)}`;
    context.fillText(end, x + 126, 31);
    x += 126 + context.measureText(end).width + 18;
  }
  const notFinite = track.view.notFinite?.() ?? null;
  if (notFinite === null) return;
  context.fillStyle = colourMap(theme).css(NaN);
  context.fillRect(x, 27, 22, 8);
  context.fillStyle = theme.muted;
  context.fillText(notFinite, x + 28, 31);
}

export async function pngOf(canvas: HTMLCanvasElement): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  if (blob === null) throw new Error(t('The picture is too large for a PNG.'));
  return new Uint8Array(await blob.arrayBuffer());
}

/** All given tracks that are unfolded, one under the other, as one PNG. */
export async function savePicture(tracks: readonly Track[], page: Page, suggestedName: string, save: SaveFile): Promise<void> {
  const parts = tracks.flatMap((track) => {
    const plot = track.picture(width, ratio);
    return plot === null ? [] : [{ track, plot }];
  });
  const canvas = document.createElement('canvas');
  canvas.width = width * ratio;
  canvas.height = parts.reduce((sum, { plot }) => sum + plot.height + headHeight * ratio, 0);
  const context = canvas.getContext('2d');
  if (context === null || parts.length === 0) return;
  context.fillStyle = page.themes.current.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  let y = 0;
  for (const { track, plot } of parts) {
    context.save();
    context.translate(0, y);
    context.scale(ratio, ratio);
    paintHead(context, track, page);
    context.restore();
    context.drawImage(plot, 0, y + headHeight * ratio);
    y += plot.height + headHeight * ratio;
  }
  save({ suggestedName, content: await pngOf(canvas) });
}
