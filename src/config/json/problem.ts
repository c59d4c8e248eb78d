import { t } from '@vscode/l10n';
/** Zero-based, columns in UTF-16 code units: the same as VS Code's. */
export type Position = { readonly line: number; readonly character: number };
export type Range = { readonly start: Position; readonly end: Position };

export const problemCodes = [
  'not-json',
  'missing-file',
  'unreadable-file',
  'outside-workspace',
  'ragged-array',
  'wrong-dimension',
  'wrong-type',
  'not-a-number',
  'number-overflow',
  'wrong-value',
  'unknown-key',
  'deprecated-key',
  'duplicate-key',
  'missing-key',
  'empty-sequence',
  'unsupported-cell',
  'unsupported-feature',
  'unknown-weights',
  'key-conflict',
  'unclear-order',
  'not-normalised',
  'reverse-one-step',
  'padded-sequences',
  'not-enough-memory',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/**
 * How an editor can mend a problem: other text in its range, the matrix at its path turned around, a file allowed, an
 * answer to the question in which order the sequences stand, or lines of Python to be copied, which are run elsewhere.
 */
export type Fix =
  /**
   * `title`: what the change is called where its text alone would not say it. `at`: where it is made, if that is not
   * what the problem is about.
   */
  | { readonly kind: 'replace'; readonly text: string; readonly title?: string; readonly at?: Range }
  | { readonly kind: 'transpose' | 'sequenceOrder' }
  | { readonly kind: 'allow'; readonly target: string }
  /** `lead`: the advice without the lines, for whoever shows them below it. */
  | { readonly kind: 'copyPython'; readonly lines: string; readonly lead: string };

/** What is told of something wrong, wherever that stands. */
export type Finding = {
  readonly code: ProblemCode;
  /** One sentence: what is wrong. */
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  /** One sentence: how to mend it. */
  readonly advice: string;
  /** So many more places were not understood because of it. */
  readonly followUps?: number;
  readonly fix?: Fix;
};

/**
 * Something wrong in a file of the user, told so that it can be found and mended. Errors stop a run, warnings do
 * not; of an info nothing has to be mended.
 */
export type Problem = Finding & {
  /** As the reader of files names it: a URI in the editor, a path on the command line. */
  readonly file: string;
  readonly range: Range;
  /** JSON path in dotted form, as `weights.Wh[3][1]`; empty for the whole file. */
  readonly path: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Of a file without a text: where the one stands that names it. */
  readonly namedBy?: Pick<Problem, 'file' | 'range' | 'path'>;
};

/** Of the text of a file no part of a problem holds more characters than this: a file may be one long word. */
const longestQuote = 200;

/** No sentence of a problem is longer: a few words of ours around what it quotes. */
export const longestSentence = 600;

/** The beginning of a text that is longer; no character that takes two code units is cut in half. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const isInside = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(end - 1, end + 1));
  return `${text.slice(0, isInside ? end - 1 : end)}…`;
}

/** Half a character, which JSON can write and no screen can show, as JSON writes it: so it can be searched for. */
const withoutHalves = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);

/** What a screen can show of a text, which is cut before it is looked through: it may be as long as its file. */
export const shown = (text: string, most: number): string => cut(withoutHalves(cut(text, most)), most);

/**
 * A problem whose parts that come from a file are bounded, whatever stands there. What can no longer mend it is left
 * out.
 */
export function shortened({ fix, ...problem }: Problem): Problem {
  const path = shown(problem.path, longestQuote);
  const told = {
    ...problem,
    path,
    message: shown(problem.message, longestSentence),
    expected: shown(problem.expected, longestSentence),
    found: shown(problem.found, longestQuote),
    advice: shown(problem.advice, longestSentence),
  };
  const mends = fix !== undefined && (fix.kind === 'replace' ? fix.text.length <= longestQuote : path === problem.path);
  return mends ? { ...told, fix } : told;
}

/**
 * The whole story in one line, as the command line and the Problems panel show it. A note is nobody's fault, so nothing
 * else was expected.
 */
export function describeProblem({ severity, message, expected, found, advice, followUps = 0 }: Problem): string {
  if (severity === 'info') return `${message} ${advice}`;
  const told = t('{0} Expected {1}, found {2}. {3}', message, expected, found, advice);
  if (followUps === 0) return told;
  return `${told} ${followUps === 1 ? t('(1 more follows from it)') : t('({0} more follow from it)', followUps)}`;
}

/** Numbers of a tensor on the disk that cannot be read when they are wanted; the message is the whole problem. */
export class UnreadableNumbers extends Error {
  constructor(readonly problem: Problem) {
    super(describeProblem(problem));
  }
}
