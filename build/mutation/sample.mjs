// A fixed share of all mutants, by their places alone: the same ones wherever and whenever they are tried.
import { createHash } from 'node:crypto';

/** Whether a mutant at this place of this file (as the project names it), with this text, is among that `share`. */
export function isInSample(share, file, { start, end }, replacement) {
  if (share >= 1) return true;
  const place = [file, start.line, start.column, end.line, end.column, replacement].join(' ');
  return createHash('sha256').update(place).digest().readUInt32BE() / 2 ** 32 < share;
}
