// The weights of a cell of several gates are blocks of columns side by side, one for each gate: where a column lies in
// them, and how their borders and units are written beside a map.
import { isGated } from '../page/model.js';
import { t } from '../page/l10n.js';
import type { RunSummary } from '../page/model.js';
import type { Sheet } from './card.js';

/** `H`: columns of each gate, which are its units from 0 on. */
export type GateBlocks = { readonly gates: readonly string[]; readonly H: number };

/** Of a tensor of so many columns; null where all of its columns are units, as of a cell of one gate. */
export function gateBlocks(run: RunSummary | null, columns: number): GateBlocks | null {
  if (run === null || !isGated(run)) return null;
  const {
    cell: { gates },
    shapes: { H },
  } = run;
  return columns === gates.length * H ? { gates, H } : null;
}

/** What a column leads to. */
export function columnOf(
  blocks: GateBlocks | null,
  column: number,
): { readonly gate: string | null; readonly unit: number } {
  if (blocks === null) return { gate: null, unit: column };
  const { gates, H } = blocks;
  return { gate: gates[Math.floor(column / H)] ?? null, unit: column % H };
}

/** The height that the names of the columns take below a map, in one line or two. */
const [firstLine, lineHeight] = [16, 12];
export const roomBelow = (blocks: GateBlocks | null): number => firstLine + (blocks === null ? 0 : lineHeight);

/** `0 f 15` has to have room in a block, with air around its parts. */
const air = 8;

/** What the columns of a map are: units, of each gate from 0 on. */
export function paintColumns(
  { context, theme }: Sheet,
  blocks: GateBlocks | null,
  columns: number,
  { left, top, width, height }: { readonly left: number; readonly top: number; width: number; height: number },
): void {
  const { gates, H } = blocks ?? { gates: [''], H: columns };
  const block = width / gates.length;
  const [upper, lower] = [top + height + 11, top + height + roomBelow(blocks) - 5];
  const write = (text: string, x: number, y: number, align: CanvasTextAlign): void => {
    context.textAlign = align;
    context.fillText(text, x, y);
  };
  const fits = gates.every((gate) => context.measureText(`0${gate}${H - 1}`).width + air <= block);
  context.fillStyle = theme.muted;
  if (blocks === null || fits)
    gates.forEach((_, i) => {
      write('0', left + i * block + (i > 0 ? 2 : 0), upper, 'left');
      if (H > 1) write(String(H - 1), left + (i + 1) * block - (i + 1 < gates.length ? 2 : 0), upper, 'right');
    });
  write(blocks === null || fits ? t('to unit') : t('to unit 0…{0}', H - 1), left + width / 2, lower, 'center');
  if (blocks === null) return;
  context.fillStyle = context.strokeStyle = theme.foreground;
  context.lineWidth = 1;
  context.beginPath();
  gates.forEach((gate, i) => {
    write(gate, left + (i + 0.5) * block, upper, 'center');
    if (i === 0) return;
    const x = Math.round(left + i * block) + 0.5;
    context.moveTo(x, top);
    context.lineTo(x, top + height + 5);
  });
  context.stroke();
}
