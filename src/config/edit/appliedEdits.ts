// Changes made in a text without an editor, and many of them told as one.
import { Lines } from '../json/lineIndex.js';
import type { TextChange } from './textEdits.js';

/** The text after the changes, which do not overlap; of several at one place the first comes first. */
export function applied(text: string, changes: readonly TextChange[]): string {
  const lines = new Lines(text, () => undefined);
  return changes
    .map(({ range, text: put }, i) => ({ from: lines.offset(range.start), to: lines.offset(range.end), put, i }))
    .sort((a, b) => b.from - a.from || b.i - a.i)
    .reduce((all, { from, to, put }) => all.slice(0, from) + put + all.slice(to), text);
}

/** The one change that makes a text of another: what both begin and end with stays. */
export function changeBetween(file: string, before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const range = new Lines(before, () => undefined).range({ offset: start, length: before.length - end - start });
  return { file, range, text: after.slice(start, after.length - end) };
}
