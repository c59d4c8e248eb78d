import { t } from '@vscode/l10n';
import { foldIssues } from './foldedIssues.js';
import { printable } from './syntaxIssues.js';
import { Lines } from './lineIndex.js';
import type { JsonNode } from './node.js';
import { parseJson } from './parse.js';
import type { Tick } from './scanner.js';
import { parseBytes } from './fastParse.js';
import { pathsAt } from './paths.js';
import type { Problem } from './problem.js';

/**
 * A JSON file that has been read. `root` is null when it cannot be understood; the problems then say why. The text is
 * decoded when it is first asked for.
 */
export type Document = {
  readonly id: string;
  readonly text: string;
  readonly lines: Lines;
  readonly root: JsonNode | null;
  readonly problems: readonly Problem[];
  readonly tick: Tick;
  /** Which format of tensors it is, such as "a NumPy .npy file"; null for a text. Such a file has no text to edit. */
  readonly binary: string | null;
  /** Numbers that a file of tensors holds beside them, by their names: the step of a training script, its loss. */
  readonly notes?: ReadonlyMap<string, number>;
};

/** Keys that stand twice are told up to this number. */
const mostDuplicates = 20;

/**
 * Decodes and parses the bytes of a file: UTF-8 with or without byte order mark, comments and trailing commas allowed.
 */
export function readDocument(id: string, bytes: Uint8Array, tick: Tick): Document {
  const why = whyNotJson(bytes);
  if (why !== null) return unreadable(id, why, tick);
  const sound = parseBytes(bytes, tick);
  if (sound !== null) return new SoundDocument(id, bytes, sound.root, tick);
  const text = decoded(bytes, tick);
  if (text === null) return unreadable(id, notUtf8(true), tick);
  const lines = new Lines(text, tick);
  const { root, issues, issueCount, duplicates } = parseJson(text, tick, lines);
  const folded = foldIssues(text, issues, issueCount);
  const toldTwice = duplicates.slice(0, mostDuplicates);
  const pathAt = pathsAt(
    text,
    root,
    [...issues.map(({ offset }) => offset), ...toldTwice.map(({ keySpan }) => keySpan.offset)],
    tick,
  );
  const problems: Problem[] = folded.map(
    ({ issue: { offset, length, code, message, expected, found, advice, fix, fixAt }, more }) => ({
      file: id,
      range: lines.range({ offset, length }),
      path: pathAt(offset),
      severity: 'error',
      code,
      message,
      expected,
      found,
      advice,
      ...(more === 0 ? {} : { followUps: more }),
      ...(fix === undefined ? {} : { fix: fixAt === undefined ? fix : { ...fix, at: lines.range(fixAt) } }),
    }),
  );
  const last = issues.at(-1);
  const isBroken = issues.some(({ broken }) => broken);
  if (last !== undefined && issueCount > issues.length && !isBroken) {
    problems.push({
      file: id,
      range: lines.range(last),
      path: '',
      severity: 'error',
      code: last.code,
      message: t('{0} more places in this file are not JSON.', issueCount - issues.length),
      expected: 'JSON',
      found: t('{0} mistakes', issueCount),
      advice: t('Mend the first ones; the others often follow from them.'),
    });
  }
  for (const { key, keySpan } of toldTwice) {
    const shown = printable(key);
    problems.push({
      file: id,
      range: lines.range(keySpan),
      path: pathAt(keySpan.offset),
      severity: 'warning',
      code: 'duplicate-key',
      message: t('The key "{0}" stands here a second time; only the last one counts.', shown),
      expected: t('every key once'),
      found: t('"{0}" again', shown),
      advice: t('Remove one of them.'),
    });
  }
  return {
    id,
    text,
    lines,
    root: isBroken || isBareWord(root) ? null : root,
    problems,
    tick,
    binary: null,
  };
}

/** A table or a text, which only its reader can understand. */
export function plainDocument(id: string, bytes: Uint8Array, tick: Tick): Document {
  const text = decoded(bytes, tick);
  const isWide = isUtf16(bytes);
  if (text === null || isWide) return unreadable(id, isWide ? inUtf16() : notUtf8(false), tick, t('text in UTF-8'));
  const root = { kind: 'plain', offset: 0, length: 1 } as const;
  return { id, text, lines: new Lines(text, tick), root, problems: [], tick, binary: null };
}

/** A file without any problem, of which mostly the numbers are wanted: its text is larger than they are. */
class SoundDocument implements Document {
  readonly id: string;
  readonly root: JsonNode | null;
  readonly problems: readonly Problem[] = [];
  readonly tick: Tick;
  readonly binary = null;
  readonly #bytes: Uint8Array;
  #text: string | null = null;
  #lines: Lines | null = null;

  constructor(id: string, bytes: Uint8Array, root: JsonNode | null, tick: Tick) {
    this.id = id;
    this.root = root;
    this.tick = tick;
    this.#bytes = bytes;
  }

  get text(): string {
    // Its bytes have been decoded once, in pieces.
    return (this.#text ??= decoded(this.#bytes, this.tick)!);
  }

  get lines(): Lines {
    return (this.#lines ??= new Lines(this.text, this.tick));
  }
}

/** Bytes that are decoded between two ticks. */
const bytesAtOnce = 1 << 20;

/** The text of UTF-8, or null when it is none. */
function decoded(bytes: Uint8Array, tick: Tick): string | null {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pieces: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += bytesAtOnce) {
      pieces.push(decoder.decode(bytes.subarray(at, at + bytesAtOnce), { stream: true }));
      tick();
    }
    pieces.push(decoder.decode());
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
  return pieces.join('');
}

/** A file that is nothing but a word such as NaN; that has been reported. */
const isBareWord = (root: JsonNode | null): boolean => root?.kind === 'number' && Number.isNaN(root.value);

type NotJson = {
  readonly code: 'not-json';
  readonly message: string;
  readonly found: string;
  readonly advice: string;
};

/** The first byte behind blanks and a byte order mark. */
export const firstByteOf = (bytes: Uint8Array): number | undefined =>
  bytes.find((byte, i) => byte > 0x20 && !(i < 3 && [0xef, 0xbb, 0xbf].includes(byte)));

/** Whether it begins as HTML and XML do, and neither JSON nor a file of numbers. */
export const beginsAsPage = (bytes: Uint8Array): boolean => firstByteOf(bytes) === 0x3c;

/** What helps where a page was saved. */
export const pageAdvice = (): string =>
  t('A link to a page was perhaps saved instead of the file: download the file itself.');

function whyNotJson(bytes: Uint8Array): NotJson | null {
  if (beginsAsPage(bytes))
    return {
      code: 'not-json',
      message: t('The file is HTML or XML, not JSON.'),
      found: '<',
      advice: pageAdvice(),
    };
  return isUtf16(bytes) ? inUtf16() : null;
}

const notUtf8 = (isJson: boolean): NotJson => ({
  code: 'not-json',
  message: t('The file is not UTF-8 text.'),
  found: t('bytes that are no UTF-8'),
  advice: isJson
    ? t('Save it as UTF-8, or name a JSON file.')
    : t('Save it as UTF-8 (in VS Code: "Save with Encoding").'),
});

const inUtf16 = (): NotJson => ({
  code: 'not-json',
  message: t('The file is saved as UTF-16.'),
  found: t('UTF-16 text'),
  advice: t('Save it as UTF-8 (in VS Code: "Save with Encoding").'),
});

const isAscii = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x09 && byte < 0x7f;

/** By its mark, or by ASCII of which every second byte is zero, which no text in UTF-8 holds. */
export function isUtf16([a, b, c, d]: Uint8Array): boolean {
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  return isAscii(a) && isAscii(c) ? b === 0 && d === 0 : isAscii(b) && isAscii(d) && a === 0 && c === 0;
}

function unreadable(id: string, format: NotJson, tick: Tick, expected: string = t('JSON text in UTF-8')): Document {
  const start = { line: 0, character: 0 };
  const problem: Problem = {
    file: id,
    range: { start, end: start },
    path: '',
    severity: 'error',
    expected,
    ...format,
  };
  return { id, text: '', lines: new Lines('', tick), root: null, problems: [problem], tick, binary: null };
}
