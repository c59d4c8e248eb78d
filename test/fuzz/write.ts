// A tree as text, in the ways in which people and programs write JSON, and in some that only look like it.
import type { Dice } from './dice.js';
import type { Tree } from './tree.js';

export type Style = {
  /** Null: all on one line. */
  readonly indent: string | null;
  readonly lineBreak: string;
  /** Between the numbers of a row. */
  readonly separator: string;
  readonly quote: '"' | "'" | '';
  readonly python: boolean;
  readonly trailingCommas: boolean;
  /** How many values in a hundred have a comment before them. */
  readonly comments: number;
  /** How many letters of keys in a hundred are written as \uXXXX. */
  readonly escapes: number;
};

export const plain: Style = {
  indent: null,
  lineBreak: '\n',
  separator: ', ',
  quote: '"',
  python: false,
  trailingCommas: false,
  comments: 0,
  escapes: 0,
};

/** One that the reader takes. */
export const soundStyle = (dice: Dice): Style => ({
  ...plain,
  indent: dice.pick([null, '', ' ', '  ', '    ', '\t']),
  lineBreak: dice.pick(['\n', '\n', '\r\n', '\r']),
  separator: dice.pick([',', ', ', ',\t', ' , ', ',\n']),
  trailingCommas: dice.chance(0.2),
  comments: dice.pick([0, 0, 0, 5, 30]),
  escapes: dice.pick([0, 0, 0, 0, 20]),
});

const comment = (dice: Dice, { indent, lineBreak }: Style): string => {
  const text = dice.pick(['the network', '"weights": [1, 2', '', '*', '한글 𝒽', '[H][H]', 'Wh: orthogonal, seed 1']);
  return indent === null || dice.chance(0.5) ? `/* ${text.replaceAll('*', '')} */ ` : `// ${text}${lineBreak}`;
};

function keyText(key: string, { quote, escapes }: Style, dice: Dice): string {
  if (quote === '') return key;
  const inner = JSON.stringify(key).slice(1, -1);
  const written =
    escapes === 0
      ? inner
      : inner.replace(/[A-Za-z]/g, (letter, at: number) =>
          inner.charAt(at - 1) !== '\\' && !/\\u\w{0,3}$/.test(inner.slice(0, at)) && dice.chance(escapes / 100)
            ? `\\u00${letter.charCodeAt(0).toString(16)}`
            : letter,
        );
  return quote + written + quote;
}

function leafText(text: string, { python, quote }: Style): string {
  if (!python) return text;
  if (text.startsWith('"')) return quote + text.slice(1, -1) + quote;
  return text === 'null' ? 'None' : text === 'true' ? 'True' : text === 'false' ? 'False' : text;
}

export function write(tree: Tree, style: Style, dice: Dice): string {
  const { indent, lineBreak, separator, trailingCommas, comments } = style;
  const note = (): string => (comments > 0 && dice.chance(comments / 100) ? comment(dice, style) : '');
  const visit = (value: Tree, margin: string): string => {
    if (value.kind === 'leaf') return note() + leafText(value.text, style);
    const isRow = value.kind === 'list' && value.items.every(({ kind }) => kind === 'leaf');
    const [open, close] = value.kind === 'list' ? ['[', ']'] : ['{', '}'];
    const inner = indent === null || isRow ? '' : margin + indent;
    const parts =
      value.kind === 'list'
        ? value.items.map((item) => visit(item, inner))
        : value.entries.map(({ key, value: item }) => `${note()}${keyText(key, style, dice)}: ${visit(item, inner)}`);
    if (parts.length === 0) return open + close;
    const last = trailingCommas && dice.chance(0.5) ? ',' : '';
    if (isRow) return open + parts.join(separator) + last + close;
    if (indent === null) return open + parts.join(', ') + last + close;
    return `${open}${lineBreak}${inner}${parts.join(`,${lineBreak}${inner}`)}${last}${lineBreak}${margin}${close}`;
  };
  return visit(tree, '');
}

/** `{'Wh': [[0.5, 0.0], …], 'b': None}`, as Python's print gives it. */
export const pythonText = (tree: Tree, dice: Dice): string => write(tree, { ...plain, python: true, quote: "'" }, dice);

/** `[[0.5  0. ]\n [0.   0.5]]`, as NumPy's print gives it: no commas, and in long ones an ellipsis. */
export function numpyText(tree: Tree, dice: Dice): string {
  const [before, after] = dice.pick([
    ['', ''],
    ['array(', ')'],
    ['tensor(', ', grad_fn=<AddBackward0>)'],
    ['array(', ', dtype=float32)'],
    ['Parameter containing:\ntensor(', ', requires_grad=True)'],
  ] as const);
  const visit = (value: Tree, depth: number): string => {
    if (value.kind === 'leaf') return /^-?\d+$/.test(value.text) ? `${value.text}.` : value.text;
    if (value.kind === 'table') {
      const parts = value.entries.map(({ key, value: item }) => `'${key}': ${before}${visit(item, depth + 1)}${after}`);
      return `{${parts.join(', ')}}`;
    }
    const items = value.items.map((item) => visit(item, depth + 1));
    const shown = items.length > 6 && dice.chance(0.5) ? [...items.slice(0, 3), '...', ...items.slice(-3)] : items;
    return `[${shown.join(value.items.some(({ kind }) => kind === 'list') ? `\n${' '.repeat(depth + 1)}` : '  ')}]`;
  };
  return visit(tree, 0);
}

/** `{Wh: [[0.5, 0]], b: 1}`, as JavaScript takes it. */
export const scriptText = (tree: Tree, dice: Dice): string =>
  write(tree, { ...plain, quote: '', indent: '  ', trailingCommas: true }, dice);
