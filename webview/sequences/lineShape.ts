// Lines of numbers as shapes: the windows of a table over each other, and where they lie in all of its rows.
import type { DrawnSteps } from '../../src/protocol/index.js';

const space = 'http://www.w3.org/2000/svg';

export function shape(tag: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Pixels of steps and of numbers. */
export type Axes = { readonly x: (step: number) => number; readonly y: (value: number) => number };

/** A stroke through all steps; what is no number is a gap. */
export function strokeOf({ t, values }: DrawnSteps, { x, y }: Axes): string {
  let path = '';
  let isDown = false;
  for (let i = 0; i < t.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) {
      isDown = false;
      continue;
    }
    const at = `${x(t[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
    path += isDown ? `L${at}` : `M${at}`;
    // A step alone would be no line.
    if (!isDown && !Number.isFinite(values[i + 1] ?? NaN)) path += 'h0.1';
    isDown = true;
  }
  return path;
}
