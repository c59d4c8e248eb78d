// Arrows of the unrolled network: what goes forward, and the gradient as a band.
import { withAlpha } from '../page/colourMaths.js';
import type { Theme } from '../page/theme.js';

/** Upright, `from` and `to` are heights and `across` is a place from left to right. */
export type Way = {
  readonly from: number;
  readonly to: number;
  readonly across: number;
  readonly upright?: boolean;
};

/** Paints as if the way lay: upright ones with both axes in each other's place. */
function along(context: CanvasRenderingContext2D, { upright = false }: Way, paint: () => void): void {
  context.save();
  if (upright) context.transform(0, 1, 1, 0, 0, 0);
  paint();
  context.restore();
}

export function arrow(context: CanvasRenderingContext2D, way: Way): void {
  const { from, to, across } = way;
  const head = from < to ? -4 : 4;
  along(context, way, () => {
    context.beginPath();
    context.moveTo(from, across);
    context.lineTo(to, across);
    context.moveTo(to + head, across - 3);
    context.lineTo(to, across);
    context.lineTo(to + head, across + 3);
    context.stroke();
  });
}

/**
 * The gradient between two steps: a band from the width at `from` to that at `to`, with a head. Dashed where nothing is
 * left. `most`: its width where all is there.
 */
export function stream(
  context: CanvasRenderingContext2D,
  way: Way,
  before: number | null,
  after: number | null,
  theme: Theme,
  most = 10,
): void {
  if (after === null) {
    context.save();
    context.strokeStyle = theme.muted;
    context.setLineDash([2, 3]);
    arrow(context, way);
    context.restore();
    return;
  }
  const { from, to, across } = way;
  const [start, end] = [1 + (most - 1) * (before ?? after), 1 + (most - 1) * after];
  const head = to + Math.sign(from - to) * Math.min(7, Math.abs(from - to) / 2);
  along(context, way, () => {
    context.fillStyle = withAlpha(theme.red, 0.35 + 0.65 * after);
    context.beginPath();
    context.moveTo(from, across - start / 2);
    context.lineTo(head, across - end / 2);
    context.lineTo(head, across - end / 2 - 2.5);
    context.lineTo(to, across);
    context.lineTo(head, across + end / 2 + 2.5);
    context.lineTo(head, across + end / 2);
    context.lineTo(from, across + start / 2);
    context.closePath();
    context.fill();
  });
}

export const subscript = (t: number): string => String(t).replace(/\d/g, (digit) => '₀₁₂₃₄₅₆₇₈₉'.charAt(Number(digit)));
