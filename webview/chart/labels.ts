// Places short texts on a plot where they cover neither lines nor each other.
import { plotText } from './scene.js';
import type { Painter } from './scene.js';
import type { Theme } from '../page/theme.js';

/** A place to try: an anchor and the side of it that the text stands on. */
export type Place = { readonly x: number; readonly y: number; readonly align: 'left' | 'center' | 'right' };
type Box = { readonly x0: number; readonly x1: number; readonly y: number };
type Placed = { readonly box: Box; readonly score: number };

const halfHeight = 8;
/** Further away than this a line disturbs nobody. */
const enough = 20;

export class Labels {
  readonly #painter: Painter;
  readonly #theme: Theme;
  readonly #lines: readonly ((pixel: number) => number)[];
  readonly #taken: Box[] = [];
  readonly #uprights: readonly number[];

  /**
   * `lines` give the height in pixels at a pixel of the time axis, NaN where they have a gap; at the pixels `uprights`
   * the plot is crossed from top to bottom.
   */
  constructor(
    painter: Painter,
    theme: Theme,
    lines: readonly ((pixel: number) => number)[],
    uprights: readonly number[] = [],
  ) {
    this.#uprights = uprights;
    this.#painter = painter;
    this.#theme = theme;
    this.#lines = lines;
  }

  /** The first of the texts, longest first, that the plot is wide enough for; else the last. */
  fitting(texts: readonly string[], size = 10): string {
    const { left, right } = this.#painter;
    return texts.find((text) => this.#width(text, size) <= right - left - 6) ?? texts.at(-1) ?? '';
  }

  #width(text: string, size: number): number {
    const { context } = this.#painter;
    context.save();
    context.font = `${size}px ${this.#theme.fontFamily}`;
    const { width } = context.measureText(text);
    context.restore();
    return width;
  }

  /**
   * Writes the text at the freest of the places, earlier ones winning a tie; not at all where every place would cover
   * another text. `farther`: places for a text that a line from top to bottom would cross at each of the others.
   */
  put(text: string, colour: string, places: readonly Place[], farther: readonly Place[] = [], size = 10): void {
    const width = this.#width(text, size);
    const near = this.#freest(places, width);
    const best =
      near === null || (near.score >= 0 && !this.#isCrossed(near.box))
        ? near
        : this.#freest([...places, ...farther], width);
    // Two texts on one another say less than one: the table has the number as well.
    if (best === null || best.score < 0) return;
    this.#taken.push(best.box);
    plotText(this.#painter, this.#theme, text, best.box.x0, best.box.y, colour, 'left', size);
  }

  #freest(places: readonly Place[], width: number): Placed | null {
    const { left, right, top, bottom } = this.#painter;
    let best: Placed | null = null;
    for (const { x, y, align } of places) {
      const start = align === 'left' ? x : align === 'right' ? x - width : x - width / 2;
      const x0 = Math.max(left + 3, Math.min(right - 3 - width, start));
      const box = { x0, x1: x0 + width, y: Math.max(top + halfHeight, Math.min(bottom - halfHeight, y)) };
      const score = this.#clearance(box);
      if (best === null || score > best.score) best = { box, score };
    }
    return best;
  }

  #isCrossed({ x0, x1 }: Box): boolean {
    return this.#uprights.some((x) => x0 < x + 3 && x1 > x - 3);
  }

  #clearance(box: Box): number {
    const { x0, x1, y } = box;
    let least = enough;
    for (const line of this.#lines) {
      for (let i = 0; i <= 8; i++) {
        const distance = Math.abs(line(x0 + ((x1 - x0) * i) / 8) - y);
        if (distance < least) least = distance;
      }
    }
    const covered = this.#taken.some(
      (other) => x0 < other.x1 + 6 && x1 > other.x0 - 6 && Math.abs(y - other.y) < 2 * halfHeight,
    );
    // Better near a curve than across a marker, but better there than nowhere.
    return (this.#isCrossed(box) ? least / 8 : least) - (covered ? 1000 : 0);
  }
}
