// Tests with a long form: `npm run test:long` runs it, `npm test` a short one that asserts the same of less.
// CONTRIBUTING lists them. Files that are of the long form as a whole are called x.long.test.ts.

/** True in `npm run test:long`. */
export const long = process.env['RNN_LONG_TESTS'] === '1';

type Define = (name: string, body: () => void | Promise<void>) => unknown;

/** `onlyLong(it)` is an `it` (or a `describe`) of the long form alone. */
export const onlyLong =
  (define: Define): Define =>
  (name, body) =>
    long ? define(name, body) : undefined;

/** All of `cases` in the long form; in the short one every `every`-th, from the one that stands at `first`. */
export const some = <T>(cases: readonly T[], every = 2, first = 0): readonly T[] =>
  long ? cases : cases.filter((_, i) => i % every === first);
