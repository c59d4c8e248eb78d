// What a key of the config may hold, as a table that its check and its JSON schema are both made from.

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';
export type Snippet = { readonly label: string; readonly description: string; readonly body: unknown };

/**
 * What a key of the config may hold, with its documentation. Validation and the contributed JSON schema are both made
 * from it.
 */
export type KeySpec = {
  /** Markdown, with formulas and shapes. */
  readonly docs: string;
  readonly types: readonly JsonType[];
  /** What is allowed, in words, for the `expected` of a problem. */
  readonly expected: string;
  /** The only texts allowed, each with its documentation. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly integer?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  /** Keys of an object. Unknown ones are warned of, unless `open`. */
  readonly keys?: KeyTable;
  readonly required?: readonly string[];
  readonly open?: boolean;
  /** Left out when there is none. */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly snippets?: readonly Snippet[];
  /** Understood, but not offered. */
  readonly silent?: boolean;
  /** Names that other programs have for it: understood, with a warning that tells this one. */
  readonly deprecated?: readonly string[];
  /**
   * A text that is none of `words` is the path of a file; with `list`, a list of texts names several. `keys`: what may
   * stand beside `file` in an object, where that is more than `name`.
   */
  readonly file?: { readonly list?: true; readonly words?: readonly string[]; readonly keys?: KeyTable };
};
export type KeyTable = Readonly<Record<string, KeySpec>>;
