// A text as numbers: its characters or words, each by its place in a vocabulary.
import { t } from '@vscode/l10n';
import type { Value } from '../json/jsonValue.js';
import { describeNode, quote } from '../json/node.js';
import { cut } from '../json/problem.js';
import { maxRepeats } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';

export type TokenKind = 'characters' | 'words';
/** `made`: of the text itself. */
export type Vocabulary = { readonly tokens: readonly string[]; readonly made: boolean };
export type Tokens = { readonly ids: Int32Array; readonly vocabulary: Vocabulary };

/** What stands in a vocabulary for every token that it does not have. */
const unknownNames = ['<unk>', '[UNK]', '<UNK>', '<oov>'];
const tokensPerTick = 16_384;

/** Characters are code points; words are what stands between blanks. */
function* tokensOf(text: string, kind: TokenKind): Generator<{ readonly token: string; readonly at: number }> {
  if (kind === 'words') for (const { 0: token, index } of text.matchAll(/\S+/gu)) yield { token, at: index };
  else
    for (let at = 0; at < text.length;) {
      const token = String.fromCodePoint(text.codePointAt(at)!);
      yield { token, at };
      at += token.length;
    }
}

/** `listed`: the root of a vocabulary file; null makes one of the text. Null after a report. */
export function readTokens(root: Value, kind: TokenKind, listed: Value | null, report: Report): Tokens | null {
  const { text, tick } = root.document;
  const tokens = listed === null ? made(text, kind, tick) : listedTokens(listed, report);
  if (tokens === null) return null;
  const places = new Map(tokens.map((token, i) => [token, i]));
  const unknown = unknownNames.map((name) => places.get(name)).find((place) => place !== undefined) ?? null;
  let ids = new Int32Array(1024);
  let [count, told] = [0, 0];
  for (const { token, at } of tokensOf(text, kind)) {
    if (count % tokensPerTick === 0) tick();
    const id = places.get(token) ?? unknown;
    if (id === null && told++ < maxRepeats)
      report.error(root.at({ offset: at, length: token.length }, ''), {
        code: 'wrong-value',
        message: t('{0} is not in the vocabulary.', quote(token)),
        expected: t('a token that it has'),
        found: quote(token),
        advice: t('Add it to the vocabulary, or "<unk>" for everything that it does not have.'),
      });
    if (count === ids.length) {
      const larger = new Int32Array(2 * count);
      larger.set(ids);
      ids = larger;
    }
    ids[count++] = id ?? 0;
  }
  if (count === 0)
    report.error(root, {
      code: 'empty-sequence',
      message: t('The text is empty.'),
      expected: t('at least one token'),
      found: t('none'),
      advice: t('Name another file.'),
    });
  return told > 0 || count === 0
    ? null
    : { ids: ids.subarray(0, count), vocabulary: { tokens, made: listed === null } };
}

/** Each token once, in the order of code points, so that the same text always has the same one. */
function made(text: string, kind: TokenKind, tick: () => void): string[] {
  const known = new Set<string>();
  let count = 0;
  for (const { token } of tokensOf(text, kind)) {
    if (count++ % tokensPerTick === 0) tick();
    known.add(token);
  }
  return [...known].sort(byCodePoints);
}

/** UTF-16 puts what takes two units before the last of those that take one. */
const weight = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [p, q] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (p !== q) return weight(p) - weight(q);
  }
  return a.length - b.length;
}

/** A JSON list of texts, an object of places by tokens, or a token a line. Null after a report. */
function listedTokens(root: Value, report: Report): string[] | null {
  const { node, document } = root;
  if (node.kind === 'plain') {
    // The last line has an end of its own in most files; a line that is empty is the token of a line break.
    const lines = document.text.split(/\r\n|\n|\r/);
    if (lines.at(-1) === '') lines.pop();
    if (lines.length > 0) return lines;
  }
  if (node.kind === 'array' && node.items.every((item) => item.kind === 'string'))
    return node.items.map(({ value }) => value);
  if (node.kind === 'object' && node.properties.length > 0) {
    const tokens = new Array<string | undefined>(node.properties.length).fill(undefined);
    for (const { key, value } of node.properties)
      if (value.kind === 'number' && Number.isInteger(value.value) && value.value >= 0 && value.value < tokens.length)
        tokens[value.value] = key;
    if (tokens.every((token) => token !== undefined)) return tokens;
  }
  report.error(root, {
    code: 'wrong-type',
    message: t('The file is no vocabulary.'),
    expected: t('a list of tokens, an object with the place of each from 0, or one token a line'),
    found: describeNode(node),
    advice: t('Write the tokens in the order in which the network was trained, or leave "vocabulary" out.'),
  });
  return null;
}

/** The first tokens, for people. */
export const describeTokens = (tokens: readonly string[]): string =>
  tokens
    .slice(0, 40)
    .map((token) => JSON.stringify(cut(token, 30)).slice(1, -1))
    .join(' ') + (tokens.length > 40 ? ' …' : '');
