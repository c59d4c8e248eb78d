// What the file of the sequences calls a step: a date, a word, a character.
import type { RunSummary } from './model.js';

/** Blanks of a text are seen. */
const seen: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\r': '↵', '\t': '⇥' };

/** Empty where it has no name. A reverse layer counts from the end of the sequence. */
export function stepLabel(
  { labels, layers: [{ direction }], shapes: { T } }: RunSummary,
  t: number,
  sequence: number,
): string {
  if (labels === null) return '';
  const at = sequence * labels.stride + (direction === 'reverse' ? T - 1 - t : t);
  const text = labels.texts[at] ?? '';
  return seen[text] ?? text;
}

/** `t = 7 · 2010-03-04`. */
export function namedStep(run: RunSummary | null, t: number, sequence: number): string {
  const label = run === null ? '' : stepLabel(run, t, sequence);
  return label === '' ? `t = ${t}` : `t = ${t} · ${label}`;
}
