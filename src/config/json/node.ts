import { t } from '@vscode/l10n';
import { cut } from './problem.js';
import type { Finding } from './problem.js';

/** A stretch of the text, in UTF-16 code units. */
export type Span = { readonly offset: number; readonly length: number };

export type Property = { readonly key: string; readonly keySpan: Span; readonly value: JsonNode };

/**
 * A regular nested array of numbers as one flat row-major array, so that a file of millions of numbers costs eight
 * bytes each. `[]` has shape [0]. An element that is no finite number (a text, null, NaN, 1e400) is NaN or infinite
 * here; its text is found again by `locateLeaves`.
 */
export type TensorNode = Span & {
  readonly kind: 'tensor';
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /** Of a file of tensors: how the numbers are stored, as people call it. */
  readonly dtype?: string;
  /** Of a file of tensors: the numbers of `data`, piece by piece; each piece takes the place of the one before. */
  readonly pieces?: () => Iterable<Float64Array>;
};
/** An array that is not a regular block of numbers: of texts, of objects, or ragged. Its regular parts are tensors. */
export type ArrayNode = Span & { readonly kind: 'array'; readonly items: readonly JsonNode[] };
export type ObjectNode = Span & { readonly kind: 'object'; readonly properties: readonly Property[] };
export type StringNode = Span & { readonly kind: 'string'; readonly value: string };
export type NumberNode = Span & { readonly kind: 'number'; readonly value: number };
export type BooleanNode = Span & { readonly kind: 'boolean'; readonly value: boolean };
export type NullNode = Span & { readonly kind: 'null' };

/** A tensor of a file that this program does not take; `finding` says why. Text has none. */
export type UnreadableNode = Span & {
  readonly kind: 'unreadable';
  readonly finding: Finding;
};

/** A table or a text, read as the config says; its text is that of its document. */
export type PlainNode = Span & { readonly kind: 'plain' };

export type ScalarNode = StringNode | NumberNode | BooleanNode | NullNode;
export type JsonNode = TensorNode | ArrayNode | ObjectNode | ScalarNode | UnreadableNode | PlainNode;

export const isArray = (node: JsonNode): node is TensorNode | ArrayNode =>
  node.kind === 'tensor' || node.kind === 'array';

/** Without making the numbers of a file that are made when they are asked for. */
export const isEmpty = ({ shape }: TensorNode): boolean => shape.includes(0);

/** What a value is, in words, for the `found` of a problem. */
export function describeNode(node: JsonNode): string {
  switch (node.kind) {
    case 'tensor':
      return isEmpty(node)
        ? t('an empty list')
        : node.shape.length === 1
          ? t('a list of {0}', counted(node.shape[0]!, 'numbers'))
          : t('numbers of shape {0}', describeShape(node.shape));
    case 'array':
      return node.items.every((item) => item.kind === 'string')
        ? t('a list of {0}', counted(node.items.length, 'texts'))
        : t('a list that is not a regular block of numbers');
    case 'object':
      return node.properties.length === 0
        ? t('an empty object')
        : t(
            'an object with {0}',
            node.properties
              .slice(0, 5)
              .map(({ key }) => `"${cut(key, 30)}"`)
              .join(', ') + (node.properties.length > 5 ? ', …' : ''),
          );
    case 'string':
      return t('the text {0}', quote(node.value));
    case 'number':
      return t('the number {0}', String(node.value));
    case 'boolean':
      return String(node.value);
    case 'null':
      return 'null';
    case 'plain':
      return t('a table or a text');
    case 'unreadable':
      return node.finding.found;
  }
}

export const describeShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

const counts = {
  sequences: [() => t('1 sequence'), (n: number) => t('{0} sequences', n)],
  timesteps: [() => t('1 timestep'), (n: number) => t('{0} timesteps', n)],
  inputs: [() => t('1 input'), (n: number) => t('{0} inputs', n)],
  outputs: [() => t('1 output'), (n: number) => t('{0} outputs', n)],
  'hidden units': [() => t('1 hidden unit'), (n: number) => t('{0} hidden units', n)],
  numbers: [() => t('1 number'), (n: number) => t('{0} numbers', n)],
  texts: [() => t('1 text'), (n: number) => t('{0} texts', n)],
  lists: [() => t('1 list'), (n: number) => t('{0} lists', n)],
  rows: [() => t('1 row'), (n: number) => t('{0} rows', n)],
  columns: [() => t('1 column'), (n: number) => t('{0} columns', n)],
  elements: [() => t('1 element'), (n: number) => t('{0} elements', n)],
} as const;
/** What problems count. */
export type Countable = keyof typeof counts;

/** `1 column`, `3 columns`. */
export const counted = (n: number, what: Countable): string => (n === 1 ? counts[what][0]() : counts[what][1](n));

export const quote = (text: string): string => JSON.stringify(cut(text, 58));
