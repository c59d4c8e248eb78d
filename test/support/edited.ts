// Changes of a text made without an editor.
import type { TextChange } from '../../src/config/edit/textEdits.js';

/** The text after the changes, which do not overlap. */
export function edited(text: string, changes: readonly Omit<TextChange, 'file'>[]): string {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ line, character }: { line: number; character: number }): number => starts[line]! + character;
  return changes
    .map(({ range, text: put }, i) => ({ from: offset(range.start), to: offset(range.end), put, i }))
    .sort((a, b) => b.from - a.from || b.i - a.i || b.to - a.to)
    .reduce((all, { from, to, put }) => all.slice(0, from) + put + all.slice(to), text);
}
