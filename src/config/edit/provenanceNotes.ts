// Notes in files that say where a matrix comes from: `// Wh: orthogonal, seed 5`. Their words are the same in every
// language, so that each is found again.
import type { Start } from '../../engine/index.js';
import { indentOf, lineBreak, replaceSpan, takesComments } from './textEdits.js';
import type { TextChange } from './textEdits.js';
import type { Span } from '../json/node.js';
import { fileName } from '../json/fileName.js';
import type { Value } from '../json/jsonValue.js';

const described: Readonly<Record<Start, string>> = {
  orthogonal: 'orthogonal',
  identity: 'identity',
  glorot: 'Glorot uniform',
  he: 'He normal',
  keras: 'Keras default',
  pytorch: 'PyTorch default',
};

/** What a note says of a fresh matrix; the identity needs no seed. */
export const origin = (way: Start, seed: number): string =>
  way === 'identity' ? described[way] : `${described[way]}, seed ${seed}`;

export const rescaledTo = (quantity: 'spectralRadius' | 'sigmaMax', to: number): string =>
  `rescaled to ${quantity === 'sigmaMax' ? 'largest singular value' : 'spectral radius'} ${to}`;

/** Continues the story of numbers whose beginning is known. */
export const andThen =
  (what: string) =>
  (earlier: string | null): string | null =>
    earlier === null ? null : `${earlier}, ${what}`;

/** A longer line is no note, and of a longer line of the value's own only this much before it is looked through. */
const longestNote = 1_000;

type Note = {
  readonly story: string;
  /** The note with its comment's signs. */
  readonly span: Span;
  /** The note with what else has to go when it goes. */
  readonly whole: Span;
};

/**
 * The note about a matrix above a value, among the comments there, or before it on its line. `ofFile`: its numbers
 * stand in the file that the value names.
 */
function noteAt(value: Value, name: string, ofFile: boolean): Note | null {
  const {
    document: { text, lines },
    place,
  } = value;
  const story =
    `${name.replace(/[^\w]/g, '\\$&')}${ofFile ? ' of [^:\\r\\n]+' : ''}: ` +
    `((?:gate \\w+ )?(?:(?:forward|reverse) )?(?:${Object.values(described).join('|')})(?:, [^\\r\\n]*?)?)`;
  let end = lines.start(place.offset);
  if (indentOf(value) === null) {
    const from = Math.max(end, place.offset - longestNote);
    const comments = /(?:\/\*[^*]*\*\/[ \t]*)+$/.exec(text.slice(from, place.offset));
    const note = comments === null ? null : new RegExp(`/\\* ${story} \\*/[ \\t]*`).exec(comments[0]);
    if (comments === null || note === null) return null;
    const whole = { offset: from + comments.index + note.index, length: note[0].length };
    return { story: note[1]!, span: { offset: whole.offset, length: note[0].trimEnd().length }, whole };
  }
  const pattern = new RegExp(`^([ \\t]*)(// ${story})$`);
  while (end > 0) {
    const start = lines.start(end - 1);
    const line = text.slice(start, Math.min(end, start + longestNote));
    if (!line.trimStart().startsWith('//')) return null;
    const note = end - start > longestNote ? null : pattern.exec(line.trimEnd());
    if (note !== null)
      return {
        story: note[3]!,
        span: { offset: start + note[1]!.length, length: note[2]!.length },
        whole: { offset: start, length: end - start },
      };
    end = start;
  }
  return null;
}

/**
 * Writes down where the numbers of a matrix come from, or brings an earlier note about it up to date: above the matrix,
 * or, where its file takes no comments, above the key of the config that names the file. `make` gets what is told so
 * far and returns what is to be told, or null to leave it at that. Nothing is changed where neither takes comments.
 */
export function annotate(
  value: Value,
  name: string,
  config: Value | null,
  make: (earlier: string | null) => string | null,
): TextChange[] {
  const naming = config?.get('weights') ?? null;
  const own = takesComments(value.document) ? noteAt(value, name, false) : null;
  const ofFile = naming === null ? null : noteAt(naming, name, true);
  const story = make((own ?? ofFile)?.story ?? null);
  if (story === null) return [];
  // Numbers that were moved are told about in one place only.
  if (takesComments(value.document))
    return [
      write(value, own, `${name}: ${story}`),
      ...(ofFile === null || naming === null ? [] : [replaceSpan(naming.document, ofFile.whole, '')]),
    ];
  if (naming?.node.kind !== 'string' || !takesComments(naming.document)) return [];
  return [write(naming, ofFile, `${name} of ${fileName(naming.node.value)}: ${story}`)];
}

function write(value: Value, earlier: Note | null, text: string): TextChange {
  const { document, place } = value;
  const indent = indentOf(value);
  const comment = indent === null ? `/* ${text} */` : `// ${text}`;
  if (earlier !== null) return replaceSpan(document, earlier.span, comment);
  return replaceSpan(
    document,
    { offset: place.offset, length: 0 },
    indent === null ? `${comment} ` : `${comment}${lineBreak(document.text)}${indent}`,
  );
}
