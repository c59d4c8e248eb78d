// The diverging colour map of the heatmaps: orange for negative, the editor's background for zero, blue for positive.
// Blue and orange stay apart for every common kind of colour blindness; equal steps in OKLab (Ottosson 2020) look
// equally far apart.
import { fromLch, fromOklab, luminance, parseColour, toOklab } from './colourMaths.js';
import type { Triple } from './colourMaths.js';
import type { Theme } from './theme.js';

/** Anchors by the lightness of the background: [orange, blue] as OKLCh (lightness, chroma, hue in degrees). */
const anchors: Readonly<Record<Theme['kind'], readonly [Triple, Triple]>> = {
  dark: [
    [0.7, 0.165, 52],
    [0.7, 0.15, 250],
  ],
  light: [
    [0.56, 0.165, 45],
    [0.48, 0.17, 258],
  ],
  'high-contrast': [
    [0.8, 0.17, 60],
    [0.78, 0.14, 240],
  ],
  'high-contrast-light': [
    [0.5, 0.16, 42],
    [0.42, 0.18, 260],
  ],
};

/** Contrast that text of this size needs (WCAG 2.2, 1.4.3). */
const enoughContrast = 4.5;

/** The colour as text: mixed with the foreground until it can be read on the background. Lines keep the pure colour. */
export function readable(colour: string, { background, foreground }: Theme): string {
  const [from, to, behind] = [
    toOklab(parseColour(colour)),
    toOklab(parseColour(foreground)),
    luminance(parseColour(background)),
  ];
  for (let share = 0; share < 1; share += 0.1) {
    const mix = (channel: 0 | 1 | 2): number => from[channel] + (to[channel] - from[channel]) * share;
    const mixed = fromOklab([mix(0), mix(1), mix(2)]);
    const front = luminance(mixed);
    if ((Math.max(front, behind) + 0.05) / (Math.min(front, behind) + 0.05) >= enoughContrast)
      return `rgb(${mixed.join(', ')})`;
  }
  return foreground;
}

/** Text on a ground of this colour: whichever of the theme's two ends can be read better. */
export function onColour(ground: string, { background, foreground }: Theme): string {
  const behind = luminance(parseColour(ground));
  const contrast = (colour: string): number => {
    const front = luminance(parseColour(colour));
    return (Math.max(front, behind) + 0.05) / (Math.min(front, behind) + 0.05);
  };
  return contrast(background) > contrast(foreground) ? background : foreground;
}

/** Entries 0 … 254 for −1 … 1 (127 is zero), 255 for a value that is not finite. Packed as the pixels of ImageData. */
export class ColourMap {
  readonly #table = new Uint32Array(256);
  readonly #css: string[] = [];

  /** `high`: the colour at 1, where it is not the blue one. */
  constructor(theme: Theme, high?: string) {
    const zero = toOklab(parseColour(theme.background));
    const [negative, positive] = anchors[theme.kind];
    const bytes = new Uint8ClampedArray(this.#table.buffer);
    const put = (index: number, [r, g, b]: Triple): void => {
      bytes.set([r, g, b, 255], index * 4);
      this.#css[index] = `rgb(${r}, ${g}, ${b})`;
    };
    for (let index = 0; index < 255; index++) {
      const share = (index - 127) / 127;
      const end = share < 0 ? fromLch(negative) : high === undefined ? fromLch(positive) : toOklab(parseColour(high));
      const mix = (channel: 0 | 1 | 2): number => zero[channel] + (end[channel] - zero[channel]) * Math.abs(share);
      put(index, fromOklab([mix(0), mix(1), mix(2)]));
    }
    put(255, parseColour(theme.purple));
  }

  /** Index of a value in [−1, 1]; beyond is clamped. */
  static index(value: number): number {
    return Number.isFinite(value) ? 127 + Math.round(127 * Math.max(-1, Math.min(1, value))) : 255;
  }

  css(value: number): string {
    return this.#css[ColourMap.index(value)] ?? '';
  }

  /** One pixel per value, in the order given. */
  pixels(values: Float32Array, scale: number): Uint8ClampedArray<ArrayBuffer> {
    const pixels = new Uint32Array(values.length);
    const table = this.#table;
    for (let i = 0; i < values.length; i++) pixels[i] = table[ColourMap.index((values[i] ?? NaN) * scale)] ?? 0;
    return new Uint8ClampedArray(pixels.buffer);
  }
}

const reds = new WeakMap<Theme, ColourMap>();

/** From the background to the colour of the gradient, for 0 … 1. */
export function gradientColours(theme: Theme): ColourMap {
  const map = reds.get(theme) ?? new ColourMap(theme, theme.red);
  reds.set(theme, map);
  return map;
}

const maps = new WeakMap<Theme, ColourMap>();

export function colourMap(theme: Theme): ColourMap {
  const map = maps.get(theme) ?? new ColourMap(theme);
  maps.set(theme, map);
  return map;
}
