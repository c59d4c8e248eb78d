// Checks of what arrives from another thread or from a page, built from small parts. Each part checks one value and
// knows its static type: a contract whose type changes without its check does not compile.

/**
 * What is wrong: where inside of the value (`.window.t0`; empty for the value itself), what belongs there and what is
 * there.
 */
export type Fault = { readonly at: string; readonly expected: string; readonly found: unknown };

/**
 * Finds the first fault of a value, null when there is none. `of` is never there: it makes `Check<A>` fit where
 * `Check<B>` is asked for only if A and B are the same type, neither a wider nor a narrower one.
 */
export type Check<T> = { (value: unknown): Fault | null; readonly of?: (value: T) => T };

const fault = (expected: string, found: unknown): Fault => ({ at: '', expected, found });
const within = (place: string, inner: Fault | null): Fault | null =>
  inner === null ? null : { ...inner, at: `${place}${inner.at}` };

/** Longest piece of somebody else's text in an error. */
const mostShown = 40;

/** A value in an error: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > mostShown ? `${value.slice(0, mostShown)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null)
    return String(value);
  return typeof value === 'object'
    ? Array.isArray(value)
      ? `an array of ${value.length}`
      : `an object (${tagOf(value)})`
    : `a ${typeof value}`;
}

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

/** A finite number of at least `least`. */
export const number = (least = -Infinity): Check<number> => {
  const expected = least === -Infinity ? 'a finite number' : `a finite number of at least ${least}`;
  return (value) =>
    typeof value === 'number' && Number.isFinite(value) && value >= least ? null : fault(expected, value);
};

/** A finite number above 0. */
export const positive: Check<number> = (value) =>
  typeof value === 'number' && value > 0 && value < Infinity ? null : fault('a finite number above 0', value);

/** A whole number from `least` to `most`. */
export const integer = (least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): Check<number> => {
  const expected = `a whole number from ${least} to ${most}`;
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? null
      : fault(expected, value);
};

export const text: Check<string> = (value) => (typeof value === 'string' ? null : fault('a text', value));
export const flag: Check<boolean> = (value) => (typeof value === 'boolean' ? null : fault('true or false', value));
/** What carries nothing. */
export const nothing: Check<null> = (value) => (value === null ? null : fault('null', value));

/** One of these words. */
export const oneOf = <const Words extends readonly string[]>(words: Words): Check<Words[number]> => {
  const known = new Set<unknown>(words);
  const expected = words.map((word) => JSON.stringify(word)).join(' or ');
  return (value) => (known.has(value) ? null : fault(expected, value));
};

export const nullable =
  <T>(check: Check<T>): Check<T | null> =>
  (value) =>
    value === null ? null : check(value);
/** A field that may be left out. */
export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value) =>
    value === undefined ? null : check(value);

/** One or the other; the fault of a value that is neither names both. */
export const either =
  <A, B>(one: Check<A>, other: Check<B>): Check<A | B> =>
  (value) => {
    const [first, second] = [one(value), other(value)];
    if (first === null || second === null) return null;
    return first.at === '' && second.at === '' ? fault(`${first.expected} or ${second.expected}`, value) : second;
  };

/** Up to `most` values. */
export const arrayOf =
  <T>(check: Check<T>, most: number): Check<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return fault(`an array of at most ${most}`, value);
    for (let i = 0; i < value.length; i++) {
      const found = within(`[${i}]`, check(value[i]));
      if (found !== null) return found;
    }
    return null;
  };

type Buffers = { readonly Uint8Array: Uint8Array; readonly SharedArrayBuffer: SharedArrayBuffer };
/**
 * Bytes, by their class and never one by one. By the name of the class, which stands where the class itself does not
 * exist.
 */
export const instance =
  <Name extends keyof Buffers>(name: Name): Check<Buffers[Name]> =>
  (value) =>
    typeof value === 'object' && value !== null && tagOf(value) === name ? null : fault(`a ${name}`, value);

/** Every field of T, also those that may be left out. */
type Fields<T> = { readonly [K in keyof T]-?: Check<T[K]> };
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && tagOf(value) === 'Object';

/** An object with these fields; others are left alone, nobody reads them. T comes from where the check is used. */
export const object = <T>(fields: NoInfer<Fields<T>>): Check<T> => {
  const checks = Object.entries<Check<unknown>>(fields as Readonly<Record<string, Check<unknown>>>);
  return (value) => {
    if (!isRecord(value)) return fault('an object', value);
    for (const [name, check] of checks) {
      const found = check(Object.hasOwn(value, name) ? value[name] : undefined);
      if (found !== null) return within(`.${name}`, found);
    }
    return null;
  };
};

type OfKind<T, Kind> = T extends { readonly kind: infer Own } ? (Kind extends Own ? T : never) : never;
type Variants<T extends { readonly kind: string }> = { readonly [Kind in T['kind']]: Check<OfKind<T, Kind>> };
/** One of several objects that say in `kind` which they are. */
export const byKind = <T extends { readonly kind: string }>(variants: NoInfer<Variants<T>>): Check<T> => {
  const kinds = oneOf(Object.keys(variants));
  const checks = variants as Readonly<Record<string, (value: unknown) => Fault | null>>;
  return (value) => {
    if (!isRecord(value)) return fault('an object', value);
    const { kind } = value;
    return within('.kind', kinds(kind)) ?? checks[String(kind)]?.(value) ?? null;
  };
};
