// Which mutants are tried: a fixed share of all, by their places alone (the same ones wherever and whenever they are
// tried), or those that survived the last time.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A mutant as a line: where it stands in a file (as the project names it), and what it says instead. */
export const lineOf = (file, { location: { start }, mutatorName, replacement }) =>
  `${file}:${start.line}:${start.column} ${mutatorName}: ${JSON.stringify(replacement)}`;

/** Whether a mutant of this file is tried, by `share` or by the lines of `from`. */
export function choice({ share, from }) {
  if (from !== undefined) {
    const lines = new Set(readFileSync(from, 'utf8').split('\n'));
    return (file, mutant) => lines.has(lineOf(file, mutant));
  }
  return (file, { location: { start, end }, replacement }) => {
    if (share >= 1) return true;
    const place = [file, start.line, start.column, end.line, end.column, replacement].join(' ');
    return createHash('sha256').update(place).digest().readUInt32BE() / 2 ** 32 < share;
  };
}
