// Parts of a JSON text, each with the schema of what it writes: so a text and its schema do not come apart.
import type { Trace } from '../../engine/index.js';
import { nested, number, text } from './json.js';

export type Pieces = Generator<string, void, void>;

/** JSON schema, draft-07. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What is written of an `Of`. */
export type Part<Of> = { readonly schema: JsonSchema; readonly write: (of: Of) => Pieces };

/** A part that stands once in a schema, under its name in `definitions`. */
export type Defined<Of> = Part<Of> & { readonly definition: readonly [name: string, schema: JsonSchema] };

export const defined = <Of>(name: string, { schema, write }: Part<Of>): Defined<Of> => ({
  schema: { $ref: `#/definitions/${name}` },
  write,
  definition: [name, schema],
});

/** A part with a formula or a shape beside it in the schema. */
export const told = <Of>(description: string, { schema, write }: Part<Of>): Part<Of> => ({
  // Beside a $ref draft-07 reads nothing else.
  schema: '$ref' in schema ? { description, allOf: [schema] } : { description, ...schema },
  write,
});

/** The part of something that is found in an `Of`. */
export const from = <Of, Inner>(find: (of: Of) => Inner, { schema, write }: Part<Inner>): Part<Of> => ({
  schema,
  write: (of) => write(find(of)),
});

function* asNull(): Pieces {
  yield 'null';
}

export const always = { null: { schema: { type: 'null' }, write: asNull } } as const;

export const orNull = <Of, Inner>(find: (of: Of) => Inner | null, { schema, write }: Part<Inner>): Part<Of> => ({
  schema: { anyOf: [schema, { type: 'null' }] },
  write(of) {
    const found = find(of);
    return found === null ? asNull() : write(found);
  },
});

/** A value of few characters. */
const short = <Of>(schema: JsonSchema, asText: (of: Of) => string): Part<Of> => ({
  schema,
  *write(of) {
    yield asText(of);
  },
});

/** Always the same word or number. */
export const constant = <Of>(value: string | number): Part<Of> => short({ const: value }, () => JSON.stringify(value));

/** One of a few words. */
export const word = <Word extends string>(...words: readonly Word[]): Part<Word> => short({ enum: words }, text);

export const anyText: Part<string> = short({ type: 'string' }, text);

/** A number that counts something, or the place of a step. */
export const count: Part<number> = short({ type: 'integer', minimum: 0 }, number);

/** Any number: those that JSON has no word for are strings. */
export const anyNumber: Defined<number> = defined(
  'number',
  short({ anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }, number),
);

const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** Numbers of one piece. */
const atOnce = 2 ** 16;

/** A list of numbers, in pieces, because it may be as long as a run. */
export const numbers: Defined<ArrayLike<number>> = defined('numbers', {
  schema: listOf(anyNumber.schema),
  *write(values) {
    yield '[';
    for (let at = 0; at < values.length; at += atOnce) {
      const length = Math.min(atOnce, values.length - at);
      yield `${at === 0 ? '' : ','}${Array.from({ length }, (_, i) => number(values[at + i] ?? NaN)).join(',')}`;
    }
    yield ']';
  },
});

/** The same with null where nothing was measured. */
export const numbersOrNull: Defined<readonly (number | null)[]> = defined('numbersOrNull', {
  schema: listOf({ anyOf: [anyNumber.schema, { type: 'null' }] }),
  *write(values) {
    yield '[';
    for (let at = 0; at < values.length; at += atOnce) {
      const own = values.slice(at, at + atOnce).map((value) => (value === null ? 'null' : number(value)));
      yield `${at === 0 ? '' : ','}${own.join(',')}`;
    }
    yield ']';
  },
});

/** Row-major. */
export type Tensor = { readonly data: Trace; readonly shape: readonly number[] };

const tensorOf = (name: string, items: JsonSchema): Defined<Tensor> =>
  defined(name, { schema: listOf(items), write: ({ data, shape }) => nested(data, shape) });

export const vector = tensorOf('vector', anyNumber.schema);
export const matrix = tensorOf('matrix', vector.schema);
export const cube = tensorOf('cube', matrix.schema);

/** An object with these fields, all of them and no others. */
export const record = <Of>(fields: Readonly<Record<string, Part<Of>>>): Part<Of> => ({
  schema: {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
    required: Object.keys(fields),
    additionalProperties: false,
  },
  *write(of) {
    let open = '{';
    for (const [name, part] of Object.entries(fields)) {
      yield `${open}${text(name)}:`;
      yield* part.write(of);
      open = ',';
    }
    yield open === '{' ? '{}' : '}';
  },
});

/** An object whose names are only known with its values. */
export const named = <Inner>(
  pattern: string,
  part: Part<Inner>,
): Part<Iterable<readonly [name: string, value: Inner]>> => ({
  schema: { type: 'object', patternProperties: { [pattern]: part.schema }, additionalProperties: false },
  *write(entries) {
    let open = '{';
    for (const [name, value] of entries) {
      yield `${open}${text(name)}:`;
      yield* part.write(value);
      open = ',';
    }
    yield open === '{' ? '{}' : '}';
  },
});

export const each = <Inner>(part: Part<Inner>): Part<readonly Inner[]> => ({
  schema: listOf(part.schema),
  *write(values) {
    let open = '[';
    for (const value of values) {
      yield open;
      yield* part.write(value);
      open = ',';
    }
    yield open === '[' ? '[]' : ']';
  },
});
